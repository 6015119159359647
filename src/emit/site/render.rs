//! Markdown to HTML that carries nothing but what we mean: no foreign elements, scripts, styles or requests.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd,
    TextMergeStream, html,
};
use serde::Serialize;

use super::highlight::highlight;
use super::parts::Parts;
use super::{Document, html_path};
use crate::emit::escape::html_text;
use crate::emit::pages::{Page, handle_path, host_path, service_path};
use crate::platform::Platform;

/// The folder of the owner's documents among the pages.
pub(super) const GUIDE: &str = "guide/";

/// What pages may refer to.
pub(super) struct Catalogue {
    paths: BTreeSet<String>,
    things: BTreeMap<String, String>,
    moved: BTreeMap<(String, String), String>,
}

impl Catalogue {
    pub(super) fn of(platform: &Platform, parts: &Parts) -> Self {
        let hosts = platform
            .hosts
            .iter()
            .map(|it| (format!("host:{}", it.name), host_path(it)));
        let services = platform
            .services
            .iter()
            .map(|it| (format!("service:{}", it.name), service_path(it)));
        let handles = platform
            .handles
            .iter()
            .map(|it| (format!("handle:{}", it.name), handle_path(it)));
        Self {
            paths: parts.pages.iter().map(|it| it.path.clone()).collect(),
            things: hosts.chain(services).chain(handles).collect(),
            moved: parts.moved.clone(),
        }
    }

    /// The file of a page, or of the part of it that has this anchor.
    pub(super) fn file(&self, path: &str, anchor: &str) -> String {
        let key = (path.to_owned(), anchor.to_owned());
        html_path(self.moved.get(&key).map_or(path, String::as_str))
    }
}

/// A heading, for the table of contents.
#[derive(Debug, Serialize)]
pub(super) struct Heading {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) level: u8,
}

/// A piece of a page that can be found: what stands below one heading.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) id: String,
    pub(super) heading: String,
    pub(super) text: String,
}

/// A page as HTML.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) body: String,
    pub(super) headings: Vec<Heading>,
    pub(super) sections: Vec<Section>,
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

/// The page of a document: its title is that of its front matter, else its first heading, else its file's name.
pub(super) fn document(document: &Document) -> Page {
    let mut in_metadata = false;
    let mut in_heading = false;
    let mut title = None;
    let mut heading = String::new();
    for event in Parser::new_ext(&document.text, options()) {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => in_metadata = true,
            Event::End(TagEnd::MetadataBlock(_)) => in_metadata = false,
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1,
                ..
            }) if heading.is_empty() => {
                in_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::Text(text) if in_metadata => {
                let line = text.lines().find_map(|line| line.strip_prefix("title:"));
                title = line.map(|it| it.trim().trim_matches(['"', '\'']).to_owned());
            }
            Event::Text(text) | Event::Code(text) if in_heading => heading.push_str(&text),
            _ => {}
        }
    }
    let name = document.path.strip_suffix(".md").unwrap_or(&document.path);
    let has_heading = !heading.is_empty();
    let title = title
        .or((has_heading).then_some(heading))
        .unwrap_or_else(|| name.to_owned());
    Page {
        path: format!("{GUIDE}{}", document.path),
        title,
        text: document.text.clone(),
    }
}

/// Renders a page.
pub(super) fn render(page: &Page, catalogue: &Catalogue) -> Rendered {
    let mut renderer = Renderer {
        page,
        catalogue,
        is_ours: !page.path.starts_with(GUIDE),
        up: "../".repeat(page.path.matches('/').count()),
        facts_may_follow: true,
        is_narrow: false,
        ids: PAGE_IDS.iter().map(|it| (*it).to_owned()).collect(),
        rendered: Rendered {
            sections: vec![Section::default()],
            ..Rendered::default()
        },
        events: Vec::new(),
    };
    let parser = Parser::new_ext(&page.text, options());
    let events: Vec<Event> = TextMergeStream::new(parser).collect();
    renderer.all(&events);
    let mut body = String::with_capacity(page.text.len() * 2);
    html::push_html(&mut body, renderer.events.into_iter());
    // HTML lets these be left out, and a long table is a seventh shorter without them.
    for tag in ["</td>", "</th>", "</tr>", "</thead>", "</tbody>"] {
        if body.contains(tag) {
            body = body.replace(tag, "");
        }
    }
    Rendered {
        body,
        ..renderer.rendered
    }
}

