//! URLs that an owner writes out: their parts, and whose port they name.

use std::collections::HashMap;

use crate::platform::{Bind, HostId, Platform, Service, ServiceId, ServiceState};

/// The parts of an HTTP URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Url<'a> {
    /// The host, an IPv6 address without its brackets.
    pub host: &'a str,
    /// The port: written, or that of the scheme.
    pub port: u16,
    /// What follows: path, query and fragment.
    pub rest: &'a str,
}

/// Reads a text that is one HTTP URL.
pub(super) fn parse(text: &str) -> Option<Url<'_>> {
    let (scheme, after) = text.split_once("://")?;
    let default = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    if after.contains(|it: char| it.is_whitespace() || it == ';' || it == ',') {
        return None;
    }
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let address = authority.rsplit_once('@').map_or(authority, |it| it.1);
    let (host, port) = match address.strip_prefix('[') {
        Some(inner) => {
            let (host, tail) = inner.split_once(']')?;
            (host, tail.strip_prefix(':'))
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok()?,
        None => default,
    };
    (!host.is_empty()).then_some(Url { host, port, rest })
}

/// The HTTP URLs in a value that may hold several, as Open WebUI's lists do.
pub(super) fn all(text: &str) -> impl Iterator<Item = Url<'_>> {
    text.split(|it: char| it == ';' || it == ',' || it.is_whitespace())
        .filter_map(parse)
}

/// Who listens where: hosts by address and name, services by host and port.
pub(super) struct Directory<'p> {
    hosts: HashMap<&'p str, HostId>,
    listeners: HashMap<(HostId, u16), ServiceId>,
    platform: &'p Platform,
}

impl<'p> Directory<'p> {
    pub(super) fn new(platform: &'p Platform) -> Self {
        let mut hosts = HashMap::new();
        for host in &platform.hosts {
            let addresses = host.addresses.iter().map(|(_, it, _)| it);
            for name in addresses.chain(&host.dns) {
                hosts.insert(name.as_str(), host.id);
            }
        }
        let mut listeners = HashMap::new();
        let used = |it: &&Service| it.state != ServiceState::Retired;
        for service in platform.services.iter().filter(used) {
            for port in &service.ports {
                listeners.insert((service.host, port.number), service.id);
            }
            for slot in &service.slots {
                listeners.insert((service.host, slot.port), service.id);
            }
        }
        Self {
            hosts,
            listeners,
            platform,
        }
    }

    /// The host that a URL names, as a reader on another host sees it.
    pub(super) fn host(&self, url: Url<'_>, reader: HostId) -> Option<HostId> {
        match url.host {
            "localhost" | "127.0.0.1" | "::1" | "0.0.0.0" => Some(reader),
            name => self.hosts.get(name).copied(),
        }
    }

    /// The service that a URL reaches.
    pub(super) fn service(&self, url: Url<'_>, reader: HostId) -> Option<&'p Service> {
        let host = self.host(url, reader)?;
        let id = self.listeners.get(&(host, url.port))?;
        Some(&self.platform[*id])
    }

    /// True when `{ url = … }` would write the same address: then nothing changes by it.
    pub(super) fn is_same(&self, url: Url<'_>, reader: HostId, service: &Service) -> bool {
        if service.port() != Some(url.port) {
            return false;
        }
        if service.host == reader {
            return url.host == service.local_address();
        }
        let (here, there) = (&self.platform[reader], &self.platform[service.host]);
        let chosen = self.platform.policy.prefer.iter().find_map(|network| {
            here.address_on(*network)?;
            let address = there.address_on(*network)?;
            let bound = match &service.bind {
                Bind::All => true,
                Bind::Network(bound, _) => bound == network,
                Bind::Address(bound) => bound == address,
                Bind::Loopback => false,
            };
            bound.then_some(address)
        });
        chosen == Some(url.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let check = |text, expected| {
            let found = parse(text).map(|it| (it.host, it.port, it.rest));
            assert_eq!(found, expected, "{text}");
        };
        check("http://a:8100/v1", Some(("a", 8100, "/v1")));
        check("https://u:p@a?x=1", Some(("a", 443, "?x=1")));
        check("http://[fd7a::1]:80", Some(("fd7a::1", 80, "")));
        check("http://a:99999", None);
        check("ftp://a", None);
        check("http:///v1", None);
        check("http://a:1;http://b:2", None);
        assert_eq!(all("http://a:1;http://b:2").count(), 2);
    }
}
