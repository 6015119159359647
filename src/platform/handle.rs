//! Handles as meant.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;

use super::{HandleId, HandleState, ModelId, Parameter, ServiceId, Visibility};

/// A name that clients use for a model or a group of models.
#[derive(Debug, Clone)]
pub struct Handle {
    /// Its id.
    pub id: HandleId,
    /// Its name.
    pub name: String,
    /// Its title; its name when it has none.
    pub title: String,
    /// The handle that this is another name for; models and optimiser are those of that one.
    pub alias_of: Option<HandleId>,
    /// Whether clients may count on it.
    pub state: HandleState,
    /// The models behind it, in the order written; at least one.
    pub targets: Vec<Target>,
    /// Who sees it.
    pub visibility: Visibility,
    /// The optimising service it goes through.
    pub via: Option<ServiceId>,
    /// The technique that service applies.
    pub technique: Option<String>,
    /// Handles tried in order when this one fails.
    pub fallbacks: Vec<HandleId>,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// How long the first chunk of a stream may take.
    pub stream_timeout: Option<Duration>,
    /// Parameters added to a request that has none of that name.
    pub parameters: BTreeMap<String, Parameter>,
    /// The day it was first promised.
    pub since: Option<String>,
    /// Set when it is on its way out.
    pub deprecated: Option<Deprecation>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

impl Handle {
    /// The handle whose routes answer for it: itself, or the one it is another name for.
    pub fn served_by(&self) -> HandleId {
        self.alias_of.unwrap_or(self.id)
    }
}

/// A model behind a handle.
#[derive(Debug, Clone)]
pub struct Target {
    /// The model.
    pub model: ModelId,
    /// Those with the lowest order are tried first.
    pub order: Option<u32>,
    /// Its share among those of the same order.
    pub weight: Option<u32>,
    /// Where it stands.
    pub span: Span,
}

/// A handle on its way out.
#[derive(Debug, Clone)]
pub struct Deprecation {
    /// The handle to use instead.
    pub in_favour_of: HandleId,
    /// Since when.
    pub since: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
