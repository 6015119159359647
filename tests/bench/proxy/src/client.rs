//! Clients that ask again as soon as they are answered, and look closely at what they get.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use crate::server::ANSWER;
use crate::wire::{self, Framing, Read};

/// What is to be asked, by how many, and for how long.
pub struct Order {
    to: SocketAddr,
    connections: usize,
    seconds: f64,
    is_stream: bool,
    chunks: usize,
    request: Vec<u8>,
}

impl Order {
    pub fn new(words: &BTreeMap<&str, &str>) -> Self {
        let word = |name: &str| words.get(name).copied().unwrap_or_default();
        let number = |name: &str| wire::number(word(name).as_bytes());
        let chunks = number("chunks");
        Self {
            to: word("to").parse().expect("an address"),
            connections: number("connections"),
            seconds: word("seconds").parse().expect("seconds"),
            is_stream: chunks > 0,
            chunks,
            request: request(
                word("to"),
                word("model"),
                word("key"),
                number("size"),
                chunks,
                number("pace"),
            ),
        }
    }
}

/// A request whose body has this size: prose with lines and quotes in it, as prompts have.
fn request(to: &str, model: &str, key: &str, size: usize, chunks: usize, pace: usize) -> Vec<u8> {
    let mut body = format!("{{\"model\":\"{model}\"");
    if chunks > 0 {
        body += &format!(",\"stream\":true,\"max_tokens\":{chunks}");
    }
    if pace > 0 {
        body += &format!(",\"seed\":{pace}");
    }
    body += ",\"messages\":[{\"role\":\"user\",\"content\":\"";
    let end = "\"}]}";
    let prose = "The quick brown fox jumps over the lazy dog, and then it rests a while under the old tree.\\nSomebody said: \\\"Let us see what comes next\\\", and they waited until the evening came.\\n\\n";
    let mut room = size.saturating_sub(body.len() + end.len());
    while room >= prose.len() {
        body += prose;
        room -= prose.len();
    }
    body += &"x".repeat(room);
    body += end;
    let length = body.len();
    format!("POST /v1/chat/completions HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\naccept: application/json\r\nuser-agent: bench\r\nauthorization: Bearer {key}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// All clients of one order.
pub struct Clients {
    order: Order,
    clients: Vec<Client>,
    began: u64,
    until: u64,
    counted: Counted,
}

/// What was seen.
#[derive(Default)]
struct Counted {
    latencies: Vec<u32>,
    /// Until the first content.
    firsts: Vec<u32>,
    /// How old chunks were when they came.
    ages: Vec<u32>,
    chunks: u64,
    reads: u64,
    failed: u64,
    complaint: String,
    last: u64,
}

struct Client {
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    len: usize,
    sent: usize,
    asked_at: u64,
    /// How much of the answer was looked at, and its framing once its head is known.
    looked: usize,
    framing: Option<(usize, Framing)>,
    has_first: bool,
    chunks: usize,
}

impl Clients {
    pub fn new(order: Order, poll: &Poll) -> io::Result<Self> {
        let began = wire::now();
        let until = began + (order.seconds * 1e9) as u64;
        let mut clients = Vec::new();
        for at in 0..order.connections {
            let mut stream = TcpStream::connect(order.to)?;
            stream.set_nodelay(true)?;
            poll.registry().register(
                &mut stream,
                Token(at),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            clients.push(Client {
                stream: Some(stream),
                buffer: Vec::new(),
                len: 0,
                sent: 0,
                asked_at: 0,
                looked: 0,
                framing: None,
                has_first: false,
                chunks: 0,
            });
        }
        Ok(Self {
            order,
            clients,
            began,
            until,
            counted: Counted::default(),
        })
    }

    /// When all is over.
    pub fn due(&self) -> u64 {
        self.until
    }

    pub fn turn(&mut self, at: usize) {
        let Self {
            order,
            clients,
            counted,
            ..
        } = self;
        let Some(client) = clients.get_mut(at) else {
            return;
        };
        if let Err(what) = client.turn(order, counted) {
            client.stream = None;
            counted.failed += 1;
            counted.complaint = what;
        }
    }

    pub fn report(mut self) -> String {
        let took = (self.counted.last.max(self.began + 1) - self.began) as f64 / 1e9;
        let counted = &mut self.counted;
        let count = counted.latencies.len();
        let mut out = format!(
            "{{\"requests\":{count},\"seconds\":{took:.6},\"failed\":{},\"chunks\":{},\"reads\":{}",
            counted.failed, counted.chunks, counted.reads
        );
        for (name, values) in [
            ("latency", &mut counted.latencies),
            ("first", &mut counted.firsts),
            ("age", &mut counted.ages),
        ] {
            values.sort_unstable();
            for (share, of) in [("50", 0.5), ("99", 0.99)] {
                let at = ((values.len() as f64 * of) as usize).min(values.len().saturating_sub(1));
                let value = values.get(at).copied().unwrap_or(0);
                out += &format!(",\"{name}{share}\":{:.2}", f64::from(value) / 1000.0);
            }
        }
        out + &format!(",\"complaint\":{:?}}}", counted.complaint)
    }
}

impl Client {
    fn turn(&mut self, order: &Order, counted: &mut Counted) -> Result<(), String> {
        if self.asked_at == 0 {
            self.asked_at = wire::now();
        }
        self.ask(order)?;
        while let Some(stream) = &mut self.stream {
            match wire::read(stream, &mut self.buffer, &mut self.len) {
                Read::Closed => return Err("closed".to_owned()),
                Read::Blocked => return Ok(()),
                Read::Some => counted.reads += 1,
            }
            let is_full = self.buffer.len() == self.len;
            let now = wire::now();
            if self.framing.is_none() {
                let Some((head, framing)) = wire::head(&self.buffer[..self.len]) else {
                    continue;
                };
                if !self.buffer.starts_with(b"HTTP/1.1 200") {
                    return Err(String::from_utf8_lossy(&self.buffer[..self.len]).into_owned());
                }
                self.framing = Some((head, framing));
                self.looked = head;
            }
            if self.is_answered(order, counted, now)? {
                counted
                    .latencies
                    .push(u32::try_from(now - self.asked_at).unwrap_or(u32::MAX));
                counted.last = now;
                (
                    self.len,
                    self.sent,
                    self.framing,
                    self.has_first,
                    self.chunks,
                ) = (0, 0, None, false, 0);
                self.asked_at = wire::now();
                return self.ask(order);
            }
            // A read that did not fill the buffer has taken all there is, and the next event tells of more.
            if !is_full {
                return Ok(());
            }
        }
        Ok(())
    }

    fn ask(&mut self, order: &Order) -> Result<(), String> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        self.sent += wire::send(stream, &order.request[self.sent..])?;
        Ok(())
    }

    /// True when the whole answer is here and is what it should be.
    fn is_answered(
        &mut self,
        order: &Order,
        counted: &mut Counted,
        now: u64,
    ) -> Result<bool, String> {
        let Some((head, framing)) = self.framing else {
            return Ok(false);
        };
        let bytes = &self.buffer[..self.len];
        if order.is_stream {
            // Events may be framed in any chunks; their marks are looked for instead.
            let mark = b"fingerprint\":\"";
            while let Some(found) = memchr::memmem::find(&bytes[self.looked..], mark) {
                let at = self.looked + found + mark.len();
                let Some(number) = bytes.get(at..at + 20) else {
                    break;
                };
                self.looked = at;
                self.chunks += 1;
                counted.chunks += 1;
                let sent = wire::number(number) as u64;
                counted
                    .ages
                    .push(u32::try_from(now.saturating_sub(sent)).unwrap_or(u32::MAX));
                if !std::mem::replace(&mut self.has_first, true) {
                    counted
                        .firsts
                        .push(u32::try_from(now - self.asked_at).unwrap_or(u32::MAX));
                }
            }
            if !bytes.ends_with(b"0\r\n\r\n") {
                return Ok(false);
            }
            let end = b"data: [DONE]\n\n";
            if self.chunks == order.chunks && memchr::memmem::rfind(bytes, end).is_some() {
                return Ok(true);
            }
            // A mark that two chunks share is only seen without their framing.
            let body = wire::unframed(&bytes[head..]);
            let chunks = memchr::memmem::find_iter(&body, mark).count();
            if chunks == order.chunks && body.ends_with(end) {
                return Ok(true);
            }
            return Err(format!(
                "a stream with {chunks} of {} chunks: {}",
                order.chunks,
                String::from_utf8_lossy(&body[body.len().saturating_sub(500)..])
            ));
        }
        match framing {
            Framing::Length(length) if bytes.len() >= head + length => {
                // One that writes answers anew may write them in its way.
                let body = &bytes[head..];
                let is_same = body == ANSWER.as_bytes()
                    || memchr::memmem::find(body, b"as short answers are.").is_some();
                is_same
                    .then_some(true)
                    .ok_or_else(|| String::from_utf8_lossy(body).into_owned())
            }
            Framing::Chunked => Ok(bytes.ends_with(b"0\r\n\r\n")),
            Framing::Length(_) => Ok(false),
        }
    }
}
