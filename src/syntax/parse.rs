//! From text to tree: the order of the steps.

use super::builder::Builder;
use super::document::{Document, Table};
use super::problem::{Problems, Sink};
use super::{conflict, join, rules, text, tokens};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::side_by_side::MUCH_TEXT;

/// How many parts much text is parsed in: more than there are cores to wait for, so that none has a large last one.
const PARTS: usize = 32;

/// Parses a text and reports every mistake in it.
///
/// With mistakes in some lines the rest still comes back, as a tree whose tables know that they are damaged. Nothing comes back when the text as a whole is not what was meant: an unresolved merge, or nothing at all.
pub fn parse(source: &Source, diagnostics: &mut Diagnostics) -> Option<Document> {
    let mut found = Diagnostics::new();
    text::check(source, &mut found);
    let much = source.text().len() >= MUCH_TEXT;
    let (root, problems) = match much.then(|| side_by_side(source, PARTS)).flatten() {
        Some(root) => (root, Vec::new()),
        None => in_a_row(source),
    };
    if !problems.is_empty() && conflict::report(source, &problems, diagnostics) {
        return None;
    }
    report(source, found, problems, diagnostics);
    if root.is_empty() && !root.is_damaged() {
        diagnostics.push(
            Diagnostic::new(&rules::EMPTY_PLATFORM, "the file declares nothing")
                .primary(Span::default(), "no table and no key from here to the end"),
        );
        return None;
    }
    Some(Document::new(source.clone(), root))
}

/// The tree of a text, and what is wrong with it.
pub(super) fn in_a_row(source: &Source) -> (Table, Vec<Diagnostic>) {
    let problems = Problems::new(source.text());
    let (root, _) = part(source.text(), 0, &problems);
    (root, problems.into_found())
}

/// The tree of a text, made of trees of its parts; nothing when one of them is wrong, or when they are not simply one after the other.
pub(super) fn side_by_side(source: &Source, parts: usize) -> Option<Table> {
    let text = source.text();
    let mut cuts = join::cuts(text, parts);
    cuts.push(text.len());
    let parts: Vec<(usize, usize)> = cuts.windows(2).map(|it| (it[0], it[1])).collect();
    let trees = crate::side_by_side::side_by_side(&parts, true, |(start, end)| {
        let text = &text[*start..*end];
        let problems = Problems::new(text);
        let tree = part(text, *start, &problems);
        (problems.len() == 0).then_some(tree)
    });
    let mut trees = trees.into_iter();
    let (mut root, mut count) = trees.next()??;
    for tree in trees {
        let (tree, further) = tree?;
        count += further;
        if count > text::MOST_VALUES || !join::join(&mut root, tree) {
            return None;
        }
    }
    Some(root)
}

/// The tree of a part that begins at `base` of the whole, and how many keys and values it has.
fn part(text: &str, base: usize, problems: &Problems<'_>) -> (Table, usize) {
    let input = toml_parser::Source::new(text);
    let mut builder = Builder::new(input, base, problems);
    tokens::in_parts(input, |tokens| {
        toml_parser::parser::parse_document(tokens, &mut builder, &mut Sink(problems));
    });
    builder.finish()
}

/// Reports characters and syntax together, one finding for one cause.
fn report(
    source: &Source,
    characters: Diagnostics,
    problems: Vec<Diagnostic>,
    diagnostics: &mut Diagnostics,
) {
    let line_of = |it: &Diagnostic| {
        let start = it.primary.as_ref().map_or(0, |label| label.span.start);
        source.position(start).line
    };
    let mut lines: Vec<usize> = characters.iter().map(line_of).collect();
    lines.dedup();
    let total = characters.len() + problems.len();
    for finding in characters {
        diagnostics.push(finding);
    }
    for problem in problems {
        // Where a character is wrong, the parser stumbles over it as well.
        if lines.is_empty() || lines.binary_search(&line_of(&problem)).is_err() {
            diagnostics.push(problem);
        }
    }
    if total >= text::MOST_ERRORS {
        diagnostics.push(Diagnostic::new(
            &rules::TOO_MANY_ERRORS,
            format!("more than {total} mistakes: the rest was not looked at"),
        ));
    }
}
