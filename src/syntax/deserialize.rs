//! Serde types straight from a node, without a copy of the tree.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::document::{Entry, Node, Table, Value};
use crate::diagnostic::Span;

/// Why a node does not fit a type. The shape check finds such things first and says them better.
#[derive(Debug, Clone)]
pub struct DeserializeError {
    /// What is wrong, in serde's words.
    pub message: String,
    /// The innermost value that serde was looking at.
    pub span: Option<Span>,
}

impl Node {
    /// A value of the type `T`, as serde understands this node.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, DeserializeError> {
        T::deserialize(self)
    }

    /// A value of the type `T` as if the tables below these keys of this one were empty.
    pub fn deserialize_with_empty<T: DeserializeOwned>(
        &self,
        keys: &[&str],
    ) -> Result<T, DeserializeError> {
        let Value::Table(table) = &self.value else {
            return self.deserialize();
        };
        let empty = Node::new(self.span(), Value::Table(Table::default()));
        let entries = table.entries().iter().map(|it| {
            let is_empty = keys.contains(&it.key.as_str()) && it.node.as_table().is_some();
            (it.key.as_str(), if is_empty { &empty } else { &it.node })
        });
        T::deserialize(MapDeserializer::new(entries))
    }
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DeserializeError {}

impl de::Error for DeserializeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            span: None,
        }
    }
}

impl<'de> IntoDeserializer<'de, DeserializeError> for &'de Node {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> IntoDeserializer<'de, DeserializeError> for &'de Entry {
    type Deserializer = &'de Node;
    fn into_deserializer(self) -> &'de Node {
        &self.node
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        let result = match &self.value {
            Value::String(text) | Value::Datetime(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(flag) => visitor.visit_bool(*flag),
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Table(table) => visitor.visit_map(MapDeserializer::new(
                table.entries().iter().map(|it| (it.key.as_str(), it)),
            )),
        };
        result.map_err(|error| self.locate(error))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        // TOML has no null: what is written is there.
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        let result = match &self.value {
            Value::String(word) => {
                let word: StrDeserializer<'_, DeserializeError> = word.as_str().into_deserializer();
                visitor.visit_enum(word)
            }
            Value::Table(table) if table.len() == 1 => {
                let entry = table.entries().iter().map(|it| (it.key.as_str(), it));
                visitor.visit_enum(de::value::MapAccessDeserializer::new(MapDeserializer::new(
                    entry,
                )))
            }
            other => Err(de::Error::invalid_type(
                Unexpected::Other(other.noun()),
                &"a word or a table with one key",
            )),
        };
        result.map_err(|error| self.locate(error))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl Node {
    /// Gives an error from below its place; the innermost node wins.
    fn locate(&self, mut error: DeserializeError) -> DeserializeError {
        error.span.get_or_insert(self.span());
        error
    }
}
