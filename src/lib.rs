//! `homelab`: one `platform.toml`, checked and compiled into everything a home LLM lab runs on.
//!
//! The rooms, in reading order; `docs/architecture.md` has the picture.

pub mod diagnostic;
pub mod syntax;
pub mod backend;
pub mod manifest;
pub mod platform;
pub mod ledger;
pub mod lint;
pub mod routes;
pub mod emit;
pub mod compile;
pub mod status;
pub mod import;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod cli;
