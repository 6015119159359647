//! Templates for text formats: which escaping a printed value gets is the template's type.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior};
use serde::Serialize;

use super::escape::{self, Unwritable};

/// A template of one text format, compiled at its first use and kept.
///
/// Keep it in a `static`: a `const` would be a new template at each use, compiled each time.
///
/// A value printed with `{{ value }}` is escaped as the format's plain value, and every name must exist. Printing a missing value (`none`), a list or a map is an error, because no format has a word for them. Where a place wants other words than the plain ones, a filter says so: `comment` everywhere, `words` and `command` in a unit, `words` in a shell script, `code` in Markdown. Minijinja's `safe` prints a word as it is, and is only for words that the code has prepared with a function of [`escape`].
///
/// The line of a block tag vanishes with its indentation and line end; the newline at the end of the file stays.
pub struct Template {
    format: &'static Format,
    source: &'static str,
    compiled: OnceLock<Environment<'static>>,
}

/// What a format knows: how a value is printed, and its filters beside `comment`.
struct Format {
    name: &'static str,
    print: fn(&str, &mut Output) -> Result<(), minijinja::Error>,
    filters: fn(&mut Environment<'static>),
    comment: fn(&str) -> Cow<'_, str>,
}

/// What several templates see, turned into their values once: for the tables of 10,000 services that takes as long as a template.
pub fn seen(value: &impl Serialize) -> Value {
    Value::from(minijinja::value::Serde(value))
}

impl Template {
    /// A systemd unit: a value is the whole of a setting (`Description={{ title }}`). `{{ argv | command }}` is a command line and `{{ paths | words }}` a list of words, each made from a list.
    pub const fn systemd(source: &'static str) -> Self {
        Self::new(&SYSTEMD, source)
    }

    /// A shell script: a value is one word. It brings its own quotes, so it never stands between quotes or in a here-document. `{{ list | words }}` is one word for each item.
    pub const fn shell(source: &'static str) -> Self {
        Self::new(&SHELL, source)
    }

    /// A property list, or other XML: a value is text between two tags.
    pub const fn plist(source: &'static str) -> Self {
        Self::new(&PLIST, source)
    }

    /// An env file: a value stands behind `NAME=` to the end of the line.
    pub const fn env(source: &'static str) -> Self {
        Self::new(&ENV, source)
    }

    /// Markdown: a value is shown as it is, on one line. `{{ value | code }}` makes it a code span.
    pub const fn markdown(source: &'static str) -> Self {
        Self::new(&MARKDOWN, source)
    }

    /// HTML: a value is text between tags or in a quoted attribute.
    pub const fn html(source: &'static str) -> Self {
        Self::new(&HTML, source)
    }

    /// TOML: a value is a string, and brings its own quotes. `{{ name | key }}` is a key, in a table's head too, and `{{ port | number }}` a number.
    pub const fn toml(source: &'static str) -> Self {
        Self::new(&TOML, source)
    }

    const fn new(format: &'static Format, source: &'static str) -> Self {
        let compiled = OnceLock::new();
        Self {
            format,
            source,
            compiled,
        }
    }

    /// Returns the text the template makes of `value`, a struct or a map.
    pub fn render(&self, value: &impl Serialize) -> Result<String, TemplateError> {
        let format = self.format.name;
        if self.compiled.get().is_none() {
            let compiled = self.compile();
            let compiled = compiled.map_err(|source| TemplateError::Syntax { format, source })?;
            // Another thread may have been quicker, with the same result.
            let _ = self.compiled.set(compiled);
        }
        let environment = self.compiled.get().expect("it was compiled just now");
        let rendered = environment
            .get_template(ONLY)
            .and_then(|template| template.render(minijinja::value::Serde(value)));
        rendered.map_err(|source| TemplateError::of(format, source))
    }