/// Code and links of more letters than this may be broken in a table.
const UNBROKEN: usize = 28;

/// A fact of more letters than this has a line of its own.
const WIDE_FACT: usize = 48;

/// The ids of the page around the text, in `page.html.j2`.
const PAGE_IDS: &[&str] = &["content", "search-field", "search-results"];

struct Renderer<'p> {
    page: &'p Page,
    catalogue: &'p Catalogue,
    /// True for a page that we wrote: there `<code>` is meant.
    is_ours: bool,
    up: String,
    /// True where a list of ours says what a thing is: at the head of a page, and below the name of each MCP server.
    facts_may_follow: bool,
    /// True in a cell or a fact, where room is scarce.
    is_narrow: bool,
    ids: BTreeSet<String>,
    rendered: Rendered,
    events: Vec<Event<'p>>,
}

impl<'p> Renderer<'p> {
    fn all(&mut self, events: &[Event<'p>]) {
        let mut at = 0;
        let mut in_head = false;
        while let Some(event) = events.get(at) {
            at += 1;
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let end = until(events, at, |it| matches!(it, TagEnd::Heading(_)));
                    self.heading(*level, &events[at..end]);
                    at = end + 1;
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let end = until(events, at, |it| matches!(it, TagEnd::CodeBlock));
                    self.code(kind, &events[at..end]);
                    at = end + 1;
                }
                Event::Start(Tag::Image { .. }) => {
                    // A picture would be a request; its words are what is left of it.
                    let end = until(events, at, |it| matches!(it, TagEnd::Image));
                    let words = plain(&events[at..end]);
                    self.text(&words);
                    at = end + 1;
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let end = until(events, at, |it| matches!(it, TagEnd::Link));
                    self.link(dest_url, &events[at..end]);
                    at = end + 1;
                }
                Event::Start(Tag::MetadataBlock(_)) => {
                    at = until(events, at, |it| matches!(it, TagEnd::MetadataBlock(_))) + 1;
                }
                Event::Start(Tag::Table(columns)) => {
                    // Alignment would be written as a style, which the page's policy forbids.
                    let columns = vec![Alignment::None; columns.len()];
                    self.raw(
                        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\">",
                    );
                    self.events.push(Event::Start(Tag::Table(columns)));
                }
                Event::End(TagEnd::Table) => {
                    self.events.push(Event::End(TagEnd::Table));
                    self.raw("</div>\n");
                }
                Event::Start(Tag::List(None)) if self.is_ours && self.facts_may_follow => {
                    let end = until(events, at, |it| matches!(it, TagEnd::List(_)));
                    self.facts(&events[at..end]);
                    at = end + 1;
                }
                Event::Start(Tag::TableHead) => {
                    in_head = true;
                    self.events.push(event.clone());
                }
                Event::End(TagEnd::TableHead) => {
                    in_head = false;
                    self.events.push(event.clone());
                }
                // A heading without words would be read out as one.
                Event::Start(Tag::TableCell)
                    if in_head && matches!(events.get(at), Some(Event::End(TagEnd::TableCell))) =>
                {
                    self.raw("<td></td>");
                    at += 1;
                }
                Event::Start(Tag::TableCell) => {
                    self.is_narrow = true;
                    self.events.push(event.clone());
                    if let (Some(Event::Text(word)), Some(Event::End(TagEnd::TableCell))) =
                        (events.get(at), events.get(at + 1))
                        && STATES.contains(&&**word)
                    {
                        self.found(word);
                        self.raw(&format!("<span class=\"state state-{word}\">{word}</span>"));
                        at += 1;
                    }
                }
                Event::Html(words) | Event::InlineHtml(words) => {
                    if self.is_ours && ["<code>", "</code>"].contains(&&**words) {
                        self.raw(words);
                    } else {
                        self.text(words);
                    }
                }
                Event::Text(words) => self.text(words),
                Event::Code(words) if self.is_narrow && is_long(words) => {
                    self.long_code(words);
                }
                Event::Code(words) => {
                    self.found(words);
                    self.events.push(event.clone());
                }
                // Written with a slash otherwise, which HTML has no use for.
                Event::HardBreak => {
                    self.found(" ");
                    self.raw("<br>\n");
                }
                Event::Rule => self.raw("<hr>\n"),
                Event::SoftBreak
                | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => {
                    self.is_narrow &= !matches!(event, Event::End(TagEnd::TableCell));
                    self.found(" ");
                    self.events.push(event.clone());
                }
                other => self.events.push(other.clone()),
            }
        }
    }

    /// The list at the head of a page of ours: what a thing is, as `word: value`.
    fn facts(&mut self, items: &[Event<'p>]) {
        self.facts_may_follow = false;
        self.raw("<ul class=\"facts\">\n");
        for item in items.split(|it| matches!(it, Event::End(TagEnd::Item))) {
            let [Event::Start(Tag::Item), words @ ..] = item else {
                continue;
            };
            let is_wide = plain(words).chars().count() > WIDE_FACT;
            self.raw(if is_wide {
                "<li class=\"wide\">"
            } else {
                "<li>"
            });
            self.is_narrow = true;
            match words {
                [Event::Text(first), rest @ ..] => {
                    let (key, value) = first.split_once(": ").unwrap_or(("", first));
                    self.fact(key, value);
                    self.all(rest);
                    self.raw("</span>");
                }
                all => self.all(all),
            }
            self.raw("</li>\n");
            self.found(" ");
        }
        self.is_narrow = false;
        self.raw("</ul>\n");
    }

    /// The words that a fact begins with; its value is not closed yet.
    fn fact(&mut self, key: &str, value: &str) {
        if key.is_empty() {
            self.raw("<span>");
            self.text(value);
            return;
        }
        self.found(key);
        self.found(" ");
        let key = html_text(key);
        self.raw(&format!("<span class=\"key\">{key}</span> <span>"));
        if STATES.contains(&value) {
            self.found(value);
            self.raw(&format!(
                "<span class=\"state state-{value}\">{value}</span>"
            ));
        } else {
            self.text(value);
        }
    }

    /// Code in a cell that may be broken where its words end, for a column as wide as all of it would push others off the page.
    fn long_code(&mut self, words: &str) {
        self.found(words);
        let pieces = words.split_inclusive(['_', '/']).map(html_text);
        let shown = pieces.collect::<Vec<_>>().join("<wbr>");
        self.raw(&format!("<code class=\"long\">{shown}</code>"));
    }

    fn raw(&mut self, html: &str) {
        self.events
            .push(Event::InlineHtml(CowStr::from(html.to_owned())));
    }

    /// Words that search finds.
    fn found(&mut self, words: &str) {
        if let Some(section) = self.rendered.sections.last_mut() {
            section.text.push_str(words);
        }
    }

    fn heading(&mut self, level: HeadingLevel, inside: &[Event<'p>]) {
        let text = plain(inside);
        let id = self.free_id(&text);
        let number = level as u8;
        self.facts_may_follow = number == 1 || (number == 2 && self.page.path.starts_with("mcp"));
        self.rendered.sections.push(Section {
            id: if number == 1 {
                String::new()
            } else {
                id.clone()
            },
            heading: if number == 1 {
                String::new()
            } else {
                text.clone()
            },
            text: String::new(),
        });
        let shown = html_text(&id).into_owned();
        self.raw(&format!("<h{number} id=\"{shown}\">"));
        self.all(inside);
        self.found(" ");
        if number > 1 {
            let label = html_text(&text);
            self.raw(&format!(
                "<a class=\"anchor\" href=\"#{shown}\" aria-label=\"Link to {label}\">#</a>"
            ));
        }
        self.raw(&format!("</h{number}>\n"));
        if (2..=3).contains(&number) {
            self.rendered.headings.push(Heading {
                id,
                text,
                level: number,
            });
        }
    }

    /// The id of a heading; a number tells twins apart.
    fn free_id(&mut self, text: &str) -> String {
        let slug = slug(text);
        let mut id = slug.clone();
        let mut number = 0;
        while !self.ids.insert(id.clone()) {
            number += 1;
            id = format!("{slug}-{number}");
        }
        id
    }

    fn code(&mut self, kind: &CodeBlockKind, inside: &[Event<'p>]) {
        let language = match kind {
            CodeBlockKind::Fenced(words) => words.split([' ', ',']).next().unwrap_or_default(),
            CodeBlockKind::Indented => "",
        };
        // The picture of the page says it better.
        if self.is_ours && language == "mermaid" {
            return;
        }
        let code = plain(inside);
        self.found(&code);
        let label = if language.is_empty() {
            "Code"
        } else {
            language
        };
        self.raw(&format!(
            "<div class=\"code\"><pre tabindex=\"0\" role=\"group\" aria-label=\"{}\"><code>{}</code></pre></div>\n",
            html_text(label),
            highlight(language, &code)
        ));
    }

    fn link(&mut self, target: &str, inside: &[Event<'p>]) {
        match self.destination(target) {
            Some(href) => {
                let class = if self.is_narrow && is_long(&plain(inside)) {
                    " class=\"long\""
                } else {
                    ""
                };
                self.raw(&format!("<a{class} href=\"{}\">", html_text(&href)));
                self.all(inside);
                self.raw("</a>");
            }
            None => self.all(inside),
        }
    }

    /// Where a link leads on the site; nothing for what is not on it, and for anything but the web.
    fn destination(&self, target: &str) -> Option<String> {
        let lower = target.to_ascii_lowercase();
        if ["https://", "http://"]
            .iter()
            .any(|it| lower.starts_with(it))
        {
            return Some(target.to_owned());
        }
        if target.starts_with('#') {
            return Some(target.to_owned());
        }
        let (path, fragment) = target
            .split_once('#')
            .map_or((target, None), |(path, it)| (path, Some(it)));
        let path = self.resolved(path)?;
        let page = self.catalogue.paths.get(&path)?;
        let file = self.catalogue.file(page, fragment.unwrap_or_default());
        let fragment = fragment.map_or_else(String::new, |it| format!("#{it}"));
        Some(format!("{}{file}{fragment}", self.up))
    }

    /// A relative path from the root of the pages. A document's own folder is where its links end.
    fn resolved(&self, path: &str) -> Option<String> {
        let folder = self.page.path.rsplit_once('/').map_or("", |it| it.0);
        let mut parts: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
        let least = usize::from(!self.is_ours);
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.len() > least => {
                    parts.pop();
                }
                ".." => return None,
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }

    /// Words, with `[[service:name]]` and its like as links.
    fn text(&mut self, words: &str) {
        self.found(words);
        let mut rest = words;
        while !self.is_ours
            && let Some(start) = rest.find("[[")
            && let Some(length) = rest[start..].find("]]")
        {
            let reference = &rest[start + 2..start + length];
            let is_reference = ["host:", "service:", "handle:"]
                .iter()
                .any(|it| reference.starts_with(it));
            if !is_reference {
                let (before, after) = rest.split_at(start + 2);
                self.events
                    .push(Event::Text(CowStr::from(before.to_owned())));
                rest = after;
                continue;
            }
            self.events
                .push(Event::Text(CowStr::from(rest[..start].to_owned())));
            let name = reference.split_once(':').map_or(reference, |it| it.1);
            let shown = html_text(name);
            if let Some(path) = self.catalogue.things.get(reference) {
                let path = html_path(path);
                self.raw(&format!(
                    "<a href=\"{}{}\">{shown}</a>",
                    self.up,
                    html_text(&path)
                ));
            } else {
                // `lint` says so.
                self.raw(&format!("<span class=\"dangling\">{shown}</span>"));
            }
            rest = &rest[start + length + 2..];
        }
        self.events.push(Event::Text(CowStr::from(rest.to_owned())));
    }
}

/// An id made of a heading's words, as forges make it.
pub(super) fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept = lower.chars().filter_map(|it| match it {
        ' ' => Some('-'),
        _ if it.is_alphanumeric() || "-_".contains(it) => Some(it),
        _ => None,
    });
    let slug: String = kept.collect();
    if slug.is_empty() {
        "section".to_owned()
    } else {
        slug
    }
}

/// Words of states, which are coloured where they stand alone in a cell.
const STATES: [&str; 14] = [
    "live",
    "planned",
    "template",
    "retired",
    "experimental",
    "disabled",
    "possible",
    "held",
    "tombstone",
    "error",
    "warning",
    "note",
    "deny",
    "allow",
];

fn is_long(words: &str) -> bool {
    words.chars().count() > UNBROKEN
}

/// The place of the end of what began just before `from`; the end of all for what never ends.
fn until(events: &[Event], from: usize, is_end: impl Fn(&TagEnd) -> bool) -> usize {
    let rest = events[from..].iter();
    let found = rest
        .clone()
        .position(|it| matches!(it, Event::End(end) if is_end(end)));
    from + found.unwrap_or(rest.len())
}

/// The words of events, without their form.
fn plain(events: &[Event]) -> String {
    events
        .iter()
        .map(|event| match event {
            Event::Text(words)
            | Event::Code(words)
            | Event::Html(words)
            | Event::InlineHtml(words) => &**words,
            Event::SoftBreak | Event::HardBreak => " ",
            _ => "",
        })
        .collect()
}
