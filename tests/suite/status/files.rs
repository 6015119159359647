//! Installed files against what would be generated now: below a folder, and by an `ssh` that is a script.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use serde_json::Value;

use super::world::{Home, Ran, run};

const TEXT: &str = r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
prefer = ["lan"]
[networks.lan]
kind = "lan"
[hosts.box]
os = "linux"
addresses = { lan = "127.0.0.45" }
user = "ada"
checkout = "/srv/lab"
[hosts.mac]
os = "macos"
addresses = { lan = "127.0.0.46" }
user = "grace"
[services.gate]
kind = "litellm"
host = "box"
port = 4000
folder = "gate"
env_file = "gate.env"
env = { LITELLM_PROXY_KEY = { fill_in = "a key" } }
[services.local]
kind = "ollama"
host = "mac"
bind = "all"
approval = { reason = "the gateway calls it", by = "ada", when = "2026-11-21" }
run.directory = "/opt/ollama"
[models.small]
service = "local"
[handles.small]
"#;

/// Asks the other machine, which is a folder here.
const SSH: &str = r#"#!/bin/sh
echo "$*" >>"$LAB/asked"
[ ! -e "$LAB/ssh-fails" ] || { echo 'Permission denied (publickey).' >&2; exit 255; }
sed "s#^look \(['\"]*\)/#look \1$LAB/root/#" | sh -s
"#;

struct Lab {
    home: Home,
}

impl Lab {
    /// Everything of a host is in its place.
    fn installed(host: &str) -> Self {
        let home = Home::of(TEXT);
        let built = home.homelab(&["build", "--quiet"]);
        let manifest = home.path("generated/manifest.json");
        let manifest = fs::read(manifest).unwrap_or_else(|error| panic!("{error}: {built:?}"));
        let manifest: Value = serde_json::from_slice(&manifest).expect("it is JSON");
        let lab = Self { home };
        let mut count = 0;
        for (source, file) in manifest["files"].as_object().expect("it is a table") {
            if file["install"]["host"] == host {
                let path = lab.place(file["install"]["path"].as_str().expect("it is text"));
                fs::create_dir_all(path.parent().expect("it lies in a folder"))
                    .expect("it is ours");
                fs::copy(lab.home.path("generated").join(source), &path).expect("it is ours");
                let mode = file["install"]["mode"].as_str().expect("it is text");
                let mode = u32::from_str_radix(mode, 8).expect("it is octal");
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
                count += 1;
            }
        }
        assert!(count > 1, "{host} has files");
        lab
    }

    fn place(&self, path: &str) -> PathBuf {
        self.home.path("root").join(path.trim_start_matches('/'))
    }

    /// What `--files` finds below the folder.
    fn below(&self) -> Vec<(String, String)> {
        let root = self.home.path("root").display().to_string();
        let arguments = ["--host", "box", "--elsewhere", "--files", "--root", &root];
        files(&self.home.status(&arguments))
    }
}

/// The causes and sentences that are about files.
fn files(ran: &Ran) -> Vec<(String, String)> {
    assert_eq!(ran.err, "");
    let drift = ran.drift().into_iter();
    drift
        .filter(|(cause, _, _)| cause.ends_with("file") || cause.ends_with("mode"))
        .map(|(cause, _, what)| (cause, what))
        .collect()
}

fn pair(cause: &str, what: &str) -> (String, String) {
    (cause.to_owned(), what.to_owned())
}

#[test]
fn a_changed_file_is_found_below_a_folder() {
    let lab = Lab::installed("box");
    assert_eq!(lab.below(), []);
    let unit = lab.place("/etc/systemd/system/gate.service");
    let text = fs::read_to_string(&unit).expect("it was installed");
    // The same length, so only what is in it tells.
    fs::write(&unit, text.replacen('R', "r", 1)).expect("it is ours");
    let what = "/etc/systemd/system/gate.service: it is not what would be generated now";
    assert_eq!(lab.below(), [pair("changed-file", what)]);
    fs::write(&unit, format!("{text}\n")).expect("it is ours");
    assert_eq!(lab.below(), [pair("changed-file", what)]);
    fs::write(&unit, text).expect("it is ours");
    fs::set_permissions(&unit, fs::Permissions::from_mode(0o666)).expect("it is ours");
    let what = "/etc/systemd/system/gate.service: its mode is 0666 in place of 0644";
    assert_eq!(lab.below(), [pair("changed-mode", what)]);
    fs::remove_file(&unit).expect("it is ours");
    let what = "/etc/systemd/system/gate.service: it is not there";
    assert_eq!(lab.below(), [pair("missing-file", what)]);
    // What leads out of the folder is not followed.
    symlink("/etc/passwd", &unit).expect("it is ours");
    assert_eq!(lab.below(), []);
}

