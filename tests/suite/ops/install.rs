//! `install.sh` below a root of its own, with a scripted init system and servers whose health hangs on the installed files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use walkdir::WalkDir;

use super::lab::{Lab, Ran, shells, write};
use super::server::{Script, Server};

/// A gateway with a secret, and a tool without one, on a host with this init system.
fn platform(os: &str, gate: u16, tool: u16, log_level: &str) -> String {
    format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
[hosts.box]
os = "{os}"
checkout = "/srv/lab"
[secrets.key]
generate = {{ bytes = 16 }}
[services.gate]
kind = "litellm"
host = "box"
port = {gate}
folder = "gate"
env_file = "gate/env.local"
run.start_timeout = "2s"
[services.gate.env]
LITELLM_PROXY_KEY = {{ secret = "key" }}
LITELLM_LOG = "{log_level}"
[services.tool]
kind = "generic"
host = "box"
port = {tool}
health = [{{ path = "/" }}]
[services.tool.run]
command = ["/bin/tool", "{log_level}"]
directory = "/srv/tool"
start_timeout = "2s"
[gateway]
key = {{ env = "LITELLM_PROXY_KEY" }}
"#
    )
}

const ENV: &str = "/srv/lab/gate/env.local";
const START_TOOL: &str = "/usr/local/lib/homelab/start/tool";

fn install(lab: &Lab, shell: &Path, more: &[&str]) -> Ran {
    let root = lab.path("root").display().to_string();
    lab.run(
        shell,
        "install",
        &[&["--root", root.as_str(), "--with-init"], more, &["box"]].concat(),
    )
}

/// What lies below the root but backups: content, mode, inode and times.
fn tree(lab: &Lab) -> BTreeMap<String, (Vec<u8>, u32, u64, i64)> {
    let root = lab.path("root");
    let mut tree = BTreeMap::new();
    for entry in WalkDir::new(&root).into_iter().filter_map(Result::ok) {
        let path = entry
            .path()
            .strip_prefix(&root)
            .expect("it lies below")
            .display()
            .to_string();
        if path.starts_with("var/backups") || path == "var" || path.is_empty() {
            continue;
        }
        let metadata = entry.metadata().expect("it is ours");
        let content = if metadata.is_file() {
            fs::read(entry.path()).expect("it is ours")
        } else {
            Vec::new()
        };
        let time = if metadata.is_file() {
            metadata.mtime_nsec()
        } else {
            0
        };
        tree.insert(
            path,
            (
                content,
                metadata.mode(),
                if metadata.is_file() {
                    metadata.ino()
                } else {
                    0
                },
                time,
            ),
        );
    }
    tree
}

/// The same without inodes and times: what a restored file has in common with the original.
fn contents(lab: &Lab) -> BTreeMap<String, (Vec<u8>, u32)> {
    tree(lab)
        .into_iter()
        .map(|(path, (content, mode, _, _))| (path, (content, mode)))
        .collect()
}

fn mode(lab: &Lab, path: &str) -> u32 {
    fs::metadata(lab.on_host(path))
        .expect("it is there")
        .permissions()
        .mode()
        & 0o7777
}

