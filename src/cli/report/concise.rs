//! One line for each finding, in the form editors and `grep` know: `file:line:column: severity[rule]: message`.

use std::fmt::Write;

use super::plain;
use crate::diagnostic::{Diagnostic, Source};

pub(super) fn render(source: &Source, diagnostics: &[&Diagnostic]) -> String {
    let name = plain::line(source.name());
    let mut out = String::new();
    for diagnostic in diagnostics {
        let place = diagnostic.primary.as_ref().map_or(String::new(), |label| {
            let at = source.position(label.span.start);
            format!(":{}:{}", at.line, at.column)
        });
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{name}{place}: {}[{}]: {}",
            diagnostic.severity.word(),
            diagnostic.rule.name,
            plain::line(&diagnostic.message)
        );
    }
    out
}
