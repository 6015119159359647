//! The site: what a reader of the files, and a browser, rely on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::emit::site::Document;
use homelab::ledger::claims;

const HOMELAB_LLM: &str = include_str!("../../platform.toml");

fn check(documents: &[(&str, &str)]) -> Artifacts {
    let checked = compile::check(&Source::new("platform.toml", HOMELAB_LLM), None);
    let platform = checked.platform.expect("a platform");
    let documents: Vec<Document> = documents
        .iter()
        .map(|(path, text)| Document {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    compile::site(&platform, &claims(&platform), &documents).expect("a site")
}

fn is_page(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|it| it.1 == "html")
}

/// The values of an attribute in a page.
fn attributes<'h>(html: &'h str, name: &str) -> Vec<&'h str> {
    let start = format!(" {name}=\"");
    html.match_indices(&start)
        .filter_map(|(at, _)| html[at + start.len()..].split('"').next())
        .collect()
}

#[test]
fn every_link_and_anchor_of_the_site_leads_somewhere() {
    let site = check(&[
        (
            "guide.md",
            "---\ntitle: How we work\n---\nSee [[service:open-webui]], [ports](other.md#two-words) and [[host:mini]].\n",
        ),
        (
            "other.md",
            "# Other\n\n## Two words\n\n[back](guide.md) [up](../README.md) [web](https://example.com/)\n",
        ),
    ]);
    let links = links_lead_somewhere(&site);
    assert!(links > 500, "{links}");
    let guide = &site.find("site/guide/guide.html").unwrap().text;
    assert!(guide.contains("<title>How we work"), "{guide}");
    assert!(guide.contains("<a href=\"../services/open-webui.html\">open-webui</a>"));
}

/// Holds every link and anchor to what is there; returns how many there are.
fn links_lead_somewhere(site: &Artifacts) -> usize {
    let pages: BTreeMap<&str, &str> = site
        .iter()
        .map(|it| {
            (
                it.path.strip_prefix("site/").expect("below"),
                it.text.as_str(),
            )
        })
        .collect();
    let ids: BTreeMap<&str, BTreeSet<&str>> = pages
        .iter()
        .map(|(path, html)| (*path, attributes(html, "id").into_iter().collect()))
        .collect();
    let mut links = 0;
    for (path, html) in pages.iter().filter(|(path, _)| is_page(path)) {
        let mut targets = attributes(html, "href");
        targets.extend(attributes(html, "src"));
        for target in targets {
            if target.starts_with("data:") || target.starts_with("https://example.com/") {
                continue;
            }
            let (file, id) = target.split_once('#').unwrap_or((target, ""));
            let folder = path.rsplit_once('/').map_or("", |it| it.0);
            let file = match file.strip_prefix("../") {
                _ if file.is_empty() => (*path).to_owned(),
                Some(rest) => rest.to_owned(),
                None if folder.is_empty() => file.to_owned(),
                None => format!("{folder}/{file}"),
            };
            assert!(pages.contains_key(file.as_str()), "{path}: {target}");
            assert!(
                id.is_empty() || ids[file.as_str()].contains(id),
                "{path}: {target}"
            );
            links += 1;
        }
    }
    links
}

#[test]
fn c085_a_hostile_document_is_text() {
    let hostile = "# <script>alert(1)</script>\n\n<img src=x onerror=alert(2)> <b onclick=alert(3)>b</b>\n\n[x](javascript:alert(4)) [y](JAVASCRIPT&colon;alert(5)) [z](data:text/html,x) ![p](https://example.com/p.png) <https://example.com>\n\n<style>*{display:none}</style>\n\n| a |\n| -: |\n| <iframe src=//example.com> |\n\n```\"><script>\n</code></pre><script>alert(6)</script>\n```\n";
    let site = check(&[("a.md", hostile)]);
    let page = &site.find("site/guide/a.html").unwrap().text;
    let article = page
        .split("<article>")
        .nth(1)
        .unwrap()
        .split("</article>")
        .next()
        .unwrap();
    for forbidden in [
        "<script",
        "<img",
        "<style",
        "<iframe",
        "<b ",
        "javascript:",
        "JAVASCRIPT",
        "data:",
        " style=",
        "src=",
    ] {
        let written = article
            .replace("src=x", "")
            .replace("src=//example.com&gt;", "");
        assert!(
            !written.contains(forbidden) || forbidden == "<b ",
            "{forbidden}: {article}"
        );
    }
    assert!(
        article.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{article}"
    );
    assert!(article.contains("onerror=alert(2)"), "{article}");
}

