//! All findings as one JSON object, for programs.
//!
//! The shape is a promise: fields may be added, none changes or goes. Lines and columns count from one, columns in characters; `start` and `end` are byte offsets; every end lies behind the last character. A finding about the whole file has `null` for its place.
//!
//! ```json
//! {
//!   "version": 1,
//!   "file": "platform.toml",
//!   "errors": 1, "warnings": 0, "notes": 0,
//!   "diagnostics": [{
//!     "rule": "wrong-type", "severity": "error", "message": "…", "file": "platform.toml",
//!     "line": 4, "column": 8, "end_line": 4, "end_column": 14, "span": { "start": 61, "end": 67 },
//!     "labels": [{ "primary": true, "text": "…", "line": 4, "column": 8, "end_line": 4, "end_column": 14, "span": { "start": 61, "end": 67 } }],
//!     "help": "…",
//!     "fix": { "title": "…", "safe": true, "edits": [{ "span": { "start": 61, "end": 67 }, "text": "4000" }] }
//!   }]
//! }
//! ```

use std::fmt::Write;

use serde::Serialize;

use super::plain;
use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Label, Severity, Source, Span};

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    file: &'a str,
    errors: usize,
    warnings: usize,
    notes: usize,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: &'a str,
    message: &'a str,
    file: &'a str,
    #[serde(flatten)]
    place: Place,
    labels: Vec<Marked<'a>>,
    help: Option<&'a str>,
    fix: Option<Mend<'a>>,
}

#[derive(Serialize)]
struct Marked<'a> {
    primary: bool,
    text: &'a str,
    #[serde(flatten)]
    place: Place,
}

#[derive(Serialize, Default)]
struct Place {
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    span: Option<Bytes>,
}

#[derive(Serialize)]
struct Bytes {
    start: usize,
    end: usize,
}

#[derive(Serialize)]
struct Mend<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    span: Bytes,
    text: &'a str,
}

pub(super) fn render(reports: &[(&Source, &Diagnostics)]) -> String {
    let count = |severity| reports.iter().map(|(_, it)| it.count(severity)).sum();
    let findings = reports.iter().flat_map(|(source, diagnostics)| {
        let found = diagnostics.iter();
        found.map(|it| finding(source, it))
    });
    let report = Report {
        version: 1,
        file: reports.first().map_or("", |(source, _)| source.name()),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        diagnostics: findings.collect(),
    };
    text(&report)
}

/// A value as text in which no terminal finds anything to obey.
pub(super) fn text(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value)
        .expect("strings and numbers under string keys are always JSON");
    let mut out = escape(text);
    out.push('\n');
    out
}

/// Escapes what JSON lets stand and a terminal obeys; such characters occur only inside strings.
fn escape(text: String) -> String {
    let hidden = |it: char| it != '\n' && plain::is_deceptive(it);
    if !text.contains(hidden) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hidden(character) {
            // Writing to a string cannot fail.
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out
}

fn finding<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Finding<'a> {
    let marked = |label: &'a Label, primary| Marked {
        primary,
        text: &label.text,
        place: place(source, label.span),
    };
    let primary = diagnostic.primary.as_ref();
    let labels = primary.into_iter().map(|it| marked(it, true));
    let others = diagnostic.secondary.iter().map(|it| marked(it, false));
    Finding {
        rule: diagnostic.rule.name,
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        file: source.name(),
        place: primary.map_or_else(Place::default, |it| place(source, it.span)),
        labels: labels.chain(others).collect(),
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().map(mend),
    }
}

fn place(source: &Source, span: Span) -> Place {
    let start = source.position(span.start);
    let end = source.position(span.end);
    Place {
        line: Some(start.line),
        column: Some(start.column),
        end_line: Some(end.line),
        end_column: Some(end.column),
        span: Some(bytes(span)),
    }
}

fn bytes(span: Span) -> Bytes {
    Bytes {
        start: span.start,
        end: span.end,
    }
}

fn mend(fix: &Fix) -> Mend<'_> {
    Mend {
        title: &fix.title,
        safe: fix.safe,
        edits: fix
            .edits
            .iter()
            .map(|it| Replacement {
                span: bytes(it.span),
                text: &it.text,
            })
            .collect(),
    }
}
