//! Values as TOML text.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A value that can be written to platform.toml.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Toml {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Toml>),
    /// Named values, on one line.
    Table(BTreeMap<String, Toml>),
}

impl Toml {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// `{ name = value }`.
    pub(super) fn one(name: &str, value: impl Into<String>) -> Self {
        Self::Table(BTreeMap::from([(name.to_owned(), Self::text(value))]))
    }

    /// A list of texts.
    pub(super) fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// Appends it to a text.
    pub(super) fn write(&self, out: &mut String) {
        // Writing to a string cannot fail.
        match self {
            Self::Boolean(it) => _ = write!(out, "{it}"),
            Self::Integer(it) => _ = write!(out, "{it}"),
            Self::Float(it) if it.is_finite() => _ = write!(out, "{it:?}"),
            Self::Float(it) if it.is_nan() => out.push_str("nan"),
            Self::Float(it) => out.push_str(if *it > 0.0 { "inf" } else { "-inf" }),
            Self::Text(it) => quoted(it, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Table(entries) if entries.is_empty() => out.push_str("{}"),
            Self::Table(entries) => {
                out.push_str("{ ");
                for (at, (name, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    key(name, out);
                    out.push_str(" = ");
                    value.write(out);
                }
                out.push_str(" }");
            }
        }
    }
}

/// Appends a name: bare where TOML allows it.
pub(super) fn key(name: &str, out: &mut String) {
    let bare = !name.is_empty()
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    if bare {
        out.push_str(name);
    } else {
        quoted(name, out);
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            it if it.is_control() => _ = write!(out, "\\u{:04X}", u32::from(it)),
            it => out.push(it),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let value = Toml::Table(BTreeMap::from([
            ("a.b".to_owned(), Toml::text("x\"\\\n\u{7}é")),
            (
                "n".to_owned(),
                Toml::List(vec![
                    Toml::Integer(-3),
                    Toml::Float(1.0),
                    Toml::Boolean(true),
                ]),
            ),
            (String::new(), Toml::Table(BTreeMap::new())),
        ]));
        let mut text = "value = ".to_owned();
        value.write(&mut text);
        let read: toml::Table = toml::from_str(&text).expect("it is TOML");
        assert_eq!(read["value"]["a.b"].as_str(), Some("x\"\\\n\u{7}é"));
        assert_eq!(read["value"]["n"][1].as_float(), Some(1.0));
        assert!(read["value"][""].is_table());
    }
}
