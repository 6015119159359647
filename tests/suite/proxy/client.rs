//! A client that sends what it is told, byte for byte, and reads what comes back.

#![allow(dead_code, reason = "a harness has what a case may need")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::upstream::{PATIENCE, field};

/// A connection to the proxy.
pub(super) struct Client {
    pub(super) stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// False when the connection ended before the body did.
    pub(super) whole: bool,
}

impl Answer {
    /// The value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    /// The body as text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The code of an error in OpenAI's shape.
    pub(super) fn code(&self) -> String {
        let json = self.json();
        assert!(
            json["error"]["message"]
                .as_str()
                .is_some_and(|it| !it.is_empty()),
            "{json}"
        );
        assert!(json["error"]["type"].is_string(), "{json}");
        json["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Client {
    /// Connects.
    pub(super) fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the proxy listens");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends bytes; a proxy that has hung up already is no failure.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// Sends a POST with JSON.
    pub(super) fn post(&mut self, path: &str, body: &str) -> &mut Self {
        self.post_with(path, "", body)
    }

    /// Sends a POST with JSON and further fields, each with its line end.
    pub(super) fn post_with(&mut self, path: &str, fields: &str, body: &str) -> &mut Self {
        let length = body.len();
        self.send(format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}Content-Length: {length}\r\n\r\n{body}"))
    }

    /// Sends a GET.
    pub(super) fn get(&mut self, path: &str) -> &mut Self {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    /// Asks a chat of a model and reads the answer.
    pub(super) fn chat(&mut self, model: &str) -> Answer {
        self.post("/v1/chat/completions", &chat(model, false))
            .answer()
    }

    /// Asks a streamed chat of a model and reads the answer.
    pub(super) fn stream(&mut self, model: &str) -> Answer {
        self.post("/v1/chat/completions", &chat(model, true))
            .answer()
    }

    /// Reads an answer to its end.
    pub(super) fn answer(&mut self) -> Answer {
        let head = self.head();
        let status = head[9..12].parse().expect("a status");
        let (body, whole) = self.body(&head);
        Answer {
            status,
            head,
            body,
            whole,
        }
    }

    /// Reads the head of an answer.
    pub(super) fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                let head = String::from_utf8(self.buffer.drain(..at + 4).collect())
                    .expect("a head is text");
                assert!(head.starts_with("HTTP/1."), "{head}");
                return head;
            }
            assert!(
                self.more(),
                "the connection ended where an answer should be: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        }
    }

    /// Reads until this text has come, and returns all that came by then.
    pub(super) fn until(&mut self, text: &str) -> String {
        let mut from = 0;
        loop {
            if let Some(at) = memchr::memmem::find(&self.buffer[from..], text.as_bytes()) {
                let at = from + at;
                return String::from_utf8(self.buffer.drain(..at + text.len()).collect())
                    .expect("it is text");
            }
            // What was searched is not searched again: some tests read many megabytes.
            from = (self.buffer.len() + 1).saturating_sub(text.len());
            assert!(
                self.more(),
                "the connection ended before {text:?}: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        }
    }

    /// True when the proxy closes the connection without another byte.
    pub(super) fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.more()
    }

    /// Closes our side; the other one stays open.
    pub(super) fn half_close(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn body(&mut self, head: &str) -> (Vec<u8>, bool) {
        if field(head, "transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        let Some(length) = field(head, "content-length") else {
            while self.more() {}
            return (std::mem::take(&mut self.buffer), true);
        };
        let length: usize = length.parse().expect("a length");
        while self.buffer.len() < length {
            if !self.more() {
                return (std::mem::take(&mut self.buffer), false);
            }
        }
        (self.buffer.drain(..length).collect(), true)
    }

    fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n") else {
                if self.more() {
                    continue;
                }
                return (body, false);
            };
            let line = std::str::from_utf8(&self.buffer[..at]).expect("a size is text");
            let size =
                usize::from_str_radix(line, 16).unwrap_or_else(|_| panic!("{line:?} is no size"));
            while self.buffer.len() < at + 4 + size {
                if !self.more() {
                    return (body, false);
                }
            }
            body.extend_from_slice(&self.buffer[at + 2..at + 2 + size]);
            assert_eq!(&self.buffer[at + 2 + size..at + 4 + size], b"\r\n");
            self.buffer.drain(..at + 4 + size);
            if size == 0 {
                return (body, true);
            }
        }
    }

    fn more(&mut self) -> bool {
        let mut part = [0; 16 * 1024];
        match self.stream.read(&mut part) {
            Ok(0) => false,
            Ok(read) => {
                self.buffer.extend_from_slice(&part[..read]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!(
                "nothing came: {error}; so far {:?}",
                String::from_utf8_lossy(&self.buffer)
            ),
        }
    }
}

/// The body of a chat.
pub(super) fn chat(model: &str, stream: bool) -> String {
    format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}],"stream":{stream}}}"#
    )
}
