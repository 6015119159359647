//! The order of the steps, from text to artifacts, on one page.

use crate::diagnostic::{Diagnostics, Rule, Source};
use crate::emit::{Artifacts, EMITTERS, EmitError};
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
    let steps = [syntax::RULES, shape::RULES, resolve::RULES];
    steps.into_iter().flatten().copied().chain(lint::rules())
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

fn platform(document: &Document, diagnostics: &mut Diagnostics) -> Option<Platform> {
    let shaped = shape::check(&manifest::schema(), document, diagnostics);
    if !shaped || document.is_damaged() || diagnostics.has_errors() {
        return None;
    }
    let manifest = document.root_node().deserialize().expect(
        "a document of the schema's shape is a value of the type that the schema was made from",
    );
    resolve(&manifest, document, diagnostics)
}

/// Makes every artifact of a platform.
pub fn emit(platform: &Platform) -> Result<Artifacts, EmitError> {
    let mut artifacts = Artifacts::new();
    for emitter in EMITTERS {
        (emitter.emit)(platform, &mut artifacts)?;
    }
    Ok(artifacts)
}
