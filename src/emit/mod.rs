//! From the platform as meant to artifacts: one folder per emitter.
//!
//! An emitter reads the platform and returns texts; it touches no disk, no clock and no other emitter. What several of them need (artifacts, templates, escaping, YAML) lies beside them.

mod artifact;
pub mod escape;
pub mod json;
pub mod template;
pub mod yaml;

pub use artifact::{Artifact, Artifacts, Install};
pub use template::{Template, TemplateError};
