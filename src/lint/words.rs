//! Where a field stands in the text, for rules about values that the platform keeps without a span.

use crate::diagnostic::Span;
use crate::syntax::{Document, Node, Path};

/// The node of a field, when it is written.
pub(super) fn node<'a>(document: &'a Document, keys: &[&str]) -> Option<&'a Node> {
    document.node(&path(keys))
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

fn path(keys: &[&str]) -> Path {
    keys.iter().fold(Path::new(), |path, key| path.key(*key))
}
