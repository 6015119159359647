//! The body of a request while it comes in: within its limits, and no slower than it may.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::answer;
use super::buffers::Buffer;
use super::connection::Connection;
use super::error::Refusal;
use super::forward::End;
use super::framing::{Body, Piece};
use super::head::{Framing, Request};
use super::worker::{Shared, Worker};

/// How much of an unread body is read so that its sender sees the answer.
const MOST_DRAINED: u64 = 64 * 1024;

/// How slow a body may be, in bytes a second, once it had its time to begin.
const SLOWEST_BODY: u64 = 1024;

/// Bodies below this size are not counted: the number of connections bounds what they need.
const SMALL_BODY: u64 = 64 * 1024;

/// How much of the memory for bodies a request has taken; given back when it ends.
struct Room {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Room {
    fn none(worker: &Worker) -> Self {
        Self {
            shared: Arc::clone(&worker.shared),
            bytes: 0,
        }
    }

    /// Makes room for so many bytes in all; false when there is none. What is small needs none: the number of connections bounds it.
    fn grow(&mut self, bytes: u64) -> bool {
        if bytes <= self.bytes || bytes < SMALL_BODY {
            return true;
        }
        let more = bytes - self.bytes;
        self.bytes = bytes;
        self.shared.buffered.fetch_add(more, Relaxed) + more <= self.shared.limits.buffered
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.shared.buffered.fetch_sub(self.bytes, Relaxed);
        }
    }
}

/// The body of a request while it comes in.
pub(super) struct Incoming {
    pub(super) body: Body,
    taken: u64,
    room: Room,
    /// True while the client waits for leave to send it.
    pub(super) continues: bool,
}

impl Incoming {
    /// The body of this request, of which nothing was read yet.
    pub(super) fn new(worker: &Worker, request: &Request) -> Self {
        Self {
            body: Body::new(request.framing),
            taken: 0,
            room: Room::none(worker),
            // HTTP/1.0 knows no preliminary answers.
            continues: request.modern && request.fields.find(b"expect").next().is_some(),
        }
    }

    /// Reads the rest and forgets it; nothing when it is too much.
    pub(super) async fn drain(&mut self, client: &mut Connection) -> Option<()> {
        let mut left = MOST_DRAINED;
        let end = Instant::now() + Duration::from_secs(2);
        loop {
            // What is sure to be too much is not waited for.
            if self.body.announced() > left {
                return None;
            }
            match self.body.take(&mut client.buffer).ok()? {
                Piece::End => return Some(()),
                Piece::Data(bytes) => left = left.checked_sub(bytes.len() as u64)?,
                Piece::More => {
                    timeout_at(end, client.fill())
                        .await
                        .ok()?
                        .ok()
                        .filter(|it| *it > 0)?;
                }
            }
        }
    }

    /// Reads all of it.
    pub(super) async fn read(
        &mut self,
        worker: &Worker,
        client: &mut Connection,
        request: &Request,
    ) -> Result<Buffer, End> {
        let limits = &worker.shared.limits;
        let too_large = || {
            End::Refused(Refusal::new(
                413,
                "body_too_large",
                format!("the body has more than {} bytes", limits.body),
            ))
        };
        if let Framing::Length(length) = request.framing
            && length > limits.body
        {
            return Err(too_large());
        }
        if self.continues {
            self.continues = false;
            if client.buffer.is_empty() && answer::go_on(client, limits.write).await.is_err() {
                return Err(End::Gone);
            }
        }
        // A short body has mostly come with its head.
        if self
            .body
            .left()
            .is_some_and(|left| left < SMALL_BODY && left <= client.buffer.len() as u64)
            && let Ok(Piece::Data(bytes)) = self.body.take(&mut client.buffer)
        {
            self.taken = bytes.len() as u64;
            return Ok(worker.buffers.whole(bytes));
        }
        let length = match request.framing {
            Framing::Length(length) => usize::try_from(length).unwrap_or(0),
            _ => 0,
        };
        let mut whole = worker.buffers.take(length);
        let mut start = None;
        loop {
            if !self.room.grow(self.taken) {
                let full =
                    "the gateway holds as many large requests as it can; try again in a moment";
                return Err(End::Refused(
                    Refusal::new(503, "overloaded", full).retry_after(Some(1)),
                ));
            }
            match self.body.take(&mut client.buffer) {
                Ok(Piece::End) => return Ok(whole),
                Ok(Piece::Data(bytes)) => {
                    self.taken += bytes.len() as u64;
                    if self.taken > limits.body {
                        return Err(too_large());
                    }
                    whole.extend_from_slice(&bytes);
                    continue;
                }
                // A chunk that cannot fit is not waited for.
                Ok(Piece::More)
                    if self.taken.saturating_add(self.body.announced()) > limits.body =>
                {
                    return Err(too_large());
                }
                Ok(Piece::More) => {}
                Err(_) => {
                    return Err(End::Refused(
                        Refusal::new(400, "bad_body", "the chunks of the body are none")
                            .param("body"),
                    ));
                }
            }
            // A minimum rate: so many seconds to begin, and one more for each so many bytes.
            let start = *start.get_or_insert_with(Instant::now);
            let end = start + limits.body_start + Duration::from_secs(self.taken / SLOWEST_BODY);
            let filled = match self.body.left() {
                // A large body goes where it will stay, without a stop in between.
                Some(left) if left > 16 * 1024 => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX);
                    let read = whole.read_from(&mut client.stream, most);
                    timeout_at(end, read).await.inspect(|it| {
                        if let Ok(read) = it {
                            self.taken += *read as u64;
                            self.body.took(*read as u64);
                        }
                    })
                }
                _ => timeout_at(end, client.fill()).await,
            };
            match filled {
                Ok(Ok(1..)) => {}
                Ok(Ok(0)) if self.body.ends_with_connection() => {
                    self.body.end();
                    return Ok(whole);
                }
                Ok(_) => return Err(End::Gone),
                Err(_) => {
                    return Err(End::Refused(Refusal::new(
                        408,
                        "body_timeout",
                        "the body of the request comes too slowly",
                    )));
                }
            }
        }
    }
}
