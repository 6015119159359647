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

/// Every emitter, in the order in which they are begun and listed to people. What takes longest is begun first, so that no core waits long for another at the end of a round.
pub static EMITTERS: &[&Emitter] = &[
    &env::EMITTER,
    &systemd::EMITTER,
    &routes::EMITTER,
    &registry::EMITTER,
    &litellm::EMITTER,
    &launchd::EMITTER,
    &compose::EMITTER,
    &quadlet::EMITTER,
    &tailscale::EMITTER,
    &mcp::EMITTER,
    &config::EMITTER,
    &docs::EMITTER,
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
    /// The platform, and what is made for what runs: for what installs that.
    Installed(fn(&Platform, &Artifacts, &mut Artifacts) -> Result<(), EmitError>),
    /// The platform, and what everybody else made: for what lists it.
    All(fn(&Platform, &Artifacts, &mut Artifacts) -> Result<(), EmitError>),
}

impl Emit {
    /// How many rounds of emitters come before it: those of one round read nothing of each other.
    pub fn round(&self) -> usize {
        match self {
            Self::Platform(_) => 0,
            Self::Book(_) | Self::Installed(_) => 1,
            Self::All(_) => 2,
        }
    }

    /// How many rounds there are.
    pub const ROUNDS: usize = 3;
}

impl Emitter {
    /// Returns the emitter's artifacts; it sees those of the rounds before.
    pub fn run(&self, book: &Book, before: &Artifacts) -> Result<Artifacts, EmitError> {
        let mut own = Artifacts::new();
        match self.emit {
            Emit::Platform(emit) => emit(book.platform, &mut own),
            Emit::Book(emit) => emit(book, &mut own),
            Emit::Installed(emit) | Emit::All(emit) => emit(book.platform, before, &mut own),
        }?;
        Ok(own)
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