/// The sites of homelab's own platform, with its documents, and of every example, with theirs.
fn of_every_platform() -> Vec<(PathBuf, Artifacts)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = fs::read_dir(root.join("examples")).into_iter().flatten();
    let examples = examples.map(|it| it.expect("an entry").path());
    let mut sites = Vec::new();
    for folder in std::iter::once(root.to_owned()).chain(examples) {
        let Ok(text) = fs::read_to_string(folder.join("platform.toml")) else {
            continue;
        };
        let checked = compile::check(&Source::new("platform.toml", text), None);
        let platform = checked.platform.expect("a platform");
        let docs = folder.join("docs");
        let files = walkdir::WalkDir::new(&docs).sort_by_file_name().into_iter();
        let files = files
            .filter_map(Result::ok)
            .map(walkdir::DirEntry::into_path);
        let documents: Vec<Document> = files
            .filter(|it| it.extension().is_some_and(|it| it == "md"))
            .map(|it| Document {
                path: it.strip_prefix(&docs).expect("below").display().to_string(),
                text: fs::read_to_string(&it).expect("text"),
            })
            .collect();
        let site = compile::site(&platform, &claims(&platform), &documents).expect("a site");
        sites.push((folder, site));
    }
    sites
}

/// A house with 30 hosts, 300 services, 600 models and as many handles.
fn large() -> Artifacts {
    let mut text = String::from(
        "version = 1\nname = \"large\"\n[policy]\ngateway = \"gateway\"\nprefer = [\"lan\"]\n[networks.lan]\nkind = \"lan\"\n[gateway]\nkey = { env = \"GATEWAY_KEY\" }\n[secrets.gateway-key]\ngenerate = { bytes = 32 }\n[lint.levels.unapproved-exposure]\nlevel = \"allow\"\nreason = \"a test\"\n[services.gateway]\nkind = \"litellm\"\nhost = \"host-00\"\nport = 4000\nbind = \"lan\"\n[services.gateway.env]\nGATEWAY_KEY = { secret = \"gateway-key\" }\n",
    );
    for host in 0..30 {
        let _ = write!(
            text,
            "[hosts.host-{host:02}]\nos = \"linux\"\nuser = \"me\"\naddresses = {{ lan = \"192.0.2.{}\" }}\n",
            host + 1
        );
        for seat in 0..10 {
            let name = format!("server-{host:02}-{seat}");
            let _ = write!(
                text,
                "[services.{name}]\nkind = \"ollama\"\nhost = \"host-{host:02}\"\nport = {}\nbind = \"lan\"\n",
                11000 + seat
            );
            for model in ["small-model-of", "large-model-of"] {
                let _ = write!(
                    text,
                    "[models.{model}-{name}]\nservice = \"{name}\"\n[handles.{model}-{name}]\n"
                );
            }
        }
    }
    for number in 0..120 {
        let _ = write!(
            text,
            "[mcp.tool_{number}]\npurpose = \"a tool\"\ntransport = \"stdio\"\nhost = \"host-01\"\ncommand = [\"/usr/bin/tool\"]\n[mcp.tool_{number}.tools.do]\npurpose = \"something\"\ninputs = {{ what = \"string\", how = \"string\" }}\noutputs = {{ done = \"boolean\" }}\n"
        );
    }
    let checked = compile::check(&Source::new("platform.toml", text), None);
    let found = checked.diagnostics.iter().map(|it| it.message.clone());
    let found: Vec<String> = found.take(3).collect();
    let platform = checked.platform.unwrap_or_else(|| panic!("{found:?}"));
    compile::site(&platform, &claims(&platform), &[]).expect("a site")
}

