//! A fix: edits of the text that mend a finding, and how the fixes of many findings come into one text.

use std::collections::BTreeMap;

use super::{Source, Span, without};

/// A list of edits, applied together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the edits do, as one line.
    pub title: String,
    /// True only when nothing else can change by it.
    pub safe: bool,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// Other words at one place: what is probably meant, to be looked at.
    pub fn likely(span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            title: format!("write `{text}`"),
            safe: false,
            edits: vec![Edit { span, text }],
        }
    }

    /// A name in place of another; nothing when `span` holds more than the name that was typed, plain or in quotes.
    pub fn rename(span: Span, typed: &str, name: &str) -> Option<Self> {
        match (span.end - span.start).checked_sub(typed.len())? {
            0 => Some(Self::likely(span, name)),
            2 => Some(Self::likely(span, format!("\"{name}\""))),
            _ => None,
        }
    }

    /// Words taken out, such as a whole line.
    pub fn removal(span: Span, safe: bool) -> Self {
        Self {
            title: "take it out".to_owned(),
            safe,
            edits: vec![Edit {
                span,
                text: String::new(),
            }],
        }
    }

    /// The same fix with none of these secrets in its words: a title that shows one is masked as every sentence is, an edit is made around it. Nothing when no edit can be made without it.
    pub(super) fn without(self, source: &Source, secrets: &[&str]) -> Option<Self> {
        let shows = |text: &str| secrets.iter().any(|it| without(text, it).is_some());
        let mut edits = Vec::new();
        for edit in self.edits {
            if shows(&edit.text) {
                edits.extend(edit.around(source)?);
            } else {
                edits.push(edit);
            }
        }
        let mask = |title: String, it: &&str| without(&title, it).unwrap_or(title);
        let title = secrets.iter().fold(self.title, mask);
        let is_silent = !edits.iter().any(|it| shows(&it.text));
        is_silent.then_some(Self {
            title,
            edits,
            ..self
        })
    }
}

/// One replacement of the text at `span` by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// The same change as two insertions, where the words stay and something comes before and behind them.
    fn around(self, source: &Source) -> Option<[Self; 2]> {
        let words = source.words(self.span);
        if words.is_empty() {
            return None;
        }
        let (before, behind) = self.text.split_once(words)?;
        let insert = |at, text: &str| Self {
            span: Span::new(at, at),
            text: text.to_owned(),
        };
        Some([
            insert(self.span.start, before),
            insert(self.span.end, behind),
        ])
    }
}

/// What became of a text by one pass of fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The text after it.
    pub text: String,
    /// How many fixes are in it; the others touch the same words and wait for another pass.
    pub applied: usize,
}

/// Puts fixes into a text, the earlier in the list first: one whose edits meet those of an earlier one is left out as a whole, and one that says the same as an earlier one is done with it.
pub fn mend<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> Mended {
    let mut taken: BTreeMap<usize, &Edit> = BTreeMap::new();
    let mut applied = 0;
    for fix in fixes {
        let fits = |it: &Edit| text.get(it.span.start..it.span.end).is_some() && !meets(&taken, it);
        let is_done = |it: &Edit| taken.get(&it.span.start).is_some_and(|known| *known == it);
        if fix.edits.is_empty() || !fix.edits.iter().all(|it| is_done(it) || fits(it)) {
            continue;
        }
        applied += 1;
        taken.extend(fix.edits.iter().map(|it| (it.span.start, it)));
    }
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut mended = String::with_capacity(text.len());
    let mut done = 0;
    for edit in taken.values() {
        mended.push_str(&text[done..edit.span.start]);
        mended.push_str(&edit.text.replace('\n', line_end));
        done = edit.span.end;
    }
    mended.push_str(&text[done..]);
    Mended {
        text: mended,
        applied,
    }
}

/// True when an edit overlaps one that is taken, or stands right beside it: what both together would write, nobody has thought of.
fn meets(taken: &BTreeMap<usize, &Edit>, edit: &Edit) -> bool {
    // Taken edits do not overlap, so only the last that begins before this one's end can reach into it.
    let before = taken.range(..=edit.span.end).next_back();
    before.is_some_and(|(_, it)| it.span.end >= edit.span.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits.iter().map(|(start, end, text)| Edit {
            span: Span::new(*start, *end),
            text: (*text).to_owned(),
        });
        Fix {
            title: String::new(),
            safe: true,
            edits: edits.collect(),
        }
    }

    /// A likely fix of the words from 6 on, where `hidden-key` is masked.
    fn silent(text: &str, instead: &str) -> Option<Fix> {
        let source = Source::new("config.yaml", text);
        Fix::likely(Span::new(6, text.len()), instead).without(&source, &["hidden-key"])
    }

    #[test]
    fn a_fix_that_quotes_a_secret_is_made_around_it() {
        let text = "key = hidden-key";
        let fix = silent(text, "\"hidden-key\"").unwrap();
        assert_eq!(fix.title, "write `\"****\"`");
        check(text, &[fix], ("key = \"hidden-key\"", 1));
    }

    #[test]
    fn a_fix_that_would_write_a_secret_elsewhere_is_none() {
        assert_eq!(silent("key = other", "hidden-key"), None);
    }

    fn check(text: &str, fixes: &[Fix], expected: (&str, usize)) {
        let mended = mend(text, fixes);
        assert_eq!((mended.text.as_str(), mended.applied), expected);
    }

    #[test]
    fn fixes_that_meet_wait_for_the_next_pass() {
        let (one, two) = (fix(&[(0, 2, "AB")]), fix(&[(1, 3, "xx")]));
        check("abcdef", &[one.clone(), two.clone()], ("ABcdef", 1));
        check("abcdef", &[two, one.clone()], ("axxdef", 1));
        // Right beside each other counts, insertions as well.
        check("abcdef", &[one.clone(), fix(&[(2, 3, "")])], ("ABcdef", 1));
        check("abcdef", &[one.clone(), fix(&[(2, 2, "-")])], ("ABcdef", 1));
        check("abcdef", &[one, fix(&[(3, 4, "")])], ("ABcef", 2));
    }

    #[test]
    fn a_fix_is_done_as_a_whole_or_not() {
        let two = fix(&[(5, 6, "F"), (0, 1, "A")]);
        check("abcdef", &[fix(&[(5, 6, "x")]), two.clone()], ("abcdex", 1));
        check("abcdef", &[two.clone(), two], ("AbcdeF", 2));
    }

    #[test]
    fn edits_keep_the_line_ends_and_stay_inside() {
        check("a\r\nb", &[fix(&[(1, 1, "\nx")])], ("a\r\nx\r\nb", 1));
        check("é", &[fix(&[(1, 2, "")]), fix(&[(2, 9, "")])], ("é", 0));
    }
}
