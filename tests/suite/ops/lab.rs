//! A machine to run the scripts on: a folder with what was built, and programs that are put in the place of real ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use homelab::compile::{check, emit};
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::ledger::claims;
use tempfile::TempDir;

use crate::tools;

/// Notes what it is asked, and says that everything is up but what a file `down-<unit>` names.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "systemctl $*" >>"$LAB/log"
for unit; do :; done
[ "$1" != is-active ] || [ ! -e "$LAB/down-$unit" ]
"#;
const LAUNCHCTL: &str = r#"#!/bin/sh
echo "launchctl $*" >>"$LAB/log"
case $1 in
print) [ -e "$LAB/down-${2#system/}" ] || echo '	state = running' ;;
bootstrap) [ ! -e "$LAB/busy" ] || { rm "$LAB/busy"; echo 'Bootstrap failed: 5: Input/output error' >&2; exit 5; } ;;
esac
"#;
const DOCKER: &str = r#"#!/bin/sh
echo "docker $*" >>"$LAB/log"
case " $* " in
*" ps "*) for it in gate store; do [ -e "$LAB/down-$it" ] || echo "$it"; done ;;
esac
"#;
const HOSTNAME: &str = "#!/bin/sh\necho \"${LAB_NAME:-nowhere}\"\n";
const NO_ADDRESSES: &str = "#!/bin/sh\nexit 0\n";
const SUDO: &str = r#"#!/bin/sh
echo "sudo $*" >>"$LAB/log"
[ "$1" != -u ] || shift 2
[ "$1" != -- ] || shift
exec "$@"
"#;
const UV: &str = r#"#!/bin/sh
echo "uv $* in $PWD" >>"$LAB/log"
[ ! -e "$LAB/uv-fails" ]
"#;

pub(super) struct Lab {
    folder: TempDir,
}

/// What became of a script.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

/// What a platform is compiled to.
pub(super) fn build(text: &str) -> Artifacts {
    let checked = check(&Source::new("platform.toml", text), None);
    let platform = checked
        .platform
        .unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
    emit(&platform, &claims(&platform)).expect("it can be written")
}

/// Every bash that the scripts must run on.
pub(super) fn shells() -> Vec<PathBuf> {
    let mut shells: Vec<_> = tools::program("bash").into_iter().collect();
    let old = std::env::var_os("HOMELAB_TEST_BASH32").map(PathBuf::from);
    match old.filter(|it| it.exists()) {
        Some(old) => shells.push(old),
        // No registry has it, so its absence fails nowhere, not even in CI.
        None => tools::tell("no bash 3.2 (HOMELAB_TEST_BASH32 names one)"),
    }
    shells
}

impl Lab {
    pub(super) fn of(text: &str) -> Self {
        let lab = Self {
            folder: tempfile::tempdir().expect("there is a folder for temporary files"),
        };
        lab.rebuild(text);
        for (name, script) in [
            ("systemctl", SYSTEMCTL),
            ("launchctl", LAUNCHCTL),
            ("docker", DOCKER),
            ("hostname", HOSTNAME),
            ("ip", NO_ADDRESSES),
            ("ifconfig", NO_ADDRESSES),
            ("sudo", SUDO),
            ("uv", UV),
        ] {
            let path = lab.path(&format!("bin/{name}"));
            write(&path, script);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        fs::create_dir_all(lab.path("root")).expect("it is ours");
        lab
    }

    /// Builds another platform into the same place.
    pub(super) fn rebuild(&self, text: &str) {
        let _ = fs::remove_dir_all(self.path("generated"));
        for artifact in &build(text) {
            write(&self.generated(&artifact.path), &artifact.text);
        }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(super) fn generated(&self, path: &str) -> PathBuf {
        self.path("generated").join(path)
    }

    /// A file of the host, below the root that the scripts are given.
    pub(super) fn on_host(&self, path: &str) -> PathBuf {
        self.path("root").join(path.trim_start_matches('/'))
    }

    pub(super) fn run(&self, shell: &Path, script: &str, arguments: &[&str]) -> Ran {
        self.run_as("nowhere", shell, script, arguments)
    }

    /// Runs a script on the host whose name `hostname` says.
    pub(super) fn run_as(&self, host: &str, shell: &Path, script: &str, arguments: &[&str]) -> Ran {
        let script = self.generated(&format!("ops/{script}.sh"));
        let output = self
            .command(host, shell)
            .arg(script)
            .args(arguments)
            .output()
            .expect("the shell runs");
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A shell among the programs of the lab.
    pub(super) fn command(&self, host: &str, shell: &Path) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(shell);
        command
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("LAB", self.folder.path())
            .env("LAB_NAME", host)
            .env("TMPDIR", self.path("root"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("http_proxy", "http://127.0.0.1:1")
            .env_remove("LITELLM_PROXY_KEY")
            .stdin(Stdio::null());
        command
    }

    /// What the put-in programs were asked to do, those questions left out that change nothing.
    pub(super) fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("log")).unwrap_or_default();
        let _ = fs::remove_file(self.path("log"));
        let asks = |line: &&str| line.contains(" is-active ") || line.contains(" print ");
        text.lines()
            .filter(|line| !asks(line))
            .map(str::to_owned)
            .collect()
    }
}

pub(super) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("it is ours");
    fs::write(path, text).expect("it is ours");
}
