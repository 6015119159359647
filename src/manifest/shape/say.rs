//! The words for each mistake of shape.

use crate::diagnostic::{Diagnostic, Edit, Fix, Span, near_name};
use crate::manifest::word::Flaw;
use crate::syntax::{Entry, Node, Table, Value};

use super::compile::{Range, Shape, TableShape};
use super::rules;

/// What a finding is about.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// The whole file.
    Root,
    /// The value of a key.
    Key(&'a str),
    /// An item of the array under a key.
    Item(&'a str),
    /// A key of the reader's choice, rather than its value.
    KeyItself,
}

impl Subject<'_> {
    pub(super) fn item(self) -> Self {
        match self {
            Self::Key(key) | Self::Item(key) => Self::Item(key),
            other => other,
        }
    }

    fn shown(self) -> String {
        match self {
            Self::Root => "the file".to_owned(),
            Self::Key(key) => format!("`{}`", shorten(key)),
            Self::Item(key) => format!("an item of `{}`", shorten(key)),
            Self::KeyItself => "the key".to_owned(),
        }
    }
}

/// A list of keys or words past this length is no help.
const LISTED: usize = 16;

/// The key that an unknown one was probably meant to be.
pub(super) fn near_key<'s>(
    shape: &TableShape<'s>,
    table: &Table,
    entry: &Entry,
) -> Option<&'s str> {
    // A key that is there already is not what was meant, unless it is a table that goes on here.
    let goes_on = |it: &Entry| it.node.as_table().is_some() && entry.node.as_table().is_some();
    let free = shape.keys().filter(|it| table.get(it).is_none_or(goes_on));
    near_name(&entry.key, free)
}

pub(super) fn unknown_key(shape: &TableShape<'_>, near: Option<&str>, entry: &Entry) -> Diagnostic {
    let key = shorten(&entry.key);
    let found = Diagnostic::new(&rules::UNKNOWN_KEY, format!("`{key}` is no key here"))
        .primary(entry.key_span(), "nothing is known by this name");
    if let Some(near) = near {
        return found.help(format!("did you mean `{near}`?")).fix(replace(
            entry.key_span(),
            near.to_owned(),
            false,
        ));
    }
    let keys: Vec<_> = shape.keys().collect();
    if keys.is_empty() || keys.len() > LISTED {
        return found.help("leave it out, or look it up in the reference");
    }
    found.help(format!("the keys here are {}", list(&keys)))
}

pub(super) fn missing_keys(subject: Subject<'_>, keys: &[&str], span: Span) -> Diagnostic {
    let (noun, verb) = match keys {
        [_] => ("key", "is"),
        _ => ("keys", "are"),
    };
    let keys = list(keys);
    let place = match subject {
        Subject::Root => "the file".to_owned(),
        other => other.shown(),
    };
    Diagnostic::new(
        &rules::MISSING_KEY,
        format!("{place} lacks the {noun} {keys}"),
    )
    .primary(span, format!("{keys} {verb} missing here"))
}

pub(super) fn wrong_type(shape: &Shape<'_>, node: &Node, subject: Subject<'_>) -> Diagnostic {
    let wanted = wanted(shape);
    let shown = subject.shown();
    let found = node.value.noun();
    let diagnostic = Diagnostic::new(
        &rules::WRONG_TYPE,
        format!("{shown} must be {wanted}, not {found}"),
    )
    .primary(node.span(), format!("this is {found}"));
    match instead(shape, node) {
        Some(text) => diagnostic
            .help(match &node.value {
                Value::String(_) if !text.starts_with('[') => {
                    format!("write `{text}` without quotes")
                }
                _ => format!("write `{text}`"),
            })
            .fix(replace(node.span(), text, true)),
        None => match as_text(shape, node) {
            Some(Err(Flaw {
                help: Some(help), ..
            })) => diagnostic.help(help),
            _ => diagnostic,
        },
    }
}

/// What is wrong with a number as the word that is wanted; nothing when no word of a kind is.
fn as_text(shape: &Shape<'_>, node: &Node) -> Option<Result<(), Flaw>> {
    let (Value::Integer(number), Some(text)) = (&node.value, &shape.text) else {
        return None;
    };
    let is_free = text.words.is_empty() || text.open;
    (is_free).then(|| text.kind.map_or(Ok(()), |it| it.check(&number.to_string())))
}

