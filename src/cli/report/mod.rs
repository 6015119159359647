//! How findings are shown: with their lines for people, one line each for editors, as JSON for programs, and as the services that run checks want them.
//!
//! No other room knows what a terminal is, or miette. The text of the reader's file is shown with its control characters escaped, whatever the format.

mod concise;
mod excerpt;
mod fingerprint;
mod full;
mod github;
mod gitlab;
mod json;
pub(super) mod plain;
mod sarif;
mod style;

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Source, Span};

pub use style::Style;

/// How many findings are shown to people; the rest is counted.
const SHOWN: usize = 50;

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Each with its lines and what to do.
    #[default]
    Full,
    /// Each on a line of its own.
    Concise,
    /// One JSON object with all of them.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Commands of a GitHub workflow.
    Github,
    /// A GitLab Code Quality report.
    Gitlab,
}

impl Format {
    /// True when all of it is one document that a program reads, so that nothing may be said beside it.
    pub fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Gitlab)
    }
}

/// Writes the findings about a text; nothing for people when there are none.
pub fn render(format: Format, source: &Source, diagnostics: &Diagnostics, style: &Style) -> String {
    match format {
        Format::Json => json::render(&[(source, diagnostics)]),
        Format::Sarif => sarif::render(&[(source, diagnostics)]),
        Format::Gitlab => gitlab::render(&[(source, diagnostics)]),
        Format::Github => github::render(source, diagnostics),
        _ if diagnostics.is_empty() => String::new(),
        Format::Full => {
            let mut out = full::render(source, &shown(diagnostics), &masked(diagnostics), style);
            end(&mut out, diagnostics);
            out
        }
        Format::Concise => {
            let mut out = concise::render(source, &shown(diagnostics));
            end(&mut out, diagnostics);
            out
        }
    }
}

/// Writes the findings about several texts, such as a platform and its lock; for programs as one object, named after the first.
pub fn render_all(format: Format, reports: &[(&Source, &Diagnostics)], style: &Style) -> String {
    match format {
        Format::Json => return json::render(reports),
        Format::Sarif => return sarif::render(reports),
        Format::Gitlab => return gitlab::render(reports),
        Format::Full | Format::Concise | Format::Github => {}
    }
    let texts = reports
        .iter()
        .map(|(source, diagnostics)| render(format, source, diagnostics, style));
    texts.collect()
}

/// The totals in words: `2 errors, 1 warning`.
pub fn summary(diagnostics: &Diagnostics) -> String {
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let counts: Vec<_> = severities
        .iter()
        .map(|it| (diagnostics.count(*it), it.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    }
}

/// The findings that are shown to people.
fn shown(diagnostics: &Diagnostics) -> Vec<&Diagnostic> {
    chosen(diagnostics.iter(), SHOWN)
}

/// At most this many findings: the gravest when there are too many, in the order given.
fn chosen<'a>(
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
    limit: usize,
) -> Vec<&'a Diagnostic> {
    let mut chosen: Vec<_> = diagnostics.enumerate().collect();
    if chosen.len() > limit {
        chosen.sort_by_key(|(_, it)| std::cmp::Reverse(it.severity));
        chosen.truncate(limit);
        chosen.sort_by_key(|(at, _)| *at);
    }
    chosen.into_iter().map(|(_, it)| it).collect()
}

/// Every place that no report shows, in the order of the text.
fn masked(diagnostics: &Diagnostics) -> Vec<Span> {
    let mut masked: Vec<_> = diagnostics
        .iter()
        .flat_map(|it| &it.masked)
        .copied()
        .collect();
    masked.sort_unstable();
    masked
}

fn end(out: &mut String, diagnostics: &Diagnostics) {
    if let Some(more @ 1..) = diagnostics.len().checked_sub(SHOWN) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "… and {more} more");
    }
    out.push_str(&summary(diagnostics));
    out.push('\n');
}
