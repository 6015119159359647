//! The rules of `lint`: each holds to its two examples, and the list to the folder.

use std::collections::BTreeSet;
use std::path::Path;

use homelab::compile::check;
use homelab::diagnostic::{Diagnostics, Rule, Severity, Source};
use homelab::lint::{Date, LINTS, Pages, lint_pages};

/// The day of every test.
fn today() -> Option<Date> {
    "2026-11-21".parse().ok()
}

/// The names of the rules that a text breaks, in the order of the text; the words pointed at behind each.
pub(crate) fn findings(text: &str) -> Vec<String> {
    let source = Source::new("platform.toml", text);
    let checked = check(&source, today());
    let mut names = named(&source, &checked.diagnostics);
    if let (Some(page), Some(platform), Some(document)) =
        (page(text), &checked.platform, &checked.document)
    {
        let mut pages = Pages::new([page.clone()]);
        pages.whole = text.contains(ONLY_PAGE);
        let found = lint_pages(platform, document, &pages, today());
        names.extend(named(&source, &found.platform));
        names.extend(named(&page, &found.pages[0]));
    }
    names
}

fn named(source: &Source, diagnostics: &Diagnostics) -> Vec<String> {
    let found = diagnostics.iter();
    let found = found.filter(|it| it.severity != Severity::Note);
    found
        .map(|it| {
            let primary = it.primary.as_ref();
            let words = primary.map_or("", |label| source.words(label.span));
            format!("{} @ {words}", it.rule.name)
        })
        .collect()
}

/// Before a page that is all there is.
const ONLY_PAGE: &str = "\n# The only page, docs/notes.md:\n";

/// The page that an example has in its last comments.
fn page(text: &str) -> Option<Source> {
    let starts = ["\n# docs/notes.md:\n", ONLY_PAGE];
    let (_, page) = starts.iter().find_map(|it| text.split_once(it))?;
    let lines = page
        .lines()
        .map(|it| it.trim_start_matches('#').trim_start_matches(' '));
    // A heading of the page begins with a sign of its own.
    let lines = lines
        .zip(page.lines())
        .map(|(words, line)| match line.strip_prefix("# ") {
            Some(line) => line,
            None => words,
        });
    let text = lines.collect::<Vec<_>>().join("\n");
    Some(Source::new("docs/notes.md", text))
}

#[test]
fn bad_examples_raise_their_rule_and_no_other() {
    let mut wrong = Vec::new();
    for lint in LINTS {
        let name = lint.rule.name;
        let found = findings(lint.rule.bad);
        let other = |it: &&String| !it.starts_with(&format!("{name} @ "));
        wrong.extend(found.iter().filter(other).map(|it| format!("{name}: {it}")));
        if found.is_empty() {
            wrong.push(format!("{name}: nothing"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What good examples raise, each behind the name of its rule.
fn raised(rules: impl Iterator<Item = &'static Rule>) -> Vec<String> {
    rules
        .flat_map(|rule| {
            let found = findings(rule.good).into_iter();
            found.map(|it| format!("{}: {it}", rule.name))
        })
        .collect()
}

#[test]
fn good_examples_raise_nothing() {
    let rules = LINTS.iter().map(|lint| &lint.rule);
    assert_eq!(raised(rules), Vec::<String>::new());
}

#[test]
fn examples_of_earlier_steps_raise_no_lint() {
    let rules = homelab::platform::resolve::RULES.iter().copied();
    assert_eq!(raised(rules), Vec::<String>::new());
}

#[test]
fn the_list_and_the_folder_are_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter_map(|name| Some(name.strip_suffix(".rs")?.replace('_', "-")))
        .filter(|name| name != "mod")
        .collect();
    let listed: Vec<String> = LINTS.iter().map(|lint| lint.rule.name.to_owned()).collect();
    assert!(listed.is_sorted(), "the list is ordered by name");
    assert_eq!(files, listed.into_iter().collect());
}

#[test]
fn the_repos_platform_has_no_finding() {
    let text = include_str!("../../platform.toml");
    assert_eq!(findings(text), Vec::<String>::new());
}

#[test]
fn the_readmes_platform_has_no_finding() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme
        .split_once("```toml\n")
        .expect("a platform in the README");
    let (text, _) = rest.split_once("```").expect("its end");
    assert_eq!(findings(text), Vec::<String>::new());
}
