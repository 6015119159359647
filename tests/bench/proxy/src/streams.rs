//! Clients that speak HTTP/2: on each connection so many streams, and another one as soon as one is answered.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use crate::server::ANSWER;
use crate::wire::{self, Read};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// How much of answers is read before more is allowed.
const ALLOWED: usize = 32 * 1024;

/// All clients of one order.
pub struct Clients {
    clients: Vec<Client>,
    /// The fields of a request, packed, and its body.
    head: Vec<u8>,
    body: Vec<u8>,
    began: u64,
    until: u64,
    last: u64,
    latencies: Vec<u32>,
    failed: u64,
    complaint: String,
}

struct Client {
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    len: usize,
    unsent: Vec<u8>,
    next: u32,
    /// How many requests wait for room in the window of the connection.
    waiting: usize,
    window: usize,
    read: usize,
    asked: BTreeMap<u32, Asked>,
}

struct Asked {
    at: u64,
    body: Vec<u8>,
}

impl Clients {
    pub fn new(words: &BTreeMap<String, String>, poll: &Poll) -> io::Result<Self> {
        let word = |name: &str| words.get(name).map(String::as_str).unwrap_or_default();
        let number = |name: &str| wire::number(word(name).as_bytes());
        let to: SocketAddr = word("to").parse().expect("an address");
        let seconds: f64 = word("seconds").parse().expect("seconds");
        let start = format!(
            "{{\"model\":\"{}\",\"messages\":[{{\"role\":\"user\",\"content\":\"",
            word("model")
        );
        let end = "\"}]}";
        let room = number("size").saturating_sub(start.len() + end.len());
        let body = format!("{start}{}{end}", "x".repeat(room)).into_bytes();
        let head = packed(&[
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", word("to")),
            (":path", "/v1/chat/completions"),
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("user-agent", "bench"),
            ("authorization", &format!("Bearer {}", word("key"))),
            ("content-length", &body.len().to_string()),
        ]);
        let mut clients = Vec::new();
        for at in 0..number("connections") {
            let mut stream = TcpStream::connect(to)?;
            stream.set_nodelay(true)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(at), interest)?;
            // Streams may send as much as they like.
            let settings = [&[0, 4][..], &0x7fff_ffff_u32.to_be_bytes()].concat();
            let mut unsent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
            frame(&mut unsent, SETTINGS, 0, 0, &settings);
            clients.push(Client {
                stream: Some(stream),
                buffer: Vec::new(),
                len: 0,
                unsent,
                next: 1,
                waiting: number("streams"),
                window: 65_535,
                read: 0,
                asked: BTreeMap::new(),
            });
        }
        let began = wire::now();
        Ok(Self {
            clients,
            head,
            body,
            began,
            until: began + (seconds * 1e9) as u64,
            last: began,
            latencies: Vec::new(),
            failed: 0,
            complaint: String::new(),
        })
    }

    /// When all is over.
    pub fn due(&self) -> u64 {
        self.until
    }

    pub fn turn(&mut self, at: usize) {
        let Self {
            clients,
            head,
            body,
            latencies,
            last,
            ..
        } = self;
        let Some(client) = clients.get_mut(at) else {
            return;
        };
        let mut answered = |asked: Asked| {
            *last = wire::now();
            latencies.push(u32::try_from(*last - asked.at).unwrap_or(u32::MAX));
        };
        if let Err(what) = client.turn(head, body, &mut answered) {
            client.stream = None;
            self.failed += 1;
            self.complaint = what;
        }
    }

    pub fn report(mut self) -> String {
        let took = (self.last.max(self.began + 1) - self.began) as f64 / 1e9;
        self.latencies.sort_unstable();
        let count = self.latencies.len();
        let at = |of: f64| {
            let at = ((count as f64 * of) as usize).min(count.saturating_sub(1));
            f64::from(self.latencies.get(at).copied().unwrap_or(0)) / 1000.0
        };
        format!(
            "{{\"requests\":{count},\"seconds\":{took:.6},\"failed\":{},\"chunks\":0,\"latency50\":{:.2},\"latency99\":{:.2},\"complaint\":{:?}}}",
            self.failed,
            at(0.5),
            at(0.99),
            self.complaint
        )
    }
}

