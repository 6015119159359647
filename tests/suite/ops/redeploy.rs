//! `redeploy.sh` in a clone of a remote of its own. `install.sh` is a note of its arguments here: it has tests of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::lab::{Lab, Ran, shells, write};
use super::server::Server;
use crate::tools;

fn platform(lab: &Path, gate: u16) -> String {
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
checkout = "{}"
[hosts.mac]
os = "macos"
addresses = {{ lan = "127.0.0.3" }}
[services.gate]
kind = "litellm"
host = "box"
port = {gate}
folder = "gate"
[services.tool]
kind = "generic"
host = "box"
folder = "tool"
run.command = ["/bin/tool"]
[services.far]
kind = "generic"
host = "mac"
run.command = ["/bin/far"]
run.directory = "/srv"
"#,
        lab.join("clone").display()
    )
}

const INSTALL: &str = "echo \"install $*\" >>\"$LAB/log\"\n[ ! -e \"$LAB/install-fails\" ]\n";

/// A lab with a remote, a clone that follows it, and a second clone to push from.
fn lab(server: &Server) -> Lab {
    let lab = Lab::of(include_str!("../../../platform.toml"));
    let root = lab.path("");
    lab.rebuild(&platform(&root, server.port()));
    write(&lab.generated("ops/install.sh"), INSTALL);
    git(&root, &["init", "-q", "--bare", "-b", "main", "remote"]);
    git(&root, &["clone", "-q", "remote", "other"]);
    write(&lab.path("other/gate/uv.lock"), "");
    write(&lab.path("other/gate/config/router.yaml"), "old\n");
    write(&lab.path("other/code"), "1\n");
    git(&lab.path("other"), &["checkout", "-q", "-b", "main"]);
    push(&lab, "first");
    git(&root, &["clone", "-q", "remote", "clone"]);
    lab
}

