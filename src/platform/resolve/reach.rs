//! How somebody in one place reaches a service in another, and how a URL is written.

use crate::platform::{Bind, Container, HostId, NetworkId, Platform, Service, ServiceId};

/// Where somebody calls from. Inside a container loopback is the container itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seat {
    /// A process of this host.
    Host(HostId),
    /// The container of this service.
    Container(ServiceId),
}

impl Seat {
    /// Where a service calls from.
    pub(super) fn of(service: &Service) -> Self {
        match service.container {
            Some(_) => Self::Container(service.id),
            None => Self::Host(service.host),
        }
    }

    /// The host it is on.
    pub(super) fn host(self, platform: &Platform) -> HostId {
        match self {
            Self::Host(host) => host,
            Self::Container(service) => platform[service].host,
        }
    }

    fn container(self, platform: &Platform) -> Option<&Container> {
        match self {
            Self::Host(_) => None,
            Self::Container(service) => platform[service].container.as_ref(),
        }
    }

    /// Where a call comes from, for its label.
    pub(super) fn label(self, platform: &Platform) -> String {
        let host = &platform[self.host(platform)].name;
        match self {
            Self::Host(_) => format!("called from host `{host}`"),
            Self::Container(_) => format!("called from a container of host `{host}`"),
        }
    }
}

/// A way to a service: the address to write, and the network it goes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way<'p> {
    pub(super) address: &'p str,
    pub(super) network: Option<NetworkId>,
    /// True between two containers: there the ports inside count, not those on the host.
    pub(super) inside: bool,
    /// What URLs begin with.
    pub(super) scheme: &'static str,
}

impl Way<'_> {
    /// The URL at a port, without a path.
    pub(super) fn url(&self, port: Option<u16>) -> String {
        // An IPv6 address stands in brackets, or its colons would begin the port.
        let (open, close) = if self.address.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        // Room for a path as well: nearly every one gets one.
        let mut url = String::with_capacity(48);
        for part in [self.scheme, "://", open, self.address, close] {
            url.push_str(part);
        }
        if let Some(port) = port {
            url.extend([":", &port.to_string()]);
        }
        url
    }

    /// The number of a service's port on this way.
    pub(super) fn port(&self, service: &Service, port: u16) -> u16 {
        if self.inside {
            service.inner_port(port)
        } else {
            port
        }
    }
}

/// The way from a seat to a service; nothing when there is none.
///
/// A container reaches those beside it by their names. On one host it is loopback where the callee listens there, and from a container the address of its gateway. Elsewhere it is the preferred network's address that the callee really binds.
pub(super) fn way(platform: &Platform, from: Seat, to: ServiceId) -> Option<Way<'_>> {
    let service = &platform[to];
    let caller = from.container(platform);
    let same_host = service.host == from.host(platform);
    if let (true, Some(caller), Some(callee)) = (same_host, caller, &service.container)
        && caller.is_beside(callee)
    {
        return Some(Way {
            address: &service.name,
            network: None,
            inside: true,
            scheme: service.scheme(),
        });
    }
    if !service.holds_ports() {
        return None;
    }
    if !same_host {
        return across(platform, from.host(platform), service);
    }
    let address = match (caller, &service.bind) {
        (Some(_), Bind::Loopback) => return None,
        (Some(caller), Bind::All) => caller.host_name(),
        _ => service.local_address(),
    };
    let network = match &service.bind {
        Bind::Network(network, _) => Some(*network),
        _ => None,
    };
    Some(Way {
        address,
        network,
        inside: false,
        scheme: service.scheme(),
    })
}

fn across<'p>(platform: &'p Platform, from: HostId, service: &'p Service) -> Option<Way<'p>> {
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
            address,
            network: Some(*network),
            inside: false,
            scheme: service.scheme(),
        })
    })
}

/// Why a seat does not reach a service, for the label at the callee.
pub(super) fn obstacle(platform: &Platform, from: Seat, to: ServiceId) -> String {
    let service = &platform[to];
    let host = from.host(platform);
    if !service.holds_ports() {
        return format!(
            "the container of `{}` opens no port on its host, and is on no network of the caller's",
            service.name
        );
    }
    match &service.bind {
        Bind::Loopback if service.host == host => format!(
            "`{}` listens on the loopback of host `{}`, which no container sees",
            service.name, platform[host].name
        ),
        Bind::Loopback => format!("`{}` listens on loopback only", service.name),
        Bind::Network(network, _) => format!(
            "`{}` listens on network `{}` only, where host `{}` has no address",
            service.name, platform[*network].name, platform[host].name
        ),
        Bind::All | Bind::Address(_) => format!(
            "hosts `{}` and `{}` share no network",
            platform[host].name, platform[service.host].name
        ),
    }
}
