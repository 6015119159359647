//! What can be built but will not run well, or breaks a promise of the owner.
//!
//! A rule is a [`Lint`] in a file of its own below `rules/`. What it finds is held against what the owner says about it: its level on the whole platform, and the places where it does not hold. Mistakes that stop a platform from being built are not here: the steps before report them, and nobody can allow those.

mod date;
mod exposure;
mod naming;
mod ports;
mod rules;
mod scheme;
mod settings;
mod texts;
mod urls;
mod words;

use crate::diagnostic::{Diagnostics, Rule};
use crate::platform::Platform;
use crate::syntax::Document;

pub use date::Date;
pub use rules::LINTS;

/// A rule, and how it is checked.
#[derive(Debug)]
pub struct Lint {
    /// What it is about.
    pub rule: Rule,
    /// How it is checked.
    pub check: Check,
}

/// How a rule is checked: by what it needs to see.
#[derive(Debug)]
pub enum Check {
    /// The platform as meant.
    Platform(fn(&Platform, &mut Diagnostics)),
    /// The platform, and what day it is.
    Dated(fn(&Platform, Date, &mut Diagnostics)),
    /// The text alone: what is checked even when no platform can be made of it.
    Text(fn(&Document, &mut Diagnostics)),
    /// The text: order, comments, words.
    Document(fn(&Document, &Platform, &mut Diagnostics)),
    /// Raised by the engine that applies levels and exceptions, not by a check.
    Settings,
}

/// Every rule of this room.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    LINTS.iter().map(|lint| &lint.rule)
}

/// Checks every rule and applies what the owner says about them. Without a date, rules that need one find nothing.
pub fn lint(platform: &Platform, document: &Document, today: Option<Date>) -> Diagnostics {
    let mut found = Diagnostics::new();
    for lint in LINTS {
        match lint.check {
            Check::Platform(check) => check(platform, &mut found),
            Check::Dated(check) => {
                if let Some(today) = today {
                    check(platform, today, &mut found);
                }
            }
            Check::Text(check) => check(document, &mut found),
            Check::Document(check) => check(document, platform, &mut found),
            Check::Settings => {}
        }
    }
    settings::apply(platform, document, today, found)
}

/// Checks the rules that need the text alone, for one that no platform can be made of: a secret in it must not be shown for another mistake.
pub fn lint_text(document: &Document) -> Diagnostics {
    let mut found = Diagnostics::new();
    for lint in LINTS {
        if let Check::Text(check) = lint.check {
            check(document, &mut found);
        }
    }
    found
}
