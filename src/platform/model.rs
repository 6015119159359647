//! Models as meant.

use std::collections::BTreeMap;

use crate::diagnostic::Span;

use super::{Capability, Mode, ModelId, ModelState, Parameter, Price, Room, ServiceId};

/// A model that a service serves.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its id.
    pub id: ModelId,
    /// Its canonical id.
    pub name: String,
    /// Its title; its canonical id when it has none.
    pub title: String,
    /// Whether it is in use.
    pub state: ModelState,
    /// The service that serves it.
    pub service: ServiceId,
    /// Its port: its own, else the service's main one.
    pub port: Option<u16>,
    /// Where its port is said, else its name.
    pub port_span: Span,
    /// The name its server knows it by.
    pub served_as: String,
    /// The repository it comes from.
    pub repo: Option<String>,
    /// Where its weights lie on the host.
    pub source_path: Option<String>,
    /// Where its server caches it.
    pub cache_path: Option<String>,
    /// The name and room of the volume its weights lie on: said, or found by its path.
    pub volume: Option<(String, Room)>,
    /// The format of its weights.
    pub format: Option<String>,
    /// How many parameters it has, as written.
    pub parameters: Option<String>,
    /// The same as a number.
    pub parameter_count: Option<f64>,
    /// The word for its size in the policy's scheme, where nobody knows its parameters.
    pub tier: Option<String>,
    /// What it costs, when somebody said.
    pub price: Option<Price>,
    /// How its weights are quantised.
    pub quantisation: Option<String>,
    /// The tokens that fit in its context.
    pub context_length: Option<u64>,
    /// The most tokens it answers with.
    pub max_output_tokens: Option<u64>,
    /// What it does.
    pub mode: Mode,
    /// What else it can do, ordered.
    pub capabilities: Vec<Capability>,
    /// The memory it takes, in bytes.
    pub memory: Option<u64>,
    /// Whether it is loaded when its service starts.
    pub boot: bool,
    /// The chat template to use in place of its own.
    pub chat_template: Option<String>,
    /// The parser for its tool calls.
    pub tool_call_parser: Option<String>,
    /// The parser for its reasoning.
    pub reasoning_parser: Option<String>,
    /// Parameters that its server adds to every request.
    pub request_params: BTreeMap<String, Parameter>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands.
    pub span: Span,
}
