//! Unquoted words that YAML 1.1 takes for something that nobody meant.

use super::litellm::In;
use super::report::Findings;
use super::rules;
use super::scalar;
use super::tree::{KeyValue, Node, Style, Value};
use crate::diagnostic::{Diagnostic, Edit, Fix, Span};

/// Reports numbers in base 60 and 8, wherever they stand, and names that are no text.
pub(super) fn check(file: In<'_>, findings: &mut Findings) {
    walk(file.file, file.node, findings);
}

fn walk(file: usize, node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Integer(_) if node.style == Style::Plain => {
            let word = findings.source(file).words(node.span).to_owned();
            if let Some(what) = scalar::surprise(&word) {
                let value = scalar::resolve(&word).and_then(|it| match it {
                    Value::Integer(number) => Some(number),
                    _ => None,
                });
                let what = value.map_or_else(|| what.to_owned(), |it| format!("{it}, {what},"));
                findings.push(file, surprise(&word, node.span, &what));
            }
        }
        Value::List(items) => items.iter().for_each(|it| walk(file, it, findings)),
        Value::Map(entries) => {
            for entry in entries {
                let word = findings.source(file).words(entry.key_span);
                if entry.key_value == KeyValue::Other
                    && let Some(what) = scalar::surprise(word)
                {
                    let found = surprise(&entry.key, entry.key_span, what);
                    findings.push(file, found);
                }
                walk(file, &entry.node, findings);
            }
        }
        _ => {}
    }
}

/// The finding for a word that became something else.
pub(super) fn surprise(word: &str, span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(
        &rules::YAML_1_1_VALUE,
        format!("`{word}` is {what} in YAML 1.1"),
    )
    .primary(span, "not the text that stands here")
    .help("put it in quotes, or write the value that is meant")
    .fix(Fix {
        title: "put it in quotes".to_owned(),
        safe: false,
        edits: vec![Edit {
            span,
            text: format!("\"{word}\""),
        }],
    })
}
