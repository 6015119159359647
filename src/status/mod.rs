//! The platform as it is alive, compared with the platform as declared.
//!
//! [`survey`] asks everything that is live, side by side and with time limits, and returns a [`Report`]: what each answered, and where file and world differ, by cause and with the command that would mend it. It asks by the table that `healthcheck.sh` has, so both agree; it asks nothing that loads a model, and it changes nothing.
//!
//! [`serve`] is the same as a service, which keeps what differed in a [`history`]. The room has sockets, a clock and that store; files, variables, programs and the terminal belong to `cli`, which hands in what is needed as a [`World`].

mod ask;
mod catalogue;
mod compare;
mod drift;
pub mod files;
pub mod history;
mod http;
mod listed;
mod mend;
mod promised;
mod question;
mod report;
pub mod serve;

use std::time::Duration;

use crate::platform::{Host, HostId, Platform};

pub use catalogue::{Catalogued, catalogue};
pub use drift::{Cause, Drift};
pub use mend::target;
pub use report::{
    Answered, Counts, FileState, InstalledFile, Listed, Report, State, UnreadHost, Version,
};

/// How long an answer may take when nobody says otherwise: with all questions side by side, a platform of 50 services is known in less than 2 s.
pub const DEFAULT_LIMIT: Duration = Duration::from_millis(1500);

/// The world around the platform, as far as sockets do not reach.
pub struct World<'a> {
    /// The host that this machine is; nothing when it is none of the platform's.
    pub here: Option<&'a Host>,
    /// How long an answer may take.
    pub limit: Duration,
    /// The value of a key by the name of its variable.
    pub key: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Whether what starts services (`systemd`, `launchd`) says that a unit runs.
    pub runs: &'a (dyn Fn(&str, &str) -> bool + Sync),
}

impl World<'_> {
    /// True when this machine is the host of this name.
    fn is_here(&self, host: &str) -> bool {
        self.here.is_some_and(|it| it.name == host)
    }
}

/// What of the platform is looked at.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only these hosts; all when empty.
    pub hosts: Vec<HostId>,
    /// Whether the owner's checks are made too.
    pub checks: bool,
}

impl Scope {
    fn has(&self, host: HostId) -> bool {
        self.hosts.is_empty() || self.hosts.contains(&host)
    }
}

/// Asks everything that is live and compares it with what is declared; `progress` hears how many of how many questions are answered.
pub fn survey(
    platform: &Platform,
    world: &World,
    scope: &Scope,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Report {
    let questions = question::questions(platform, world, scope);
    let answers = ask::ask_all(&questions, world, progress);
    compare::compare(platform, world, &questions, answers)
}
