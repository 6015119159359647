//! The way to a server: names, connections that are kept, and one exchange over them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::alarm::{Patience, TooLate};
use super::connection::{Connection, Stream};
use super::framing::Body;
use super::head::{self, Answer};
use super::http2::{Session, Sessions};
use super::url::Url;

/// The most connections to one server that are kept while nobody uses them.
const MOST_KEPT: usize = 512;

/// How long a connection is kept while nobody uses it.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// How long one address is given before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// The most preliminary answers before the real one.
const MOST_PRELIMINARY: usize = 8;

/// How long a name may take to be found.
const NAME_PATIENCE: Duration = Duration::from_secs(2);

/// Why an exchange gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The name was not found.
    Name,
    /// The name leads where no server of the platform is.
    Forbidden,
    /// Nobody took the connection.
    Connect,
    /// This machine has no descriptor or port left for a connection.
    Exhausted,
    /// The other side could not prove who it is.
    Tls,
    /// It was too slow.
    Timeout,
    /// The connection was lost after the request was sent.
    Lost,
    /// It answered what is no HTTP, or not what was asked for.
    Nonsense(&'static str),
}

impl Failure {
    /// The word for it in logs and metrics.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Forbidden => "forbidden_address",
            Self::Connect => "connect",
            Self::Exhausted => "exhausted",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Lost => "lost",
            Self::Nonsense(_) => "nonsense",
        }
    }
}

/// An answer that has begun.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) head: Answer,
    pub(super) body: Body,
    pub(super) connection: Connection,
    /// False when the server answered before it took the whole request.
    pub(super) reusable: bool,
}

/// A connection, and since when nobody uses it.
type Kept = (Connection, Instant);

/// The connections of one worker that are kept for later.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// By origin. There are few, and comparing them all is faster than hashing one.
    kept: RefCell<Vec<(Arc<str>, Vec<Kept>)>>,
    sessions: Sessions,
    names: RefCell<HashMap<String, Vec<SocketAddr>>>,
    tls: OnceLock<Option<Arc<rustls::ClientConfig>>>,
}

