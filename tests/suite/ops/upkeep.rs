//! `update-models.sh` and `clear-cache.sh` beside a scripted Ollama, and beside folders and programs that are put in place.

use std::fs;

use super::lab::{Lab, shells, write};
use super::server::{Script, Server};

fn platform(port: u16, hub: &str) -> String {
    format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
[hosts.box]
os = "linux"
[services.gate]
kind = "litellm"
host = "box"
[services.ollama]
kind = "ollama"
host = "box"
port = {port}
env = {{ OLLAMA_CONTEXT_LENGTH = 8192 }}
[services.mlx]
kind = "mlx"
host = "box"
run.directory = "/opt/mlx"
run.start_timeout = "1s"
env = {{ HF_HOME = "{hub}" }}
[services.mlx.ports]
team = {{ range = "8100-8119" }}
[models.small]
service = "ollama"
served_as = "llama3.2:3b"
[models.embed]
service = "ollama"
served_as = "nomic-embed-text"
[models.big]
service = "mlx"
port = 8100
repo = "org/big-4bit"
[models.own]
service = "mlx"
port = 8101
repo = "org/own"
source_path = "{hub}/hub/models--org--renamed/snapshots/1"
"#
    )
}

/// What Ollama says to every question: its list, and that it did what it was told.
fn answer(digest: &str) -> Script {
    let model = |name: &str, digest: &str| {
        format!(
            r#"{{"name":"{name}","model":"{name}","size":1,"digest":"{digest}","details":{{"family":"x"}}}}"#
        )
    };
    let list = [
        model("llama3.2:3b", digest),
        model("nomic-embed-text:latest", "e"),
        model("left:7b", "f"),
    ];
    Script::Answer(
        200,
        format!(r#"{{"models":[{}],"status":"success"}}"#, list.join(",")),
    )
}

/// A Hugging Face client that notes what it is asked, and brings another revision while the file `news` is there.
const HF: &str = r#"#!/bin/sh
echo "hf $* in $HF_HOME" >>"$LAB/log"
for repo; do :; done
main="$HF_HOME/hub/models--$(echo "$repo" | sed 's,/,--,')/refs/main"
mkdir -p "$(dirname "$main")"
[ -e "$LAB/news" ] && echo two >"$main" || echo one >"$main"
[ ! -e "$LAB/hf-fails" ]
"#;

fn lab(server: &Server) -> (Lab, String) {
    let hub = tempfile::tempdir().expect("a folder").keep();
    let hub = hub.to_str().expect("UTF-8").to_owned();
    let me = String::from_utf8(
        std::process::Command::new("id")
            .arg("-un")
            .output()
            .expect("id runs")
            .stdout,
    )
    .expect("UTF-8");
    let text = platform(server.port(), &hub).replace(
        "os = \"linux\"",
        &format!("os = \"linux\"\nuser = \"{}\"", me.trim()),
    );
    let lab = Lab::of(&text);
    write(&lab.path("bin/hf"), HF);
    let made = std::process::Command::new("chmod")
        .arg("+x")
        .arg(lab.path("bin/hf"))
        .status();
    assert!(made.expect("chmod runs").success());
    (lab, hub)
}

#[test]
fn models_are_fetched_and_what_changed_is_restarted() {
    let server = Server::new(answer("a"));
    let (lab, hub) = lab(&server);
    for shell in shells() {
        drop(fs::remove_file(lab.path("news")));
        lab.run_as("box", &shell, "update-models", &[]);
        lab.log();
        server.take();
        let ran = lab.run_as("box", &shell, "update-models", &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        assert!(
            ran.out.contains("same  llama3.2:3b") && ran.out.contains("same  org/big-4bit"),
            "{ran:?}"
        );
        assert!(ran.out.contains("org/own lies in"), "{ran:?}");
        assert_eq!(
            lab.log(),
            [format!("hf download --quiet -- org/big-4bit in {hub}")]
        );
        let pulled: Vec<String> = server
            .take()
            .into_iter()
            .filter(|it| it.head.starts_with("POST /api/pull "))
            .map(|it| it.body)
            .collect();
        assert_eq!(
            pulled,
            [
                r#"{"model":"nomic-embed-text","stream":false}"#,
                r#"{"model":"llama3.2:3b","stream":false}"#
            ]
        );

        fs::write(lab.path("news"), "").expect("writable");
        let ran = lab.run_as("box", &shell, "update-models", &[]);
        assert!(ran.out.contains("new   org/big-4bit"), "{ran:?}");
        assert!(
            lab.log().iter().any(|it| it.contains("systemctl restart")),
            "{ran:?}"
        );
    }
    drop(fs::remove_dir_all(hub));
}

#[test]
fn what_cannot_be_fetched_is_told() {
    let server = Server::new(Script::Answer(
        200,
        r#"{"error":"no such model"}"#.to_owned(),
    ));
    let (lab, hub) = lab(&server);
    fs::write(lab.path("hf-fails"), "").expect("writable");
    for shell in shells() {
        let ran = lab.run_as("box", &shell, "update-models", &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.out.contains("no such model")
                && ran.out.contains("llama3.2:3b could not be fetched"),
            "{ran:?}"
        );
        assert!(
            ran.out.contains("org/big-4bit could not be fetched"),
            "{ran:?}"
        );
        assert!(
            !lab.log().iter().any(|it| it.contains("restart")),
            "{ran:?}"
        );
        let ran = lab.run(&shell, "update-models", &["--dry-run", "box"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("would fetch org/big-4bit") && lab.log().is_empty(),
            "{ran:?}"
        );
    }
    drop(fs::remove_dir_all(hub));
}

#[test]
fn only_what_nobody_declares_goes_and_only_when_told() {
    let server = Server::new(answer("a"));
    let (lab, hub) = lab(&server);
    let folder = |name: &str| std::path::Path::new(&hub).join("hub").join(name);
    for shell in shells() {
        for name in [
            "models--org--big-4bit",
            "models--org--renamed",
            "models--org--left",
        ] {
            fs::create_dir_all(folder(name)).expect("a folder");
        }
        server.take();
        let ran = lab.run_as("box", &shell, "clear-cache", &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        assert!(
            ran.out.contains("would remove the model left:7b"),
            "{ran:?}"
        );
        assert!(ran.out.contains("models--org--left"), "{ran:?}");
        assert_eq!(ran.out.matches("would remove").count(), 2, "{ran:?}");
        assert!(folder("models--org--left").exists());
        assert!(server.take().iter().all(|it| it.head.starts_with("GET ")));

        let ran = lab.run_as("box", &shell, "clear-cache", &["--yes"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let deleted: Vec<String> = server
            .take()
            .into_iter()
            .filter(|it| it.head.starts_with("DELETE /api/delete "))
            .map(|it| it.body)
            .collect();
        assert_eq!(deleted, [r#"{"model":"left:7b"}"#]);
        assert!(!folder("models--org--left").exists());
        assert!(
            folder("models--org--big-4bit").exists() && folder("models--org--renamed").exists()
        );
    }
    drop(fs::remove_dir_all(hub));
}

#[test]
fn a_store_that_does_not_answer_is_told() {
    let server = Server::new(Script::HangUp);
    let (lab, hub) = lab(&server);
    for shell in shells() {
        let ran = lab.run_as("box", &shell, "clear-cache", &["--yes"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.out
                .contains("ollama does not answer at http://127.0.0.1:"),
            "{ran:?}"
        );
    }
    drop(fs::remove_dir_all(hub));
}
