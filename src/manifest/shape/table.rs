//! The schema of the types of this program, compiled once for all: `schema/shapes.rs` has it as Rust.
//!
//! To make the schema from the types and to compile it takes longer than everything else that is done with a small platform. A test holds the file to the types, and writes it again when it is asked to.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use schemars::Schema;

use super::compile::{self, ArrayShape, Compiled, Keys, Property, Range, Shape, TableShape, Text};
use crate::manifest::word::{self, Kind};

include!("../../../schema/shapes.rs");

const fn p(key: &'static str, shape: usize) -> Property<'static> {
    Property {
        key,
        shape,
        required: false,
    }
}

const fn required(key: &'static str, shape: usize) -> Property<'static> {
    Property {
        key,
        shape,
        required: true,
    }
}

/// The text of `schema/shapes.rs` for a schema.
pub fn table_text(schema: &Schema) -> String {
    let compiled = compile::compile(schema.as_value());
    format!(
        "// Made from the types in src/manifest and the names of the rules; \
         `HOMELAB_WRITE=1 cargo test --test suite committed` makes it again.\n\n{compiled}"
    )
}

impl Display for Compiled<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            shapes,
            tables,
            root,
        } = self;
        f.write_str("#[rustfmt::skip]\n#[allow(clippy::unreadable_literal, reason = \"nobody reads it\")]\n")?;
        f.write_str("pub(super) static TABLE: Compiled<'static> = Compiled {\n")?;
        writeln!(f, "    root: {root},\n    shapes: Cow::Borrowed(&[")?;
        for (at, shape) in shapes.iter().enumerate() {
            writeln!(f, "        {shape}, // {at}")?;
        }
        f.write_str("    ]),\n    tables: Cow::Borrowed(&[\n")?;
        for (at, table) in tables.iter().enumerate() {
            writeln!(f, "        {table}, // {at}")?;
        }
        f.write_str("    ]),\n};\n")
    }
}

impl Display for Shape<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            anything,
            text,
            integer,
            float,
            boolean,
            array,
            tables,
        } = self;
        write!(
            f,
            "Shape {{ anything: {anything}, text: {}, integer: {}, float: {}, boolean: {boolean}, array: {}, tables: Cow::Borrowed(&{tables:?}) }}",
            Maybe(text.as_ref()),
            Maybe(integer.as_ref()),
            Maybe(float.as_ref()),
            Maybe(array.as_ref()),
        )
    }
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            words,
            open,
            kind,
            shortest,
            longest,
        } = self;
        let kind = Named(*kind);
        let longest = Limit(*longest);
        write!(
            f,
            "Text {{ words: Cow::Borrowed(&{words:?}), open: {open}, kind: {kind}, shortest: {shortest}, longest: {longest} }}"
        )
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { least, greatest } = self;
        write!(f, "Range {{ least: {least:?}, greatest: {greatest:?} }}")
    }
}

impl Display for ArrayShape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            items,
            shortest,
            longest,
        } = self;
        let longest = Limit(*longest);
        write!(
            f,
            "ArrayShape {{ items: {items:?}, shortest: {shortest}, longest: {longest} }}"
        )
    }
}

impl Display for TableShape<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { properties, others } = self;
        f.write_str("TableShape { properties: Cow::Borrowed(&[")?;
        for Property {
            key,
            shape,
            required,
        } in properties.iter()
        {
            let name = if *required { "required" } else { "p" };
            write!(f, "{name}({key:?}, {shape}), ")?;
        }
        write!(f, "]), others: {others} }}")
    }
}

impl Display for Keys {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("Keys::Refused"),
            Self::Anything => f.write_str("Keys::Anything"),
            Self::Each { kind, value } => {
                let kind = Named(*kind);
                write!(f, "Keys::Each {{ kind: {kind}, value: {value} }}")
            }
        }
    }
}

/// A value that may not be there, in the words of Rust.
struct Maybe<'a, T>(Option<&'a T>);

impl<T: Display> Display for Maybe<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "Some({value})"),
            None => f.write_str("None"),
        }
    }
}

/// A limit that may be none.
struct Limit(u64);

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            u64::MAX => f.write_str("u64::MAX"),
            limit => write!(f, "{limit}"),
        }
    }
}

/// A kind of word, as the constant that it is.
struct Named(Option<&'static Kind>);

impl Display for Named {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(kind) => {
                let name = kind.name.to_uppercase().replace('-', "_");
                write!(f, "Some(&word::{name})")
            }
            None => f.write_str("None"),
        }
    }
}
