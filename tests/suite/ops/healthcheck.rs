//! `healthcheck.sh` against servers that are well, and against every way of being sick.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::lab::{Lab, shells, write};
use super::server::{Script, Server, dead_port};

/// A platform with a gateway, a tool on the loopback, and a server of models on another host.
fn platform(gate: u16, tool: u16, models: u16) -> String {
    format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
[networks.lan]
kind = "lan"
[hosts.box]
os = "linux"
addresses = {{ lan = "127.0.0.2" }}
dns = ["box-one.example.org"]
checkout = "/srv/lab"
[hosts.mac]
os = "macos"
addresses = {{ lan = "127.0.0.3" }}
[secrets.key]
generate = {{ bytes = 16 }}
[services.gate]
kind = "litellm"
host = "box"
port = {gate}
bind = "all"
approval = {{ reason = "others call it", by = "the owner", when = "2026-11-21" }}
folder = "gate"
env_file = "gate.env"
[services.gate.env]
LITELLM_PROXY_KEY = {{ secret = "key" }}
[services.tool]
kind = "searxng"
host = "box"
port = {tool}
folder = "tool"
[services.models]
kind = "mlx"
host = "mac"
bind = "all"
approval = {{ reason = "others call it", by = "the owner", when = "2026-11-21" }}
run.directory = "/opt/mlx"
[services.models.ports]
team = {{ range = "{models}-{models}" }}
[services.gone]
kind = "generic"
host = "box"
port = 9
state = "planned"
[models.one]
service = "models"
port = {models}
repo = "a/b"
boot = true
[handles.one]
[gateway]
key = {{ env = "LITELLM_PROXY_KEY" }}
[ops.checks.search]
title = "A search"
service = "gate"
path = "/search?q=1"
method = "POST"
body = '{{"query": "ping"}}'
needs_key = true
contains = "found"
"#
    )
}

