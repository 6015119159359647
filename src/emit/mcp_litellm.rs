//! LiteLLM's `mcp_servers`: the servers whose tools the gateway offers, beside the emitters that write them.
//!
//! Source: <https://docs.litellm.ai/docs/mcp>, and the loader of LiteLLM 1.106.2 (`mcp_server_manager.py`). `os.environ/NAME` is looked up only where it is a whole value, never inside one or in a list, so a shell looks up what stands in arguments.

use std::collections::BTreeMap;

use serde::Serialize;

use super::EmitError;
use super::mcp_servers::{
    ClientServer, Dialect, Reference, Seat, Way, servers_for, transport_name,
};
use crate::platform::Platform;

/// The value of `mcp_servers` in `router.yaml`, by key.
pub type LitellmServers<'a> = BTreeMap<&'a str, LitellmServer<'a>>;

/// A server as LiteLLM reads it.
#[derive(Debug, Serialize)]
pub struct LitellmServer<'a> {
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_value: Option<String>,
    description: &'a str,
}

/// Returns the servers that go through the gateway, as its own host reaches them; empty when tools stay apart from it.
///
/// One that is started also needs `LITELLM_ENABLE_MCP_STDIO=true` in the gateway's environment: [`starts_servers`] tells.
pub fn mcp_servers(platform: &Platform) -> Result<LitellmServers<'_>, EmitError> {
    let seat = Seat::Service(platform.gateway_service().host);
    let offered = servers_for(platform, seat);
    let offered = offered.iter().filter(|it| it.server.through_gateway);
    let written = offered.map(|entry| {
        let server = entry.server;
        let shared = ClientServer::of(platform, entry, &mut Litellm)?;
        let token = server.token.as_ref().filter(|_| shared.url.is_some());
        let written = LitellmServer {
            transport: transport_name(server.transport),
            command: shared.command,
            args: shared.args,
            env: shared.env,
            url: shared.url,
            auth_type: token.map(|_| "bearer_token"),
            auth_value: token.map(|name| environ(name)),
            description: &server.purpose,
        };
        Ok((server.name.as_str(), written))
    });
    written.collect()
}

/// True when the gateway starts a server itself.
pub fn starts_servers(platform: &Platform) -> bool {
    let seat = Seat::Service(platform.gateway_service().host);
    let mut offered = servers_for(platform, seat).into_iter();
    offered.any(|it| it.server.through_gateway && matches!(it.way, Way::Start(_)))
}

struct Litellm;

impl Dialect for Litellm {
    fn artifact(&self) -> &'static str {
        "litellm/router.yaml"
    }

    fn refer(&mut self, reference: &Reference<'_>) -> String {
        environ(reference.variable)
    }

    fn mistakes(&self, text: &str) -> bool {
        text.starts_with("os.environ/")
    }

    fn expands_arguments(&self) -> bool {
        false
    }
}

fn environ(name: &str) -> String {
    format!("os.environ/{name}")
}
