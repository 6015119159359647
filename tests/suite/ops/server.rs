//! A scripted HTTP server on a free port of the loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What it does with a request.
#[derive(Clone)]
pub(super) enum Script {
    /// Answers with this status and body.
    Answer(u16, String),
    /// Takes the request and says nothing.
    Silence,
    /// Closes the connection.
    HangUp,
    /// Answers 200, or 500 while this file has this word in it.
    SickWith(PathBuf, &'static str),
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: String,
}

pub(super) struct Server {
    port: u16,
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(super) fn new(script: Script) -> Self {
        // All of 127.0.0.0/8, so that one address can be "here" and another "from elsewhere".
        let listener = TcpListener::bind("0.0.0.0:0").expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let script = Arc::new(Mutex::new(script));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (its_script, its_seen) = (Arc::clone(&script), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, seen) = (Arc::clone(&its_script), Arc::clone(&its_seen));
                thread::spawn(move || serve(stream, &script, &seen));
            }
        });
        Self { port, script, seen }
    }

    pub(super) fn well(body: &str) -> Self {
        Self::new(Script::Answer(200, body.to_owned()))
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn set(&self, script: Script) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// What was asked since the last time.
    pub(super) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A port where nothing listens.
pub(super) fn dead_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

fn serve(mut stream: TcpStream, script: &Mutex<Script>, seen: &Mutex<Vec<Request>>) {
    let Some(request) = read(&mut stream) else {
        return;
    };
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    let script = script
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let (status, body) = match script {
        Script::Answer(status, body) => (status, body),
        Script::HangUp => return,
        Script::Silence => {
            thread::sleep(Duration::from_secs(20));
            return;
        }
        Script::SickWith(file, word) => {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            (if text.contains(word) { 500 } else { 200 }, String::new())
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // The client may have gone.
    let _ = stream.write_all(answer.as_bytes());
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).ok()?;
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(Request {
                    head: head.to_owned(),
                    body: body.to_owned(),
                });
            }
        }
        if count == 0 {
            return None;
        }
    }
}