/// The state and words of each probe, by service (`check` for the check).
fn states(json: &str) -> Vec<(String, String, String)> {
    let json: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    let state = |probe: &Value| {
        let name = if probe["what"] == "check" {
            &probe["what"]
        } else {
            &probe["service"]
        };
        (text(name), text(&probe["state"]), text(&probe["words"]))
    };
    json["probes"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(state)
        .collect()
}

fn check(
    shell: &std::path::Path,
    lab: &Lab,
    arguments: &[&str],
    expected: &[(&str, &str, &str)],
    code: i32,
) {
    let json = [&["--json", "--timeout", "1"], arguments].concat();
    let ran = lab.run(shell, "healthcheck", &json);
    let states = states(&ran.out);
    let states: Vec<_> = states
        .iter()
        .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
        .collect();
    assert_eq!(states, expected);
    assert_eq!((ran.code, ran.err.as_str()), (code, ""));
}

#[test]
fn every_state_is_told_from_the_others() {
    let (gate, tool, models) = (
        Server::well("found it"),
        Server::well(""),
        Server::well("{}"),
    );
    let lab = Lab::of(&platform(gate.port(), tool.port(), models.port()));
    write(&lab.path("key"), "sk-\"secret\\\n");
    let key = lab.path("key").display().to_string();
    let on_box = ["--host", "box", "--key-file", key.as_str()];
    let well = [
        ("gate", "well", ""),
        ("tool", "well", ""),
        ("models", "well", ""),
        ("check", "well", ""),
    ];
    for shell in shells() {
        gate.take();
        check(&shell, &lab, &on_box, &well, 0);
        let asked = gate.take();
        let search = asked
            .iter()
            .find(|it| it.head.starts_with("POST /search?q=1 "))
            .expect("the check was made");
        assert!(
            search
                .head
                .contains("\r\nAuthorization: Bearer sk-\"secret\\\r\n"),
            "{search:?}"
        );
        assert_eq!(search.body, "{\"query\": \"ping\"}");
        assert!(
            asked
                .iter()
                .any(|it| it.head.starts_with("GET /health/readiness ")),
            "{asked:?}"
        );

        let away = ("tool", "away", "it listens on box alone");
        check(
            &shell,
            &lab,
            &["--elsewhere", "--key-file", &key],
            &[well[0], away, well[2], well[3]],
            0,
        );
        let skip = (
            "check",
            "skip",
            "it needs LITELLM_PROXY_KEY: see --key-file",
        );
        check(
            &shell,
            &lab,
            &["--host", "box"],
            &[well[0], well[1], well[2], skip],
            0,
        );

        for (script, words) in [
            (
                Script::Answer(500, String::new()),
                "it answered 500 in place of 200",
            ),
            (
                Script::Answer(302, String::new()),
                "it answered 302 in place of 200",
            ),
            (Script::HangUp, "it hung up without an answer"),
            (Script::Silence, "no answer within 1 s"),
        ] {
            tool.set(script);
            check(
                &shell,
                &lab,
                &on_box,
                &[well[0], ("tool", "sick", words), well[2], well[3]],
                1,
            );
        }
        tool.set(Script::Answer(200, String::new()));
        gate.set(Script::Answer(200, "nothing".to_owned()));
        let words = "its answer lacks the words it should have";
        check(
            &shell,
            &lab,
            &on_box,
            &[well[0], well[1], well[2], ("check", "sick", words)],
            1,
        );
        gate.set(Script::Answer(200, "found it".to_owned()));

        check(&shell, &lab, &["--host", "box", "mac"], &[well[2]], 0);
        check(
            &shell,
            &lab,
            &["--host", "box", "--only", "gate"],
            &[well[0]],
            0,
        );
    }
}

/// A database in a container opens no port on its host, so its engine is asked.
#[test]
fn a_container_that_opens_no_port_is_asked_of_its_engine() {
    let gate = Server::well("{}");
    let text = format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
[hosts.box]
os = "linux"
init = "compose"
[secrets.word]
generate = {{ bytes = 16 }}
[services.gate]
kind = "litellm"
host = "box"
port = {}
container = {{ image = "docker.io/library/gate:1" }}
health = [{{ path = "/" }}]
[services.store]
kind = "postgres"
host = "box"
container = {{ image = "docker.io/library/postgres:17.2" }}
env = {{ POSTGRES_PASSWORD = {{ secret = "word" }} }}
"#,
        gate.port()
    );
    let lab = Lab::of(&text);
    for shell in shells() {
        let on_box = ["--host", "box"];
        let well = [("gate", "well", ""), ("store", "well", "running")];
        check(&shell, &lab, &on_box, &well, 0);
        write(&lab.path("down-store"), "");
        let sick = [well[0], ("store", "sick", "it is not running")];
        check(&shell, &lab, &on_box, &sick, 1);
        std::fs::remove_file(lab.path("down-store")).expect("it is ours");
        lab.log();
    }
}

#[test]
fn the_table_is_for_people() {
    let (gate, models) = (Server::well("found it"), Server::well("{}"));
    let lab = Lab::of(&platform(gate.port(), dead_port(), models.port()));
    for shell in shells() {
        let ran = lab.run_as("BOX-one", &shell, "healthcheck", &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.out
                .starts_with("lab, seen from box\nbox\n  well  gate :"),
            "{}",
            ran.out
        );
        assert!(
            ran.out
                .contains("\n        nothing listens there\n        http://127.0.0.1:"),
            "{}",
            ran.out
        );
        assert!(
            ran.out.ends_with("2 well, 1 sick, 0 away, 1 skipped\n"),
            "{}",
            ran.out
        );
        assert!(!ran.out.contains('\x1b'));
        for line in ran.out.lines().filter(|line| !line.contains("http://")) {
            assert!(line.chars().count() <= 60, "{line}");
        }
        let ran = lab.run(&shell, "healthcheck", &["--quiet"]);
        assert_eq!(
            (ran.code, ran.out.as_str(), ran.err.as_str()),
            (0, "", ""),
            "the tool is away"
        );
    }
}

