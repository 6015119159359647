//! Writing the tree: nothing lost, nothing outside, all or nothing. The numbers are those of the robustness list.
//!
//! Here: the place where a test builds, what it builds, and the player that builds in a process of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod links;
mod others;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use homelab::cli::output::{ClashCause, Options, Outcome, OutputError, compare, write};
use homelab::emit::{Artifact, Artifacts};
use tempfile::TempDir;
use walkdir::WalkDir;

/// A place for one test, and the root to build there.
struct Place {
    home: TempDir,
    root: PathBuf,
}

impl Place {
    fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// In memory where there is such a place, for tests that write thousands of trees.
    fn fast() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::below(memory)
        } else {
            Self::new()
        }
    }

    fn below(folder: &Path) -> Self {
        let home = tempfile::tempdir_in(folder.canonicalize().unwrap()).unwrap();
        let root = home.path().join("generated");
        Self { home, root }
    }

    fn built(version: &str) -> Self {
        let place = Self::new();
        place.write(version).unwrap();
        place
    }

    fn write(&self, version: &str) -> Result<Outcome, OutputError> {
        write(&self.root, &artifacts(version), &Options::default())
    }

    fn force(&self, version: &str) -> Result<Outcome, OutputError> {
        let options = Options {
            force: true,
            ..Options::default()
        };
        write(&self.root, &artifacts(version), &options)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn tree(&self) -> BTreeMap<String, String> {
        tree(&self.root)
    }
}

/// A small platform's artifacts; the version is in every text. The version `many` has so many that they are written side by side.
fn artifacts(version: &str) -> Artifacts {
    let mut artifacts = Artifacts::new();
    for number in 0..if version == "many" { 1500 } else { 0 } {
        let (folder, text) = (number / 400, version);
        artifacts.add(Artifact::new(format!("env/{folder}/{number}.env"), text));
        artifacts.add(Artifact::new(format!("env/{folder}/{number}.sh"), text).executable());
    }
    artifacts.add(Artifact::new(
        "env/nas/llm.env",
        format!("# {version}\nLITELLM_KEY=\n"),
    ));
    artifacts.add(Artifact::new(
        "litellm/router.yaml",
        format!("model_list: [] # {version}\n"),
    ));
    artifacts
        .add(Artifact::new("ops/healthcheck.sh", format!("#!/bin/sh\n# {version}\n")).executable());
    artifacts.add(Artifact::new("site/index.html", format!("<p>{version}\n")));
    artifacts.add(Artifact::new(
        "systemd/nas/drop/in.conf",
        format!("# {version}\n"),
    ));
    artifacts
}

/// Every path below `root` with its kind, mode and content.
fn tree(root: &Path) -> BTreeMap<String, String> {
    let walk = WalkDir::new(root).min_depth(1);
    walk.into_iter()
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().mode() & 0o7777;
            let what = if entry.file_type().is_dir() {
                format!("{mode:o} folder")
            } else if entry.file_type().is_symlink() {
                format!("link to {}", fs::read_link(entry.path()).unwrap().display())
            } else if entry.file_type().is_file() {
                format!(
                    "{mode:o} {:?}",
                    String::from_utf8_lossy(&fs::read(entry.path()).unwrap())
                )
            } else {
                "special".to_owned()
            };
            let path = entry.path().strip_prefix(root).unwrap();
            (path.display().to_string(), what)
        })
        .collect()
}

fn clash(result: Result<Outcome, OutputError>) -> (String, ClashCause) {
    match result {
        Err(error @ OutputError::Clash(_)) => {
            assert_eq!(error.exit_code(), 1);
            let OutputError::Clash(mut clashes) = error else {
                unreachable!()
            };
            assert_eq!(clashes.len(), 1, "{clashes:?}");
            let clash = clashes.remove(0);
            (clash.path, clash.cause)
        }
        other => panic!("no clash: {other:?}"),
    }
}

/// Runs [`played`] in a process of its own: with what is given, after `prepare`.
fn play(role: &str, root: &Path, version: &str, prepare: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "output::played", "--nocapture"]);
    command
        .env("OUTPUT_ROLE", role)
        .env("OUTPUT_ROOT", root)
        .env("OUTPUT_VERSION", version);
    prepare(&mut command);
    command.output().unwrap()
}

/// The other end of [`play`]; a test like any other, and empty when nobody asks.
#[test]
fn played() {
    let (Ok(role), Ok(root)) = (std::env::var("OUTPUT_ROLE"), std::env::var("OUTPUT_ROOT")) else {
        return;
    };
    if let Ok(umask) = std::env::var("OUTPUT_UMASK") {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(
            rustix::fs::RawMode::from_str_radix(&umask, 8).unwrap(),
        ));
    }
    let version = std::env::var("OUTPUT_VERSION").unwrap();
    let options = Options {
        wait: Duration::from_mins(1),
        ..Options::default()
    };
    let root = Path::new(&root);
    match role.as_str() {
        "write" => drop(write(root, &artifacts(&version), &options).unwrap()),
        "compare" => assert_eq!(compare(root, &artifacts(&version), &options).unwrap(), []),
        "crossing" => {
            let error = write(root, &artifacts(&version), &options).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("env"), "{error}");
        }
        other => panic!("no role {other}"),
    }
}

fn assert_played(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("1 passed"), "{text}");
}

#[test]
fn a_first_build_makes_the_root_and_leaves_nothing_behind() {
    let place = Place::new();
    let outcome = place.write("one").unwrap();
    assert_eq!(outcome.written.len(), 7, "{outcome:?}");
    let names: Vec<String> = place.tree().into_keys().collect();
    assert_eq!(
        names,
        [
            "env",
            "env/nas",
            "env/nas/llm.env",
            "litellm",
            "litellm/router.yaml",
            "manifest.json",
            "ops",
            "ops/healthcheck.sh",
            "site",
            "site/.manifest.json",
            "site/index.html",
            "systemd",
            "systemd/nas",
            "systemd/nas/drop",
            "systemd/nas/drop/in.conf",
        ]
    );
    assert_eq!(
        compare(&place.root, &artifacts("one"), &Options::default()).unwrap(),
        []
    );
    let again = place.write("two").unwrap();
    assert_eq!(
        (again.written.len(), again.unchanged, again.recovered),
        (7, 0, None)
    );
    assert!(place.tree().values().all(|text| !text.contains("one")));
}