/// The same value as the type that is wanted, where that is certain.
fn instead(shape: &Shape<'_>, node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => {
            if let (Some(range), Ok(number)) = (&shape.integer, text.trim().parse::<i64>()) {
                return range.holds_integer(number).then(|| number.to_string());
            }
            if shape.float.is_some() && text.trim().parse::<f64>().is_ok_and(f64::is_finite) {
                // TOML wants a digit on both sides of the point, which Rust writes.
                return text.trim().parse::<f64>().ok().map(|it| format!("{it:?}"));
            }
            if shape.boolean && (text == "true" || text == "false") {
                return Some(text.to_string());
            }
            let plain = text.len() <= 80 && !text.contains(['"', '\\', '\n', '\r', '\t']);
            (shape.array.is_some() && plain).then(|| format!("[\"{text}\"]"))
        }
        Value::Float(number) if shape.integer.is_some() => {
            let whole = number.fract() == 0.0 && number.abs() < 1e15;
            whole.then(|| format!("{number:.0}"))
        }
        Value::Integer(number) => {
            let fits = as_text(shape, node).is_some_and(|it| it.is_ok());
            fits.then(|| format!("\"{number}\""))
        }
        _ => None,
    }
}

/// The types a shape lets through, as a reader calls them.
fn wanted(shape: &Shape<'_>) -> String {
    let mut nouns = Vec::new();
    if let Some(text) = &shape.text {
        nouns.push(match text.kind {
            Some(kind) if text.words.is_empty() => kind.noun,
            _ => "a string",
        });
    }
    if shape.integer.is_some() {
        nouns.push("an integer");
    }
    if shape.float.is_some() {
        nouns.push("a number");
    }
    if shape.boolean {
        nouns.push("a boolean");
    }
    if shape.array.is_some() {
        nouns.push("an array");
    }
    if !shape.tables.is_empty() {
        nouns.push("a table");
    }
    match nouns.split_last() {
        None => "left out".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

pub(super) fn out_of_range(subject: Subject<'_>, range: &Range, number: &str) -> Diagnostic {
    let shown = subject.shown();
    let limits = match (range.least, range.greatest) {
        (Some(least), Some(greatest)) if least >= greatest => format!("must be {least}"),
        (Some(least), Some(greatest)) => format!("must be between {least} and {greatest}"),
        (Some(least), None) => format!("must be {least} or more"),
        (None, Some(greatest)) => format!("must be {greatest} or less"),
        (None, None) => "must be a number that every program keeps exact".to_owned(),
    };
    Diagnostic::new(
        &rules::OUT_OF_RANGE,
        format!("{shown} {limits}, not {number}"),
    )
}

pub(super) fn unknown_word(
    subject: Subject<'_>,
    words: &[&str],
    text: &str,
    span: Span,
) -> Diagnostic {
    let shown = subject.shown();
    let text_shown = shorten(text);
    let found = Diagnostic::new(
        &rules::UNKNOWN_WORD,
        format!("{shown} cannot be `{text_shown}`"),
    )
    .primary(span, "this word is not known here");
    let lower = text.to_lowercase();
    let near = near_name(&lower, words.iter().copied());
    match near {
        Some(near) => found
            .help(format!(
                "did you mean `{near}`? The words are {}",
                list(words)
            ))
            .fix(replace(span, format!("\"{near}\""), false)),
        None => found.help(format!("the words are {}", list(words))),
    }
}

pub(super) fn malformed(
    subject: Subject<'_>,
    noun: &str,
    text: &str,
    flaw: &Flaw,
    span: Span,
) -> Diagnostic {
    let what = &flaw.what;
    let label = match subject {
        Subject::KeyItself => format!("the key must be {noun}"),
        _ => format!("{} must be {noun}", subject.shown()),
    };
    let found = if flaw.hidden {
        let message = format!("this is not {noun} that may stand here: {what}");
        Diagnostic::new(&rules::MALFORMED_WORD, message).mask(span)
    } else {
        let message = format!("`{}` is not {noun}: {what}", shorten(text));
        Diagnostic::new(&rules::MALFORMED_WORD, message)
    };
    let found = found.primary(span, label);
    let found = match &flaw.help {
        Some(help) => found.help(help.clone()),
        None => found,
    };
    let near = flaw.instead.as_ref().filter(|_| !flaw.hidden);
    found.fix_if(near.and_then(|near| Fix::rename(span, text, near)))
}

pub(super) fn wrong_length(
    subject: Subject<'_>,
    (shortest, longest): (u64, u64),
    (length, unit): (u64, &str),
    span: Span,
) -> Diagnostic {
    let shown = subject.shown();
    let count = |number: u64| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    let limit = if length < shortest {
        format!("at least {}", count(shortest))
    } else {
        format!("at most {}", count(longest))
    };
    Diagnostic::new(
        &rules::WRONG_LENGTH,
        format!("{shown} must have {limit}, not {length}"),
    )
    .primary(span, format!("this has {}", count(length)))
}

fn replace(span: Span, text: String, safe: bool) -> Fix {
    Fix {
        title: format!("write `{text}`"),
        safe,
        edits: vec![Edit { span, text }],
    }
}

fn list(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|it| format!("`{it}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A word short enough for a message.
fn shorten(word: &str) -> String {
    match word.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &word[..at]),
        None => word.to_owned(),
    }
}
