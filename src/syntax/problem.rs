//! What is wrong with a text, in words: the parser's errors and clashes of keys become diagnostics.

use std::cell::{Cell, RefCell};

use toml_parser::{ErrorSink, Expected, ParseError};

use super::{rules, text};
use crate::diagnostic::{Diagnostic, Edit, Fix, Span};

/// Every mistake met so far. The parser and the builder report to it in turn.
pub(super) struct Problems<'s> {
    text: &'s str,
    found: RefCell<Vec<Diagnostic>>,
    spoilt_until: Cell<usize>,
}

impl<'s> Problems<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self {
            text,
            found: RefCell::default(),
            spoilt_until: Cell::new(0),
        }
    }

    /// Keeps a mistake, and notes that the rest of its line is spoilt.
    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.report_at(
            diagnostic.primary.as_ref().map_or(0, |it| it.span.end),
            || diagnostic,
        );
    }

    /// The same for a mistake that ends at `end`; past the most errors its words are not made.
    pub(super) fn report_at(&self, end: usize, diagnostic: impl FnOnce() -> Diagnostic) {
        // Each line is searched for its end once, however many mistakes it has.
        if end >= self.spoilt_until.get() {
            let rest = self.text.get(end..).unwrap_or("");
            let line = rest.find('\n').unwrap_or(rest.len());
            self.spoilt_until.set(end + line);
        }
        let mut found = self.found.borrow_mut();
        if found.len() >= text::MOST_ERRORS {
            return;
        }
        let diagnostic = diagnostic();
        // The parser sometimes says two things about one place; the first is the nearer one.
        let again = found.last().is_some_and(|it| same_place(it, &diagnostic));
        if !again {
            found.push(diagnostic);
        }
    }

    /// True when what begins at `start` is spoilt by a mistake on its line.
    pub(super) fn spoil(&self, start: usize) -> bool {
        start < self.spoilt_until.get()
    }

    pub(super) fn len(&self) -> usize {
        self.found.borrow().len()
    }

    pub(super) fn into_found(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }
}

fn same_place(one: &Diagnostic, other: &Diagnostic) -> bool {
    match (&one.primary, &other.primary) {
        (Some(one), Some(other)) => one.span == other.span,
        _ => false,
    }
}

/// Where the parser reports to.
pub(super) struct Sink<'p, 's>(pub(super) &'p Problems<'s>);

impl ErrorSink for Sink<'_, '_> {
    fn report_error(&mut self, error: ParseError) {
        let place = within(self.0.text, error.unexpected().or(error.context()));
        self.0.report_at(place.end, || syntax(self.0.text, &error));
    }
}

/// A parser's description, and how we say it: message and label.
static WORDS: &[(&str, &str, &str)] = &[
    (
        "unclosed table",
        "the header is not closed",
        "`]` belongs here",
    ),
    (
        "unclosed array table",
        "the header is not closed",
        "`]]` belongs here",
    ),
    (
        "missing table open",
        "a `]` closes nothing",
        "no `[` stands before it",
    ),
    (
        "key with no value",
        "a key has no value",
        "`=` and a value belong here",
    ),
    (
        "missing value for key",
        "a key has no value",
        "`=` and a value belong here",
    ),
    (
        "unexpected key or value",
        "the line goes on after its end",
        "a new line belongs here",
    ),
    (
        "unquoted keys cannot be empty",
        "a key is missing",
        "a key belongs here",
    ),
    (
        "invalid unquoted key",
        "a key without quotes is made of letters, digits, `_` and `-`",
        "this is none of them",
    ),
    (
        "invalid key-value pair",
        "a line begins with a key or a `[header]`",
        "this is neither",
    ),
    (
        "missing comma between array elements",
        "a comma is missing in the array",
        "`,` belongs here",
    ),
    (
        "missing comma between key-value pairs",
        "a comma is missing in the inline table",
        "`,` belongs here",
    ),
    (
        "missing assignment between key-value pairs",
        "a key has no value",
        "`=` and a value belong here",
    ),
    (
        "extra comma in array",
        "a comma too many in the array",
        "no value stands before it",
    ),
    (
        "extra comma in inline table",
        "a comma too many in the inline table",
        "no key stands before it",
    ),
    (
        "missing escaped value",
        "a `\\` escapes nothing known",
        "an escape belongs here",
    ),
    (
        "unexpected leading zero",
        "a number begins with a zero",
        "leave this zero out",
    ),
];

