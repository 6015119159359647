//! From text to tree: the order of the steps.

use super::builder::Builder;
use super::document::Document;
use super::problem::{Problems, Sink};
use super::{conflict, rules, text, tokens};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// Parses a text and reports every mistake in it.
///
/// With mistakes in some lines the rest still comes back, as a tree whose tables know that they are damaged. Nothing comes back when the text as a whole is not what was meant: an unresolved merge, or nothing at all.
pub fn parse(source: &Source, diagnostics: &mut Diagnostics) -> Option<Document> {
    let mut found = Diagnostics::new();
    text::check(source, &mut found);
    let problems = Problems::new(source.text());
    let root = {
        let input = toml_parser::Source::new(source.text());
        let mut builder = Builder::new(input, &problems);
        tokens::in_parts(input, |tokens| {
            toml_parser::parser::parse_document(tokens, &mut builder, &mut Sink(&problems));
        });
        builder.finish()
    };
    let problems = problems.into_found();
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
