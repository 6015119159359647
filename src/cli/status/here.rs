//! Which host of the platform this machine is, told as `healthcheck.sh` tells it: by its name, else by its addresses.

use std::net::{IpAddr, UdpSocket};

use crate::platform::{Host, HostState, Platform};

/// The host that this machine is; nothing when it is none of the platform's.
pub(super) fn this_host(platform: &Platform) -> Option<&Host> {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .to_lowercase();
    let short = name.split('.').next().unwrap_or_default();
    let mut live = platform
        .hosts
        .iter()
        .filter(|it| it.state == HostState::Live);
    let by_name = live.clone().find(|host| is_called(host, short));
    by_name.or_else(|| live.find(|host| addresses(host).any(is_ours)))
}

fn is_called(host: &Host, short: &str) -> bool {
    let first = |name: &String| name.split('.').next().unwrap_or_default().to_lowercase();
    host.name == short || host.dns.iter().any(|it| first(it) == short)
}

/// Its addresses; one that every machine has tells nothing.
fn addresses(host: &Host) -> impl Iterator<Item = IpAddr> {
    let addresses = host.addresses.iter();
    addresses
        .filter_map(|(_, address, _)| address.parse::<IpAddr>().ok())
        .filter(|it| !it.is_loopback())
}

/// True when this machine has the address: nobody can bind another one. Nothing is sent.
fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}
