//! The one test binary: what the library and the program promise, seen from outside.

mod import;
mod tools;
mod layering;
mod committed;
mod syntax;
mod shape;
mod schema;
mod report;
mod ci_formats;
mod resolve;
mod ledger;
mod lint;
mod lint_more;
mod formats;
mod litellm;
mod units;
mod mcp;
mod pages;
mod registry;
mod site;
mod ops;
mod output;
mod cli;
mod reference;
mod hooks;
mod pictures;
