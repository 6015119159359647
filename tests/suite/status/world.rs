//! A scripted home: servers on loopback addresses, the platform that they should be, and `homelab status` run on it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// What a server says at a path.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// This status and body.
    This(u16, String),
    /// Nothing, until the client goes.
    Nothing,
    /// It closes the connection.
    Bye,
}

/// A server: what it says at which path; anything else is 404.
pub(crate) struct Server {
    address: &'static str,
    port: u16,
    says: Arc<Mutex<Vec<(String, Says)>>>,
    heads: Receiver<String>,
}

impl Server {
    pub(crate) fn at(address: &'static str) -> Self {
        Self::on(address, 0).expect("there is a free port")
    }

    /// At this port; nothing when it is taken.
    pub(crate) fn on(address: &'static str, port: u16) -> Option<Self> {
        let listener = TcpListener::bind((address, port)).ok()?;
        let port = listener.local_addr().expect("it is bound").port();
        let says: Arc<Mutex<Vec<(String, Says)>>> = Arc::default();
        let (sender, heads) = channel();
        let its = Arc::clone(&says);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (its, sender) = (Arc::clone(&its), sender.clone());
                thread::spawn(move || {
                    if let Some(head) = read(&stream) {
                        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                        // The test may be over.
                        let _ = sender.send(head);
                        let says = its.lock().unwrap_or_else(PoisonError::into_inner).clone();
                        let says = says.into_iter().find(|(it, _)| *it == path);
                        answer(stream, says.map(|it| it.1));
                    }
                });
            }
        });
        Some(Self {
            address,
            port,
            says,
            heads,
        })
    }

    /// Says this at a path from now on.
    pub(crate) fn set(&self, path: &str, says: Says) {
        let mut all = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(it, _)| it != path);
        all.push((path.to_owned(), says));
    }

    /// Says 200 and this at a path.
    pub(crate) fn well(self, path: &str, body: &str) -> Self {
        self.set(path, Says::This(200, body.to_owned()));
        self
    }

    /// Lists these models.
    pub(crate) fn lists(&self, names: &[&str]) {
        let list: Vec<_> = names
            .iter()
            .map(|it| serde_json::json!({ "id": it }))
            .collect();
        let body = serde_json::json!({ "object": "list", "data": list }).to_string();
        self.set("/v1/models", Says::This(200, body));
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> &'static str {
        self.address
    }

    /// The heads of the requests since the last time.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.try_iter().collect()
    }
}

fn read(mut stream: &TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).ok().filter(|it| *it > 0)?;
        bytes.extend_from_slice(&part[..count]);
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            return Some(String::from_utf8_lossy(&bytes[..end]).into_owned());
        }
    }
}

fn answer(mut stream: TcpStream, says: Option<Says>) {
    let (status, body) = match says {
        None => (404, String::new()),
        Some(Says::This(status, body)) => (status, body),
        Some(Says::Bye) => return,
        Some(Says::Nothing) => {
            // Until the client has had enough.
            let _ = stream.set_read_timeout(Some(Duration::from_mins(1)));
            let _ = stream.read(&mut [0; 1]);
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // The client may have gone.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

/// A port of an address where nothing listens.
pub(crate) fn dead_port(address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A folder with a platform.toml in it.
pub(crate) struct Home {
    folder: TempDir,
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The cause, service and sentence of each difference.
    pub(crate) fn drift(&self) -> Vec<(String, String, String)> {
        let json = self.json();
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let drift = json["drift"].as_array().expect("it is a list");
        drift
            .iter()
            .map(|it| (text(&it["cause"]), text(&it["service"]), text(&it["what"])))
            .collect()
    }
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Ran {
    let output = command.output().expect("homelab runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Home {
    pub(crate) fn of(text: &str) -> Self {
        let home = Self {
            folder: tempfile::tempdir().expect("there is a folder for temporary files"),
        };
        fs::write(home.path("platform.toml"), text).expect("it is ours");
        home
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn homelab(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("LITELLM_PROXY_KEY")
            .env_remove("CI");
        command
    }

    /// `homelab status` as JSON.
    pub(crate) fn status(&self, arguments: &[&str]) -> Ran {
        self.homelab(&[&["status", "--format", "json"], arguments].concat())
    }
}
