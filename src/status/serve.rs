//! The status as a service: `/health`, `/status` and `/incidents` as JSON, to be read and nothing else.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde_json::json;

use super::history::{History, Incident};
use super::report::Report;

/// The most requests that are answered at a time; one more is turned away.
const MOST: usize = 64;
/// How long a client may take to ask, and to read.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest head that is read.
const LONGEST: usize = 16 << 10;

/// What the service knows.
#[derive(Debug)]
pub struct Board {
    state: Mutex<Known>,
    /// The names by which it may be asked, beside addresses: another one is a page of somebody else whose name leads here.
    names: Vec<String>,
    /// How old what it knows may be before it is itself not well.
    stale: Duration,
    open: AtomicUsize,
}

#[derive(Debug)]
struct Known {
    history: History,
    last: Option<(Report, SystemTime, Instant)>,
    /// Why the history could not be written.
    trouble: Option<String>,
}

impl Board {
    /// One that knows nothing yet but what was kept.
    pub fn new(history: History, names: Vec<String>, stale: Duration) -> Self {
        Self {
            state: Mutex::new(Known {
                history,
                last: None,
                trouble: None,
            }),
            names,
            stale,
            open: AtomicUsize::new(0),
        }
    }

    /// Takes in a report; an error when it could not be kept, which `/health` says too.
    pub fn put(&self, report: Report) -> io::Result<()> {
        let mut known = self.lock();
        let now = SystemTime::now();
        let kept = known.history.note(&report.drift, now);
        known.trouble = kept.as_ref().err().map(ToString::to_string);
        known.last = Some((report, now, Instant::now()));
        kept
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // A thread that panicked has changed nothing here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers whoever asks, until the listener fails.
    pub fn serve(self: &Arc<Self>, listener: &TcpListener) -> io::Error {
        loop {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if is_passing(&error) => {
                    // Out of descriptors: those that are open end in a while.
                    thread::sleep(Duration::from_millis(50));
                    continue;
                }
                Err(error) => return error,
            };
            if self.open.fetch_add(1, Ordering::Relaxed) >= MOST {
                self.open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let board = Arc::clone(self);
            let answer = move || {
                // A client that goes away, or sends what is no request, is nobody's fault here.
                let _ = board.answer(&stream);
                board.open.fetch_sub(1, Ordering::Relaxed);
            };
            if thread::Builder::new().spawn(answer).is_err() {
                self.open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn answer(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_write_timeout(Some(PATIENCE))?;
        let (line, host) = read(stream)?;
        let mut words = line.split_ascii_whitespace();
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let (status, body) = match method {
            _ if !self.is_ours(&host) => (421, error("ask for it by its address")),
            "GET" | "HEAD" => self.page(path),
            _ => (405, error("it is only read: GET")),
        };
        let reason = match status {
            200 => "OK",
            404 => "Not Found",
            405 => "Method Not Allowed",
            421 => "Misdirected Request",
            _ => "Service Unavailable",
        };
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        if method != "HEAD" {
            stream.write_all(body.as_bytes())?;
        }
        stream.flush()
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
            _ => host,
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || bare.eq_ignore_ascii_case("localhost")
            || self.names.iter().any(|it| it.eq_ignore_ascii_case(bare))
    }

    fn page(&self, path: &str) -> (u16, String) {
        let known = self.lock();
        match path {
            "/health" => self.health(&known),
            "/status" => match &known.last {
                None => (503, error("nothing has been asked yet")),
                Some((report, at, _)) => (200, text(&Dated::of(report, *at))),
            },
            "/incidents" => (200, text(&Incidents::of(&known.history))),
            _ => (404, error("there are /health, /status and /incidents")),
        }
    }

    /// Whether this service does its work; whether the platform is well is another matter.
    fn health(&self, known: &Known) -> (u16, String) {
        let age = known.last.as_ref().map(|(_, _, at)| at.elapsed());
        let words = match (age, &known.trouble) {
            (None, _) => "starting",
            (Some(age), _) if age > self.stale => "stalled",
            (_, Some(_)) => "its history cannot be written",
            _ => "ok",
        };
        let is_well = matches!(words, "ok" | "starting");
        let age = age.map(|it| it.as_secs());
        let body = json!({ "status": words, "age_seconds": age, "trouble": known.trouble });
        (if is_well { 200 } else { 503 }, text(&body))
    }
}

/// The first line of a request, and what its `Host` says.
fn read(mut stream: &TcpStream) -> io::Result<(String, String)> {
    let begun = Instant::now();
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    // A byte now and then keeps no thread for ever.
    while !bytes.windows(4).any(|it| it == b"\r\n\r\n") && bytes.len() < LONGEST {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => break,
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
    let head = String::from_utf8_lossy(&bytes);
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let host = lines
        .take_while(|it| !it.is_empty())
        .filter_map(|it| it.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map_or("", |(_, value)| value.trim());
    Ok((line, host.to_owned()))
}

fn is_passing(error: &io::Error) -> bool {
    // EMFILE, ENFILE, and a client that went before it was accepted.
    matches!(error.raw_os_error(), Some(23 | 24))
        || matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::Interrupted
                | io::ErrorKind::OutOfMemory
        )
}

fn error(words: &str) -> String {
    text(&json!({ "error": words }))
}

fn text(value: &impl Serialize) -> String {
    crate::emit::json::to_json(value)
}

/// A report with its time.
#[derive(Serialize)]
struct Dated<'a> {
    at: String,
    #[serde(flatten)]
    report: &'a Report,
}

impl<'a> Dated<'a> {
    fn of(report: &'a Report, at: SystemTime) -> Self {
        let at = at.duration_since(SystemTime::UNIX_EPOCH);
        Self {
            at: moment(at.map_or(0, |it| it.as_secs())),
            report,
        }
    }
}

/// What differs, and what differed.
#[derive(Serialize)]
struct Incidents<'a> {
    version: u8,
    /// What differs now, longest first.
    open: Vec<Told<'a>>,
    /// What differed once, newest first.
    past: Vec<Told<'a>>,
}

impl<'a> Incidents<'a> {
    fn of(history: &'a History) -> Self {
        Self {
            version: 1,
            open: history.current().into_iter().map(Told::of).collect(),
            past: history.past().map(Told::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Told<'a> {
    cause: &'a str,
    host: &'a str,
    service: Option<&'a str>,
    port: Option<u16>,
    what: &'a str,
    since: String,
    until: Option<String>,
}

impl<'a> Told<'a> {
    fn of(incident: &'a Incident) -> Self {
        Self {
            cause: &incident.cause,
            host: &incident.host,
            service: incident.service.as_deref(),
            port: incident.port,
            what: &incident.what,
            since: moment(incident.since),
            until: incident.until.map(moment),
        }
    }
}

/// A moment as RFC 3339 writes it, in UTC.
fn moment(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 1 March of year 0, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!(
        "{:04}-{month:02}-{date:02}T{:02}:{:02}:{:02}Z",
        era * 400 + year + next,
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_people_do() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(moment(1_795_219_199), "2026-11-20T23:59:59Z");
        assert_eq!(moment(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(moment(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
