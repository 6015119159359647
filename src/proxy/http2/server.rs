//! A connection of a client that speaks HTTP/2: its requests are answered side by side, each as if it had a connection of its own.

use std::cell::Cell;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use tokio::time::{Instant, sleep_until, timeout};

use super::head;
use super::meter::{Meter, Metered};
use super::stream::Http2Stream;
use crate::proxy::connection::{Connection, Stream};
use crate::proxy::serve;
use crate::proxy::worker::{Counted, Worker};

/// How many requests a connection may carry at once.
const MOST_STREAMS: u32 = 128;

/// How much a client may send ahead on one stream, and on all of a connection.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How much of an answer waits in our memory for a client that reads slowly.
const MOST_UNSENT: usize = 64 * 1024;

/// The most bytes of fields that are unpacked; what is too much by our own count is answered, and this is beyond that.
const MOST_UNPACKED: u32 = 128 * 1024;

/// How many streams may end in a mistake of the client's before the connection does.
const MOST_MISTAKES: usize = 64;

/// How much is read of a body behind its answer, and for how long.
const MOST_LINGERED: usize = 16 * 1024 * 1024;
const LINGER: Duration = Duration::from_secs(1);

/// How long a connection that is to end has for its last words.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MOST_STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(MOST_UNSENT)
        .max_header_list_size(MOST_UNPACKED)
        .max_local_error_reset_streams(Some(MOST_MISTAKES));
    builder
}

/// Serves a connection until it ends; some of its bytes may have been read already.
pub(in crate::proxy) async fn connection(worker: Rc<Worker>, stream: Stream, ahead: BytesMut) {
    let peer = stream.peer();
    let meter = Rc::new(Meter::new());
    let metered = Metered {
        stream,
        ahead,
        meter: Rc::clone(&meter),
    };
    let _open = Counted::new(&worker.multiplexed);
    let greeting = builder().handshake::<_, Bytes>(metered);
    let Ok(Ok(mut connection)) = timeout(worker.shared.limits.head, greeting).await else {
        return;
    };
    let keep_alive = worker.shared.limits.keep_alive;
    let streams = Rc::new(Streams::new());
    let mut drained = pin!(worker.draining.notified());
    drained.as_mut().enable();
    let mut look = pin!(sleep_until(Instant::now() + keep_alive));
    // From when on nobody is waited for.
    let mut is_ending = worker.is_draining();
    if is_ending {
        connection.graceful_shutdown();
        look.as_mut().reset(Instant::now() + LAST_WORDS);
    }
    loop {
        tokio::select! {
            biased;
            () = &mut drained, if !is_ending => {
                is_ending = true;
                connection.graceful_shutdown();
                look.as_mut().reset(Instant::now() + LAST_WORDS);
            }
            () = meter.flooded() => {
                is_ending = true;
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                look.as_mut().reset(Instant::now() + LAST_WORDS);
            }
            () = &mut look => {
                let quiet_since = streams.quiet_since();
                let patience = if is_ending { LAST_WORDS } else { keep_alive };
                match quiet_since.map(|it| it + patience) {
                    Some(end) if end > Instant::now() => look.as_mut().reset(end),
                    Some(_) if is_ending => return,
                    Some(_) => {
                        is_ending = true;
                        connection.graceful_shutdown();
                        look.as_mut().reset(Instant::now() + LAST_WORDS);
                    }
                    None => look.as_mut().reset(Instant::now() + patience),
                }
            }
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    take(&worker, request, respond, peer, &meter, &streams);
                }
                // A mistake that ends the connection, or its end in order.
                Some(Err(_)) | None => return,
            }
        }
    }
}

fn take(
    worker: &Rc<Worker>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    peer: Option<IpAddr>,
    meter: &Rc<Meter>,
    streams: &Rc<Streams>,
) {
    meter.asked();
    let open = Open::new(worker, streams);
    // Each may need a connection to a server, so that they count as connections do.
    if worker.shared.connections.load(Relaxed) > worker.shared.limits.connections {
        return respond.send_reset(Reason::REFUSED_STREAM);
    }
    let (worker, meter) = (Rc::clone(worker), Rc::clone(meter));
    tokio::task::spawn_local(async move {
        let _open = open;
        answer(&worker, request, respond, peer, meter).await;
    });
}

async fn answer(
    worker: &Rc<Worker>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    peer: Option<IpAddr>,
    meter: Rc<Meter>,
) {
    let (parts, receive) = request.into_parts();
    let is_whole = receive.is_end_stream();
    let stream = Http2Stream::asked(receive, respond, peer, Rc::clone(&meter));
    let mut client = Connection::new(Stream::Http2(Box::new(stream)));
    let request = head::request(&parts, is_whole);
    drop(parts);
    match request {
        Ok(request) => serve::request(worker, &mut client, &request).await,
        Err(error) => serve::refuse_head(worker, &mut client, error).await,
    }
    let Stream::Http2(stream) = &mut client.stream else {
        return;
    };
    if stream.is_answered() {
        let _ = timeout(LINGER, stream.linger(MOST_LINGERED)).await;
        return;
    }
    meter.give_up(std::time::Instant::now());
    // Without this, what waits to be sent would be kept for one who takes nothing.
    if client.broken {
        stream.reset();
    }
}

/// The requests that a connection carries just now.
struct Streams {
    count: Cell<usize>,
    /// When the last one ended.
    since: Cell<Instant>,
}

impl Streams {
    fn new() -> Self {
        Self {
            count: Cell::new(0),
            since: Cell::new(Instant::now()),
        }
    }

    /// Since when there is none; nothing while there is one.
    fn quiet_since(&self) -> Option<Instant> {
        (self.count.get() == 0).then(|| self.since.get())
    }
}

/// Counts a request while it lives.
struct Open {
    worker: Rc<Worker>,
    streams: Rc<Streams>,
}

impl Open {
    fn new(worker: &Rc<Worker>, streams: &Rc<Streams>) -> Self {
        worker.shared.connections.fetch_add(1, Relaxed);
        streams.count.set(streams.count.get() + 1);
        Self {
            worker: Rc::clone(worker),
            streams: Rc::clone(streams),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.worker.shared.connections.fetch_sub(1, Relaxed);
        self.streams.count.set(self.streams.count.get() - 1);
        self.streams.since.set(Instant::now());
    }
}
