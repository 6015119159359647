//! `[ops]`: how the platform is operated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Method, Name};

/// How the platform is operated.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ops {
    /// Services in the order they are restarted, where who calls whom does not decide it.
    #[serde(default)]
    pub restart_order: Vec<Name>,
    /// Checks beyond the health of each service, by name.
    #[serde(default)]
    pub checks: BTreeMap<Name, Check>,
}

/// A request that must succeed for the platform to be well.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What it shows, in one line.
    pub title: Option<String>,
    /// The service asked.
    pub service: Name,
    /// The path, with its query.
    pub path: String,
    /// The method. Default: GET.
    #[serde(default)]
    pub method: Method,
    /// The JSON body that is sent.
    pub body: Option<String>,
    /// The status that means well. Default: 200.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<i64>,
    /// Words that must stand in the answer.
    pub contains: Option<String>,
    /// Whether it needs the service's key. Default: false.
    #[serde(default)]
    pub needs_key: bool,
}
