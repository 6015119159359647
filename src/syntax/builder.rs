//! From the parser's events to the tree: where each key and value goes, and what may not be there twice.
//!
//! `toml_parser` knows the grammar and recovers from mistakes; which tables a text defines, and whether it may, is decided here. The `toml` crate decides the same but forgets the first of two duplicates and does not bound the depth of dotted keys.

use std::borrow::Cow;

use smol_str::SmolStr;
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, Span as RawSpan};

use super::document::{Entry, Form, Node, Table, Value};
use super::problem::{self, Problems, Sink};
use super::{escape, rules, text};
use crate::diagnostic::{Diagnostic, Span};

/// How deep a value may lie; every recursion over a document is bounded by it.
const DEEPEST: usize = 64;
const LONGEST_KEY: usize = 255;
const LONGEST_NUMBER: usize = 64;
const LONGEST_STRING: usize = 64 << 10;

/// Receives the parser's events and grows the tree.
pub(super) struct Builder<'p, 's> {
    source: toml_parser::Source<'s>,
    /// Where this part of the text begins in the whole.
    base: usize,
    root: Table,
    /// The entries that lead from the root to the table of the current header; through an array, to its last table.
    header: Vec<usize>,
    /// The table of the current header, which is put into the tree when it ends; nothing when the header is wrong, so that the lines below it have no place.
    current: Option<Table>,
    /// Room for the entries of the next one.
    room: Vec<Entry>,
    /// Some while the words of a header are read.
    reading: Option<Header>,
    /// The parts of the key read last.
    keys: Vec<Key>,
    /// Arrays and inline tables that are not closed yet.
    open: Vec<Open>,
    /// How many keys and values were read.
    count: usize,
    problems: &'p Problems<'s>,
}

struct Header {
    start: usize,
    is_array: bool,
}

struct Key {
    text: SmolStr,
    span: Span,
}

/// A container whose closing bracket is still to come, and the key it will stand under.
struct Open {
    start: usize,
    depth: usize,
    keys: Vec<Key>,
    content: Content,
}

enum Content {
    Array(Vec<Node>),
    Table(Table),
    /// Too deep: what is inside is not kept.
    Skipped,
}

/// Where a descent ended.
type Descent<'t> = Result<&'t mut Table, Clash>;

/// A key that cannot be used as the text wants to, and where the other use of it is.
struct Clash {
    key: Span,
    name: String,
    other: Span,
    why: Why,
}

#[derive(Clone, Copy)]
enum Why {
    Twice,
    HasValue,
    Complete,
}

impl<'p, 's> Builder<'p, 's> {
    /// A builder for the part of a text that begins at `base` of the whole.
    pub(super) fn new(
        source: toml_parser::Source<'s>,
        base: usize,
        problems: &'p Problems<'s>,
    ) -> Self {
        Self {
            source,
            base,
            root: Table::new(Form::Header),
            header: Vec::new(),
            current: Some(Table::new(Form::Header)),
            room: Vec::new(),
            reading: None,
            keys: Vec::new(),
            open: Vec::new(),
            count: 0,
            problems,
        }
    }

    /// The tree, and how many keys and values were read.
    pub(super) fn finish(mut self) -> (Table, usize) {
        self.end_header(None);
        self.end_table();
        if self.problems.len() > 0 {
            self.root.set_damaged();
        }
        (self.root, self.count)
    }

    /// Where a span of this part is in the whole.
    fn whole(&self, span: RawSpan) -> Span {
        Span::new(self.base + span.start(), self.base + span.end())
    }

    fn depth(&self) -> usize {
        self.open.last().map_or(self.header.len(), |it| it.depth)
    }

    /// The depth of the value that comes next.
    fn next_depth(&self) -> usize {
        let steps = match self.open.last().map(|it| &it.content) {
            Some(Content::Array(_)) => 1,
            _ => self.keys.len(),
        };
        self.depth() + steps
    }

    fn within_depth(&mut self, depth: usize, span: Span) -> bool {
        if depth > DEEPEST {
            self.problems.report(
                Diagnostic::new(
                    &rules::DEEP_NESTING,
                    format!("this lies more than {DEEPEST} levels deep"),
                )
                .primary(span, "the level too many"),
            );
        }
        depth <= DEEPEST
    }

