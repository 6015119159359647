//! The order of the steps, from text to artifacts, on one page.

use schemars::Schema;

use crate::diagnostic::{Diagnostics, Rule, Source};
use crate::emit::pages::Book;
use crate::emit::site;
use crate::emit::{Artifacts, EMITTERS, EmitError, Emitter, MANY_SERVICES, side_by_side};
use crate::ledger::{self, Lock};
use crate::lint::{self, Date};
use crate::manifest::{self, shape};
use crate::platform::{Platform, resolve};
use crate::syntax::{self, Document};

/// What became of a text: a platform when nothing stops it from being built, and everything found on the way.
#[derive(Debug)]
pub struct Checked {
    /// The text as a tree, when it can be read as one.
    pub document: Option<Document>,
    /// The platform, when nothing stops it from being made; lint may still have found errors.
    pub platform: Option<Platform>,
    /// Everything found, in the order of the text.
    pub diagnostics: Diagnostics,
}

/// Every rule that a reader of a `platform.toml` can meet, in the order of the steps.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let steps = [syntax::RULES, shape::RULES, resolve::RULES, ledger::RULES];
    steps.into_iter().flatten().copied().chain(lint::rules())
}

/// The JSON schema of `platform.toml`, with the names of all rules whose level can be set.
pub fn schema() -> Schema {
    manifest::schema(lint::rules())
}

/// The schema that a file is held against. It also knows the rules about promises: `lint` says better why nobody can excuse those.
pub fn checked_schema() -> Schema {
    manifest::plain_schema(lint::rules().chain(ledger::RULES.iter().copied()))
}

/// Checks a text: syntax, shape, the whole file as meant, then the owner's promises. Each step goes on as far as the one before left something to read. Without a date, rules that need one find nothing.
pub fn check(source: &Source, today: Option<Date>) -> Checked {
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(source, &mut diagnostics);
    let platform = document
        .as_ref()
        .and_then(|document| platform(document, &mut diagnostics));
    match (&document, &platform) {
        (Some(document), Some(platform)) => {
            diagnostics.extend(lint::lint(platform, document, today));
        }
        (Some(document), None) => diagnostics.extend(lint::lint_text(document)),
        (None, _) => {}
    }
    diagnostics.redact(source);
    diagnostics.sort();
    Checked {
        document,
        platform,
        diagnostics,
    }
}

/// What became of the promises in a lock.
#[derive(Debug, Default)]
pub struct Promises {
    /// What is wrong with the lock, in its own text.
    pub lock_diagnostics: Diagnostics,
    /// Promises that the platform breaks, in the text of the platform.
    pub broken: Diagnostics,
    /// What the lock says, when it can be read.
    pub known: Option<Lock>,
    /// The lock as the next build leaves it; nothing when it cannot be trusted as it is.
    pub next: Option<Lock>,
}

/// Holds a platform against the lock beside it, if there is one.
pub fn promises(platform: &Platform, lock: Option<&Source>) -> Promises {
    let mut lock_diagnostics = Diagnostics::new();
    let known = lock.map(|source| ledger::read(source, &mut lock_diagnostics));
    if lock_diagnostics.has_errors() {
        return Promises {
            lock_diagnostics,
            ..Promises::default()
        };
    }
    let compared = ledger::compare(platform, known.as_ref());
    lock_diagnostics.extend(compared.settled);
    lock_diagnostics.sort();
    Promises {
        lock_diagnostics,
        broken: compared.broken,
        known,
        next: Some(compared.next),
    }
}

fn platform(document: &Document, diagnostics: &mut Diagnostics) -> Option<Platform> {
    let shaped = shape::check(&checked_schema(), document, diagnostics);
    if !shaped || document.is_damaged() || diagnostics.has_errors() {
        return None;
    }
    let manifest = document.root_node().deserialize().expect(
        "a document of the schema's shape is a value of the type that the schema was made from",
    );
    resolve(&manifest, document, diagnostics)
}

/// Makes every artifact of a platform; the lock is what it promises, this build included.
///
/// Emitters that read no other's artifacts work side by side on a large platform; those that list what the others made come last. The result is the same in any case.
pub fn emit(platform: &Platform, lock: &Lock) -> Result<Artifacts, EmitError> {
    let rules: Vec<&Rule> = rules().collect();
    let book = Book {
        platform,
        lock,
        rules: &rules,
    };
    let mut artifacts = Artifacts::new();
    let (last, first): (Vec<&Emitter>, Vec<&Emitter>) = EMITTERS.iter().partition(|it| it.last);
    let many = platform.services.len() >= MANY_SERVICES;
    for made in side_by_side(&first, many, |emitter| emit_one(&book, emitter)) {
        artifacts.extend(made?);
    }
    for emitter in &last {
        emitter.run(&book, &mut artifacts)?;
    }
    Ok(artifacts)
}

/// Makes the site of a platform, with the owner's documents among its pages; also returns the references of these that lead nowhere.
pub fn site(
    platform: &Platform,
    lock: &Lock,
    documents: &[site::Document],
) -> Result<Artifacts, EmitError> {
    let rules: Vec<&Rule> = rules().collect();
    let book = Book {
        platform,
        lock,
        rules: &rules,
    };
    site::site(&book, documents)
}

fn emit_one(book: &Book, emitter: &Emitter) -> Result<Artifacts, EmitError> {
    let mut artifacts = Artifacts::new();
    emitter.run(book, &mut artifacts)?;
    // Whoever makes a file works out its digest too, while the others are still busy.
    for artifact in &artifacts {
        artifact.sha256();
    }
    Ok(artifacts)
}