#[test]
fn a_large_platform_has_its_long_pages_in_parts_that_hang_together() {
    let site = large();
    assert!(site.find("site/handles~2.html").is_some());
    links_lead_somewhere(&site);
    let topology = &site.find("site/topology.html").expect("it is there").text;
    let mcp = topology.split("href=\"mcp~2.html#").count();
    assert!(mcp > 10, "{mcp} boxes lead to a further part");
    let second = &site.find("site/dossier~2.html").expect("it is there").text;
    assert!(second.contains("aria-current=\"page\">Platform dossier"));
}

#[test]
fn pages_are_light_and_ask_for_nothing_from_elsewhere() {
    let large = (PathBuf::from("300 services"), large());
    for (folder, site) in of_every_platform().into_iter().chain([large]) {
        let length = |name: &str| {
            site.find(&format!("site/assets/{name}"))
                .unwrap()
                .text
                .len()
        };
        let around = length("site.css") + length("site.js") + length("theme.js");
        for artifact in site.iter().filter(|it| is_page(&it.path)) {
            let place = format!("{}: {}", folder.display(), artifact.path);
            let mut html = artifact.text.clone();
            while let (Some(start), Some(end)) = (html.find("<svg"), html.find("</svg>")) {
                html.replace_range(start..end + 6, "");
            }
            let length = html.len();
            assert!(length <= 60_000, "{place}: {length}");
            assert!(length + around <= 100_000, "{place}: {length} + {around}");
            assert!(!artifact.text.contains(" style="), "{place}");
            assert!(!artifact.text.contains("<script>"), "{place}");
        }
    }
}

/// A site that is being served.
pub(crate) struct Served {
    child: Child,
    pub(crate) port: u16,
    home: tempfile::TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SMALL: &str = "version = 1\nname = \"lab\"\n[policy]\ngateway = \"litellm\"\n[hosts.nas]\nos = \"linux\"\nuser = \"me\"\n[services.litellm]\nkind = \"litellm\"\nhost = \"nas\"\nport = 4000\n";

impl Served {
    fn start() -> Self {
        let home = tempfile::tempdir().expect("it works");
        fs::write(home.path().join("platform.toml"), SMALL).expect("it works");
        fs::create_dir(home.path().join("docs")).expect("it works");
        fs::write(home.path().join("docs/a.md"), "# Alpha\n").expect("it works");
        let folder = home.path().to_owned();
        Self::of(home, &folder, &["--watch"])
    }

    /// What `homelab docs` serves in a folder; `home` goes when it is done.
    pub(crate) fn of(home: tempfile::TempDir, folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_homelab"))
            .args(["docs", "--port", "0"])
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it works");
        let output = BufReader::new(child.stdout.take().expect("it works"));
        let mut lines = output.lines().map_while(Result::ok);
        let line = lines
            .find(|line| line.starts_with("serving "))
            .expect("it serves");
        let port = line
            .split(['/', ':'])
            .find_map(|it| it.parse().ok())
            .expect("a port");
        // Nobody reads on, and nothing may stop it from writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port, home }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it works");
        stream.write_all(request.as_bytes()).expect("it works");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it works");
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
            self.port
        ))
    }

    /// Waits until another version than `seen` is served, and returns it.
    fn news(&self, seen: &str) -> String {
        let answer = self.get(&format!("/~news?{seen}"));
        answer.rsplit("\r\n").next().expect("it works").to_owned()
    }

    /// Waits until a page holds `words`, and returns the version that is served then. A file that is being written may be built before it is whole, so the next version may not be the one.
    fn until(&self, path: &str, words: &str, seen: &str) -> String {
        let mut version = seen.to_owned();
        for _ in 0..10 {
            version = self.news(&version);
            if self.get(path).contains(words) {
                return version;
            }
        }
        panic!("`{words}` is not in {path}: {}", self.get(path));
    }
}

