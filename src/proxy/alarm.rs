//! One timer for whatever a task waits for, one thing after another.
//!
//! Nearly every wait ends long before its time is over. A timer that is set too early costs one wake-up once; setting one anew for each wait costs more than reading a head.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// The timer of one task. It must not be shared with another: only the task that last waited is woken.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: RefCell<Option<Pin<Box<Sleep>>>>,
}

/// How long one may wait for something, from when to when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience<'a> {
    alarm: &'a Alarm,
    pub(super) start: Instant,
    pub(super) end: Instant,
}

impl<'a> Patience<'a> {
    /// From this moment on, for so long.
    pub(super) fn new(alarm: &'a Alarm, start: Instant, length: Duration) -> Self {
        Self {
            alarm,
            start,
            end: start + length,
        }
    }

    /// Waits for something until the time is over.
    pub(super) fn wait<F: Future + Unpin>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<F::Output, TooLate>> {
        self.alarm.before(self.end, future)
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// Waits for something that is mostly there at once: only when it is not, anybody looks at a clock.
pub(super) async fn within<F: Future + Unpin>(
    length: Duration,
    mut future: F,
) -> Result<F::Output, TooLate> {
    match poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => timeout(length, future).await.map_err(|_| TooLate),
    }
}

/// The time was over first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLate;

impl Alarm {
    /// Waits for something, but not beyond this moment. What is waited for is pinned where it is, for to move it would cost as much as it is large.
    pub(super) fn before<F: Future + Unpin>(
        &self,
        end: Instant,
        mut future: F,
    ) -> impl Future<Output = Result<F::Output, TooLate>> {
        poll_fn(move |cx| match Pin::new(&mut future).poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.poll_over(cx, end).map(|()| Err(TooLate)),
        })
    }

    /// Ready once this moment is over.
    fn poll_over(&self, cx: &mut Context<'_>, end: Instant) -> Poll<()> {
        let mut sleep = self.sleep.borrow_mut();
        let is_new = sleep.is_none();
        let sleep = sleep.get_or_insert_with(|| Box::pin(sleep_until(end)));
        // One that rings too early is set again when it has rung.
        if !is_new && sleep.deadline() <= end && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        if Instant::now() >= end {
            return Poll::Ready(());
        }
        if !is_new {
            sleep.as_mut().reset(end);
        }
        sleep.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_ends_at_its_own_time() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let alarm = Alarm::default();
            let start = Instant::now();
            let at = |millis| start + Duration::from_millis(millis);
            let never = std::future::pending::<()>;
            let pause = |millis| Box::pin(sleep_until(at(millis)));
            assert_eq!(alarm.before(at(2000), std::future::ready(7)).await, Ok(7));
            // Earlier than it was set, later, and later again without a wait in between.
            assert_eq!(alarm.before(at(2000), pause(5)).await, Ok(()));
            assert_eq!(alarm.before(at(20), never()).await, Err(TooLate));
            assert!(Instant::now() >= at(20) && Instant::now() < at(1500));
            assert_eq!(alarm.before(at(20), never()).await, Err(TooLate));
            assert_eq!(alarm.before(at(40), never()).await, Err(TooLate));
            assert!(Instant::now() >= at(40) && Instant::now() < at(1500));
            // It rings for the first wait while the second one is on.
            assert_eq!(alarm.before(at(60), pause(50)).await, Ok(()));
            assert_eq!(alarm.before(at(90), never()).await, Err(TooLate));
            assert!(Instant::now() >= at(90) && Instant::now() < at(1500));
        });
    }
}
