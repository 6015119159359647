//! What is made from the arguments and the rules for readers and shells: completions, man pages, `docs/reference`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use walkdir::WalkDir;

use crate::tools;

fn homelab(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_homelab"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("it says UTF-8")
}

/// Every file below a folder, by its path in it.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let files = WalkDir::new(folder).into_iter().filter_map(|entry| {
        let entry = entry.expect("it can be read");
        if !entry.file_type().is_file() {
            return None;
        }
        let below = entry.path().strip_prefix(folder).expect("it lies below");
        let text = fs::read_to_string(entry.path()).expect("it is text");
        Some((below.to_string_lossy().into_owned(), text))
    });
    files.collect()
}

#[test]
fn the_reference_is_what_the_code_makes() {
    let made = tempfile::tempdir().expect("a folder");
    homelab(&["reference", made.path().to_str().expect("UTF-8")]);
    let made = tree(made.path());
    let committed = tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference"));
    let stale: Vec<&String> = made
        .iter()
        .filter(|(name, text)| committed.get(*name) != Some(text))
        .map(|(name, _)| name)
        .chain(committed.keys().filter(|it| !made.contains_key(*it)))
        .collect();
    assert_eq!(
        stale,
        Vec::<&String>::new(),
        "run `rm -r docs/reference; cargo run -- reference docs/reference`"
    );
    for rule in homelab::compile::rules() {
        assert!(made.contains_key(&format!("rules/{}.md", rule.name)));
    }
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let folder = tempfile::tempdir().expect("a folder");
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = homelab(&["completions", shell]);
        for command in ["build", "lint", "explain", "schema"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        let file = folder.path().join(shell);
        fs::write(&file, &script).expect("writable");
        let Some(program) = tools::program(shell) else {
            continue;
        };
        let output = Command::new(program).arg(check).arg(&file).output();
        let output = output.expect("the shell runs");
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{shell}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    for shell in ["elvish", "powershell"] {
        assert!(homelab(&["completions", shell]).contains("homelab"));
    }
}

/// Tab behind `homelab li`, in a bash that has read the script.
#[test]
fn bash_completes_a_command() {
    let Some(bash) = tools::program("bash") else {
        return;
    };
    let script = "source <(\"$1\" completions bash); COMP_WORDS=(homelab li); COMP_CWORD=1; _homelab homelab li homelab; echo \"${COMPREPLY[*]}\"";
    let output = Command::new(bash)
        .args(["-c", script, "bash", env!("CARGO_BIN_EXE_homelab")])
        .output()
        .expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "lint");
}

#[test]
fn man_pages_can_be_typeset() {
    let folder = tempfile::tempdir().expect("a folder");
    homelab(&["man", "--out", folder.path().to_str().expect("UTF-8")]);
    let pages = tree(folder.path());
    assert!(pages.contains_key("homelab.1") && pages.contains_key("homelab-lint.1"));
    assert!(!pages.contains_key("homelab-reference.1"), "it is hidden");
    assert_eq!(pages["homelab.1"], homelab(&["man"]));
    let Some(groff) = tools::program("groff") else {
        return;
    };
    for name in pages.keys() {
        let output = Command::new(&groff)
            .args(["-man", "-Tutf8", "-ww", "-P-cbou"])
            .arg(folder.path().join(name))
            .output()
            .expect("groff runs");
        let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && warnings.is_empty(),
            "{name}: {warnings}"
        );
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("NAME") && text.contains("homelab"), "{name}");
    }
}
