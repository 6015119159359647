//! Programs that some tests need and a machine may lack: found here, and missed loudly.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The Python of the tests' own environment: `HOMELAB_TEST_PYTHON`, else the one in `target/venv`.
pub(crate) fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    let python = env::var_os("HOMELAB_TEST_PYTHON").map_or(venv, PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    skip(&format!("no Python at {}", python.display()));
    None
}

/// A program on the path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("no program `{name}` on the path"));
    }
    found
}

/// Says that the test of this thread does less than it should, or fails it where everything must be there (`HOMELAB_TEST_ALL=1`, as in CI).
///
/// The line goes past the test harness, which would keep it to itself.
pub(crate) fn skip(why: &str) {
    assert!(
        env::var_os("HOMELAB_TEST_ALL").is_none_or(|all| all != "1"),
        "{why}, and HOMELAB_TEST_ALL=1 wants every test to run"
    );
    tell(why);
}

/// Says that the test of this thread does less than it could.
pub(crate) fn tell(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {why}");
}

/// Says what a test measured.
pub(crate) fn note(what: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "{test}: {what}");
}
