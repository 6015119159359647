//! The lines that a finding is about, made safe to show and cut to the width of the terminal.
//!
//! miette would read the whole text for each label and show it raw. An excerpt holds only the lines near the labels, with control characters written out and long lines cut around the label, and knows their numbers.

use std::borrow::Cow;
use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::plain;
use crate::diagnostic::{Diagnostic, Label, Source, Span};

/// Columns left of a line of code: its number, a bar and the spaces around them.
pub(super) const GUTTER: usize = 8;

/// Columns a label has at least, right of what it is about.
const LABEL: usize = 24;

/// Lines of a text, ready to be shown.
pub(super) struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    labels: Vec<Shown>,
}

struct Line {
    /// From one.
    number: usize,
    /// Where it stands in the excerpt, with its line end.
    range: Range<usize>,
}

/// A label moved into the excerpt.
pub(super) struct Shown {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    pub(super) is_primary: bool,
    /// Its line in the reader's file, from one.
    pub(super) line: usize,
    /// Where its middle is on the shown line, in columns from zero.
    pub(super) middle: usize,
    /// Its column in the reader's file, from one.
    column: usize,
}

/// A label on its line. One that goes on over several lines is shown at its first.
struct Mark<'a> {
    label: &'a Label,
    is_primary: bool,
    line: usize,
    column: usize,
}

impl Excerpt {
    /// The lines around the labels of a finding, each at most as wide as the terminal.
    pub(super) fn new(
        source: &Source,
        name: String,
        diagnostic: &Diagnostic,
        masked: &[Span],
        width: usize,
    ) -> Self {
        let mut marks: Vec<_> = diagnostic
            .primary
            .iter()
            .map(|it| (it, true))
            .chain(diagnostic.secondary.iter().map(|it| (it, false)))
            .map(|(label, is_primary)| {
                let start = source.position(label.span.start);
                Mark {
                    label,
                    is_primary,
                    line: start.line,
                    column: start.column,
                }
            })
            .collect();
        // Stable, so that on one line the primary label decides which part of it is shown.
        marks.sort_by_key(|it| it.line);
        let mut excerpt = Self {
            name,
            text: String::new(),
            lines: Vec::new(),
            labels: Vec::new(),
        };
        let mut next = 1;
        for mark in &marks {
            for number in (mark.line - 1).max(next)..=mark.line + 1 {
                if let Some(line) = source.line(number) {
                    let here: Vec<_> = marks.iter().filter(|it| it.line == number).collect();
                    let words = mask(source.words(line), line, masked);
                    excerpt.push(&words, number, line, &here, width);
                }
                next = number + 1;
            }
        }
        excerpt
    }

    /// The labels, in the order of the text.
    pub(super) fn labels(&self) -> &[Shown] {
        &self.labels
    }

    fn push(&mut self, words: &str, number: usize, line: Span, marks: &[&Mark<'_>], width: usize) {
        let within = |at: usize| at.clamp(line.start, line.end) - line.start;
        let anchor = marks.first().map_or(0..0, |it| {
            within(it.label.span.start)..within(it.label.span.end)
        });
        let cut = Cut::new(words, anchor, width.saturating_sub(GUTTER).max(8));
        let start = self.text.len();
        for mark in marks {
            let span = mark.label.span;
            let from = cut.shown_at(within(span.start));
            let to = cut.shown_at(within(span.end.max(span.start)));
            let middle = cut.text[..floor(&cut.text, from.midpoint(to))]
                .chars()
                .count();
            self.labels.push(Shown {
                range: start + from..start + to,
                text: plain::line(&mark.label.text),
                is_primary: mark.is_primary,
                line: number,
                middle,
                column: mark.column,
            });
        }
        self.text.push_str(&cut.text);
        self.text.push('\n');
        self.lines.push(Line {
            number,
            range: start..self.text.len(),
        });
    }

    fn line_at(&self, offset: usize) -> usize {
        let after = self.lines.partition_point(|it| it.range.start <= offset);
        after.saturating_sub(1)
    }
}

/// A line with every masked character as a star, byte for byte so that places stay what they are.
pub(super) fn mask<'a>(words: &'a str, line: Span, masked: &[Span]) -> Cow<'a, str> {
    let on_line = |it: &&Span| it.start < line.end && it.end > line.start;
    let mut words = Cow::Borrowed(words);
    for span in masked.iter().filter(on_line) {
        let from = floor(&words, span.start.max(line.start) - line.start);
        let to = floor(&words, span.end.min(line.end) - line.start);
        words
            .to_mut()
            .replace_range(from..to, &"*".repeat(to - from));
    }
    words
}

