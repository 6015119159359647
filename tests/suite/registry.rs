//! What programs read about the platform, and `ovctl.sh` run for real against a scripted gateway.

// The helpers of a test are the test as well, which clippy cannot tell.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::pages::Book;
use homelab::emit::{Artifacts, EMITTERS};
use homelab::ledger::claims;
use serde_json::Value;

use crate::tools;

const HOMELAB_LLM: &str = include_str!("../../platform.toml");
const WORKSHOP: &str = include_str!("../cases/registries/platform.toml");

fn build(text: &str) -> Artifacts {
    let checked = compile::check(&Source::new("platform.toml", text), None);
    let found: Vec<_> = checked.diagnostics.iter().map(|it| &it.message).collect();
    let platform = checked.platform.unwrap_or_else(|| panic!("{found:?}"));
    let emitter = EMITTERS.iter().find(|it| it.name == "registry").unwrap();
    let lock = claims(&platform);
    let book = Book {
        platform: &platform,
        lock: &lock,
        rules: &[],
    };
    emitter.run(&book, &Artifacts::new()).unwrap()
}

/// All files but the script, as one text.
fn shown(artifacts: &Artifacts) -> String {
    let files = artifacts.iter().filter(|it| !it.executable);
    let files: Vec<String> = files
        .map(|it| format!("=== {}\n{}", it.path, it.text))
        .collect();
    files.concat()
}

fn text<'a>(artifacts: &'a Artifacts, name: &str) -> &'a str {
    &artifacts.find(&format!("registry/{name}")).unwrap().text
}

fn rows(artifacts: &Artifacts, name: &str) -> Vec<Value> {
    let lines = text(artifacts, name).lines();
    lines.map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[test]
fn homelab_llm() {
    insta::assert_snapshot!(shown(&build(HOMELAB_LLM)));
}

#[test]
fn workshop() {
    insta::assert_snapshot!(shown(&build(WORKSHOP)));
}

#[test]
fn ovctl_of_workshop() {
    insta::assert_snapshot!(text(&build(WORKSHOP), "ovctl.sh"));
}

#[test]
fn every_endpoint_that_is_named_is_one_of_a_service() {
    for platform in [HOMELAB_LLM, WORKSHOP] {
        let artifacts = build(platform);
        let services = rows(&artifacts, "services.jsonl");
        let endpoints = services
            .iter()
            .flat_map(|it| it["endpoints"].as_array().unwrap());
        let ids: Vec<_> = endpoints.map(|it| it["id"].as_str().unwrap()).collect();
        let known: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len(), "{ids:?}");
        for row in rows(&artifacts, "handles.jsonl") {
            let named = row["endpoint_ref"].as_str().unwrap();
            assert!(
                known.contains(named) || named.starts_with("ep_mcp_"),
                "{row}"
            );
        }
    }
}

#[test]
fn handles_are_the_public_live_ones_whose_model_is_shown() {
    let handles = rows(&build(WORKSHOP), "handles.jsonl");
    let names: Vec<_> = handles
        .iter()
        .map(|it| it["handle"].as_str().unwrap())
        .collect();
    let models = ["former", "group", "vectors", "voice", "words"];
    let callables = ["web", "house/ask", "keyed/ask", "search.web", "web.fetch"];
    assert_eq!(names, [&models[..], &callables].concat());
}

#[test]
fn a_platform_without_profiles_has_no_ovctl() {
    let without = WORKSHOP.replace("[services.texts.profiles]", "[services.texts.env]");
    let without = without.replace(
        "all = [\"group\", \"vectors\", \"words\", \"voice\"]",
        "ALL = \"1\"",
    );
    let artifacts = build(&without.replace("none = []", "NONE = \"1\""));
    assert!(artifacts.find("registry/ovctl.sh").is_none());
    assert!(artifacts.find("registry/profiles.json").is_none());
}

/// A request as the scripted gateway saw it: its first line, its `Authorization` and its body.
type Seen = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A gateway that answers 200, but 500 to a model it is told to refuse.
struct Gateway {
    url: String,
    seen: Seen,
}