impl Client {
    fn turn(
        &mut self,
        head: &[u8],
        body: &[u8],
        answered: &mut impl FnMut(Asked),
    ) -> Result<(), String> {
        self.ask(head, body)?;
        while let Some(stream) = &mut self.stream {
            match wire::read(stream, &mut self.buffer, &mut self.len) {
                Read::Closed => return Err("closed".to_owned()),
                Read::Blocked => return Ok(()),
                Read::Some => {}
            }
            let is_full = self.buffer.len() == self.len;
            self.frames(answered)?;
            self.ask(head, body)?;
            // A read that did not fill the buffer has taken all there is, and the next event tells of more.
            if !is_full {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Asks as much as there is room for, and sends what waits to be sent.
    fn ask(&mut self, head: &[u8], body: &[u8]) -> Result<(), String> {
        while self.waiting > 0 && self.window >= body.len() {
            self.waiting -= 1;
            self.window -= body.len();
            frame(&mut self.unsent, HEADERS, END_HEADERS, self.next, head);
            frame(&mut self.unsent, DATA, END_STREAM, self.next, body);
            let asked = Asked {
                at: wire::now(),
                body: Vec::new(),
            };
            self.asked.insert(self.next, asked);
            self.next += 2;
        }
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        let sent = wire::send(stream, &self.unsent)?;
        self.unsent.drain(..sent);
        Ok(())
    }

    /// Takes the frames that are wholly here.
    fn frames(&mut self, answered: &mut impl FnMut(Asked)) -> Result<(), String> {
        let bytes = std::mem::take(&mut self.buffer);
        let mut at = 0;
        while let Some((head, rest)) = bytes[at..self.len].split_first_chunk::<9>() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let on = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            let Some(payload) = rest.get(..length) else {
                break;
            };
            self.frame(head[3], head[4], on, payload, answered)?;
            at += 9 + length;
        }
        self.buffer = bytes;
        self.buffer.copy_within(at..self.len, 0);
        self.len -= at;
        Ok(())
    }

    fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        on: u32,
        payload: &[u8],
        answered: &mut impl FnMut(Asked),
    ) -> Result<(), String> {
        match kind {
            // The first field that is written is the status, and that of the table's eighth place is 200.
            HEADERS if payload.first() != Some(&0x88) && !payload.starts_with(&[0x20]) => {
                return Err(format!("a head that begins {:x?}", payload.first()));
            }
            DATA => {
                self.read += payload.len();
                if let Some(asked) = self.asked.get_mut(&on) {
                    asked.body.extend_from_slice(payload);
                }
                if self.read > ALLOWED {
                    let more = (self.read as u32).to_be_bytes();
                    frame(&mut self.unsent, WINDOW_UPDATE, 0, 0, &more);
                    self.read = 0;
                }
            }
            SETTINGS if flags & ACK == 0 => frame(&mut self.unsent, SETTINGS, ACK, 0, b""),
            PING if flags & ACK == 0 => frame(&mut self.unsent, PING, ACK, 0, payload),
            WINDOW_UPDATE if on == 0 => {
                let more = payload.try_into().map_err(|_| "a window of no size")?;
                self.window += u32::from_be_bytes(more) as usize;
            }
            HEADERS | SETTINGS | PING | WINDOW_UPDATE => {}
            other => return Err(format!("a frame of kind {other}: {payload:x?}")),
        }
        if matches!(kind, HEADERS | DATA)
            && flags & END_STREAM != 0
            && let Some(asked) = self.asked.remove(&on)
        {
            if asked.body != ANSWER.as_bytes() {
                return Err(String::from_utf8_lossy(&asked.body).into_owned());
            }
            answered(asked);
            self.waiting += 1;
        }
        Ok(())
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Fields, written out; none is longer than one byte can say.
fn packed(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, value) in fields {
        all.push(0);
        for text in [name, value] {
            all.push(
                u8::try_from(text.len())
                    .ok()
                    .filter(|it| *it < 127)
                    .expect("a short field"),
            );
            all.extend_from_slice(text.as_bytes());
        }
    }
    all
}
