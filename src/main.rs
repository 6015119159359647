//! The `homelab` program.

use std::process::ExitCode;

/// A large file makes some millions of small values, for which the allocator of glibc takes half as long again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    homelab::cli::main()
}
