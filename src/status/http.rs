//! One question over HTTP, and why it was not answered: blocking, bounded in time and size, and no redirect is followed.
//!
//! It understands what `curl` would of HTTP/1.1, so that `healthcheck.sh` and we come to the same words.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The most that is read of an answer. A list of 10,000 models is 1.5 MB.
const LONGEST: usize = 4 << 20;
/// The longest head that is read.
const LONGEST_HEAD: usize = 64 << 10;

/// A question.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) url: &'a str,
    pub(super) method: &'a str,
    /// The key, sent as a bearer token.
    pub(super) key: Option<&'a str>,
    /// The JSON that is sent with `POST`.
    pub(super) body: &'a str,
    /// False when the status is all that matters.
    pub(super) wants_body: bool,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    BadUrl,
    NoAddress,
    NobodyListens,
    TooSlow,
    HungUp,
    NotHttp,
}

impl Failure {
    /// Why, in the words of `healthcheck.sh`.
    pub(super) fn words(self, limit: Duration) -> String {
        match self {
            Self::BadUrl => "its URL is not one that can be asked".to_owned(),
            Self::NoAddress => "its host name has no address".to_owned(),
            Self::NobodyListens => "nothing listens there".to_owned(),
            Self::TooSlow => format!("no answer within {} s", limit.as_secs_f64()),
            Self::HungUp => "it hung up without an answer".to_owned(),
            Self::NotHttp => "what it answers is not HTTP".to_owned(),
        }
    }
}

/// Until when something must be done.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn left(self) -> Result<Duration, Failure> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(Failure::TooSlow)
        } else {
            Ok(left)
        }
    }
}

/// The host and port of a URL, and its path.
struct Place<'a> {
    host: &'a str,
    port: u16,
    /// As it stands in the `Host` header.
    authority: &'a str,
    path: &'a str,
}

impl<'a> Place<'a> {
    fn of(url: &'a str) -> Result<Self, Failure> {
        let rest = url.strip_prefix("http://").ok_or(Failure::BadUrl)?;
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = authority.rsplit_once(':').ok_or(Failure::BadUrl)?;
        let port = port.parse().map_err(|_| Failure::BadUrl)?;
        let host = host
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'))
            .unwrap_or(host);
        // A blank or a line break would end the line of the request.
        let breaks = |it: char| it.is_control() || it == ' ';
        if host.is_empty() || url.contains(breaks) {
            return Err(Failure::BadUrl);
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self {
            host,
            port,
            authority,
            path,
        })
    }

    fn addresses(&self, deadline: Deadline) -> Result<Vec<SocketAddr>, Failure> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![(address, self.port).into()]);
        }
        // A name server that is away takes longer than we may: the thread is left behind then.
        let (sender, receiver) = mpsc::channel();
        let (host, port) = (self.host.to_owned(), self.port);
        thread::spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs();
            let found = found.map(Iterator::collect::<Vec<_>>).unwrap_or_default();
            // Nobody may be waiting any more.
            let _ = sender.send(found);
        });
        match receiver.recv_timeout(deadline.left()?) {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) => Err(Failure::NoAddress),
            Err(_) => Err(Failure::TooSlow),
        }
    }

    fn connect(&self, deadline: Deadline) -> Result<TcpStream, Failure> {
        let mut why = Failure::NoAddress;
        for address in self.addresses(deadline)? {
            match TcpStream::connect_timeout(&address, deadline.left()?) {
                Ok(stream) => return Ok(stream),
                Err(error) if is_slow(&error) => why = Failure::TooSlow,
                Err(_) => why = Failure::NobodyListens,
            }
        }
        Err(why)
    }
}

/// Connects and says nothing; returns how long that took.
pub(super) fn knock(url: &str, limit: Duration) -> Result<Duration, Failure> {
    let begun = Instant::now();
    Place::of(url)?.connect(Deadline(begun + limit))?;
    Ok(begun.elapsed())
}