/// The finding for an error of the parser.
pub(super) fn syntax(text: &str, error: &ParseError) -> Diagnostic {
    let place = within(text, error.unexpected().or(error.context()));
    let context = within(text, error.context());
    let description = error.description();
    if let Some((_, message, label)) = WORDS.iter().find(|it| it.0 == description) {
        return finding(*message).primary(place, *label);
    }
    match description {
        "string values must be quoted" => unquoted(text, context),
        // Words that begin like `true` or `nan`; a number has better words of its own.
        "invalid value" | "invalid boolean" | "invalid float"
            if !text[context.start..].starts_with(|it: char| it.is_ascii_digit()) =>
        {
            unquoted(text, context)
        }
        "unclosed array" => unclosed("array", "]", context, place),
        "unclosed inline table" => unclosed("inline table", "}", context, place),
        "invalid basic string"
        | "invalid literal string"
        | "invalid string"
        | "missing opening quote"
            if context.start == context.end =>
        {
            finding("a value is missing").primary(context, "a value belongs here")
        }
        _ => {
            let description = description.to_lowercase();
            let expected = expected(error);
            if expected == "`'`"
                || expected == "`\"`"
                || expected == "`'''`"
                || expected == "`\"\"\"`"
            {
                finding("a text is not closed").primary(place, format!("{expected} belongs here"))
            } else if expected.is_empty() {
                finding(description).primary(place, "here")
            } else {
                finding(description).primary(place, format!("expected {expected}"))
            }
        }
    }
}

fn finding(message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&rules::TOML_SYNTAX, message)
}

/// A word where a value should be: most likely a text without its quotes.
fn unquoted(text: &str, place: Span) -> Diagnostic {
    let word = text.get(place.start..place.end).unwrap_or("").trim();
    if word.is_empty() {
        return finding("a value is missing").primary(place, "a value belongs here");
    }
    let shown = shorten(word);
    let finding = finding(format!("`{shown}` is no value"))
        .primary(place, "neither a number nor a text in quotes");
    let instead = match word {
        "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => "true",
        "False" | "FALSE" | "no" | "No" | "off" | "Off" => "false",
        "null" | "None" | "none" | "nil" | "undefined" => {
            return finding.help("there is no null: leave the key out");
        }
        _ => {
            let quoted = format!("\"{word}\"");
            if word.len() > 200 || word.contains(['\\', '"']) {
                return finding.help("put it in quotes if it is meant as text");
            }
            return finding
                .help(format!("write `{quoted}` if it is meant as text"))
                .fix(replace(place, quoted));
        }
    };
    finding
        .help(format!("write `{instead}`"))
        .fix(replace(place, instead.to_owned()))
}

fn replace(span: Span, text: String) -> Fix {
    Fix {
        title: format!("write `{text}`"),
        safe: false,
        edits: vec![Edit { span, text }],
    }
}

fn unclosed(what: &str, bracket: &str, open: Span, end: Span) -> Diagnostic {
    finding(format!("the {what} is not closed"))
        .primary(open, "it opens here")
        .secondary(end, format!("`{bracket}` belongs here at the latest"))
}

fn expected(error: &ParseError) -> String {
    let words = error
        .expected()
        .unwrap_or_default()
        .iter()
        .map(|it| match it {
            Expected::Literal("\n") => "a new line".to_owned(),
            Expected::Literal(text) => format!("`{text}`"),
            Expected::Description(text) => (*text).to_owned(),
            _ => "something else".to_owned(),
        });
    words.collect::<Vec<_>>().join(" or ")
}

/// A span of the parser, moved to character boundaries within the text.
fn within(text: &str, span: Option<toml_parser::Span>) -> Span {
    let Some(span) = span else {
        return Span::default();
    };
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start());
    Span::new(start, floor(span.end()).max(start))
}

/// A word short enough for a message.
pub(super) fn shorten(word: &str) -> String {
    match word.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &word[..at]),
        None => word.to_owned(),
    }
}
