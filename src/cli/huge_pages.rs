//! Memory in pages of 2 MB for the check of a very large file.
//!
//! A platform of 10,000 services takes 220 MB. In pages of 4 kB the kernel is asked for 50,000 of them one by one, which is a quarter of the time of `homelab lint`. The allocator of glibc asks for large pages only when the environment says so at the start of a program, so the program begins once more. That takes two milliseconds, and is done before anything else was.

use std::path::Path;

/// From how many bytes of text on it pays: some thousands of services.
const VERY_LARGE: u64 = 2 << 20;

/// Begins the program once more where the file is so large that large pages pay. Where that cannot be, it goes on with small ones.
pub(super) fn welcome(file: &Path) {
    if std::fs::metadata(file).is_ok_and(|it| it.len() >= VERY_LARGE) {
        begin_again();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn begin_again() {
    use std::os::unix::process::CommandExt;

    const TUNABLES: &str = "GLIBC_TUNABLES";
    const SETTING: &str = "glibc.malloc.hugetlb";
    let said = std::env::var(TUNABLES).unwrap_or_default();
    // Who says something of it means it, and the program that was begun again ends here.
    if said.contains(SETTING) {
        return;
    }
    let mut arguments = std::env::args_os();
    let (Ok(program), Some(name)) = (std::env::current_exe(), arguments.next()) else {
        return;
    };
    let separator = if said.is_empty() { "" } else { ":" };
    // It only comes back where it could not be done.
    let _ = std::process::Command::new(program)
        .arg0(name)
        .args(arguments)
        .env(TUNABLES, format!("{said}{separator}{SETTING}=1"))
        .exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn begin_again() {}
