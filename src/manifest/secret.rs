//! `[secrets.*]`: what is secret, by name, and how one is made; never its value.

use schemars::JsonSchema;
use serde::Deserialize;

/// A secret: made on the host, or obtained from somewhere.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What it is for.
    pub title: Option<String>,
    /// How a new one is made.
    pub generate: Option<Generate>,
    /// Where it is obtained, when it cannot be made: a page, a person, a command in words.
    pub obtain: Option<String>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// How a new secret is made: random bytes in hexadecimal behind a prefix.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// What it starts with, such as `sk-`. Default: nothing.
    pub prefix: Option<String>,
    /// How many random bytes. Default: 32.
    #[schemars(range(min = 16, max = 128))]
    pub bytes: Option<u32>,
}
