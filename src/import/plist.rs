//! launchd property lists as a tree, and the service that one describes.

use roxmltree::{Document, ParsingOptions};

use super::tree::{Entry, KeyValue, Node, Value};
use crate::diagnostic::Span;

/// How deep lists and dictionaries may lie in each other.
const DEPTH: usize = 50;

/// Reads a text; where it stops being a property list, and why, when it is none.
pub(super) fn read(text: &str) -> Result<Node, (usize, String)> {
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: 200_000,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        let lines = text.split_inclusive('\n');
        let line: usize = lines
            .take(at.row.saturating_sub(1) as usize)
            .map(str::len)
            .sum();
        let what: String = error
            .to_string()
            .chars()
            .filter(|it| !it.is_control())
            .take(100)
            .collect();
        (line.min(text.len()), what)
    })?;
    let root = document.root_element();
    let inner = root.children().find(roxmltree::Node::is_element);
    let node = inner.filter(|_| root.has_tag_name("plist"));
    node.and_then(|it| value(it, 0))
        .ok_or_else(|| (0, "no property list".to_owned()))
}

fn value(node: roxmltree::Node<'_, '_>, depth: usize) -> Option<Node> {
    if depth > DEPTH {
        return None;
    }
    let text = node.text().unwrap_or_default();
    let value = match node.tag_name().name() {
        "dict" => Value::Map(entries(node, depth)),
        "array" => {
            let items = node.children().filter(roxmltree::Node::is_element);
            Value::List(items.filter_map(|it| value(it, depth + 1)).collect())
        }
        "string" => Value::Text(text.to_owned()),
        "integer" => Value::Integer(text.trim().parse().ok()?),
        "real" => Value::Float(text.trim().parse().ok()?),
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        "date" => Value::Date,
        _ => Value::Null,
    };
    Some(Node::new(value, span(node)))
}

fn entries(node: roxmltree::Node<'_, '_>, depth: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut key: Option<(String, Span)> = None;
    for child in node.children().filter(roxmltree::Node::is_element) {
        if child.has_tag_name("key") {
            key = Some((child.text().unwrap_or_default().to_owned(), span(child)));
        } else if let Some((name, key_span)) = key.take()
            && let Some(node) = value(child, depth + 1)
        {
            entries.push(Entry {
                key: name,
                key_span,
                key_value: KeyValue::Text,
                node,
            });
        }
    }
    entries
}

/// The words between the tags, where there are such.
fn span(node: roxmltree::Node<'_, '_>) -> Span {
    let text = node.first_child().filter(roxmltree::Node::is_text);
    text.map_or_else(|| node.range(), |it| it.range()).into()
}
