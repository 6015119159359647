//! Merge conflicts that nobody resolved.

use super::{rules, text};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// Reports the conflicts of a text, if one of its syntax errors stands on a marker. A marker inside a text in quotes is no conflict and gives no syntax error.
pub(super) fn report(
    source: &Source,
    problems: &[Diagnostic],
    diagnostics: &mut Diagnostics,
) -> bool {
    let whole = source.text();
    let on_marker = |it: &Diagnostic| {
        let at = it.primary.as_ref().map_or(0, |label| label.span.start);
        let start = whole[..at].rfind('\n').map_or(0, |it| it + 1);
        // A marker is at the start of a line; far from it there is no need to look.
        at - start < 80 && is_marker(&whole[start..])
    };
    if !problems.iter().any(on_marker) {
        return false;
    }
    let mut conflict: Option<Diagnostic> = None;
    let mut start = 0;
    for line in whole.split_inclusive('\n') {
        if diagnostics.len() >= text::MOST_ERRORS {
            break;
        }
        let words = line.trim_end();
        let span = Span::new(start, start + words.len());
        start += line.len();
        if !is_marker(words) {
            continue;
        }
        conflict = match conflict.take() {
            // A conflict has up to three more markers; whatever follows is something else.
            Some(open) if !words.starts_with('<') && open.secondary.len() < 3 => {
                Some(open.secondary(span, label(words)))
            }
            finished => {
                if let Some(finished) = finished {
                    diagnostics.push(finished);
                }
                Some(
                    Diagnostic::new(
                        &rules::MERGE_CONFLICT_MARKER,
                        "a merge conflict is not resolved",
                    )
                    .primary(span, label(words))
                    .help("keep one version, or join them, and delete the marker lines"),
                )
            }
        };
    }
    if let Some(last) = conflict {
        diagnostics.push(last);
    }
    true
}

fn label(marker: &str) -> &'static str {
    match marker.as_bytes().first() {
        Some(b'<') => "our version begins here",
        Some(b'|') => "the version before both begins here",
        Some(b'=') => "their version begins here",
        _ => "their version ends here",
    }
}

fn is_marker(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
        .iter()
        .any(|marker| {
            line.strip_prefix(marker)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
        })
}
