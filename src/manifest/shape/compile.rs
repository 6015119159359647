//! The JSON schema as a compact tree, with references followed and alternatives sorted by the type of value they are for.
//!
//! Only what schemars writes for our types is understood. A keyword that is not understood lets everything through, and the deserialiser has the last word.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::manifest::word::{self, Kind};
use crate::syntax::Table;

/// A compiled schema: shapes refer to each other by place, so that they may be recursive.
pub(super) struct Compiled<'s> {
    pub(super) shapes: Cow<'s, [Shape<'s>]>,
    pub(super) tables: Cow<'s, [TableShape<'s>]>,
    pub(super) root: usize,
}

/// What a value may be, by its type.
#[derive(Default, Clone, PartialEq)]
pub(super) struct Shape<'s> {
    pub(super) anything: bool,
    pub(super) text: Option<Text<'s>>,
    pub(super) integer: Option<Range>,
    pub(super) float: Option<Range>,
    pub(super) boolean: bool,
    pub(super) array: Option<ArrayShape>,
    pub(super) tables: Cow<'s, [usize]>,
}

/// What a string may be.
#[derive(Clone, PartialEq)]
pub(super) struct Text<'s> {
    /// The words it may be; any text when there are none.
    pub(super) words: Cow<'s, [&'s str]>,
    /// True when another alternative takes any text besides the words.
    pub(super) open: bool,
    pub(super) kind: Option<&'static Kind>,
    pub(super) shortest: u64,
    pub(super) longest: u64,
}

/// Least and greatest number.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) least: Option<f64>,
    pub(super) greatest: Option<f64>,
}

/// What an array may hold.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct ArrayShape {
    pub(super) items: Option<usize>,
    pub(super) shortest: u64,
    pub(super) longest: u64,
}

/// What a table may hold.
#[derive(Clone)]
pub(super) struct TableShape<'s> {
    // Sorted by key.
    pub(super) properties: Cow<'s, [Property<'s>]>,
    pub(super) others: Keys,
}

#[derive(Clone, Copy)]
pub(super) struct Property<'s> {
    pub(super) key: &'s str,
    pub(super) shape: usize,
    pub(super) required: bool,
}

/// Keys beyond those that a table names.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    /// There are none.
    Refused,
    /// Any, with any value.
    Anything,
    /// Any of this kind, each with a value of this shape.
    Each {
        kind: Option<&'static Kind>,
        value: usize,
    },
}

impl<'s> Compiled<'s> {
    pub(super) fn root(&self) -> &Shape<'s> {
        &self.shapes[self.root]
    }

    pub(super) fn shape(&self, at: usize) -> &Shape<'s> {
        &self.shapes[at]
    }

    pub(super) fn table(&self, at: usize) -> &TableShape<'s> {
        &self.tables[at]
    }
}

impl<'s> TableShape<'s> {
    pub(super) fn property(&self, key: &str) -> Option<&Property<'s>> {
        let at = self.properties.binary_search_by(|it| it.key.cmp(key));
        at.ok().map(|at| &self.properties[at])
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'s str> {
        self.properties.iter().map(|it| it.key)
    }

    /// The required keys that a table lacks.
    pub(super) fn missing(&self, table: &Table) -> impl Iterator<Item = &'s str> {
        self.properties
            .iter()
            .filter(|it| it.required && table.get(it.key).is_none())
            .map(|it| it.key)
    }
}

impl Text<'_> {
    /// True when a bare TOML date says the same as the text.
    pub(super) fn is_date(&self) -> bool {
        self.kind.is_some_and(|it| it.name == word::DATE.name)
    }
}

impl Range {
    pub(super) fn holds(self, number: f64) -> bool {
        self.least.is_none_or(|it| number >= it) && self.greatest.is_none_or(|it| number <= it)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only integers that floats hold exactly are asked about"
    )]
    pub(super) fn holds_integer(self, number: i64) -> bool {
        self.holds(number as f64)
    }
}

