//! Where in the text a field of the manifest stands.

use crate::diagnostic::Span;
use crate::syntax::{Document, Entry, Node, Table};

/// A table of the document, such as that of one service; fields that are not written fall back to its key.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    table: Option<&'a Table>,
    span: Span,
}

impl<'a> Place<'a> {
    /// The root of the document.
    pub(super) fn root(document: &'a Document) -> Self {
        Self {
            table: Some(document.root()),
            span: Span::default(),
        }
    }

    /// The table behind a key.
    pub(super) fn table(self, key: &str) -> Self {
        match self.table.and_then(|table| table.get(key)) {
            Some(entry) => Self {
                table: entry.node.as_table(),
                span: entry.key_span(),
            },
            None => Self {
                table: None,
                span: self.span,
            },
        }
    }

    /// Where the key of this table stands.
    pub(super) fn span(self) -> Span {
        self.span
    }

    /// Where the value of a field stands; the table's key when it is not written.
    pub(super) fn value(self, field: &str) -> Span {
        self.table
            .and_then(|table| table.get(field))
            .map_or(self.span, |entry| entry.node.span())
    }

    /// Where the key of a field stands; the table's key when it is not written.
    pub(super) fn key(self, field: &str) -> Span {
        self.table
            .and_then(|table| table.get(field))
            .map_or(self.span, Entry::key_span)
    }

    /// Where an item of a list stands.
    pub(super) fn item(self, field: &str, at: usize) -> Span {
        self.table
            .and_then(|table| table.get(field))
            .and_then(|entry| entry.node.as_array())
            .and_then(|items| items.get(at))
            .map_or_else(|| self.value(field), Node::span)
    }

    /// A table of a list of tables.
    pub(super) fn nth(self, field: &str, at: usize) -> Self {
        let item = self
            .table
            .and_then(|table| table.get(field))
            .and_then(|entry| entry.node.as_array())
            .and_then(|items| items.get(at));
        Self {
            table: item.and_then(|item| item.as_table()),
            span: item.map_or(self.span, Node::span),
        }
    }
}
