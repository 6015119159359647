//! The edits of platform.toml that a plan comes to, by the places of its words: comments, order and spacing stay.

use std::ops::Range;

use super::plan::{Add, Plan, Turn};
use crate::diagnostic::{Source, Span};
use crate::import::Offered;
use crate::platform::{Platform, Service};
use crate::syntax::{Document, Entry, Form, Node, Table};

/// The text with a plan in it.
pub(super) struct Edited {
    pub(super) text: String,
    /// Where the words for each new model are, handle included.
    pub(super) blocks: Vec<Vec<Range<usize>>>,
}

/// A place, the words for it, and the new model that they are for.
type Edit = (Span, String, Option<usize>);

/// Puts a plan into a text; the model of a change that cannot be made by an edit, when there is one.
pub(super) fn apply(
    document: &Document,
    platform: &Platform,
    service: &Service,
    plan: &Plan,
) -> Result<Edited, String> {
    let text = Text { document };
    let mut edits = Vec::new();
    for turn in &plan.turns {
        let turned = text.turn(service, turn);
        edits.extend(turned.ok_or_else(|| turn.model.clone())?);
    }
    let neighbours = Neighbours::of(platform, service);
    edits.extend(text.adds(service, &neighbours, &plan.adds));
    Ok(text.written(edits))
}

/// The names beside which new ones stand.
struct Neighbours {
    models: Vec<String>,
    handles: Vec<String>,
}

impl Neighbours {
    fn of(platform: &Platform, service: &Service) -> Self {
        let models = platform.models_of(service.id);
        let leads = |handle: &&crate::platform::Handle| {
            let mut targets = handle.targets.iter();
            targets.any(|it| platform[it.model].service == service.id)
        };
        let handles = platform.own_handles().filter(leads);
        Self {
            models: models.map(|it| it.name.clone()).collect(),
            handles: handles.map(|it| it.name.clone()).collect(),
        }
    }
}

struct Text<'a> {
    document: &'a Document,
}

