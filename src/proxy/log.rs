//! The access log: a line of JSON for each request, written by a thread of its own so that no request waits for a disk.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// How many lines may wait to be written; what comes beyond is counted and dropped.
const MOST_WAITING: usize = 8192;

/// Takes lines and writes them elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Log {
    lines: SyncSender<Line>,
    pub(super) dropped: Arc<AtomicU64>,
}

impl Log {
    /// A log that ends here.
    pub(super) fn new(sink: Box<dyn Write + Send>) -> Self {
        let (lines, waiting) = sync_channel(MOST_WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        // Without the thread every line counts as dropped.
        let _ = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&waiting, sink, &lost));
        Self { lines, dropped }
    }

    /// Writes a value as a line.
    pub(super) fn line(&self, value: &impl Serialize) {
        let Ok(mut line) = serde_json::to_vec(value) else {
            return;
        };
        line.push(b'\n');
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.lines.try_send(Line::Text(line))
        {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Waits until everything is written, but not for ever.
    pub(super) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(std::time::Duration::from_secs(2));
        }
    }

    /// Writes that something happened to the proxy itself.
    pub(super) fn event(&self, event: &str, what: impl Serialize) {
        #[derive(Serialize)]
        struct Happened<'a, T> {
            time: String,
            event: &'a str,
            what: T,
        }
        self.line(&Happened {
            time: timestamp(),
            event,
            what,
        });
    }
}

/// What the writing thread is given.
#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    /// Everything before it is to be written, and this be told.
    Flush(SyncSender<()>),
}

fn write(lines: &Receiver<Line>, mut sink: Box<dyn Write + Send>, lost: &AtomicU64) {
    while let Ok(first) = lines.recv() {
        let (mut batch, mut count, mut flushed) = (Vec::new(), 0, None);
        let mut next = Some(first);
        while let Some(line) = next.take() {
            match line {
                Line::Text(line) => {
                    batch.extend_from_slice(&line);
                    count += 1;
                }
                Line::Flush(done) => flushed = Some(done),
            }
            if batch.len() < 64 * 1024 && flushed.is_none() {
                next = lines.try_recv().ok();
            }
        }
        // A full disk costs lines, not requests.
        if sink.write_all(&batch).and_then(|()| sink.flush()).is_err() {
            lost.fetch_add(count, Relaxed);
        }
        if let Some(done) = flushed {
            let _ = done.send(());
        }
    }
}

/// The time as `2026-11-21T08:00:00.123Z`.
pub(super) fn timestamp() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        since.subsec_millis()
    )
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

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(20_778), (2026, 11, 21));
    }
}
