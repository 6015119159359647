//! The running proxy: one address for every model of the platform, from the route table alone.
//!
//! The life of a request, in the order of the files. `listener` accepts it on one of several threads that share nothing on its way; `http2` does so with each stream of a connection that carries many. `serve` reads its head (`head`, `framing`) and doubts it once, asks `keys` who it is from, and finds the model in its body (`incoming`, `buffers`, `scan`, `multipart`) without building a tree. `forward` decides which routes and servers are tried, `pick` chooses among `deployment`s, and `attempt` makes one try over a connection of `upstream`, up to the moment from which there is no way back. `relay` sends the answer on as it comes (`sse`, `judge`), and `record` writes down how it went (`log`, `metrics`).
//!
//! What needs no server is answered by `local` and `search`. `control` reloads, drains and asks servers for their health; `admin` shows an operator what it knows. All errors are `error`'s.
//!
//! Not in here: reading files and the environment, which `cli` does; translating between APIs; counting money.

mod listener;
mod connection;
mod http2;
pub mod head;
pub mod framing;
mod serve;
mod incoming;
mod buffers;
mod alarm;
mod caught;
mod keys;
mod guesses;
pub mod scan;
pub mod multipart;
mod served;
mod worker;
mod forward;
mod pick;
mod deployment;
mod attempt;
mod upstream;
mod url;
mod tls;
mod relay;
pub mod sse;
pub mod judge;
pub mod error;
mod answer;
mod local;
mod search;
mod record;
mod log;
mod metrics;
mod control;
mod admin;
mod systemd;

use std::fmt;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};

pub use served::{Environment, Obstacle};
pub use worker::Limits;

use crate::routes::{Table, TableError};

/// What the proxy is told, all at one moment.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The text of the route table.
    pub table: String,
    /// The text of the file of keys.
    pub keys: Option<String>,
    /// Who it is to clients that speak TLS.
    pub identity: Option<Identity>,
    /// The variables.
    pub environment: Environment,
}

/// A certificate with those that vouch for it, and its private key, in PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificates.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity")
    }
}

/// Reads the sources again, or says why it cannot.
pub type Load = Box<dyn Fn() -> Result<Sources, String>>;

/// A value that differs when the files do.
pub type Stamp = Box<dyn Fn() -> u64>;

/// Everything that a proxy needs to run.
pub struct Setup {
    /// Reads what it serves; asked again for each reload.
    pub load: Load,
    /// Tells whether that has changed.
    pub stamp: Stamp,
    /// Where it listens when the table's address is not to be used.
    pub listen: Option<SocketAddr>,
    /// Listeners that were opened for it.
    pub listeners: Vec<TcpListener>,
    /// Where operators look.
    pub admin: Option<SocketAddr>,
    /// How many threads serve.
    pub threads: usize,
    /// How much clients may ask.
    pub limits: Limits,
    /// Where lines of the log go.
    pub log: Box<dyn Write + Send>,
    /// The socket of systemd that is told how we are.
    pub notify: Option<String>,
    /// How often systemd wants to hear from us, in microseconds.
    pub watchdog: Option<u64>,
}

/// Why a proxy does not run.
#[derive(Debug)]
pub enum ProxyError {
    /// What it is to serve cannot be read.
    Load(String),
    /// The table is none.
    Table(TableError),
    /// The table cannot be served as things are.
    Obstacles(Vec<Obstacle>),
    /// It would be open to the network without a key.
    Open(SocketAddr),
    /// The table names no address, and nobody else did.
    Nowhere,
    /// Operators' pages would be open to the network.
    OpenAdmin(SocketAddr),
    /// An address cannot be listened on.
    Listen(SocketAddr, std::io::Error),
    /// The system gives us no thread or runtime.
    Start(std::io::Error),
}

impl fmt::Display for ProxyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(what) => formatter.write_str(what),
            Self::Table(error) => {
                write!(formatter, "{error}")?;
                match std::error::Error::source(error) {
                    Some(source) => write!(formatter, ": {source}"),
                    None => Ok(()),
                }
            }
            Self::Obstacles(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                formatter.write_str(&all.join("; "))
            }
            Self::Open(address) => write!(
                formatter,
                "{address} is open to the network and no key is configured: set a master key, or listen on 127.0.0.1"
            ),
            Self::Nowhere => {
                formatter.write_str("the table names no address: say one with `--listen`")
            }
            Self::OpenAdmin(address) => write!(
                formatter,
                "{address} is open to the network: the admin pages are for this machine alone"
            ),
            Self::Listen(address, error) => {
                write!(formatter, "cannot listen on {address}: {error}")
            }
            Self::Start(error) => write!(formatter, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for ProxyError {}

/// Reads a table as the proxy would, and says what stands in its way.
pub fn check(sources: &Sources) -> Result<Table, ProxyError> {
    served_of(sources, None).map(|it| it.table)
}

/// Runs until a signal ends it.
pub fn run(setup: Setup) -> Result<(), ProxyError> {
    control::run(setup)
}

fn served_of(
    sources: &Sources,
    before: Option<&served::Served>,
) -> Result<served::Served, ProxyError> {
    let table = Table::from_json(&sources.table).map_err(ProxyError::Table)?;
    served::Served::new(table, sources, before).map_err(ProxyError::Obstacles)
}
