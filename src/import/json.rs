//! JSON as a tree, with the comments and trailing commas that editors allow in their own files.

use super::tree::{Entry, KeyValue, Node, Value};
use crate::diagnostic::Span;

/// How deep lists and maps may lie in each other.
const DEPTH: usize = 100;

/// Reads a text; where it stops being JSON, and why, when it is none.
pub(super) fn read(text: &str) -> Result<Node, (usize, &'static str)> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.value(0)?;
    reader.skip();
    if reader.at < text.len() {
        return Err((reader.at, "something stands behind the value"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, (usize, &'static str)>;

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |it| it + 2);
            } else {
                return;
            }
        }
    }

    fn takes(&mut self, character: char) -> bool {
        self.skip();
        let there = self.rest().starts_with(character);
        if there {
            self.at += character.len_utf8();
        }
        there
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        self.skip();
        let start = self.at;
        if depth > DEPTH {
            return Err((start, "too deep"));
        }
        let value = match self.rest().chars().next() {
            Some('{') => self.map(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::Text(self.string()?),
            _ => self.word()?,
        };
        Ok(Node::new(value, Span::new(start, self.at)))
    }

    fn map(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            if self.takes('}') {
                return Ok(Value::Map(entries));
            }
            let start = self.at;
            if !self.rest().starts_with('"') {
                return Err((start, "a name in quotes belongs here"));
            }
            let key = self.string()?;
            let key_span = Span::new(start, self.at);
            if !self.takes(':') {
                return Err((self.at, "`:` belongs here"));
            }
            let node = self.value(depth + 1)?;
            entries.push(Entry {
                key,
                key_span,
                key_value: KeyValue::Text,
                node,
            });
            if !self.takes(',') && !self.rest().starts_with('}') {
                return Err((self.at, "`,` or `}` belongs here"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.takes(']') {
                return Ok(Value::List(items));
            }
            items.push(self.value(depth + 1)?);
            if !self.takes(',') && !self.rest().starts_with(']') {
                return Err((self.at, "`,` or `]` belongs here"));
            }
        }
    }

    /// A string, escapes and all: its end is found here, and its meaning by the JSON library.
    fn string(&mut self) -> Read<String> {
        let start = self.at;
        let mut escaped = false;
        for (at, character) in self.rest().char_indices().skip(1) {
            match character {
                '"' if !escaped => {
                    let words = &self.text[start..=start + at];
                    self.at = start + at + 1;
                    return serde_json::from_str(words).map_err(|_| (start, "no string of JSON"));
                }
                '\n' => break,
                _ => escaped = character == '\\' && !escaped,
            }
        }
        Err((start, "a string without an end"))
    }

    fn word(&mut self) -> Read<Value> {
        let start = self.at;
        let rest = self.rest();
        let length = rest
            .find(|it: char| !it.is_ascii_alphanumeric() && !"+-.".contains(it))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ => {
                let number = word.parse().map(Value::Integer);
                let number = number.or_else(|_| word.parse().map(Value::Float));
                number.map_err(|_: std::num::ParseFloatError| (start, "no value of JSON"))?
            }
        };
        self.at += length;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_taken() {
        let text = "// c\n{\"a\": [1, 2.5, \"x\\u00e9\\\"\",], /* d */ \"b\": null,}";
        let node = read(text).unwrap();
        assert_eq!(node.at("a").unwrap().items().len(), 3);
        assert_eq!(node.at("a").unwrap().items()[2].as_text(), Some("xé\""));
        assert!(node.at("b").unwrap().is_null());
        for bad in ["", "{", "[1 2]", "{a: 1}", "\"x", "1 2", "nul", "{\"a\" 1}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
