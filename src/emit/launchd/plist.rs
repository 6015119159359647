//! Property lists as XML: values with a type, written as Apple's own tools write them.

use std::collections::BTreeMap;

use crate::emit::escape::{Unwritable, xml_text};

/// A value of a property list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `<string>`
    Text(String),
    /// `<integer>`
    Integer(u64),
    /// `<true/>` or `<false/>`
    Bool(bool),
    /// `<array>`
    Array(Vec<Value>),
    /// `<dict>`, its keys sorted
    Dict(BTreeMap<String, Value>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Made from platform.toml by homelab; the next install overwrites what is changed here. -->
<plist version="1.0">
"#;

/// The text of a property list.
pub(super) fn write(value: &Value) -> Result<String, Unwritable> {
    let mut text = HEAD.to_owned();
    write_value(&mut text, value, 0)?;
    text.push_str("</plist>\n");
    Ok(text)
}

fn write_value(text: &mut String, value: &Value, depth: usize) -> Result<(), Unwritable> {
    let indent = "\t".repeat(depth);
    text.push_str(&indent);
    match value {
        Value::Text(it) => push(text, &["<string>", &xml_text(it)?, "</string>\n"]),
        Value::Integer(it) => push(text, &["<integer>", &it.to_string(), "</integer>\n"]),
        Value::Bool(true) => text.push_str("<true/>\n"),
        Value::Bool(false) => text.push_str("<false/>\n"),
        Value::Array(items) => {
            text.push_str("<array>\n");
            for item in items {
                write_value(text, item, depth + 1)?;
            }
            push(text, &[&indent, "</array>\n"]);
        }
        Value::Dict(entries) => {
            text.push_str("<dict>\n");
            for (key, item) in entries {
                push(text, &[&indent, "\t<key>", &xml_text(key)?, "</key>\n"]);
                write_value(text, item, depth + 1)?;
            }
            push(text, &[&indent, "</dict>\n"]);
        }
    }
    Ok(())
}

fn push(text: &mut String, parts: &[&str]) {
    text.extend(parts.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_values_typed_and_escaped() {
        let entries = [
            ("Zeal".to_owned(), Value::Bool(true)),
            (
                "A<b".to_owned(),
                Value::Array(vec![Value::Integer(3), Value::text("</string><key>")]),
            ),
        ];
        let text = write(&Value::Dict(BTreeMap::from(entries))).unwrap();
        let body = text.strip_prefix(HEAD).unwrap();
        assert_eq!(
            body,
            "<dict>\n\t<key>A&lt;b</key>\n\t<array>\n\t\t<integer>3</integer>\n\t\t<string>&lt;/string&gt;&lt;key&gt;</string>\n\t</array>\n\t<key>Zeal</key>\n\t<true/>\n</dict>\n</plist>\n"
        );
    }

    #[test]
    fn c077_controls_are_refused() {
        assert!(write(&Value::text("a\u{1}")).is_err());
    }
}
