//! The site: the pages and the owner's own documents as plain HTML that opens from the disk.
//!
//! No page asks for anything from elsewhere, and none needs a script but for search and the theme. A strict Content-Security-Policy stands in each, so nothing inline runs or styles, and what a reader or a document says is shown as text.
//!
//! What is not here: reading the documents and writing the files (`cli`).

mod figures;
mod highlight;
mod parts;
mod render;
mod search;

use serde::Serialize;

use self::parts::Parts;
use self::render::{Heading, Rendered};
use super::pages::{self, Book, Page};
use super::{Artifact, Artifacts, EmitError, Template};
use crate::side_by_side::{MANY_SERVICES, side_by_side};

/// The folder of the site below `generated/`.
pub const NAME: &str = "site";

static PAGE: Template = Template::html(include_str!("page.html.j2"));

const STYLE: &str = include_str!("site.css");
const SCRIPT: &str = include_str!("site.js");
const THEME: &str = include_str!("theme.js");

/// A document that somebody wrote by hand.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it lies below the folder of documents, such as `ci.md`.
    pub path: String,
    /// What it says: Markdown, perhaps with a `title` in front matter.
    pub text: String,
}

/// Returns the site.
pub fn site(book: &Book, documents: &[Document]) -> Result<Artifacts, EmitError> {
    let mut parts = Parts::of(pages::pages(book, |page| page));
    parts.pages.extend(documents.iter().map(render::document));
    let catalogue = render::Catalogue::of(book.platform, &parts);
    let pages = parts.pages;
    let mut artifacts = Artifacts::new();
    let mut index = search::Index::default();
    let figures = figures::Figures::of(book, &catalogue);
    let shelves = shelves(&pages);
    let make = |place: &usize| {
        let page = &pages[*place];
        let mut rendered = render::render(page, &catalogue);
        let body = figures::placed(std::mem::take(&mut rendered.body), &figures.of_page(page));
        let text = html(book, &catalogue, &pages, &shelves, *place, &rendered, body)?;
        let artifact = Artifact::new(format!("{NAME}/{}", html_path(&page.path)), text);
        Ok::<_, EmitError>((artifact, search::entries(page, &rendered)))
    };
    let places: Vec<usize> = (0..pages.len()).collect();
    let many = places.len() >= MANY_SERVICES;
    for made in side_by_side(&places, many, make) {
        let (artifact, entries) = made?;
        artifacts.add(artifact);
        index.add(entries);
    }
    let style = style();
    for (name, text) in [
        ("site.css", style.as_str()),
        ("site.js", SCRIPT),
        ("theme.js", THEME),
        ("search-index.js", &index.script()),
    ] {
        artifacts.add(Artifact::new(format!("{NAME}/assets/{name}"), text));
    }
    // Every build makes it, so that no repository need keep it.
    artifacts.add(Artifact::new(format!("{NAME}/.gitignore"), "*\n"));
    Ok(artifacts)
}

/// The style sheet of every page.
pub fn style() -> String {
    format!("{STYLE}{}", crate::emit::picture::STYLES)
}

/// Where a page of Markdown lies on the site.
fn html_path(path: &str) -> String {
    let stem = path.strip_suffix(".md").unwrap_or(path);
    let (folder, file) = stem.split_at(stem.rfind('/').map_or(0, |it| it + 1));
    // Further parts of it too.
    match file.strip_prefix("README") {
        Some(rest) if rest.is_empty() || rest.starts_with(parts::MARK) => {
            format!("{folder}index{rest}.html")
        }
        _ => format!("{stem}.html"),
    }
}

/// What the template of a page sees; bodies are HTML already.
#[derive(Serialize)]
struct View<'a> {
    title: &'a str,
    /// What sort of thing it is about; empty for a page about all of them.
    section: &'static str,
    /// The page that lists such things; empty for none.
    shelf: String,
    /// True for the first page.
    home: bool,
    /// True for a page whose picture wants the room of the table of contents.
    wide: bool,
    platform: &'a str,
    /// From this page to the root of the site: empty or `../`.
    up: String,
    groups: Vec<Group<'a>>,
    body: String,
    headings: &'a [Heading],
    previous: Option<Link<'a>>,
    next: Option<Link<'a>>,
}

/// A group of links beside the page.
#[derive(Serialize)]
struct Group<'a> {
    title: &'static str,
    links: Vec<Link<'a>>,
    /// How many are not listed.
    more: usize,
}