    fn compile(&self) -> Result<Environment<'static>, minijinja::Error> {
        let mut environment = Environment::new();
        let mut syntax = SyntaxConfig::builder();
        syntax
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            // The usual `{#` would begin inside `${#name}` of a shell script.
            .comment_delimiters("{{!--", "--!}}");
        environment.set_syntax(syntax.build()?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // Debug builds would copy the whole context into each error.
        environment.set_debug(false);
        let print = self.format.print;
        environment.set_formatter(move |out, state, value| print_value(print, out, state, value));
        let comment = self.format.comment;
        environment.add_filter("comment", move |text: &str| {
            Value::from_safe_string(comment(text).into_owned())
        });
        (self.format.filters)(&mut environment);
        environment.add_template(ONLY, self.source)?;
        Ok(environment)
    }
}

/// The name of the one template of an environment, as its errors show it.
const ONLY: &str = "template";

static SYSTEMD: Format = Format {
    name: "systemd",
    print: |text, out| print_or(escape::systemd_value(text), out),
    filters: |environment| {
        environment.add_filter("words", |items: Vec<String>| {
            prepared(escape::systemd_words(items.iter().map(String::as_str)))
        });
        environment.add_filter("command", |items: Vec<String>| {
            prepared(escape::systemd_command(items.iter().map(String::as_str)))
        });
    },
    comment: escape::comment_line,
};

static SHELL: Format = Format {
    name: "shell",
    print: |text, out| print_or(escape::shell_word(text), out),
    filters: |environment| {
        environment.add_filter("words", |items: Vec<String>| {
            let words: Result<Vec<_>, _> =
                items.iter().map(|item| escape::shell_word(item)).collect();
            prepared(words.map(|words| words.join(" ")))
        });
    },
    comment: escape::comment_line,
};

static PLIST: Format = Format {
    name: "plist",
    print: |text, out| print_or(escape::xml_text(text), out),
    filters: |_| {},
    comment: escape::xml_comment,
};

static ENV: Format = Format {
    name: "env",
    print: |text, out| print_or(escape::env_file_value(text), out),
    filters: |_| {},
    comment: escape::comment_line,
};

static MARKDOWN: Format = Format {
    name: "markdown",
    print: |text, out| Ok(out.write_str(&escape::markdown_text(text))?),
    filters: |environment| {
        environment.add_filter("code", |text: &str| {
            Value::from_safe_string(escape::markdown_code(text))
        });
    },
    comment: escape::xml_comment,
};

static HTML: Format = Format {
    name: "html",
    print: |text, out| Ok(out.write_str(&escape::html_text(text))?),
    filters: |_| {},
    comment: escape::xml_comment,
};

static TOML: Format = Format {
    name: "TOML",
    print: |text, out| print_or(escape::toml_string(text), out),
    filters: |environment| {
        environment.add_filter("key", |text: &str| prepared(escape::toml_key(text)));
        environment.add_filter("number", |number: i64| {
            Value::from_safe_string(number.to_string())
        });
    },
    comment: escape::comment_line,
};

/// Prints one value: texts by the format's rule, numbers and truth values as they are, prepared words untouched.
fn print_value(
    print: fn(&str, &mut Output) -> Result<(), minijinja::Error>,
    out: &mut Output,
    _state: &mut State,
    value: &Value,
) -> Result<(), minijinja::Error> {
    if let Some(text) = value.as_str() {
        if value.is_safe() {
            return Ok(out.write_str(text)?);
        }
        return print(text, out);
    }
    match value.kind() {
        ValueKind::Number | ValueKind::Bool => print(&value.to_string(), out),
        kind => {
            let message = format!("a template cannot print a value of kind {kind}");
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        }
    }
}

fn print_or(
    escaped: Result<impl AsRef<str>, Unwritable>,
    out: &mut Output,
) -> Result<(), minijinja::Error> {
    Ok(out.write_str(escaped.map_err(carried)?.as_ref())?)
}

fn prepared(escaped: Result<String, Unwritable>) -> Result<Value, minijinja::Error> {
    escaped.map(Value::from_safe_string).map_err(carried)
}

/// An [`Unwritable`] on its way through minijinja.
fn carried(unwritable: Unwritable) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, unwritable.to_string())
        .with_source(unwritable)
}

/// Why a template gave no text.
#[derive(Debug)]
pub enum TemplateError {
    /// The template itself is wrong: a mistake in our source.
    Syntax {
        /// The template's format.
        format: &'static str,
        /// What minijinja says, with the line.
        source: minijinja::Error,
    },
    /// The template asks for a name that its struct has not, or prints what cannot be printed.
    Render {
        /// The template's format.
        format: &'static str,
        /// What minijinja says, with the line.
        source: minijinja::Error,
    },
    /// A value cannot be carried by the format: this one comes from what the reader wrote.
    Unwritable {
        /// The template's format.
        format: &'static str,
        /// The line of the template that prints it.
        line: Option<usize>,
        /// What cannot be written, and why.
        source: Unwritable,
    },
}

