//! Handwritten Markdown: what of it can contradict a platform, each with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::diagnostic::{Source, Span};

/// What stands in the first lines of a page that is made from the code or the platform, and held against them there.
const MADE: &str = "Made by `homelab";

/// The Markdown that a platform is held against, and what its links lead to.
#[derive(Debug, Default)]
pub struct Pages {
    /// The pages, in the order given.
    pub pages: Vec<Page>,
    /// True when they are all there are, so that what none of them says is said nowhere.
    pub whole: bool,
    /// What lies at the paths that links lead to; the anchors of what is Markdown. What is missing is not here.
    reached: BTreeMap<String, Option<BTreeSet<String>>>,
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Its text; the name is its path, with forward slashes, from where links between pages are followed.
    pub source: Source,
    /// Where its links lead.
    pub(super) links: Vec<Link>,
    /// Words in code: spans, and the lines of blocks.
    pub(super) code: Vec<Code>,
    /// Paragraphs, headings and items: where each stands.
    pub(super) prose: Vec<Span>,
    /// Cells of tables under their headings.
    pub(super) rows: Vec<Row>,
    pub(super) headings: Vec<Span>,
    anchors: BTreeSet<String>,
}

/// A link or an image.
#[derive(Debug)]
pub(super) struct Link {
    /// The path it leads to, from where the pages are named; nothing when it leads elsewhere.
    pub path: Option<String>,
    /// The anchor behind it.
    pub anchor: Option<String>,
    /// As it is written.
    pub written: String,
    pub span: Span,
}

/// A span of code, or one block.
#[derive(Debug)]
pub(super) struct Code {
    pub span: Span,
    pub is_block: bool,
}

/// A row of a table, with the words of the headings.
#[derive(Debug)]
pub(super) struct Row {
    pub headings: Vec<String>,
    pub cells: Vec<(String, Span)>,
}

impl Pages {
    /// Reads pages; those that are made by `homelab` itself are left out.
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Self {
        let written = |it: &Source| !it.text().lines().take(5).any(|line| line.contains(MADE));
        let sources = sources.into_iter().filter(written);
        let pages: Vec<Page> = sources.map(|it| Page::new(&it)).collect();
        let reached = pages
            .iter()
            .map(|it| (it.source.name().to_owned(), Some(it.anchors.clone())))
            .collect();
        Self {
            pages,
            whole: false,
            reached,
        }
    }

    /// The paths that links lead to, besides the pages themselves: whoever sees the disk says with [`Pages::found`] which are there.
    pub fn wanted(&self) -> BTreeSet<String> {
        let links = self.pages.iter().flat_map(|it| &it.links);
        links
            .filter_map(|it| it.path.clone())
            .filter(|it| !self.reached.contains_key(it))
            .collect()
    }

    /// Says that something lies at a path; the text of what is Markdown.
    pub fn found(&mut self, path: String, text: Option<&str>) {
        let anchors = text.map(|text| Page::new(&Source::new("", text)).anchors);
        self.reached.insert(path, anchors);
    }

    /// True when something lies at a path.
    pub(super) fn is_there(&self, path: &str) -> bool {
        self.reached.contains_key(path)
    }

    /// The anchors of a page that surely lacks this one.
    pub(super) fn lacking(&self, path: &str, anchor: &str) -> Option<&BTreeSet<String>> {
        let anchors = self.reached.get(path)?.as_ref()?;
        (!anchors.contains(&anchor.to_lowercase())).then_some(anchors)
    }
}

impl Page {
    fn new(source: &Source) -> Self {
        let mut page = Self {
            links: Vec::new(),
            code: Vec::new(),
            prose: Vec::new(),
            rows: Vec::new(),
            headings: Vec::new(),
            anchors: BTreeSet::new(),
            source: source.clone(),
        };
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let mut walk = Walk::default();
        for (event, range) in Parser::new_ext(source.text(), options).into_offset_iter() {
            walk.step(&mut page, &event, range);
        }
        page
    }

