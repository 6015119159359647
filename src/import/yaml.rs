//! YAML as a tree, read as PyYAML's safe loader reads it: YAML 1.1 words, merges, aliases, the last of two equal keys.
//!
//! The parser is `granit-parser`: it gives the place of every event, takes what PyYAML takes, and bounds depth itself. Aliases are written out, up to a limit.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span as Place, Tag};

use super::rules;
use super::scalar;
use super::tree::{Entry, KeyValue, Node, Style, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// How deep lists and maps may lie in each other, aliases written out.
const DEPTH: usize = 100;

/// How many values aliases and merges may add to a file.
const COPIES: usize = 200_000;

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Yaml {
    /// Its documents: usually one.
    pub(super) documents: Vec<Node>,
    /// Where values carry a tag that only some program knows.
    pub(super) tags: Vec<Span>,
    /// Where each document begins.
    pub(super) starts: Vec<Span>,
}

/// Reads a text; nothing when it is no YAML, which is reported.
pub(super) fn read(source: &Source, diagnostics: &mut Diagnostics) -> Option<Yaml> {
    let before = diagnostics.count(crate::diagnostic::Severity::Error);
    let text = source.text();
    if let Some((at, character)) = text.char_indices().find(|(_, it)| !is_printable(*it)) {
        diagnostics.push(
            Diagnostic::new(
                &rules::YAML_SYNTAX,
                format!(
                    "{} may not stand in YAML",
                    crate::syntax::describe(character)
                ),
            )
            .primary(
                Span::new(at, at + character.len_utf8()),
                "not allowed, even in a comment",
            )
            .help("delete it"),
        );
        return None;
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEPTH;
    options.block_nesting_limit = DEPTH;
    let mut builder = Builder {
        source,
        diagnostics,
        yaml: Yaml::default(),
        stack: Vec::new(),
        anchors: HashMap::new(),
        copies: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, place)) => {
                if !builder.take(event, place) {
                    return None;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                let at = floor(text, at);
                let end = text[at..]
                    .chars()
                    .next()
                    .map_or(at, |it| at + it.len_utf8());
                let what = error.info();
                builder.diagnostics.push(
                    Diagnostic::new(&rules::YAML_SYNTAX, "this is no YAML")
                        .primary(Span::new(at, end), plain(&what)),
                );
                return None;
            }
        }
    }
    let yaml = builder.yaml;
    (diagnostics.count(crate::diagnostic::Severity::Error) == before || !yaml.documents.is_empty())
        .then_some(yaml)
}

/// The parser's words, without what they may quote.
fn plain(what: &str) -> String {
    what.chars()
        .filter(|it| !it.is_control())
        .take(120)
        .collect()
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What PyYAML lets stand in a text.
fn is_printable(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

struct Builder<'a> {
    source: &'a Source,
    diagnostics: &'a mut Diagnostics,
    yaml: Yaml,
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Node, Size)>,
    copies: usize,
}

/// How much a value is: the values in it, and how deep they lie.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    height: usize,
}

/// A list or map whose end has not come.
struct Frame {
    kind: FrameKind,
    start: usize,
    end: usize,
    anchor: usize,
}

enum FrameKind {
    List(Vec<Node>),
    Map(Pairs),
}

#[derive(Default)]
struct Pairs {
    entries: Vec<Entry>,
    seen: HashMap<String, usize>,
    key: Option<(String, Span, KeyValue)>,
    merges: Vec<Node>,
}

