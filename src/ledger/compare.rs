//! A platform held against what was promised.

use std::borrow::Cow;

use super::claim::{Lock, claims};
use super::{handles, moves, ports};
use crate::diagnostic::Diagnostics;
use crate::platform::Platform;

/// What a platform and a lock come to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Promises that are broken, as findings about `platform.toml`.
    pub broken: Diagnostics,
    /// What is odd in the lock and the platform settles, as findings about the lock.
    pub settled: Diagnostics,
    /// The lock as it is after this platform was built: nothing in it is ever forgotten.
    pub next: Lock,
}

/// Holds a platform against a lock; without one, everything is promised for the first time.
pub fn compare(platform: &Platform, lock: Option<&Lock>) -> Comparison {
    let known = lock.map_or_else(Cow::default, |lock| moves::in_new_names(lock, platform));
    let mut comparison = Comparison::default();
    let mut claimed = claims(platform);
    ports::compare(platform, &known, &mut claimed, &mut comparison);
    handles::compare(platform, &known, &claimed, &mut comparison);
    if lock.is_some() {
        ports::idle_migrations(platform, &known, &claimed, &mut comparison);
    }
    comparison.next.ports.append(&mut claimed.ports);
    comparison
}
