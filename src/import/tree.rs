//! A foreign file as a tree in which every key and value knows its place, whatever format it came from.

use crate::diagnostic::Span;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(in crate::import) struct Node {
    /// The value.
    pub(in crate::import) value: Value,
    /// Where it stands.
    pub(in crate::import) span: Span,
    /// How the word was written that became this value.
    pub(in crate::import) style: Style,
}

/// How a word was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::import) enum Style {
    /// In quotes, as a block, or no word at all.
    #[default]
    Exact,
    /// Without quotes: its type was guessed.
    Plain,
    /// A list or map that others refer to.
    Anchored,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or one too large for an integer.
    Float(f64),
    /// A day or a moment, as YAML 1.1 guesses them.
    Date,
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Named values, in the order of the text; a name occurs once.
    Map(Vec<Entry>),
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Entry {
    /// The name, as text.
    pub(in crate::import) key: String,
    /// Where the name stands.
    pub(in crate::import) key_span: Span,
    /// What the name would be as a value: usually a text.
    pub(in crate::import) key_value: KeyValue,
    /// The value.
    pub(in crate::import) node: Node,
}

/// What a name is for a reader that guesses types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::import) enum KeyValue {
    /// A text.
    #[default]
    Text,
    /// Something else: a number, a truth, nothing.
    Other,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Node {
    /// A value that is no unquoted word.
    pub(in crate::import) fn new(value: Value, span: Span) -> Self {
        Self {
            value,
            span,
            style: Style::Exact,
        }
    }

    /// A text.
    pub(in crate::import) fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(Value::Text(text.into()), span)
    }

    /// The value under a name.
    pub(in crate::import) fn at(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|it| &it.node)
    }

    /// The name and the value under it.
    pub(in crate::import) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|it| it.key == key)
    }

    /// The named values; none when it is no map.
    pub(in crate::import) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The values of a list; none when it is no list.
    pub(in crate::import) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text.
    pub(in crate::import) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text under a name.
    pub(in crate::import) fn text_at(&self, key: &str) -> Option<&str> {
        self.at(key)?.as_text()
    }

    /// The whole number, also where it is written as text.
    pub(in crate::import) fn as_integer(&self) -> Option<i64> {
        match &self.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The truth.
    pub(in crate::import) fn as_boolean(&self) -> Option<bool> {
        match self.value {
            Value::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    /// True for a map.
    pub(in crate::import) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// True for a list.
    pub(in crate::import) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// True for nothing.
    pub(in crate::import) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What sort of value it is, for people.
    pub(in crate::import) fn noun(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Boolean(_) => "a truth value",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Date => "a date",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// A part of a URL: scheme, host, port and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Url {
    /// True for `https`.
    pub(in crate::import) is_secure: bool,
    /// A name or an address, in lower case and without brackets.
    pub(in crate::import) host: String,
    /// The port; that of the scheme when none is written.
    pub(in crate::import) port: u16,
    /// What follows, without a slash at its end.
    pub(in crate::import) path: String,
}

impl Url {
    /// Reads a URL; nothing when it is none, or names a user.
    pub(in crate::import) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') || authority.contains(char::is_whitespace) {
            return None;
        }
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']')?;
                (host, after.strip_prefix(':'))
            }
            None => match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let default = if is_secure { 443 } else { 80 };
        let port = match port {
            None | Some("") => default,
            Some(port) => port.parse().ok().filter(|it| *it != 0)?,
        };
        (!host.is_empty()).then(|| Self {
            is_secure,
            host: host.to_ascii_lowercase(),
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// True for the machine that asks: loopback, or what a container calls its host.
    pub(in crate::import) fn is_here(&self) -> bool {
        matches!(
            self.host.as_str(),
            "localhost"
                | "::1"
                | "0.0.0.0"
                | "host.docker.internal"
                | "host.containers.internal"
                | "gateway.docker.internal"
        ) || self.host.starts_with("127.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_parts() {
        let url = Url::parse("http://NAS:8080/v1/").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("nas", 8080));
        assert_eq!(url.path, "/v1");
        let url = Url::parse("https://[fd00::1]/x?y").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("fd00::1", 443));
        assert_eq!(url.path, "/x");
        assert!(Url::parse("http://127.0.0.1:1").unwrap().is_here());
        for bad in [
            "nas:80",
            "http://",
            "http://a:b@c",
            "ftp://x",
            "http://a:99999",
            "http://a b",
        ] {
            assert_eq!(Url::parse(bad), None, "{bad}");
        }
    }
}
