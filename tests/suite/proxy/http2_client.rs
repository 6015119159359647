//! A client of HTTP/2: the `h2` crate for what is well formed, and bytes for what is not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request};

use super::upstream::PATIENCE;

/// What a client does, in a runtime of its own; fails when it takes too long.
pub(super) fn run<T>(client: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(async { tokio::time::timeout(PATIENCE, client).await })
        .expect("it takes too long")
}

/// A connection in clear, of which both sides know that HTTP/2 is spoken.
pub(super) struct Http2 {
    send: SendRequest<Bytes>,
    address: SocketAddr,
    /// Ends with the connection.
    pub(super) driver: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

/// A request under way.
pub(super) struct Asked {
    pub(super) answer: ResponseFuture,
    pub(super) body: SendStream<Bytes>,
}

/// An answer whose head is here.
pub(super) struct Begun {
    pub(super) status: u16,
    pub(super) fields: HeaderMap,
    pub(super) body: RecvStream,
}

/// An answer, read to its end.
pub(super) struct Whole {
    pub(super) status: u16,
    pub(super) fields: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Http2 {
    /// Connects.
    pub(super) async fn new(address: SocketAddr) -> Self {
        Self::with(address, &h2::client::Builder::new()).await
    }

    /// The same with settings.
    pub(super) async fn with(address: SocketAddr, builder: &h2::client::Builder) -> Self {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (send, connection) = builder.handshake(stream).await.unwrap();
        let driver = tokio::spawn(connection);
        Self {
            send,
            address,
            driver,
        }
    }

    /// Begins a request with fields and no body yet.
    pub(super) async fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Asked {
        self.try_ask(method, path, fields, false).await.unwrap()
    }

    /// The same, which may fail; it may also be all of the request.
    pub(super) async fn try_ask(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        is_whole: bool,
    ) -> Result<Asked, h2::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://localhost:{}{path}", self.address.port()));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        std::future::poll_fn(|cx| self.send.poll_ready(cx)).await?;
        let (answer, body) = self.send.send_request(request, is_whole)?;
        Ok(Asked { answer, body })
    }

    /// Begins a POST with JSON.
    pub(super) async fn post(&mut self, path: &str, body: &str) -> Asked {
        let mut asked = self.ask("POST", path, &[JSON]).await;
        asked.send(body.as_bytes()).await;
        asked
    }

    /// Asks without a body and reads the answer.
    pub(super) async fn get(&mut self, path: &str) -> Whole {
        let asked = self.try_ask("GET", path, &[], true).await.unwrap();
        asked.whole().await
    }
}

/// The field that says that a body is JSON.
pub(super) const JSON: (&str, &str) = ("content-type", "application/json");

impl Asked {
    /// Sends the body, in the pace that the proxy allows, and ends it.
    pub(super) async fn send(&mut self, body: &[u8]) {
        self.part(body).await.unwrap();
        // A proxy that has answered already is no failure.
        let _ = self.body.send_data(Bytes::new(), true);
    }

    /// Sends a part of the body.
    pub(super) async fn part(&mut self, mut part: &[u8]) -> Result<(), h2::Error> {
        while !part.is_empty() {
            self.body.reserve_capacity(part.len());
            while self.body.capacity() == 0 {
                match std::future::poll_fn(|cx| self.body.poll_capacity(cx)).await {
                    Some(capacity) => capacity?,
                    None => return Ok(()),
                };
            }
            let (now, rest) = part.split_at(self.body.capacity().min(part.len()));
            self.body.send_data(Bytes::copy_from_slice(now), false)?;
            part = rest;
        }
        Ok(())
    }

    /// Waits for the head of the answer.
    pub(super) async fn begun(self) -> Begun {
        let (head, body) = self.answer.await.unwrap().into_parts();
        Begun {
            status: head.status.as_u16(),
            fields: head.headers,
            body,
        }
    }

    /// Reads the answer.
    pub(super) async fn whole(self) -> Whole {
        let mut begun = self.begun().await;
        let body = begun.rest().await.unwrap();
        Whole {
            status: begun.status,
            fields: begun.fields,
            body,
        }
    }

    /// Why there was no answer.
    pub(super) async fn refused(self) -> Option<Reason> {
        self.answer.await.unwrap_err().reason()
    }
}

impl Begun {
    /// The next piece of the body; nothing at its end.
    pub(super) async fn piece(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let piece = self.body.data().await?;
        if let Ok(piece) = &piece {
            let _ = self.body.flow_control().release_capacity(piece.len());
        }
        Some(piece)
    }

    /// All that is left of the body.
    pub(super) async fn rest(&mut self) -> Result<Vec<u8>, h2::Error> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all)
    }

    /// Reads until this text is at the end of what has come.
    pub(super) async fn until(&mut self, text: &str) {
        let mut all = Vec::new();
        while !all.ends_with(text.as_bytes()) {
            let piece = self.piece().await.expect("it ends too early").unwrap();
            all.extend_from_slice(&piece);
        }
    }
}

impl Whole {
    /// The code of an error in OpenAI's shape.
    pub(super) fn code(&self) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        json["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// What begins a connection: the preface and empty settings.
pub(super) fn preface() -> Vec<u8> {
    [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &frame(SETTINGS, 0, 0, b""),
    ]
    .concat()
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields, compressed in the plainest way.
pub(super) fn packed(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, value) in fields {
        all.push(0);
        for text in [name, value] {
            number(&mut all, text.len());
            all.extend(text.as_bytes());
        }
    }
    all
}

/// A number with a prefix of seven bits.
fn number(out: &mut Vec<u8>, mut number: usize) {
    if number < 127 {
        return out.push(u8::try_from(number).unwrap());
    }
    out.push(127);
    number -= 127;
    while number >= 128 {
        out.push(u8::try_from(number % 128).unwrap() | 128);
        number /= 128;
    }
    out.push(u8::try_from(number).unwrap());
}

/// The head of a request that asks for a chat.
pub(super) const HEAD: &[(&str, &str)] = &[
    (":method", "POST"),
    (":scheme", "http"),
    (":authority", "localhost"),
    (":path", "/v1/chat/completions"),
    JSON,
];

/// A connection over which bytes go.
pub(super) struct Raw(TcpStream);

impl Raw {
    /// Connects and sends the preface.
    pub(super) fn new(address: SocketAddr) -> Self {
        let mut it = Self::silent(address);
        it.send(&preface());
        it
    }

    /// Connects.
    pub(super) fn silent(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    /// Sends bytes; false when the proxy has hung up.
    pub(super) fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// The next frame: its kind, its stream and its payload. Nothing at the end of the connection.
    pub(super) fn frame(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], stream, payload))
    }

    /// Reads to the end of the connection, and returns the reason that was given for it.
    pub(super) fn end(&mut self) -> Option<u32> {
        let start = std::time::Instant::now();
        let mut reason = None;
        while let Some((kind, _, payload)) = self.frame() {
            if kind == GOAWAY {
                reason = payload[4..8].try_into().ok().map(u32::from_be_bytes);
            }
        }
        assert!(start.elapsed() < PATIENCE, "the connection stays open");
        reason
    }
}
