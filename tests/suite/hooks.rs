//! Before a commit and in CI: the real pre-commit on a fresh repository, and the workflows as YAML.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::tools;

const HOOKS: &str = include_str!("../../.pre-commit-hooks.yaml");

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("it is YAML")
}

/// The real pre-commit, from its own environment.
fn pre_commit() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("target/venv-pre-commit/bin/pre-commit");
    if !program.is_file() {
        tools::skip("no pre-commit below target; tests/setup brings it");
        return None;
    }
    Some(program)
}

/// Two repositories: the one that has the hooks, and the one that uses them.
struct Lab {
    home: tempfile::TempDir,
    pre_commit: PathBuf,
}

impl Lab {
    fn new() -> Option<Self> {
        let pre_commit = pre_commit()?;
        tools::program("git")?;
        let home = tempfile::tempdir().expect("a folder");
        let lab = Self { home, pre_commit };
        let hooks = lab.path("hooks");
        fs::create_dir_all(&hooks).expect("writable");
        fs::write(hooks.join(".pre-commit-hooks.yaml"), HOOKS).expect("writable");
        lab.commit("hooks");
        let rev = lab.git("hooks", &["rev-parse", "HEAD"]);
        let rev = String::from_utf8_lossy(&rev.stdout).trim().to_owned();
        let repo = lab.path("lab");
        fs::create_dir_all(&repo).expect("writable");
        let platform = include_str!("../../platform.toml");
        fs::write(repo.join("platform.toml"), platform).expect("writable");
        fs::write(
            repo.join(".pre-commit-config.yaml"),
            format!(
                "repos:\n  - repo: {}\n    rev: {rev}\n    hooks:\n      - id: homelab-lint\n      - id: homelab-build-check\n",
                hooks.display()
            ),
        )
        .expect("writable");
        let built = Command::new(env!("CARGO_BIN_EXE_homelab"))
            .args(["build", "--quiet"])
            .current_dir(&repo)
            .env_remove("CI")
            .status();
        assert!(built.expect("the program runs").success());
        lab.commit("lab");
        Some(lab)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A command that knows nothing of the settings of this machine and finds our program first.
    fn command(&self, program: &Path, folder: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_homelab"));
        let mut path = binary
            .parent()
            .expect("it has a folder")
            .as_os_str()
            .to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(program);
        command
            .current_dir(self.path(folder))
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("PRE_COMMIT_HOME", self.path("cache"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE");
        command
    }

    fn git(&self, folder: &str, arguments: &[&str]) -> Output {
        let output = self
            .command(Path::new("git"), folder)
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    fn commit(&self, folder: &str) {
        self.git(folder, &["init", "-q"]);
        self.git(folder, &["add", "-A"]);
        self.git(folder, &["commit", "-q", "-m", "a test"]);
    }

    /// What pre-commit says about all files, and whether it let them through.
    fn run(&self) -> (bool, String) {
        let output = self
            .command(&self.pre_commit, "lab")
            .args(["run", "--all-files", "--color=never"])
            .output()
            .expect("pre-commit runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    }
}

#[test]
fn the_real_pre_commit_runs_the_hooks_on_a_fresh_repository() {
    let Some(lab) = Lab::new() else {
        return;
    };
    let (passed, said) = lab.run();
    assert!(passed, "{said}");
    assert_eq!(said.matches("Passed").count(), 2, "{said}");
    let router = lab.path("lab/generated/litellm/router.yaml");
    fs::write(&router, "edited: true\n").expect("writable");
    let (passed, said) = lab.run();
    assert!(!passed && said.contains("edited: true"), "{said}");
    assert_eq!(said.matches("Passed").count(), 1, "{said}");
    let file = lab.path("lab/platform.toml");
    let broken = fs::read_to_string(&file).expect("it is there");
    let broken = broken.replace("host = \"mini\"", "host = \"mimi\"");
    fs::write(&file, broken).expect("writable");
    let (passed, said) = lab.run();
    assert!(!passed && said.contains("did you mean `mini`?"), "{said}");
    assert_eq!(said.matches("Passed").count(), 0, "{said}");
}

#[test]
fn pre_commit_takes_the_list_of_hooks() {
    let Some(pre_commit) = pre_commit() else {
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let output = Command::new(pre_commit)
        .arg("validate-manifest")
        .arg(file)
        .output();
    let output = output.expect("pre-commit runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn both_ways_to_have_the_program_have_the_same_hooks() {
    let hooks = yaml(HOOKS);
    let hooks = hooks.as_array().expect("a list");
    assert_eq!(hooks.len(), 4);
    for hook in &hooks[..2] {
        let id = hook["id"].as_str().expect("an id");
        let twin = hooks
            .iter()
            .find(|it| it["id"] == format!("{id}-from-source"));
        let twin = twin.expect("the other way");
        assert_eq!(
            (&hook["language"], &twin["language"]),
            (&"system".into(), &"rust".into())
        );
        for key in ["name", "entry", "files", "pass_filenames"] {
            assert_eq!(hook[key], twin[key], "{id} {key}");
        }
        assert_eq!(hook["pass_filenames"], false);
    }
}

/// Each action that a workflow uses.
fn actions(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        .collect()
}

#[test]
fn the_release_makes_four_binaries_with_pinned_actions() {
    let text = include_str!("../../.github/workflows/release.yml");
    let workflow = yaml(text);
    let targets: Vec<&str> = workflow["jobs"]["build"]["strategy"]["matrix"]["include"]
        .as_array()
        .expect("a matrix")
        .iter()
        .filter_map(|it| it["target"].as_str())
        .collect();
    assert_eq!(
        targets,
        [
            "x86_64-unknown-linux-musl",
            "aarch64-unknown-linux-musl",
            "x86_64-apple-darwin",
            "aarch64-apple-darwin"
        ]
    );
    let guide = include_str!("../../docs/ci.md");
    for action in actions(text).into_iter().chain(actions(guide)) {
        let (_, rest) = action.split_once('@').expect("a version");
        let commit = rest.split(' ').next().unwrap_or_default();
        assert!(
            commit.len() == 40 && commit.bytes().all(|it| it.is_ascii_hexdigit()),
            "{action}"
        );
    }
}

#[test]
fn every_job_of_the_guide_is_yaml() {
    let guide = include_str!("../../docs/ci.md");
    let blocks: Vec<&str> = guide
        .split("```yaml\n")
        .skip(1)
        .filter_map(|it| it.split("```").next())
        .collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        assert!(yaml(block).is_object(), "{block}");
    }
    for hook in ["homelab-lint", "homelab-build-check"] {
        assert!(
            guide.contains(&format!("- id: {hook}\n"))
                && HOOKS.contains(&format!("- id: {hook}\n"))
        );
    }
}