    /// The words at a span.
    pub(super) fn words(&self, span: Span) -> &str {
        self.source.words(span)
    }
}

/// What is open while a page is read.
#[derive(Default)]
struct Walk {
    heading: Option<String>,
    /// The words of the cell that is open.
    cell: Option<String>,
    headings: Vec<String>,
    row: Vec<(String, Span)>,
    seen: BTreeMap<String, usize>,
}

impl Walk {
    fn step(&mut self, page: &mut Page, event: &Event<'_>, range: Range<usize>) {
        let span = Span::from(range);
        match event {
            Event::Start(tag) => self.start(page, tag, span),
            Event::End(tag) => self.end(page, *tag, span),
            Event::Text(text) => self.words(text),
            Event::Code(text) => {
                self.words(text);
                page.code.push(Code {
                    span,
                    is_block: false,
                });
            }
            Event::SoftBreak | Event::HardBreak => self.words(" "),
            Event::Html(text) | Event::InlineHtml(text) => page.anchors.extend(named(text)),
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        let open = self.heading.iter_mut().chain(&mut self.cell);
        open.for_each(|it| it.push_str(text));
    }

    fn start(&mut self, page: &mut Page, tag: &Tag<'_>, span: Span) {
        match tag {
            Tag::Heading { .. } => {
                self.heading = Some(String::new());
                page.prose.push(span);
                page.headings.push(span);
            }
            Tag::Paragraph => page.prose.push(span),
            // A tight item has no paragraph of its own; only its first lines are its words.
            Tag::Item => page.prose.push(first_words(page, span)),
            Tag::CodeBlock(_) => page.code.push(Code {
                span,
                is_block: true,
            }),
            // An address in angle brackets has no scheme, and is no path.
            Tag::Link {
                link_type: LinkType::Email,
                ..
            } => {}
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                page.links.extend(link(page, dest_url, span));
            }
            Tag::TableHead | Tag::TableRow => self.row.clear(),
            Tag::TableCell => self.cell = Some(String::new()),
            _ => {}
        }
    }

    fn end(&mut self, page: &mut Page, tag: TagEnd, span: Span) {
        match tag {
            TagEnd::Heading(_) => {
                let words = self.heading.take().unwrap_or_default();
                let anchor = anchor(&words);
                let again = self.seen.entry(anchor.clone()).or_default();
                page.anchors.insert(match *again {
                    0 => anchor,
                    more => format!("{anchor}-{more}"),
                });
                *again += 1;
            }
            TagEnd::TableCell => {
                let words = self.cell.take().unwrap_or_default();
                self.row.push((words.trim().to_owned(), span));
            }
            TagEnd::TableHead => {
                let cells = std::mem::take(&mut self.row);
                self.headings = cells.into_iter().map(|(it, _)| it.to_lowercase()).collect();
            }
            TagEnd::TableRow => page.rows.push(Row {
                headings: self.headings.clone(),
                cells: std::mem::take(&mut self.row),
            }),
            _ => {}
        }
    }
}

/// The words of an item before anything nested in it begins.
fn first_words(page: &Page, span: Span) -> Span {
    let words = page.source.words(span);
    let mut end = 0;
    for (at, line) in words.split_inclusive('\n').enumerate() {
        let start = line.trim_start();
        let nested = ["- ", "* ", "+ ", "```", "~~~", "|"];
        if at > 0 && (start.is_empty() || nested.iter().any(|it| start.starts_with(it))) {
            break;
        }
        end += line.len();
    }
    Span::new(span.start, span.start + end)
}

