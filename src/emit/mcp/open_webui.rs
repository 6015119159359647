//! The value of Open WebUI's `TOOL_SERVER_CONNECTIONS`: a list of the servers that answer over streamable HTTP, for it starts none and speaks no SSE.
//!
//! It looks nothing up in that value, so the key of a server that asks for one is left empty, to be filled in on the host or in the admin's settings.

use serde::Serialize;

use super::{chat_pages, json_file, path_of};
use crate::emit::Artifacts;
use crate::emit::mcp_servers::{Seat, Way, servers_for};
use crate::platform::{Platform, Transport};

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

/// Adds the list for each page that people chat in; for one on the gateway's host when there is none yet.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let pages: Vec<_> = chat_pages(platform).collect();
    let file = "tool-server-connections.json";
    if pages.is_empty() {
        let list = connections(platform, Seat::Service(platform.gateway_service().host));
        artifacts.add(json_file(path_of("open-webui", 0, "", file), &list));
    }
    for (at, page) in pages.into_iter().enumerate() {
        let list = connections(platform, Seat::Service(page.host));
        artifacts.add(json_file(
            path_of("open-webui", at, &page.name, file),
            &list,
        ));
    }
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
