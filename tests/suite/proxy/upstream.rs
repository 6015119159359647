//! A server that does what its script says: it answers, refuses, resets, stalls, cuts and lies.

#![allow(dead_code, reason = "a harness has what a case may need")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that anything in a test waits for something that should happen at once.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What a server does on a connection, in order, for one request.
#[derive(Debug, Clone)]
pub(super) enum Do {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Send these bytes in slices of so many, with a pause after each.
    Drip(Vec<u8>, usize, Duration),
    /// Wait until the test calls [`Upstream::go`].
    Wait,
    /// Wait until the proxy closes the connection.
    UntilClosed,
    /// Close the connection in order.
    Close,
    /// Close it with a reset.
    Reset,
}

/// What a server does with each request; the last one is for all that follow.
pub(super) type Script = Vec<Vec<Do>>;

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The head, as it came.
    pub(super) head: String,
    /// The body.
    pub(super) body: Vec<u8>,
    /// Which connection it came on, counted from 0.
    pub(super) connection: usize,
}

impl Seen {
    /// The value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    /// The body as text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

/// The value of a field of a head.
pub(super) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (it, value) = line.split_once(':')?;
        it.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A scripted server on a port of its own.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    closed: Receiver<Instant>,
}

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Vec<Seen>>,
    changed: Condvar,
    connections: AtomicUsize,
    permits: Mutex<usize>,
    permitted: Condvar,
    /// False for one that acts before it has read a body.
    reads_bodies: bool,
}

impl Upstream {
    /// A server with a script.
    pub(super) fn new(script: Script) -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), script)
    }

    /// The same at an address that somebody knows already.
    pub(super) fn at(address: SocketAddr, script: Script) -> Self {
        Self::start(address, script, true)
    }

    /// A server that acts as soon as it has read a head, and reads no bodies.
    pub(super) fn hasty(script: Script) -> Self {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), script, false)
    }

    fn start(address: SocketAddr, script: Script, reads_bodies: bool) -> Self {
        let listener = TcpListener::bind(address).expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            seen: Mutex::default(),
            changed: Condvar::new(),
            connections: AtomicUsize::new(0),
            permits: Mutex::new(0),
            permitted: Condvar::new(),
            reads_bodies,
        });
        let (closing, closed) = channel();
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = serving.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, closing) = (Arc::clone(&serving), closing.clone());
                thread::spawn(move || serve(stream, number, &shared, &closing));
            }
        });
        Self {
            address,
            shared,
            closed,
        }
    }

    /// A server that answers every request in the same way.
    pub(super) fn always(actions: Vec<Do>) -> Self {
        Self::new(vec![actions])
    }

    /// An address where nobody listens.
    pub(super) fn nobody() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.local_addr().expect("it has an address")
    }

    /// All requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Drops the requests so far.
    pub(super) fn forget(&self) {
        self.shared.seen.lock().unwrap().clear();
    }

    /// Waits until so many requests were seen, and returns them.
    pub(super) fn wait_for(&self, count: usize) -> Vec<Seen> {
        let seen = self.shared.seen.lock().unwrap();
        let (seen, timeout) = self
            .shared
            .changed
            .wait_timeout_while(seen, PATIENCE, |it| it.len() < count)
            .unwrap();
        assert!(
            !timeout.timed_out(),
            "the server saw {} requests, not {count}",
            seen.len()
        );
        seen.clone()
    }

    /// How many connections were made.
    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Lets one [`Do::Wait`] go on.
    pub(super) fn go(&self) {
        *self.shared.permits.lock().unwrap() += 1;
        self.shared.permitted.notify_one();
    }

    /// The moment when the proxy closed a connection that waited for it.
    pub(super) fn closed(&self) -> Instant {
        self.closed
            .recv_timeout(PATIENCE)
            .expect("the proxy closes the connection")
    }

    /// Does something else from now on.
    pub(super) fn now(&self, script: Script) {
        *self.shared.script.lock().unwrap() = script;
    }
}