/// Where a link leads; nothing for one with a scheme, which is somebody else's.
fn link(page: &Page, to: &str, span: Span) -> Option<Link> {
    let scheme = to.split(['/', '#', '?']).next().unwrap_or("");
    if scheme.contains(':') || to.starts_with("//") || to.is_empty() {
        return None;
    }
    let (path, anchor) = match to.split_once('#') {
        Some((path, anchor)) => (path, Some(decoded(anchor)).filter(|it| !it.is_empty())),
        None => (to, None),
    };
    let path = decoded(path.split('?').next().unwrap_or(""));
    let here = page.source.name();
    let path = match path.as_str() {
        "" => Some(here.to_owned()),
        // From the root of a site or a repository that nobody here knows.
        path if path.starts_with('/') => None,
        path => {
            let folder = here.rsplit_once('/').map_or("", |it| it.0);
            Some(joined(folder, path))
        }
    };
    // The words of the target, where they are written as they are read.
    let words = page.source.words(span);
    let at = words.rfind(to).map(|at| span.start + at);
    Some(Link {
        path,
        anchor,
        written: to.to_owned(),
        span: at.map_or(span, |at| Span::new(at, at + to.len())),
    })
}

/// A path behind a folder, without `.` and `..` where they can be taken away.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let is_rooted = folder.starts_with('/');
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|it| *it != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// A text without percent signs; as it is where they mean nothing.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        let byte = pair.and_then(|it| u8::from_str_radix(it, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The anchor that GitHub and GitLab give a heading.
fn anchor(words: &str) -> String {
    let kept = |it: &char| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_');
    let lower = words.trim().to_lowercase();
    lower
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// The anchors that a piece of HTML names.
fn named(html: &str) -> impl Iterator<Item = String> {
    let quoted = ["id=\"", "name=\"", "id='", "name='"];
    quoted.into_iter().flat_map(move |start| {
        html.match_indices(start).filter_map(move |(at, _)| {
            let rest = &html[at + start.len()..];
            let end = rest.find(['"', '\''])?;
            Some(rest[..end].to_lowercase())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined() {
        assert_eq!(joined("docs/a", "../b.md"), "docs/b.md");
        assert_eq!(joined("docs", "../../b.md"), "../b.md");
        assert_eq!(joined("/lab/docs", "./b.md"), "/lab/docs/b.md");
        assert_eq!(joined("docs", ".."), ".");
        assert_eq!(joined("../docs", "../x"), "../x");
    }

    #[test]
    fn anchors_are_those_of_the_services_that_show_pages() {
        let page = Page::new(&Source::new(
            "a.md",
            "# `homelab lint` & co.\n## Twice\n## Twice\n<a name=\"Old\"></a>\n\nÜber uns\n---\n",
        ));
        let anchors: Vec<_> = page.anchors.iter().map(String::as_str).collect();
        assert_eq!(
            anchors,
            ["homelab-lint--co", "old", "twice", "twice-1", "über-uns"]
        );
    }

    #[test]
    fn links_know_their_place() {
        let text =
            "[a](b%20c.md#x) ![i](i.png \"t\") [w](https://x.y/z) <me@x.y> [r]\n\n[r]: ../r.md\n";
        let page = Page::new(&Source::new("docs/a.md", text));
        let found: Vec<_> = page
            .links
            .iter()
            .map(|it| (it.path.as_deref().unwrap_or(""), page.words(it.span)))
            .collect();
        assert_eq!(
            found,
            [
                ("docs/b c.md", "b%20c.md#x"),
                ("docs/i.png", "i.png"),
                ("r.md", "[r]")
            ]
        );
    }

    #[test]
    fn tables_and_items_are_read() {
        let text = "| A | Port |\n| --- | --- |\n| `x` | **1** |\n\n- one\n  - two\n";
        let page = Page::new(&Source::new("a.md", text));
        let row = &page.rows[0];
        assert_eq!(row.headings, ["a", "port"]);
        let cells: Vec<_> = row.cells.iter().map(|it| it.0.as_str()).collect();
        assert_eq!(cells, ["x", "1"]);
        let prose: Vec<_> = page.prose.iter().map(|it| page.words(*it).trim()).collect();
        assert_eq!(prose, ["- one", "- two"]);
    }
}