/// A lab where everything is installed, filled in and well.
fn installed(shell: &Path, os: &str, gate: &Server, tool: &Server) -> Lab {
    let lab = Lab::of(&platform(os, gate.port(), tool.port(), "INFO"));
    write(&lab.on_host(ENV), "LITELLM_PROXY_KEY=canary\n");
    fs::set_permissions(lab.on_host(ENV), fs::Permissions::from_mode(0o640)).expect("it is ours");
    let ran = install(&lab, shell, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(!ran.out.contains("canary"), "{}", ran.out);
    lab
}

#[test]
fn a_fresh_host_gets_everything_and_is_told_what_to_fill_in() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        let lab = Lab::of(&platform("linux", gate.port(), tool.port(), "INFO"));
        let ran = install(&lab, &shell, &["--dry-run"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains(ENV), "{}", ran.out);
        assert_eq!(
            (tree(&lab).len(), lab.log().len()),
            (0, 0),
            "a dry run touches nothing"
        );

        let ran = install(&lab, &shell, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{}", ran.out);
        assert!(
            ran.out.contains("fill in LITELLM_PROXY_KEY in "),
            "{}",
            ran.out
        );
        assert!(ran.out.contains("install.sh --restart gate"), "{}", ran.out);
        assert_eq!(mode(&lab, ENV), 0o600);
        assert_eq!(mode(&lab, START_TOOL), 0o755);
        assert_eq!(mode(&lab, "/etc/systemd/system/gate.service"), 0o644);
        let log = lab.log();
        assert_eq!(
            log,
            [
                "systemctl daemon-reload",
                "systemctl enable --quiet -- gate.service",
                "systemctl enable --quiet -- tool.service",
                "systemctl restart -- tool.service"
            ]
            .map(str::to_owned),
        );

        write(&lab.on_host(ENV), "LITELLM_PROXY_KEY='x'\n");
        let ran = install(&lab, &shell, &["--restart", "gate"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(lab.log(), ["systemctl restart -- gate.service"]);
    }
}

#[test]
fn what_is_in_place_is_not_touched() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        let lab = installed(&shell, "linux", &gate, &tool);
        lab.log();
        let before = tree(&lab);
        let ran = install(&lab, &shell, &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("are in place"), "{}", ran.out);
        assert_eq!(tree(&lab), before);
        assert_eq!(lab.log(), Vec::<String>::new());
        assert_eq!(
            fs::read_to_string(lab.on_host(ENV)).expect("it is there"),
            "LITELLM_PROXY_KEY=canary\n"
        );
        assert_eq!(
            mode(&lab, ENV),
            0o640,
            "a seed is the owner's from the first day"
        );
    }
}

#[test]
fn only_what_changed_is_replaced_and_restarted() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        let lab = installed(&shell, "linux", &gate, &tool);
        lab.log();
        write(&lab.on_host(START_TOOL), "#!/bin/sh\nby hand \x1b[31m\n");
        let before = tree(&lab);
        let ran = install(
            &lab,
            &shell,
            &["--backup", &lab.path("backup").display().to_string()],
        );
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        assert!(ran.out.contains("\n-by hand [31m\n"), "{}", ran.out);
        assert_eq!(lab.log(), ["systemctl restart -- tool.service"]);
        let after = tree(&lab);
        let differ: Vec<_> = before
            .iter()
            .filter(|(path, it)| after[*path] != **it)
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(differ, [START_TOOL.trim_start_matches('/')]);
        let backup = WalkDir::new(lab.path("backup"))
            .into_iter()
            .filter_map(Result::ok)
            .find(|it| it.file_type().is_file());
        let backup = backup.expect("the old file is kept").into_path();
        assert_eq!(
            fs::read_to_string(backup).expect("it is ours"),
            "#!/bin/sh\nby hand \x1b[31m\n"
        );

        // A mode is a difference too.
        fs::set_permissions(lab.on_host(START_TOOL), fs::Permissions::from_mode(0o700))
            .expect("it is ours");
        assert_eq!(install(&lab, &shell, &[]).code, 0);
        assert_eq!(mode(&lab, START_TOOL), 0o755);
    }
}

