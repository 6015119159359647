//! `registry.json`: the owner's registry of MCP servers, version 1.

use std::collections::BTreeSet;

use serde::Serialize;

use super::readers;
use crate::emit::json::to_json;
use crate::emit::mcp_servers::{Entry, Seat, Way, servers_for, transport_name};
use crate::emit::places::root_group;
use crate::emit::{Artifact, Artifacts, Install};
use crate::platform::{ManagedBy, Platform, Service, Word};

/// The whole file.
#[derive(Serialize)]
struct Registry<'a> {
    version: u32,
    servers: Vec<Server<'a>>,
}

/// A row; every field but `command` and `endpoint` is always there.
#[derive(Serialize)]
struct Server<'a> {
    name: &'a str,
    purpose: &'a str,
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    args: Vec<String>,
    env: BTreeSet<&'a str>,
    tools: Vec<&'a str>,
    notes: &'a str,
}

/// Adds the registry: one for each place where a service reads it, or one for whoever sits on the gateway's host.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let mut places: Vec<(&Service, &str, Vec<&Service>)> = Vec::new();
    for (service, path) in readers(platform) {
        let place = places
            .iter_mut()
            .find(|(it, at, _)| it.host == service.host && *at == path);
        match place {
            Some((_, _, readers)) => readers.push(service),
            None => places.push((service, path, vec![service])),
        }
    }
    if places.is_empty() {
        let seat = Seat::Person(platform.gateway_service().host);
        artifacts.add(Artifact::new("mcp/registry.json", text(platform, seat)));
    }
    for (at, (service, path, readers)) in places.iter().enumerate() {
        let file = match at {
            0 => "mcp/registry.json".to_owned(),
            _ => format!("mcp/registry/{}.json", service.name),
        };
        let text = text(platform, Seat::Service(service.host));
        let install = install(platform, service, path, readers);
        artifacts.add(Artifact::new(file, text).install(install));
    }
}

fn install(platform: &Platform, service: &Service, path: &str, readers: &[&Service]) -> Install {
    let host = &platform[service.host];
    let restart = readers.iter().filter(|it| {
        platform.is_live(it) && !matches!(it.managed_by, ManagedBy::Manual | ManagedBy::External)
    });
    Install {
        host: host.name.clone(),
        path: path.to_owned(),
        owner: "root".to_owned(),
        group: root_group(host).to_owned(),
        mode: 0o644,
        restart: restart.map(|it| it.name.clone()).collect(),
        seed: false,
    }
}

fn text(platform: &Platform, seat: Seat) -> String {
    let entries = servers_for(platform, seat);
    let servers = entries.iter().map(row).collect();
    to_json(&Registry {
        version: 1,
        servers,
    })
}

fn row<'a>(entry: &Entry<'a>) -> Server<'a> {
    let server = entry.server;
    let (mut argv, endpoint) = match &entry.way {
        Way::Start(words) => (words.iter().map(word).collect(), None),
        Way::Call(url) => (Vec::new(), Some(url.clone())),
    };
    let command = (!argv.is_empty()).then(|| argv.remove(0));
    let mut env: BTreeSet<&str> = server.env.iter().map(|it| it.name.as_str()).collect();
    env.extend(server.token.as_deref());
    Server {
        name: &server.registry_name,
        purpose: &server.purpose,
        transport: transport_name(server.transport),
        command,
        endpoint,
        args: argv,
        env,
        tools: server.tools.iter().map(|it| it.name.as_str()).collect(),
        notes: server.notes.as_deref().unwrap_or_default(),
    }
}

fn word(word: &Word) -> String {
    match word {
        Word::Text(text) => text.to_string(),
        Word::Variable(name) => format!("${{{name}}}"),
    }
}
