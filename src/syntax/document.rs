//! The reader's text as a tree in which every key and value knows its place.

use std::cmp::Reverse;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use smol_str::SmolStr;

use super::path::{Path, Step};
use crate::diagnostic::{Source, Span};
use crate::side_by_side::{MUCH_TEXT, in_parts};

/// A parsed text: the tree of its values, each with the words it was written as.
#[derive(Debug, Clone)]
pub struct Document {
    source: Source,
    root: Node,
}

/// A value and where it is written.
#[derive(Debug, Clone)]
pub struct Node {
    pub(super) at: Extent,
    /// What is written there.
    pub value: Value,
}

/// A span in half the room, for a file has a hundred thousands of them. No text has 4 GiB.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    start: u32,
    end: u32,
}

impl From<Span> for Extent {
    fn from(span: Span) -> Self {
        let narrow = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        Self {
            start: narrow(span.start),
            end: narrow(span.end),
        }
    }
}

impl From<Extent> for Span {
    fn from(extent: Extent) -> Self {
        Self::new(extent.start as usize, extent.end as usize)
    }
}

/// What TOML can say.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string of any of the four notations, with line ends as `\n`.
    String(SmolStr),
    /// An integer of any radix.
    Integer(i64),
    /// A float, perhaps not finite.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date, a time or both, as written.
    Datetime(SmolStr),
    /// An array, or tables under `[[…]]` headers.
    Array(Vec<Node>),
    /// A table in any notation.
    Table(Table),
}

impl Value {
    /// What a reader calls it: `a string`, `an integer`, `a table`, ….
    pub fn noun(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    /// A value at its place.
    pub(super) fn new(span: Span, value: Value) -> Self {
        Self {
            at: span.into(),
            value,
        }
    }

    /// The words of the value; for a table under a header, the header with its brackets; for a table that only dotted keys or deeper headers imply, the key that first implied it.
    pub fn span(&self) -> Span {
        self.at.into()
    }

    /// The table, if it is one.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The items, if it is an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn step(&self, step: &Step) -> Option<&Node> {
        match (step, &self.value) {
            (Step::Key(key), Value::Table(table)) => table.get(key).map(|entry| &entry.node),
            (Step::Index(index), Value::Array(items)) => items.get(*index),
            _ => None,
        }
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Not by itself: a deeper header such as `[a.b]` implies `a`.
    #[default]
    Implied,
    /// By dotted keys: `a.b = 1`.
    Dotted,
    /// Under a header `[a]` or `[[a]]`, or the root.
    Header,
    /// In braces on the right of `=`.
    Inline,
}

/// The entries of a table in the order of the text, found by name quickly.
#[derive(Debug, Clone, Default)]
pub struct Table {
    rows: Rows,
    form: Form,
    damaged: bool,
}

/// Only large tables are indexed; in a small one looking at each entry is quicker.
#[derive(Debug, Clone)]
enum Rows {
    Few(Vec<Entry>),
    Many(Box<Indexed>),
}

/// Many entries, and where each is.
#[derive(Debug, Clone)]
struct Indexed {
    entries: Vec<Entry>,
    index: Index,
}

impl Default for Rows {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// Where each key of a large table is. It keeps places alone, for the entries have the keys.
#[derive(Debug, Clone, Default)]
struct Index {
    places: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl Index {
    fn find(&self, key: &str, entries: &[Entry]) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        let found = self.places.find(hash, |at| entries[*at].key == key);
        found.copied()
    }

    /// Adds the place of an entry that is not there yet.
    fn insert(&mut self, at: usize, entries: &[Entry]) {
        let hash = |at: &usize| self.hasher.hash_one(entries[*at].key.as_str());
        self.places.insert_unique(hash(&at), at, hash);
    }
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key, unquoted.
    pub key: SmolStr,
    pub(super) key_at: Extent,
    mark: u32,
    /// Its value.
    pub node: Node,
}

impl Entry {
    /// An entry for a table.
    pub(super) fn new(key: SmolStr, key_span: Span, node: Node) -> Self {
        Self {
            mark: mark(&key),
            key,
            key_at: key_span.into(),
            node,
        }
    }