impl Pool {
    /// Takes a connection that is still good.
    fn take(&self, origin: &str, now: Instant) -> Option<Connection> {
        let mut kept = self.kept.borrow_mut();
        let (_, kept) = kept.iter_mut().find(|(it, _)| **it == *origin)?;
        while let Some((mut connection, since)) = kept.pop() {
            if now.saturating_duration_since(since) < KEPT_FOR && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection after an answer that was read to its end.
    pub(super) fn keep(&self, origin: &Arc<str>, reply: Reply, now: Instant) {
        let Reply {
            head,
            body,
            connection,
            reusable,
        } = reply;
        if !reusable
            || !head.keep_alive
            || !body.is_done()
            || !connection.buffer.is_empty()
            || connection.broken
        {
            return;
        }
        let mut kept = self.kept.borrow_mut();
        let at = kept.iter().position(|(it, _)| it == origin);
        let at = at.unwrap_or_else(|| {
            kept.push((Arc::clone(origin), Vec::new()));
            kept.len() - 1
        });
        let (_, list) = &mut kept[at];
        if list.len() < MOST_KEPT {
            list.push((connection, now));
        }
    }

    /// Closes what nobody used for long.
    pub(super) fn sweep(&self) {
        self.sessions.sweep(KEPT_FOR);
        let mut kept = self.kept.borrow_mut();
        for (_, list) in kept.iter_mut() {
            list.retain(|(_, since)| since.elapsed() < KEPT_FOR);
        }
        kept.retain(|(_, list)| !list.is_empty());
    }

    /// Sends a request and waits for the head of its answer. A kept connection that turns out to be dead is replaced once.
    pub(super) async fn exchange(
        &self,
        url: &Url,
        origin: &Arc<str>,
        parts: &[&[u8]],
        connect: Duration,
        patience: Patience<'_>,
    ) -> Result<Reply, Failure> {
        let end = patience.end;
        let session = url.tls.then(|| self.sessions.take(origin)).flatten();
        let first = if let Some(session) = session {
            Some(Box::pin(ask(session, parts, end)).await)
        } else if let Some(connection) = self.take(origin, patience.start) {
            let sent = patience.wait(pin!(send(connection, parts))).await;
            Some(sent.unwrap_or(Err(Sent::TOO_LATE)))
        } else {
            None
        };
        match first {
            Some(Ok(reply)) if reply.head.status != 408 => return Ok(reply),
            Some(Err(Sent { failure, answered })) if answered || failure == Failure::Timeout => {
                return Err(failure);
            }
            // It was closed while it was kept, or on its way to be.
            _ => {}
        }
        let limit = connect.min(patience.left());
        let connection = match timeout(limit + NAME_PATIENCE, Box::pin(self.dial(url, limit))).await
        {
            Ok(connection) => connection?,
            Err(_) => return Err(Failure::Connect),
        };
        if connection.stream.speaks_http2() {
            let asked = async {
                let open = self.sessions.open(origin, connection.stream);
                let session = timeout_at(end, open)
                    .await
                    .map_err(|_| Failure::Timeout)??;
                ask(session, parts, end).await.map_err(|it| it.failure)
            };
            return Box::pin(asked).await;
        }
        match patience.wait(pin!(send(connection, parts))).await {
            Err(TooLate) => Err(Failure::Timeout),
            Ok(sent) => sent.map_err(|it| it.failure),
        }
    }

    async fn dial(&self, url: &Url, limit: Duration) -> Result<Connection, Failure> {
        let addresses = self.addresses(url).await?;
        let stream = match timeout(limit, connect(&addresses)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if is_exhaustion(&error) => return Err(Failure::Exhausted),
            Ok(Err(_)) | Err(_) => return Err(Failure::Connect),
        };
        let _ = stream.set_nodelay(true);
        if !url.tls {
            return Ok(Connection::new(Stream::Plain(stream)));
        }
        let config = self
            .tls
            .get_or_init(super::tls::client_config)
            .clone()
            .ok_or(Failure::Tls)?;
        let name =
            rustls::pki_types::ServerName::try_from(url.host.clone()).map_err(|_| Failure::Tls)?;
        let connector = tokio_rustls::TlsConnector::from(config);
        match timeout(limit, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Connection::new(Stream::Tls(Box::new(stream.into())))),
            Ok(Err(_)) => Err(Failure::Tls),
            Err(_) => Err(Failure::Connect),
        }
    }

    /// The addresses of a host; the last good ones when its name cannot be found just now.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Failure> {
        if let Ok(address) = url.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, url.port)]);
        }
        let looked = timeout(
            NAME_PATIENCE,
            tokio::net::lookup_host((url.host.as_str(), url.port)),
        )
        .await;
        let found: Vec<SocketAddr> = match looked {
            Ok(Ok(found)) => alternating(found),
            _ => Vec::new(),
        };
        if found.is_empty() {
            let last = self.names.borrow().get(&url.authority).cloned();
            return last.ok_or(Failure::Name);
        }
        let is_local = url.host == "localhost" || url.host.ends_with(".localhost");
        if found.iter().any(|it| is_elsewhere(it.ip(), is_local)) {
            return Err(Failure::Forbidden);
        }
        self.names
            .borrow_mut()
            .insert(url.authority.clone(), found.clone());
        Ok(found)
    }
}

/// True when a connection failed for want of something that this machine has run out of.
fn is_exhaustion(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errors = [
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::NOMEM,
        Errno::ADDRNOTAVAIL,
    ];
    let code = error.raw_os_error();
    errors.iter().any(|it| Some(it.raw_os_error()) == code)
}

/// True for an address that a name of the network cannot honestly have: this machine, or the link that cloud metadata is on.
fn is_elsewhere(address: IpAddr, is_local: bool) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => {
            (it.is_loopback() && !is_local) || it.is_link_local() || it.is_unspecified()
        }
        IpAddr::V6(it) => (it.is_loopback() && !is_local) || it.is_unspecified(),
    }
}

/// One address of each family in turn.
fn alternating(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let mut both = Vec::with_capacity(six.len() + four.len());
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        match (six.next(), four.next()) {
            (None, None) => return both,
            (a, b) => both.extend(a.into_iter().chain(b)),
        }
    }
}

/// Connects to the first address that answers; each has a head start over the next.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let (first, rest) = addresses.split_first().ok_or(io::ErrorKind::NotFound)?;
    if rest.is_empty() {
        return TcpStream::connect(first).await;
    }
    let mut one = std::pin::pin!(TcpStream::connect(*first));
    match timeout(HEAD_START, &mut one).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(_)) => Box::pin(connect(rest)).await,
        Err(_) => {
            let mut others = std::pin::pin!(Box::pin(connect(rest)));
            tokio::select! {
                stream = &mut one => match stream {
                    Ok(stream) => Ok(stream),
                    Err(_) => others.await,
                },
                stream = &mut others => match stream {
                    Ok(stream) => Ok(stream),
                    Err(_) => one.await,
                },
            }
        }
    }
}

