//! The `homelab` program.

use std::process::ExitCode;

// The static binaries of a release are made with musl, whose allocator is made for small size and not for speed.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    homelab::cli::main()
}