    /// Counts a key or value; false when there are too many, and nothing further is kept.
    fn within_count(&mut self, span: RawSpan) -> bool {
        self.count = self.count.saturating_add(1);
        if self.count == text::MOST_VALUES + 1 {
            self.problems.report(
                Diagnostic::new(
                    &rules::TOO_MANY_VALUES,
                    format!(
                        "more than {} keys and values: the rest was not looked at",
                        text::MOST_VALUES
                    ),
                )
                .primary(self.whole(span), "the first too many"),
            );
        }
        !self.is_full()
    }

    fn is_full(&self) -> bool {
        self.count > text::MOST_VALUES
    }

    // Keys.

    fn read_key(&mut self, raw_span: RawSpan, encoding: Option<Encoding>) {
        if self.keys.len() > DEEPEST {
            return; // The first key too many is enough to say so.
        }
        let Some(raw) = self.source.get(raw_span) else {
            return;
        };
        let raw = toml_parser::Raw::new_unchecked(raw.as_str(), encoding, raw_span);
        let mut decoded = Cow::Borrowed("");
        let before = self.problems.len();
        raw.decode_key(&mut decoded, &mut Sink(self.problems));
        let span = self.whole(raw_span);
        if self.problems.len() == before {
            self.check_key(&decoded, span);
        }
        self.keys.push(Key {
            text: SmolStr::from(decoded),
            span,
        });
    }

    fn check_key(&mut self, key: &str, span: Span) {
        if key.len() > LONGEST_KEY {
            self.problems.report(
                Diagnostic::new(
                    &rules::OVERSIZED_VALUE,
                    format!(
                        "the key has {} bytes, and at most {LONGEST_KEY} are allowed",
                        key.len()
                    ),
                )
                .primary(span, "this key"),
            );
            return;
        }
        if key.bytes().all(|it| (b' '..=b'~').contains(&it)) {
            return;
        }
        let wrong = key
            .chars()
            .find_map(|it| Some((it, text::forbidden_in_key(it)?)));
        if let Some((character, rule)) = wrong {
            let finding = Diagnostic::new(
                rule,
                format!("a key may not contain {}", text::describe(character)),
            )
            .primary(span, "this key")
            .help("keys are letters, digits, `_` and `-`; a title or note may have any text");
            self.problems.report(finding);
        }
    }

    // Headers.

    fn begin_header(&mut self, span: RawSpan, is_array: bool) {
        self.end_header(None);
        self.open.clear();
        self.keys.clear();
        self.reading = Some(Header {
            start: self.base + span.start(),
            is_array,
        });
    }

    /// The header is complete, or its line ended without the bracket that closes it.
    fn end_header(&mut self, close: Option<RawSpan>) {
        let Some(header) = self.reading.take() else {
            return;
        };
        let keys = std::mem::take(&mut self.keys);
        self.end_table();
        let Some(last) = keys.last() else {
            return;
        };
        let end = close.map_or(last.span.end, |it| self.base + it.end());
        let span = Span::new(header.start, end);
        // A header that has no name, or a wrong one, opens no table. One that only lacks its bracket does.
        let spoilt = close.is_some() && self.problems.spoil(header.start);
        let nameless = keys.iter().any(|it| it.span.start == it.span.end);
        let holds = !spoilt
            && !nameless
            && self.within_depth(keys.len(), span)
            && self.open_table(&header, &keys, span);
        if !holds {
            damage(&mut self.root, &keys);
        }
        self.keep(keys);
    }

    /// Each entry and header has keys, and the list of the last one serves for the next.
    fn keep(&mut self, mut keys: Vec<Key>) {
        keys.clear();
        self.keys = keys;
    }

    fn open_table(&mut self, header: &Header, keys: &[Key], span: Span) -> bool {
        let Some((last, parents)) = keys.split_last() else {
            return false;
        };
        self.header.clear();
        let opened =
            descend(&mut self.root, parents, Form::Implied, &mut self.header).and_then(|parent| {
                if header.is_array {
                    push_table(parent, last, span)
                } else {
                    define_table(parent, last, span)
                }
            });
        match opened {
            Ok(at) => {
                self.header.push(at);
                self.begin_table();
                true
            }
            Err(clash) => {
                self.header.clear();
                self.problems.report_at(clash.key.end, || clash.into());
                false
            }
        }
    }

    // Values.