/// The part of a line that is shown.
struct Cut {
    text: String,
    /// For each shown character and for the end: where it is in the line and in `text`.
    places: Vec<(usize, usize)>,
}

impl Cut {
    /// As much of a line as fits, with what is at `anchor` in it and room for a label behind it.
    fn new(line: &str, anchor: Range<usize>, room: usize) -> Self {
        let mut cut = Self {
            text: String::new(),
            places: Vec::new(),
        };
        let mut columns = 0;
        let from = begin(line, anchor, room);
        if from > 0 {
            cut.text.push('…');
            columns += 1;
        }
        for (at, character) in line[from..].char_indices() {
            let shown = show(character);
            // One column is kept for the sign that the line goes on.
            if columns + shown.columns > room - 1 {
                cut.places.push((from + at, cut.text.len()));
                cut.text.push('…');
                return cut;
            }
            columns += shown.columns;
            cut.places.push((from + at, cut.text.len()));
            cut.text.push_str(&shown.text);
        }
        cut.places.push((line.len(), cut.text.len()));
        cut
    }

    /// Where a place of the line is in what is shown; its nearest end when it is left out.
    fn shown_at(&self, at: usize) -> usize {
        let place = self.places.partition_point(|it| it.0 < at);
        let place = self.places.get(place).or(self.places.last());
        place.map_or(0, |it| it.1)
    }
}

/// Where the shown part of a line begins.
fn begin(line: &str, anchor: Range<usize>, room: usize) -> usize {
    let fits = |part: &str, room: usize| {
        let mut columns = 0;
        part.chars().all(|it| {
            columns += show(it).columns;
            columns <= room
        })
    };
    let wanted = room.saturating_sub(LABEL).max(room / 4);
    let middle = floor(line, anchor.start.midpoint(anchor.end));
    if fits(line, room - 1) && fits(&line[..middle], wanted) || fits(&line[..middle], room / 4) {
        return 0;
    }
    // A few words before the label tell where one is.
    let mut left = room / 4;
    let mut start = floor(line, anchor.start);
    for (at, character) in line[..start].char_indices().rev() {
        let columns = show(character).columns;
        if columns > left {
            break;
        }
        left -= columns;
        start = at;
    }
    start
}

fn floor(line: &str, mut at: usize) -> usize {
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    at
}

struct ShownCharacter {
    text: String,
    columns: usize,
}

fn show(character: char) -> ShownCharacter {
    let text = match character {
        '\t' => "    ".to_owned(),
        _ => plain::visible(character).unwrap_or_else(|| character.to_string()),
    };
    // Letters of East Asia and pictures take two columns.
    let wide = usize::from(character >= '\u{1100}' && text.chars().count() == 1);
    ShownCharacter {
        columns: text.chars().count() + wide,
        text,
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let mut first = self.line_at(span.offset());
        let mut last = self.line_at(span.offset() + span.len());
        let number = |at: usize| self.lines.get(at).map_or(0, |it| it.number);
        // Lines that do not follow each other in the file are never joined in one frame.
        if self.lines.is_empty() || number(last) - number(first) != last - first {
            return Err(MietteError::OutOfBounds);
        }
        let column = if before == 0 {
            let label = self
                .labels
                .iter()
                .find(|it| it.range.start == span.offset());
            label.map_or(0, |it| it.column - 1)
        } else {
            0
        };
        for _ in 0..before {
            if first > 0 && number(first - 1) + 1 == number(first) {
                first -= 1;
            }
        }
        for _ in 0..after {
            if last + 1 < self.lines.len() && number(last) + 1 == number(last + 1) {
                last += 1;
            }
        }
        let range = self.lines[first].range.start..self.lines[last].range.end;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[range.clone()],
            (range.start, range.len()).into(),
            number(first) - 1,
            column,
            last - first + 1,
        )))
    }
}
