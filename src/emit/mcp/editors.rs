//! The files of Claude Code, VS Code and Cursor.
//!
//! They differ in their root key (a wrong one is ignored without a word), in how a looked-up value is written, and in what a remote server needs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{json_file, path_of};
use crate::emit::mcp_servers::{
    ClientServer, Dialect, Reference, Seat, home, is_live, servers_for,
};
use crate::emit::{Artifacts, EmitError};
use crate::platform::{HostId, McpCommand, Platform};

/// The file of Claude Code and of Cursor.
#[derive(Serialize)]
struct McpServers<'a> {
    #[serde(rename = "mcpServers")]
    servers: BTreeMap<&'a str, ClientServer>,
}

/// The file of VS Code.
#[derive(Serialize)]
struct VsCodeFile<'a> {
    inputs: Vec<Input>,
    servers: BTreeMap<&'a str, ClientServer>,
}

/// A value that VS Code asks for once and keeps.
#[derive(Serialize)]
struct Input {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    description: String,
    password: bool,
}

/// Adds the files of each editor for each host on which servers are started.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for (at, host) in hosts(platform).into_iter().enumerate() {
        let name = &platform[host].name;
        let servers = entries(platform, host, &mut ClaudeCode)?;
        let path = path_of("claude-code", at, name, ".mcp.json");
        artifacts.add(json_file(path, &McpServers { servers }));

        let mut servers = entries(platform, host, &mut Cursor)?;
        for server in servers.values_mut().filter(|it| it.url.is_some()) {
            // Cursor finds out by itself how a URL speaks, and documents no `type` for one.
            server.transport = None;
        }
        let path = path_of("cursor", at, name, "mcp.json");
        artifacts.add(json_file(path, &McpServers { servers }));

        let mut dialect = VsCode::default();
        let servers = entries(platform, host, &mut dialect)?;
        let inputs = dialect.asked.into_values().collect();
        let path = path_of("vscode", at, name, "mcp.json");
        artifacts.add(json_file(path, &VsCodeFile { inputs, servers }));
    }
    Ok(())
}

/// The gateway's host, then every other that starts a live server.
fn hosts(platform: &Platform) -> Vec<HostId> {
    let mut hosts = vec![platform.gateway_service().host];
    for server in platform.mcp.iter().filter(|it| is_live(platform, it)) {
        let host = home(platform, server);
        if matches!(server.command, McpCommand::Start(_)) && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

fn entries<'a>(
    platform: &'a Platform,
    host: HostId,
    dialect: &mut impl Dialect,
) -> Result<BTreeMap<&'a str, ClientServer>, EmitError> {
    let mut servers = BTreeMap::new();
    for entry in servers_for(platform, Seat::Person(host)) {
        let written = ClientServer::of(platform, &entry, dialect)?;
        servers.insert(entry.server.name.as_str(), written);
    }
    Ok(servers)
}

struct ClaudeCode;

impl Dialect for ClaudeCode {
    fn artifact(&self) -> &'static str {
        "mcp/claude-code/.mcp.json"
    }

    fn refer(&mut self, reference: &Reference<'_>) -> String {
        format!("${{{}}}", reference.variable)
    }

    fn mistakes(&self, text: &str) -> bool {
        text.contains("${")
    }

    fn expands_arguments(&self) -> bool {
        true
    }
}

struct Cursor;

impl Dialect for Cursor {
    fn artifact(&self) -> &'static str {
        "mcp/cursor/mcp.json"
    }

    fn refer(&mut self, reference: &Reference<'_>) -> String {
        format!("${{env:{}}}", reference.variable)
    }

    fn mistakes(&self, text: &str) -> bool {
        text.contains("${")
    }

    fn expands_arguments(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct VsCode {
    /// What is asked for, by the variable that holds it.
    asked: BTreeMap<String, Input>,
}

impl Dialect for VsCode {
    fn artifact(&self) -> &'static str {
        "mcp/vscode/mcp.json"
    }

    fn refer(&mut self, reference: &Reference<'_>) -> String {
        let id = reference.variable.to_lowercase().replace('_', "-");
        let words = format!("${{input:{id}}}");
        let input = Input {
            kind: "promptString",
            id,
            description: reference.about.to_owned(),
            password: reference.hidden,
        };
        let variable = reference.variable.to_owned();
        self.asked.entry(variable).or_insert(input);
        words
    }

    fn mistakes(&self, text: &str) -> bool {
        text.contains("${")
    }

    fn expands_arguments(&self) -> bool {
        true
    }
}