/// Compiles a schema.
pub(super) fn compile(schema: &Value) -> Compiled<'_> {
    let mut compiler = Compiler {
        definitions: ["definitions", "$defs"]
            .iter()
            .find_map(|it| schema.get(it)?.as_object()),
        known: HashMap::new(),
        shapes: Vec::new(),
        tables: Vec::new(),
    };
    let root = compiler.shape_at(schema);
    Compiled {
        shapes: compiler.shapes.into(),
        tables: compiler.tables.into(),
        root,
    }
}

struct Compiler<'s> {
    definitions: Option<&'s Map<String, Value>>,
    /// Where the shape of each definition is, or will be.
    known: HashMap<&'s str, usize>,
    shapes: Vec<Shape<'s>>,
    tables: Vec<TableShape<'s>>,
}

impl<'s> Compiler<'s> {
    /// The place of a schema's shape. A reference gives the place of what it refers to, known or still to be filled.
    fn shape_at(&mut self, schema: &'s Value) -> usize {
        if let Some(name) = reference(schema) {
            return self.definition_at(name);
        }
        let shape = self.shape(schema);
        // What two schemas say alike is there once; a definition may still have to be filled.
        let definitions = &self.known;
        let same = (0..self.shapes.len()).find(|at| {
            self.shapes[*at] == shape && definitions.values().all(|definition| definition != at)
        });
        same.unwrap_or_else(|| {
            self.shapes.push(shape);
            self.shapes.len() - 1
        })
    }

    fn definition_at(&mut self, name: &'s str) -> usize {
        if let Some(at) = self.known.get(name) {
            return *at;
        }
        let at = self.shapes.len();
        self.known.insert(name, at);
        // Until it is filled, and for a reference to nothing, everything is let through.
        self.shapes.push(Shape {
            anything: true,
            ..Shape::default()
        });
        if let Some(schema) = self.definitions.and_then(|it| it.get(name)) {
            self.shapes[at] = self.shape(schema);
        }
        at
    }

    fn shape(&mut self, schema: &'s Value) -> Shape<'s> {
        if let Some(name) = reference(schema) {
            let at = self.definition_at(name);
            return self.shapes[at].clone();
        }
        let Some(schema) = schema.as_object() else {
            // `true` lets everything through, `false` nothing.
            return Shape {
                anything: schema.as_bool() != Some(false),
                ..Shape::default()
            };
        };
        for alternatives in ["anyOf", "oneOf"] {
            if let Some(Value::Array(alternatives)) = schema.get(alternatives) {
                let mut shape = Shape::default();
                for alternative in alternatives {
                    let alternative = self.shape(alternative);
                    shape.merge(alternative);
                }
                return shape;
            }
        }
        self.plain(schema)
    }

    /// A schema without alternatives.
    fn plain(&mut self, schema: &'s Map<String, Value>) -> Shape<'s> {
        let mut shape = Shape::default();
        let mut add = |name: &str, compiler: &mut Self| match name {
            "string" => shape.text = Some(text(schema)),
            "integer" => shape.integer = Some(range(schema)),
            "number" => shape.float = Some(range(schema)),
            "boolean" => shape.boolean = true,
            "array" => shape.array = Some(compiler.array(schema)),
            "object" => {
                let table = compiler.table(schema);
                compiler.tables.push(table);
                shape.tables.to_mut().push(compiler.tables.len() - 1);
            }
            // TOML has no null, so a value is never one.
            _ => {}
        };
        match schema.get("type") {
            Some(Value::String(name)) => add(name, self),
            Some(Value::Array(names)) => {
                for name in names.iter().filter_map(Value::as_str) {
                    add(name, self);
                }
            }
            _ if schema.contains_key("enum") || schema.contains_key("const") => add("string", self),
            _ if schema.contains_key("properties") => add("object", self),
            _ => shape.anything = true,
        }
        shape
    }

    fn array(&mut self, schema: &'s Map<String, Value>) -> ArrayShape {
        ArrayShape {
            items: schema.get("items").map(|it| self.shape_at(it)),
            shortest: limit(schema, "minItems").unwrap_or(0),
            longest: limit(schema, "maxItems").unwrap_or(u64::MAX),
        }
    }

    fn table(&mut self, schema: &'s Map<String, Value>) -> TableShape<'s> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |it| it.iter().filter_map(Value::as_str).collect());
        let mut properties: Vec<_> = schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, schema)| Property {
                key,
                shape: self.shape_at(schema),
                required: required.contains(&key.as_str()),
            })
            .collect();
        properties.sort_unstable_by_key(|it| it.key);
        TableShape {
            properties: properties.into(),
            others: self.other_keys(schema),
        }
    }

    fn other_keys(&mut self, schema: &'s Map<String, Value>) -> Keys {
        // A map whose keys are words of a kind: schemars keeps only the pattern of the key, which tells the kind.
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        if let Some((pattern, value)) = patterns.and_then(|it| it.iter().next()) {
            let kind = word::KINDS.iter().find(|it| it.pattern == pattern);
            return Keys::Each {
                kind: kind.copied(),
                value: self.shape_at(value),
            };
        }
        match schema.get("additionalProperties") {
            None | Some(Value::Bool(true)) => Keys::Anything,
            Some(Value::Bool(false)) => Keys::Refused,
            Some(value) => Keys::Each {
                kind: schema.get("propertyNames").and_then(kind_of),
                value: self.shape_at(value),
            },
        }
    }
}

