//! The real program, serving a table that a test makes.

#![allow(dead_code, reason = "a harness has what a case may need")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::client::Client;
use super::upstream::PATIENCE;

/// A proxy that runs, and ends with the test.
pub(super) struct Lab {
    pub(super) address: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) child: Child,
    folder: tempfile::TempDir,
    log: Arc<(Mutex<Vec<Value>>, Condvar)>,
}

/// What a proxy is started with.
pub(super) struct Start {
    pub(super) table: Value,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) keys: Option<String>,
    /// A program that runs it, such as one that watches its calls to the system.
    pub(super) under: Vec<String>,
}

impl Start {
    /// A table, one thread, no keys.
    pub(super) fn new(table: Value) -> Self {
        Self {
            table,
            arguments: vec!["--threads".to_owned(), "1".to_owned()],
            environment: Vec::new(),
            keys: None,
            under: Vec::new(),
        }
    }

    /// The same below another program, which must keep its process.
    pub(super) fn under(mut self, words: &[&str]) -> Self {
        self.under = words.iter().map(|it| (*it).to_owned()).collect();
        self
    }

    /// The same with a variable.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with arguments.
    pub(super) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|it| (*it).to_owned()));
        self
    }

    /// The same with a file of keys.
    pub(super) fn keys(mut self, text: &str) -> Self {
        self.keys = Some(text.to_owned());
        self
    }

    /// Starts it.
    pub(super) fn run(self) -> Lab {
        Lab::start(self)
    }
}

impl Lab {
    /// Serves a table without keys.
    pub(super) fn new(table: Value) -> Self {
        Start::new(table).run()
    }