/// How sending failed, and whether the server had said anything by then.
pub(super) struct Sent {
    pub(super) failure: Failure,
    pub(super) answered: bool,
}

impl Sent {
    const TOO_LATE: Self = Self {
        failure: Failure::Timeout,
        answered: false,
    };
}

/// Sends a request on a connection that carries many.
async fn ask(session: Session, parts: &[&[u8]], end: Instant) -> Result<Reply, Sent> {
    let asked = session.clone().exchange(parts);
    timeout_at(end, asked).await.unwrap_or_else(|_| {
        // Perhaps nobody is there any more: those who come later find out for themselves.
        session.retire();
        Err(Sent::TOO_LATE)
    })
}

async fn send(mut connection: Connection, parts: &[&[u8]]) -> Result<Reply, Sent> {
    // What it said before it closed is still there to be read.
    let reusable = matches!(connection.write_unless_answered(parts).await, Ok(true));
    match read_head(&mut connection).await {
        Ok(head) => Ok(Reply {
            body: Body::new(head.framing),
            head,
            connection,
            reusable,
        }),
        Err(failure) => Err(Sent {
            failure,
            answered: !connection.buffer.is_empty() || failure != Failure::Lost,
        }),
    }
}

async fn read_head(connection: &mut Connection) -> Result<Answer, Failure> {
    let mut preliminary = 0;
    loop {
        let head = head::answer(&mut connection.buffer, &mut connection.seen);
        match head.map_err(|_| Failure::Nonsense("its head is no HTTP"))? {
            Some(head) if head.status == 101 => {
                return Err(Failure::Nonsense("it switched protocols"));
            }
            Some(head) if head.status < 200 => {
                preliminary += 1;
                if preliminary > MOST_PRELIMINARY {
                    return Err(Failure::Nonsense("it sent too many preliminary answers"));
                }
            }
            Some(head) => return Ok(head),
            None => match connection.fill().await {
                Ok(0) | Err(_) => return Err(Failure::Lost),
                Ok(_) => {}
            },
        }
    }
}

/// Reads the end of an answer that matters to nobody any more, so that its connection can be kept.
pub(super) fn finish(pool: &Rc<Pool>, origin: &Arc<str>, mut reply: Reply, now: Instant) {
    if reply.body.is_done() {
        return pool.keep(origin, reply, now);
    }
    if let Stream::Http2(stream) = reply.connection.stream {
        // To drop it before its end has come would reset it.
        tokio::task::spawn_local(timeout(Duration::from_secs(1), async move {
            let mut stream = stream;
            stream.linger(0).await;
        }));
        return;
    }
    if reply.body.ends_with_connection() || !reply.head.keep_alive {
        return;
    }
    let (pool, origin) = (Rc::clone(pool), Arc::clone(origin));
    tokio::task::spawn_local(async move {
        let rest = async {
            loop {
                match reply.body.take(&mut reply.connection.buffer) {
                    Ok(super::framing::Piece::End) => return true,
                    // Anything but the end was not announced.
                    Ok(super::framing::Piece::Data(_)) | Err(_) => return false,
                    Ok(super::framing::Piece::More) => {}
                }
                if matches!(reply.connection.fill().await, Ok(0) | Err(_)) {
                    return false;
                }
            }
        };
        if let Ok(true) = timeout(Duration::from_secs(1), rest).await {
            pool.keep(&origin, reply, Instant::now());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p099_what_this_machine_has_run_out_of_is_not_the_servers_fault() {
        use rustix::io::Errno;
        let is = |it: Errno| is_exhaustion(&io::Error::from_raw_os_error(it.raw_os_error()));
        assert!(is(Errno::ADDRNOTAVAIL) && is(Errno::MFILE) && is(Errno::NFILE));
        assert!(!is(Errno::CONNREFUSED) && !is(Errno::TIMEDOUT) && !is(Errno::HOSTUNREACH));
    }

    #[test]
    fn p050_addresses_that_no_name_can_honestly_have() {
        for (address, is_local, forbidden) in [
            ("127.0.0.1", false, true),
            ("127.0.0.1", true, false),
            ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("169.254.169.254", false, true),
            ("169.254.169.254", true, true),
            ("::ffff:169.254.169.254", false, true),
            ("0.0.0.0", true, true),
            ("::", false, true),
            ("192.168.1.2", false, false),
            ("100.64.0.1", false, false),
            ("fd00::1", false, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(is_elsewhere(address, is_local), forbidden, "{address}");
        }
    }
}
