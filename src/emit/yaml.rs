//! YAML in block style that readers of YAML 1.1 and 1.2 understand alike.
//!
//! The reader that matters is `PyYAML`'s `safe_load`, which follows YAML 1.1 and takes `no` for false, `22:22` for 1342 and `1_000` for 1000. So the rule is an allow-list: a text is written plain only when it is a word no reader could take for anything else; every other text, key or value, is in double quotes with escapes. There are no block scalars, no anchors, no tags and no wrapped lines.

use std::fmt::{self, Display, Write};

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::escape::is_bidi;

/// Returns the value as a YAML document: two blanks to a level, lists indented below their key, a newline at the end.
///
/// Fields keep their order, integers all their digits. An empty map is `{}`, an empty list `[]`, nothing is `null`.
///
/// # Panics
///
/// When the value's own `Serialize` fails or a map has keys that are not scalars: a mistake in an emitter's types, whatever the reader wrote.
pub fn to_yaml(value: &impl Serialize) -> String {
    let mut out = String::new();
    let node = Node {
        out: &mut out,
        column: 0,
        place: Place::Top,
    };
    value
        .serialize(node)
        .expect("an artifact's types are plain structs, lists and maps with scalar keys");
    out
}

/// What stands before a node on its line.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Nothing: it is the document.
    Top,
    /// `key:`, so a scalar follows a blank and a collection begins on the next line.
    AfterKey,
    /// `- `, so both begin right here.
    AfterDash,
    /// The node is itself a key: a scalar, and its line goes on.
    Key,
}

/// A place for one value: whatever is serialised to it is written there, with its line end.
struct Node<'a> {
    out: &'a mut String,
    /// The column at which the lines of a collection begin.
    column: usize,
    place: Place,
}

impl<'a> Node<'a> {
    fn scalar(self, write: impl FnOnce(&mut String)) {
        if self.place == Place::AfterKey {
            self.out.push(' ');
        }
        write(self.out);
        if self.place != Place::Key {
            self.out.push('\n');
        }
    }

    fn display(self, value: impl Display) {
        self.scalar(|out| write!(out, "{value}").expect(INFALLIBLE));
    }

    fn block(self, empty: &'static str) -> Result<Block<'a>, Invalid> {
        if self.place == Place::Key {
            return Err(Invalid("a map has a list or a map for a key".to_owned()));
        }
        Ok(Block {
            node: self,
            empty,
            entries: 0,
        })
    }

    /// The map of one entry that serde's enum variants with values are.
    fn variant(self, name: &str) -> Result<Node<'a>, Invalid> {
        let mut block = self.block("{}")?;
        block.key(name)?;
        let Node { out, column, .. } = block.node;
        Ok(Node {
            out,
            column: column + 2,
            place: Place::AfterKey,
        })
    }
}

const INFALLIBLE: &str = "a String takes every write";

/// A list or a map being written, entry by entry.
struct Block<'a> {
    node: Node<'a>,
    /// How it is written when nothing comes.
    empty: &'static str,
    entries: usize,
}

impl Block<'_> {
    /// Begins the line of an entry. The first one of a collection in a list shares the line of the dash.
    fn begin_entry(&mut self) {
        let first = self.entries == 0;
        self.entries += 1;
        if first && self.node.place == Place::AfterKey {
            self.node.out.push('\n');
        }
        if !(first && self.node.place == Place::AfterDash) {
            self.indent();
        }
    }

    fn indent(&mut self) {
        let column = self.node.column;
        self.node.out.extend(std::iter::repeat_n(' ', column));
    }

    fn key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), Invalid> {
        self.begin_entry();
        let start = self.node.out.len();
        key.serialize(Node {
            out: self.node.out,
            column: 0,
            place: Place::Key,
        })?;
        // A key before a colon may have 1024 characters; a longer one has a line of its own.
        if self.node.out.len() - start > 1000 {
            self.node.out.insert_str(start, "? ");
            self.node.out.push('\n');
            self.indent();
        }
        self.node.out.push(':');
        Ok(())
    }

    fn entry<V: Serialize + ?Sized>(&mut self, value: &V, place: Place) -> Result<(), Invalid> {
        let column = self.node.column + 2;
        value.serialize(Node {
            out: self.node.out,
            column,
            place,
        })
    }

    fn item<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), Invalid> {
        self.begin_entry();
        self.node.out.push_str("- ");
        self.entry(value, Place::AfterDash)
    }

    fn field<V: Serialize + ?Sized>(&mut self, key: &str, value: &V) -> Result<(), Invalid> {
        self.key(key)?;
        self.entry(value, Place::AfterKey)
    }

    fn close(self) {
        if self.entries == 0 {
            let empty = self.empty;
            self.node.scalar(|out| out.push_str(empty));
        }
    }
}

