//! The `homelab` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    homelab::cli::main()
}
