//! The ops scripts, run for real: in every bash there is, against scripted servers and init systems.

mod healthcheck;
mod install;
mod lab;
mod redeploy;
mod restart;
mod server;
mod upkeep;

use std::process::Command;

use crate::tools;
use lab::{Lab, build};

const REPO: &str = include_str!("../../../platform.toml");

#[test]
fn shellcheck_is_silent() {
    let Some(shellcheck) = tools::program("shellcheck") else {
        return;
    };
    let lab = Lab::of(REPO);
    let scripts = [
        "clear-cache",
        "healthcheck",
        "install",
        "redeploy",
        "restart-all",
        "update-models",
    ];
    let scripts = scripts.map(|name| lab.generated(&format!("ops/{name}.sh")));
    let output = Command::new(shellcheck)
        .args([
            "--norc",
            "--enable=quote-safe-variables,check-unassigned-uppercase",
        ])
        .args(scripts)
        .output();
    let output = output.expect("shellcheck runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
}

/// A net for machines without bash 3.2: what that version has not, by name.
#[test]
fn nothing_newer_than_bash_3_2_is_used() {
    let newer = [
        "declare -A",
        "local -A",
        "declare -n",
        "local -n",
        "declare -g",
        "mapfile",
        "readarray",
        "wait -n",
        "coproc",
        "&>>",
        "|&",
        ";;&",
        ";&",
        "^^}",
        ",,}",
        "@Q}",
        "EPOCH",
        "BASHPID",
        "globstar",
        "lastpipe",
        "printf '%(",
        "[-1]",
        "$'\\u",
        // Not on macOS, or not with these flags.
        "readlink -f",
        "sed -i",
        "sed -r",
        "grep -P",
        "date -d",
        "stat --",
        "realpath",
        "mktemp --",
        "xargs -r",
        "cp --",
        "mv --",
        "jq ",
        "python",
    ];
    for artifact in build(REPO).iter().filter(|it| it.path.starts_with("ops/")) {
        for word in newer {
            assert!(
                !artifact.text.contains(word),
                "{} has `{word}`",
                artifact.path
            );
        }
    }
}

#[test]
fn help_teaches_in_sixty_columns() {
    let lab = Lab::of(REPO);
    for shell in lab::shells() {
        for script in [
            "clear-cache",
            "healthcheck",
            "install",
            "redeploy",
            "restart-all",
            "update-models",
        ] {
            let ran = lab.run(&shell, script, &["--help"]);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(
                ran.out.contains("Exit code: 0") && ran.out.contains(script),
                "{}",
                ran.out
            );
            for line in ran.out.lines() {
                assert!(line.chars().count() <= 60, "{script}: {line}");
            }
            let ran = lab.run(&shell, script, &["--no-such-option"]);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(
                ran.err.contains("--no-such-option") && ran.err.contains("--help"),
                "{}",
                ran.err
            );
        }
    }
}

/// C079, C080, C082 and C083: text from the platform stays text.
#[test]
fn hostile_text_stays_inert() {
    let hostile =
        r#"$(touch $LAB/pwned) `touch $LAB/pwned` ; & | > ' \" \\ %s %n * ~ !x -e {a,b} [z] END"#;
    let text = r#"
version = 1
name = "lab"
title = "HOSTILE"
[policy]
gateway = "gate"
[networks.lan]
kind = "lan"
[hosts.box]
title = "HOSTILE"
os = "linux"
addresses = { lan = "127.0.0.2" }
[services.gate]
title = "HOSTILE"
kind = "litellm"
host = "box"
port = PORT
health = [{ path = "/health/{a,b}[1-3]?x=$(touch%20y)&'" }]
[ops.checks.odd]
title = "HOSTILE"
service = "gate"
path = "/odd'\"$(id)"
method = "POST"
body = '{"a": "@/etc/passwd $(touch $LAB/pwned)"}'
contains = "HOSTILE"
"#;
    let server = server::Server::well(
        "$(touch $LAB/pwned) `touch $LAB/pwned` ; & | > ' \" \\ %s %n * ~ !x -e {a,b} [z] END",
    );
    let text = text
        .replace("HOSTILE", hostile)
        .replace("PORT", &server.port().to_string());
    let lab = Lab::of(&text);
    for shell in lab::shells() {
        let ran = lab.run(&shell, "healthcheck", &["--host", "box"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains(r"`touch $LAB/pwned` ; & | > ' "),
            "{}",
            ran.out
        );
        let ran = lab.run(&shell, "healthcheck", &["--host", "box", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&ran.out).expect("it is JSON");
        assert!(
            json["probes"][0]["title"]
                .as_str()
                .is_some_and(|it| it.ends_with(r#"' " \ %s %n * ~ !x -e {a,b} [z] END"#)),
            "{json}"
        );
        let asked = server.take();
        let begins = |it: &server::Request| {
            it.head
                .starts_with("GET /health/{a,b}[1-3]?x=$(touch%20y)&' HTTP/1.1")
        };
        assert!(asked.iter().any(begins), "{asked:?}");
        let body = r#"{"a": "@/etc/passwd $(touch $LAB/pwned)"}"#;
        assert!(asked.iter().any(|it| it.body == body), "{asked:?}");
        for script in ["install", "restart-all"] {
            lab.run(&shell, script, &["--dry-run", "box"]);
        }
    }
    assert!(!lab.path("pwned").exists());
}