impl TemplateError {
    /// Sorts out the values that cannot be written, for those are the reader's to change.
    fn of(format: &'static str, error: minijinja::Error) -> Self {
        let mut cause = error.source();
        while let Some(current) = cause {
            if let Some(unwritable) = current.downcast_ref::<Unwritable>() {
                let line = error.line();
                return Self::Unwritable {
                    format,
                    line,
                    source: *unwritable,
                };
            }
            cause = current.source();
        }
        Self::Render {
            format,
            source: error,
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { format, .. } => {
                write!(formatter, "a {format} template is not well formed")
            }
            Self::Render { format, .. } => {
                write!(formatter, "a {format} template could not be filled in")
            }
            Self::Unwritable {
                format,
                line: Some(line),
                ..
            } => {
                write!(
                    formatter,
                    "line {line} of a {format} template has a value that cannot be written"
                )
            }
            Self::Unwritable {
                format, line: None, ..
            } => {
                write!(
                    formatter,
                    "a {format} template has a value that cannot be written"
                )
            }
        }
    }
}

impl Error for TemplateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Syntax { source, .. } | Self::Render { source, .. } => Some(source),
            Self::Unwritable { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Unit {
        title: &'static str,
        note: &'static str,
        argv: Vec<&'static str>,
        paths: Vec<&'static str>,
        port: u16,
        user: Option<&'static str>,
    }

    const UNIT: Unit = Unit {
        title: "100% chat",
        note: "two\nlines \\",
        argv: vec![],
        paths: vec![],
        port: 4000,
        user: None,
    };

    fn check(template: &Template, expected: &str) {
        let unit = Unit {
            argv: vec!["/bin/chat", "a b", "$HOME"],
            paths: vec!["/a b", "/c%d"],
            ..UNIT
        };
        assert_eq!(template.render(&unit).unwrap(), expected);
    }

    fn error(template: &Template) -> TemplateError {
        template.render(&UNIT).unwrap_err()
    }

    #[test]
    fn the_type_of_a_template_chooses_the_escaping() {
        check(
            &Template::systemd("Description={{ title }}\n"),
            "Description=100%% chat\n",
        );
        check(
            &Template::shell("echo {{ title }} {{ port }}\n"),
            "echo '100% chat' 4000\n",
        );
        check(&Template::env("TITLE={{ title }}\n"), "TITLE='100% chat'\n");
        check(
            &Template::plist("<string>{{ note }}</string>"),
            "<string>two\nlines \\</string>",
        );
        check(
            &Template::markdown("{{ note }}, {{ title | code }}"),
            "two lines \\\\, `100% chat`",
        );
        check(
            &Template::html("<b title=\"{{ title }}\">"),
            "<b title=\"100% chat\">",
        );
    }

    #[test]
    fn filters_write_the_other_words_of_a_format() {
        check(
            &Template::systemd(
                "# {{ note | comment }}\nExecStart={{ argv | command }}\nReadWritePaths={{ paths | words }}\n",
            ),
            "# two lines\nExecStart=/bin/chat \"a b\" $$HOME\nReadWritePaths=\"/a b\" /c%%d\n",
        );
        check(
            &Template::shell("for it in {{ argv | words }}"),
            "for it in /bin/chat 'a b' '$HOME'",
        );
    }

    #[test]
    fn block_tags_leave_no_trace() {
        check(
            &Template::systemd(
                "a\n  {% if user is none %}\nb\n  {% endif %}\n{% for it in argv %}\n{{ loop.index }}\n{% endfor %}\n",
            ),
            "a\nb\n1\n2\n3\n",
        );
    }

    #[test]
    fn what_cannot_be_printed_is_an_error() {
        assert!(matches!(
            error(&Template::shell("{{ nme }}")),
            TemplateError::Render { .. }
        ));
        assert!(matches!(
            error(&Template::shell("{% if nme %}{% endif %}")),
            TemplateError::Render { .. }
        ));
        assert!(matches!(
            error(&Template::shell("{{ user }}")),
            TemplateError::Render { .. }
        ));
        assert!(matches!(
            error(&Template::shell("{{ argv }}")),
            TemplateError::Render { .. }
        ));
        assert!(matches!(
            error(&Template::shell("{% if %}")),
            TemplateError::Syntax { .. }
        ));
        let TemplateError::Unwritable { line, source, .. } =
            error(&Template::shell("a\n{{ note }}"))
        else {
            panic!("it is about a value");
        };
        assert_eq!((line, source.why), (Some(2), "it has a line break"));
        let error = error(&Template::systemd("{{ argv | command }}"));
        assert!(
            matches!(error, TemplateError::Unwritable { .. }),
            "{error:?}"
        );
    }

    #[test]
    fn c065_template_syntax_in_a_value_is_text() {
        let map = BTreeMap::from([("it", "{{ 7 * 7 }}{% raw %}${X}{# #}")]);
        let text = Template::html("{{ it }}").render(&map).unwrap();
        assert_eq!(text, "{{ 7 * 7 }}{% raw %}${X}{# #}");
    }
}
