//! The first page, and the topology.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::markdown::{Writer, code, link, listed, number, text};
use super::words::{self, counted};
use super::{Book, Page, to_host, to_service};
use crate::platform::{Platform, ServiceState};

/// From this many services on the Mermaid picture shows hosts alone: forges refuse larger ones.
const MANY: usize = 60;

pub(super) fn index(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled(&platform.title);
    page.notes(platform.notes.as_deref());
    page.paragraph(format!(
        "{}, {}, {} and {}; the gateway is {}. Everything here is made from `platform.toml` by `homelab build`: change that file, not these pages.",
        counted(platform.machines().count(), "host"),
        counted(platform.services.len(), "service"),
        counted(platform.models.len(), "model"),
        counted(platform.handles.len(), "handle"),
        to_service("", platform.gateway_service()),
    ));
    page.section("Pages");
    page.list(
        [
            (
                "Topology",
                "topology.md",
                "who is where, and who calls whom",
            ),
            (
                "Dossier",
                "dossier.md",
                "hosts, ports, endpoints, exposure, secrets",
            ),
            (
                "Integrations",
                "integrations.md",
                "every route and every variable",
            ),
            ("Handles", "handles.md", "the names that clients use"),
            ("Models", "models.md", "what is served, and from where"),
            ("MCP servers", "mcp.md", "tools and their contracts"),
            (
                "Decisions",
                "decisions.md",
                "rules in force, exceptions, approvals",
            ),
            (
                "Ports",
                "ports.md",
                "every port ever given, and what is free",
            ),
            (
                "Planned",
                "planned.md",
                "what will come, and what is left to find out",
            ),
        ]
        .map(|(title, path, what)| format!("[{title}]({path})\\\n  {what}")),
    );
    page.section("Hosts");
    let hosts: Vec<_> = platform
        .hosts
        .iter()
        .map(|host| {
            [
                to_host("", host),
                text(&host.title),
                words::system(host).into(),
                words::host_state(host.state).into(),
                number(Some(platform.services_on(host.id).count())),
            ]
        })
        .collect();
    page.table(
        ["Host", "Title", "System", "State", "Services"],
        &hosts,
        "There is no host.",
    );
    page.section("Services");
    let services: Vec<_> = platform
        .services
        .iter()
        .map(|service| {
            [
                to_service("", service),
                text(&service.title),
                to_host("", &platform[service.host]),
                number(service.port()),
                words::service(platform, service).into(),
            ]
        })
        .collect();
    page.table(
        ["Service", "Title", "Host", "Port", "State"],
        &services,
        "There is no service.",
    );
    Page::new("README.md", &platform.title, page.finish())
}

pub(super) fn topology(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Topology");
    let networks: Vec<_> = platform
        .networks
        .iter()
        .map(|network| format!("{}: {}", code(&network.name), text(&network.title)))
        .collect();
    page.fenced("mermaid", &mermaid(platform));
    page.section("Networks");
    if networks.is_empty() {
        page.paragraph("No network is named: everything is on one machine.");
    } else {
        page.list(networks);
    }
    page.section("Hosts");
    let hosts: Vec<_> = platform
        .hosts
        .iter()
        .map(|host| {
            let addresses = host.addresses.iter().map(|(network, address, _)| {
                format!("{} {}", platform[*network].name, code(address))
            });
            [
                to_host("", host),
                words::host_state(host.state).into(),
                listed(addresses),
                listed(host.dns.iter().map(|it| code(it))),
            ]
        })
        .collect();
    page.table(
        ["Host", "State", "Addresses", "Names"],
        &hosts,
        "There is no host.",
    );
    page.section("Calls");
    let calls: Vec<_> = platform
        .calls
        .iter()
        .map(|call| {
            let network = match call.network {
                Some(network) => platform[network].name.as_str(),
                None if platform[platform[call.to].host].elsewhere => "internet",
                None => "same host",
            };
            [
                to_service("", &platform[call.from]),
                to_service("", &platform[call.to]),
                code(&call.url),
                text(network),
            ]
        })
        .collect();
    page.table(
        ["Caller", "Callee", "URL", "Over"],
        &calls,
        "Nothing calls anything.",
    );
    page.section("MCP servers");
    page.paragraph(format!(
        "What their tools promise is on {}.",
        link("a page of its own", "mcp.md")
    ));
    super::mcp::table(&mut page, platform);
    page.paragraph(format!("Back to {}.", link(&platform.title, "README.md")));
    Page::new("topology.md", "Topology", page.finish())
}

/// The topology for Mermaid: hosts as boxes with their services, calls as arrows.
fn mermaid(platform: &Platform) -> String {
    let mut graph = String::from("flowchart LR\n");
    let many = platform.services.len() > MANY;
    let hosts = nodes('h', platform.hosts.iter().map(|it| it.id));
    let services = nodes('s', platform.services.iter().map(|it| it.id));
    for host in &platform.hosts {
        let id = &hosts[&host.id];
        if many {
            let count = counted(platform.services_on(host.id).count(), "service");
            let _ = writeln!(graph, "  {id}[\"{}: {count}\"]", quoted(&host.name));
            continue;
        }
        let _ = writeln!(graph, "  subgraph {id}[\"{}\"]", quoted(&host.name));
        for service in platform.services_on(host.id) {
            let port = service
                .port()
                .map_or_else(String::new, |it| format!(" :{it}"));
            let node = &services[&service.id];
            let label = format!("{}{port}", quoted(&service.name));
            let _ = match service.state {
                ServiceState::Live => writeln!(graph, "    {node}[\"{label}\"]"),
                state => writeln!(
                    graph,
                    "    {node}([\"{label} ({})\"])",
                    words::service_state(state)
                ),
            };
        }
        graph.push_str("  end\n");
    }
    let mut arrows = BTreeSet::new();
    for call in &platform.calls {
        let (from, to) = (&platform[call.from], &platform[call.to]);
        let ends = if many {
            (&hosts[&from.host], &hosts[&to.host])
        } else {
            (&services[&from.id], &services[&to.id])
        };
        if ends.0 != ends.1 {
            arrows.insert(ends);
        }
    }
    for (from, to) in arrows {
        let _ = writeln!(graph, "  {from} --> {to}");
    }
    graph
}

/// The ids of nodes: numbers, for a name could be a word of Mermaid's.
fn nodes<Id: Ord>(prefix: char, ids: impl Iterator<Item = Id>) -> BTreeMap<Id, String> {
    let node = |(at, id)| (id, format!("{prefix}{at}"));
    ids.enumerate().map(node).collect()
}

/// Text between quotes: Mermaid knows HTML's entities with `#` in place of `&`.
fn quoted(words: &str) -> String {
    words
        .chars()
        .map(|character| match character {
            '"' => "#quot;".to_owned(),
            '#' => "#35;".to_owned(),
            '<' => "#lt;".to_owned(),
            '>' => "#gt;".to_owned(),
            '`' => "#96;".to_owned(),
            _ if character.is_control() => " ".to_owned(),
            _ => character.to_string(),
        })
        .collect()
}
