//! The value of Open WebUI's `TOOL_SERVER_CONNECTIONS`: a list of the servers that answer over streamable HTTP, for it starts none and speaks no SSE.
//!
//! It looks nothing up in that value, so the key of a server that asks for one is left empty, to be filled in on the host or in the admin's settings.

use serde::Serialize;

use super::{chat_pages, json_file, path_of};
use crate::emit::Artifacts;
use crate::emit::mcp_servers::{Seat, Way, servers_for};
use crate::platform::{Platform, Service, Transport};

/// A connection.
#[derive(Serialize)]
struct Connection<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    /// Only for servers that describe themselves (`type` `openapi`), yet always there.
    path: &'static str,
    auth_type: &'static str,
    key: &'static str,
    config: Config,
    info: About<'a>,
}

#[derive(Serialize)]
struct Config {
    enable: bool,
}

#[derive(Serialize)]
struct About<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
}

/// Adds the list for the pages that people chat in: a page reads the first one's, unless from where it sits its own is another. Without a page it is made for one on the gateway's host.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let mut pages = chat_pages(platform);
    let gateway = platform.gateway_service();
    let file = |at: usize, page: &Service| {
        let list = connections(platform, Seat::Service(page.host));
        let path = path_of("open-webui", at, &page.name, "tool-server-connections.json");
        json_file(path, &list)
    };
    let first = file(0, pages.next().unwrap_or(gateway));
    let others = pages.zip(1..).map(|(page, at)| file(at, page));
    for other in others.filter(|it| it.text != first.text) {
        artifacts.add(other);
    }
    artifacts.add(first);
}

fn connections(platform: &Platform, seat: Seat) -> Vec<Connection<'_>> {
    let entries = servers_for(platform, seat).into_iter();
    let connections = entries.filter_map(|entry| {
        let server = entry.server;
        let (Way::Call(url), Transport::Http) = (entry.way, server.transport) else {
            return None;
        };
        Some(Connection {
            kind: "mcp",
            url,
            path: "",
            auth_type: match server.token {
                Some(_) => "bearer",
                None => "none",
            },
            key: "",
            config: Config { enable: true },
            info: About {
                id: &server.name,
                name: &server.registry_name,
                description: &server.purpose,
            },
        })
    });
    connections.collect()
}
