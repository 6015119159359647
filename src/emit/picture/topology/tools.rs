//! The MCP servers of a topology: where each stands, what it calls, and who calls it.

use std::collections::BTreeSet;

use super::graph::{Edge, Node, Places};
use crate::emit::mcp;
use crate::emit::mcp_servers::{home, is_live, transport_name};
use crate::emit::picture::{Links, words};
use crate::platform::{HostId, McpCommand, McpServer, NetworkId, Platform, ServiceId, Value};

/// The host that a server is drawn in: that of the service that offers it, else the one where it is started, which is that of its client.
pub(super) fn host_of(platform: &Platform, server: &McpServer) -> HostId {
    match server.command {
        McpCommand::Call { service, .. } => platform[service].host,
        _ => home(platform, server),
    }
}

/// The box of a server.
pub(super) fn node(
    platform: &Platform,
    server: &McpServer,
    links: &Links<'_>,
    card: usize,
) -> Node {
    let transport = transport_name(server.transport);
    let tools = words::count(server.tools.len(), "tool");
    let state = words::mcp_state(server.state);
    let host = &platform[host_of(platform, server)].name;
    let mut says = format!("MCP server {}, {transport} on {host}, {tools}", server.name);
    if let Some(state) = state {
        says.push_str(", ");
        says.push_str(state);
    }
    for (word, services) in [
        (", calls ", callees(platform, server)),
        (", used by ", clients(platform, server)),
    ] {
        let names: Vec<&str> = services
            .iter()
            .map(|it| platform[*it].name.as_str())
            .collect();
        if !names.is_empty() {
            says.push_str(word);
            says.push_str(&words::some(&names, 12));
        }
    }
    Node {
        card,
        name: server.name.clone(),
        line: format!("MCP over {transport}"),
        more: (!server.tools.is_empty()).then_some(tools),
        chips: Vec::new(),
        reach: None,
        layer: None,
        state,
        says,
        href: (links.mcp)(server),
        key: None,
    }
}

/// Adds the calls of servers and to them.
pub(super) fn calls(edges: &mut Vec<Edge>, platform: &Platform, places: &Places) {
    for server in &platform.mcp {
        let Some(at) = places.tools.get(&server.id) else {
            continue;
        };
        let here = host_of(platform, server);
        let live = is_live(platform, server);
        for service in callees(platform, server) {
            edges.push(Edge {
                from: *at,
                to: places.services[&service],
                network: over(platform, here, platform[service].host),
                live: live && platform.is_live(&platform[service]),
            });
        }
        for service in clients(platform, server) {
            edges.push(Edge {
                from: places.services[&service],
                to: *at,
                network: over(platform, platform[service].host, here),
                live: live && platform.is_live(&platform[service]),
            });
        }
    }
}

/// The services that a server calls: the one that offers it, and those whose URL or model it is told.
fn callees(platform: &Platform, server: &McpServer) -> BTreeSet<ServiceId> {
    let offered = match server.command {
        McpCommand::Call { service, .. } => Some(service),
        _ => None,
    };
    let told = server.env.iter().filter_map(|it| match it.value {
        Value::Url(service, _) => Some(service),
        Value::Handle(_) => Some(platform.gateway_service().id),
        _ => None,
    });
    told.chain(offered).collect()
}

/// The services that use a server. One that offers it is no client of itself.
fn clients(platform: &Platform, server: &McpServer) -> BTreeSet<ServiceId> {
    let offers = match server.command {
        McpCommand::Call { service, .. } => Some(service),
        _ => None,
    };
    mcp::clients(platform, server)
        .filter(|it| offers != Some(*it))
        .collect()
}

/// The network between two hosts; nothing within one.
fn over(platform: &Platform, from: HostId, to: HostId) -> Option<NetworkId> {
    let (from, to) = (&platform[from], &platform[to]);
    let shared = |it: &&NetworkId| from.address_on(**it).is_some() && to.address_on(**it).is_some();
    let mut networks = platform.policy.prefer.iter();
    networks.find(shared).copied().filter(|_| from.id != to.id)
}
