//! `[handles.*]`: the names clients use for models.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Parameter};

/// A name that clients use for a model or a group of models.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handle {
    /// The handle that this is another name for; then it has nothing of its own but words about it.
    pub alias_of: Option<String>,
    /// Whether clients may count on it. Default: live.
    #[serde(default)]
    pub state: HandleState,
    /// The model behind it. Default: the model whose id is the handle's name.
    pub model: Option<String>,
    /// The models behind it, when there are several.
    #[serde(default)]
    pub models: Vec<TargetEntry>,
    /// Who sees it. Default: public.
    #[serde(default)]
    pub visibility: Visibility,
    /// `direct`, or the name of the optimising service it goes through. Default: what the policy says.
    pub via: Option<String>,
    /// The technique the optimising service applies, such as `moa`. Default: none, it only passes on.
    pub technique: Option<String>,
    /// Handles tried in order when this one fails.
    #[serde(default)]
    pub fallbacks: Vec<String>,
    /// How long an answer may take. Default: the gateway's.
    pub timeout: Option<Duration>,
    /// How long the first chunk of a stream may take. Default: the gateway's.
    pub stream_timeout: Option<Duration>,
    /// Parameters added to a request that has none of that name.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// The day it was first promised: `2026-11-21`.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub since: Option<String>,
    /// Set when it is on its way out.
    pub deprecated: Option<Deprecation>,
    /// Its title, for people.
    pub title: Option<String>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// One of several models behind a handle: its id, or a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TargetEntry {
    /// The model's id.
    Id(String),
    /// The model with more to say.
    Table(Target),
}

/// One of several models behind a handle.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The model.
    pub model: String,
    /// Those with the lowest order are tried first. Default: all the same.
    #[schemars(range(min = 1, max = 1000))]
    pub order: Option<i64>,
    /// Its share of the requests among those of the same order. Default: 1.
    #[schemars(range(min = 1, max = 1000))]
    pub weight: Option<i64>,
}

/// Whether clients may count on a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HandleState {
    /// They may.
    #[default]
    Live,
    /// Not yet: it is served as soon as a model behind it is there.
    Planned,
}

/// Who sees a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Every client.
    #[default]
    Public,
    /// Only the platform's own services.
    Internal,
}

/// A handle on its way out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deprecation {
    /// The handle to use instead.
    pub in_favour_of: String,
    /// Since when: `2026-11-21`.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub since: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
