//! Two branches that each add ports, merged by git itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{HOME, names, next, nothing, promises, with_ports};

fn git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), said)
}

/// Merges the locks of two branches; whether git found a conflict, and what it left.
fn merge(union: bool, base: &str, ours: &str, theirs: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let commit = |lock: &str| {
        fs::write(path.join("platform.lock"), lock).unwrap();
        assert!(git(path, &["add", "."]).0);
        assert!(git(path, &["commit", "-qm", "x", "--allow-empty"]).0);
    };
    assert!(git(path, &["init", "-qb", "main"]).0);
    if union {
        let line = include_str!("../../../.gitattributes");
        fs::write(path.join(".gitattributes"), line).unwrap();
    }
    commit(base);
    assert!(git(path, &["checkout", "-qb", "theirs"]).0);
    commit(theirs);
    assert!(git(path, &["checkout", "-q", "main"]).0);
    commit(ours);
    let (clean, _) = git(path, &["merge", "-q", "theirs", "-m", "merge"]);
    (
        clean,
        fs::read_to_string(path.join("platform.lock")).unwrap(),
    )
}

fn ports(numbers: &[u16]) -> String {
    with_ports(&numbers.iter().copied().collect())
}

#[test]
fn branches_that_each_add_ports_merge_without_conflict() {
    let base = next(HOME, None);
    for (ours, theirs) in [
        (&[9001][..], &[9003][..]),
        (&[9003], &[9001]),
        (&[9002, 9004, 9006], &[9000, 9005, 9007]),
    ] {
        let (mine, its) = (ports(ours), ports(theirs));
        let (clean, merged) = merge(
            true,
            &base,
            &next(&mine, Some(&base)),
            &next(&its, Some(&base)),
        );
        assert!(clean);
        let both = ports(&[ours, theirs].concat());
        let found = promises(&both, Some(&merged));
        assert!(!found.lock_diagnostics.has_errors(), "{merged}");
        assert!(found.broken.is_empty(), "{merged}");
        // Nobody needs to build again: only the order may differ from what a build writes.
        let known = found.known.unwrap().to_text();
        assert_eq!(known, found.next.unwrap().to_text());
        assert_eq!(known, next(&both, Some(&base)));
    }
}

/// Why the attribute is needed: two lines added at one place are a conflict for git, whatever the order of the file.
#[test]
fn without_the_attribute_neighbours_conflict_and_are_explained() {
    let base = next(HOME, None);
    let (one, two) = (ports(&[9001]), ports(&[9003]));
    let (clean, merged) = merge(
        false,
        &base,
        &next(&one, Some(&base)),
        &next(&two, Some(&base)),
    );
    assert!(!clean);
    let both = ports(&[9001, 9003]);
    let found = names(&promises(&both, Some(&merged)), &both, &merged);
    assert_eq!(found, ["conflicted-lock @ <<<<<<< HEAD"]);
    // The help is right: without the marker lines it is what both promised.
    let solved: String = merged
        .split_inclusive('\n')
        .filter(|line| {
            !["<<<<<<<", "=======", ">>>>>>>"]
                .iter()
                .any(|it| line.starts_with(it))
        })
        .collect();
    assert_eq!(next(&both, Some(&solved)), next(&both, Some(&base)));
}

#[test]
fn a_port_given_up_here_and_a_neighbour_added_there_merge() {
    let base = next(&ports(&[9001, 9003]), None);
    let ours = next(&ports(&[9003]), Some(&base));
    let theirs = next(&ports(&[9001, 9002, 9003, 9005]), Some(&base));
    let (clean, merged) = merge(true, &base, &ours, &theirs);
    assert!(clean);
    let both = ports(&[9002, 9003, 9005]);
    let found = names(&promises(&both, Some(&merged)), &both, &merged);
    assert!(
        found.iter().all(|it| it.starts_with("unsorted-lock")),
        "{found:?}"
    );
    let after = next(&both, Some(&merged));
    assert!(
        after.contains("9001/tcp loopback tombstone service s9001"),
        "{after}"
    );
}

#[test]
fn a_port_given_twice_is_settled_by_the_platform() {
    let base = next(HOME, None);
    let service = |name: &str, port: u16| {
        format!("[services.{name}]\nkind = \"searxng\"\nhost = \"pi\"\nport = {port}\n")
    };
    let ours = next(&(HOME.to_owned() + &service("notes", 9000)), Some(&base));
    let theirs = next(&(HOME.to_owned() + &service("voice", 9000)), Some(&base));
    let (clean, merged) = merge(true, &base, &ours, &theirs);
    assert!(clean);
    let mended = HOME.to_owned() + &service("notes", 9000) + &service("voice", 9001);
    let found = promises(&mended, Some(&merged));
    let rules: Vec<&str> = found
        .lock_diagnostics
        .iter()
        .map(|it| it.rule.name)
        .collect();
    assert!(rules.contains(&"contested-port"), "{rules:?}");
    assert!(found.broken.is_empty());
    let after = next(&mended, Some(&merged));
    assert_eq!(
        names(&promises(&mended, Some(&after)), &mended, &after),
        nothing()
    );
    assert_eq!(after.matches("/tcp").count(), 5, "{after}");
}
