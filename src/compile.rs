//! The order of the steps, from text to artifacts, on one page.

use schemars::Schema;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source};
use crate::emit::pages::Book;
use crate::emit::site;
use crate::emit::{Artifact, Artifacts, EMITTERS, Emit, EmitError, Emitter};
use crate::ledger::{self, Lock};
use crate::lint::{self, Date};
use crate::manifest::{self, Manifest, shape};
use crate::platform::{Platform, resolve};
use crate::side_by_side::{MANY_SERVICES, MUCH_TEXT, both, in_parts, side_by_side};
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

/// The schema that a file is held against, as `schema/shapes.rs` has it. It also knows the rules about promises: `lint` says better why nobody can excuse those.
pub fn checked_schema() -> Schema {
    manifest::plain_schema(lint::rules().chain(ledger::RULES.iter().copied()))
}

/// Checks a text: syntax, shape, the whole file as meant, then the owner's promises. Each step goes on as far as the one before left something to read. Without a date, rules that need one find nothing.
pub fn check(source: &Source, today: Option<Date>) -> Checked {
    check_beside(source, today, || (), |_, ()| (), drop).0
}

/// The same, with something else to be done while the platform is made, and, when there is one, something with both while it is linted; what it was made from is then given to `free`.
pub fn check_beside<A: Send, T: Send>(
    source: &Source,
    today: Option<Date>,
    meanwhile: impl FnOnce() -> A + Send,
    beside: impl FnOnce(&Platform, A) -> T + Send,
    free: fn(Manifest),
) -> (Checked, Option<T>) {
    let much = source.text().len() >= MUCH_TEXT;
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(source, &mut diagnostics);
    let (mut platform, mut done) = (None, None);
    if let Some(document) = &document {
        let manifest = read(document, much, &mut diagnostics);
        // Names are resolved by one core for long stretches: the other has time for the text.
        let ((of_text, meanwhile), made) = both(
            much,
            || (lint::lint_text(document), meanwhile()),
            || resolve(manifest.as_ref()?, document, &mut diagnostics),
        );
        if let Some(made) = &made {
            let aside = || {
                let done = beside(made, meanwhile);
                // To give it back takes time as well.
                manifest.map(free);
                done
            };
            let (aside, found) = both(much, aside, || lint::lint(made, document, today, of_text));
            diagnostics.extend(found);
            done = Some(aside);
        } else {
            diagnostics.extend(of_text.into());
        }
        platform = made;
    }
    diagnostics.redact(source);
    diagnostics.sort();
    let checked = Checked {
        document,
        platform,
        diagnostics,
    };
    (checked, done)
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

/// What a lock says, and what is wrong with it.
#[derive(Debug)]
pub struct Known {
    lock: Lock,
    diagnostics: Diagnostics,
}

impl Known {
    /// Reads the text of a lock.
    pub fn of(source: &Source) -> Self {
        let mut diagnostics = Diagnostics::new();
        Self {
            lock: ledger::read(source, &mut diagnostics),
            diagnostics,
        }
    }

    /// Nothing, because of something that is wrong with all of it.
    pub fn nothing(diagnostic: Diagnostic) -> Self {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(diagnostic);
        Self {
            lock: Lock::default(),
            diagnostics,
        }
    }
}

/// Holds a platform against the lock beside it, if there is one.
pub fn promises(platform: &Platform, known: Option<Known>) -> Promises {
    let (known, mut lock_diagnostics) = match known {
        Some(Known { lock, diagnostics }) => (Some(lock), diagnostics),
        None => (None, Diagnostics::new()),
    };
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

/// Reads what a document says, when it has the shape of a platform.
fn read(document: &Document, much: bool, diagnostics: &mut Diagnostics) -> Option<Manifest> {
    let readable = !document.is_damaged() && !diagnostics.has_errors();
    let read = || manifest::read(document, much);
    // Much text is read while its shape is still in doubt; what has another shape may then be no manifest.
    let ahead = much && readable;
    let (shaped, ahead) = both(
        ahead,
        || {
            let mut found = Diagnostics::new();
            let shaped = shape::check(document, &mut found);
            (shaped, found)
        },
        || ahead.then(read),
    );
    let (shaped, found) = shaped;
    diagnostics.extend(found);
    if !shaped || !readable {
        return None;
    }
    let manifest = ahead.unwrap_or_else(read);
    Some(manifest.expect(
        "a document of the schema's shape is a value of the type that the schema was made from",
    ))
}

/// Makes every artifact of a platform; the lock is what it promises, this build included.
///
/// Emitters that read nothing of each other work side by side on a large platform. The result is the same in any case.
pub fn emit(platform: &Platform, lock: &Lock) -> Result<Artifacts, EmitError> {
    let rules: Vec<&Rule> = rules().collect();
    let book = Book {
        platform,
        lock,
        rules: &rules,
    };
    let many = platform.services.len() >= MANY_SERVICES;
    let mut artifacts = Artifacts::new();
    for round in 0..Emit::ROUNDS {
        let emitters = EMITTERS.iter().filter(|it| it.emit.round() == round);
        let emitters: Vec<&Emitter> = emitters.copied().collect();
        let made = side_by_side(&emitters, many, |emitter| {
            emit_one(&book, &artifacts, emitter)
        });
        let made = made.into_iter().collect::<Result<Vec<_>, _>>()?;
        artifacts = Artifacts::joined(std::iter::once(artifacts).chain(made).collect());
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

/// How many files one core digests in a row.
const DIGESTS_IN_A_ROW: usize = 1024;

fn emit_one(book: &Book, before: &Artifacts, emitter: &Emitter) -> Result<Artifacts, EmitError> {
    let artifacts = emitter.run(book, before)?;
    if emitter.emit.round() + 1 < Emit::ROUNDS {
        // Whoever makes a file works out its digest too, while the others are still busy. Those of the last round are listed nowhere: only the writer asks for them.
        let all: Vec<&Artifact> = artifacts.iter().collect();
        in_parts(&all, DIGESTS_IN_A_ROW, true, |part| {
            for artifact in part {
                artifact.sha256();
            }
        });
    }
    Ok(artifacts)
}
