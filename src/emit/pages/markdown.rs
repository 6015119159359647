//! Writing Markdown: headings, paragraphs, tables whose columns line up in the source as long as somebody may read it.

use std::cell::RefCell;
use std::fmt::{self, Display};

use crate::emit::escape::{markdown_text, write_markdown_code};

/// Words of a page: Markdown, or what becomes Markdown where it is written. Pages have millions of them, so none is made into a text of its own first.
#[derive(Debug, Clone)]
pub(super) enum Words<'a> {
    /// Markdown of ours.
    Ours(&'a str),
    /// Markdown that was put together.
    Made(String),
    /// A reader's words, shown as they are.
    Text(&'a str),
    /// A reader's words as a code span.
    Code(&'a str),
    /// Words of ours, then a reader's as a code span.
    Named(&'static str, &'a str),
    /// A link by the name of what it leads to, whose page lies in a folder of its own kind. The names of the platform's hosts and services are letters, digits and hyphens, and need no escape.
    Link {
        /// The way to the folder of all pages: `""` or `"../"`.
        up: &'a str,
        /// The folder of its kind, with a `/` at the end.
        folder: &'static str,
        /// The name.
        name: &'a str,
    },
}

impl Words<'_> {
    /// Writes them where they belong.
    pub(super) fn push_to(&self, out: &mut String) {
        let _ = self.write(out);
    }

    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Ours(words) => out.write_str(words),
            Self::Made(words) => out.write_str(words),
            Self::Text(words) => out.write_str(&markdown_text(words)),
            Self::Code(words) => write_markdown_code(words, out),
            Self::Named(what, name) => {
                out.write_str(what)?;
                write_markdown_code(name, out)
            }
            Self::Link { up, folder, name } => {
                let parts = ["[", name, "](", up, folder, name, ".md)"];
                parts.into_iter().try_for_each(|it| out.write_str(it))
            }
        }
    }

    /// True for what stands in a cell that has nothing to say.
    fn say_nothing(&self) -> bool {
        matches!(self, Self::Ours(DASH))
    }

    /// The same words, made now.
    pub(super) fn made(&self) -> Words<'static> {
        Words::Made(self.to_string())
    }
}

/// Several words, one after the other.
pub(super) fn joined<const N: usize>(words: [Words; N]) -> Words<'static> {
    let mut made = String::with_capacity(64);
    for words in words {
        words.push_to(&mut made);
    }
    made.into()
}

impl Display for Words<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter)
    }
}

impl<'a> From<&'a str> for Words<'a> {
    fn from(ours: &'a str) -> Self {
        Self::Ours(ours)
    }
}

impl From<String> for Words<'_> {
    fn from(made: String) -> Self {
        Self::Made(made)
    }
}

/// A page being written. What goes in is Markdown already: a reader's words pass through [`text`] or [`code`] first.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// The cells of the table that is being written, and where each ends; kept for the next one.
    cells: String,
    ends: Vec<usize>,
}

impl Writer {
    /// An empty page under a title, which is a reader's words.
    pub(super) fn titled(title: &str) -> Self {
        let mut writer = ROOM.take();
        writer.text.push_str("# ");
        text(title).push_to(&mut writer.text);
        writer.text.push('\n');
        writer
    }