impl Gateway {
    fn new(refused: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), refused, &log);
            }
        });
        Self { url, seen }
    }

    fn seen(&self) -> Vec<(String, String, Value)> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(stream: &TcpStream, refused: &str, log: &Seen) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let lines = head.iter().filter_map(|it| it.split_once(": "));
        let mut values = lines.filter(|(it, _)| it.eq_ignore_ascii_case(name));
        values
            .next()
            .map_or(String::new(), |(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let status = if body["model"] == refused {
        "500 No"
    } else {
        "200 OK"
    };
    let request = head[0].replace(" HTTP/1.1", "");
    log.lock()
        .unwrap()
        .push((request, header("authorization"), body));
    let answer = "{\"said\":\n\"\u{1b}[31mred\"}";
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )
    .unwrap();
}

/// `ovctl.sh` of a platform, in a folder of its own.
struct Ovctl {
    folder: tempfile::TempDir,
}

impl Ovctl {
    fn new(platform: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = build(platform);
        std::fs::write(folder.path().join("ovctl.sh"), text(&artifacts, "ovctl.sh")).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, gateway: &str, key: Option<&str>, args: &[&str]) -> (i32, String) {
        let mut command = Command::new("bash");
        command.arg(self.path().join("ovctl.sh")).args(args);
        command
            .env_remove("GATEWAY_KEY")
            .env("HOMELAB_GATEWAY_URL", gateway);
        if let Some(key) = key {
            command.env("GATEWAY_KEY", key);
        }
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let both = [stdout, stderr].concat();
        (status.code().unwrap(), String::from_utf8(both).unwrap())
    }
}

#[test]
fn ovctl_warms_each_handle_through_the_gateway() {
    let Some(_) = tools::program("curl") else {
        return;
    };
    let gateway = Gateway::new("nothing");
    let (code, shown) = Ovctl::new(WORKSHOP).run(&gateway.url, Some("sk-1 2"), &["apply", "all"]);
    assert_eq!(code, 0, "{shown}");
    let requests: Vec<_> = gateway
        .seen()
        .into_iter()
        .map(|(request, key, body)| format!("{request} [{key}] {body}"))
        .collect();
    insta::assert_snapshot!(requests.join("\n"), @r#"
    POST /v1/chat/completions [Bearer sk-1 2] {"max_tokens":1,"messages":[{"content":"ping","role":"user"}],"model":"group"}
    POST /v1/embeddings [Bearer sk-1 2] {"input":"ping","model":"vectors"}
    POST /v1/completions [Bearer sk-1 2] {"max_tokens":1,"model":"words","prompt":"ping"}
    "#);
    assert!(!shown.contains("sk-1"), "{shown}");
    assert!(
        shown.contains("all is warm: 3 of 4 handles answered, 1 skipped"),
        "{shown}"
    );
    let skipped = shown.lines().find(|it| it.starts_with("voice")).unwrap();
    assert!(skipped.contains("skip"), "{shown}");
}

#[test]
fn ovctl_says_what_did_not_answer() {
    let Some(_) = tools::program("curl") else {
        return;
    };
    let gateway = Gateway::new("vectors");
    let ovctl = Ovctl::new(WORKSHOP);
    let (code, shown) = ovctl.run(&gateway.url, Some("sk-1"), &["apply", "all"]);
    assert_eq!(code, 1, "{shown}");
    let failed = shown.lines().find(|it| it.starts_with("vectors")).unwrap();
    assert!(
        failed.contains("FAILED") && failed.contains("HTTP 500: {\"said\": \" [31mred\"}"),
        "{shown}"
    );
    assert!(
        shown.contains("1 of 4 handles of all did not answer"),
        "{shown}"
    );

    // Nobody listens on a port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (code, shown) = ovctl.run(&format!("http://{free}/"), Some("sk-1"), &["apply", "all"]);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("3 of 4 handles of all did not answer"),
        "{shown}"
    );
}

