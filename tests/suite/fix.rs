//! `homelab lint --fix`: what it writes, what it leaves, and when it writes nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Two safe fixes, an unsafe one, comments, and an order of its own.
const WORN: &str = r#"# The whole house.
version = 1
name = "home"   # no fix is about this

[policy]
gateway = "gateway"

[services.chat] # what the family uses
kind = "open-webui"
host = "pi"
port = "3000"   # a text, and meant as a number

[services.chat.env]
OPENAI_API_BASE_URL = { url = "gateway", path = "/v1/" }

[services.gateway]
kind = "litelm"
host = "pi"

[networks.lan]
kind = "lan"

# The only machine.
[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[[lint.exceptions]]
rule = "expired-approval"
at = "services.gateway"
reason = "left from before"
"#;

struct Lab(tempfile::TempDir);

impl Lab {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("platform.toml"), text).expect("writable");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("platform.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("it is a text")
    }

    fn lint(&self, arguments: &[&str]) -> (i32, String, String) {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_homelab"))
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .arg("lint")
            .args(arguments)
            .output()
            .expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().expect("it was not killed");
        (code, text(&output.stdout), text(&output.stderr))
    }
}

#[test]
fn safe_fixes_are_written_and_the_rest_is_shown() {
    let lab = Lab::of(WORN);
    let (code, shown, _) = lab.lint(&["--fix"]);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("there is no kind `litelm`") && shown.contains("1 finding fixed"),
        "{shown}"
    );
    assert!(
        shown.contains("1 can be fixed with `--unsafe-fixes`"),
        "{shown}"
    );
    assert_eq!(lab.text(), WORN.replace("\"3000\"", "3000"));
}

#[test]
fn unsafe_fixes_are_written_on_request_in_passes_and_everything_else_stays() {
    let lab = Lab::of(WORN);
    let (code, shown, _) = lab.lint(&["--unsafe-fixes"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("4 findings fixed"), "{shown}");
    let (before, _) = WORN
        .split_once("\n[[lint.exceptions]]")
        .expect("it is there");
    let expected = before
        .replace("\"3000\"", "3000")
        .replace("litelm", "litellm")
        .replace("/v1/", "/v1");
    assert_eq!(lab.text(), expected);
    let (code, shown, _) = lab.lint(&["--fix", "--unsafe-fixes"]);
    assert_eq!(code, 0);
    assert!(!shown.contains("fixed"), "{shown}");
}

#[test]
fn line_ends_and_permissions_stay() {
    let lab = Lab::of(&WORN.replace('\n', "\r\n"));
    fs::set_permissions(lab.file(), Permissions::from_mode(0o640)).expect("ours");
    lab.lint(&["--unsafe-fixes", "-q"]);
    let text = lab.text();
    assert!(text.contains("port = 3000   # a text"), "{text}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let mode = fs::metadata(lab.file())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_diff_shows_the_fixes_and_writes_nothing() {
    let lab = Lab::of(WORN);
    let (code, shown, _) = lab.lint(&["--diff"]);
    assert_eq!(code, 1);
    assert!(
        shown.contains("-port = \"3000\"   # a text") && shown.contains("+port = 3000   # a text"),
        "{shown}"
    );
    assert!(!shown.contains("litellm\""), "{shown}");
    let (_, shown, _) = lab.lint(&["--diff", "--unsafe-fixes"]);
    assert!(shown.contains("+kind = \"litellm\""), "{shown}");
    assert_eq!(lab.text(), WORN);
    let lab = Lab::of(include_str!("../../platform.toml"));
    assert_eq!(lab.lint(&["--diff"]), (0, String::new(), String::new()));
}

#[test]
fn c094_a_diff_shows_no_secret_of_the_file() {
    let secret = "sk-proj-9fK2mQx7Lr4TzW8vB3nYc6Hd";
    let text = WORN.replace(
        "port = \"3000\"",
        &format!("env.KEY = \"{secret}\"\nport = \"3000\""),
    );
    let (_, shown, errors) = Lab::of(&text).lint(&["--diff", "--unsafe-fixes"]);
    assert!(shown.contains("port = 3000"), "{shown}");
    assert!(
        !shown.contains(secret) && !errors.contains(secret),
        "{shown}"
    );
}

#[test]
fn reports_for_programs_stay_one_document() {
    let lab = Lab::of(WORN);
    let (code, shown, notes) = lab.lint(&["--fix", "--format", "json"]);
    assert_eq!(code, 1);
    let report: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(report["errors"], 1);
    assert!(notes.contains("1 finding fixed"), "{notes}");
}

#[test]
fn what_must_not_be_written_is_refused_and_stays() {
    let lab = Lab::of(WORN);
    fs::set_permissions(lab.file(), Permissions::from_mode(0o444)).expect("ours");
    let (code, _, errors) = lab.lint(&["--fix"]);
    assert_eq!(code, 2);
    assert!(
        errors.contains("read-only") && errors.contains("nothing was changed"),
        "{errors}"
    );
    assert_eq!(lab.text(), WORN);

    let lab = Lab::of(WORN);
    std::os::unix::fs::symlink("platform.toml", lab.0.path().join("link.toml")).expect("a link");
    let (code, _, errors) = lab.lint(&["--fix", "--platform", "link.toml"]);
    assert_eq!(code, 2);
    assert!(errors.contains("no regular file"), "{errors}");
    assert_eq!(lab.text(), WORN);
    assert_eq!(leftovers(lab.0.path()), ["link.toml", "platform.toml"]);

    let (code, _, errors) = lab.lint(&["--fix", "--platform", "-"]);
    assert_eq!(code, 2);
    assert!(errors.contains("standard input is not read"), "{errors}");
}

fn leftovers(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("readable");
    let mut names: Vec<String> = entries
        .map(|it| {
            it.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_that_is_no_text_stays_as_it_is() {
    let lab = Lab::of("");
    let bytes = b"version = 1\nname = \"a\xff\"\nport = True\n";
    fs::write(lab.file(), bytes).expect("writable");
    let (code, _, _) = lab.lint(&["--unsafe-fixes"]);
    assert_eq!(code, 1);
    assert_eq!(fs::read(lab.file()).expect("there"), bytes);
}
