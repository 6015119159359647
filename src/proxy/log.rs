//! The access log: a line of JSON for each request, written by a thread of its own so that no request waits for a disk.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// How many bytes may wait in one lane to be written; lines that come beyond are counted and dropped.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// How long lines are gathered before they are written together: waking a thread costs more than a line does, and on a machine with one core a request waits for what is written.
const GATHERING: Duration = Duration::from_millis(10);

/// How much room an empty lane keeps.
const KEPT_ROOM: usize = 256 * 1024;

/// Takes lines and writes them elsewhere.
#[derive(Debug)]
pub(super) struct Log {
    state: Arc<State>,
    /// For what happens to the proxy itself.
    own: Lane,
    writer: Option<Thread>,
}

/// What the writing thread and those that write to it share.
#[derive(Debug, Default)]
struct State {
    lanes: Mutex<Vec<Arc<Mutex<Vec<u8>>>>>,
    /// True while the thread sleeps until a line comes.
    asleep: AtomicBool,
    closed: AtomicBool,
    dropped: AtomicU64,
    /// Who waits for everything to be written.
    flushing: Mutex<Vec<SyncSender<()>>>,
}

/// A place for the lines of one thread, so that threads do not wait for each other.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    lines: Arc<Mutex<Vec<u8>>>,
    state: Arc<State>,
    writer: Option<Thread>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    /// A log that ends here.
    pub(super) fn new(sink: Box<dyn Write + Send>) -> Self {
        let state = Arc::new(State::default());
        let theirs = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("log".to_owned());
        // Without the thread lines are dropped once the lanes are full.
        let thread = thread.spawn(move || write(&theirs, sink)).ok();
        let writer = thread.map(|it| it.thread().clone());
        let own = Lane::new(&state, writer.clone());
        Self { state, own, writer }
    }

    /// A lane for a thread.
    pub(super) fn lane(&self) -> Lane {
        Lane::new(&self.state, self.writer.clone())
    }

    /// How many lines were lost.
    pub(super) fn dropped(&self) -> u64 {
        self.state.dropped.load(Relaxed)
    }

    /// Waits until everything is written, but not for ever.
    pub(super) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        lock(&self.state.flushing).push(done);
        if let Some(writer) = &self.writer {
            writer.unpark();
            let _ = wait.recv_timeout(Duration::from_secs(2));
        }
    }

    /// Writes that something happened to the proxy itself.
    pub(super) fn event(&self, event: &str, what: impl Serialize) {
        #[derive(Serialize)]
        struct Happened<'a, T> {
            time: Timestamp,
            event: &'a str,
            what: T,
        }
        self.own.line(&Happened {
            time: timestamp(),
            event,
            what,
        });
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.state.closed.store(true, Relaxed);
        if let Some(writer) = &self.writer {
            writer.unpark();
        }
    }
}

impl Lane {
    fn new(state: &Arc<State>, writer: Option<Thread>) -> Self {
        let lines = Arc::default();
        lock(&state.lanes).push(Arc::clone(&lines));
        Self {
            lines,
            state: Arc::clone(state),
            writer,
        }
    }

    /// Writes a value as a line.
    fn line(&self, value: &impl Serialize) {
        self.write(|line| {
            // Nothing that is written here can fail to be JSON.
            let _ = serde_json::to_writer(line, value);
        });
    }

    /// Has a line written.
    pub(super) fn write(&self, line: impl FnOnce(&mut Vec<u8>)) {
        let mut lines = lock(&self.lines);
        if lines.len() > MOST_WAITING {
            drop(lines);
            self.state.dropped.fetch_add(1, Relaxed);
            return;
        }
        line(&mut lines);
        lines.push(b'\n');
        drop(lines);
        // The thread says that it sleeps before it looks at the lanes a last time, so no line is left behind.
        if self.state.asleep.load(Relaxed)
            && self.state.asleep.swap(false, Relaxed)
            && let Some(writer) = &self.writer
        {
            writer.unpark();
        }
    }
}

fn write(state: &State, mut sink: Box<dyn Write + Send>) {
    let mut batch = Vec::new();
    loop {
        let closed = state.closed.load(Relaxed);
        let flushing = std::mem::take(&mut *lock(&state.flushing));
        let lanes = lock(&state.lanes).clone();
        let mut wrote = false;
        for lane in &lanes {
            std::mem::swap(&mut *lock(lane), &mut batch);
            if batch.is_empty() {
                continue;
            }
            wrote = true;
            state.asleep.store(false, Relaxed);
            // A full disk costs lines, not requests.
            if sink.write_all(&batch).is_err() {
                let lost = memchr::memchr_iter(b'\n', &batch).count();
                state.dropped.fetch_add(lost as u64, Relaxed);
            }
            batch.clear();
            batch.shrink_to(KEPT_ROOM);
        }
        let _ = sink.flush();
        for done in flushing {
            let _ = done.send(());
        }
        if closed {
            return;
        }
        if wrote {
            std::thread::park_timeout(GATHERING);
        } else if state.asleep.swap(true, Relaxed) {
            std::thread::park();
            state.asleep.store(false, Relaxed);
            std::thread::park_timeout(GATHERING);
        }
    }
}

/// A moment as `2026-11-21T08:00:00.123Z`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timestamp([u8; 24]);

impl Timestamp {
    pub(super) fn as_str(&self) -> &str {
        // There is nothing but digits and marks in it.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The time as it is now.
pub(super) fn timestamp() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, digits: usize, mut value: u64| {
        for place in text[at..at + digits].iter_mut().rev() {
            *place = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, seconds / 3600);
    put(14, 2, seconds / 60 % 60);
    put(17, 2, seconds % 60);
    put(20, 3, u64::from(since.subsec_millis()));
    Timestamp(text)
}

/// The day that lies so many days after the first of January 1970, counted in eras of 400 years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sink that everybody can look into.
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            lock(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_every_lane_is_written_once_and_whole() {
        let seen = Seen::default();
        let log = Log::new(Box::new(seen.clone()));
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let lane = log.lane();
                scope.spawn(move || {
                    for line in 0..500_u32 {
                        lane.line(&(thread, line));
                        if line % 50 == 0 {
                            std::thread::yield_now();
                        }
                    }
                });
            }
        });
        log.flush();
        let text = String::from_utf8(lock(&seen.0).clone()).unwrap();
        let mut lines: Vec<(u32, u32)> = text
            .lines()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect();
        let of = |thread: u32| lines.iter().filter(move |it| it.0 == thread).map(|it| it.1);
        assert!((0..4).all(|thread| of(thread).eq(0..500)));
        lines.sort_unstable();
        assert_eq!(lines.len(), 2000);
        assert_eq!(log.dropped(), 0);
    }

    #[test]
    fn a_log_that_sleeps_is_woken_by_a_line() {
        let seen = Seen::default();
        let log = Log::new(Box::new(seen.clone()));
        let end = std::time::Instant::now() + Duration::from_secs(20);
        for count in 1..=3 {
            while !log.state.asleep.load(Relaxed) && std::time::Instant::now() < end {
                std::thread::yield_now();
            }
            log.event("happened", count);
            while memchr::memchr_iter(b'\n', &lock(&seen.0)).count() < count {
                assert!(std::time::Instant::now() < end, "the line was not written");
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(timestamp().as_str().len(), "2026-11-21T08:00:00.123Z".len());
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_778), (2026, 11, 21));
    }
}