#[derive(Serialize)]
struct Link<'a> {
    title: &'a str,
    href: String,
    here: bool,
}

/// More links than this in one group would outweigh the page.
const LISTED: usize = 40;

fn html<'a>(
    book: &Book,
    catalogue: &render::Catalogue,
    pages: &'a [Page],
    shelves: &[Shelf],
    place: usize,
    rendered: &Rendered,
    body: String,
) -> Result<String, EmitError> {
    let page = &pages[place];
    let up = "../".repeat(page.path.matches('/').count());
    let neighbour = |it: Option<&'a Page>| {
        it.map(|page| Link {
            title: &page.title,
            href: format!("{up}{}", html_path(&page.path)),
            here: false,
        })
    };
    let (section, shelf) = section(&page.path);
    let shelf = shelf.split_once('#').map_or_else(
        || shelf.to_owned(),
        |(_, anchor)| format!("{}#{anchor}", catalogue.file("README.md", anchor)),
    );
    let view = View {
        title: &page.title,
        section,
        shelf,
        home: page.path == "README.md",
        wide: ["README.md", "topology.md"].contains(&page.path.as_str()),
        platform: &book.platform.title,
        groups: groups(pages, shelves, place, &up),
        body,
        headings: &rendered.headings,
        previous: neighbour(place.checked_sub(1).and_then(|it| pages.get(it))),
        next: neighbour(pages.get(place + 1)),
        up,
    };
    let path = format!("{NAME}/{}", html_path(&page.path));
    PAGE.render(&view)
        .map_err(|error| EmitError::of(&path, error))
}

/// What the pages of a folder are about, and where all of them are listed.
fn section(path: &str) -> (&'static str, &'static str) {
    match path.split_once('/') {
        Some(("hosts", _)) => ("Host", "index.html#hosts"),
        Some(("services", _)) => ("Service", "index.html#services"),
        Some(("handles", _)) => ("Handle", "handles.html"),
        Some(_) => ("Document", ""),
        None => ("", ""),
    }
}

/// The folder of a page, and the title under which its pages are listed.
const GROUPS: [(&str, &str); 5] = [
    ("", "Platform"),
    ("hosts/", "Hosts"),
    ("services/", "Services"),
    ("handles/", "Handles"),
    ("guide/", "Documents"),
];

/// A group of pages, as places in the list of all.
struct Shelf {
    title: &'static str,
    pages: Vec<usize>,
}

/// The groups of all pages, worked out once: a site of 10,000 pages shows them 10,000 times.
fn shelves(pages: &[Page]) -> Vec<Shelf> {
    GROUPS
        .into_iter()
        .map(|(folder, title)| {
            let is_here = |page: &Page| {
                let rest = page.path.strip_prefix(folder);
                rest.is_some_and(|it| !it.contains('/'))
            };
            let is_first = |page: &Page| parts::first_of(&page.path).is_none();
            let places = (0..pages.len())
                .filter(|place| is_here(&pages[*place]) && is_first(&pages[*place]));
            Shelf {
                title,
                pages: places.collect(),
            }
        })
        .filter(|shelf| !shelf.pages.is_empty())
        .collect()
}

/// The groups beside a page: the first pages of each, and itself wherever it stands.
fn groups<'a>(pages: &'a [Page], shelves: &[Shelf], place: usize, up: &str) -> Vec<Group<'a>> {
    let here = parts::first_of(&pages[place].path);
    let is_here = |at: usize| at == place || here.as_ref() == Some(&pages[at].path);
    shelves
        .iter()
        .map(|shelf| {
            let first = shelf.pages.iter().take(LISTED);
            let itself = shelf.pages.binary_search(&place).ok();
            let itself = itself.filter(|at| *at >= LISTED).map(|at| &shelf.pages[at]);
            let links: Vec<Link> = first
                .chain(itself)
                .map(|at| Link {
                    title: short_title(&pages[*at]),
                    href: format!("{up}{}", html_path(&pages[*at].path)),
                    here: is_here(*at),
                })
                .collect();
            Group {
                title: shelf.title,
                more: shelf.pages.len() - links.len(),
                links,
            }
        })
        .collect()
}

/// A page of a named thing is listed by that name, which is what people look for.
fn short_title(page: &Page) -> &str {
    match page.path.split_once('/') {
        Some(("hosts" | "services", file)) => file.strip_suffix(".md").unwrap_or(file),
        _ if page.path == "README.md" => "Overview",
        _ if page.path == "decisions.md" => "Decisions",
        _ => &page.title,
    }
}
