//! A server behind a route: what is sent to it, and how it has fared.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use smol_str::SmolStr;

use super::url::Url;
use crate::routes::Endpoint;

/// A deployment as requests need it: everything that can be made before they come is made.
#[derive(Debug)]
pub(super) struct Deployment {
    /// Its id.
    pub(super) id: SmolStr,
    /// Where it is.
    pub(super) url: Url,
    /// The key under which connections to it are kept: its scheme and authority.
    pub(super) origin: Arc<str>,
    /// The model's name as a JSON string.
    pub(super) model: Vec<u8>,
    /// The model's name as it is.
    pub(super) model_name: String,
    /// The endpoints it serves.
    pub(super) endpoints: Vec<Endpoint>,
    /// Its rank: the lowest is tried first.
    pub(super) order: u32,
    /// Its share among those of its rank.
    pub(super) weight: u32,
    /// How long an answer may take to begin.
    pub(super) timeout: Duration,
    /// How long a stream may take to begin; nothing when nobody said.
    pub(super) stream_timeout: Option<Duration>,
    /// Fields for requests that do not have them, each as `"name":value`.
    pub(super) parameters: Vec<(String, Vec<u8>)>,
    /// What follows the path in the head of a request that is sent to it, up to the fields that differ.
    pub(super) opening: Vec<u8>,
    /// The field with its key, complete with line end.
    pub(super) authorization: Vec<u8>,
    /// How to ask whether it is well.
    pub(super) health: Option<Probe>,
    /// How it has fared; outlives reloads.
    pub(super) state: Arc<State>,
}

/// How to ask a deployment whether it is well.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) needs_key: bool,
}

/// How a deployment has fared, shared by all that use it.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Until when it is left alone, in milliseconds of [`now`].
    cooling_until: AtomicU64,
    /// True from its first failure beyond what is allowed to its next success.
    tripped: AtomicBool,
    /// True while a request tries whether it is back.
    probing: AtomicBool,
    /// The minute in which failures are counted, and how many there are.
    minute: AtomicU64,
    failures: AtomicU32,
    /// Requests under way.
    pub(super) in_flight: AtomicU32,
    /// The usual time to the first byte, in microseconds.
    latency: AtomicU64,
    /// Failed health checks in a row.
    unwell: AtomicU32,
    /// How often it began to be left alone.
    pub(super) cooldowns: AtomicU64,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds on a clock that nobody can set.
pub(super) fn now() -> u64 {
    at(tokio::time::Instant::now())
}

/// The same for a moment that is known already.
pub(super) fn at(moment: tokio::time::Instant) -> u64 {
    let since = moment.into_std().saturating_duration_since(*START);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX) + 1
}

/// Leave to try a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// It is well.
    Free,
    /// It was left alone, and this request tries whether it is back.
    Probe,
    /// Not before this moment of [`now`].
    Wait(u64),
}

impl State {
    /// Whether a request may go there, without taking the place of the one that probes.
    pub(super) fn look(&self, now: u64) -> Leave {
        let until = self.cooling_until.load(Relaxed);
        if now < until {
            return Leave::Wait(until);
        }
        match (self.tripped.load(Relaxed), self.probing.load(Relaxed)) {
            (false, _) => Leave::Free,
            (true, false) => Leave::Probe,
            (true, true) => Leave::Wait(now + 1000),
        }
    }

    /// Takes the place of the one that probes; false when another was faster.
    pub(super) fn begin_probe(&self) -> bool {
        !self.probing.swap(true, Relaxed)
    }

    /// Gives the place back without a verdict.
    pub(super) fn end_probe(&self) {
        self.probing.store(false, Relaxed);
    }

    /// Notes an answer that began after so long.
    pub(super) fn succeeded(&self, took: Duration) {
        if self.tripped.load(Relaxed) {
            self.tripped.store(false, Relaxed);
            self.failures.store(0, Relaxed);
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let usual = self.latency.load(Relaxed);
        let next = if usual == 0 {
            took
        } else {
            usual - usual / 8 + took / 8
        };
        self.latency.store(next.max(1), Relaxed);
    }

    /// Notes a failure; beyond those that are allowed in a minute it is left alone.
    pub(super) fn failed(&self, now: u64, allowed: u32, cooldown: Duration) {
        let minute = now / 60_000;
        if self.minute.swap(minute, Relaxed) != minute {
            self.failures.store(0, Relaxed);
        }
        let failures = self.failures.fetch_add(1, Relaxed) + 1;
        if failures > allowed || self.tripped.load(Relaxed) {
            self.cool(now, cooldown);
        }
    }

    /// Leaves it alone for so long; a later end that was set before stays.
    pub(super) fn cool(&self, now: u64, cooldown: Duration) {
        let until = now + u64::try_from(cooldown.as_millis()).unwrap_or(u64::MAX / 2);
        let before = self.cooling_until.fetch_max(until, Relaxed);
        self.tripped.store(true, Relaxed);
        if before <= now {
            self.cooldowns.fetch_add(1, Relaxed);
        }
    }

    /// Until when it is left alone; nothing when it is not.
    pub(super) fn cooling(&self, now: u64) -> Option<u64> {
        let until = self.cooling_until.load(Relaxed);
        (until > now).then_some(until)
    }

    /// The usual time to the first byte, in microseconds; zero when nobody knows.
    pub(super) fn latency(&self) -> u64 {
        self.latency.load(Relaxed)
    }

    /// Notes a health check.
    pub(super) fn checked(&self, well: bool) {
        if well {
            self.unwell.store(0, Relaxed);
        } else {
            self.unwell.fetch_add(1, Relaxed);
        }
    }

    /// False after two failed health checks in a row.
    pub(super) fn is_well(&self) -> bool {
        self.unwell.load(Relaxed) < 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOLDOWN: Duration = Duration::from_millis(500);

    #[test]
    fn p109_p111_the_later_end_holds_and_one_request_probes() {
        let state = State::default();
        state.failed(1000, 1, COOLDOWN);
        assert_eq!(state.look(1000), Leave::Free);
        state.failed(1000, 1, COOLDOWN);
        assert_eq!(state.look(1100), Leave::Wait(1500));
        state.cool(1100, COOLDOWN * 2);
        state.cool(1100, COOLDOWN / 5);
        assert_eq!(state.look(1600), Leave::Wait(2100));
        assert_eq!(state.look(2100), Leave::Probe);
        assert!(state.begin_probe());
        assert!(!state.begin_probe());
        assert!(matches!(state.look(2101), Leave::Wait(_)));
        state.end_probe();
        state.failed(2102, 1, COOLDOWN);
        assert_eq!(state.look(2103), Leave::Wait(2602));
        state.succeeded(Duration::from_millis(3));
        assert_eq!(state.look(2602), Leave::Free);
    }
}
