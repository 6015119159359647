//! The order of the steps, from text to artifacts, on one page.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Source};
use crate::emit::{Artifacts, EMITTERS, EmitError};
use crate::manifest::Manifest;
use crate::platform::{Platform, resolve};
use crate::syntax::{self, Document};

/// What became of a text: a platform when nothing stops it from being built, and everything found on the way.
#[derive(Debug)]
pub struct Checked {
    /// The text as a tree, when it can be read as one.
    pub document: Option<Document>,
    /// The platform, when there is no error.
    pub platform: Option<Platform>,
    /// Everything found, in the order of the text.
    pub diagnostics: Diagnostics,
}

/// Every rule that a reader of a `platform.toml` can meet, in the order of the steps.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let own: [&'static Rule; 1] = [&UNREADABLE_VALUE];
    syntax::RULES
        .iter()
        .copied()
        .chain(own)
        .chain(resolve::RULES.iter().copied())
}

/// Checks a text: syntax, shape, then the whole file as meant.
pub fn check(source: &Source) -> Checked {
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(source, &mut diagnostics);
    let manifest = document
        .as_ref()
        .filter(|_| !diagnostics.has_errors())
        .and_then(|document| read(document, &mut diagnostics));
    let platform = match (&document, &manifest) {
        (Some(document), Some(manifest)) => resolve(manifest, document, &mut diagnostics),
        _ => None,
    };
    diagnostics.sort();
    Checked {
        document,
        platform,
        diagnostics,
    }
}

/// Makes the artifacts of a platform; with `only`, those of these emitters and no others.
pub fn emit(platform: &Platform, only: Option<&[&str]>) -> Result<Artifacts, EmitError> {
    let mut artifacts = Artifacts::new();
    for emitter in EMITTERS {
        (emitter.emit)(platform, &mut artifacts)?;
    }
    if let Some(only) = only {
        artifacts.retain(|it| only.contains(&it.path.split('/').next().unwrap_or("")));
    }
    Ok(artifacts)
}

fn read(document: &Document, diagnostics: &mut Diagnostics) -> Option<Manifest> {
    match document.root_node().deserialize() {
        Ok(manifest) => Some(manifest),
        Err(error) => {
            let diagnostic = Diagnostic::new(&UNREADABLE_VALUE, error.message);
            diagnostics.push(match error.span {
                Some(span) => diagnostic.primary(span, "cannot be read"),
                None => diagnostic,
            });
            None
        }
    }
}

static UNREADABLE_VALUE: Rule = Rule {
    name: "unreadable-value",
    severity: Severity::Error,
    summary: "a value is not of the form that its field needs",
    why: "What a field means is fixed; a value of another form has no meaning there.",
    bad: "version = \"one\"\n",
    good: "version = 1\n",
};
