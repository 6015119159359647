//! The texts of a file that programs read, without those that only people read and those that name something of the file itself.

use std::ops::Range;

use crate::diagnostic::Span;
use crate::syntax::{Document, Node, Value};

/// Fields for people, and fields whose words stand somewhere else already. A match is far quicker than a search of a list, and every key of the file is asked about.
fn is_passed_over(key: &str) -> bool {
    matches!(
        key,
        "by" | "fallbacks"
            | "fill_in"
            | "form"
            | "handle"
            | "in_favour_of"
            | "inputs"
            | "model"
            | "models"
            | "name"
            | "notes"
            | "obtain"
            | "outputs"
            | "profiles"
            | "purpose"
            | "reason"
            | "release"
            | "repo"
            | "retired_names"
            | "secret"
            | "service"
            | "title"
    )
}

/// Tables that speak of the past, or of rules.
static PASSED_TABLES: &[&str] = &["lint", "migration", "moved", "retired"];

/// A text that a program reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'d> {
    /// The text.
    pub text: &'d str,
    /// Where it stands.
    pub span: Span,
}

/// Shows `see` every text that a program reads.
pub(super) fn each<'d>(document: &'d Document, mut see: impl FnMut(Text<'d>)) {
    for entry in document.root().entries() {
        if !PASSED_TABLES.contains(&entry.key.as_str()) {
            // The tables of the file have names of the owner's for keys, so their own keys begin below.
            match &entry.node.value {
                Value::Table(table) if entry.key != "policy" && entry.key != "gateway" => {
                    for named in table.entries() {
                        walk(&named.node, &mut see);
                    }
                }
                _ => walk(&entry.node, &mut see),
            }
        }
    }
}

fn walk<'d>(node: &'d Node, see: &mut impl FnMut(Text<'d>)) {
    match &node.value {
        Value::String(text) => see(Text {
            text,
            span: node.span(),
        }),
        Value::Array(items) => items.iter().for_each(|it| walk(it, see)),
        Value::Table(table) => {
            let entries = table.entries().iter();
            for entry in entries.filter(|it| !is_passed_over(&it.key)) {
                walk(&entry.node, see);
            }
        }
        _ => {}
    }
}

/// The words of a text, as names are made of: letters, digits, `.`, `_` and `-`.
pub(super) fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    // All that a name is made of is ASCII, so bytes will do, and a word begins and ends between characters.
    let part = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'-');
    let bytes = text.as_bytes();
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + bytes[rest..].iter().position(part)?;
        let length = bytes[start..].iter().take_while(|it| part(it)).count();
        rest = start + length;
        Some(start..rest)
    })
}
