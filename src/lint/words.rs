//! Where a field stands in the text, for rules about values that the platform keeps without a span.

use crate::diagnostic::Span;
use crate::syntax::{Document, Node, Path};

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
        .filter_map(|it| it.as_str().map(|text| (text, it.span)))
}

/// The arguments that an owner wrote for a service: its command, and what is added to that of its kind.
pub(super) fn arguments<'a>(
    document: &'a Document,
    service: &str,
) -> impl Iterator<Item = &'a Node> {
    let fields = [
        node(document, &["services", service, "run", "command"]),
        node(document, &["services", service, "run", "args"]),
    ];
    let lists = fields.into_iter().flatten().filter_map(Node::as_array);
    lists.flatten()
}

fn path(keys: &[&str]) -> Path {
    keys.iter().fold(Path::new(), |path, key| path.key(*key))
}