impl Builder<'_> {
    /// Takes an event; false when the rest is not worth reading.
    fn take(&mut self, event: Event<'_>, place: Place) -> bool {
        let span = self.span(place);
        match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.yaml.starts.push(span);
            }
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(word, style, anchor, tag) => {
                let node = self.scalar(word, style, tag.as_deref(), span);
                self.keep(anchor, &node);
                self.push(node);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(FrameKind::List(Vec::new()), anchor, tag.as_deref(), span);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(
                    FrameKind::Map(Pairs::default()),
                    anchor,
                    tag.as_deref(),
                    span,
                );
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            _ => {}
        }
        true
    }

    fn span(&self, place: Place) -> Span {
        let text = self.source.text();
        let range = place.byte_range().unwrap_or(0..0);
        let start = floor(text, range.start);
        Span::new(start, floor(text, range.end).max(start))
    }

    fn tag(&mut self, tag: Option<&Tag>, span: Span) -> Option<String> {
        let tag = tag?;
        let core = tag.core_suffix().map(str::to_owned);
        if core.is_none() {
            self.yaml.tags.push(span);
        }
        core
    }

    fn scalar(
        &mut self,
        word: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Node {
        let span = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => trimmed(self.source, span),
            _ => span,
        };
        let has_tag = tag.is_some();
        if self.tag(tag, span).is_some_and(|it| it != "str")
            || (style == ScalarStyle::Plain && !has_tag)
        {
            let Some(value) = scalar::resolve(&word) else {
                self.diagnostics.push(
                    Diagnostic::new(&rules::YAML_SYNTAX, "a lone `=` has no value in YAML 1.1")
                        .primary(span, "PyYAML refuses the whole file for it")
                        .help("put it in quotes"),
                );
                return Node::text(word, span);
            };
            return Node {
                value,
                span,
                style: Style::Plain,
            };
        }
        Node::text(word, span)
    }

    fn open(&mut self, kind: FrameKind, anchor: usize, tag: Option<&Tag>, span: Span) {
        self.tag(tag, span);
        self.stack.push(Frame {
            kind,
            start: span.start,
            end: span.end,
            anchor,
        });
    }

    fn close(&mut self, span: Span) -> bool {
        let Some(frame) = self.stack.pop() else {
            return true;
        };
        // A block ends where its last value does, not where the next thing begins.
        let flow = self.source.text()[frame.start..].starts_with(['[', '{']);
        let end = if flow {
            span.end.max(frame.end)
        } else {
            frame.end
        };
        let span = Span::new(frame.start, end.max(frame.start));
        let value = match frame.kind {
            FrameKind::List(items) => Value::List(items),
            FrameKind::Map(pairs) => match self.map(pairs) {
                Some(entries) => Value::Map(entries),
                None => return false,
            },
        };
        let mut node = Node::new(value, span);
        if frame.anchor != 0 {
            node.style = Style::Anchored;
        }
        self.keep(frame.anchor, &node);
        self.push(node);
        true
    }

    /// The pairs of a map, with what it merges behind its own.
    fn map(&mut self, pairs: Pairs) -> Option<Vec<Entry>> {
        let Pairs {
            mut entries,
            mut seen,
            merges,
            ..
        } = pairs;
        for merge in merges {
            let maps: Vec<&Node> = match &merge.value {
                Value::Map(_) => vec![&merge],
                Value::List(items) if items.iter().all(Node::is_map) => items.iter().collect(),
                _ => {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &rules::YAML_SYNTAX,
                            format!("`<<` merges a map, and this is {}", merge.noun()),
                        )
                        .primary(merge.span, "no map, and no list of maps"),
                    );
                    continue;
                }
            };
            for entry in maps.into_iter().flat_map(Node::entries) {
                if seen.contains_key(&entry.key) {
                    continue;
                }
                self.copies += size(&entry.node).nodes;
                if self.copies > COPIES {
                    self.too_much(merge.span);
                    return None;
                }
                seen.insert(entry.key.clone(), entries.len());
                entries.push(entry.clone());
            }
        }
        Some(entries)
    }

    fn alias(&mut self, id: usize, span: Span) -> bool {
        let Some((node, size)) = self.anchors.get(&id) else {
            // The parser knows each anchor that came before, so this one is around us.
            self.diagnostics.push(
                Diagnostic::new(&rules::YAML_SYNTAX, "a value refers to itself")
                    .primary(span, "lies in what it refers to"),
            );
            return false;
        };
        self.copies += size.nodes;
        if self.copies > COPIES || self.stack.len() + size.height > DEPTH {
            self.too_much(span);
            return false;
        }
        let node = Node {
            span,
            ..node.clone()
        };
        self.push(node);
        true
    }

    fn too_much(&mut self, span: Span) {
        self.diagnostics.push(
            Diagnostic::new(
                &rules::YAML_SYNTAX,
                "what the aliases of this file stand for is too much",
            )
            .primary(span, "with this, past what any configuration needs")
            .help("write the values out"),
        );
    }

    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size(node)));
        }
    }

    /// Puts a value where it belongs.
    fn push(&mut self, node: Node) {
        let Some(frame) = self.stack.last_mut() else {
            self.yaml.documents.push(node);
            return;
        };
        frame.end = frame.end.max(node.span.end);
        match &mut frame.kind {
            FrameKind::List(items) => items.push(node),
            FrameKind::Map(pairs) => {
                if let Some((key, key_span, key_value)) = pairs.key.take() {
                    if key == "<<" && key_value == KeyValue::Other {
                        pairs.merges.push(node);
                        return;
                    }
                    let entry = Entry {
                        key,
                        key_span,
                        key_value,
                        node,
                    };
                    if let Some(at) = pairs.seen.get(&entry.key) {
                        let before = &mut pairs.entries[*at];
                        let found = duplicate(&entry, before.key_span);
                        *before = entry;
                        self.diagnostics.push(found);
                    } else {
                        pairs.seen.insert(entry.key.clone(), pairs.entries.len());
                        pairs.entries.push(entry);
                    }
                    return;
                }
                let plain = node.style == Style::Plain;
                let (key, key_value) = match &node.value {
                    Value::List(_) | Value::Map(_) => {
                        self.diagnostics.push(
                            Diagnostic::new(&rules::YAML_SYNTAX, format!("{} cannot be a key", node.noun()))
                                .primary(node.span, "stands where a name belongs")
                                .help("put it in quotes if it is a name: `{` and `[` begin maps and lists"),
                        );
                        (String::new(), KeyValue::Other)
                    }
                    Value::Text(text) => {
                        let merge = plain && text == "<<";
                        (
                            text.clone(),
                            if merge {
                                KeyValue::Other
                            } else {
                                KeyValue::Text
                            },
                        )
                    }
                    _ => (self.source.words(node.span).to_owned(), KeyValue::Other),
                };
                pairs.key = Some((key, node.span, key_value));
            }
        }
    }
}

fn duplicate(again: &Entry, first: Span) -> Diagnostic {
    Diagnostic::new(
        &rules::YAML_DUPLICATE_KEY,
        format!("`{}` is written twice", again.key),
    )
    .primary(again.key_span, "this one holds")
    .secondary(first, "this one is thrown away without a word")
    .help("delete one of them, or join them")
}

fn size(node: &Node) -> Size {
    let of = |nodes: &mut dyn Iterator<Item = &Node>| {
        nodes.map(size).fold(
            Size {
                nodes: 1,
                height: 1,
            },
            |all, it| Size {
                nodes: all.nodes + it.nodes,
                height: all.height.max(it.height + 1),
            },
        )
    };
    match &node.value {
        Value::List(items) => of(&mut items.iter()),
        Value::Map(entries) => of(&mut entries.iter().map(|it| &it.node)),
        _ => Size {
            nodes: 1,
            height: 1,
        },
    }
}

/// A block of text without the blank lines behind it.
fn trimmed(source: &Source, span: Span) -> Span {
    let words = source.words(span);
    Span::new(span.start, span.start + words.trim_end().len())
}
