//! Where a field stands in the text, for rules about values that the platform keeps without a span.

use crate::diagnostic::Span;
use crate::platform::Service;
use crate::syntax::{Document, Form, Node, Path, Value};

/// The node of a field, when it is written.
pub(super) fn node<'a>(document: &'a Document, keys: &[&str]) -> Option<&'a Node> {
    let (first, rest) = keys.split_first()?;
    rest.iter()
        .try_fold(&document.root().get(first)?.node, |node, key| {
            Some(&node.as_table()?.get(key)?.node)
        })
}

/// Where the value of a field stands; its nearest table when it is not written.
pub(super) fn value(document: &Document, keys: &[&str]) -> Span {
    document.span(&path(keys))
}

/// Where the key of a field stands; its nearest table's when it is not written.
pub(super) fn key(document: &Document, keys: &[&str]) -> Span {
    document.key_span(&path(keys))
}

/// Where an item of a list stands; the list when it is shorter.
pub(super) fn item(document: &Document, keys: &[&str], at: usize) -> Span {
    document.span(&path(keys).index(at))
}

/// The items of a list of texts, with where each stands; those that are no text are left out.
pub(super) fn texts<'a>(
    document: &'a Document,
    keys: &[&str],
) -> impl Iterator<Item = (&'a str, Span)> {
    let items = node(document, keys).and_then(Node::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|it| it.as_str().map(|text| (text, it.span())))
}

/// The arguments that an owner wrote for a service: its command, and what is added to that of its kind.
pub(super) fn arguments<'a>(
    document: &'a Document,
    service: &Service,
) -> impl Iterator<Item = &'a Node> {
    // For most services there are none, which need not be looked for.
    let name = service.run.is_written.then_some(service.name.as_str());
    let run = name.and_then(|name| node(document, &["services", name, "run"]));
    let fields = ["command", "args"].map(|field| run?.as_table()?.get(field)?.node.as_array());
    fields.into_iter().flatten().flatten()
}

/// The whole lines that a field or a table under a header takes, to be left out without anything else; nothing where that is not plain, or where a comment would go as well.
pub(super) fn lines(document: &Document, keys: &[&str]) -> Option<Span> {
    let node = node(document, keys)?;
    match &node.value {
        Value::Table(table) if table.form() == Form::Header => block(document, node),
        _ => block_between(document, key(document, keys).start, node.span().end),
    }
}

/// The same for a table of which the node is at hand, such as one under `[[…]]`.
pub(super) fn block(document: &Document, node: &Node) -> Option<Span> {
    let table = node.as_table().filter(|it| it.form() == Form::Header)?;
    let is_plain = |it: &Node| it.as_table().is_none_or(|it| it.form() == Form::Inline);
    let entries = table.entries();
    if !entries.iter().all(|it| is_plain(&it.node)) {
        return None;
    }
    let ends = entries.iter().map(|it| it.node.span().end);
    let end = ends.max().unwrap_or(0).max(node.span().end);
    block_between(document, node.span().start, end)
}

fn block_between(document: &Document, start: usize, end: usize) -> Option<Span> {
    let source = document.source();
    let text = source.text();
    let first = source.line(source.position(start).line)?;
    let last = source.line(source.position(end).line)?;
    let before = text.get(first.start..start)?;
    let is_key = |it: char| it.is_ascii_alphanumeric() || " \t.-_".contains(it);
    let after = text.get(end..last.end)?;
    if !before.chars().all(is_key) || !after.trim().is_empty() {
        return None;
    }
    if text.get(start..end)?.contains('#') {
        return None;
    }
    let mut end = (last.end..text.len())
        .find(|at| text.as_bytes()[*at] == b'\n')
        .map_or(text.len(), |at| at + 1);
    // Of two empty lines around it one is enough.
    let is_alone = text[..first.start]
        .lines()
        .next_back()
        .is_none_or(|it| it.trim().is_empty());
    let next = text[end..].split_inclusive('\n').next().unwrap_or("");
    if is_alone && next.trim().is_empty() {
        end += next.len();
    }
    // A file ends with its last line, not with an empty one.
    let start = match text[..first.start].trim_end().len() {
        kept if end == text.len() && is_alone => {
            text[kept..].find('\n').map_or(kept, |at| kept + at + 1)
        }
        _ => first.start,
    };
    Some(Span::new(start, end))
}

fn path(keys: &[&str]) -> Path {
    keys.iter().fold(Path::new(), |path, key| path.key(*key))
}
