//! `[models.*]`: the models, by canonical id.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::Mode;

use super::{Name, Parameter, ParameterCount, Path, Size};

/// A model that a service serves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The service that serves it.
    pub service: Name,
    /// Its port, where each model of the service has one.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i64>,
    /// Its title, for people.
    pub title: Option<String>,
    /// Whether it is in use. Default: live.
    #[serde(default)]
    pub state: ModelState,
    /// The name its server knows it by. Default: its canonical id.
    pub served_as: Option<String>,
    /// The repository it comes from, such as `mlx-community/gemma-3-27b-it-qat-4bit`.
    pub repo: Option<String>,
    /// Where its weights lie on the host: absolute.
    pub source_path: Option<Path>,
    /// Where its server caches it: absolute.
    pub cache_path: Option<Path>,
    /// The volume its weights lie on.
    pub volume: Option<Name>,
    /// The format of its weights, such as `mlx`, `gguf`, `openvino`.
    pub format: Option<String>,
    /// How many parameters it has.
    pub parameters: Option<ParameterCount>,
    /// The word for its size in the policy's scheme, where nobody knows its parameters.
    pub tier: Option<String>,
    /// What it costs. Default: nothing, or an unknown price when a provider in the internet serves it.
    pub price: Option<Price>,
    /// How its weights are quantised, such as `mxfp4-q4`, `fp16`.
    pub quantisation: Option<String>,
    /// The tokens that fit in its context, prompt and answer together.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub context_length: Option<i64>,
    /// The most tokens it answers with.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_output_tokens: Option<i64>,
    /// What it does. Default: chat.
    #[serde(default)]
    pub mode: Mode,
    /// What else it can do.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// The memory it takes when loaded.
    pub memory: Option<Size>,
    /// Whether it is loaded when its service starts. Default: false.
    #[serde(default)]
    pub boot: bool,
    /// The chat template to use in place of its own: a path on the host.
    pub chat_template: Option<Path>,
    /// The parser for its tool calls, as its server names it.
    pub tool_call_parser: Option<String>,
    /// The parser for its reasoning, as its server names it.
    pub reasoning_parser: Option<String>,
    /// Parameters that its server adds to every request.
    #[serde(default)]
    pub request_params: BTreeMap<String, Parameter>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For what is sent to it.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub input: f64,
    /// For what it answers.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub output: f64,
}

/// Whether a model is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelState {
    /// In use.
    #[default]
    Live,
    /// Will come.
    Planned,
    /// Gone.
    Retired,
}

/// What else a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Calls tools.
    Tools,
    /// Sees pictures.
    Vision,
    /// Thinks before it answers.
    Reasoning,
    /// Answers in a given schema.
    StructuredOutput,
}
