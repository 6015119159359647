//! Networks and hosts as meant.

use crate::diagnostic::Span;

use super::{HostId, HostState, Init, NetworkId, NetworkKind, Os, Room};

/// A network.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Its name.
    pub name: String,
    /// Its title; its name when it has none.
    pub title: String,
    /// What sort of network it is.
    pub kind: NetworkKind,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

/// A machine.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its id.
    pub id: HostId,
    /// Its name.
    pub name: String,
    /// Its title; its name when it has none.
    pub title: String,
    /// Its operating system.
    pub os: Os,
    /// The release, for people.
    pub release: Option<String>,
    /// What starts services on it.
    pub init: Init,
    /// Its addresses in canonical form, with where each stands, ordered by network.
    pub addresses: Vec<(NetworkId, String, Span)>,
    /// Names that resolve to it where name resolution is configured.
    pub dns: Vec<String>,
    /// The user that services run as; `root` when none is named.
    pub user: String,
    /// Where the owner's repository is checked out on it.
    pub checkout: Option<String>,
    /// Its memory in bytes.
    pub memory: Option<u64>,
    /// The memory of its GPU in bytes, where that is separate.
    pub gpu_memory: Option<u64>,
    /// Its storage, ordered by name.
    pub volumes: Vec<Volume>,
    /// Whether it is in use.
    pub state: HostState,
    /// True for the one that is no machine of the owner's: the internet, where providers are.
    pub elsewhere: bool,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands; for the internet, that of the first provider.
    pub span: Span,
}

impl Host {
    /// The home of a user on it.
    pub fn home_of(&self, user: &str) -> String {
        match (self.os, user) {
            (Os::Macos, "root") => "/var/root".to_owned(),
            (Os::Macos, user) => ["/Users/", user].concat(),
            (_, "root") => "/root".to_owned(),
            (_, user) => ["/home/", user].concat(),
        }
    }

    /// Its address on a network.
    pub fn address_on(&self, network: NetworkId) -> Option<&str> {
        self.addresses
            .iter()
            .find(|(it, _, _)| *it == network)
            .map(|(_, address, _)| address.as_str())
    }
}

/// A place for files on a host.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// Where it is mounted.
    pub path: String,
    /// Whether models on it may have handles.
    pub room: Room,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands.
    pub span: Span,
}
