//! The site on this machine: served from memory to loopback alone, built again when something changes.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::{Trouble, build, documents, documents_folder, open};
use crate::cli::arguments::Docs;
use crate::cli::{End, terminal};
use crate::emit::Artifacts;
use crate::emit::escape::html_text;
use crate::emit::site::{NAME, style};

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How long a page waits for news before it asks again.
const WAIT: Duration = Duration::from_secs(20);
/// How long a browser may take to ask.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest request head that is read.
const LONGEST: u64 = 16 * 1024;

/// Where a page asks for news, and the script that does.
const NEWS: &str = "/~news";
const LIVE: &str = "/~live.js";

/// Asks for news and loads the page anew when there are some.
const SCRIPT: &str = r#"(function () {
  "use strict";
  function ask(seen) {
    fetch("/~news?" + seen).then(function (answer) { return answer.text(); }).then(
      function (now) {
        if (seen !== "" && now !== seen) { location.reload(); } else { ask(now); }
      },
      function () { setTimeout(function () { ask(seen); }, 1000); }
    );
  }
  ask("");
})();
"#;

/// What is served now.
struct Shelf {
    state: Mutex<State>,
    changed: Condvar,
    /// True when somebody looks for changes: only then do pages ask for news.
    watched: bool,
}

#[derive(Default)]
struct State {
    /// Counts what was put here.
    version: u64,
    site: Option<Artifacts>,
    /// What is wrong with the files, for people; empty when nothing is.
    report: String,
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked has changed nothing here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page as it is served.
    fn shown(&self, html: String) -> String {
        if self.watched { live(&html) } else { html }
    }

    fn put(&self, built: Result<Artifacts, Trouble>) {
        let mut state = self.lock();
        state.version += 1;
        match built {
            Ok(site) => {
                state.site = Some(site);
                state.report.clear();
            }
            Err(trouble) => state.report = trouble.report,
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// Serves what was built from files with these traces.
pub(super) fn run(arguments: &Docs, built: Result<Artifacts, Trouble>, seen: Vec<Trace>) -> End {
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)) {
        Ok(listener) => listener,
        Err(error) => {
            let message = format!("cannot listen on 127.0.0.1:{}: {error}", arguments.port);
            terminal::complain(
                &message,
                Some("choose another port with `--port`, or any with `--port 0`"),
            );
            return End::Failed;
        }
    };
    let port = listener.local_addr().map_or(arguments.port, |it| it.port());
    let url = format!("http://127.0.0.1:{port}/");
    if !terminal::say(&format!("serving {url} until Ctrl-C\n")) {
        return End::Failed;
    }
    let shelf = Arc::new(Shelf {
        state: Mutex::default(),
        changed: Condvar::new(),
        watched: arguments.watch,
    });
    shelf.put(built);
    if arguments.open {
        open(&url);
    }
    thread::scope(|scope| {
        if arguments.watch {
            scope.spawn(|| watch(arguments, &shelf, seen));
        }
        for stream in listener.incoming().filter_map(Result::ok) {
            let shelf = Arc::clone(&shelf);
            // A browser that goes away, or sends what is no request, is nobody's fault here.
            thread::spawn(move || answer(&stream, &shelf, port).ok());
        }
    });
    End::Well
}

/// Builds again whenever a file is new, gone or changed.
fn watch(arguments: &Docs, shelf: &Shelf, mut seen: Vec<Trace>) {
    loop {
        thread::sleep(LOOK);
        let now = traces(arguments);
        if now == seen {
            continue;
        }
        seen = now;
        shelf.put(build(arguments));
    }
}

/// A file, when it was changed, and how long it is.
pub(super) type Trace = (PathBuf, Option<(SystemTime, u64)>);

/// The traces of the files that the site is made from.
pub(super) fn traces(arguments: &Docs) -> Vec<Trace> {
    let trace = |path: &Path| {
        let metadata = path.metadata().ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let platform = arguments.input.platform.clone();
    let lock = platform.with_extension("lock");
    let mut paths = vec![platform, lock];
    paths.extend(documents::paths(&documents_folder(&arguments.input)));
    paths
        .into_iter()
        .map(|path| (path.clone(), trace(&path)))
        .collect()
}

/// Answers one request and closes.
fn answer(stream: &TcpStream, shelf: &Shelf, port: u16) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut host = String::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            value.trim().clone_into(&mut host);
        }
    }
    let mut words = line.split_ascii_whitespace();
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    // A page of somebody else whose name leads here must not read this one.
    let is_own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")].contains(&host);
    let answer = match method {
        _ if !is_own => Answer::plain("421 Misdirected Request", "ask for 127.0.0.1\n"),
        "GET" | "HEAD" => look_up(target, shelf),
        _ => Answer::plain("405 Method Not Allowed", "only GET and HEAD\n"),
    };
    answer.write(stream, method == "HEAD")
}

struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
}

impl Answer {
    fn plain(status: &'static str, body: &str) -> Self {
        Self {
            status,
            kind: "text/plain; charset=utf-8",
            body: body.to_owned(),
        }
    }

    fn write(&self, mut stream: &TcpStream, is_head: bool) -> io::Result<()> {
        let mut text = format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
            self.status,
            self.kind,
            self.body.len()
        );
        if !is_head {
            text.push_str(&self.body);
        }
        stream.write_all(text.as_bytes())
    }
}

fn look_up(target: &str, shelf: &Shelf) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path {
        NEWS => Answer::plain("200 OK", &news(query, shelf)),
        LIVE => Answer {
            status: "200 OK",
            kind: "text/javascript; charset=utf-8",
            body: SCRIPT.to_owned(),
        },
        _ => page(path, shelf),
    }
}

/// The version that is served, as soon as it is another than the one the page has.
fn news(seen: &str, shelf: &Shelf) -> String {
    let state = shelf.lock();
    let waited = shelf
        .changed
        .wait_timeout_while(state, WAIT, |state| state.version.to_string() == seen);
    let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    state.version.to_string()
}

fn page(path: &str, shelf: &Shelf) -> Answer {
    let state = shelf.lock();
    let mut name = path.trim_start_matches('/').to_owned();
    if name.is_empty() || name.ends_with('/') {
        name.push_str("index.html");
    }
    let kind = match name.rsplit_once('.').map(|it| it.1) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    };
    let is_page = kind.starts_with("text/html");
    if is_page && !state.report.is_empty() {
        return Answer {
            status: "200 OK",
            kind,
            body: shelf.shown(broken(&state.report)),
        };
    }
    let found = state
        .site
        .as_ref()
        .and_then(|site| site.find(&format!("{NAME}/{name}")));
    match found {
        Some(artifact) if is_page => Answer {
            status: "200 OK",
            kind,
            body: shelf.shown(artifact.text.clone()),
        },
        Some(artifact) => Answer {
            status: "200 OK",
            kind,
            body: artifact.text.clone(),
        },
        // What is wrong is shown in the same dress before there has been a site.
        None if name == "assets/site.css" => Answer {
            status: "200 OK",
            kind,
            body: style(),
        },
        None => Answer::plain("404 Not Found", "there is no such page\n"),
    }
}

/// A page with the script that asks for news; the policy of the file on the disk allows no requests.
fn live(html: &str) -> String {
    html.replacen(
        "default-src 'none';",
        "default-src 'none'; connect-src 'self';",
        1,
    )
    .replacen(
        "</head>",
        &format!("<script src=\"{LIVE}\" defer></script>\n</head>"),
        1,
    )
}

/// What is shown in place of any page while a file has errors.
fn broken(report: &str) -> String {
    let mut html = String::new();
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>This cannot be built</title>\n<link rel=\"stylesheet\" href=\"/assets/site.css\">\n</head>\n<body>\n<div class=\"frame lone\"><main><h1>This cannot be built</h1>\n<p>The site is as it was; this page loads anew when the errors below are mended.</p>\n<div class=\"code\"><pre tabindex=\"0\"><code>{}</code></pre></div></main></div>\n</body>\n</html>\n",
        html_text(report)
    );
    html
}
