//! The one test binary: what the library and the program promise, seen from outside.

mod import;
mod init;
mod tools;
mod layering;
mod committed;
mod syntax;
mod shape;
mod schema;
mod report;
mod ci_formats;
mod resolve;
mod robustness;
mod ledger;
mod lint;
mod lint_more;
mod contradictions;
mod lint_pages;
mod mutations;
mod formats;
mod litellm;
mod units;
mod containers;
mod tailscale;
mod mcp;
mod pages;
mod registry;
mod site;
mod ops;
mod output;
mod cli;
mod fix;
mod reference;
mod hooks;
mod pictures;
#[cfg(feature = "proxy")]
mod proxy;
