//! Pages that are too long for one file, in parts: a platform of hundreds of services has tables that nobody should have to load, or scroll, as a whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::render;
use crate::emit::pages::Page;

/// About how many bytes of HTML the text of a page may become; with what stands around it, a page stays below 60 kB.
const LIMIT: usize = 46_000;

/// What ends the stem of a further part; no name has it.
pub(super) const MARK: char = '~';

/// The path of the first part of the page that this path is a part of.
pub(super) fn first_of(path: &str) -> Option<String> {
    let (stem, rest) = path.rsplit_once(MARK)?;
    let number = rest.strip_suffix(".md")?;
    number.parse::<usize>().ok()?;
    Some(format!("{stem}.md"))
}

/// Pages in parts, and where sections went that are no more on the first part of their page.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) pages: Vec<Page>,
    /// By path and anchor of the whole page, the path of the part.
    pub(super) moved: BTreeMap<(String, String), String>,
}

impl Parts {
    pub(super) fn of(pages: Vec<Page>) -> Self {
        let mut parts = Self::default();
        for page in pages {
            if page.text.len() <= LIMIT / 2 {
                parts.pages.push(page);
            } else {
                parts.split(page);
            }
        }
        parts
    }

    fn split(&mut self, page: Page) {
        let pieces = Cutter::cut(&page.text);
        let of = pieces.len();
        if of == 1 {
            self.pages.push(page);
            return;
        }
        let title = page.text.lines().next().unwrap_or_default();
        let paths: Vec<String> = (1..=of).map(|it| path(&page.path, it)).collect();
        for (at, piece) in pieces.into_iter().enumerate() {
            for heading in piece.headings {
                let anchor = (page.path.clone(), render::slug(&heading));
                if at > 0 {
                    self.moved
                        .entry(anchor)
                        .or_insert_with(|| paths[at].clone());
                }
            }
            let mut text = format!("{title}\n\nPart {} of {of}:", at + 1);
            for (other, path) in paths.iter().enumerate() {
                let file = path.rsplit('/').next().unwrap_or(path);
                let number = other + 1;
                let _ = if other == at {
                    write!(text, " **{number}**")
                } else {
                    write!(text, " [{number}]({file})")
                };
            }
            text.push_str("\n\n");
            text.push_str(piece.text.strip_prefix(title).unwrap_or(&piece.text));
            self.pages.push(Page {
                path: paths[at].clone(),
                title: match at {
                    0 => page.title.clone(),
                    _ => format!("{}, part {}", page.title, at + 1),
                },
                text,
            });
        }
    }
}

fn path(whole: &str, part: usize) -> String {
    let stem = whole.strip_suffix(".md").unwrap_or(whole);
    match part {
        1 => whole.to_owned(),
        _ => format!("{stem}{MARK}{part}.md"),
    }
}

/// A part of a page's text.
#[derive(Default)]
struct Piece {
    text: String,
    /// The words of the sections that begin here.
    headings: Vec<String>,
}

/// Reads a page of ours line by line and begins a new piece at a section, a row or an item when one is full.
#[derive(Default)]
struct Cutter<'t> {
    pieces: Vec<Piece>,
    piece: Piece,
    cost: usize,
    heading: Option<&'t str>,
    /// The first lines of the table that is being read.
    head: Vec<&'t str>,
    fence: Option<&'t str>,
}

impl<'t> Cutter<'t> {
    fn cut(text: &'t str) -> Vec<Piece> {
        let mut cutter = Self::default();
        for line in text.lines() {
            cutter.line(line);
        }
        cutter.pieces.push(cutter.piece);
        cutter.pieces
    }

    fn line(&mut self, line: &'t str) {
        if let Some(fence) = self.fence {
            self.fence = (line != fence).then_some(fence);
            self.push(line);
            return;
        }
        if line.starts_with("```") {
            self.fence = Some(line.trim_end_matches(|it| it != '`'));
        }
        let is_section = line.starts_with("## ");
        let is_row = line.starts_with("| ");
        if !is_row {
            self.head.clear();
        }
        if is_section {
            self.heading = None;
        }
        let may_begin = is_section || line.starts_with("- ") || (is_row && self.head.len() == 2);
        if may_begin && self.cost + cost(line) > LIMIT {
            self.begin();
        }
        if is_section {
            self.heading = Some(line);
            let words = line.trim_start_matches("## ").replace(['`', '\\'], "");
            self.piece.headings.push(words);
        }
        if is_row && self.head.len() < 2 {
            self.head.push(line);
        }
        self.push(line);
    }

    /// Begins a new piece, with the heading and the table's head that it goes on with.
    fn begin(&mut self) {
        self.pieces.push(std::mem::take(&mut self.piece));
        self.cost = 0;
        if let Some(heading) = self.heading {
            self.push(heading);
            self.push("");
        }
        for line in self.head.clone() {
            self.push(line);
        }
    }

    fn push(&mut self, line: &str) {
        self.piece.text.push_str(line);
        self.piece.text.push('\n');
        self.cost += cost(line);
    }
}

/// About how many bytes of HTML a line becomes.
fn cost(line: &str) -> usize {
    let words: usize = line.split_ascii_whitespace().map(|it| it.len() + 1).sum();
    let count = |of: &str| line.matches(of).count();
    // Cells, links, code and states each have an element; a state's has classes.
    words
        + 4 * count("|")
        + 12 * count("](")
        + 10 * count("`")
        + 24
        + 36 * usize::from(line.starts_with('|'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(rows: usize) -> Page {
        let mut text = String::from("# Long\n\n## First\n\n| Name | Port |\n| ---- | ---- |\n");
        for row in 0..rows {
            let _ = writeln!(
                text,
                "| [`service-{row}`](services/service-{row}.md) | {row} |"
            );
        }
        text.push_str("\n## Second `part`\n\n```text\n## no heading\n```\n");
        Page {
            path: "long.md".to_owned(),
            title: "Long".to_owned(),
            text,
        }
    }

    #[test]
    fn a_short_page_stays_whole() {
        let parts = Parts::of(vec![whole(10)]);
        assert_eq!(parts.pages.len(), 1);
        assert_eq!(parts.pages[0].text, whole(10).text);
    }

    #[test]
    fn a_long_table_goes_on_with_its_head_and_loses_no_row() {
        let parts = Parts::of(vec![whole(1000)]);
        assert!(parts.pages.len() > 2);
        let mut rows = 0;
        for page in &parts.pages {
            assert!(page.text.starts_with("# Long\n\nPart "), "{}", page.text);
            let table = page
                .text
                .split("\n| Name | Port |\n| ---- | ---- |\n")
                .nth(1);
            rows += table.map_or(0, |it| it.matches("\n| ").count() + 1);
        }
        assert_eq!(rows, 1000);
        let last = parts.pages.last().expect("a page");
        assert_eq!(first_of(&last.path).as_deref(), Some("long.md"));
        let anchor = ("long.md".to_owned(), "second-part".to_owned());
        assert_eq!(parts.moved.get(&anchor), Some(&last.path));
        assert_eq!(parts.moved.len(), 1);
        assert_eq!(first_of("guide/a~b.md"), None);
    }
}