    /// Where the key is written; for a table under a header of its own, there.
    pub fn key_span(&self) -> Span {
        self.key_at.into()
    }
}

/// A few bytes of a key, which differ for most keys of one table: to look at them costs no way to the heap.
fn mark(key: &str) -> u32 {
    let bytes = key.as_bytes();
    let at = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    u32::from_le_bytes([
        length,
        at(0),
        at(bytes.len() / 2),
        at(bytes.len().wrapping_sub(1)),
    ])
}

const INDEXED_FROM: usize = 12;

impl Table {
    /// An empty table of this form.
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            ..Self::default()
        }
    }

    /// The entries, in the order of the text.
    pub fn entries(&self) -> &[Entry] {
        match &self.rows {
            Rows::Few(entries) => entries,
            Rows::Many(indexed) => &indexed.entries,
        }
    }

    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.position(key).map(|at| &self.entries()[at])
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// How it is written.
    pub fn form(&self) -> Form {
        self.form
    }

    /// True when a syntax error lost some of its entries, so that a missing one is no news.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    pub(super) fn position(&self, key: &str) -> Option<usize> {
        match &self.rows {
            Rows::Few(entries) => {
                let mark = mark(key);
                let is_it = |entry: &Entry| entry.mark == mark && entry.key == key;
                entries.iter().position(is_it)
            }
            Rows::Many(indexed) => indexed.index.find(key, &indexed.entries),
        }
    }

    /// Adds an entry whose key is not there yet.
    pub(super) fn push(&mut self, entry: Entry) -> usize {
        let entries = self.entries_mut();
        let at = entries.len();
        if at == entries.capacity() {
            // Most tables in braces have one entry or two, those under headers grow by a table or two once they are full, and a file has ten thousands of both.
            let further = if at < INDEXED_FROM {
                1 + at / 8
            } else {
                at / 2
            };
            entries.reserve_exact(further);
        }
        entries.push(entry);
        match &mut self.rows {
            Rows::Few(entries) if at >= INDEXED_FROM => {
                let mut index = Index::default();
                (0..=at).for_each(|at| index.insert(at, entries));
                let entries = std::mem::take(entries);
                self.rows = Rows::Many(Box::new(Indexed { entries, index }));
            }
            Rows::Few(_) => {}
            Rows::Many(indexed) => indexed.index.insert(at, &indexed.entries),
        }
        at
    }

    /// Takes what is in it into more room, where many further entries are cheap; an empty table of the same form stays.
    pub(super) fn take_into(&mut self, mut room: Vec<Entry>) -> Self {
        let mut taken = std::mem::replace(self, Self::new(self.form));
        if let Rows::Few(entries) = &mut taken.rows {
            room.append(entries);
            *entries = room;
        }
        taken
    }

    /// Keeps no more room than it needs, and returns what it had, for another table.
    pub(super) fn shrink(&mut self) -> Vec<Entry> {
        let Rows::Few(entries) = &mut self.rows else {
            return Vec::new();
        };
        let mut needed = Vec::with_capacity(entries.len());
        needed.append(entries);
        std::mem::replace(entries, needed)
    }

    /// Its entries, to be put into another table.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        match self.rows {
            Rows::Few(entries) => entries,
            Rows::Many(indexed) => indexed.entries,
        }
    }

    pub(super) fn entry_mut(&mut self, at: usize) -> &mut Entry {
        &mut self.entries_mut()[at]
    }

    fn entries_mut(&mut self) -> &mut Vec<Entry> {
        match &mut self.rows {
            Rows::Few(entries) => entries,
            Rows::Many(indexed) => &mut indexed.entries,
        }
    }

    pub(super) fn set_form(&mut self, form: Form) {
        self.form = form;
    }

    pub(super) fn set_damaged(&mut self) {
        self.damaged = true;
    }
}

