//! `[policy]`: what the owner promises about the whole platform.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Key, Name, ParameterCount};

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
    /// How the names of public handles are built when each of their parts says a fact of the model, such as its size. Aliases are free of it.
    pub scheme: Option<Scheme>,
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

/// How the names of handles are built: each place of the form says a fact of the model behind it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The form of a name: places in angle brackets and what stands between them, such as `<size>-<location>-<cost>-<name>`.
    pub form: String,
    /// What the places of the form say, by place. A place that is not here holds any words.
    #[serde(default)]
    pub parts: BTreeMap<Key, SchemePart>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// What a place of a form says: a fact, and the words for it. Exactly one of `from` and `words`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemePart {
    /// The fact of the model that its word says.
    pub says: Fact,
    /// For `parameters`: each word with the number of parameters it begins at, such as `{ S = "3B", M = "8B" }`; it ends where the next one begins.
    #[serde(default)]
    pub from: BTreeMap<String, ParameterCount>,
    /// For any other fact: each word with what it means, such as `{ LOC = "local", CLD = "cloud" }`.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
}

/// A fact of a model that its handle's name can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// How many parameters it has.
    Parameters,
    /// Where it runs: `local`, or `cloud` for a provider in the internet.
    Place,
    /// What it costs: `free`, or `paid`.
    Price,
    /// What it does, such as `chat`.
    Mode,
    /// The kind of its server, such as `ollama`.
    Kind,
    /// The host it runs on.
    Host,
    /// How its weights are quantised, such as `fp16`.
    Quantisation,
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
