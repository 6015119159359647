//! The `homelab` program.

use std::process::ExitCode;

// With glibc's a large platform takes a tenth more time, with musl's, which the static binaries of a release would have, more than twice as much.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    homelab::cli::main()
}
