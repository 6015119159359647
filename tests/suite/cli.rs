//! The program as its users run it: arguments, exit codes, streams.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn homelab(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
    command
        .current_dir(folder)
        .env_remove("CI")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    homelab(folder)
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with the repo's own platform.
fn lab() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("platform.toml"),
        include_str!("../../platform.toml"),
    )
    .expect("writable");
    folder
}

#[test]
fn a_build_writes_a_second_one_nothing_and_a_check_agrees() {
    let lab = lab();
    let first = run(lab.path(), &["build"]);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    assert!(text(&first.stdout).contains("files written"));
    let second = run(lab.path(), &["build"]);
    assert!(
        text(&second.stdout).contains("nothing changed"),
        "{}",
        text(&second.stdout)
    );
    assert_eq!(code(&run(lab.path(), &["build", "--check"])), 0);
}

#[test]
fn a_build_makes_the_site_as_well_unless_it_is_told_not_to() {
    let (lab, other) = (lab(), lab());
    let index = |lab: &tempfile::TempDir| lab.path().join("generated/site/index.html");
    assert_eq!(code(&run(other.path(), &["build", "--no-site"])), 0);
    assert_eq!(code(&run(other.path(), &["build", "--only", "ops"])), 0);
    assert!(!index(&other).exists());
    let first = run(lab.path(), &["build"]);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    assert!(index(&lab).exists());
    // It is made anew wherever it is looked at, so git need not keep it.
    let ignored = fs::read_to_string(lab.path().join("generated/site/.gitignore"));
    assert_eq!(ignored.expect("it was written"), "*\n");
    // A document that cannot be read is no reason to write half of what was asked for.
    fs::create_dir(other.path().join("docs")).expect("writable");
    fs::write(other.path().join("docs/a.md"), b"\xff").expect("writable");
    fs::remove_dir_all(other.path().join("generated")).expect("writable");
    let failed = run(other.path(), &["build"]);
    assert_eq!(code(&failed), 2);
    assert!(
        text(&failed.stderr).contains("a.md"),
        "{}",
        text(&failed.stderr)
    );
    assert!(!other.path().join("generated").exists());
}

#[test]
fn a_check_shows_what_differs_and_writes_nothing() {
    let lab = lab();
    assert_eq!(code(&run(lab.path(), &["build"])), 0);
    let router = lab.path().join("generated/litellm/router.yaml");
    let edited = fs::read_to_string(&router).expect("it was written") + "edited: true\n";
    fs::write(&router, &edited).expect("writable");
    let check = run(lab.path(), &["build", "--check"]);
    assert_eq!(code(&check), 1);
    assert!(
        text(&check.stdout).contains("-edited: true"),
        "{}",
        text(&check.stdout)
    );
    assert_eq!(
        fs::read_to_string(&router).expect("it is still there"),
        edited
    );
}

#[test]
fn an_error_in_the_file_writes_nothing() {
    let lab = lab();
    let file = lab.path().join("platform.toml");
    let wrong = include_str!("../../platform.toml").replace("host = \"mini\"", "host = \"mimi\"");
    fs::write(file, wrong).expect("writable");
    let build = run(lab.path(), &["build"]);
    assert_eq!(code(&build), 1);
    assert!(text(&build.stdout).contains("did you mean `mini`?"));
    assert!(!lab.path().join("generated").exists());
}

#[test]
fn a_file_with_an_error_is_not_called_sound() {
    let lab = lab();
    let wrong = include_str!("../../platform.toml").replace(
        "LITELLM_LOG = \"INFO\"",
        "LITELLM_LOG = \"INFO\"\nADMIN_PASSWORD = \"admin\"",
    );
    fs::write(lab.path().join("platform.toml"), wrong).expect("writable");
    let lint = run(lab.path(), &["lint"]);
    assert_eq!(code(&lint), 1, "{}", text(&lint.stdout));
    assert!(!text(&lint.stdout).contains("is sound"));
}

