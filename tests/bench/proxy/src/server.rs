//! A model server that has every answer ready.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Poll, Token};

use crate::wire::{self, Framing, Read};
use crate::{LISTENER, SERVED};

/// The answer to whatever was asked without a stream.
pub const ANSWER: &str = r#"{"id":"chatcmpl-0123456789","object":"chat.completion","created":1764000000,"model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"The answer to the question that you have asked is given here in a sentence or two, as short answers are."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":42,"completion_tokens":23,"total_tokens":65}}"#;

/// How many connections may wait to be taken; the library's own choice is 128.
const BACKLOG: i32 = 4096;

/// Connections that ask, and what is due to them.
pub struct Server {
    pub address: SocketAddr,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    due: BinaryHeap<Reverse<(u64, usize, u64)>>,
    whole: Vec<u8>,
    events: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    len: usize,
    /// What is left of the body that comes in, and what was said in its first bytes.
    asked: Option<(usize, Asked)>,
    /// Differs for another connection in the same place.
    number: u64,
    /// Chunks that are still to be sent, and how far apart.
    left: usize,
    pace: u64,
    /// What the other side did not take.
    unsent: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Asked {
    chunks: usize,
    pace: u64,
}

impl Server {
    pub fn new(poll: &Poll) -> io::Result<Self> {
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        // A gateway opens hundreds of connections at once, and what finds the queue full tries again after a second.
        rustix::net::listen(&listener, BACKLOG)?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        let whole = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
            ANSWER.len()
        );
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            connections: Vec::new(),
            free: Vec::new(),
            due: BinaryHeap::new(),
            whole: whole.into_bytes(),
            events: Vec::new(),
        })
    }

    pub fn accept(&mut self, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let at = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            poll.registry().register(
                &mut stream,
                Token(SERVED + at),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            self.connections[at] = Some(Connection {
                stream,
                buffer: Vec::new(),
                len: 0,
                asked: None,
                number: wire::now(),
                left: 0,
                pace: 0,
                unsent: Vec::new(),
            });
        }
    }

    /// When the next chunk is to be sent.
    pub fn next_due(&self) -> Option<u64> {
        self.due.peek().map(|it| it.0.0)
    }

    /// Reads what came, and answers it.
    pub fn turn(&mut self, at: usize) {
        let Some(connection) = self.connections.get_mut(at).and_then(Option::as_mut) else {
            return;
        };
        let is_closed = loop {
            if !connection.unsent.is_empty() {
                let unsent = std::mem::take(&mut connection.unsent);
                connection.send(&unsent);
            }
            // A read that did not fill the buffer has taken all there is, and the next event tells of more.
            let room = connection.buffer.len() - connection.len;
            let before = connection.len;
            match wire::read(
                &mut connection.stream,
                &mut connection.buffer,
                &mut connection.len,
            ) {
                Read::Closed => break true,
                Read::Blocked => break false,
                Read::Some => {}
            }
            let is_full = room == 0 || connection.len - before >= room;
            while let Some(asked) = connection.request() {
                if asked.chunks > 0 {
                    (connection.left, connection.pace) = (asked.chunks, asked.pace);
                    connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
                    if asked.pace > 0 {
                        self.due.push(Reverse((wire::now(), at, connection.number)));
                    } else {
                        while connection.left > 0 {
                            self.events.clear();
                            event(&mut self.events, connection.left);
                            connection.left -= 1;
                            let events = std::mem::take(&mut self.events);
                            connection.send(&events);
                            self.events = events;
                        }
                    }
                } else if asked.pace > 0 {
                    connection.left = usize::MAX;
                    self.due
                        .push(Reverse((wire::now() + asked.pace, at, connection.number)));
                } else {
                    connection.send(&self.whole);
                }
            }
            if !is_full {
                break false;
            }
        };
        if is_closed {
            self.connections[at] = None;
            self.free.push(at);
        }
    }

    /// Sends the chunks whose time has come.
    pub fn send_due(&mut self) {
        while self.next_due().is_some_and(|it| it <= wire::now()) {
            let Some(Reverse((due, at, number))) = self.due.pop() else {
                return;
            };
            let Some(connection) = self.connections[at]
                .as_mut()
                .filter(|it| it.number == number)
            else {
                continue;
            };
            if connection.left == usize::MAX {
                connection.left = 0;
                connection.send(&self.whole);
                continue;
            }
            self.events.clear();
            event(&mut self.events, connection.left);
            connection.left -= 1;
            connection.send(&self.events);
            if connection.left > 0 {
                self.due.push(Reverse((due + connection.pace, at, number)));
            }
        }
    }
}

/// A chunk of HTTP with an event; the last has the end of everything in it.
fn event(out: &mut Vec<u8>, left: usize) {
    let finish = if left == 1 { "\"stop\"" } else { "null" };
    let text = format!(
        "data: {{\"id\":\"chatcmpl-0123456789\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,\"model\":\"real\",\"system_fingerprint\":\"{:020}\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word\"}},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n",
        wire::now()
    );
    let _ = write!(out, "{:x}\r\n{text}\r\n", text.len());
    if left == 1 {
        out.extend_from_slice(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    }
}

impl Connection {
    /// The next request that is wholly here; its bytes are forgotten.
    fn request(&mut self) -> Option<Asked> {
        if self.asked.is_none() {
            let (head, Framing::Length(length)) = wire::head(&self.buffer[..self.len])? else {
                return None;
            };
            let start = &self.buffer[head..self.len.min(head + length)];
            // What is asked stands at the start of the body; where somebody wrote the body anew, near its end.
            if start.len() < length && start.len() < 256 {
                return None;
            }
            let near = [
                &start[..start.len().min(256)],
                &start[start.len().saturating_sub(256)..],
            ];
            let find = |word| near.iter().find_map(|it| wire::number_after(it, word));
            let is_stream = near
                .iter()
                .any(|it| memchr::memmem::find(it, b"\"stream\":true").is_some());
            let asked = Asked {
                chunks: if is_stream {
                    find("\"max_tokens\":").unwrap_or(1)
                } else {
                    0
                },
                pace: find("\"seed\":").unwrap_or(0) as u64 * 1000,
            };
            self.asked = Some((length, asked));
            self.forget(head);
        }
        let (left, asked) = self.asked?;
        let taken = left.min(self.len);
        self.forget(taken);
        if taken < left {
            self.asked = Some((left - taken, asked));
            return None;
        }
        self.asked = None;
        Some(asked)
    }

    fn forget(&mut self, count: usize) {
        self.buffer.copy_within(count..self.len, 0);
        self.len -= count;
    }

    fn send(&mut self, bytes: &[u8]) {
        if !self.unsent.is_empty() {
            return self.unsent.extend_from_slice(bytes);
        }
        let wrote = self.stream.write(bytes).unwrap_or(0);
        self.unsent.extend_from_slice(&bytes[wrote..]);
    }
}