    fn open_container(&mut self, span: RawSpan, content: Content) -> bool {
        let depth = self.next_depth();
        let here = self.whole(span);
        let allowed = self.within_depth(depth, here);
        self.open.push(Open {
            start: self.base + span.start(),
            depth,
            keys: std::mem::take(&mut self.keys),
            content: if allowed { content } else { Content::Skipped },
        });
        allowed
    }

    fn close_container(&mut self, span: RawSpan) {
        // After some mistakes a bracket closes that never opened.
        let Some(closed) = self.open.pop() else {
            return;
        };
        self.keys = closed.keys;
        let value = match closed.content {
            Content::Array(items) => Value::Array(items),
            Content::Table(table) => Value::Table(table),
            Content::Skipped => {
                self.keys.clear();
                return;
            }
        };
        let span = Span::new(closed.start, self.base + span.end());
        self.place(Node::new(span, value));
    }

    fn read_scalar(&mut self, raw_span: RawSpan, encoding: Option<Encoding>) {
        let Some(raw) = self.source.get(raw_span) else {
            return;
        };
        let raw = toml_parser::Raw::new_unchecked(raw.as_str(), encoding, raw_span);
        let span = self.whole(raw_span);
        let mut decoded = Cow::Borrowed("");
        let before = self.problems.len();
        let kind = raw.decode_scalar(&mut decoded, &mut Sink(self.problems));
        if self.problems.len() > before {
            self.lose_entry();
            return;
        }
        match self.scalar(kind, raw.as_str(), decoded, span) {
            Ok(value) => {
                let depth = self.next_depth();
                if self.within_depth(depth, span) {
                    self.place(Node::new(span, value));
                }
            }
            Err(finding) => {
                self.problems.report(*finding);
                self.lose_entry();
            }
        }
    }

    fn scalar(
        &mut self,
        kind: ScalarKind,
        raw: &str,
        decoded: Cow<'_, str>,
        span: Span,
    ) -> Result<Value, Box<Diagnostic>> {
        if kind == ScalarKind::String {
            return self.string(raw, decoded, span);
        }
        if raw.len() > LONGEST_NUMBER {
            return Err(oversized("value", raw.len(), LONGEST_NUMBER, span));
        }
        let syntax = |message: String, label: &str| {
            Box::new(Diagnostic::new(&rules::TOML_SYNTAX, message).primary(span, label))
        };
        match kind {
            ScalarKind::Boolean(flag) => Ok(Value::Boolean(flag)),
            ScalarKind::Integer(radix) => i64::from_str_radix(&decoded, radix.value())
                .map(Value::Integer)
                .map_err(|_| syntax(format!("`{raw}` does not fit in 64 bits"), "too large")),
            ScalarKind::Float => match decoded.parse::<f64>() {
                Ok(number) if number.is_finite() || raw.contains("inf") || raw.contains("nan") => {
                    Ok(Value::Float(number))
                }
                _ => Err(syntax(
                    format!("`{raw}` is larger than any float"),
                    "too large",
                )),
            },
            ScalarKind::DateTime => match decoded.parse::<toml::value::Datetime>() {
                Ok(_) => Ok(Value::Datetime(SmolStr::from(decoded))),
                Err(_) => Err(syntax(
                    format!("`{raw}` is no date or time"),
                    "there is no such day or time",
                )),
            },
            ScalarKind::String => self.string(raw, decoded, span),
        }
    }

