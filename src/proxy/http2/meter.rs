//! What a connection costs beside what it asks for. Frames that ask for nothing are allowed, a flood of them is not.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::proxy::connection::Stream;

/// The bytes that may come before anything is asked for.
const FREE: u64 = 1024 * 1024;

/// How many bytes may come for each byte that is carried, in either direction.
const SHARE: u64 = 8;

/// What the head of a request is worth.
const HEAD: u64 = 512;

/// How many requests a client may give up at once, and how many more each second.
const MOST_GIVEN_UP: f64 = 200.0;
const GIVEN_UP_A_SECOND: f64 = 20.0;

/// Counts what goes over one connection.
#[derive(Debug)]
pub(super) struct Meter {
    came: Cell<u64>,
    carried: Cell<u64>,
    given_up: Cell<(f64, Instant)>,
    flooded: Notify,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            came: Cell::new(0),
            carried: Cell::new(0),
            given_up: Cell::new((0.0, Instant::now())),
            flooded: Notify::new(),
        }
    }

    /// Notes bytes of a body.
    pub(super) fn carry(&self, bytes: usize) {
        self.carried.set(self.carried.get() + bytes as u64);
    }

    /// Notes a request.
    pub(super) fn asked(&self) {
        self.carried.set(self.carried.get() + HEAD);
    }

    /// Notes a request that its client has given up.
    pub(super) fn give_up(&self, now: Instant) {
        let (count, since) = self.given_up.get();
        let paid = now.saturating_duration_since(since).as_secs_f64() * GIVEN_UP_A_SECOND;
        let count = (count - paid).max(0.0) + 1.0;
        self.given_up.set((count, now));
        if count > MOST_GIVEN_UP {
            self.flooded.notify_one();
        }
    }

    fn come(&self, bytes: usize) {
        let came = self.came.get() + bytes as u64;
        self.came.set(came);
        if came > FREE + SHARE * self.carried.get() {
            self.flooded.notify_one();
        }
    }

    /// Ends when it is too much.
    pub(super) async fn flooded(&self) {
        self.flooded.notified().await;
    }
}

/// A connection whose bytes are counted, with those that were read before.
pub(super) struct Metered {
    pub(super) stream: Stream,
    pub(super) ahead: BytesMut,
    pub(super) meter: std::rc::Rc<Meter>,
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let it = self.get_mut();
        let before = buf.filled().len();
        if it.ahead.is_empty() {
            std::task::ready!(Pin::new(&mut it.stream).poll_read(cx, buf))?;
        } else {
            let count = it.ahead.len().min(buf.remaining());
            buf.put_slice(&it.ahead[..count]);
            it.ahead.advance(count);
            if it.ahead.is_empty() {
                it.ahead = BytesMut::new();
            }
        }
        it.meter.come(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn is_flooded(meter: &Meter) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        std::pin::pin!(meter.flooded())
            .as_mut()
            .poll(&mut cx)
            .is_ready()
    }

    #[test]
    fn p022_what_is_carried_pays_for_what_comes() {
        let meter = Meter::new();
        meter.come(1024 * 1024);
        assert!(!is_flooded(&meter));
        meter.carry(1024);
        meter.come(8 * 1024);
        assert!(!is_flooded(&meter));
        meter.come(1);
        assert!(is_flooded(&meter));
    }

    #[test]
    fn p022_requests_are_given_up_now_and_then_but_not_in_a_flood() {
        let meter = Meter::new();
        let mut now = Instant::now();
        for _ in 0..2000 {
            meter.give_up(now);
            now += Duration::from_millis(100);
        }
        assert!(!is_flooded(&meter));
        for _ in 0..200 {
            meter.give_up(now);
        }
        assert!(!is_flooded(&meter));
        meter.give_up(now);
        assert!(is_flooded(&meter));
    }
}