#[test]
fn ovctl_reads_the_key_from_an_env_file_and_runs_nothing_in_it() {
    let Some(_) = tools::program("curl") else {
        return;
    };
    let ovctl = Ovctl::new(WORKSHOP);
    let file = ovctl.path().join("gateway.env");
    for (line, key) in [
        ("GATEWAY_KEY=sk-bare", "sk-bare"),
        ("GATEWAY_KEY='sk-with blank'", "sk-with blank"),
        ("GATEWAY_KEY=\"sk-it's\"\r\n# the end", "sk-it's"),
        (
            "GATEWAY_KEY=first\nGATEWAY_KEY=$(touch ran)",
            "$(touch ran)",
        ),
    ] {
        let gateway = Gateway::new("nothing");
        std::fs::write(&file, format!("OTHER_GATEWAY_KEY=no\n{line}")).unwrap();
        let args = ["apply", "all", "--env-file", file.to_str().unwrap()];
        let (code, shown) = ovctl.run(&gateway.url, None, &args);
        assert_eq!(code, 0, "{shown}");
        for (_, sent, _) in gateway.seen() {
            assert_eq!(sent, format!("Bearer {key}"));
        }
    }
    assert!(!Path::new("ran").exists());
}

#[test]
fn ovctl_refuses_what_it_cannot_do() {
    let ovctl = Ovctl::new(WORKSHOP);
    let gateway = Gateway::new("nothing");
    for (args, key, code, words) in [
        (&["apply", "all"][..], None, 2, "GATEWAY_KEY is not set"),
        (&["apply", "all"], Some("a\"b"), 2, "a quote"),
        (
            &["apply", "none"],
            Some("k"),
            1,
            "the profile none is empty",
        ),
        (&["apply", "nine"], Some("k"), 2, "no profile nine"),
        (&["apply"], Some("k"), 2, "wants the name of a profile"),
        (
            &["apply", "all", "--env-file"],
            Some("k"),
            2,
            "wants a value",
        ),
        (
            &["apply", "all", "--timeout", "soon"],
            Some("k"),
            2,
            "whole seconds",
        ),
        (
            &["apply", "all", "--quick"],
            Some("k"),
            2,
            "no option --quick",
        ),
        (&["warm", "all"], Some("k"), 2, "no command warm"),
        (&[], Some("k"), 2, "Usage"),
        (&["show", "none"], None, 1, "is empty"),
        (&["show", "all"], None, 0, "group\nvectors\nwords\nvoice\n"),
        (&["--help"], None, 0, "GATEWAY_KEY"),
        (
            &["list"],
            None,
            0,
            "all                                    4  texts",
        ),
        (
            &["apply", "all", "--dry-run"],
            None,
            0,
            "/v1/embeddings {\"input\":\"ping\",\"model\":\"vectors\"}",
        ),
    ] {
        let (found, shown) = ovctl.run(&gateway.url, key, args);
        assert_eq!(found, code, "{args:?}: {shown}");
        assert!(shown.contains(words), "{args:?}: {shown}");
    }
    assert_eq!(gateway.seen(), Vec::new());
}

#[test]
fn the_profiles_of_homelab_llm_are_empty_and_say_so() {
    let ovctl = Ovctl::new(HOMELAB_LLM);
    for profile in ["ov-only-safe", "ov-only-fast", "ov-only-expanded"] {
        let (code, shown) = ovctl.run("http://127.0.0.1:9", Some("k"), &["apply", profile]);
        assert_eq!((code, shown.contains("is empty")), (1, true), "{shown}");
    }
}

#[test]
fn shellcheck_is_silent() {
    let Some(shellcheck) = tools::program("shellcheck") else {
        return;
    };
    for platform in [HOMELAB_LLM, WORKSHOP] {
        let ovctl = Ovctl::new(platform);
        let file = ovctl.path().join("ovctl.sh");
        let output = Command::new(&shellcheck).arg(file).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        assert!(output.status.success());
    }
}
