//! Answers of our own: refusals, lists, pages.

use std::io::Write;
use std::time::Duration;

use super::connection::{Connection, Stream};
use super::error::Refusal;

/// An answer that is whole before it is sent.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Answer {
    /// An answer in JSON.
    pub(super) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self {
            status,
            kind: "application/json",
            body: value.to_string().into_bytes(),
            fields: Vec::new(),
        }
    }

    /// An answer in text of some kind.
    pub(super) fn text(kind: &'static str, text: String) -> Self {
        Self {
            status: 200,
            kind,
            body: text.into_bytes(),
            fields: Vec::new(),
        }
    }

    /// The same with another field.
    pub(super) fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut answer = Self {
            status: refusal.status,
            kind: "application/json",
            body: refusal.body(),
            fields: Vec::new(),
        };
        answer.fields.extend(
            refusal
                .retry_after
                .map(|it| ("retry-after", it.to_string())),
        );
        answer
            .fields
            .extend(refusal.allow.map(|it| ("allow", it.to_owned())));
        if refusal.status == 401 {
            answer
                .fields
                .push(("www-authenticate", "Bearer".to_owned()));
        }
        answer
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// True for a client that speaks HTTP/1.1.
    pub(super) modern: bool,
    /// True when the connection stays.
    pub(super) keep: bool,
    /// True for HEAD: everything but the body.
    pub(super) head_only: bool,
}

/// Tells a client that waits for leave to send its body to go on.
pub(super) async fn go_on(client: &mut Connection, patience: Duration) -> std::io::Result<()> {
    if let Stream::Http2(stream) = &mut client.stream {
        return stream.go_on();
    }
    client
        .write(&[b"HTTP/1.1 100 Continue\r\n\r\n"], patience)
        .await
}

/// Writes an answer.
pub(super) async fn write(
    client: &mut Connection,
    answer: &Answer,
    id: &str,
    manner: Manner,
    patience: Duration,
) -> std::io::Result<()> {
    let body = if manner.head_only {
        &[][..]
    } else {
        &answer.body
    };
    if let Stream::Http2(stream) = &mut client.stream {
        let own = [("content-type", answer.kind), ("x-request-id", id)];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let fields = answer.fields.iter().map(|(name, it)| (*name, it.as_str()));
        let fields = own.chain(fields).map(|(name, it)| (name, it.as_bytes()));
        let length = answer.body.len() as u64;
        stream.begin(answer.status, fields, Some(length), manner.head_only);
        return client.write(&[body], patience).await;
    }
    let mut head = Vec::with_capacity(256);
    let _ = write!(
        head,
        "HTTP/1.{} {} {}\r\n",
        u8::from(manner.modern),
        answer.status,
        reason(answer.status)
    );
    let _ = write!(
        head,
        "content-type: {}\r\ncontent-length: {}\r\n",
        answer.kind,
        answer.body.len()
    );
    for (name, value) in &answer.fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !id.is_empty() {
        let _ = write!(head, "x-request-id: {id}\r\n");
    }
    let connection: &[u8] = match (manner.keep, manner.modern) {
        (false, _) => b"connection: close\r\n",
        (true, true) => b"",
        (true, false) => b"connection: keep-alive\r\n",
    };
    head.extend_from_slice(connection);
    head.extend_from_slice(b"\r\n");
    client.write(&[&head, body], patience).await
}

/// A number in decimal digits.
pub(super) fn decimal(room: &mut [u8; 20], mut number: u64) -> &[u8] {
    let mut at = room.len();
    loop {
        at -= 1;
        room[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            return &room[at..];
        }
    }
}

/// The words behind a status.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Status",
    }
}
