//! How one host reaches a service on another, and how a URL is written.

use crate::platform::{Bind, HostId, NetworkId, Platform, Service, ServiceId};

/// A way to a service: the address to write, and the network it goes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) address: String,
    pub(super) network: Option<NetworkId>,
}

impl Way {
    /// The URL at a port, without a path.
    pub(super) fn url(&self, port: Option<u16>) -> String {
        // An IPv6 address stands in brackets, or its colons would begin the port.
        let host = if self.address.contains(':') {
            format!("[{}]", self.address)
        } else {
            self.address.clone()
        };
        match port {
            Some(port) => format!("http://{host}:{port}"),
            None => format!("http://{host}"),
        }
    }
}

/// The way from a host to a service: loopback on the same host where the service listens there, else the preferred network's address that it really binds; nothing when there is none.
pub(super) fn way(platform: &Platform, from: HostId, to: ServiceId) -> Option<Way> {
    let service = &platform[to];
    if service.host == from {
        let address = service.local_address().to_owned();
        let network = match &service.bind {
            Bind::Network(network, _) => Some(*network),
            _ => None,
        };
        return Some(Way { address, network });
    }
    across(platform, from, service)
}

fn across(platform: &Platform, from: HostId, service: &Service) -> Option<Way> {
    let (here, there) = (&platform[from], &platform[service.host]);
    platform.policy.prefer.iter().find_map(|network| {
        here.address_on(*network)?;
        let address = there.address_on(*network)?;
        let bound = match &service.bind {
            Bind::All => true,
            Bind::Network(bound, _) => bound == network,
            Bind::Address(bound) => bound == address,
            Bind::Loopback => false,
        };
        bound.then(|| Way {
            address: address.to_owned(),
            network: Some(*network),
        })
    })
}

/// Why a host does not reach a service, for the label at the callee.
pub(super) fn obstacle(platform: &Platform, from: HostId, to: ServiceId) -> String {
    let service = &platform[to];
    match &service.bind {
        Bind::Loopback => format!("`{}` listens on loopback only", service.name),
        Bind::Network(network, _) => format!(
            "`{}` listens on network `{}` only, where host `{}` has no address",
            service.name, platform[*network].name, platform[from].name
        ),
        Bind::All | Bind::Address(_) => format!(
            "hosts `{}` and `{}` share no network",
            platform[from].name, platform[service.host].name
        ),
    }
}