fn serve(mut stream: TcpStream, connection: usize, shared: &Shared, closing: &Sender<Instant>) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let mut buffer = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buffer, shared.reads_bodies) {
        let actions = {
            let mut script = shared.script.lock().unwrap();
            if script.len() > 1 {
                script.remove(0)
            } else {
                script.first().cloned().unwrap_or_default()
            }
        };
        shared.seen.lock().unwrap().push(Seen {
            head,
            body,
            connection,
        });
        shared.changed.notify_all();
        let waits = actions.iter().any(|it| matches!(it, Do::UntilClosed));
        for action in actions {
            match action {
                Do::Send(bytes) => {
                    if stream.write_all(&bytes).is_err() {
                        // It was closed before it was waited for.
                        if waits {
                            let _ = closing.send(Instant::now());
                        }
                        return;
                    }
                }
                Do::Drip(bytes, slice, pause) => {
                    for part in bytes.chunks(slice) {
                        if stream.write_all(part).is_err() {
                            return;
                        }
                        thread::sleep(pause);
                    }
                }
                Do::Wait => {
                    let permits = shared.permits.lock().unwrap();
                    let (mut permits, _) = shared
                        .permitted
                        .wait_timeout_while(permits, PATIENCE, |it| *it == 0)
                        .unwrap();
                    *permits = permits.saturating_sub(1);
                }
                Do::UntilClosed => {
                    let mut rest = [0; 1024];
                    while matches!(stream.read(&mut rest), Ok(1..)) {}
                    let _ = closing.send(Instant::now());
                    return;
                }
                Do::Close => {
                    let _ = stream.shutdown(Shutdown::Both);
                    return;
                }
                Do::Reset => {
                    // Closing with nothing lingering sends a reset.
                    let socket = socket2::SockRef::from(&stream);
                    let _ = socket.set_linger(Some(Duration::ZERO));
                    return;
                }
            }
        }
    }
}

/// Reads a request with a length or chunks; nothing at the end of the connection.
fn read_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    reads_bodies: bool,
) -> Option<(String, Vec<u8>)> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, buffer)?;
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end);
    if !reads_bodies {
        return Some((head, Vec::new()));
    }
    let length: usize =
        field(&head, "content-length").map_or(0, |it| it.parse().expect("a length"));
    while buffer.len() < length {
        more(stream, buffer)?;
    }
    Some((head, buffer.drain(..length).collect()))
}

fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut part = [0; 16 * 1024];
    let read = stream.read(&mut part).ok().filter(|it| *it > 0)?;
    buffer.extend_from_slice(&part[..read]);
    Some(())
}

/// An answer in JSON with a length.
pub(super) fn json(status: u16, body: &str) -> Do {
    let length = body.len();
    Do::Send(format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes())
}

/// The same with further fields, each with its line end.
pub(super) fn json_with(status: u16, fields: &str, body: &str) -> Do {
    let length = body.len();
    Do::Send(format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{fields}Content-Length: {length}\r\n\r\n{body}").into_bytes())
}

/// The head of a stream in chunks.
pub(super) fn stream_head() -> Do {
    Do::Send(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec(),
    )
}

/// Bytes as one chunk.
pub(super) fn chunk(text: &str) -> Do {
    Do::Send(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// The last chunk.
pub(super) fn last_chunk() -> Do {
    Do::Send(b"0\r\n\r\n".to_vec())
}

/// A chunk of chat with content.
pub(super) fn token(text: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

/// The chunk of chat that says why it stopped.
pub(super) fn finish() -> String {
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n".to_owned()
}

/// The event that ends a stream.
pub(super) const DONE: &str = "data: [DONE]\n\n";

/// A whole answer to a chat.
pub(super) const ANSWER: &str = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;

/// A whole stream of two tokens.
pub(super) fn whole_stream() -> Vec<Do> {
    vec![
        stream_head(),
        chunk(&token("a")),
        chunk(&token("b")),
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]
}

/// A stream that stands still after its first token until it is let [`go`](Upstream::go).
pub(super) fn held_stream() -> Vec<Do> {
    vec![
        stream_head(),
        chunk(&token("a")),
        Do::Wait,
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]
}
