//! A server that speaks HTTP/2 over TLS, and does with each request what its script says.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::Semaphore;

use super::upstream::PATIENCE;

/// What a server does with a request, in order.
#[derive(Debug, Clone)]
pub(super) enum Do {
    /// Begin an answer of this kind.
    Head(u16, &'static str),
    /// Send these bytes.
    Send(Vec<u8>),
    /// Wait until the test calls [`Server::go`].
    Wait,
    /// End the stream.
    End,
    /// Reset it.
    Reset(Reason),
    /// Wait until the proxy resets it, and remember why.
    UntilReset,
    /// Tell the proxy to ask no more on this connection.
    GoAway,
    /// Hang up.
    HangUp,
}

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) head: Arc<http::request::Parts>,
    pub(super) body: Vec<u8>,
    /// Which connection it came on, counted from 0.
    pub(super) connection: usize,
}

/// A server on a port of its own.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<Vec<Vec<Do>>>,
    told: Mutex<Told>,
    changed: Condvar,
    permits: Semaphore,
}

#[derive(Default)]
struct Told {
    seen: Vec<Seen>,
    resets: Vec<Reason>,
    connections: usize,
}

impl Server {
    /// A server with a script, whose last part is for all requests that follow.
    pub(super) fn new(certificate: &str, key: &str, script: Vec<Vec<Do>>) -> Self {
        let chain = CertificateDer::pem_file_iter(Path::new(certificate)).unwrap();
        let key = PrivateKeyDer::from_pem_file(Path::new(key)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain.map(Result::unwrap).collect(), key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            told: Mutex::default(),
            changed: Condvar::new(),
            permits: Semaphore::new(0),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || serve(listener, &Arc::new(config), &serving));
        Self { address, shared }
    }

    /// Lets so many waits go on.
    pub(super) fn go(&self, count: usize) {
        self.shared.permits.add_permits(count);
    }

    /// Waits until so many requests were seen, and returns them.
    pub(super) fn wait_for(&self, count: usize) -> Vec<Seen> {
        self.wait(|told| told.seen.len() >= count, |told| told.seen.clone())
    }

    /// Waits for the first reset, and returns why.
    pub(super) fn reset(&self) -> Reason {
        self.wait(|told| !told.resets.is_empty(), |told| told.resets[0])
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.shared.told.lock().unwrap().connections
    }

    fn wait<T>(&self, is_so: impl Fn(&Told) -> bool, what: impl Fn(&Told) -> T) -> T {
        let told = self.shared.told.lock().unwrap();
        let waiting = self
            .shared
            .changed
            .wait_timeout_while(told, PATIENCE, |it| !is_so(it));
        let (told, timeout) = waiting.unwrap();
        assert!(
            !timeout.timed_out(),
            "it saw only {} requests",
            told.seen.len()
        );
        what(&told)
    }
}

impl Shared {
    fn tell(&self, what: impl FnOnce(&mut Told)) {
        what(&mut self.told.lock().unwrap());
        self.changed.notify_all();
    }

    fn next(&self) -> Vec<Do> {
        let mut script = self.script.lock().unwrap();
        if script.len() > 1 {
            script.remove(0)
        } else {
            script[0].clone()
        }
    }
}

fn serve(
    listener: std::net::TcpListener,
    config: &Arc<rustls::ServerConfig>,
    shared: &Arc<Shared>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let number = shared.told.lock().unwrap().connections;
            shared.tell(|it| it.connections += 1);
            let stream = tokio_rustls::TlsAcceptor::from(Arc::clone(config)).accept(stream);
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                if let Ok(stream) = stream.await {
                    connection(stream, number, shared).await;
                }
            });
        }
    });
}

async fn connection(
    stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>,
    number: usize,
    shared: Arc<Shared>,
) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let (shared, tell) = (Arc::clone(&shared), tell.clone());
                    tokio::spawn(answer(request, respond, number, shared, tell));
                }
                _ => return,
            },
            Some(hangs_up) = told.recv() => {
                if hangs_up {
                    return;
                }
                connection.graceful_shutdown();
            }
        }
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    connection: usize,
    shared: Arc<Shared>,
    tell: tokio::sync::mpsc::UnboundedSender<bool>,
) {
    let (head, mut receive) = request.into_parts();
    let mut body = Vec::new();
    while let Some(Ok(part)) = receive.data().await {
        body.extend_from_slice(&part);
        let _ = receive.flow_control().release_capacity(part.len());
    }
    let actions = shared.next();
    let head = Arc::new(head);
    let seen = Seen {
        head,
        body,
        connection,
    };
    shared.tell(|it| it.seen.push(seen));
    let mut send: Option<SendStream<Bytes>> = None;
    for action in actions {
        match (action, &mut send) {
            (Do::Head(status, kind), _) => {
                let response = Response::builder()
                    .status(status)
                    .header("content-type", kind);
                send = respond
                    .send_response(response.body(()).unwrap(), false)
                    .ok();
            }
            (Do::Send(bytes), Some(send)) => all(send, &bytes).await,
            (Do::End, Some(send)) => drop(send.send_data(Bytes::new(), true)),
            (Do::Wait, _) => shared.permits.acquire().await.unwrap().forget(),
            (Do::Reset(reason), Some(send)) => {
                // What was sent before goes first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                send.send_reset(reason);
            }
            (Do::Reset(reason), None) => respond.send_reset(reason),
            (Do::UntilReset, send) => {
                let reason = std::future::poll_fn(|cx| match send {
                    Some(send) => send.poll_reset(cx),
                    None => respond.poll_reset(cx),
                });
                if let Ok(reason) = reason.await {
                    shared.tell(|it| it.resets.push(reason));
                }
            }
            (Do::GoAway, _) => drop(tell.send(false)),
            (Do::HangUp, _) => {
                let _ = tell.send(true);
                // To drop the answer would reset it, perhaps before the connection ends.
                return std::future::pending().await;
            }
            (Do::Send(_) | Do::End, None) => panic!("there is no head yet"),
        }
    }
}

/// Sends bytes in the pace that the proxy allows.
async fn all(send: &mut SendStream<Bytes>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        send.reserve_capacity(bytes.len());
        while send.capacity() == 0 {
            if !matches!(
                std::future::poll_fn(|cx| send.poll_capacity(cx)).await,
                Some(Ok(_))
            ) {
                return;
            }
        }
        let (now, rest) = bytes.split_at(send.capacity().min(bytes.len()));
        if send.send_data(Bytes::copy_from_slice(now), false).is_err() {
            return;
        }
        bytes = rest;
    }
}
