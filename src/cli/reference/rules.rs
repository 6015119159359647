//! The pages about rules: a list, and for each all that `homelab explain` says.

use std::fmt::Write;

use crate::cli::report::plain;
use crate::diagnostic::Rule;
use crate::import;
use crate::lint;

/// The list of all rules, then a page for each: names below the folder, and texts.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut rules: Vec<&Rule> = crate::cli::rules().collect();
    rules.sort_unstable_by_key(|rule| rule.name);
    let mut list = format!(
        "# Rules\n\n{}\n\nThe level of a rule can be set in `[lint.levels]` and for one place in `[[lint.exceptions]]`, each with a reason. A rule marked “always” stops a platform from being built and cannot be allowed. The examples in YAML are about files that `homelab import` reads; those rules have no level.\n\n| rule | severity | finds |\n| --- | --- | --- |\n",
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
    let language = if is_foreign(rule) { "yaml" } else { "toml" };
    example(&mut page, "Bad", language, rule.bad);
    example(&mut page, "Good", language, rule.good);
    page
}

/// True for a rule about files that are imported: its examples are no platforms.
fn is_foreign(rule: &Rule) -> bool {
    import::RULES.iter().any(|it| it.name == rule.name)
}

fn severity(rule: &Rule) -> String {
    let is_lint = lint::rules().any(|it| it.name == rule.name);
    let always = if is_lint || is_foreign(rule) {
        ""
    } else {
        ", always"
    };
    format!("{}{always}", rule.severity.word())
}

fn example(page: &mut String, title: &str, language: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = write!(page, "\n{title}:\n\n```{language}\n");
    for line in text.trim_matches('\n').split('\n') {
        page.push_str(&plain::line(line));
        page.push('\n');
    }
    page.push_str("```\n");
}
