//! Start scripts: read by shellcheck, and run for real by several shells.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{LAB, REPO, emitted, refused, text_of};
use crate::tools;

#[test]
fn shellcheck_has_nothing_to_say() {
    let Some(shellcheck) = tools::program("shellcheck") else {
        return;
    };
    for text in [REPO, LAB] {
        let folder = tempfile::tempdir().expect("a folder");
        let artifacts = emitted(text);
        let mut checked = Command::new(&shellcheck);
        for script in artifacts.iter().filter(|it| it.executable) {
            let path = folder.path().join(script.path.replace('/', "-"));
            fs::write(&path, &script.text).expect("a script");
            checked.arg(path);
        }
        let output = checked.output().expect("shellcheck runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

/// The ways a script may be run: by the shell of Debian, by bash, and by bash as macOS's `/bin/sh`.
fn shells() -> Vec<Vec<&'static str>> {
    let known: [&[&str]; 3] = [&["dash"], &["bash"], &["bash", "--posix"]];
    known
        .into_iter()
        .filter(|it| tools::program(it[0]).is_some())
        .map(<[_]>::to_vec)
        .collect()
}

/// A path as a text of TOML.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.to_str().expect("a path in UTF-8"))
}

/// A folder with programs that take the place of servers, and scripts whose paths lie in it.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("it's here/.venv/bin")).expect("a folder");
        Self { folder }
    }

    fn directory(&self) -> PathBuf {
        self.folder.path().join("it's here")
    }

    fn env_file(&self) -> PathBuf {
        self.folder.path().join("secret.env")
    }

    /// Puts a program into the virtual environment of the working directory.
    fn program(&self, name: &str, text: &str) {
        let path = self.directory().join(".venv/bin").join(name);
        fs::write(&path, text).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    /// A daemon of a Mac that works here and starts `command`.
    fn daemon(&self, command: &str, env: &str) -> String {
        let text = LAB
            .replace(
                "run.command = [\"/usr/bin/env\"]\nrun.directory = \"/opt/daemon\"",
                &format!(
                    "run.command = {command}\nrun.directory = {}",
                    quoted(&self.directory())
                ),
            )
            .replace("\"secret/daemon.env\"", &quoted(&self.env_file()))
            .replace("env.NOTE = \"</string><key>\"\n", env);
        text_of(&emitted(&text), "env/mac/start-daemon").to_owned()
    }

    fn slots(&self) -> String {
        let text = LAB.replace(
            "kind = \"mlx\"\nhost = \"mac\"\nfolder = \"slots\"",
            &format!(
                "kind = \"mlx\"\nhost = \"mac\"\nrun.directory = {}",
                quoted(&self.directory())
            ),
        );
        text_of(&emitted(&text), "env/mac/start-slots").to_owned()
    }

    fn command(&self, shell: &[&str], script: &str) -> Command {
        let path = self.folder.path().join("start");
        fs::write(&path, script).expect("a script");
        // A shell cannot trap what was ignored before it began, as SIGINT is in a job behind `&`; an init system ignores nothing.
        let mut command = Command::new("env");
        if cfg!(target_os = "linux") {
            command.arg("--default-signal");
        }
        command
            .args(shell)
            .arg(path)
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, shell: &[&str], script: &str) -> Output {
        self.command(shell, script)
            .output()
            .expect("the shell runs")
    }
}

/// Prints its arguments and its environment, each ended by a NUL.
const SEEN: &str = "#!/bin/sh\nprintf '%s\\0' \"$PWD\" \"$@\" --\nexec env -0\n";