    fn string(
        &mut self,
        raw: &str,
        decoded: Cow<'_, str>,
        span: Span,
    ) -> Result<Value, Box<Diagnostic>> {
        if decoded.len() > LONGEST_STRING {
            return Err(oversized("text", decoded.len(), LONGEST_STRING, span));
        }
        if raw.starts_with('"') && raw.contains('\\') {
            for (character, at) in escape::forbidden(raw) {
                let at = Span::new(span.start + at.start, span.start + at.end);
                let rule = match text::forbidden(character) {
                    Some(rule) if character != '\r' => rule,
                    _ => &rules::CONTROL_CHARACTER,
                };
                self.problems.report(text::finding(rule, character, at));
            }
        }
        // The line ends of the file are not part of the text: a file with CRLF means the same.
        let text = if decoded.contains('\r') {
            decoded.replace("\r\n", "\n").into()
        } else {
            SmolStr::from(decoded)
        };
        Ok(Value::String(text))
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(Open {
                content: Content::Array(items),
                ..
            }) => items.push(node),
            Some(Open {
                content: Content::Table(table),
                ..
            }) => {
                if let Err(clash) = insert(table, &mut self.keys, node) {
                    self.problems.report_at(clash.key.end, || clash.into());
                }
                self.keys.clear();
            }
            Some(_) => {}
            None => self.place_under_header(node),
        }
    }

    fn place_under_header(&mut self, node: Node) {
        let Some(first) = self.keys.first() else {
            return;
        };
        let spoilt = self.problems.spoil(first.span.start);
        let mut keys = std::mem::take(&mut self.keys);
        if let Some(table) = &mut self.current {
            if spoilt {
                table.set_damaged();
            } else if let Err(clash) = insert(table, &mut keys, node) {
                self.problems.report_at(clash.key.end, || clash.into());
            }
        }
        self.keep(keys);
    }

    /// The place in the tree of the table of the current header.
    fn header_table(&mut self) -> Option<&mut Table> {
        let mut table = &mut self.root;
        for at in &self.header {
            table = last_table(&mut table.entry_mut(*at).node)?;
        }
        Some(table)
    }

    /// Takes the table of the current header out of the tree, into more room than it will need.
    fn begin_table(&mut self) {
        let room = std::mem::take(&mut self.room);
        self.current = self.header_table().map(|table| table.take_into(room));
    }

    /// Puts the table of the current header into the tree, with no more room than it needs.
    fn end_table(&mut self) {
        let Some(mut table) = self.current.take() else {
            return;
        };
        self.room = table.shrink();
        if let Some(place) = self.header_table() {
            *place = table;
        }
    }

    /// A mistake in an expression that leaves no value behind.
    fn lose_entry(&mut self) {
        self.keys.clear();
        if let Some(table) = &mut self.current {
            table.set_damaged();
        }
    }
}

fn oversized(what: &str, size: usize, limit: usize, span: Span) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            &rules::OVERSIZED_VALUE,
            format!("the {what} has {size} bytes, and at most {limit} are allowed"),
        )
        .primary(span, format!("this {what}")),
    )
}

/// The table at a node: itself, or the last of an array of tables.
fn last_table(node: &mut Node) -> Option<&mut Table> {
    match &mut node.value {
        Value::Table(table) => Some(table),
        Value::Array(items) => match &mut items.last_mut()?.value {
            Value::Table(table) if table.form() == Form::Header => Some(table),
            _ => None,
        },
        _ => None,
    }
}

/// Follows the keys down from a table, making what is not there yet in the given form; notes the entries it went through.
fn descend<'t>(
    mut table: &'t mut Table,
    keys: &[Key],
    form: Form,
    way: &mut Vec<usize>,
) -> Descent<'t> {
    for key in keys {
        let at = match table.position(&key.text) {
            Some(at) => at,
            None => table.push(Entry::new(
                key.text.clone(),
                key.span,
                Node::new(key.span, Value::Table(Table::new(form))),
            )),
        };
        way.push(at);
        let entry = table.entry_mut(at);
        let other = entry.key_span();
        let is_array = matches!(entry.node.value, Value::Array(_));
        let Some(next) = last_table(&mut entry.node) else {
            return Err(Clash::new(key, other, Why::HasValue));
        };
        let extensible = match form {
            Form::Dotted => !is_array && matches!(next.form(), Form::Dotted | Form::Implied),
            _ => next.form() != Form::Inline,
        };
        if !extensible {
            return Err(Clash::new(key, other, Why::Complete));
        }
        table = next;
    }
    Ok(table)
}

/// Opens the table of a `[header]`.
fn define_table(parent: &mut Table, key: &Key, span: Span) -> Result<usize, Clash> {
    let Some(at) = parent.position(&key.text) else {
        return Ok(parent.push(Entry::new(
            key.text.clone(),
            key.span,
            Node::new(span, Value::Table(Table::new(Form::Header))),
        )));
    };
    let entry = parent.entry_mut(at);
    match &mut entry.node.value {
        Value::Table(table) if table.form() == Form::Implied => {
            table.set_form(Form::Header);
            entry.key_at = key.span.into();
            entry.node.at = span.into();
            Ok(at)
        }
        other => {
            // Its lines are not read twice, so the first table may seem to lack what the second one says.
            if let Value::Table(table) = other {
                table.set_damaged();
            }
            Err(Clash::new(key, entry.key_span(), Why::Twice))
        }
    }
}