#[test]
fn everything_goes_back_when_health_does_not_come() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        tool.set(Script::Answer(200, String::new()));
        let lab = installed(&shell, "linux", &gate, &tool);
        // Something that the new build brings and the host has not.
        fs::remove_file(lab.on_host("/etc/systemd/system/gate.service")).expect("it is ours");
        fs::remove_dir_all(lab.on_host("/srv/lab/gate/config")).expect("it is ours");
        lab.rebuild(&platform("linux", gate.port(), tool.port(), "BROKEN"));
        tool.set(Script::SickWith(lab.on_host(START_TOOL), "BROKEN"));
        gate.set(Script::SickWith(lab.on_host("/nothing"), "BROKEN"));
        lab.log();
        let before = contents(&lab);
        let ran = install(&lab, &shell, &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.out.contains("tool is not well after 2 s"),
            "{}",
            ran.out
        );
        assert!(
            ran.out.contains("it answered 500 in place of 200"),
            "{}",
            ran.out
        );
        assert!(
            ran.out.ends_with("everything is as it was\n"),
            "{}",
            ran.out
        );
        assert_eq!(contents(&lab), before);
        let log = lab.log();
        let count = |line: &str| log.iter().filter(|it| *it == line).count();
        assert_eq!(count("systemctl restart -- tool.service"), 2, "{log:?}");
        assert_eq!(count("systemctl daemon-reload"), 2, "{log:?}");
        assert_eq!(
            count("systemctl disable --quiet --now -- gate.service"),
            1,
            "{log:?}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_placed_takes_the_others_back() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        let lab = installed(&shell, "linux", &gate, &tool);
        lab.rebuild(&platform("linux", gate.port(), tool.port(), "DEBUG"));
        // Nothing can be made in the place of a folder that is a file.
        fs::remove_dir_all(lab.on_host("/usr/local/lib/homelab")).expect("it is ours");
        write(&lab.on_host("/usr/local/lib/homelab"), "a file\n");
        lab.log();
        let before = contents(&lab);
        let ran = install(&lab, &shell, &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.out.contains("a file could not be put in place"),
            "{}",
            ran.out
        );
        assert_eq!(contents(&lab), before);
        assert_eq!(lab.log(), Vec::<String>::new());
    }
}

#[test]
fn a_signal_takes_everything_back() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        tool.set(Script::Answer(200, String::new()));
        let lab = installed(&shell, "linux", &gate, &tool);
        let slow =
            platform("linux", gate.port(), tool.port(), "BROKEN").replace("\"2s\"", "\"60s\"");
        lab.rebuild(&slow);
        tool.set(Script::SickWith(lab.on_host(START_TOOL), "BROKEN"));
        lab.log();
        let before = contents(&lab);
        let root = lab.path("root").display().to_string();
        let script = lab.generated("ops/install.sh");
        let arguments = ["--root", root.as_str(), "--with-init", "box"];
        let mut child = lab
            .command("nowhere", &shell)
            .arg(script)
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("the shell runs");
        // It is waiting for health as soon as the service has been restarted.
        while !fs::read_to_string(lab.path("log"))
            .unwrap_or_default()
            .contains("restart -- tool.service")
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = child.id().to_string();
        let killed = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(killed.success());
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(1));
        assert_eq!(contents(&lab), before);
    }
}

#[test]
fn a_mac_loads_what_changed() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        let lab = Lab::of(&platform("macos", gate.port(), tool.port(), "INFO"));
        write(&lab.on_host(ENV), "LITELLM_PROXY_KEY=canary\n");
        write(&lab.path("busy"), "");
        let ran = install(&lab, &shell, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        let log = lab.log();
        for label in ["lab.logs.rotate", "lab.gate", "lab.tool"] {
            let line = format!(
                "launchctl bootstrap system {}",
                lab.on_host(&format!("/Library/LaunchDaemons/{label}.plist"))
                    .display()
            );
            assert!(log.contains(&line), "{log:?}");
        }
        fs::write(lab.on_host(START_TOOL), "old\n").expect("it is ours");
        assert_eq!(install(&lab, &shell, &[]).code, 0);
        assert_eq!(lab.log(), ["launchctl kickstart -k system/lab.tool"]);
    }
}

#[test]
fn an_image_is_filled_without_an_init_system() {
    let (gate, tool) = (Server::well(""), Server::well(""));
    for shell in shells() {
        let lab = Lab::of(&platform("linux", gate.port(), tool.port(), "INFO"));
        write(&lab.on_host(ENV), "LITELLM_PROXY_KEY=x\n");
        let root = lab.path("root").display().to_string();
        let ran = lab.run_as("elsewhere", &shell, "install", &["--root", &root, "box"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        assert!(lab.on_host(START_TOOL).exists());
        assert_eq!(lab.log(), Vec::<String>::new());
        let ran = lab.run(&shell, "install", &["--root", "/nonexistent", "box"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        let ran = lab.run(&shell, "install", &["bx"]);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (2, "install.sh: no host is called `bx`; there are: box\n")
        );
    }
}