#[test]
fn a_missing_variable_is_named_with_the_file_to_fill_in() {
    let stage = Stage::new();
    stage.program("seen", SEEN);
    for shell in shells() {
        let script = stage.daemon("[\"seen\"]", "env.OTHER = { fill_in = \"a number\" }\n");
        for file in [None, Some("KEY=\nOTHER=\n"), Some("KEY=''\n# OTHER=1\n")] {
            match file {
                Some(text) => fs::write(stage.env_file(), text).expect("an env file"),
                None => drop(fs::remove_file(stage.env_file())),
            }
            let output = stage.run(&shell, &script);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(78), "{shell:?}: {said}");
            assert!(
                said.contains("not set: KEY OTHER") && said.contains("secret.env"),
                "{said}"
            );
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn the_program_gets_its_arguments_environment_and_directory_unchanged() {
    const HOSTILE: [&str; 16] = [
        "",
        "a b",
        "$HOME",
        "`id`",
        "$(id)",
        "it's",
        "\"quoted\"",
        "back\\slash\\",
        "*",
        "~",
        "!x",
        ";",
        "-n",
        "--flag=a b",
        "A=b",
        "é\u{2028}%h",
    ];
    let stage = Stage::new();
    stage.program("seen", SEEN);
    let quoted: Vec<String> = HOSTILE
        .iter()
        .map(|it| serde_json::to_string(it).expect("JSON"))
        .collect();
    let command = format!(
        "[\".venv/bin/seen\", {}, {{ env = \"KEY\" }}]",
        quoted.join(", ")
    );
    let env = format!(
        "env.DECIDED = {}\nenv.SAME = {{ env = \"KEY\" }}\n",
        quoted[4]
    );
    let script = stage.daemon(&command, &env);
    fs::write(
        stage.env_file(),
        "KEY='two  words $X \\'\nDECIDED=stale\nEXTRA=\"it's\"\n",
    )
    .expect("an env file");
    for shell in shells() {
        let output = stage.run(&shell, &script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shell:?}: {said}");
        let seen = String::from_utf8(output.stdout).expect("text");
        let words: Vec<&str> = seen.trim_end_matches('\0').split('\0').collect();
        assert_eq!(words[0], stage.directory().to_str().expect("a path"));
        assert_eq!(words[1..=HOSTILE.len()], HOSTILE);
        assert_eq!(
            words[HOSTILE.len() + 1..HOSTILE.len() + 3],
            ["two  words $X \\", "--"]
        );
        let env = &words[HOSTILE.len() + 3..];
        for line in [
            "DECIDED=$(id)",
            "EXTRA=it's",
            "KEY=two  words $X \\",
            "SAME=two  words $X \\",
            "HOME=/Users/her",
        ] {
            assert!(env.contains(&line), "{shell:?}: no {line} in {env:?}");
        }
        assert!(!env.iter().any(|it| it.starts_with("homelab_")), "{env:?}");
    }
}

#[test]
fn an_env_file_is_read_and_never_executed() {
    let stage = Stage::new();
    stage.program("seen", SEEN);
    let script = stage.daemon("[\"seen\"]", "");
    let trap = stage.folder.path().join("executed");
    let good = format!(
        "# a comment\n; another\n\n  \nKEY=$(touch {0})\nA=`touch {0}`;touch {0}\r\nB='  kept  '  \nC=\"a $b\"\nKEY2=a=b\nD=no newline at the end",
        trap.display()
    );
    let bad = [
        "export KEY=1",
        "1KEY=1",
        "KEY",
        "touch x",
        " KEY=1",
        "K-Y=1",
        "KEY='a'b'",
        "KEY=a'b",
        "KEY=\"a\\nb\"",
        "KEY=a\\",
        "=x",
    ];
    for shell in shells() {
        fs::write(stage.env_file(), &good).expect("an env file");
        let output = stage.run(&shell, &script);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let seen = String::from_utf8(output.stdout).expect("text");
        for line in [
            "B=  kept  ",
            "C=a $b",
            "KEY2=a=b",
            "D=no newline at the end",
        ] {
            assert!(
                seen.split('\0').any(|it| it == line),
                "{shell:?}: no {line} in {seen:?}"
            );
        }
        assert!(
            seen.contains(&format!("\0KEY=$(touch {})\0", trap.display())),
            "{seen:?}"
        );
        for line in bad {
            fs::write(stage.env_file(), format!("KEY=value-never-shown\n{line}\n"))
                .expect("an env file");
            let output = stage.run(&shell, &script);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(78), "{shell:?} {line}: {said}");
            assert!(
                said.contains("line 2 of") && !said.contains("never-shown"),
                "{said}"
            );
        }
        assert!(!trap.exists(), "{shell:?} executed the env file");
    }
}

#[test]
fn an_optional_variable_without_a_value_is_not_set_at_all() {
    let stage = Stage::new();
    stage.program("seen", SEEN);
    let script = stage.daemon(
        "[\"seen\"]",
        "env.OTHER = { fill_in = \"a number\", required = false }\n",
    );
    for shell in shells() {
        for (file, set) in [("KEY=1\nOTHER=\n", false), ("KEY=1\nOTHER=2\n", true)] {
            fs::write(stage.env_file(), file).expect("an env file");
            let output = stage.run(&shell, &script);
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            let seen = String::from_utf8(output.stdout).expect("text");
            assert_eq!(seen.contains("\0OTHER="), set, "{shell:?}: {seen:?}");
        }
    }
}

#[test]
fn c079_a_line_break_in_a_word_is_refused_with_the_artifacts_name() {
    let text = LAB.replace(
        "[\"/usr/bin/env\", \"true\"]",
        "[\"/usr/bin/env\", \"a\\nb\"]",
    );
    let why = refused(&text);
    assert!(
        why.contains("env/box/start-low") && why.contains("line break"),
        "{why}"
    );
}

#[test]
fn a_program_below_an_unknown_directory_is_not_guessed() {
    let text = LAB.replace(
        "run.command = [\"/usr/bin/env\", \"true\"]",
        "run.command = [\"bin/low\"]",
    );
    let script = text_of(&emitted(&text), "env/box/start-low").to_owned();
    let stage = Stage::new();
    for shell in shells() {
        let output = stage.run(&shell, &script);
        assert_eq!(output.status.code(), Some(78));
        assert!(String::from_utf8_lossy(&output.stderr).contains("run.directory"));
    }
}

/// Writes its process id into a file named after its port, and stays; `TERM` ends it.
const SERVER: &str = "#!/bin/sh\nwhile [ \"$1\" != --port ]; do shift; done\necho $$ >\"$PWD/$2.new\"\nmv \"$PWD/$2.new\" \"$PWD/$2.pid\"\nexec sleep 1000\n";

/// Waits until something holds, or fails with its name.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < limit, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn alive(pid: &str) -> bool {
    Path::new("/proc").join(pid).join("exe").read_link().is_ok()
}