#[test]
fn the_key_is_found_and_never_shown() {
    let (gate, tool, models) = (Server::well("found"), Server::well(""), Server::well(""));
    let ports = platform(gate.port(), tool.port(), models.port());
    let lab = Lab::of(&ports);
    let text = ports.replace("/srv/lab", &lab.path("srv").display().to_string());
    lab.rebuild(&text);
    write(
        &lab.path("srv/gate.env"),
        "# c\nLITELLM_PROXY_KEY='canary-env'\n",
    );
    write(
        &lab.path("keys"),
        "OTHER=x\nexport LITELLM_PROXY_KEY=canary-file\r\n",
    );
    let keys = lab.path("keys").display().to_string();
    for shell in shells() {
        for (arguments, key) in [
            (&["--host", "box"][..], "canary-env"),
            (&["--host", "mac", "--key-file", &keys], "canary-file"),
        ] {
            gate.take();
            let ran = lab.run(&shell, "healthcheck", arguments);
            let asked = gate.take();
            let header = format!("\r\nAuthorization: Bearer {key}\r\n");
            assert_eq!(
                asked.iter().filter(|it| it.head.contains(&header)).count(),
                1,
                "{asked:?} {ran:?}"
            );
            assert_eq!(
                asked
                    .iter()
                    .filter(|it| it.head.contains("Authorization"))
                    .count(),
                1,
                "{asked:?}"
            );
            assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
        }
    }
}

#[test]
fn wrong_use_is_told() {
    let lab = Lab::of(&platform(dead_port(), dead_port(), dead_port()));
    for shell in shells() {
        for (arguments, words) in [
            (
                &["--host", "bx"][..],
                "no host is called `bx`; there are: box mac",
            ),
            (&["bx"], "no host is called `bx`"),
            (
                &["--only", "gat"],
                "nothing live is called `gat`; there are: gate models tool",
            ),
            (&["--timeout", "x"], "--timeout wants whole seconds"),
            (&["--timeout"], "--timeout wants a value"),
            (&["--key-file", "/nonexistent"], "cannot read the key file"),
        ] {
            let ran = lab.run(&shell, "healthcheck", arguments);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.err.contains(words), "{ran:?}");
        }
    }
}

/// Fifty services that take the connection and never answer, and fifty where nothing listens.
#[test]
fn many_sick_services_are_told_in_a_few_seconds() {
    let silent = Server::new(Script::Silence);
    let dead = dead_port();
    let mut text =
        "version = 1\nname = \"lab\"\n[policy]\ngateway = \"s0\"\n[hosts.box]\nos = \"linux\"\n"
            .to_owned();
    for n in 0..50 {
        let kind = if n == 0 { "litellm" } else { "generic" };
        // Each has an address of its own, so that they can share the one silent server.
        let _ = write!(
            text,
            "[services.s{n}]\nkind = \"{kind}\"\nhost = \"box\"\nport = {}\n",
            20_000 + n
        );
        let _ = writeln!(text, "health = [{{ path = \"/health\" }}]");
    }
    let lab = Lab::of(&text);
    let script = lab.generated("ops/healthcheck.sh");
    let original = std::fs::read_to_string(&script).expect("it was built");
    for shell in shells() {
        for port in [dead, silent.port()] {
            let mut changed = original.clone();
            for n in 0..50 {
                changed = changed.replace(&format!(":{}/", 20_000 + n), &format!(":{port}/"));
            }
            write(&script, &changed);
            let begun = Instant::now();
            let ran = lab.run(&shell, "healthcheck", &["--host", "box", "--timeout", "2"]);
            assert!(ran.out.contains("0 well, 50 sick"), "{ran:?}");
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "{:?}",
                begun.elapsed()
            );
        }
    }
}
