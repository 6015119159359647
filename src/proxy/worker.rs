//! What a worker has to itself, and the little that all of them share.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;

use super::buffers::Buffers;
use super::guesses::Guesses;
use super::log::{Lane, Log};
use super::metrics::Metrics;
use super::served::Served;
use super::upstream::Pool;

/// How much a client may ask of us.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: u64,
    /// The most bytes of bodies that are held at once.
    pub buffered: u64,
    /// The most connections at once.
    pub connections: usize,
    /// How long a client may take for the head of a request.
    pub head: Duration,
    /// How long the body of a request may take to begin, beside the time that its size is worth.
    pub body_start: Duration,
    /// How long a client may take nothing of an answer.
    pub write: Duration,
    /// How long a connection may be idle between requests.
    pub keep_alive: Duration,
    /// How often a silent stream is kept alive by a comment.
    pub ping: Duration,
    /// How long requests may go on after a signal to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 64 * 1024 * 1024,
            buffered: 1024 * 1024 * 1024,
            connections: 16 * 1024,
            head: Duration::from_secs(10),
            body_start: Duration::from_secs(20),
            write: Duration::from_mins(1),
            keep_alive: Duration::from_secs(75),
            ping: Duration::from_secs(15),
            grace: Duration::from_secs(30),
        }
    }
}

/// What all workers share.
#[derive(Debug)]
pub(super) struct Shared {
    served: Mutex<Arc<Served>>,
    /// Grows when the table is swapped.
    pub(super) generation: AtomicU64,
    pub(super) limits: Limits,
    /// True from the first signal to stop.
    pub(super) draining: AtomicBool,
    /// How many workers serve or finish what is under way.
    pub(super) serving: AtomicUsize,
    pub(super) connections: AtomicUsize,
    /// The bytes of large bodies that are held now.
    pub(super) buffered: AtomicU64,
    pub(super) log: Log,
    pub(super) metrics: Vec<Arc<Metrics>>,
    /// Failed tries to take another table.
    pub(super) refused_reloads: AtomicU64,
    errors: Mutex<VecDeque<Noted>>,
}

/// A failure that an operator may want to see.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Noted {
    pub(super) time: String,
    pub(super) request: String,
    pub(super) deployment: String,
    pub(super) what: String,
}

impl Shared {
    pub(super) fn new(served: Served, limits: Limits, log: Log, workers: usize) -> Self {
        Self {
            served: Mutex::new(Arc::new(served)),
            generation: AtomicU64::new(1),
            limits,
            draining: AtomicBool::new(false),
            serving: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            buffered: AtomicU64::new(0),
            log,
            metrics: (0..workers).map(|_| Arc::default()).collect(),
            refused_reloads: AtomicU64::new(0),
            errors: Mutex::default(),
        }
    }

    /// The table as it is now.
    pub(super) fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another table; requests under way keep theirs.
    pub(super) fn swap(&self, served: Served) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
        self.generation.fetch_add(1, Relaxed);
    }

    /// Remembers a failure among the last ones.
    pub(super) fn note(&self, noted: Noted) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        if errors.len() == 50 {
            errors.pop_front();
        }
        errors.push_back(noted);
    }

    /// The last failures, the newest first.
    pub(super) fn last_errors(&self) -> Vec<Noted> {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.iter().rev().cloned().collect()
    }
}

/// Counts itself while it lives.
pub(super) struct Counted<'a>(&'a Cell<usize>);

impl<'a> Counted<'a> {
    pub(super) fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// What one worker has to itself.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) pool: Rc<Pool>,
    pub(super) buffers: Rc<Buffers>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) log: Lane,
    /// Requests under way, and those of them that are tried again just now.
    pub(super) active: Cell<usize>,
    pub(super) retrying: Cell<usize>,
    /// Connections that wait for a request, or for the rest of its head.
    pub(super) waiting: Cell<usize>,
    /// Connections on which HTTP/2 is spoken: what is answered on them may still be on its way.
    pub(super) multiplexed: Cell<usize>,
    /// Wakes idle connections when the worker drains.
    pub(super) draining: Notify,
    /// Wakes streams when their time is over.
    pub(super) cutoff: Notify,
    pub(super) cut: Cell<bool>,
    /// Who has shown wrong keys.
    pub(super) guesses: RefCell<Guesses>,
    served: RefCell<(u64, Arc<Served>)>,
    random: Cell<u64>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, metrics: Arc<Metrics>) -> Self {
        let served = RefCell::new((0, shared.served()));
        Self {
            pool: Rc::default(),
            buffers: Rc::default(),
            metrics,
            log: shared.log.lane(),
            active: Cell::new(0),
            retrying: Cell::new(0),
            waiting: Cell::new(0),
            multiplexed: Cell::new(0),
            draining: Notify::new(),
            cutoff: Notify::new(),
            cut: Cell::new(false),
            guesses: RefCell::default(),
            served,
            // The seed that hash maps get from the system is as good here.
            random: Cell::new(RandomState::new().hash_one(0) | 1),
            shared,
        }
    }

    /// The table as it is now, without a lock while it stays the same.
    pub(super) fn served(&self) -> Arc<Served> {
        let generation = self.shared.generation.load(Relaxed);
        let mut own = self.served.borrow_mut();
        if own.0 != generation {
            *own = (generation, self.shared.served());
        }
        Arc::clone(&own.1)
    }

    /// A number that nobody needs to fear: for choices and names, not for secrets.
    pub(super) fn random(&self) -> u64 {
        let mut it = self.random.get();
        it ^= it << 13;
        it ^= it >> 7;
        it ^= it << 17;
        self.random.set(it);
        it.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// True while somebody has not got his whole answer, or has not been told that there will be none.
    pub(super) fn is_busy(&self) -> bool {
        self.active.get() > 0 || self.waiting.get() > 0 || self.multiplexed.get() > 0
    }

    pub(super) fn is_draining(&self) -> bool {
        self.shared.draining.load(Relaxed)
    }
}
