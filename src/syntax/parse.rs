//! From text to tree.

use toml::de::{DeTable, DeValue};

use super::document::{Document, Entry, Form, Node, Table, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Source, Span};

/// The rules about the text itself; none can be allowed.
pub static RULES: &[&Rule] = &[&TOML_SYNTAX];

static TOML_SYNTAX: Rule = Rule {
    name: "toml-syntax",
    severity: Severity::Error,
    summary: "the text is not TOML",
    why: "Nothing can be read from a line that does not parse.",
    bad: "[services.chat\n",
    good: "[services.chat]\n",
};

/// Parses a text, reporting every mistake; the tree that could be read comes back also when some of it could not.
pub fn parse(source: &Source, diagnostics: &mut Diagnostics) -> Option<Document> {
    let (table, errors) = DeTable::parse_recoverable(source.text());
    for error in &errors {
        let span = error.span().map_or(Span::default(), Span::from);
        diagnostics.push(Diagnostic::new(&TOML_SYNTAX, error.message()).primary(span, "here"));
    }
    Some(Document::new(
        source.clone(),
        convert_table(table.get_ref()),
    ))
}

fn convert_table(from: &DeTable<'_>) -> Table {
    let mut entries: Vec<_> = from.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut table = Table::new(Form::Header);
    for (key, value) in entries {
        table.push(Entry {
            key: key.get_ref().to_string(),
            key_span: key.span().into(),
            node: Node {
                span: value.span().into(),
                value: convert(value.get_ref()),
            },
        });
    }
    table
}

fn convert(from: &DeValue<'_>) -> Value {
    match from {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(0))
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(0.0)),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(date) => Value::Datetime(date.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| Node {
                    span: item.span().into(),
                    value: convert(item.get_ref()),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table)),
    }
}
