//! From the platform as meant to artifacts: one folder per emitter.
//!
//! An emitter reads the platform and returns texts; it touches no disk, no clock and no other emitter. What several of them need (artifacts, templates, escaping, YAML, places on a host) lies beside them.

mod artifact;
mod digest;
pub mod escape;
pub mod template;
pub mod json;
pub mod yaml;
pub mod places;
pub mod process;
pub mod container;
pub mod endpoint;
pub mod starter;
pub mod probe;
pub mod mcp_servers;
pub mod mcp_litellm;
pub mod pages;
pub mod picture;
mod litellm;
mod env;
mod systemd;
mod compose;
mod quadlet;
mod launchd;
mod tailscale;
mod mcp;
mod registry;
mod config;
mod routes;
mod docs;
pub mod site;
mod ops;
pub mod manifest;

use std::error::Error;
use std::fmt;

pub use artifact::{Artifact, Artifacts, Install};
pub use digest::Digest;
pub use escape::Unwritable;
pub use template::{Template, TemplateError};

use crate::platform::Platform;

use pages::Book;

/// Every emitter, in the order in which they are listed to people.
pub static EMITTERS: &[&Emitter] = &[
    &litellm::EMITTER,
    &env::EMITTER,
    &systemd::EMITTER,
    &launchd::EMITTER,
    &compose::EMITTER,
    &quadlet::EMITTER,
    &tailscale::EMITTER,
    &mcp::EMITTER,
    &registry::EMITTER,
    &config::EMITTER,
    &routes::EMITTER,
    &docs::EMITTER,
    // These two read what the others made, so they stay at the end and in this order.
    &ops::EMITTER,
    &manifest::EMITTER,
];

/// Makes one folder of `generated/`.
#[derive(Debug)]
pub struct Emitter {
    /// The folder's name.
    pub name: &'static str,
    /// What it makes, in one line.
    pub summary: &'static str,
    /// True when it reads what the others made.
    pub last: bool,
    /// Adds its artifacts.
    pub emit: Emit,
}

/// What an emitter reads.
#[derive(Debug, Clone, Copy)]
pub enum Emit {
    /// The platform: for what runs.
    Platform(fn(&Platform, &mut Artifacts) -> Result<(), EmitError>),
    /// The platform, its promises and the rules: for what is read.
    Book(fn(&Book, &mut Artifacts) -> Result<(), EmitError>),
}

impl Emitter {
    /// Adds the emitter's artifacts.
    pub fn run(&self, book: &Book, artifacts: &mut Artifacts) -> Result<(), EmitError> {
        match self.emit {
            Emit::Platform(emit) => emit(book.platform, artifacts),
            Emit::Book(emit) => emit(book, artifacts),
        }
    }
}

/// Why an artifact could not be made.
#[derive(Debug)]
pub enum EmitError {
    /// A template failed: a mistake of ours.
    Template(TemplateError),
    /// A value of the platform cannot be carried by the format: the artifact, and why.
    Unwritable(String, Unwritable),
}

impl EmitError {
    /// The error of an artifact's template, which names the artifact when it is about a value.
    pub fn of(artifact: &str, error: TemplateError) -> Self {
        match error {
            TemplateError::Unwritable { source, .. } => {
                Self::Unwritable(artifact.to_owned(), source)
            }
            error => Self::Template(error),
        }
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(_) => write!(formatter, "a template cannot be rendered"),
            Self::Unwritable(artifact, _) => write!(formatter, "`{artifact}` cannot be written"),
        }
    }
}

impl Error for EmitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Template(source) => Some(source),
            Self::Unwritable(_, source) => Some(source),
        }
    }
}

impl From<TemplateError> for EmitError {
    fn from(source: TemplateError) -> Self {
        Self::Template(source)
    }
}
