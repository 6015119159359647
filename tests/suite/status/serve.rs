//! `homelab status serve`: what it says, and that what it keeps survives being killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::world::{Home, Says, Server};

/// A service that is served; killed when the test is over.
struct Served {
    child: Child,
    place: String,
}

impl Served {
    fn of(home: &Home) -> Self {
        let arguments = ["status", "serve", "--here", "box", "--port", "0"];
        let often = ["--every", "0.1", "--timeout", "5", "--history", "state"];
        let mut child = home
            .command(&[&arguments[..], &often].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("homelab runs");
        let out = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(out)
            .read_line(&mut line)
            .expect("it says where");
        let place = line
            .trim()
            .strip_prefix("serving http://")
            .and_then(|it| it.strip_suffix("/status"))
            .unwrap_or_else(|| panic!("{line}"))
            .to_owned();
        Self { child, place }
    }

    fn ask(&self, head: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.place).expect("it listens");
        write!(stream, "{head}\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("it is HTTP");
        let status = head.split(' ').nth(1).expect("there is a status");
        (status.parse().expect("it is a number"), body.to_owned())
    }

    fn page(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}", self.place));
        (status, serde_json::from_str(&body).expect("it is JSON"))
    }

    /// The incidents, once there are so many open and past ones.
    fn incidents(&self, open: usize, past: usize) -> Value {
        let begun = Instant::now();
        loop {
            let (_, page) = self.page("/incidents");
            let count = |name: &str| page[name].as_array().map_or(0, Vec::len);
            if (count("open"), count("past")) == (open, past) {
                return page;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "{page}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// As `kill -9` does.
    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is ours");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn home(gate: &Server) -> Home {
    Home::of(&format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
[hosts.box]
os = "linux"
dns = ["box.example.org"]
[services.gate]
kind = "litellm"
host = "box"
port = {}
"#,
        gate.port()
    ))
}

fn gate() -> Server {
    let gate = Server::at("127.0.0.1").well("/health/readiness", "{}");
    gate.lists(&[]);
    gate
}

#[test]
fn history_survives_being_killed() {
    let gate = gate();
    let home = home(&gate);
    let served = Served::of(&home);
    let (status, page) = served.page("/status");
    assert_eq!(
        (status, &page["agrees"]),
        (200, &Value::Bool(true)),
        "{page}"
    );
    assert_eq!(
        page["at"].as_str().map(str::len),
        Some("2026-11-21T10:00:00Z".len())
    );
    assert_eq!(page["probes"][0]["service"], "gate");
    served.incidents(0, 0);

    gate.set("/health/readiness", Says::This(500, String::new()));
    let before = served.incidents(1, 0);
    assert_eq!(before["open"][0]["cause"], "sick");
    assert_eq!(
        before["open"][0]["what"],
        "gate: it answered 500 in place of 200"
    );
    served.kill();

    let served = Served::of(&home);
    let after = served.incidents(1, 0);
    assert_eq!(after, before, "it is the same one");
    gate.set("/health/readiness", Says::This(200, String::new()));
    let over = served.incidents(0, 1);
    assert_eq!(over["past"][0]["since"], before["open"][0]["since"]);
    assert!(over["past"][0]["until"].is_string(), "{over}");
    served.kill();
    // And what a crash cut in the middle of a line is left out.
    let log = home.path("state/incidents.log");
    let whole = std::fs::read(&log).expect("it was kept");
    std::fs::write(&log, &whole[..whole.len() - 9]).expect("it is ours");
    Served::of(&home).incidents(0, 1);
}

#[test]
fn it_is_only_read_and_only_by_its_own_names() {
    let gate = gate();
    let served = Served::of(&home(&gate));
    let (status, page) = served.page("/health");
    assert_eq!((status, page["status"].as_str()), (200, Some("ok")));
    assert_eq!(served.page("/nowhere").0, 404);
    for (head, status) in [
        ("GET /status?x=1 HTTP/1.1\r\nHost: localhost:8643", 200),
        ("GET /status HTTP/1.1\r\nHost: box.example.org", 200),
        ("GET /status HTTP/1.1\r\nHost: [::1]:8643", 200),
        ("GET /status HTTP/1.1\r\nHost: evil.example.com:8643", 421),
        ("GET /status HTTP/1.1", 421),
        ("POST /status HTTP/1.1\r\nHost: localhost", 405),
        ("DELETE /incidents HTTP/1.1\r\nHost: localhost", 405),
        ("\u{0}\u{1}", 421),
    ] {
        assert_eq!(served.ask(head).0, status, "{head}");
    }
    let (status, body) = served.ask("HEAD /health HTTP/1.1\r\nHost: localhost");
    assert_eq!((status, body.as_str()), (200, ""));
    // One that sends nothing keeps nobody from the others.
    let idle: Vec<_> = (0..20)
        .filter_map(|_| TcpStream::connect(&served.place).ok())
        .collect();
    assert_eq!((idle.len(), served.page("/health").0), (20, 200));
}

#[test]
fn what_cannot_be_served_is_told() {
    let gate = gate();
    let home = home(&gate);
    let mut command = home.command(&["status", "serve", "--here", "box"]);
    command.env_remove("HOMELAB_STATE_DIRECTORY");
    let ran = super::world::run(command);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("name a folder with `--history DIR`"),
        "{ran:?}"
    );
    let port = gate.port().to_string();
    let taken = [
        "status",
        "serve",
        "--here",
        "box",
        "--history",
        "x",
        "--port",
        &port,
    ];
    let ran = home.homelab(&taken);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("cannot listen on 127.0.0.1:"), "{ran:?}");
}
