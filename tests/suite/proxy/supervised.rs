//! What systemd sees: readiness, the watchdog, reloads, and sockets that it opened.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::client::{Client, chat};
use super::lab::{Lab, Start, route, table};
use super::upstream::{ANSWER, PATIENCE, Upstream, json};

/// The end that systemd holds.
pub(super) struct Notified {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Notified {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, folder }
    }

    /// The value of `NOTIFY_SOCKET`.
    pub(super) fn name(&self) -> String {
        let path = self.folder.path().join("notify");
        path.to_str().expect("a path of text").to_owned()
    }

    /// The next message.
    pub(super) fn next(&self) -> String {
        let mut buffer = [0; 1024];
        let length = self.socket.recv(&mut buffer).expect("a message comes");
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Reads until a message has this line, and returns that message.
    pub(super) fn until(&self, line: &str) -> String {
        loop {
            let message = self.next();
            if message.lines().any(|it| it == line) {
                return message;
            }
        }
    }
}

#[test]
fn systemd_is_told_of_readiness_reloads_and_the_end() {
    let systemd = Notified::new();
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let routes = table(&[route("m", &[server.address], &[])]);
    let mut lab = Start::new(routes.clone())
        .env("NOTIFY_SOCKET", &systemd.name())
        .run();
    assert_eq!(systemd.next().lines().next(), Some("READY=1"));
    lab.reload(&routes);
    let reloading = systemd.until("RELOADING=1");
    let at: u64 = reloading
        .lines()
        .find_map(|it| it.strip_prefix("MONOTONIC_USEC=")?.parse().ok())
        .expect("the time of the reload");
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    assert!(at > 0 && at <= u64::try_from(now.tv_sec + 1).unwrap() * 1_000_000);
    systemd.until("READY=1");
    // A table that is refused ends the reload all the same: the old one serves.
    std::fs::write(lab.table(), "{").unwrap();
    lab.signal(Signal::HUP);
    systemd.until("RELOADING=1");
    systemd.until("READY=1");
    assert_eq!(lab.client().chat("m").status, 200);
    lab.signal(Signal::TERM);
    systemd.until("STOPPING=1");
    assert!(lab.child.wait().unwrap().success());
}

#[test]
fn the_watchdog_hears_from_it_while_it_serves() {
    let systemd = Notified::new();
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Start::new(table(&[route("m", &[server.address], &[])]))
        .env("NOTIFY_SOCKET", &systemd.name())
        .env("WATCHDOG_USEC", "2000000")
        .run();
    for _ in 0..2 {
        systemd.until("WATCHDOG=1");
        assert_eq!(lab.client().chat("m").status, 200);
    }
}

#[test]
fn a_watchdog_that_waits_for_another_process_hears_nothing() {
    let systemd = Notified::new();
    let routes = table(&[route("m", &[Upstream::nobody()], &[])]);
    let lab = Start::new(routes.clone())
        .env("NOTIFY_SOCKET", &systemd.name())
        .env("WATCHDOG_USEC", "1000")
        .env("WATCHDOG_PID", "1")
        .run();
    lab.reload(&routes);
    lab.signal(Signal::TERM);
    let mut all = Vec::new();
    while !all.iter().any(|it: &String| it.starts_with("STOPPING=1")) {
        all.push(systemd.next());
    }
    assert!(all.iter().all(|it| !it.contains("WATCHDOG")), "{all:?}");
}

#[test]
fn a_socket_that_was_opened_for_it_is_used() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routes.json");
    let mut routes = table(&[route("m", &[server.address], &[])]);
    // The socket wins over the table's address.
    routes["listen"] = serde_json::json!({"address": "127.0.0.1", "port": 1});
    std::fs::write(&file, routes.to_string()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // A client that comes before the program does is served as well.
    let mut early = Client::new(address);
    early.post("/v1/chat/completions", &chat("m", false));
    // The shell makes its standard input descriptor 3 and becomes the program, so that the process id is right.
    let mut child = Command::new("sh")
        .args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" proxy --quiet --threads 2 --table \"$1\" 3<&0 </dev/null"])
        .arg(env!("CARGO_BIN_EXE_homelab"))
        .arg(&file)
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .spawn()
        .unwrap();
    assert_eq!(early.answer().text(), ANSWER);
    assert_eq!(Client::new(address).chat("m").text(), ANSWER);
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_socket_open_to_the_network_needs_a_key_too() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routes.json");
    let routes = table(&[route("m", &[Upstream::nobody()], &[])]);
    std::fs::write(&file, routes.to_string()).unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" proxy --table \"$1\" 3<&0 </dev/null",
        ])
        .arg(env!("CARGO_BIN_EXE_homelab"))
        .arg(&file)
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("no key is configured"),
        "{said}"
    );
}

/// A reload that systemd was told of.
pub(super) fn reload(lab: &Lab, systemd: &Notified, table: &serde_json::Value) {
    let new = lab.table().with_extension("new");
    std::fs::write(&new, table.to_string()).unwrap();
    std::fs::rename(&new, lab.table()).unwrap();
    lab.signal(Signal::HUP);
    systemd.until("RELOADING=1");
    systemd.until("READY=1");
}
