//! Operation as meant.

use crate::diagnostic::Span;

use super::{Method, ServiceId};

/// How the platform is operated.
#[derive(Debug, Clone)]
pub struct Ops {
    /// All services that we can restart and that run, in the order in which that is done: callees before callers, the gateway before those that call it back, and the owner's order where that leaves a choice.
    pub restart_order: Vec<ServiceId>,
    /// Checks beyond the health of each service, ordered by name.
    pub checks: Vec<Check>,
}

/// A request that must succeed for the platform to be well.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What it shows; its name when nobody said.
    pub title: String,
    /// The service asked.
    pub service: ServiceId,
    /// The path, with its query.
    pub path: String,
    /// The method.
    pub method: Method,
    /// The JSON body that is sent.
    pub body: Option<String>,
    /// The status that means well.
    pub status: u16,
    /// Words that must stand in the answer.
    pub contains: Option<String>,
    /// Whether it needs the service's key.
    pub needs_key: bool,
    /// Where it stands.
    pub span: Span,
}