impl Text<'_> {
    fn source(&self) -> &Source {
        self.document.source()
    }

    fn tables(&self, section: &str) -> &[Entry] {
        let section = self.document.root().get(section);
        let table = section.and_then(|it| it.node.as_table());
        table.map_or(&[], Table::entries)
    }

    fn table(&self, section: &str, name: &str) -> Option<&Entry> {
        self.tables(section).iter().find(|it| it.key == name)
    }

    /// The words for new models and their handles: each behind its neighbours.
    fn adds(&self, service: &Service, neighbours: &Neighbours, adds: &[Add]) -> Vec<Edit> {
        let mut edits = Vec::new();
        let place = self.behind("models", &neighbours.models);
        for (at, add) in adds.iter().enumerate() {
            let words = add.offer.model(&add.name, &service.name, add.port);
            edits.push((place.span, place.around(&words), Some(at)));
        }
        let place = self.behind("handles", &neighbours.handles);
        for (at, add) in adds.iter().enumerate() {
            if let Some(handle) = &add.handle {
                let words = Offered::handle(handle, &add.name);
                edits.push((place.span, place.around(&words), Some(at)));
            }
        }
        edits
    }

    /// The place behind the last table of a section that has one of these names, else behind the last of the section, else the end.
    fn behind(&self, section: &str, names: &[String]) -> Behind {
        let under_header = |it: &&Entry| is_header(&it.node);
        let entries = || self.tables(section).iter().filter(under_header);
        let last = entries()
            .rfind(|it| names.iter().any(|name| it.key == *name))
            .or_else(|| entries().next_back());
        let source = self.source();
        let Some(last) = last else {
            let end = source.text().len();
            return Behind {
                span: Span::new(end, end),
                before: if source.text().ends_with('\n') {
                    "\n"
                } else {
                    "\n\n"
                },
                after: "\n",
            };
        };
        let is_bare = last.node.as_table().is_some_and(Table::is_empty);
        let end = self.end_of(&last.node);
        Behind {
            span: Span::new(end, end),
            before: if is_bare { "\n" } else { "\n\n" },
            after: "",
        }
    }

    /// The end of the last line of a table, with the remarks below it that belong to nothing else.
    fn end_of(&self, node: &Node) -> usize {
        let source = self.source();
        let line_of = |at: usize| source.position(at).line;
        let end_of_line = |line| source.line(line).map(|it| it.end);
        let mut line = line_of(last_byte(node));
        let table_end = end_of_line(line).unwrap_or(source.text().len());
        let mut end = table_end;
        loop {
            line += 1;
            let Some(span) = source.line(line) else {
                return end;
            };
            let words = source.words(span).trim();
            if words.is_empty() {
                return end;
            }
            if !words.starts_with('#') {
                // The remarks above it are about it.
                return table_end;
            }
            end = span.end;
        }
    }

    /// The edits by which a model has another state; nothing where the text is too unusual for that.
    fn turn(&self, service: &Service, turn: &Turn) -> Option<Vec<Edit>> {
        let model = &self.table("models", &turn.model)?.node;
        let state = format!("\"{}\"", turn.to);
        let mut edits = vec![match model.as_table()?.get("state") {
            Some(entry) => (entry.node.span(), state, None),
            None => self.new_field(model, &format!("state = {state}"))?,
        }];
        for (handle, promised) in &turn.handles {
            let table = &self.table("handles", handle)?.node;
            edits.push((self.whole(table)?, String::new(), None));
            if *promised {
                edits.push(self.retired(service, handle));
            }
        }
        Some(edits)
    }

    fn new_field(&self, node: &Node, words: &str) -> Option<Edit> {
        let table = node.as_table()?;
        let source = self.source();
        if table.form() == Form::Inline {
            let start = node.span().start + 1;
            let comma = if table.is_empty() { "" } else { "," };
            return Some((Span::new(start, start), format!(" {words}{comma}"), None));
        }
        if !is_header(node) {
            return None;
        }
        let end = source.line(source.position(node.span().end).line)?.end;
        Some((Span::new(end, end), format!("\n{words}"), None))
    }

    /// The lines of a table and nothing else; nothing when a remark or another table stands between them.
    fn whole(&self, node: &Node) -> Option<Span> {
        let source = self.source();
        let table = node.as_table().filter(|_| is_header(node))?;
        let mut fields = table.entries().iter();
        if fields.any(|it| is_header(&it.node)) {
            return None;
        }
        let first = source.position(node.span().start).line;
        let last = source.position(last_byte(node)).line;
        let lines = (first..=last).filter_map(|it| source.line(it));
        for line in lines.skip(1) {
            let words = source.words(line).trim_start();
            if words.contains('#') || words.starts_with('[') {
                return None;
            }
        }
        let (start, end) = (source.line(first)?.start, source.line(last)?.end);
        let text = source.text();
        // The line end above goes too, and with it an empty line where there is one below as well.
        let above = |at: usize| {
            text[..at]
                .strip_suffix('\n')
                .map(|it| it.trim_end_matches('\r'))
        };
        let mut from = above(start).map_or(start, str::len);
        let below = text[end..].trim_start_matches('\r').strip_prefix('\n');
        let is_open = below.is_none_or(|it| it.is_empty() || it.starts_with(['\r', '\n']));
        if is_open && text[..from].ends_with('\n') {
            from = above(from).map_or(from, str::len);
        }
        Some(Span::new(from, end))
    }

    /// Says that a handle is gone for good, behind the last that is.
    fn retired(&self, service: &Service, handle: &str) -> Edit {
        let source = self.source();
        let last = self.document.root().get("retired");
        let last = last.and_then(|it| it.node.as_array()?.last());
        let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        let reason = format!("{} no longer has its model", service.title);
        let words = format!(
            "[[retired]]\nhandle = {}\nreason = {}\n",
            quoted(handle),
            quoted(&reason)
        );
        let (at, before, after) = match last {
            Some(last) => (self.end_of(last), "\n\n", ""),
            None if source.text().ends_with('\n') => (source.text().len(), "\n", "\n"),
            None => (source.text().len(), "\n\n", "\n"),
        };
        let words = format!("{before}{}{after}", words.trim_end());
        (Span::new(at, at), words, None)
    }

    /// The text with all edits in it; those for one place stand in the order they were made.
    fn written(&self, mut edits: Vec<Edit>) -> Edited {
        edits.sort_by_key(|(span, _, _)| (span.start, span.end));
        let before = self.source().text();
        let line_end = if before.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let count = edits.iter().filter_map(|it| it.2).max();
        let mut blocks = vec![Vec::new(); count.map_or(0, |it| it + 1)];
        let mut text = String::with_capacity(before.len() + 1024);
        let mut done = 0;
        for (span, words, owner) in edits {
            text.push_str(&before[done..span.start]);
            let start = text.len();
            text.push_str(&words.replace('\n', line_end));
            if let Some(owner) = owner {
                blocks[owner].push(start..text.len());
            }
            done = span.end;
        }
        text.push_str(&before[done..]);
        Edited { text, blocks }
    }
}

/// Where new tables go, and what stands around each.
struct Behind {
    span: Span,
    before: &'static str,
    after: &'static str,
}

impl Behind {
    fn around(&self, words: &str) -> String {
        format!("{}{}{}", self.before, words.trim_end(), self.after)
    }
}

fn is_header(node: &Node) -> bool {
    node.as_table().is_some_and(|it| it.form() == Form::Header)
}

/// The last byte of a table and of everything in it.
fn last_byte(node: &Node) -> usize {
    let inner = node.as_table().map_or(&[][..], Table::entries);
    let ends = inner.iter().map(|it| last_byte(&it.node));
    ends.max().unwrap_or(0).max(node.span().end)
}
