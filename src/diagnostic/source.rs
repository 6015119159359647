//! The reader's text, and places in it.

use std::sync::{Arc, OnceLock};

/// A range of bytes in a [`Source`]; both ends lie on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A line and a column, both counted from one; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
}

/// A text with the name it is shown under; a clone shares both.
#[derive(Debug, Clone)]
pub struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    text: String,
    /// Looked for when the first place is asked for: of a file without findings nobody asks.
    lines: OnceLock<Lines>,
}

#[derive(Debug)]
struct Lines {
    /// Where each line begins.
    starts: Vec<usize>,
    is_ascii: bool,
}

impl Source {
    /// A text shown under `name`, usually its path as the reader typed it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        }))
    }

    fn lines(&self) -> &Lines {
        let text = &self.0.text;
        self.0.lines.get_or_init(|| Lines {
            starts: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
            is_ascii: text.is_ascii(),
        })
    }

    /// The name it is shown under.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The line and column of a byte offset; an offset past the end counts as the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.0.text.len());
        while !self.0.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let lines = self.lines();
        let line = lines.starts.partition_point(|start| *start <= offset);
        let start = lines.starts[line - 1];
        // Ten thousand findings on one line of megabytes must not each count it from its start.
        let characters = if lines.is_ascii {
            offset - start
        } else {
            self.0.text[start..offset].chars().count()
        };
        Position {
            line,
            column: characters + 1,
        }
    }

    /// Where a line is, from one, without its line end.
    pub fn line(&self, number: usize) -> Option<Span> {
        let starts = &self.lines().starts;
        let start = *starts.get(number.checked_sub(1)?)?;
        let end = starts.get(number).copied();
        let line = &self.0.text[start..end.unwrap_or(self.0.text.len())];
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        Some(Span::new(start, start + line.len()))
    }

    /// The words at a span; empty when the span lies outside the text.
    pub fn words(&self, span: Span) -> &str {
        self.0.text.get(span.start..span.end).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("x", "aé\nb");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(3), Position { line: 1, column: 3 });
        assert_eq!(source.position(4), Position { line: 2, column: 1 });
        assert_eq!(source.position(99), Position { line: 2, column: 2 });
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
    }

    #[test]
    fn lines_have_no_line_ends() {
        let source = Source::new("x", "a\r\n\nb");
        let lines: Vec<_> = (0..5).map(|it| source.line(it)).collect();
        let words: Vec<_> = lines
            .iter()
            .map(|it| it.map(|it| source.words(it)))
            .collect();
        assert_eq!(words, [None, Some("a"), Some(""), Some("b"), None]);
    }
}
