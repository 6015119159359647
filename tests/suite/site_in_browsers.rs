//! The site as browsers and checkers see it: Chromium with axe, the Nu HTML checker, Lighthouse.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::site::Served;
use crate::tools;

/// The site of this repository, with its documents, in a folder of its own.
fn of_the_repository() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    let ended = Command::new(env!("CARGO_BIN_EXE_homelab"))
        .args(["docs", "--no-serve", "--out"])
        .arg(home.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("it runs");
    assert!(ended.status.success(), "{ended:?}");
    home
}

/// A file of an npm package that `tests/setup` unpacks.
fn package(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/node")
        .join(path);
    if !file.is_file() {
        tools::skip(&format!("no {}", file.display()));
        return None;
    }
    Some(file)
}

/// What a script of tests/real says about the site: nothing when all is well.
fn said(script: &str, python: &Path, arguments: &[&Path]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ended = Command::new(python)
        .arg(root.join("tests/real").join(script))
        .args(arguments)
        .output()
        .expect("it runs");
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{error}");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// Search, links of boxes, theme, phone width, console, policy and accessibility. Pictures of what was seen stay in target/screenshots.
#[test]
fn a_browser_finds_nothing_wrong() {
    let (Some(python), Some(_), Some(axe)) = (
        tools::python(),
        tools::program("chromium"),
        package("axe-core/axe.min.js"),
    ) else {
        return;
    };
    let home = of_the_repository();
    let screenshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    let found = said(
        "browse.py",
        &python,
        &[&home.path().join("site"), &axe, &screenshots],
    );
    assert_eq!(found.trim(), "");
}

#[test]
fn the_nu_html_checker_is_silent() {
    let (Some(python), Some(_), Some(jar)) = (
        tools::python(),
        tools::program("java"),
        package("vnu-jar/build/dist/vnu.jar"),
    ) else {
        return;
    };
    let home = of_the_repository();
    let found = said("check_html.py", &python, &[&home.path().join("site"), &jar]);
    assert_eq!(found.trim(), "");
}

/// The pages to look at, one of each type: all at the root, and the longest in each folder, which has most of what a page can have.
fn one_of_each_type(site: &Path) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut longest: BTreeMap<PathBuf, (u64, String)> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(site).sort_by_file_name() {
        let entry = entry.expect("an entry");
        if entry.path().extension().is_none_or(|it| it != "html") {
            continue;
        }
        let below = entry.path().strip_prefix(site).expect("below the site");
        let name = below.to_str().expect("text").to_owned();
        let folder = below.parent().expect("a folder").to_owned();
        if folder.as_os_str().is_empty() {
            found.push(name);
            continue;
        }
        let length = fs::metadata(entry.path()).expect("a file").len();
        let best = longest.entry(folder).or_default();
        if length > best.0 {
            *best = (length, name);
        }
    }
    found.extend(longest.into_values().map(|it| it.1));
    found
}

/// Accessibility and best practices: 100 of 100 on every type of page.
#[test]
fn lighthouse_takes_no_point_off() {
    let (Some(node), Some(chromium), Some(_)) = (
        tools::program("node"),
        tools::program("chromium"),
        package("lighthouse/.stamp"),
    ) else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = of_the_repository();
    let pages = one_of_each_type(&home.path().join("site"));
    let out = home.path().to_str().expect("text").to_owned();
    let served = Served::of(home, root, &["--out", &out]);
    let profile = tempfile::tempdir().expect("a folder");
    let urls = pages
        .iter()
        .map(|page| format!("http://127.0.0.1:{}/{page}", served.port));
    let ended = Command::new(node)
        .arg(root.join("tests/real/lighthouse/audit.mjs"))
        .arg(root.join("target/node/lighthouse"))
        .arg(chromium)
        .arg(profile.path())
        .args(urls)
        .output()
        .expect("it runs");
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{error}");
    assert_eq!(String::from_utf8_lossy(&ended.stdout).trim(), "");
}
