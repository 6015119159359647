//! `[policy]`: what the owner promises about the whole platform.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Name;

/// What the owner promises about the whole platform.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The one service that clients call for models.
    pub gateway: Name,
    /// The networks that calls between hosts prefer, best first. Default: all networks, in the order of their names.
    #[serde(default)]
    pub prefer: Vec<Name>,
    /// Whether a handle is the canonical id of its model, or any name.
    #[serde(default)]
    pub handle_names: HandleNames,
    /// What a prefix of a handle says, by prefix.
    #[serde(default)]
    pub naming: BTreeMap<String, Naming>,
    /// Names that must not come back; `*` stands for any ending.
    #[serde(default)]
    pub retired_names: Vec<String>,
    /// Sends handles through an optimising proxy between gateway and model.
    pub optimiser: Option<Optimiser>,
}

/// How handles are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HandleNames {
    /// Any name that follows the prefixes.
    #[default]
    Free,
    /// A handle for one model is that model's canonical id.
    ModelId,
}

/// What a prefix of a handle says.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// The kinds of service behind handles with this prefix.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// How such a name is built, for people: `mlx-<family>-<params>-<quant>-<variant>`.
    pub form: Option<String>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// An optimising proxy (OptiLLM) between gateway and model: gateway, optimiser, gateway again by an internal name, model.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Optimiser {
    /// The service that optimises.
    pub service: Name,
    /// The switch for the whole platform. Default: true.
    pub enabled: Option<bool>,
    /// The kinds of service whose handles go through it.
    pub kinds: Vec<String>,
    /// The prefix of the internal names by which it calls the gateway back. Default: `router-`.
    pub internal_prefix: Option<String>,
}
