//! How far services can be reached, and whether anybody agreed to it: one service has one finding about it, by the rule that fits best.

use crate::backend::{Layer, Role};
use crate::platform::{
    Bind, ManagedBy, McpCommand, McpState, NetworkKind, Platform, Service, Value,
};

/// What is wrong with where a service listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// It works on prompts for the gateway alone, and others can reach it.
    Optimiser,
    /// All that call it run on its own host.
    Needless,
    /// Somebody may need it there, and nobody has approved it.
    Unapproved,
}

/// What is wrong with where a service listens; nothing when it is approved, keeps to its host, or is not ours to say.
pub(super) fn of(platform: &Platform, service: &Service) -> Option<Exposure> {
    let ours = platform.is_installed(service) && service.managed_by != ManagedBy::External;
    let quiet = service.ports.is_empty() && service.ranges.is_empty();
    if !ours || quiet || service.approval.is_some() || !faces_house(platform, service) {
        return None;
    }
    if service.kind.keeps_to_loopback() {
        return Some(Exposure::Optimiser);
    }
    let for_people = service.layer == Layer::Interface || service.kind.role == Role::Gateway;
    let mut callers = platform.callers_of(service.id).peekable();
    let called = callers.peek().is_some();
    let from_here = callers.all(|it| platform[it.from].host == service.host);
    if !for_people && called && from_here && !serves_tools(platform, service) {
        return Some(Exposure::Needless);
    }
    Some(Exposure::Unapproved)
}

/// True when machines that are no part of the platform can reach it; on a tailnet everybody has signed in.
fn faces_house(platform: &Platform, service: &Service) -> bool {
    match &service.bind {
        Bind::Loopback => false,
        Bind::All | Bind::Address(_) => true,
        Bind::Network(network, _) => platform[*network].kind == NetworkKind::Lan,
    }
}

/// True when MCP clients call it, whose machines nobody lists.
fn serves_tools(platform: &Platform, service: &Service) -> bool {
    let live = |it: &&crate::platform::McpServer| it.state == McpState::Live;
    platform.mcp.iter().filter(live).any(|it| {
        let called =
            matches!(&it.command, McpCommand::Call { service: to, .. } if *to == service.id);
        let told = |value: &Value| matches!(value, Value::Url(to, _) if *to == service.id);
        called || it.env.iter().any(|it| told(&it.value))
    })
}