#[test]
fn only_some_folders_are_written() {
    let lab = lab();
    assert_eq!(
        code(&run(lab.path(), &["build", "--only", "systemd,ops"])),
        0
    );
    let generated = lab.path().join("generated");
    assert!(generated.join("systemd").is_dir() && generated.join("ops").is_dir());
    assert!(!generated.join("litellm").exists());
    let wrong = run(lab.path(), &["build", "--only", "sytemd"]);
    assert_eq!(code(&wrong), 2);
    assert!(text(&wrong.stderr).contains("did you mean `systemd`?"));
}

#[test]
fn wrong_use_and_a_failing_world_are_two() {
    let lab = lab();
    for arguments in [
        &["bild"][..],
        &["build", "--no-such-flag"],
        &["lint", "--platform", "not-there.toml"],
        &["lint", "--platform", "."],
        &["lint", "--today", "2026-02-30"],
        &["explain", "no-such-rule"],
        &[],
    ] {
        let output = run(lab.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_format_never_changes_the_code() {
    let lab = lab();
    let bad = lab.path().join("bad.toml");
    fs::write(&bad, "version = 1\nname = \"x\"\n").expect("writable");
    for format in ["full", "concise", "json", "sarif", "github", "gitlab"] {
        assert_eq!(
            code(&run(lab.path(), &["lint", "--format", format])),
            0,
            "{format}"
        );
        assert_eq!(
            code(&run(
                lab.path(),
                &["lint", "--platform", "bad.toml", "--format", format]
            )),
            1,
            "{format}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn c022_what_is_no_file_is_refused_at_once() {
    let lab = lab();
    for path in ["/dev/zero", "/dev/stdin", "/proc/self/mem"] {
        assert_eq!(
            code(&run(lab.path(), &["lint", "--platform", path])),
            2,
            "{path}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn c119_a_full_or_closed_output_ends_without_a_panic() {
    let lab = lab();
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("a full device");
    let child = homelab(lab.path())
        .arg("explain")
        .stdout(full)
        .stderr(Stdio::piped())
        .output();
    let output = child.expect("the program runs");
    assert_eq!(code(&output), 2);
    assert!(
        text(&output.stderr).contains("No space left"),
        "{}",
        text(&output.stderr)
    );
    let mut child = homelab(lab.path())
        .arg("explain")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(
        !text(&output.stderr).contains("panicked"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn c120_the_world_does_not_change_a_byte() {
    let (one, two) = (lab(), lab());
    assert_eq!(code(&run(one.path(), &["build"])), 0);
    let elsewhere = homelab(Path::new("/"))
        .args(["build", "--platform"])
        .arg(two.path().join("platform.toml"))
        .env_clear()
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("COLUMNS", "20")
        .output()
        .expect("the program runs");
    assert_eq!(code(&elsewhere), 0, "{}", text(&elsewhere.stderr));
    let manifest = |folder: &Path| {
        fs::read_to_string(folder.join("generated/manifest.json")).expect("it was written")
    };
    assert_eq!(manifest(one.path()), manifest(two.path()));
}

#[test]
fn c122_a_narrow_dumb_terminal_gets_plain_words() {
    let lab = lab();
    fs::write(
        lab.path().join("bad.toml"),
        "version = 1\nname = \"x\"\nnmae = 3\n",
    )
    .expect("writable");
    let output = homelab(lab.path())
        .args(["lint", "--platform", "bad.toml"])
        .env("TERM", "dumb")
        .env("COLUMNS", "20")
        .output()
        .expect("the program runs");
    assert_eq!(code(&output), 1);
    assert!(!text(&output.stdout).contains('\u{1b}'));
}

#[test]
fn c099_a_secret_in_the_environment_appears_nowhere() {
    let lab = lab();
    let canary = "canary-4f1c9b7e2d";
    let output = homelab(lab.path())
        .args(["build", "--format", "json"])
        .env("LITELLM_PROXY_KEY", canary)
        .env("OPENAI_API_KEY", canary)
        .output()
        .expect("the program runs");
    assert_eq!(code(&output), 0);
    assert!(!text(&output.stdout).contains(canary) && !text(&output.stderr).contains(canary));
    for entry in walkdir::WalkDir::new(lab.path()) {
        let entry = entry.expect("readable");
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).expect("readable");
            assert!(!text(&bytes).contains(canary), "{}", entry.path().display());
        }
    }
}

const BROKEN: &str = "version = 1\nname = \"x\"\nnmae = 3\n";

#[test]
fn a_document_on_standard_output_is_one_document() {
    let lab = lab();
    assert_eq!(code(&run(lab.path(), &["build", "--quiet"])), 0);
    let router = lab.path().join("generated/litellm/router.yaml");
    fs::write(&router, "edited: true\n").expect("writable");
    for format in ["json", "sarif", "gitlab"] {
        for command in [&["lint"][..], &["build", "--check"], &["build"]] {
            let output = homelab(lab.path())
                .args(command)
                .args(["--format", format])
                .output()
                .expect("the program runs");
            assert_eq!(code(&output), i32::from(command[0] == "build"));
            let read: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
            assert!(
                read.is_ok(),
                "{command:?} {format}: {}",
                text(&output.stdout)
            );
        }
    }
}

#[test]
fn services_get_the_path_from_the_root_of_the_repository() {
    let lab = lab();
    let below = lab.path().join("lab one");
    fs::create_dir_all(&below).expect("writable");
    fs::create_dir_all(lab.path().join(".git")).expect("writable");
    fs::write(below.join("platform.toml"), BROKEN).expect("writable");
    for (format, wanted) in [
        ("sarif", "\"uri\": \"lab%20one/platform.toml\""),
        ("github", "file=lab one/platform.toml,"),
        ("gitlab", "\"path\": \"lab one/platform.toml\""),
        ("concise", "platform.toml:"),
    ] {
        let output = run(&below, &["lint", "--format", format]);
        assert_eq!(code(&output), 1);
        assert!(
            text(&output.stdout).contains(wanted),
            "{}",
            text(&output.stdout)
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn c119_no_format_panics_where_nothing_can_be_written() {
    let lab = lab();
    fs::write(lab.path().join("bad.toml"), BROKEN).expect("writable");
    for format in ["full", "concise", "json", "sarif", "github", "gitlab"] {
        for (file, full) in [("bad.toml", 1), ("platform.toml", 2)] {
            let lint = || {
                let mut command = homelab(lab.path());
                command.args(["lint", "--platform", file, "--format", format]);
                command
            };
            let device = File::options().write(true).open("/dev/full");
            let output = lint()
                .stdout(device.expect("a full device"))
                .stderr(Stdio::piped())
                .output()
                .expect("the program runs");
            assert_eq!(code(&output), full, "{format} {file}");
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let closed = lint()
                .stdout(writer)
                .stderr(Stdio::piped())
                .output()
                .expect("the program runs");
            assert_eq!(code(&closed), full, "{format} {file}");
            for stderr in [&output.stderr, &closed.stderr] {
                assert!(!text(stderr).contains("panicked"), "{}", text(stderr));
            }
        }
    }
}

#[test]
fn c122_no_format_needs_colour_or_room() {
    let lab = lab();
    fs::write(lab.path().join("bad.toml"), BROKEN).expect("writable");
    for format in ["full", "concise", "json", "sarif", "github", "gitlab"] {
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb"), ("TERM", "xterm")] {
            let output = homelab(lab.path())
                .args(["lint", "--platform", "bad.toml", "--format", format])
                .env(name, value)
                .env("COLUMNS", "20")
                .output()
                .expect("the program runs");
            assert_eq!(code(&output), 1);
            assert!(!text(&output.stdout).contains('\u{1b}'), "{format} {name}");
        }
    }
}

#[test]
fn explain_shows_the_readers_own_lines() {
    let lab = lab();
    fs::write(lab.path().join("bad.toml"), BROKEN).expect("writable");
    let of = |arguments: &[&str]| {
        let output = run(lab.path(), arguments);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let own = of(&["explain", "unknown-key", "--platform", "bad.toml"]);
    assert!(
        own.contains("in bad.toml:") && own.contains("nmae = 3"),
        "{own}"
    );
    assert!(own.ends_with("1 error\n"), "{own}");
    let other = of(&["explain", "out-of-range", "--platform", "bad.toml"]);
    assert!(other.contains("mistakes that come first"), "{other}");
    let here = of(&["explain", "unknown-key"]);
    assert!(
        here.ends_with("platform.toml does not break it.\n"),
        "{here}"
    );
    let elsewhere = homelab(Path::new("/"))
        .args(["explain", "unknown-key"])
        .output()
        .expect("the program runs");
    assert!(!text(&elsewhere.stdout).contains("platform.toml"));
    let missing = ["explain", "unknown-key", "--platform", "no.toml"];
    assert_eq!(code(&run(lab.path(), &missing)), 2);
}

#[test]
fn the_list_of_rules_fits_sixty_columns() {
    let lab = lab();
    for columns in [20, 60, 100, 160] {
        let output = homelab(lab.path())
            .arg("explain")
            .env("COLUMNS", columns.to_string())
            .output()
            .expect("the program runs");
        let list = text(&output.stdout);
        for rule in homelab::compile::rules() {
            let line = list
                .lines()
                .find(|line| line.split(' ').next() == Some(rule.name));
            let line = line.unwrap_or_else(|| panic!("{} is not listed", rule.name));
            assert!(line.contains(rule.severity.word()), "{line}");
        }
        if columns >= 60 {
            for line in list.lines() {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
        }
    }
}

#[test]
fn a_new_service_gets_documents_whose_links_lead_somewhere_and_keeps_its_own() {
    let lab = lab();
    assert_eq!(code(&run(lab.path(), &["build"])), 0);
    let first = run(lab.path(), &["new", "service", "searxng"]);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    let folder = lab.path().join("layer-tools/searxng");
    let mut links = 0;
    for name in ["SERVICE_SPEC.md", "ARCHITECTURE.md", "AGENTS.md"] {
        let page = fs::read_to_string(folder.join(name)).expect("written");
        for link in page.split("](").skip(1) {
            let target = link.split(')').next().expect("it ends");
            assert!(folder.join(target).is_file(), "{name}: {target}");
            links += 1;
        }
    }
    assert!(links > 5, "{links}");
    let spec = fs::read_to_string(folder.join("SERVICE_SPEC.md")).expect("written");
    assert!(spec.contains("SEARXNG_SECRET") && spec.contains("`GET /search"));

    fs::write(folder.join("AGENTS.md"), "mine\n").expect("writable");
    let second = run(lab.path(), &["new", "service", "searxng"]);
    assert!(text(&second.stdout).contains("AGENTS.md: kept as it is"));
    assert_eq!(
        fs::read(folder.join("AGENTS.md")).expect("there"),
        b"mine\n"
    );
}

#[test]
fn a_new_service_that_platform_toml_does_not_have_is_refused() {
    let lab = lab();
    let near = run(lab.path(), &["new", "service", "searxgn"]);
    assert_eq!(code(&near), 2);
    assert!(text(&near.stderr).contains("did you mean `searxng`?"));
    let unknown = run(lab.path(), &["new", "service", "../printer"]);
    assert_eq!(code(&unknown), 2);
    assert!(!lab.path().join("services").exists());
}

#[test]
fn documents_of_a_new_service_stay_below_its_platform() {
    let lab = lab();
    let file = lab.path().join("platform.toml");
    let platform = fs::read_to_string(&file).expect("there");
    let outside = lab.path().join("outside").display().to_string();
    for folder in ["../elsewhere", outside.as_str()] {
        let written = format!("folder = \"{folder}\"");
        let changed = platform.replace("folder = \"layer-tools/searxng\"", &written);
        assert_ne!(changed, platform);
        fs::write(&file, changed).expect("writable");
        let refused = run(lab.path(), &["new", "service", "searxng"]);
        assert_ne!(code(&refused), 0, "{folder}");
        assert!(!lab.path().join(folder).exists());
    }
}
