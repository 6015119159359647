//! Arguments, terminal, disk and signals: the one room of the compiler that touches the world.
//!
//! One file for each command. What a command finds goes to standard output, what went wrong with the world to standard error, and the exit code is 0 (no error), 1 (an error in the file, or drift) or 2 (wrong use, or the world failed).

mod arguments;
mod build;
mod docs;
mod explain;
mod file;
mod fix;
mod import;
mod init;
mod input;
mod lint;
mod new;
pub mod output;
mod pages;
mod place;
mod port;
#[cfg(feature = "proxy")]
mod proxy;
mod remember;
mod reference;
pub mod report;
mod schema;
mod shell;
mod status;
mod sync;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::diagnostic::Rule;

use arguments::{Command, Homelab};

/// Runs the program with the arguments it was given.
pub fn main() -> ExitCode {
    let homelab = match Homelab::try_parse() {
        Ok(homelab) => homelab,
        Err(error) => return refuse(&error),
    };
    let end = match homelab.command {
        Command::Build(arguments) => build::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::New(arguments) => new::run(&arguments),
        Command::Port(arguments) => port::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Sync(arguments) => sync::run(&arguments),
        #[cfg(feature = "proxy")]
        Command::Proxy(arguments) => proxy::run(&arguments),
        Command::Schema => schema::run(),
        Command::Completions(arguments) => shell::completions(&arguments),
        Command::Man(arguments) => shell::man(&arguments),
        Command::Reference(arguments) => reference::run(&arguments),
    };
    end.into()
}

/// Shows what clap says about wrong arguments; help and version are no mistakes.
fn refuse(error: &clap::Error) -> ExitCode {
    // A closed stream has nobody left to tell.
    let _ = error.print();
    ExitCode::from(u8::from(error.use_stderr()) * 2)
}

/// Every rule that a reader can meet: about platform.toml, then about imported files.
fn rules() -> impl Iterator<Item = &'static Rule> {
    crate::compile::rules().chain(crate::import::RULES.iter().copied())
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing stood in the way.
    Well,
    /// An error in the file, or drift.
    Found,
    /// Wrong use, or the world failed.
    Failed,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(match end {
            End::Well => 0,
            End::Found => 1,
            End::Failed => 2,
        })
    }
}
