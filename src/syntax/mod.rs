//! From bytes to a [`Document`]: TOML text as a tree in which every key and value knows its place.
//!
//! What is wrong with the text itself is found here: its encoding, characters that deceive the eye, TOML that does not parse. What the values mean is not asked.

mod deserialize;
mod document;
mod parse;
mod path;

pub use deserialize::DeserializeError;
pub use document::{Document, Entry, Form, Node, Table, Value};
pub use parse::{RULES, parse};
pub use path::{Path, Step};