    /// A heading of the second level; its words become its anchor.
    pub(super) fn section<'w>(&mut self, words: impl Into<Words<'w>>) {
        self.line("\n## ", words);
    }

    /// A heading of the third level.
    pub(super) fn subsection<'w>(&mut self, words: impl Into<Words<'w>>) {
        self.line("\n### ", words);
    }

    /// A paragraph.
    pub(super) fn paragraph<'w>(&mut self, words: impl Into<Words<'w>>) {
        self.line("\n", words);
    }

    fn line<'w>(&mut self, mark: &str, words: impl Into<Words<'w>>) {
        self.text.push_str(mark);
        words.into().push_to(&mut self.text);
        self.text.push('\n');
    }

    /// A reader's notes, when there are some.
    pub(super) fn notes(&mut self, notes: Option<&str>) {
        if let Some(notes) = notes {
            self.paragraph(text(notes));
        }
    }

    /// A list of items.
    pub(super) fn list<'w>(&mut self, items: impl IntoIterator<Item = impl Into<Words<'w>>>) {
        self.begin_list();
        for item in items {
            self.item(item);
        }
    }

    /// Begins a list: its items follow.
    pub(super) fn begin_list(&mut self) {
        self.text.push('\n');
    }

    /// An item of a list.
    pub(super) fn item<'w>(&mut self, item: impl Into<Words<'w>>) {
        self.line("- ", item);
    }

    /// An item of a list that is put together from words.
    pub(super) fn fact<const N: usize>(&mut self, words: [Words; N]) {
        self.text.push_str("- ");
        for words in words {
            words.push_to(&mut self.text);
        }
        self.text.push('\n');
    }

    /// A block of code that is ours or has been escaped for its language.
    pub(super) fn fenced(&mut self, language: &str, code: &str) {
        let fence = longest_run(code).max(2) + 1;
        self.text.push('\n');
        repeat(&mut self.text, TICKS, fence);
        self.text.extend([language, "\n", code.trim_end(), "\n"]);
        repeat(&mut self.text, TICKS, fence);
        self.text.push('\n');
    }

    /// A table; a paragraph that says so when it has no row.
    pub(super) fn table<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[Words; COLUMNS]],
        none: &str,
    ) {
        self.columns(head, rows, none, [true; COLUMNS]);
    }

    /// A table without the columns in which no row says anything.
    pub(super) fn sparse_table<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[Words; COLUMNS]],
        none: &str,
    ) {
        let says = |at: usize| at == 0 || rows.iter().any(|row| !row[at].say_nothing());
        self.columns(head, rows, none, std::array::from_fn(says));
    }

    fn columns<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[Words; COLUMNS]],
        none: &str,
        shown: [bool; COLUMNS],
    ) {
        if rows.is_empty() {
            self.paragraph(none);
            return;
        }
        self.text.push('\n');
        if rows.len() > LINED_UP {
            self.row(head.map(Words::Ours).iter(), shown);
            self.row([const { Words::Ours("---") }; COLUMNS].iter(), shown);
            for row in rows {
                self.row(row.iter(), shown);
            }
        } else {
            self.lined_up(head, rows, shown);
        }
    }

    /// A row of a table whose columns do not line up.
    fn row<'w, const COLUMNS: usize>(
        &mut self,
        cells: impl Iterator<Item = &'w Words<'w>>,
        shown: [bool; COLUMNS],
    ) {
        for (cell, _) in cells.zip(shown).filter(|(_, shown)| *shown) {
            self.text.push_str("| ");
            cell.push_to(&mut self.text);
            self.text.push(' ');
        }
        self.text.push_str("|\n");
    }

    /// A table whose columns line up.
    fn lined_up<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[Words; COLUMNS]],
        shown: [bool; COLUMNS],
    ) {
        let mut widths = head.map(|cell| cell.chars().count().max(3));
        self.cells.clear();
        self.ends.clear();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let start = self.cells.len();
                cell.push_to(&mut self.cells);
                self.ends.push(self.cells.len());
                *width = characters(&self.cells[start..]).clamp(*width, WIDEST.max(*width));
            }
        }
        let shown = |at: &usize| shown[*at];
        for at in (0..COLUMNS).filter(shown) {
            put_cell(&mut self.text, head[at], widths[at]);
        }
        self.text.push_str("|\n");
        for at in (0..COLUMNS).filter(shown) {
            self.text.push_str("| ");
            repeat(&mut self.text, DASHES, widths[at]);
            self.text.push(' ');
        }
        self.text.push_str("|\n");
        let mut start = 0;
        for ends in self.ends.chunks(COLUMNS) {
            for at in 0..COLUMNS {
                let cell = &self.cells[start..ends[at]];
                start = ends[at];
                if shown(&at) {
                    put_cell(&mut self.text, cell, widths[at]);
                }
            }
            self.text.push_str("|\n");
        }
    }

    /// The page.
    pub(super) fn finish(mut self) -> String {
        // All pages are kept until the last is made, so none keeps more room than it needs.
        if self.text.len() > LARGE {
            self.text.shrink_to_fit();
            return self.text;
        }
        let page = self.text.as_str().to_owned();
        self.text.clear();
        ROOM.set(self);
        page
    }
}

thread_local! {
    /// Where the next page of this thread is written: one that grows bit by bit in room of its own is moved ten times.
    static ROOM: RefCell<Writer> = RefCell::default();
}

/// A larger page is not copied out of the room where it was written.
const LARGE: usize = 64 << 10;

/// Writes a cell with blanks up to the width of its column.
fn put_cell(text: &mut String, cell: &str, width: usize) {
    text.push_str("| ");
    text.push_str(cell);
    repeat(text, BLANKS, width.saturating_sub(characters(cell)) + 1);
}

/// Writes so many of what `some` has: one by one took a hundredth of a large build.
fn repeat(text: &mut String, some: &str, mut count: usize) {
    while count > 0 {
        let now = count.min(some.len());
        text.push_str(&some[..now]);
        count -= now;
    }
}

