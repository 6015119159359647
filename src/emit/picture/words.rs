//! The words of the pictures: states, layers, ports and counts as people read them, and the classes that colour them.

use crate::platform::{HostState, Layer, McpState, NetworkId, Os, Platform, Service, ServiceState};

/// How many networks have a colour of their own.
const NETWORK_COLOURS: usize = 6;

/// An operating system.
pub(super) fn os(os: Os) -> &'static str {
    match os {
        Os::Linux => "Linux",
        Os::Macos => "macOS",
        Os::Windows => "Windows",
    }
}

/// A host's state, when it is not simply in use.
pub(super) fn host_state(state: HostState) -> Option<&'static str> {
    match state {
        HostState::Live => None,
        HostState::Planned => Some("planned"),
        HostState::Template => Some("template"),
        HostState::Retired => Some("retired"),
    }
}

/// A service's state, when it is not simply in use.
pub(super) fn service_state(state: ServiceState) -> Option<&'static str> {
    match state {
        ServiceState::Live => None,
        ServiceState::Planned => Some("planned"),
        ServiceState::Experimental => Some("experimental"),
        ServiceState::Disabled => Some("disabled"),
        ServiceState::Retired => Some("retired"),
    }
}

/// An MCP server's state, when it is not simply in use.
pub(super) fn mcp_state(state: McpState) -> Option<&'static str> {
    match state {
        McpState::Live => None,
        McpState::Planned => Some("planned"),
        McpState::Possible => Some("possible"),
        McpState::Disabled => Some("disabled"),
        McpState::Retired => Some("retired"),
    }
}

/// A layer.
pub(super) fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Interface => "interface",
        Layer::Gateway => "gateway",
        Layer::Inference => "inference",
        Layer::Tools => "tools",
        Layer::Data => "data",
        Layer::Observability => "observability",
    }
}

/// Every layer, from people to what watches.
pub(super) const LAYERS: [Layer; 6] = [
    Layer::Interface,
    Layer::Gateway,
    Layer::Inference,
    Layer::Tools,
    Layer::Data,
    Layer::Observability,
];

/// The class of a network: networks have colours in turn.
pub(super) fn network_class(network: NetworkId, platform: &Platform, stem: &str) -> String {
    let at = platform.networks.iter().position(|it| it.id == network);
    format!("{stem}-{}", at.unwrap_or(0) % NETWORK_COLOURS)
}

/// A service's ports: single ones, those of its models, and ranges.
pub(super) fn ports(service: &Service) -> Vec<String> {
    let mut ports: Vec<String> = service
        .ports
        .iter()
        .map(|it| it.number.to_string())
        .collect();
    ports.extend(service.slots.iter().map(|it| it.port.to_string()));
    if service.slots.is_empty() {
        ports.extend(
            service
                .ranges
                .iter()
                .map(|it| format!("{}–{}", it.first, it.last)),
        );
    }
    ports
}

/// A number of things.
pub(super) fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// The first of some names, and how many more there are.
pub(super) fn some(names: &[&str], most: usize) -> String {
    let shown = names[..names.len().min(most)].join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
