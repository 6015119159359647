//! `[lint]`: how grave each rule is here, and where it does not hold.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// How grave each rule is here, and where it does not hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lint {
    /// How grave a rule is on the whole platform, by rule.
    #[serde(default)]
    pub levels: BTreeMap<String, LevelSetting>,
    /// Places where a rule does not hold.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// How grave a rule is on the whole platform, and why it is not as grave as it comes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelSetting {
    /// How grave it is.
    pub level: Level,
    /// Why.
    pub reason: String,
    /// Until when: `2027-11-21`. Default: for good.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub until: Option<String>,
}

/// A place where a rule does not hold, or not as gravely.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The rule.
    pub rule: String,
    /// The place: the keys of a table or value of this file, such as `services.open-webui`.
    pub at: String,
    /// How grave it is there. Default: allow.
    #[serde(default)]
    pub level: Level,
    /// Why.
    pub reason: String,
    /// Until when: `2027-11-21`. Default: for good.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub until: Option<String>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Not reported.
    #[default]
    Allow,
    /// A warning.
    Warn,
    /// An error.
    Deny,
}
