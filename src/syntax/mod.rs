//! From bytes to a [`Document`]: TOML text as a tree in which every key and value knows its place.
//!
//! What is wrong with the text itself is found here: its encoding, characters that deceive the eye, TOML that does not parse. What the values mean is not asked, except whether a word looks like a secret.

mod builder;
mod conflict;
mod deserialize;
mod document;
mod escape;
mod join;
mod parse;
mod path;
mod problem;
mod rules;
pub mod secrets;
mod text;
mod tokens;

pub use deserialize::DeserializeError;
pub use document::{Document, Entry, Form, Node, Places, Table, Value};
pub use parse::parse;
pub use path::{Path, Step};
pub use rules::RULES;
pub use text::{DEFAULT_SIZE_LIMIT, Unreadable, describe, is_invisible, oversized, read};