/// Writes a text: plain when no reader could take it for anything else, quoted otherwise.
fn write_text(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            // YAML 1.1 sees line breaks in these three.
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            _ if character.is_control() => {
                write!(out, "\\x{:02x}", u32::from(character)).expect(INFALLIBLE);
            }
            // Not printable in YAML, or not what a reader of the file would see.
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' => escape_unicode(out, character),
            _ if is_bidi(character) => escape_unicode(out, character),
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn escape_unicode(out: &mut String, character: char) {
    write!(out, "\\u{:04x}", u32::from(character)).expect(INFALLIBLE);
}

/// True for `[A-Za-z][A-Za-z0-9_./-]*` that is no word with a meaning of its own.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(byte))
        && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// The words that some reader takes for a truth value, for nothing or for a number.
const RESERVED: [&str; 12] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "inf", "nan",
];

/// Writes a number with a point and a signed exponent, without which YAML 1.1 sees a text.
fn write_float(out: &mut String, number: f64) {
    if number.is_nan() {
        return out.push_str(".nan");
    }
    if number.is_infinite() {
        return out.push_str(if number > 0.0 { ".inf" } else { "-.inf" });
    }
    let digits = format!("{number:?}");
    let Some((mantissa, exponent)) = digits.split_once('e') else {
        return out.push_str(&digits);
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with('-') {
        out.push('+');
    }
    out.push_str(exponent);
}

/// A value that is no YAML of ours. Only [`to_yaml`]'s panic shows it.
#[derive(Debug)]
struct Invalid(String);

impl Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

impl ser::Error for Invalid {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Methods for the types that are written as they are displayed.
macro_rules! displayed {
    ($($method:ident($type:ty))*) => {
        $(fn $method(self, value: $type) -> Result<(), Invalid> {
            self.display(value);
            Ok(())
        })*
    };
}

impl<'a> Serializer for Node<'a> {
    type Ok = ();
    type Error = Invalid;
    type SerializeSeq = Block<'a>;
    type SerializeTuple = Block<'a>;
    type SerializeTupleStruct = Block<'a>;
    type SerializeTupleVariant = Block<'a>;
    type SerializeMap = Block<'a>;
    type SerializeStruct = Block<'a>;
    type SerializeStructVariant = Block<'a>;

    displayed! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Invalid> {
        // By way of the shortest decimal, so that 0.1 does not become 0.10000000149011612.
        let number = value.to_string().parse().unwrap_or(f64::from(value));
        self.serialize_f64(number)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Invalid> {
        self.scalar(|out| write_float(out, value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Invalid> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Invalid> {
        self.scalar(|out| write_text(out, value));
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Invalid> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Invalid> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Invalid> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Invalid> {
        self.display("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Invalid> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Invalid> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Invalid> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Invalid> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Block<'a>, Invalid> {
        self.block("[]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Block<'a>, Invalid> {
        self.block("[]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Block<'a>, Invalid> {
        self.block("[]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Block<'a>, Invalid> {
        self.variant(variant)?.block("[]")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Block<'a>, Invalid> {
        self.block("{}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Block<'a>, Invalid> {
        self.block("{}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Block<'a>, Invalid> {
        self.variant(variant)?.block("{}")
    }
}

/// The traits of lists, which differ in the name of their method only.
macro_rules! lists {
    ($($trait:ident::$method:ident)*) => {
        $(impl ser::$trait for Block<'_> {
            type Ok = ();
            type Error = Invalid;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Invalid> {
                self.item(value)
            }

            fn end(self) -> Result<(), Invalid> {
                self.close();
                Ok(())
            }
        })*
    };
}

lists! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

impl ser::SerializeMap for Block<'_> {
    type Ok = ();
    type Error = Invalid;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Invalid> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Invalid> {
        self.entry(value, Place::AfterKey)
    }

    fn end(self) -> Result<(), Invalid> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStruct for Block<'_> {
    type Ok = ();
    type Error = Invalid;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Invalid> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), Invalid> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Block<'_> {
    type Ok = ();
    type Error = Invalid;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Invalid> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), Invalid> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Service {
        name: &'static str,
        ports: Vec<Port>,
        empty_list: Vec<u8>,
        empty_map: BTreeMap<u8, u8>,
        nothing: Option<u8>,
        nested: Vec<Vec<u64>>,
        start: Start,
    }

    #[derive(Serialize)]
    struct Port {
        number: u16,
        purpose: &'static str,
    }

    #[derive(Serialize)]
    enum Start {
        Unit { name: &'static str },
    }

    fn check(value: &impl Serialize, expected: &str) {
        assert_eq!(to_yaml(value), expected);
    }

    #[test]
    fn a_struct_is_pretty() {
        let service = Service {
            name: "lite-llm",
            ports: vec![
                Port {
                    number: 4000,
                    purpose: "4000",
                },
                Port {
                    number: 4001,
                    purpose: "no",
                },
            ],
            empty_list: vec![],
            empty_map: BTreeMap::new(),
            nothing: None,
            nested: vec![vec![1, u64::MAX], vec![]],
            start: Start::Unit { name: "a b" },
        };
        let expected = r#"name: lite-llm
ports:
  - number: 4000
    purpose: "4000"
  - number: 4001
    purpose: "no"
empty_list: []
empty_map: {}
nothing: null
nested:
  - - 1
    - 18446744073709551615
  - []
start:
  Unit:
    name: "a b"
"#;
        check(&service, expected);
    }

    #[test]
    fn texts_are_plain_only_when_nobody_can_misread_them() {
        for plain in ["model", "os.environ/KEY", "mlx-community/Qwen3-8B", "a.b_c"] {
            check(&plain, &format!("{plain}\n"));
        }
        for word in RESERVED {
            check(&word, &format!("\"{word}\"\n"));
            let upper = word.to_uppercase();
            check(&upper, &format!("\"{upper}\"\n"));
        }
        for quoted in [
            "",
            "4000",
            "22:22",
            "1_000",
            "~",
            "a b",
            "http://a:1",
            "é",
            "-",
            "=",
            "<<",
        ] {
            check(&quoted, &format!("\"{quoted}\"\n"));
        }
        check(
            &"a\n\tb\u{85}\u{2028}\u{7}\u{feff}\u{202e}",
            "\"a\\n\\tb\\N\\L\\x07\\ufeff\\u202e\"\n",
        );
    }

    #[test]
    fn floats_have_a_point_and_a_signed_exponent() {
        check(&1.0, "1.0\n");
        check(&0.1_f32, "0.1\n");
        check(&1e21, "1.0e+21\n");
        check(&1.5e-9, "1.5e-9\n");
        check(&f64::NEG_INFINITY, "-.inf\n");
    }

    #[test]
    fn keys_follow_the_same_rule() {
        check(
            &BTreeMap::from([("no", 1), ("yes", 2)]),
            "\"no\": 1\n\"yes\": 2\n",
        );
        check(&BTreeMap::from([(4000, "a")]), "4000: a\n");
        let long = "k".repeat(2000);
        let map = BTreeMap::from([(long.as_str(), BTreeMap::from([("a", 1)]))]);
        check(&map, &format!("? {long}\n:\n  a: 1\n"));
    }

    #[test]
    #[should_panic(expected = "scalar keys")]
    fn a_list_is_no_key() {
        to_yaml(&BTreeMap::from([(vec![1], 1)]));
    }
}