fn signal(name: &str, pid: &str) {
    let status = Command::new("kill")
        .args(["-s", name, "--", pid])
        .status()
        .expect("kill runs");
    assert!(status.success(), "kill -s {name} {pid}");
}

/// Starts the service with two models, and gives its process and those of the models.
fn started(stage: &Stage, shell: &[&str]) -> (Child, Vec<String>) {
    let script = stage.slots();
    let files = ["8100", "8101"].map(|port| stage.directory().join(format!("{port}.pid")));
    for file in &files {
        drop(fs::remove_file(file));
    }
    let child = stage
        .command(shell, &script)
        .spawn()
        .expect("the shell runs");
    wait_until("a server", || files.iter().all(|it| it.exists()));
    assert!(
        !stage.directory().join("8102.pid").exists(),
        "it does not start at boot"
    );
    let pids = files.map(|it| fs::read_to_string(it).expect("a pid").trim().to_owned());
    (child, pids.to_vec())
}

#[test]
fn when_one_model_dies_all_are_stopped_and_the_service_fails() {
    let stage = Stage::new();
    stage.program("mlx-openai-server", SERVER);
    for shell in shells() {
        for at in [0, 1] {
            let (child, pids) = started(&stage, &shell);
            signal("KILL", &pids[at]);
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{shell:?}: {said}");
            assert!(said.contains("status 137"), "{said}");
            wait_until("the end of all", || !pids.iter().any(|it| alive(it)));
        }
    }
}

#[test]
fn when_the_service_is_told_to_end_so_is_every_model() {
    let stage = Stage::new();
    stage.program("mlx-openai-server", SERVER);
    for shell in shells() {
        for name in ["TERM", "INT"] {
            let (child, pids) = started(&stage, &shell);
            signal(name, &child.id().to_string());
            let output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{shell:?}: {said}");
            wait_until("the end of all", || !pids.iter().any(|it| alive(it)));
        }
    }
}
