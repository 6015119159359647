//! `[[migration]]`, `[[moved]]` and `[[retired]]`: what becomes of ports and names that were promised.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{HandleName, Name};

/// A service or model takes another port on purpose. Exactly one of `service` and `model`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// The service that takes another port.
    pub service: Option<Name>,
    /// The model that takes another port, where each model of its service has one.
    pub model: Option<HandleName>,
    /// The host it had its port on. Default: the host it is on now.
    pub host: Option<Name>,
    /// The port it had. Left out when it takes over a port that somebody else had, and had none itself.
    #[schemars(range(min = 1, max = 65535))]
    pub from: Option<i64>,
    /// The port it takes.
    #[schemars(range(min = 1, max = 65535))]
    pub to: i64,
    /// Why.
    pub reason: String,
    /// When: `2026-11-21`.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub when: String,
    /// By whom.
    pub by: String,
}

/// Something has a new name and is otherwise what it was: its ports are no new promises.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// What it is.
    pub kind: MovedKind,
    /// Its old name.
    pub from: HandleName,
    /// Its new name.
    pub to: HandleName,
    /// When: `2026-11-21`.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub when: Option<String>,
}

/// What can have a new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MovedKind {
    /// A service.
    Service,
    /// A host.
    Host,
    /// A model.
    Model,
}

/// A public handle that is gone for good, without a successor.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// The handle.
    pub handle: HandleName,
    /// Why.
    pub reason: String,
    /// When: `2026-11-21`.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub when: Option<String>,
}