#[test]
fn a_saved_file_is_built_and_served_again_and_an_error_is_shown() {
    let served = Served::start();
    let version = served.news("");
    assert!(
        served.get("/").contains("<title>lab"),
        "{}",
        served.get("/")
    );
    assert!(served.get("/guide/a.html").contains("Alpha"));

    fs::write(served.home.path().join("docs/a.md"), "# Beta of it\n").unwrap();
    let version = served.until("/guide/a.html", "Beta of it", &version);

    let broken = SMALL.replace("host = \"nas\"", "host = \"nsa\"");
    fs::write(served.home.path().join("platform.toml"), broken).unwrap();
    let version = served.until("/", "unknown-name", &version);
    assert!(served.get("/").contains("nsa"));

    let sound = SMALL.replace("4000", "4001");
    fs::write(served.home.path().join("platform.toml"), &sound).unwrap();
    let version = served.until("/services/litellm.html", "4001", &version);

    // What is wrong with a document, and with the lock, is told in the same way.
    let document = served.home.path().join("docs/a.md");
    fs::write(&document, "Ask [[service:litelm]].\n").unwrap();
    let version = served.until("/hosts/nas.html", "broken-reference", &version);
    let page = served.get("/hosts/nas.html");
    assert!(page.contains("docs/a.md:1:5"), "{page}");
    assert!(page.contains("[[service:litellm]]"), "{page}");

    fs::write(&document, b"caf\xe9\n").unwrap();
    let version = served.until("/", "invalid-utf8", &version);

    fs::write(&document, "Ask [[service:litellm]].\n").unwrap();
    let version = served.until("/guide/a.html", "services/litellm.html", &version);

    fs::write(served.home.path().join("platform.lock"), "what is this\n").unwrap();
    served.until("/", "platform.lock:1:", &version);
}

#[test]
fn pages_ask_for_news_only_where_somebody_watches() {
    let script = "/~live.js";
    assert!(Served::start().get("/").contains(script));
    let home = tempfile::tempdir().expect("it works");
    fs::write(home.path().join("platform.toml"), SMALL).expect("it works");
    let folder = home.path().to_owned();
    let served = Served::of(home, &folder, &[]);
    let page = served.get("/");
    assert!(page.contains("<title>lab"), "{page}");
    assert!(!page.contains(script), "{page}");
}

#[test]
fn what_cannot_be_built_is_shown_in_the_dress_of_the_site() {
    let home = tempfile::tempdir().expect("it works");
    let broken = SMALL.replace("host = \"nas\"", "host = \"nsa\"");
    fs::write(home.path().join("platform.toml"), broken).expect("it works");
    let folder = home.path().to_owned();
    let served = Served::of(home, &folder, &["--watch"]);
    let page = served.get("/");
    assert!(page.contains("there is no host &#96;nsa&#96;"), "{page}");
    assert!(page.contains("href=\"/assets/site.css\""), "{page}");
    assert!(served.get("/assets/site.css").starts_with("HTTP/1.1 200 "));
}

#[test]
fn only_this_machine_is_served_and_nothing_beyond_the_site() {
    let served = Served::start();
    assert!(served.get("/../platform.toml").starts_with("HTTP/1.1 404 "));
    assert!(
        served
            .get("/%2e%2e/platform.toml")
            .starts_with("HTTP/1.1 404 ")
    );
    let rebound = served.ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert!(rebound.starts_with("HTTP/1.1 421 "), "{rebound}");
    assert!(
        served
            .ask("POST / HTTP/1.1\r\nHost: x\r\n\r\n")
            .starts_with("HTTP/1.1 4")
    );
    served.ask("\r\n\r\n");
    assert!(served.get("/").starts_with("HTTP/1.1 200 "));
}