/// Asks, and returns the answer with how long it took.
pub(super) fn ask(ask: &Ask, limit: Duration) -> (Result<Answer, Failure>, Duration) {
    let begun = Instant::now();
    let answer = exchange(ask, Deadline(begun + limit));
    (answer, begun.elapsed())
}

fn exchange(ask: &Ask, deadline: Deadline) -> Result<Answer, Failure> {
    let place = Place::of(ask.url)?;
    let head = head(ask, &place)?;
    let mut stream = place.connect(deadline)?;
    // One that answers before it has read everything is well all the same.
    let _ = stream.set_nodelay(true);
    let limited = stream.set_write_timeout(Some(deadline.left()?));
    limited.map_err(|_| Failure::HungUp)?;
    if let Err(error) = stream.write_all(head.as_bytes())
        && is_slow(&error)
    {
        return Err(Failure::TooSlow);
    }
    let mut reader = Reader {
        stream,
        deadline,
        bytes: Vec::new(),
    };
    reader.answer(ask)
}

fn head(ask: &Ask, place: &Place) -> Result<String, Failure> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: homelab-status\r\nAccept: */*\r\nConnection: close\r\n",
        ask.method, place.path, place.authority
    );
    if let Some(key) = ask.key {
        // The name of the failure does not matter: whoever hands in keys refuses such ones.
        if key.contains(char::is_control) {
            return Err(Failure::BadUrl);
        }
        // Writing to a string cannot fail.
        let _ = write!(head, "Authorization: Bearer {key}\r\n");
    }
    if ask.method == "GET" {
        head.push_str("\r\n");
    } else {
        let length = ask.body.len();
        let _ = write!(
            head,
            "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{}",
            ask.body
        );
    }
    Ok(head)
}

/// What arrives.
struct Reader {
    stream: TcpStream,
    deadline: Deadline,
    bytes: Vec<u8>,
}

impl Reader {
    fn answer(&mut self, ask: &Ask) -> Result<Answer, Failure> {
        loop {
            let (head, body) = self.split()?;
            // 100 and 103 come before the answer.
            if (100..200).contains(&head.status) {
                self.bytes = body;
                continue;
            }
            self.bytes = body;
            let has_none = !ask.wants_body || matches!(head.status, 204 | 304);
            let body = if has_none {
                Vec::new()
            } else if head.chunked {
                self.chunks()?
            } else {
                self.plain(head.length)?
            };
            return Ok(Answer {
                status: head.status,
                body,
            });
        }
    }

    /// The head, and what came behind it.
    fn split(&mut self) -> Result<(Head, Vec<u8>), Failure> {
        let mut looked = 0;
        loop {
            if let Some(end) = end_of_head(&self.bytes, looked) {
                let rest = self.bytes.split_off(end);
                let head = Head::of(&self.bytes).ok_or(Failure::NotHttp)?;
                return Ok((head, rest));
            }
            if self.bytes.len() > LONGEST_HEAD {
                return Err(Failure::NotHttp);
            }
            looked = self.bytes.len().saturating_sub(3);
            if !self.more()? {
                let silent = self.bytes.is_empty();
                return Err(if silent || self.bytes.starts_with(b"HTTP/") {
                    Failure::HungUp
                } else {
                    Failure::NotHttp
                });
            }
        }
    }

    /// Reads some more; false at the end.
    fn more(&mut self) -> Result<bool, Failure> {
        let mut part = [0; 16 << 10];
        loop {
            let left = self.deadline.left()?;
            let limited = self.stream.set_read_timeout(Some(left));
            limited.map_err(|_| Failure::HungUp)?;
            match self.stream.read(&mut part) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.bytes.extend_from_slice(&part[..count]);
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_slow(&error) => return Err(Failure::TooSlow),
                Err(_) => return Err(Failure::HungUp),
            }
        }
    }

    /// A body of this length, or up to the end.
    fn plain(&mut self, length: Option<usize>) -> Result<Vec<u8>, Failure> {
        let wanted = length.unwrap_or(LONGEST).min(LONGEST);
        while self.bytes.len() < wanted {
            if !self.more()? {
                if length.is_some() {
                    return Err(Failure::HungUp);
                }
                break;
            }
        }
        self.bytes.truncate(wanted);
        Ok(std::mem::take(&mut self.bytes))
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while body.len() < LONGEST {
            let line = self.line()?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let length = usize::from_str_radix(digits, 16).map_err(|_| Failure::NotHttp)?;
            if length == 0 {
                break;
            }
            let length = length.min(LONGEST);
            while self.bytes.len() < length + 2 {
                if !self.more()? {
                    return Err(Failure::HungUp);
                }
            }
            body.extend(self.bytes.drain(..length + 2).take(length));
        }
        body.truncate(LONGEST);
        Ok(body)
    }

    fn line(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.bytes.iter().position(|it| *it == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.bytes.len() > LONGEST_HEAD {
                return Err(Failure::NotHttp);
            }
            if !self.more()? {
                return Err(Failure::HungUp);
            }
        }
    }
}

/// Where the head ends, looked for from `from` on.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let tail = &bytes[from.min(bytes.len())..];
    let at = tail.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some(from + at + 4)
}

/// What matters of a head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length: Option<usize>,
    chunked: bool,
}

impl Head {
    fn of(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?;
        let mut head = Self {
            status: status.parse().ok()?,
            length: None,
            chunked: false,
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.chunked = value.to_ascii_lowercase().contains("chunked");
            }
        }
        Some(head)
    }
}

fn is_slow(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What becomes of a question to somebody who sends these bytes and closes.
    fn of(bytes: &'static [u8]) -> Result<(u16, String), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 1024];
            let count = stream.read(&mut asked).unwrap();
            assert!(asked[..count].starts_with(b"GET /x HTTP/1.1\r\n"));
            let _ = stream.write_all(bytes);
        });
        let question = Ask {
            url: &url,
            method: "GET",
            key: None,
            body: "",
            wants_body: true,
        };
        let (answer, _) = ask(&question, Duration::from_secs(10));
        server.join().unwrap();
        answer.map(|it| (it.status, String::from_utf8_lossy(&it.body).into_owned()))
    }

    #[test]
    fn answers_are_read_in_every_framing() {
        let ok = |body: &str| Ok((200, body.to_owned()));
        assert_eq!(
            of(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhimore"),
            ok("hi")
        );
        assert_eq!(of(b"HTTP/1.0 200 OK\r\n\r\nto the end"), ok("to the end"));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n3\r\n!!!\r\n0\r\n\r\n";
        assert_eq!(of(chunked), ok("hi!!!"));
        assert_eq!(
            of(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            ok("")
        );
        assert_eq!(of(b"HTTP/1.1 204 No\r\n\r\n"), Ok((204, String::new())));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        assert_eq!(of(b""), Err(Failure::HungUp));
        assert_eq!(of(b"HTTP/1.1 200"), Err(Failure::HungUp));
        assert_eq!(
            of(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"),
            Err(Failure::HungUp)
        );
        assert_eq!(of(b"SSH-2.0-OpenSSH\r\n"), Err(Failure::NotHttp));
        assert_eq!(of(b"\xff\xfe\r\n\r\n"), Err(Failure::NotHttp));
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n";
        assert_eq!(of(chunked), Err(Failure::NotHttp));
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab";
        assert_eq!(of(chunked), Err(Failure::HungUp));
    }

    #[test]
    fn a_url_says_whom_and_what() {
        let of = |url| Place::of(url).map(|it| (it.host, it.port, it.path));
        assert_eq!(
            of("http://[fd00::1]:80/a?b").ok(),
            Some(("fd00::1", 80, "/a?b"))
        );
        assert_eq!(of("http://mini:80").ok(), Some(("mini", 80, "/")));
        for bad in [
            "https://a:1/",
            "http://a/",
            "http://a:b/",
            "http://:1/",
            "http://a:1/ x",
        ] {
            assert_eq!(of(bad).err(), Some(Failure::BadUrl), "{bad}");
        }
    }
}
