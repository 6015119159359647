//! A name that is gone is used again.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, naming, texts};
use crate::platform::Platform;
use crate::syntax::Document;

use super::literal_secret::within;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "retired-name",
        severity: Severity::Error,
        summary: "a name that is gone is used again",
        why: "The policy says that it must not come back. In a command or a variable it asks for a model that nobody has, and nothing fails until the first request.",
        bad: concat!(
            home!("retired_names = [\"jerry-*\"]\n"),
            r#"
[services.optimiser]
kind = "optillm"
host = "pi"
run.args = ["--model", "jerry-xl"]
"#
        ),
        good: concat!(
            home!("retired_names = [\"jerry-*\"]\n"),
            r#"
[services.optimiser]
kind = "optillm"
host = "pi"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    if !platform.policy.retired_names.is_empty() {
        declared(platform, diagnostics);
    }
    if platform.policy.retired_names.is_empty() && platform.retired.is_empty() {
        return;
    }
    let beginnings = beginnings(platform);
    texts::each(document, |text| {
        // A path is where something lies, which may be older than any name.
        if text.text.starts_with(['/', '~']) {
            return;
        }
        for range in texts::words(text.text) {
            let word = &text.text[range.clone()];
            // Most words are ruled out by their first letter.
            if !word
                .bytes()
                .next()
                .is_some_and(|it| beginnings[usize::from(it)])
            {
                continue;
            }
            let gone = || platform.retired.iter().find(|it| it.handle == word);
            let said = naming::retired(platform, word)
                .map(|(_, span)| span)
                .or_else(|| gone().map(|it| it.span));
            if let Some(said) = said {
                let span = within(document, text.span, text.text, range);
                diagnostics.push(finding(said, word, span));
            }
        }
    });
}

/// The bytes that a retired name may begin with.
fn beginnings(platform: &Platform) -> [bool; 256] {
    let mut beginnings = [false; 256];
    let patterns = platform.policy.retired_names.iter();
    let handles = platform.retired.iter().map(|it| it.handle.as_str());
    for name in patterns.map(|(pattern, _)| pattern.as_str()).chain(handles) {
        match name.bytes().next() {
            // It fits every word.
            Some(b'*') => beginnings = [true; 256],
            Some(first) => {
                beginnings[usize::from(first.to_ascii_lowercase())] = true;
                beginnings[usize::from(first.to_ascii_uppercase())] = true;
            }
            None => {}
        }
    }
    beginnings
}

/// What is called so again. A handle has the name of its model, which is told of once; one that the owner retired by `[[retired]]` is the business of the ledger.
fn declared(platform: &Platform, diagnostics: &mut Diagnostics) {
    let models = platform.models.iter().map(|it| (&it.name, it.span));
    let handles = platform.handles.iter();
    let handles = handles
        .filter(|it| platform.models.find(&it.name).is_none())
        .map(|it| (&it.name, it.span));
    let services = platform.services.iter().map(|it| (&it.name, it.span));
    for (name, span) in models.chain(handles).chain(services) {
        if let Some((_, said)) = naming::retired(platform, name) {
            diagnostics.push(finding(said, name, span));
        }
    }
}

fn finding(said: Span, name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&LINT.rule, format!("`{name}` is a name that is gone"))
        .primary(span, "used again")
        .secondary(said, "must not come back")
        .help("name what took its place")
}