static EMPTY: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::default);

impl Document {
    pub(super) fn new(source: Source, root: Table) -> Self {
        Self {
            source,
            root: Node::new(Span::default(), Value::Table(root)),
        }
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The table that is the whole document.
    pub fn root(&self) -> &Table {
        self.root.as_table().unwrap_or(&EMPTY)
    }

    /// True when a syntax error lost a part of the text, so that what seems missing may be written there.
    pub fn is_damaged(&self) -> bool {
        self.root().is_damaged()
    }

    /// The root as a node, to deserialise from.
    pub fn root_node(&self) -> &Node {
        &self.root
    }

    /// The value at a path, if it is written.
    pub fn node(&self, path: &Path) -> Option<&Node> {
        path.steps()
            .iter()
            .try_fold(&self.root, |node, step| node.step(step))
    }

    /// Where the value at a path is written; for one that is left out, where its nearest ancestor is.
    pub fn span(&self, path: &Path) -> Span {
        self.nearest(path).node.span()
    }

    /// Where the key at the end of a path is written; for one that is left out, its nearest ancestor's key. An array's item has no key of its own and gives its value.
    pub fn key_span(&self, path: &Path) -> Span {
        self.nearest(path).key_span
    }

    /// What leads to each of these offsets.
    pub fn places(&self, offsets: impl IntoIterator<Item = usize>) -> Places<'_> {
        let mut offsets: Vec<usize> = offsets.into_iter().collect();
        offsets.sort_unstable();
        offsets.dedup();
        let places = offsets.into_iter().map(|offset| Innermost {
            offset,
            span: Span::default(),
            keys: Vec::new(),
        });
        let nowhere = Places {
            places: places.collect(),
        };
        let mut places = nowhere.clone();
        if nowhere.places.is_empty() {
            return places;
        }
        let much = self.source.text().len() >= MUCH_TEXT;
        for top in self.root().entries() {
            let mut keys = vec![top.key.as_str()];
            places.meet_entry(top, &keys);
            let Some(table) = top.node.as_table() else {
                places.walk(&top.node, &mut keys);
                continue;
            };
            // The long tables are those of the root.
            let parts = in_parts(table.entries(), ENTRIES_IN_A_ROW, much, |part| {
                let mut places = nowhere.clone();
                places.walk_entries(part, &mut vec![top.key.as_str()]);
                places
            });
            for part in parts {
                places.join(part);
            }
        }
        places
    }

    /// For a table under `[a.b]`, the words between the brackets; for anything else, its key.
    pub fn header_span(&self, path: &Path) -> Span {
        let place = self.nearest(path);
        match &place.node.value {
            Value::Table(table) if table.form == Form::Header => self.between_brackets(place),
            _ => place.key_span,
        }
    }

    fn between_brackets(&self, place: Place<'_>) -> Span {
        let words = self.source.words(place.node.span());
        let inner = words.trim_matches(|it: char| it == '[' || it == ']' || it.is_whitespace());
        if inner.is_empty() {
            return place.key_span;
        }
        let start = place.node.span().start + (inner.as_ptr() as usize - words.as_ptr() as usize);
        Span::new(start, start + inner.len())
    }

    fn nearest(&self, path: &Path) -> Place<'_> {
        let mut place = Place {
            node: &self.root,
            key_span: self.root.span(),
        };
        for step in path.steps() {
            let next = match (step, &place.node.value) {
                (Step::Key(key), Value::Table(table)) => table.get(key).map(|entry| Place {
                    node: &entry.node,
                    key_span: entry.key_span(),
                }),
                (Step::Index(index), Value::Array(items)) => items.get(*index).map(|node| Place {
                    node,
                    key_span: node.span(),
                }),
                _ => None,
            };
            match next {
                Some(next) => place = next,
                None => break,
            }
        }
        place
    }
}

