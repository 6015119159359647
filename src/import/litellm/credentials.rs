//! Keys and passwords written into a file, whatever its format: each is reported and masked, and none is copied.

use super::super::report::Findings;
use super::super::rules;
use super::super::tree::{Node, Value};
use super::In;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::syntax::secrets;

/// Keys whose value is a secret whatever it looks like.
const ALWAYS: &[&str] = &[
    "master_key",
    "LITELLM_MASTER_KEY",
    "LITELLM_SALT_KEY",
    "UI_PASSWORD",
];

/// A credential in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) struct Credential {
    /// Where it stands.
    pub(in crate::import) span: Span,
    /// True when everybody knows it.
    pub(in crate::import) is_known: bool,
    /// What gives it away.
    pub(in crate::import) why: &'static str,
}

pub(super) fn check(file: In<'_>, findings: &mut Findings) {
    for found in scan(findings.source(file.file), Some(file.node)) {
        findings.push(file.file, diagnostic(found));
    }
}

/// The finding for a credential.
pub(in crate::import) fn diagnostic(found: Credential) -> Diagnostic {
    if found.is_known {
        return Diagnostic::new(&rules::WELL_KNOWN_CREDENTIAL, "a key or password that everybody knows")
            .primary(found.span, "the first that anybody tries")
            .help("make a new one and write the name of a variable here: `os.environ/NAME` for LiteLLM, `${NAME}` for Compose");
    }
    Diagnostic::new(&rules::LITERAL_CREDENTIAL, "a key or password is written out")
        .primary(found.span, found.why)
        .mask(found.span)
        .help("write the name of a variable here, `os.environ/NAME` for LiteLLM, `${NAME}` for Compose, and make a new one: this one is known now")
}

/// Every credential of a file, in the order of the text and without overlaps.
pub(in crate::import) fn scan(source: &Source, root: Option<&Node>) -> Vec<Credential> {
    let mut found: Vec<Credential> = secrets::known_keys(source.text())
        .into_iter()
        .map(|range| literal(range.into(), "begins like a key"))
        .collect();
    if let Some(root) = root {
        walk(source, root, "", &mut found);
    }
    found.sort_by_key(|it| (it.span.start, std::cmp::Reverse(it.span.end)));
    let mut end = 0;
    found.retain(|it| {
        let fresh = it.span.start >= end;
        end = end.max(it.span.end);
        fresh
    });
    found
}

fn literal(span: Span, why: &'static str) -> Credential {
    Credential {
        span,
        is_known: false,
        why,
    }
}

fn walk(source: &Source, node: &Node, name: &str, found: &mut Vec<Credential>) {
    match &node.value {
        Value::Text(text) => word(source, node.span, name, text, found),
        Value::Integer(_) if secrets::promise(name) == Some(secrets::Promise::Password) => {
            found.push(literal(node.span, "its name says what it is"));
        }
        Value::List(items) => {
            let mut flag = "";
            for item in items {
                walk(source, item, flag, found);
                flag = item
                    .as_text()
                    .filter(|it| it.starts_with("--"))
                    .unwrap_or("");
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                walk(source, &entry.node, &entry.key, found);
            }
        }
        _ => {}
    }
}

fn word(source: &Source, span: Span, name: &str, text: &str, found: &mut Vec<Credential>) {
    let known = |span| Credential {
        span,
        is_known: true,
        why: "",
    };
    let reference = text.starts_with("os.environ/")
        || text.contains("${")
        || text.starts_with('$')
        || text.is_empty();
    if ALWAYS.contains(&name) && !reference {
        found.push(if secrets::is_default(text) {
            known(span)
        } else {
            literal(span, "its name says what it is")
        });
        return;
    }
    if let Some(promise) = secrets::promise(name).filter(|_| secrets::is_telling(name)) {
        if secrets::is_literal(promise, text) && !reference {
            found.push(literal(span, "its name says what it is"));
            return;
        }
        if promise == secrets::Promise::Password && secrets::is_default(text) {
            found.push(known(span));
            return;
        }
    }
    let place = |range: std::ops::Range<usize>| within(source, span, text, range);
    if let Some(range) = secrets::url_password(text) {
        let is_known = secrets::is_default(&text[range.clone()]);
        let span = place(range);
        found.push(if is_known {
            known(span)
        } else {
            literal(span, "a password in a URL")
        });
    }
    for (promise, range) in secrets::assignments(text) {
        let value = &text[range.clone()];
        let password = promise == secrets::Promise::Password
            && text.find('=').is_some_and(|at| at < range.start);
        if secrets::is_literal(promise, value) && (password || secrets::is_random_value(value)) {
            found.push(literal(place(range), "the name before it says what it is"));
        }
    }
}

/// Where a part of a value stands in the text; the whole value when it is written with escapes.
fn within(source: &Source, span: Span, text: &str, range: std::ops::Range<usize>) -> Span {
    match source.words(span).find(text) {
        Some(at) => Span::new(span.start + at + range.start, span.start + at + range.end),
        None => span,
    }
}
