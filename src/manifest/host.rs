//! `[networks.*]` and `[hosts.*]`: the machines and how they reach each other.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Address, DnsName, Name, Path, Size, User};

/// A network that hosts have addresses on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// What sort of network it is.
    pub kind: NetworkKind,
    /// Its title, for people.
    pub title: Option<String>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// What sort of network it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// The network of the house.
    Lan,
    /// A Tailscale network.
    Tailnet,
}

/// A machine.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its title, for people.
    pub title: Option<String>,
    /// Its operating system.
    pub os: Os,
    /// The release, for people, such as `Ubuntu 24.04`.
    pub release: Option<String>,
    /// What starts services on it. Default: systemd on Linux, launchd on macOS.
    pub init: Option<Init>,
    /// Its address on each network, by network.
    #[serde(default)]
    pub addresses: BTreeMap<Name, Address>,
    /// Names that resolve to it where name resolution is configured.
    #[serde(default)]
    pub dns: Vec<DnsName>,
    /// The user that services run as unless they say otherwise.
    pub user: Option<User>,
    /// Where the owner's repository is checked out on it.
    pub checkout: Option<Path>,
    /// Its memory.
    pub memory: Option<Size>,
    /// The memory of its GPU, where that is separate.
    pub gpu_memory: Option<Size>,
    /// Its storage, by name.
    #[serde(default)]
    pub volumes: BTreeMap<Name, Volume>,
    /// Whether it is in use. Default: live.
    #[serde(default)]
    pub state: HostState,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Os {
    /// Any Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// What starts services on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// systemd units.
    Systemd,
    /// launchd daemons.
    Launchd,
    /// Docker Compose: services are containers, in one `docker-compose.yml`.
    Compose,
    /// Podman: services are containers, each in a file of Quadlet's, of which systemd makes a unit. It needs Podman 4.4.
    Quadlet,
    /// Nothing: services are started by hand.
    None,
}

/// Whether a host is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostState {
    /// In use.
    #[default]
    Live,
    /// Will come.
    Planned,
    /// Described, and without an address: nothing of it is written for any host. With an address it is live.
    Template,
    /// Gone; its name stays taken.
    Retired,
}

/// A place for files on a host.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Where it is mounted: absolute.
    pub path: Path,
    /// Whether models on it may have handles.
    pub room: Room,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// Whether models on a volume may have handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Room {
    /// They may.
    Showroom,
    /// They may not: storage only.
    Backroom,
}