/// A node met on the way down a path, and the key it stands under.
#[derive(Clone, Copy)]
struct Place<'a> {
    node: &'a Node,
    key_span: Span,
}

/// How many entries of a long table one core looks at in a row.
const ENTRIES_IN_A_ROW: usize = 1024;

/// What leads to some offsets of a text.
#[derive(Debug, Clone)]
pub struct Places<'a> {
    /// Ordered by offset.
    places: Vec<Innermost<'a>>,
}

#[derive(Debug, Clone)]
struct Innermost<'a> {
    offset: usize,
    span: Span,
    keys: Vec<&'a str>,
}

impl Innermost<'_> {
    /// True when a span that holds the offset lies in the one found so far: what begins later is further in, and of two that begin together the shorter.
    fn is_within(&self, span: Span) -> bool {
        let order = |it: Span| (it.start, Reverse(it.end));
        self.keys.is_empty() || order(span) >= order(self.span)
    }
}

impl<'a> Places<'a> {
    /// The keys that lead to the innermost key or value at one of the offsets; an item of an array has those of its array.
    pub fn at(&self, offset: usize) -> &[&'a str] {
        let found = self.places.binary_search_by_key(&offset, |it| it.offset);
        found.map_or(&[], |at| &self.places[at].keys)
    }

    fn meet(&mut self, span: Span, keys: &[&'a str]) {
        let first = self.places.partition_point(|it| it.offset < span.start);
        for place in &mut self.places[first..] {
            if place.offset >= span.end {
                break;
            }
            if place.is_within(span) {
                place.span = span;
                place.keys = keys.to_vec();
            }
        }
    }

    /// Adds what was met later.
    fn join(&mut self, later: Self) {
        for (place, later) in self.places.iter_mut().zip(later.places) {
            if !later.keys.is_empty() && place.is_within(later.span) {
                *place = later;
            }
        }
    }

    fn walk(&mut self, node: &'a Node, keys: &mut Vec<&'a str>) {
        match &node.value {
            Value::Table(table) => self.walk_entries(table.entries(), keys),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, keys)),
            _ => {}
        }
    }

    fn walk_entries(&mut self, entries: &'a [Entry], keys: &mut Vec<&'a str>) {
        for entry in entries {
            keys.push(&entry.key);
            self.meet_entry(entry, keys);
            self.walk(&entry.node, keys);
            keys.pop();
        }
    }

    fn meet_entry(&mut self, entry: &Entry, keys: &[&'a str]) {
        self.meet(entry.key_span(), keys);
        // The span of a table is its header or braces; what is in it has spans of its own.
        self.meet(entry.node.span(), keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::syntax::parse;

    #[test]
    fn keys_that_lead_to_an_offset_are_found_in_a_short_text_and_in_a_long_one() {
        for count in [2, 3 * ENTRIES_IN_A_ROW] {
            let long = "y".repeat(100);
            let one = |at| {
                format!(
                    "[services.s{at}]\nkind = \"x\"\nrun = {{ command = [\"{long}\"] }}\n[services.s{at}.env]\nA = \"{at}\"\n"
                )
            };
            let text: String = (0..count).map(one).collect();
            assert_eq!(text.len() >= MUCH_TEXT, count > 2);
            let source = Source::new("a.toml", text.as_str());
            let document = parse(&source, &mut Diagnostics::new()).unwrap();
            let offsets = |words: &str| -> Vec<usize> {
                text.match_indices(words)
                    .map(|(at, _)| at + words.len() - 1)
                    .collect()
            };
            for (words, below) in [("kind = \"", "kind"), ("A = \"", "env"), ("[\"", "run")] {
                let offsets = offsets(words);
                assert_eq!(offsets.len(), count);
                let places = document.places(offsets.iter().copied());
                for (at, offset) in offsets.iter().enumerate() {
                    let keys = places.at(*offset);
                    assert_eq!(
                        keys[..3],
                        ["services", &format!("s{at}"), below],
                        "{keys:?}"
                    );
                }
            }
        }
    }
}
