//! What the owner says about promised ports and names that change.

use crate::diagnostic::Span;

use super::MovedKind;

/// Who has a port: a service, or a model where each model of its service has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A model, by canonical id.
    Model(String),
    /// A service, by name.
    Service(String),
}

impl Owner {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Model(name) | Self::Service(name) => name,
        }
    }

    /// What it is: `model` or `service`.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Model(_) => "model",
            Self::Service(_) => "service",
        }
    }
}

/// Somebody takes another port on purpose.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Who.
    pub owner: Owner,
    /// The host it had its port on, when that is said; it may be gone.
    pub host: Option<String>,
    /// The port it had.
    pub from: Option<u16>,
    /// The port it takes.
    pub to: u16,
    /// Why.
    pub reason: String,
    /// When.
    pub when: String,
    /// By whom.
    pub by: String,
    /// Where it stands.
    pub span: Span,
}

/// Something has a new name.
#[derive(Debug, Clone)]
pub struct Moved {
    /// What it is.
    pub kind: MovedKind,
    /// Its old name.
    pub from: String,
    /// Its new name, which may be an old one by now.
    pub to: String,
    /// Where it stands.
    pub span: Span,
}

/// A public handle that is gone for good.
#[derive(Debug, Clone)]
pub struct Retired {
    /// Its name.
    pub handle: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub span: Span,
}