impl Shape<'_> {
    /// Lets through also what `other` lets through.
    fn merge(&mut self, other: Self) {
        self.anything |= other.anything;
        self.boolean |= other.boolean;
        self.integer = self.integer.or(other.integer);
        self.float = self.float.or(other.float);
        self.array = self.array.or(other.array);
        self.tables.to_mut().extend_from_slice(&other.tables);
        match (&mut self.text, other.text) {
            (Some(mine), Some(theirs)) => {
                mine.open |= theirs.open || mine.words.is_empty() || theirs.words.is_empty();
                mine.words.to_mut().extend_from_slice(&theirs.words);
                mine.kind = mine.kind.or(theirs.kind);
            }
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }
}

/// The name of the definition that a schema refers to and adds nothing to.
fn reference(schema: &Value) -> Option<&str> {
    let schema = schema.as_object()?;
    let target = match schema.get("$ref") {
        Some(target) => target,
        // With a description beside it, draft 7 needs the reference in an `allOf` of its own.
        None => match schema.get("allOf")?.as_array()?.as_slice() {
            [only] => only.get("$ref")?,
            _ => return None,
        },
    };
    let target = target.as_str()?;
    target
        .strip_prefix("#/definitions/")
        .or_else(|| target.strip_prefix("#/$defs/"))
}

fn text(schema: &Map<String, Value>) -> Text<'_> {
    let listed = schema.get("enum").and_then(Value::as_array);
    let only = schema.get("const").and_then(Value::as_str);
    let listed = listed.into_iter().flatten().filter_map(Value::as_str);
    Text {
        words: listed.chain(only).collect(),
        open: false,
        kind: schema
            .get("x-homelab-kind")
            .and_then(Value::as_str)
            .and_then(word::kind),
        shortest: limit(schema, "minLength").unwrap_or(0),
        longest: limit(schema, "maxLength").unwrap_or(u64::MAX),
    }
}

fn kind_of(schema: &Value) -> Option<&'static Kind> {
    word::kind(schema.get("x-homelab-kind")?.as_str()?)
}

fn range(schema: &Map<String, Value>) -> Range {
    Range {
        least: schema.get("minimum").and_then(Value::as_f64),
        greatest: schema.get("maximum").and_then(Value::as_f64),
    }
}

fn limit(schema: &Map<String, Value>, key: &str) -> Option<u64> {
    schema.get(key)?.as_u64()
}
