//! `homelab init`: what it writes is sound, and a terminal is asked for what the flags leave out.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn homelab(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_homelab"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CI")
        .env("USER", "ada")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn words(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn house() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("My House")
        .tempdir()
        .expect("a folder")
}

/// Lint has no finding, and everything is made from it.
fn is_sound(folder: &Path) {
    let lint = homelab(folder, &["lint", "--deny-warnings"]);
    assert_eq!(lint.status.code(), Some(0), "{}", words(&lint));
    let build = homelab(folder, &["build", "--deny-warnings"]);
    assert_eq!(build.status.code(), Some(0), "{}", words(&build));
    let router = fs::read_to_string(folder.join("generated/litellm/router.yaml"));
    assert!(router.expect("it was made").contains("model_name:"));
}

const PAIR: [&str; 4] = ["--host", "front=192.0.2.10", "--host", "back=192.0.2.11"];

#[test]
fn every_shape_is_sound_as_it_is_begun() {
    let one: &[&str] = &["one-machine"];
    let shapes: [&[&str]; 4] = [
        one,
        &[
            one,
            &[
                "--model",
                "qwen3:8b",
                "--model",
                "nomic-embed-text",
                "--user",
                "ada",
            ],
        ]
        .concat(),
        &[&["pi-and-gpu"], &PAIR[..]].concat(),
        &[&["mac-pair"], &PAIR[..]].concat(),
    ];
    for shape in shapes {
        let house = house();
        let begun = homelab(house.path(), &[&["init"], shape].concat());
        assert_eq!(begun.status.code(), Some(0), "{}", words(&begun));
        is_sound(house.path());
        let text = fs::read_to_string(house.path().join("platform.toml")).expect("written");
        assert!(text.starts_with("#:schema ./platform.schema.json\n"));
        assert!(house.path().join("platform.schema.json").is_file());
    }
}

#[test]
fn models_of_one_name_are_told_apart() {
    let house = house();
    let same = [
        "init",
        "one-machine",
        "--model",
        "a/x:1",
        "--model",
        "b/x.1",
        "--model",
        "a/x:1",
    ];
    assert_eq!(homelab(house.path(), &same).status.code(), Some(0));
    let text = fs::read_to_string(house.path().join("platform.toml")).expect("written");
    assert!(
        text.contains("[models.x-1]") && text.contains("[models.x-1-2]"),
        "{text}"
    );
    assert!(!text.contains("x-1-3"), "{text}");
    is_sound(house.path());
}

#[test]
fn what_is_there_is_never_touched() {
    let house = house();
    fs::write(house.path().join("platform.toml"), "mine").expect("writable");
    let again = homelab(house.path(), &["init", "one-machine"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        words(&again).contains("is there already"),
        "{}",
        words(&again)
    );
    let text = fs::read_to_string(house.path().join("platform.toml")).expect("there");
    assert_eq!(text, "mine");
    assert!(!house.path().join("platform.schema.json").exists());
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let cases: [(&[&str], &str); 7] = [
        (&[], "`one-machine`, `pi-and-gpu` or `mac-pair`"),
        (&["pi-and-gpu"], "write `--host pi="),
        (
            &["pi-and-gpu", "--host", "a=192.0.2.1"],
            "write `--host gpu=",
        ),
        (
            &[
                "pi-and-gpu",
                "--host",
                "a=192.0.2.1",
                "--host",
                "a=192.0.2.2",
            ],
            "two machines are called `a`",
        ),
        (
            &[
                "pi-and-gpu",
                "--host",
                "a=192.0.2.1",
                "--host",
                "b=192.0.2.1",
            ],
            "two machines have the address",
        ),
        (&["one-machine", "--host", "Big Box"], "is not a name"),
        (
            &["one-machine", "--host", "a", "--host", "b"],
            "is one too many",
        ),
    ];
    for (arguments, meant) in cases {
        let house = house();
        let output = homelab(house.path(), &[&["init"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            words(&output).contains(meant),
            "{arguments:?}: {}",
            words(&output)
        );
        assert!(
            fs::read_dir(house.path())
                .expect("readable")
                .next()
                .is_none()
        );
    }
}

/// Types each answer when its question stands there, as somebody at a terminal does.
const TYPIST: &str = r#"
import os, pty, sys

answers = [("1, 2 or 3", "2"), ("Name of the platform", ""), ("Name of the Pi", "Pi"), ("Name of the Pi", ""),
           ("Address of `pi`", "192.0.2.10"), ("Name of the PC", ""), ("Address of `gpu`", "nowhere"),
           ("Address of `gpu`", "192.0.2.11"), ("Models as", ""), ("Who approves", "Ada")]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "init"])
seen = line = ""
while True:
    try:
        chunk = os.read(terminal, 4096).decode()
    except OSError:
        break
    seen += chunk
    line = (line + chunk).rsplit("\n", 1)[-1]
    if answers and line.startswith(answers[0][0]) and line.endswith(": "):
        line = ""
        os.write(terminal, (answers.pop(0)[1] + "\n").encode())
print(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn a_terminal_is_asked_until_the_answer_is_one() {
    let house = house();
    let output = Command::new("python3")
        .args(["-c", TYPIST, env!("CARGO_BIN_EXE_homelab")])
        .current_dir(house.path())
        .env_remove("CI")
        .env("USER", "ada")
        .output()
        .expect("python3 runs");
    let words = words(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(
        words.contains("that is not a name: it has `P` in it"),
        "{words}"
    );
    assert!(words.contains("that is not an IP address"), "{words}");
    is_sound(house.path());
    let text = fs::read_to_string(house.path().join("platform.toml")).expect("written");
    for part in ["[hosts.pi]", "lan = \"192.0.2.11\"", "by = \"Ada\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
