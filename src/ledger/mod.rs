//! `platform.lock`: every port and public handle that was ever given, and what became of it.
//!
//! People write a port into a client, a firewall, a bookmark; a handle into a program. So both are promises, and this file beside `platform.toml` remembers them: [`Lock`] is what it says, [`read`] and [`Lock::to_text`] are its two ways, and [`compare`] holds a platform against it. What breaks a promise is an error until the owner says in `platform.toml` that it is meant; everything else only makes the next lock.
//!
//! The file is made to be merged. It has one line for each claim, in an order of its own, and a line depends on nothing but itself: each carries a digest of its own words, and no line counts the others. So the union of two files (`platform.lock merge=union` in `.gitattributes`) is what both branches promised, and a reader takes lines in any order and more than once. Where both say something about one port or handle, the later state holds: a tombstone over a claim, retired over deprecated over live.
//!
//! What is not here: reading and writing the file (`cli`), and finding a free port, which is a question about [`Lock::taken`].

mod claim;
mod compare;
mod handles;
mod moves;
mod ports;
mod rules;
mod text;

pub use claim::{Claim, HandleState, Key, Lock, State, claims};
pub use compare::{Comparison, compare};
pub use rules::{MISSING_LOCK, RULES};
pub use text::read;
