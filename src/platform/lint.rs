//! What the owner says about rules.

use crate::diagnostic::Span;

use super::Level;

/// How grave a rule is on the whole platform.
#[derive(Debug, Clone)]
pub struct LevelSetting {
    /// The rule's name.
    pub rule: String,
    /// How grave it is.
    pub level: Level,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// A place where a rule does not hold, or not as gravely.
#[derive(Debug, Clone)]
pub struct Exception {
    /// The rule's name.
    pub rule: String,
    /// The keys of the place, such as `services.open-webui`.
    pub at: String,
    /// How grave it is there.
    pub level: Level,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Option<String>,
    /// Where its rule is named.
    pub span: Span,
}
