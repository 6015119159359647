//! `[tunings.*]`: how the programs of one sort of machine are set, said once and named by several services.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{EnvName, Value};

/// Settings that several services have in common, such as those of Ollama on machines of one sort: how many models it keeps loaded, for how long, with how much context. A service takes them by `tuning`, and what it says itself in its `env` wins.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Its title, for people.
    pub title: Option<String>,
    /// The variables, each with its plain value: a secret or a URL belongs to the service.
    #[serde(default)]
    pub env: BTreeMap<EnvName, Value>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}