    fn start(start: Start) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let table = folder.path().join("routes.json");
        std::fs::write(&table, start.table.to_string()).unwrap();
        let program = env!("CARGO_BIN_EXE_homelab");
        let mut command = match start.under.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.arg("proxy").arg("--table").arg(&table).args([
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
        ]);
        command
            .args(&start.arguments)
            .env_clear()
            .envs(start.environment);
        if let Some(keys) = start.keys {
            let file = folder.path().join("keys");
            std::fs::write(&file, keys).unwrap();
            command.arg("--keys").arg(file);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let writing = Arc::clone(&log);
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line =
                    serde_json::from_str(&line).unwrap_or_else(|_| json!({"not json": line}));
                writing.0.lock().unwrap().push(line);
                writing.1.notify_all();
            }
        });
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut lab = Self {
            address: unknown,
            admin: unknown,
            child,
            folder,
            log,
        };
        let listening = lab.wait_for_event("listening");
        let address = |name: &str| {
            listening["what"][name]
                .as_str()
                .expect("an address")
                .parse()
                .expect("an address")
        };
        lab.address = address("address");
        lab.admin = address("admin");
        lab
    }

    /// A new connection.
    pub(super) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// A new connection to the pages of operators.
    pub(super) fn operator(&self) -> Client {
        Client::new(self.admin)
    }

    /// Fails when the proxy does not live and serve.
    pub(super) fn assert_alive(&self) {
        assert_eq!(self.client().get("/health/readiness").answer().status, 200);
    }

    /// Waits for a line of the log.
    pub(super) fn wait_for(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        let lines = self.log.0.lock().unwrap();
        let (lines, _) = self
            .log
            .1
            .wait_timeout_while(lines, PATIENCE, |it| !it.iter().any(&is_it))
            .unwrap();
        lines
            .iter()
            .find(|it| is_it(it))
            .cloned()
            .unwrap_or_else(|| panic!("the log has no such line: {lines:#?}"))
    }

    /// Waits until something happened to the proxy itself.
    pub(super) fn wait_for_event(&self, event: &str) -> Value {
        self.wait_for(|it| it["event"] == event)
    }

    /// All lines of the log so far.
    pub(super) fn log(&self) -> Vec<Value> {
        self.log.0.lock().unwrap().clone()
    }

    /// Drops the lines of the log so far.
    pub(super) fn forget(&self) {
        self.log.0.lock().unwrap().clear();
    }

    /// The value of a metric, such as `name` or `name{label="x"}`.
    pub(super) fn metric(&self, name: &str) -> Option<f64> {
        let text = self.operator().get("/metrics").answer().text().to_owned();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// What operators see.
    pub(super) fn status(&self) -> Value {
        self.operator().get("/status").answer().json()
    }

    /// The most memory of its own that it ever held, in bytes.
    ///
    /// Pages of its file are left out: how many of them are in, the kernel chooses by what it has at hand, up to 1.5 MB
    /// more or fewer from one start to the next.
    #[cfg(target_os = "linux")]
    pub(super) fn peak_memory(&self) -> usize {
        self.memory("VmHWM:") - self.memory("RssFile:")
    }

    /// The memory of its own that it holds, in bytes.
    #[cfg(target_os = "linux")]
    pub(super) fn resident_memory(&self) -> usize {
        self.memory("RssAnon:")
    }

    /// What the kernel counts of it under a name such as `VmRSS:`, in bytes.
    #[cfg(target_os = "linux")]
    pub(super) fn memory(&self, name: &str) -> usize {
        let file = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(file).expect("it runs");
        let line = text.lines().find_map(|it| it.strip_prefix(name));
        let kilobytes = line.and_then(|it| it.trim().strip_suffix(" kB"));
        kilobytes.expect("Linux tells").parse::<usize>().unwrap() * 1024
    }

    /// The processor time that it has used, in ticks of which a second has a hundred.
    #[cfg(target_os = "linux")]
    pub(super) fn ticks(&self) -> u64 {
        let file = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(file).expect("it runs");
        let words = text.rsplit(')').next().unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap()
    }

    /// The file with the table.
    pub(super) fn table(&self) -> PathBuf {
        self.folder.path().join("routes.json")
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(id).expect("a process id"),
            signal,
        )
        .unwrap();
    }

    /// Replaces the table and waits until it is taken; `SIGHUP` says that it is there.
    pub(super) fn reload(&self, table: &Value) {
        let count = |lines: &[Value]| lines.iter().filter(|it| it["event"] == "reloaded").count();
        let before = count(&self.log());
        std::fs::write(self.table(), table.to_string()).unwrap();
        self.signal(rustix::process::Signal::HUP);
        let lines = self.log.0.lock().unwrap();
        let (_lines, timeout) = self
            .log
            .1
            .wait_timeout_while(lines, PATIENCE, |it| count(it) == before)
            .unwrap();
        assert!(!timeout.timed_out(), "the table was not taken");
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A table with a name `m` for each group of servers: see [`route`].
pub(super) fn table(routes: &[Value]) -> Value {
    table_with(&json!({}), routes)
}

/// The same with a policy.
pub(super) fn table_with(policy: &Value, routes: &[Value]) -> Value {
    let mut routes = routes.to_vec();
    routes.sort_by_key(|it| it["name"].as_str().unwrap_or_default().to_owned());
    json!({"version": 1, "platform": "test", "gateway": "gateway", "policy": policy, "routes": routes})
}

/// A route to servers in order, each with the whole of OpenAI's API.
pub(super) fn route(name: &str, servers: &[SocketAddr], fallbacks: &[&str]) -> Value {
    let deployments: Vec<Value> = servers
        .iter()
        .enumerate()
        .map(|(at, it)| deployment(&format!("{name}-{at}"), *it, at))
        .collect();
    json!({"name": name, "handle": name, "internal": false, "mode": "chat", "deployments": deployments, "fallbacks": fallbacks})
}

/// A server of a route.
pub(super) fn deployment(id: &str, server: SocketAddr, order: usize) -> Value {
    json!({
        "id": id,
        "model": "model",
        "service": "server",
        "api": "openai",
        "base_url": format!("http://{server}/v1"),
        "upstream_model": "real-model",
        "order": order,
        "endpoints": ["/chat/completions", "/completions", "/embeddings", "/responses", "/messages", "/images/generations", "/audio/transcriptions", "/audio/speech", "/rerank"],
    })
}
