//! Memory in pages of 4 kB where it counts how much there is of it.
//!
//! The allocator asks the kernel for pages of 2 MB. They make the check of a large file a third faster, and a process keeps more than it needs: a build of ten thousand services at the moment when it holds the most, a proxy for months.

use std::ffi::OsStr;

/// The commands whose memory counts.
const COMMANDS: [&str; 2] = ["build", "proxy"];

/// Has memory come in small pages when one of these commands was typed. It must be the first thing that a program does, for pages that are there stay as they are: some megabytes, which the env file of a gateway spares too.
///
/// Not for all commands: what they start would have small pages as well.
pub(super) fn ask() {
    let command = std::env::args_os().nth(1);
    let counts = |it: &OsStr| COMMANDS.iter().any(|command| it == *command);
    if command.as_deref().is_some_and(counts) {
        // Where the kernel cannot be told, the program is as right with large ones.
        #[cfg(target_os = "linux")]
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
}
