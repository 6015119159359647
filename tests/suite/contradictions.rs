//! What the owners of two real platforms wrote by mistake: each case is a few lines behind a sound platform, and names what must be found in it.

use std::fs;
use std::path::{Path, PathBuf};

use homelab::compile;
use homelab::diagnostic::{Fix, Source, mend};

use crate::lint::findings;

/// The findings that a case names: `#: rule @ words`.
fn expected(case: &str) -> Vec<String> {
    let named = case.lines().filter_map(|it| it.strip_prefix("#: "));
    named.map(str::to_owned).collect()
}

/// The tables of a case that go on with one of the platform stand behind its own keys.
fn joined(base: &str, case: &str) -> String {
    let mut text = base.to_owned();
    for table in case.split("\n[").skip(usize::from(!case.starts_with('['))) {
        let header = table.lines().next().unwrap_or_default();
        let opened = format!("\n[{header}\n");
        match text.find(&opened) {
            Some(at) if !header.starts_with('[') => {
                let rest = table.strip_prefix(header).unwrap_or_default();
                let keys = rest.trim();
                text.insert_str(at + opened.len(), &format!("{keys}\n"));
            }
            _ => {
                text.push_str("\n[");
                text.push_str(table);
                text.push('\n');
            }
        }
    }
    text
}

fn cases(folder: &str) -> (String, Vec<PathBuf>) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/contradictions");
    let base = fs::read_to_string(cases.join(format!("{folder}.toml"))).expect("a platform");
    let entries = fs::read_dir(cases.join(folder)).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|it| it.expect("an entry").path()).collect();
    paths.sort();
    (base, paths)
}

fn check(folder: &str) {
    let (base, paths) = cases(folder);
    assert_eq!(findings(&base), Vec::<String>::new(), "the platform itself");
    let mut wrong = Vec::new();
    for path in paths {
        let case = fs::read_to_string(&path).expect("a case");
        let mut expected = expected(&case);
        assert!(!expected.is_empty(), "{} expects nothing", path.display());
        let mut found = findings(&joined(&base, &case));
        expected.sort();
        found.sort();
        if found != expected {
            let name = path.file_stem().expect("a name").to_string_lossy();
            wrong.push(format!("{name}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How often a rule is broken in a text, and the fixes for it.
fn broken(text: &str, rule: &str) -> (usize, Vec<Fix>) {
    let today = "2026-11-21".parse().ok();
    let diagnostics = compile::check(&Source::new("platform.toml", text), today).diagnostics;
    let found: Vec<_> = diagnostics
        .iter()
        .filter(|it| it.rule.name == rule)
        .collect();
    let fixes = found.iter().filter_map(|it| it.fix.clone()).collect();
    (found.len(), fixes)
}

#[test]
fn what_is_offered_as_a_fix_mends_its_case() {
    let mut offered = 0;
    for folder in ["homelab-llm", "kheti"] {
        let (base, paths) = cases(folder);
        for path in paths {
            let case = fs::read_to_string(&path).expect("a case");
            let text = joined(&base, &case);
            for finding in expected(&case) {
                let rule = finding.split(' ').next().unwrap_or_default();
                let (count, fixes) = broken(&text, rule);
                for fix in fixes {
                    let mended = mend(&text, [&fix]).text;
                    let (left, _) = broken(&mended, rule);
                    assert_eq!(left + 1, count, "{}: {fix:?}", path.display());
                    offered += 1;
                }
            }
        }
    }
    assert!(offered >= 4, "{offered} fixes were tried");
}

#[test]
fn contradictions_of_homelab_llm_are_found() {
    check("homelab-llm");
}

#[test]
fn traps_of_kheti_are_found() {
    check("kheti");
}