fn push(lab: &Lab, message: &str) {
    let other = lab.path("other");
    git(&other, &["add", "-A"]);
    git(&other, &["commit", "-q", "-m", message]);
    git(&other, &["push", "-q", "origin", "main"]);
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args([
        "-c",
        "user.name=lab",
        "-c",
        "user.email=lab@example.org",
        "-c",
        "core.hooksPath=/dev/null",
    ]);
    let output = command
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn redeploy(lab: &Lab, shell: &Path, names: &[&str]) -> Ran {
    lab.run_as("box", shell, "redeploy", names)
}

fn read(lab: &Lab, path: &str) -> String {
    fs::read_to_string(lab.path(path)).unwrap_or_default()
}

#[test]
fn it_pulls_syncs_installs_and_looks() {
    if tools::program("git").is_none() {
        return;
    }
    let server = Server::well("");
    for shell in shells() {
        let lab = lab(&server);
        // What install.sh put there: changed, new, and in the way of what comes.
        write(&lab.path("clone/gate/config/router.yaml"), "ours\n");
        write(&lab.path("other/gate/config/router.yaml"), "theirs\n");
        write(&lab.path("other/code"), "2\n");
        push(&lab, "second");
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        assert_eq!(read(&lab, "clone/code"), "2\n");
        assert_eq!(
            read(&lab, "clone/gate/config/router.yaml"),
            "ours\n",
            "it is install.sh that replaces it"
        );
        assert_eq!(
            git(&lab.path("clone"), &["rev-parse", "HEAD"]),
            git(&lab.path("remote"), &["rev-parse", "main"])
        );
        let uv = format!("uv sync in {}", lab.path("clone/gate").display());
        assert_eq!(lab.log(), [uv.as_str(), "install --yes --restart gate box"]);
        assert!(ran.out.contains("well"), "{}", ran.out);

        let ran = redeploy(&lab, &shell, &["all"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let log = lab.log();
        assert!(
            log.len() == 2
                && log[1].contains("--restart gate")
                && log[1].contains("--restart tool")
                && !log[1].contains("far"),
            "{log:?}"
        );
    }
}

#[test]
fn changes_of_ones_own_and_other_ways_are_refused() {
    if tools::program("git").is_none() {
        return;
    }
    let server = Server::well("");
    for shell in shells() {
        let lab = lab(&server);
        for dirt in ["clone/code", "clone/gate/new file"] {
            write(&lab.path(dirt), "mine\n");
            let ran = redeploy(&lab, &shell, &["gate"]);
            assert_eq!(ran.code, 1, "{ran:?}");
            assert!(
                ran.out.contains("refused:") && ran.out.contains("changes of its own"),
                "{}",
                ran.out
            );
            assert!(
                ran.out.contains(dirt.rsplit('/').next().unwrap_or("")),
                "{}",
                ran.out
            );
            assert_eq!(read(&lab, dirt), "mine\n");
            git(&lab.path("clone"), &["checkout", "-q", "--", "."]);
            git(&lab.path("clone"), &["clean", "-q", "-f", "-d"]);
        }
        write(&lab.path("clone/code"), "here\n");
        git(&lab.path("clone"), &["commit", "-q", "-a", "-m", "here"]);
        assert_eq!(
            redeploy(&lab, &shell, &["gate"]).code,
            0,
            "ahead is not apart"
        );
        write(&lab.path("other/code"), "there\n");
        push(&lab, "there");
        lab.log();
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("went different ways"), "{}", ran.out);
        assert_eq!(read(&lab, "clone/code"), "here\n");

        git(&lab.path("clone"), &["checkout", "-q", "-b", "alone"]);
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert!(
            ran.code == 1 && ran.out.contains("follows no remote branch"),
            "{ran:?}"
        );
        git(&lab.path("clone"), &["checkout", "-q", "main"]);
        fs::rename(lab.path("remote"), lab.path("away")).expect("it is ours");
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert!(
            ran.code == 1 && ran.out.contains("does not answer"),
            "{ran:?}"
        );
        assert_eq!(lab.log(), Vec::<String>::new());
    }
}

#[test]
fn a_failing_step_stops_the_next() {
    if tools::program("git").is_none() {
        return;
    }
    let server = Server::well("");
    for shell in shells() {
        let lab = lab(&server);
        write(&lab.path("uv-fails"), "");
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert!(
            ran.code == 1 && ran.out.contains("uv sync failed"),
            "{ran:?}"
        );
        assert_eq!(lab.log().len(), 1);
        fs::remove_file(lab.path("uv-fails")).expect("it is ours");
        write(&lab.path("install-fails"), "");
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert!(
            ran.code == 1 && ran.out.contains("the one before was "),
            "{ran:?}"
        );
    }
}

#[test]
fn unknown_services_are_refused_with_the_near_ones() {
    let server = Server::well("");
    let lab = Lab::of(include_str!("../../../platform.toml"));
    lab.rebuild(&platform(&lab.path(""), server.port()));
    for shell in shells() {
        for (name, words) in [
            ("gat", "no service is called `gat`; did you mean: gate"),
            ("zzz", "no service is called `zzz`; on box there are:"),
            ("far", "far runs on mac: redeploy it there"),
            ("a b", "no service is called `a b`"),
            ("*", "no service is called `*`"),
        ] {
            let ran = redeploy(&lab, &shell, &[name]);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.err.contains(words), "{ran:?}");
        }
        let ran = redeploy(&lab, &shell, &[]);
        assert!(
            ran.code == 2 && ran.err.contains("which service? one of:"),
            "{ran:?}"
        );
        let ran = lab.run_as("mac", &shell, "redeploy", &["far"]);
        assert!(
            ran.code == 2 && ran.err.contains("mac has no checkout"),
            "{ran:?}"
        );
        let ran = redeploy(&lab, &shell, &["gate"]);
        assert!(
            ran.code == 2 && ran.err.contains("there is no checkout at"),
            "{ran:?}"
        );
    }
}
