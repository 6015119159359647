//! Findings as commands of a GitHub workflow, which annotate the lines of a pull request.
//!
//! GitHub shows ten of each level for a step and drops the others without a word, so the first ten are written and the last line names the totals.

use std::fmt::Write;

use super::{plain, summary};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Source};

/// How many of each level GitHub shows for a step.
const SHOWN: usize = 10;

pub(super) fn render(source: &Source, diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    let mut left_out = 0;
    let mut written = [0; 3];
    for diagnostic in diagnostics {
        let count = &mut written[diagnostic.severity as usize];
        *count += 1;
        if *count > SHOWN {
            left_out += 1;
        } else {
            command(&mut out, source, diagnostic);
        }
    }
    if left_out > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{left_out} more are not annotated: GitHub shows {SHOWN} of each level"
        );
    }
    if !diagnostics.is_empty() {
        out.push_str(&summary(diagnostics));
        out.push('\n');
    }
    out
}

fn command(out: &mut String, source: &Source, diagnostic: &Diagnostic) {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let _ = write!(
        out,
        "::{level} file={}",
        property(&plain::line(source.name()))
    );
    if let Some(label) = &diagnostic.primary {
        let start = source.position(label.span.start);
        let end = source.position(label.span.end.max(label.span.start));
        let _ = write!(out, ",line={},endLine={}", start.line, end.line);
        // Columns are refused for what goes on over several lines.
        if start.line == end.line {
            let _ = write!(out, ",col={},endColumn={}", start.column, end.column);
        }
    }
    let mut message = plain::line(&diagnostic.message);
    if let Some(help) = &diagnostic.help {
        message.push_str("\nhelp: ");
        message.push_str(&plain::line(help));
    }
    let _ = writeln!(
        out,
        ",title={}::{}",
        property(diagnostic.rule.name),
        data(&message)
    );
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_a_command_is_made_of_is_escaped() {
        assert_eq!(data("100%\r\na:b,c"), "100%25%0D%0Aa:b,c");
        assert_eq!(property("a:b,c%0A"), "a%3Ab%2Cc%250A");
    }
}
