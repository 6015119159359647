//! The gateway's cache: a real Redis, told what we wrote for it, behind the real LiteLLM.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use homelab::platform::Platform;
use serde_json::json;

use crate::kheti::{CACHE, alone};
use crate::litellm::{emitted, platform, run, text_of, written};
use crate::tools;

const PASSWORD: &str = "not-the-default";

/// A Redis on loopback, which ends with the test.
pub(crate) struct Redis {
    child: Child,
    port: u16,
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Redis {
    /// Started with the file that is generated for it; what its container adds comes behind it, on standard input as there. Where it is then stands in `redis.env`.
    pub(crate) fn start(platform: &Platform, folder: &Path) -> Option<Self> {
        let emitted = emitted(platform);
        let config = text_of(&emitted, "config/redis/redis.conf");
        let program = tools::program("redis-server")?;
        let file = folder.join("redis.conf");
        // Its folder is one of the container's; Redis goes there as it reads the line.
        let (before, after) = config.split_once("dir /data\n").expect("its folder");
        let here = format!("dir {}\n", folder.display());
        fs::write(&file, [before, here.as_str(), after].concat()).expect("writable");
        // Another program may take the port before Redis does; then there is another one.
        let found = (0..5).find_map(|_| {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = free.local_addr().expect("it is bound").port();
            drop(free);
            let mut child = Command::new(&program)
                .args([file.as_os_str(), "-".as_ref()])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("redis-server runs");
            let more = format!("requirepass {PASSWORD}\nport {port}\nbind 127.0.0.1\n");
            let mut input = child.stdin.take().expect("a pipe");
            input.write_all(more.as_bytes()).expect("it reads");
            drop(input);
            let mut redis = Self { child, port };
            redis.is_up().then_some(redis)
        });
        let redis = found.expect("Redis starts");
        let places = format!(
            "REDIS_HOST=127.0.0.1\nREDIS_PORT={}\nREDIS_PASSWORD={PASSWORD}\n",
            redis.port
        );
        fs::write(folder.join("redis.env"), places).expect("writable");
        Some(redis)
    }

    fn is_up(&mut self) -> bool {
        let limit = Instant::now() + Duration::from_secs(20);
        while Instant::now() < limit && matches!(self.child.try_wait(), Ok(None)) {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// The answers to some commands, a line each; the text of a name follows its length.
    fn ask(&self, commands: &str) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream
            .write_all(format!("AUTH {PASSWORD}\r\n{commands}QUIT\r\n").as_bytes())
            .expect("it reads");
        let lines = BufReader::new(stream).lines();
        lines.map(|it| it.expect("text")).collect()
    }
}

#[test]
fn a_cached_answer_is_served_from_the_real_redis() {
    let text = alone().replace("[gateway]\n", &format!("[gateway]\n{CACHE}"));
    let platform = platform(&text);
    let folder = tempfile::tempdir().expect("a folder");
    written(&platform, folder.path());
    let Some(redis) = Redis::start(&platform, folder.path()) else {
        return;
    };
    let public = r#"["reasoning", "code", "claude-opus"]"#;
    fs::write(folder.path().join("public.json"), public).expect("writable");
    let mut arguments = vec!["litellm/router.yaml", "--public", "public.json"];
    arguments.extend(["--env", "gateway.env", "--env", "redis.env"]);
    arguments.extend(["--optillm", "none", "--quick", "--cached"]);
    let Some(report) = run("boot_litellm.py", &arguments, folder.path()) else {
        return;
    };
    let rows = report["handles"].as_array().expect("rows");
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert!(!row["hops"].as_array().expect("hops").is_empty(), "{row:#}");
        assert_eq!(row["again"]["hops"], json!([]), "{row:#}");
        assert_eq!(row["again"]["text"], row["text"], "{row:#}");
    }
    // Beside the answers there are counters of calls, which live for a minute.
    let kept = redis.ask("KEYS *\r\n");
    let names = kept.iter().filter(|it| !it.starts_with(['+', '$', '*']));
    let seconds: Vec<(&String, u32)> = names
        .map(|name| {
            let left = redis.ask(&format!("TTL {name}\r\n"))[1].clone();
            let left = left.trim_start_matches(':');
            (name, left.parse().expect("seconds"))
        })
        .collect();
    let answers = seconds.iter().filter(|it| (3000..=3600).contains(&it.1));
    assert_eq!(answers.count(), rows.len(), "{seconds:#?}");
    let limit = redis.ask("CONFIG GET maxmemory\r\n");
    assert!(limit.contains(&"512000000".to_owned()), "{limit:?}");
}
