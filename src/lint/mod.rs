//! What can be built but will not run well, or breaks a promise of the owner.
//!
//! A rule is a [`Lint`] in a file of its own below `rules/`. What it finds is held against what the owner says about it: its level on the whole platform, and the places where it does not hold. Mistakes that stop a platform from being built are not here: the steps before report them, and nobody can allow those.

mod date;
mod exposure;
mod naming;
mod ports;
mod markdown;
mod mentions;
mod prose;
mod rules;
mod scheme;
mod settings;
mod texts;
mod urls;
mod words;

use crate::diagnostic::{Diagnostics, Rule};
use crate::platform::{Handle, Platform};
use crate::side_by_side::{MANY_SERVICES, side_by_side};
use crate::syntax::Document;

pub use date::Date;
pub use markdown::{Page, Pages};
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
    /// The text alone, as it is checked while a platform is made of it; told of only where there is one.
    Words(fn(&Document, &mut Diagnostics)),
    /// The text: order, comments, words.
    Document(fn(&Document, &Platform, &mut Diagnostics)),
    /// Each page of handwritten Markdown, against the platform; what it finds stands at the place of its page. It sees all at once, so that what it must know of the platform is worked out once.
    Page(fn(&Platform, &Pages, &mut [Diagnostics])),
    /// All pages together; what it finds stands in the platform's text.
    Pages(fn(&Platform, &Pages, &mut Diagnostics)),
    /// Raised by the engine that applies levels and exceptions, not by a check.
    Settings,
}

/// The name that the scheme of the policy has for a handle; nothing when it has that one, or when no other is certain.
pub fn right_name(platform: &Platform, handle: &Handle) -> Option<String> {
    let scheme = platform.policy.scheme.as_ref()?;
    scheme::misnomer(platform, scheme, handle)?.right
}

/// Every rule of this room.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    LINTS.iter().map(|lint| &lint.rule)
}

/// Checks every rule and applies what the owner says about them. Without a date, rules that need one find nothing. What rules about the text alone find is known already.
pub fn lint(
    platform: &Platform,
    document: &Document,
    today: Option<Date>,
    of_text: TextFound,
) -> Diagnostics {
    let many = platform.services.len() >= MANY_SERVICES;
    let others = side_by_side(LINTS, many, |lint| {
        let mut found = Diagnostics::new();
        match (&lint.check, today) {
            (Check::Platform(check), _) => check(platform, &mut found),
            (Check::Dated(check), Some(today)) => check(platform, today, &mut found),
            (Check::Document(check), _) => check(document, platform, &mut found),
            (Check::Dated(_), None)
            | (
                Check::Text(_)
                | Check::Words(_)
                | Check::Page(_)
                | Check::Pages(_)
                | Check::Settings,
                _,
            ) => {}
        }
        found
    });
    let mut found = Diagnostics::new();
    for (of_text, other) in of_text.by_rule.into_iter().zip(others) {
        found.extend(of_text);
        found.extend(other);
    }
    settings::apply(platform, document, today, found)
}

/// What was found in handwritten Markdown.
#[derive(Debug)]
pub struct PagesFound {
    /// What was found in each page, in their order.
    pub pages: Vec<Diagnostics>,
    /// What was found about the platform, in its own text.
    pub platform: Diagnostics,
}

/// Holds handwritten Markdown against the platform, and applies what the owner says about those rules; the place of an exception is the path of a page, or a folder.
pub fn lint_pages(
    platform: &Platform,
    document: &Document,
    pages: &Pages,
    today: Option<Date>,
) -> PagesFound {
    let mut found = PagesFound {
        pages: pages.pages.iter().map(|_| Diagnostics::new()).collect(),
        platform: Diagnostics::new(),
    };
    for lint in LINTS {
        match lint.check {
            Check::Page(check) => check(platform, pages, &mut found.pages),
            Check::Pages(check) => check(platform, pages, &mut found.platform),
            _ => {}
        }
    }
    found.pages.iter_mut().for_each(Diagnostics::sort);
    settings::apply_to_pages(platform, document, pages, today, found)
}

/// What rules about the text alone found.
#[derive(Debug)]
pub struct TextFound {
    /// For each rule of this room, in their order.
    by_rule: Vec<Diagnostics>,
}

/// Checks the rules that need the text alone, some of them also of one that no platform can be made of: a secret in it must not be shown for another mistake.
pub fn lint_text(document: &Document) -> TextFound {
    let by_rule = LINTS.iter().map(|lint| {
        let mut found = Diagnostics::new();
        if let Check::Text(check) | Check::Words(check) = lint.check {
            check(document, &mut found);
        }
        found
    });
    TextFound {
        by_rule: by_rule.collect(),
    }
}

/// What is told of a text that no platform was made of.
impl From<TextFound> for Diagnostics {
    fn from(found: TextFound) -> Self {
        let mut all = Self::new();
        for (lint, of_rule) in LINTS.iter().zip(found.by_rule) {
            if let Check::Text(_) = lint.check {
                all.extend(of_rule);
            }
        }
        all
    }
}