#[test]
fn what_the_owner_fills_in_is_no_difference() {
    let lab = Lab::installed("box");
    let env = seed(&lab);
    fs::write(&env, "LITELLM_MASTER_KEY=sk-canary\n").expect("it is ours");
    assert_eq!(lab.below(), []);
    fs::remove_file(&env).expect("it is ours");
    assert_eq!(lab.below().len(), 1);
    assert_eq!(lab.below()[0].0, "missing-file");
}

/// The first file that is only put where none is.
fn seed(lab: &Lab) -> PathBuf {
    let manifest = fs::read(lab.home.path("generated/manifest.json")).expect("it was built");
    let manifest: Value = serde_json::from_slice(&manifest).expect("it is JSON");
    let files = manifest["files"].as_object().expect("it is a table");
    let is_seed = |it: &&Value| it["install"]["seed"] == true && it["install"]["host"] == "box";
    let file = files.values().find(is_seed).expect("there is an env file");
    lab.place(file["install"]["path"].as_str().expect("it is text"))
}

#[test]
fn a_platform_that_went_on_says_that_the_build_is_stale() {
    let lab = Lab::installed("box");
    let file = lab.home.path("platform.toml");
    let text = fs::read_to_string(&file).expect("it is ours");
    let changed = text.replace(
        "folder = \"gate\"",
        "folder = \"gate\"\nrun.restart_delay = \"7s\"",
    );
    fs::write(&file, changed).expect("it is ours");
    let root = lab.home.path("root").display().to_string();
    let arguments = ["--host", "box", "--elsewhere", "--files", "--root", &root];
    let ran = lab.home.status(&arguments);
    assert_eq!(files(&ran).len(), 1, "{ran:?}");
    let json = ran.json();
    let drift = json["drift"].as_array().expect("it is a list").iter();
    let mut drift = drift.filter(|it| it["cause"] == "changed-file");
    let drift = drift.next().expect("it was found");
    let help = "generated/ is older than platform.toml: `homelab build` first";
    assert_eq!(drift["help"], help);
    let command = "ssh -t ada@127.0.0.45 'cd /srv/lab && generated/ops/install.sh'";
    assert_eq!(drift["command"], command);
}

#[test]
fn another_machine_is_looked_at_by_ssh() {
    let lab = Lab::installed("mac");
    let bin = lab.home.path("bin/ssh");
    fs::create_dir_all(lab.home.path("bin")).expect("it is ours");
    fs::write(&bin, SSH).expect("it is ours");
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = std::env::var("PATH").unwrap_or_default();
    let look = |arguments: &[&str]| {
        let start = [
            "status",
            "--format",
            "json",
            "--elsewhere",
            "--host",
            "mac",
            "--files",
        ];
        let mut command = lab.home.command(&[&start, arguments].concat());
        command
            .env("PATH", format!("{}:{path}", lab.home.path("bin").display()))
            .env("LAB", lab.home.path("."));
        run(command)
    };
    let ran = look(&[]);
    assert_eq!(files(&ran), []);
    let words = &ran.json()["unread"][0]["words"];
    assert_eq!(words, "it is another machine: see --ssh and --root");

    let ran = look(&["--ssh"]);
    let asked = fs::read_to_string(lab.home.path("asked")).expect("ssh was run");
    assert_eq!(
        asked,
        "-T -o BatchMode=yes -o ConnectTimeout=5 -- grace@127.0.0.46 sh -s\n"
    );
    // Whoever runs this is neither root nor wheel's; each file says so, and nothing else.
    let found = files(&ran);
    assert!(found.iter().all(|it| it.0 == "changed-mode"), "{found:?}");
    let seen = ran.json()["files"].as_array().expect("it is a list").len();
    assert!(seen > 1, "{ran:?}");

    let plist = fs::read_dir(lab.place("/Library/LaunchDaemons")).expect("it was installed");
    let plist = plist.flatten().next().expect("there is a daemon").path();
    fs::write(&plist, "<plist/>").expect("it is ours");
    let found = files(&look(&["--ssh"]));
    assert_eq!(found[0].0, "changed-file", "{found:?}");
    fs::remove_file(&plist).expect("it is ours");
    let found = files(&look(&["--ssh"]));
    assert_eq!(found[0].0, "missing-file", "{found:?}");

    fs::write(lab.home.path("ssh-fails"), "").expect("it is ours");
    let ran = look(&["--ssh"]);
    let what = "the files of mac could not be looked at: Permission denied (publickey).";
    assert_eq!(files(&ran), [pair("unreadable-file", what)]);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_folder_is_that_of_one_host() {
    let home = Home::of(TEXT);
    let ran = home.status(&["--elsewhere", "--files", "--root", "."]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("say whose files lie there with `--host HOST`"),
        "{ran:?}"
    );
    let ran = home.status(&[
        "--elsewhere",
        "--host",
        "box",
        "--files",
        "--root",
        "nowhere",
    ]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("cannot look below `nowhere`"), "{ran:?}");
    let ran = home.status(&["--root", "."]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
