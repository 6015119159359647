//! The `homelab` program.

use std::process::ExitCode;

// A platform is many small texts: with the allocator of libc, and even more with that of musl, a check spends a quarter of its time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    homelab::cli::main()
}
