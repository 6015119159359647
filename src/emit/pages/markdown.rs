//! Writing Markdown: headings, paragraphs, tables whose columns line up in the source.

use std::fmt::Write as _;

use crate::emit::escape::{markdown_code, markdown_text};

/// A page being written. What goes in is Markdown already: a reader's words pass through [`text`] or [`code`] first.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// An empty page under a title, which is a reader's words.
    pub(super) fn titled(title: &str) -> Self {
        let mut writer = Self {
            // Most pages fit in it; one that grew bit by bit was moved ten times.
            text: String::with_capacity(4 << 10),
        };
        let _ = writeln!(writer.text, "# {}", text(title));
        writer
    }

    /// A heading of the second level; its words become its anchor.
    pub(super) fn section(&mut self, words: &str) {
        let _ = write!(self.text, "\n## {words}\n");
    }

    /// A heading of the third level.
    pub(super) fn subsection(&mut self, words: &str) {
        let _ = write!(self.text, "\n### {words}\n");
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, words: &str) {
        let _ = write!(self.text, "\n{words}\n");
    }

    /// A reader's notes, when there are some.
    pub(super) fn notes(&mut self, notes: Option<&str>) {
        if let Some(notes) = notes {
            self.paragraph(&text(notes));
        }
    }

    /// A list of items.
    pub(super) fn list(&mut self, items: impl IntoIterator<Item = String>) {
        self.text.push('\n');
        for item in items {
            for part in ["- ", &item, "\n"] {
                self.text.push_str(part);
            }
        }
    }

    /// A block of code that is ours or has been escaped for its language.
    pub(super) fn fenced(&mut self, language: &str, code: &str) {
        let fence = "`".repeat(longest_run(code).max(2) + 1);
        let _ = write!(
            self.text,
            "\n{fence}{language}\n{}\n{fence}\n",
            code.trim_end()
        );
    }

    /// A table; a paragraph that says so when it has no row.
    pub(super) fn table<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[String; COLUMNS]],
        none: &str,
    ) {
        self.columns(head, rows, none, [true; COLUMNS]);
    }

    /// A table without the columns in which no row says anything.
    pub(super) fn sparse_table<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[String; COLUMNS]],
        none: &str,
    ) {
        let says = |at: usize| at == 0 || rows.iter().any(|row| row[at] != NONE);
        self.columns(head, rows, none, std::array::from_fn(says));
    }

    fn columns<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: &[[String; COLUMNS]],
        none: &str,
        shown: [bool; COLUMNS],
    ) {
        if rows.is_empty() {
            self.paragraph(none);
            return;
        }
        let mut widths = head.map(|cell| cell.chars().count().max(3));
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = characters(cell).clamp(*width, WIDEST.max(*width));
            }
        }
        self.text.push('\n');
        let widths = shown.iter().zip(widths);
        let widths: Vec<_> = widths
            .map(|(shown, width)| shown.then_some(width))
            .collect();
        self.row(head.iter().copied(), &widths);
        let rule = widths.iter().map(|width| "-".repeat(width.unwrap_or(0)));
        self.row(rule.collect::<Vec<_>>().iter().map(String::as_str), &widths);
        for row in rows {
            self.row(row.iter().map(String::as_str), &widths);
        }
    }

    /// A row of the cells that have a width.
    fn row<'c>(&mut self, cells: impl Iterator<Item = &'c str>, widths: &[Option<usize>]) {
        for (cell, width) in cells.zip(widths) {
            let Some(width) = width else { continue };
            self.text.push_str("| ");
            self.text.push_str(cell);
            let mut blanks = width.saturating_sub(characters(cell)) + 1;
            while blanks > 0 {
                let some = blanks.min(BLANKS.len());
                self.text.push_str(&BLANKS[..some]);
                blanks -= some;
            }
        }
        self.text.push_str("|\n");
    }

    /// The page.
    pub(super) fn finish(mut self) -> String {
        // All pages are kept until the last is made.
        self.text.shrink_to_fit();
        self.text
    }
}

/// To fill up cells: blank by blank took a hundredth of a large build.
const BLANKS: &str = "                                                                ";

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
    let runs = code.split(|character| character != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// A reader's words as Markdown that shows them as they are.
pub(super) fn text(words: &str) -> String {
    markdown_text(words)
}

/// A reader's words as a code span; a dash for none.
pub(super) fn code(words: &str) -> String {
    if words.is_empty() {
        NONE.to_owned()
    } else {
        markdown_code(words)
    }
}

/// What stands in a cell that has nothing to say.
pub(super) const NONE: &str = "–";

/// The words of an optional text, or a dash.
pub(super) fn text_or_none(words: Option<&str>) -> String {
    words.map_or_else(|| NONE.to_owned(), text)
}

/// The words of an optional text as code, or a dash.
pub(super) fn code_or_none(words: Option<&str>) -> String {
    words.map_or_else(|| NONE.to_owned(), code)
}

/// Items after one another, or a dash.
pub(super) fn listed(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    if items.is_empty() {
        NONE.to_owned()
    } else {
        items.join(", ")
    }
}

/// A link to a page; names in paths are those of the platform, which need no escape in a URL.
pub(super) fn link(words: &str, target: &str) -> String {
    ["[", &text(words), "](", target, ")"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_an_empty_table_says_so() {
        let mut writer = Writer::titled("A * b");
        let rows = [
            [code("ov"), text("one|two")],
            [code("litellm-orch"), NONE.to_owned()],
        ];
        writer.table(["service", "notes"], &rows, "None.");
        writer.table::<1>(["gone"], &[], "Nothing is gone.");
        let rows = [["a", NONE, "b"], [NONE, NONE, NONE]].map(|it| it.map(str::to_owned));
        writer.sparse_table(["one", "two", "six"], &rows, "None.");
        assert_eq!(
            writer.finish(),
            "# A \\* b\n\n| service        | notes    |\n| -------------- | -------- |\n| `ov`           | one\\|two |\n| `litellm-orch` | –        |\n\nNothing is gone.\n\n| one | six |\n| --- | --- |\n| a   | b   |\n| –   | –   |\n"
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
