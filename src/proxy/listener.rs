//! Where connections come in, and the threads that serve them.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::BytesMut;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::connection::{Connection, Stream};
use super::http2;
use super::serve;
use super::worker::{Shared, Worker};

/// How many connections may wait to be taken.
const BACKLOG: i32 = 4096;

/// How long nothing is taken after the system had no descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Opens a listener; several may share one address, and the system spreads connections over them.
pub(super) fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    if address.is_ipv6() {
        // `[::]` is for both families, as everywhere else.
        let _ = socket.set_only_v6(false);
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// True when nobody but this machine can reach the address.
pub(super) fn is_private(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Serves connections of one listener until the drain is over.
pub(super) fn run(
    shared: &Arc<Shared>,
    number: usize,
    listener: TcpListener,
    stop: tokio::sync::watch::Receiver<Phase>,
) -> io::Result<()> {
    let _serving = Serving(shared);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let metrics = Arc::clone(&shared.metrics[number]);
    let worker = Rc::new(Worker::new(Arc::clone(shared), metrics));
    let local = LocalSet::new();
    local.block_on(&runtime, serve(worker, listener, stop))
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Requests are taken.
    Serving,
    /// Those under way are finished.
    Draining,
    /// Those that are left are told that it is over.
    Cutting,
}

async fn serve(
    worker: Rc<Worker>,
    listener: TcpListener,
    mut stop: tokio::sync::watch::Receiver<Phase>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            taken = listener.accept(), if worker.shared.connections.load(Relaxed) < worker.shared.limits.connections => match taken {
                Ok((stream, _)) => take(&worker, stream),
                // Out of descriptors, most likely: trying at once would only spin.
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            },
            _ = tick.tick() => {
                worker.metrics.beats.fetch_add(1, Relaxed);
                worker.pool.sweep();
                worker.buffers.sweep();
            }
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() != Phase::Serving {
                    break;
                }
            }
        }
    }
    take_queued(&worker, listener);
    worker.draining.notify_waiters();
    drain(&worker, stop).await;
    Ok(())
}

/// Takes those whom the system has taken already: to close the listener would be to hang up on them.
fn take_queued(worker: &Rc<Worker>, listener: tokio::net::TcpListener) {
    let Ok(listener) = listener.into_std() else {
        return;
    };
    for _ in 0..BACKLOG {
        let is_room = worker.shared.connections.load(Relaxed) < worker.shared.limits.connections;
        let Some((stream, _)) = is_room.then(|| listener.accept().ok()).flatten() else {
            return;
        };
        if stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            take(worker, stream);
        }
    }
}

/// Waits for what is under way, then cuts what is left.
async fn drain(worker: &Worker, mut stop: tokio::sync::watch::Receiver<Phase>) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while worker.is_busy() && *stop.borrow_and_update() != Phase::Cutting {
        tokio::select! {
            _ = tick.tick() => {}
            changed = stop.changed() => if changed.is_err() { break },
        }
    }
    worker.cut.set(true);
    worker.cutoff.notify_waiters();
    let end = Instant::now() + Duration::from_secs(2);
    while worker.is_busy() && Instant::now() < end {
        tick.tick().await;
    }
}

fn take(worker: &Rc<Worker>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    // A peer that vanished without a word is found within a minute.
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10))
        .with_retries(3);
    let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&probes);
    worker.shared.connections.fetch_add(1, Relaxed);
    let worker = Rc::clone(worker);
    // From now on, and not only when its task comes to run.
    let greeting = Greeting::new(Rc::clone(&worker));
    tokio::task::spawn_local(async move {
        let shared = Arc::clone(&worker.shared);
        let _leave = Leave(shared);
        let stream = greeted(&worker, stream).await;
        drop(greeting);
        if let Some(stream) = stream {
            if stream.speaks_http2() {
                // In a box: those who speak HTTP/1.1 need no room for it.
                Box::pin(http2::connection(worker, stream, BytesMut::new())).await;
            } else {
                serve::connection(worker, Connection::new(stream)).await;
            }
        }
    });
}

/// The way to a client, once it knows whom it speaks to where TLS is spoken; nothing when it does not come so far in time.
async fn greeted(worker: &Worker, stream: TcpStream) -> Option<Stream> {
    let Some(config) = worker.served().tls.clone() else {
        return Some(Stream::Plain(stream));
    };
    let greeting = TlsAcceptor::from(config).accept(stream);
    match tokio::time::timeout(worker.shared.limits.head, greeting).await {
        Ok(Ok(stream)) => Some(Stream::Tls(Box::new(stream.into()))),
        Ok(Err(_)) | Err(_) => None,
    }
}

/// Counts a connection as one that waits for its first request, until it does so itself.
struct Greeting(Rc<Worker>);

impl Greeting {
    fn new(worker: Rc<Worker>) -> Self {
        worker.waiting.set(worker.waiting.get() + 1);
        Self(worker)
    }
}

impl Drop for Greeting {
    fn drop(&mut self) {
        self.0.waiting.set(self.0.waiting.get() - 1);
    }
}

/// Says that a worker has ended when it is dropped, a panic included.
struct Serving<'a>(&'a Shared);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.serving.fetch_sub(1, Relaxed);
    }
}

/// Makes room for another connection when it is dropped, a panic included.
struct Leave(Arc<Shared>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}
