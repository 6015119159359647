//! From text to platform: the repo's own file, and the two examples of every rule.

use homelab::compile::check;
use homelab::diagnostic::{Severity, Source};

fn errors(text: &str) -> Vec<String> {
    let source = Source::new("platform.toml", text);
    let checked = check(&source, None);
    checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .map(|it| {
            let place = it.primary.as_ref().map_or(String::new(), |label| {
                let at = source.position(label.span.start);
                format!("{}:{} `{}`", at.line, at.column, source.words(label.span))
            });
            format!("{}: {} at {place}", it.rule.name, it.message)
        })
        .collect()
}

#[test]
fn the_repos_platform_has_no_error() {
    let text = include_str!("../../platform.toml");
    assert_eq!(errors(text), Vec::<String>::new());
}

#[test]
fn bad_examples_raise_their_rule_and_no_other() {
    for rule in homelab::platform::resolve::RULES {
        let found = errors(rule.bad);
        assert!(
            !found.is_empty(),
            "the bad example of {} raises nothing",
            rule.name
        );
        for finding in &found {
            assert!(
                finding.starts_with(&format!("{}:", rule.name)),
                "the bad example of {} raises {finding}",
                rule.name
            );
        }
        assert_eq!(found.len(), 1, "one cause, one error: {found:?}");
    }
}

#[test]
fn good_examples_raise_nothing() {
    for rule in homelab::platform::resolve::RULES {
        assert_eq!(
            errors(rule.good),
            Vec::<String>::new(),
            "good example of {}",
            rule.name
        );
    }
}
