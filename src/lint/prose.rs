//! What the words of a page say: its URLs and names, its sentences, and whether they speak of what was.

use super::markdown::Page;
use crate::diagnostic::Span;

/// Words of a sentence about what is no longer so, or must not be.
const PAST: &[&str] = &[
    "retired",
    "deprecated",
    "former",
    "previous",
    "no longer",
    "renamed",
    "legacy",
    "obsolete",
    "replaced",
    "used to be",
    "moved",
    "migrat",
    "old name",
    "old port",
    "instead of",
    "rather than",
    "do not use",
    "don't use",
    "never use",
    "must not",
];

/// Headings of pages that tell what happened.
const LOGS: &[&str] = &[
    "changelog",
    "journal",
    "history",
    "post-mortem",
    "postmortem",
];

impl Page {
    /// Every HTTP URL, wherever it is written.
    pub(super) fn urls(&self) -> Vec<Span> {
        let text = self.source.text();
        let starts = text.match_indices("://").filter_map(|(at, _)| {
            let scheme = ["https", "http"].iter().find(|it| {
                let before = text[..at].len().checked_sub(it.len());
                before.is_some_and(|from| {
                    text.get(from..at)
                        .is_some_and(|has| has.eq_ignore_ascii_case(it))
                })
            })?;
            Some(at - scheme.len())
        });
        let ends = |it: char| it.is_whitespace() || "<>\"'`()[]{}|\\,;*".contains(it);
        starts
            .map(|start| {
                let rest = &text[start..];
                let url = &rest[..rest.find(ends).unwrap_or(rest.len())];
                let url = url.trim_end_matches(['.', ':', '!', '?', '_']);
                Span::new(start, start + url.len())
            })
            .collect()
    }

    /// Every name of several parts, such as `jerry-xl`, and whether it stands in code.
    pub(super) fn names(&self) -> Vec<(Span, bool)> {
        let text = self.source.text();
        let within = |it: char| it.is_ascii_alphanumeric() || "-_.:*/@".contains(it);
        let mut names = Vec::new();
        let mut start = 0;
        for word in text.split_inclusive(|it| !within(it)) {
            let name = word.trim_end_matches(|it| !within(it));
            let name = name.trim_end_matches(['.', ':']);
            // A selector or an image may stand before a slash; a path is no name.
            // `**bold**` is no pattern.
            let bold = name.len() - name.trim_start_matches(['*', '_']).len();
            let name = match bold {
                0 => name,
                _ => name[bold..].trim_end_matches(['*', '_']),
            };
            if name.len() > 2 && !name.contains('/') {
                let span = Span::new(start + bold, start + bold + name.len());
                names.push((span, self.is_code(span)));
            }
            start += word.len();
        }
        names
    }

    /// True for a span inside code.
    pub(super) fn is_code(&self, span: Span) -> bool {
        let after = self.code.partition_point(|it| it.span.start <= span.start);
        let last = after.checked_sub(1).map(|at| self.code[at].span);
        last.is_some_and(|it| span.end <= it.end)
    }

    /// The sentences of all prose, as they are written.
    pub(super) fn sentences(&self) -> Vec<Span> {
        let mut sentences = Vec::new();
        for block in &self.prose {
            let mut start = block.start;
            while start < block.end {
                let end = self.sentence_end(start, block.end);
                sentences.push(Span::new(start, end));
                start = end;
            }
        }
        sentences.sort_unstable();
        // A loose item and its paragraph are the same words.
        sentences.dedup_by(|one, other| one.end == other.end || one.start == other.start);
        sentences
    }

    fn sentence_end(&self, start: usize, limit: usize) -> usize {
        let text = &self.source.text()[start..limit];
        let ends = text
            .match_indices(['.', '!', '?', ';'])
            .find(|(at, it)| text[at + it.len()..].starts_with(|it: char| it.is_whitespace()));
        ends.map_or(limit, |(at, it)| start + at + it.len())
    }

    /// The sentence around an offset; outside of prose its line.
    pub(super) fn sentence(&self, at: usize) -> &str {
        let blocks = self.prose.iter().filter(|it| it.start <= at && at < it.end);
        let Some(block) = blocks.min_by_key(|it| it.end - it.start) else {
            let line = self.source.line(self.source.position(at).line);
            return line.map_or("", |it| self.words(it));
        };
        let mut start = block.start;
        loop {
            let end = self.sentence_end(start, block.end);
            if at < end || end >= block.end {
                return self.words(Span::new(start, end));
            }
            start = end;
        }
    }

    /// True when the sentence around an offset, or the heading above it, speaks of what was.
    pub(super) fn tells_of_past(&self, at: usize) -> bool {
        let says = |text: &str, words: &[&str]| {
            let lower = text.to_ascii_lowercase();
            words.iter().any(|it| lower.contains(it))
        };
        let above = self.headings.partition_point(|it| it.start <= at);
        let above = above
            .checked_sub(1)
            .map_or("", |it| self.words(self.headings[it]));
        says(self.sentence(at), PAST) || says(above, PAST) || says(above, LOGS)
    }
}