/// Adds the table of an `[[array header]]`.
fn push_table(parent: &mut Table, key: &Key, span: Span) -> Result<usize, Clash> {
    let table = Node::new(span, Value::Table(Table::new(Form::Header)));
    let Some(at) = parent.position(&key.text) else {
        return Ok(parent.push(Entry::new(
            key.text.clone(),
            key.span,
            Node::new(span, Value::Array(vec![table])),
        )));
    };
    let entry = parent.entry_mut(at);
    let extensible = last_table(&mut entry.node).is_some();
    match &mut entry.node.value {
        Value::Array(items) if extensible => {
            items.push(table);
            Ok(at)
        }
        _ => Err(Clash::new(key, entry.key_span(), Why::Twice)),
    }
}

/// Adds a value under a key, dotted or not.
fn insert(table: &mut Table, keys: &mut Vec<Key>, node: Node) -> Result<(), Clash> {
    let Some(last) = keys.pop() else {
        return Ok(());
    };
    let table = if keys.is_empty() {
        table
    } else {
        descend(table, keys, Form::Dotted, &mut Vec::new())?
    };
    if let Some(at) = table.position(&last.text) {
        return Err(Clash::new(
            &last,
            table.entry_mut(at).key_span(),
            Why::Twice,
        ));
    }
    table.push(Entry::new(last.text, last.span, node));
    Ok(())
}

/// Marks every table on the way that a lost header may have said something about.
fn damage(root: &mut Table, keys: &[Key]) {
    let mut table = root;
    for key in keys {
        table.set_damaged();
        let Some(at) = table.position(&key.text) else {
            return;
        };
        let Some(next) = last_table(&mut table.entry_mut(at).node) else {
            return;
        };
        table = next;
    }
    table.set_damaged();
}

impl Clash {
    fn new(key: &Key, other: Span, why: Why) -> Self {
        Self {
            key: key.span,
            name: problem::shorten(&key.text),
            other,
            why,
        }
    }
}

impl From<Clash> for Diagnostic {
    fn from(clash: Clash) -> Self {
        let name = clash.name;
        let (message, here, there) = match clash.why {
            Why::Twice => (
                format!("`{name}` is written twice"),
                "here again",
                "it is written here first",
            ),
            Why::HasValue => (
                format!("`{name}` has a value and cannot be a table as well"),
                "used as a table here",
                "it has its value here",
            ),
            Why::Complete => (
                format!("the table `{name}` is complete and cannot be added to"),
                "added to here",
                "it is complete here",
            ),
        };
        Diagnostic::new(&rules::DUPLICATE_KEY, message)
            .primary(clash.key, here)
            .secondary(clash.other, there)
    }
}

impl EventReceiver for Builder<'_, '_> {
    fn std_table_open(&mut self, span: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        self.begin_header(span, false);
    }

    fn std_table_close(&mut self, span: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        self.end_header(Some(span));
    }

    fn array_table_open(&mut self, span: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        self.begin_header(span, true);
    }

    fn array_table_close(&mut self, span: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        self.end_header(Some(span));
    }

    fn inline_table_open(&mut self, span: RawSpan, _: &mut dyn ErrorSink) -> bool {
        if !self.within_count(span) {
            return false;
        }
        self.open_container(span, Content::Table(Table::new(Form::Inline)))
    }

    fn inline_table_close(&mut self, span: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        self.close_container(span);
    }

    fn array_open(&mut self, span: RawSpan, _: &mut dyn ErrorSink) -> bool {
        if !self.within_count(span) {
            return false;
        }
        self.open_container(span, Content::Array(Vec::new()))
    }

    fn array_close(&mut self, span: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        self.close_container(span);
    }

    fn simple_key(&mut self, span: RawSpan, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        if !self.within_count(span) {
            return;
        }
        self.read_key(span, encoding);
    }

    fn scalar(&mut self, span: RawSpan, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        if !self.within_count(span) {
            return;
        }
        self.read_scalar(span, encoding);
    }

    fn newline(&mut self, _: RawSpan, _: &mut dyn ErrorSink) {
        if self.is_full() {
            return;
        }
        // A header that was not closed ends with its line; so does a key without a value.
        self.end_header(None);
        if self.open.is_empty() && !self.keys.is_empty() {
            self.lose_entry();
        }
    }
}
