//! A rule: a name for one kind of mistake, with the reason why it is one.

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Work left to do or a remark; changes no exit code.
    Note,
    /// Will build, and will probably disappoint.
    Warning,
    /// Cannot be built, or must not be.
    Error,
}

impl Severity {
    /// The word for it in reports: `error`, `warning` or `note`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One kind of mistake. `homelab explain`, the reference page and the tests are made from this value.
#[derive(Debug)]
pub struct Rule {
    /// Names what is wrong, in kebab-case; reads well after "allow".
    pub name: &'static str,
    /// How grave it is unless a setting says otherwise.
    pub severity: Severity,
    /// One line: what is wrong.
    pub summary: &'static str,
    /// Why it is a mistake.
    pub why: &'static str,
    /// A platform that breaks this rule and no other.
    pub bad: &'static str,
    /// The same platform, mended.
    pub good: &'static str,
}
