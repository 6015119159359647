//! How services are reached, written down: URLs, and the ids by which the registries refer to them.

use crate::platform::{Bind, Model, Platform, Service};

/// Returns `http://<address>:<port>`, an IPv6 address in brackets; with `https` where the service speaks TLS.
pub fn http_url(service: &Service, address: &str, port: u16) -> String {
    url(service.scheme(), address, port)
}

/// Returns `<scheme>://<address>:<port>`, an IPv6 address in brackets.
pub fn url(scheme: &str, address: &str, port: u16) -> String {
    let (open, close) = if address.contains(':') {
        ("://[", "]:")
    } else {
        ("://", ":")
    };
    // With room for the number, and for the path that often follows.
    let mut url = String::with_capacity(scheme.len() + address.len() + 16);
    url.extend([scheme, open, address, close, &port.to_string()]);
    url
}

/// Returns the address at which other hosts reach a service; nothing when it listens for its own host only, or its host has no address on a preferred network.
pub fn network_address<'a>(platform: &'a Platform, service: &'a Service) -> Option<&'a str> {
    match &service.bind {
        Bind::Loopback => None,
        Bind::Network(_, address) | Bind::Address(address) => Some(address),
        Bind::All => {
            let host = &platform[service.host];
            let mut preferred = platform.policy.prefer.iter();
            preferred.find_map(|network| host.address_on(*network))
        }
    }
}

/// Returns the id of an endpoint with a port of its own: `ep_ov_llm_server_9000`.
pub fn port_id(service: &Service, port: u16) -> String {
    ["ep_", &snake(&service.name), "_", &port.to_string()].concat()
}

/// Returns the id of a slot, the endpoint of one model: `ep_mlx_slot_8100`.
pub fn slot_id(service: &Service, port: u16) -> String {
    ["ep_", &snake(&service.name), "_slot_", &port.to_string()].concat()
}

/// Returns the id of the endpoint that answers for a model; without a port while none is known.
pub fn model_id(platform: &Platform, model: &Model) -> String {
    let service = &platform[model.service];
    match model.port {
        Some(port) if service.kind.one_model_per_port => slot_id(service, port),
        Some(port) => port_id(service, port),
        None => ["ep_", &snake(&service.name)].concat(),
    }
}

/// Returns the id of a service's main endpoint; without a port when it has none.
pub fn service_id(service: &Service) -> String {
    match service.port() {
        Some(port) => port_id(service, port),
        None => ["ep_", &snake(&service.name)].concat(),
    }
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        assert_eq!(url("http", "127.0.0.1", 4000), "http://127.0.0.1:4000");
        assert_eq!(url("http", "fd00::71", 4000), "http://[fd00::71]:4000");
    }
}