const TICKS: &str = "````````````````";
const DASHES: &str = "----------------------------------------------------------------";
const BLANKS: &str = "                                                                ";

/// Up to how many rows the columns of a table line up in the source. Nobody reads the source of a longer one, which would be half blanks, and a single long cell would change each of its lines for `git diff`.
const LINED_UP: usize = 200;

/// A column is not widened for a single long cell beyond this many characters.
const WIDEST: usize = 120;

fn characters(cell: &str) -> usize {
    if cell.is_ascii() {
        cell.len()
    } else {
        cell.chars().count()
    }
}

fn longest_run(code: &str) -> usize {
    // Nearly no code has one.
    if !code.contains('`') {
        return 0;
    }
    let runs = code.split(|character| character != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// A reader's words as Markdown that shows them as they are.
pub(super) fn text(words: &str) -> Words<'_> {
    Words::Text(words)
}

/// A reader's words as a code span; a dash for none.
pub(super) fn code(words: &str) -> Words<'_> {
    if words.is_empty() {
        NONE
    } else {
        Words::Code(words)
    }
}

/// What stands in a cell that has nothing to say.
pub(super) const NONE: Words<'static> = Words::Ours(DASH);

/// The same as plain words.
pub(super) const DASH: &str = "–";

/// The words of an optional text, or a dash.
pub(super) fn text_or_none(words: Option<&str>) -> Words<'_> {
    words.map_or(NONE, text)
}

/// The words of an optional text as code, or a dash.
pub(super) fn code_or_none(words: Option<&str>) -> Words<'_> {
    words.map_or(NONE, code)
}

/// A number, or a dash.
pub(super) fn number(number: Option<impl Display>) -> Words<'static> {
    number.map_or(NONE, |it| Words::Made(it.to_string()))
}

/// Items after one another, or a dash.
pub(super) fn listed<'a>(items: impl IntoIterator<Item = impl Into<Words<'a>>>) -> Words<'a> {
    let mut items = items.into_iter().map(Into::into);
    let Some(first) = items.next() else {
        return NONE;
    };
    let Some(second) = items.next() else {
        return first;
    };
    let mut made = first.to_string();
    for item in [second].into_iter().chain(items) {
        made.push_str(", ");
        item.push_to(&mut made);
    }
    Words::Made(made)
}

/// A link to a page.
pub(super) fn link(words: &str, target: &str) -> Words<'static> {
    joined([
        "[".into(),
        text(words),
        "](".into(),
        target.into(),
        ")".into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_an_empty_table_says_so() {
        let mut writer = Writer::titled("A * b");
        let rows = [[code("ov"), text("one|two")], [code("litellm-orch"), NONE]];
        writer.table(["service", "notes"], &rows, "None.");
        writer.table::<1>(["gone"], &[], "Nothing is gone.");
        let rows = [["a".into(), NONE, "b".into()], [NONE, NONE, NONE]];
        writer.sparse_table(["one", "two", "six"], &rows, "None.");
        assert_eq!(
            writer.finish(),
            "# A \\* b\n\n| service        | notes    |\n| -------------- | -------- |\n| `ov`           | one\\|two |\n| `litellm-orch` | –        |\n\nNothing is gone.\n\n| one | six |\n| --- | --- |\n| a   | b   |\n| –   | –   |\n"
        );
    }

    #[test]
    fn the_columns_of_a_long_table_do_not_line_up() {
        let lines = |count: usize| {
            let mut writer = Writer::default();
            let mut rows = vec![[code("a"), text("x|y"), NONE]; count];
            rows[0] = [code("litellm-orch"), NONE, NONE];
            writer.sparse_table(["service", "notes", "none"], &rows, "None.");
            let page = writer.finish();
            page.lines()
                .skip(1)
                .take(4)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            lines(LINED_UP),
            [
                "| service        | notes |",
                "| -------------- | ----- |",
                "| `litellm-orch` | –     |",
                "| `a`            | x\\|y  |",
            ]
        );
        assert_eq!(
            lines(LINED_UP + 1),
            [
                "| service | notes |",
                "| --- | --- |",
                "| `litellm-orch` | – |",
                "| `a` | x\\|y |"
            ]
        );
    }

    #[test]
    fn c084_a_fence_is_longer_than_what_it_holds() {
        let mut writer = Writer::default();
        writer.fenced("text", "```\n</script>\n````");
        assert_eq!(
            writer.finish(),
            "\n`````text\n```\n</script>\n````\n`````\n"
        );
    }
}
