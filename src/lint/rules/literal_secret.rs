//! A secret is written into the file itself.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint};
use crate::syntax::{Document, Node, Value, secrets};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "literal-secret",
        severity: Severity::Error,
        summary: "a secret is written into the file itself",
        why: "The file is committed, copied and shown. A secret in it is known to everybody who ever reads the repository, and stays in its history.",
        bad: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
OPENAI_API_KEY = "sk-"#,
            r#"kheti-4f1d0a7be29c6358d1f0b7a4"
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.chat-key]
generate = { prefix = "sk-" }

[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
OPENAI_API_KEY = { secret = "chat-key" }
"#
        ),
    },
    check: Check::Text(check),
};

fn check(document: &Document, diagnostics: &mut Diagnostics) {
    let mut found: Vec<(Span, &'static str)> = Vec::new();
    // Comments and keys are committed like everything else.
    let text = document.source().text();
    for range in secrets::known_keys(text) {
        found.push((range.into(), "begins like a key"));
    }
    walk(document, document.root_node(), "", &mut found);
    found.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    for (span, why) in found {
        // The same words under two tests are one secret.
        if span.start < end {
            continue;
        }
        end = span.end;
        diagnostics.push(
            Diagnostic::new(&LINT.rule, "a secret is written out")
                .primary(span, why)
                .mask(span)
                .help("declare it below `[secrets]`, write `{ secret = \"name\" }` here, and make a new one: this one is known now"),
        );
    }
}

/// What values and their names give away.
fn walk(document: &Document, node: &Node, name: &str, found: &mut Vec<(Span, &'static str)>) {
    match &node.value {
        Value::String(text) => word(document, node.span(), name, text, found),
        Value::Array(items) => {
            let mut flag = "";
            for item in items {
                walk(document, item, flag, found);
                flag = item
                    .as_str()
                    .filter(|it| it.starts_with("--"))
                    .unwrap_or("");
            }
        }
        Value::Table(table) => {
            for entry in table.entries() {
                walk(document, &entry.node, &entry.key, found);
            }
        }
        _ => {}
    }
}

fn word(
    document: &Document,
    span: Span,
    name: &str,
    text: &str,
    found: &mut Vec<(Span, &'static str)>,
) {
    if let Some(promise) = secrets::promise(name).filter(|_| secrets::is_telling(name))
        && secrets::is_literal(promise, text)
    {
        found.push((span, "its name says what it is"));
        return;
    }
    // A URL has a colon and an assignment one of both; most texts have none.
    let is_one = |byte: u8| matches!(byte, b'=' | b':');
    if !text.bytes().fold(false, |found, it| found | is_one(it)) {
        return;
    }
    let place = |range: std::ops::Range<usize>| within(document, span, text, range);
    if let Some(range) = secrets::url_password(text)
        && !secrets::is_default(&text[range.clone()])
    {
        found.push((place(range), "a password in a URL"));
    }
    for (promise, range) in secrets::assignments(text) {
        let value = &text[range.clone()];
        let random = secrets::is_random_value(value);
        if random && secrets::is_literal(promise, value) {
            found.push((place(range), "the name before it says what it is"));
        }
    }
}

/// Where a part of a value stands in the text; the whole value when it is written with escapes.
pub(super) fn within(
    document: &Document,
    span: Span,
    text: &str,
    range: std::ops::Range<usize>,
) -> Span {
    match document.source().words(span).find(text) {
        Some(at) => Span::new(span.start + at + range.start, span.start + at + range.end),
        None => span,
    }
}
