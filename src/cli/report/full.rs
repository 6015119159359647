//! Each finding with its lines, what each place has to do with it, and what to do: miette's graphical report.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use super::excerpt::{Excerpt, GUTTER};
use super::{Style, plain};
use crate::diagnostic::{Diagnostic, Severity, Source, Span};

/// Below this width labels do not fit beside the lines and are listed under the message.
const NARROW: usize = 60;

pub(super) fn render(
    source: &Source,
    diagnostics: &[&Diagnostic],
    masked: &[Span],
    style: &Style,
) -> String {
    let handler = GraphicalReportHandler::new_themed(theme(style))
        .with_width(style.width)
        .with_context_lines(1)
        .with_links(false)
        .without_syntax_highlighting();
    let mut out = String::new();
    for diagnostic in diagnostics {
        let finding = Finding::new(source, diagnostic, masked, style);
        // Writing to a string cannot fail.
        let _ = handler.render_report(&mut out, &finding);
        out.push('\n');
    }
    out
}

fn theme(style: &Style) -> GraphicalTheme {
    GraphicalTheme {
        characters: if style.unicode {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters::ascii()
        },
        styles: if style.colour {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
    }
}

/// A finding as miette wants it.
struct Finding {
    rule: &'static str,
    severity: Severity,
    message: String,
    help: Option<String>,
    excerpt: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl Finding {
    fn new(source: &Source, diagnostic: &Diagnostic, masked: &[Span], style: &Style) -> Self {
        let narrow = style.width < NARROW;
        let name = shown_name(source.name(), style.width);
        let excerpt = Excerpt::new(source, name, diagnostic, masked, style.width);
        let mut message = plain::line(&diagnostic.message);
        let mut labels = Vec::new();
        for label in excerpt.labels() {
            let text = if narrow {
                message.push_str("\nline ");
                message.push_str(&label.line.to_string());
                message.push_str(": ");
                message.push_str(&label.text);
                None
            } else {
                let room = style.width.saturating_sub(GUTTER + label.middle + 4);
                Some(plain::wrap(&label.text, room.max(16)))
            };
            let (start, length) = (label.range.start, label.range.len());
            labels.push(if label.is_primary {
                LabeledSpan::new_primary_with_span(text, (start, length))
            } else {
                LabeledSpan::new_with_span(text, (start, length))
            });
        }
        Self {
            rule: diagnostic.rule.name,
            severity: diagnostic.severity,
            message,
            help: diagnostic.help.as_deref().map(plain::line),
            excerpt,
            labels,
        }
    }
}

/// The name of a file, its beginning left out where the terminal is too narrow for it.
fn shown_name(name: &str, width: usize) -> String {
    let name = plain::line(name);
    let room = width.saturating_sub(GUTTER + 10).max(5);
    let length = name.chars().count();
    if length <= room {
        return name;
    }
    let end: String = name.chars().skip(length - room + 1).collect();
    format!("…{end}")
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Finding {}

impl miette::Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.rule))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() {
            return None;
        }
        Some(Box::new(self.labels.iter().cloned()))
    }
}
