//! The pages about rules: a list, and for each all that `homelab explain` says.

use std::fmt::Write;

use crate::cli::report::plain;
use crate::compile;
use crate::diagnostic::Rule;
use crate::lint;

/// The list of all rules, then a page for each: names below the folder, and texts.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut rules: Vec<&Rule> = compile::rules().collect();
    rules.sort_unstable_by_key(|rule| rule.name);
    let mut list = format!(
        "# Rules\n\n{}\n\nThe level of a rule can be set in `[lint.levels]` and for one place in `[[lint.exceptions]]`, each with a reason. A rule marked “always” stops a platform from being built and cannot be allowed.\n\n| rule | severity | |\n| --- | --- | --- |\n",
        super::MADE
    );
    for rule in &rules {
        // Writing to a string cannot fail.
        let _ = writeln!(
            list,
            "| [`{0}`](rules/{0}.md) | {1} | {2} |",
            rule.name,
            severity(rule),
            rule.summary.replace('|', "\\|")
        );
    }
    let mut pages = vec![("rules.md".to_owned(), list)];
    for rule in rules {
        pages.push((format!("rules/{}.md", rule.name), page(rule)));
    }
    pages
}

fn page(rule: &Rule) -> String {
    let mut page = format!(
        "# {}\n\n{}: {}.\n\n{}\n",
        rule.name,
        severity(rule),
        rule.summary,
        rule.why
    );
    example(&mut page, "Bad", rule.bad);
    example(&mut page, "Good", rule.good);
    page
}

fn severity(rule: &Rule) -> String {
    let is_lint = lint::rules().any(|it| it.name == rule.name);
    let always = if is_lint { "" } else { ", always" };
    format!("{}{always}", rule.severity.word())
}

fn example(page: &mut String, title: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = write!(page, "\n{title}:\n\n```toml\n");
    for line in text.trim_matches('\n').split('\n') {
        page.push_str(&plain::line(line));
        page.push('\n');
    }
    page.push_str("```\n");
}
