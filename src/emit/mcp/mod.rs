//! MCP: the registry that the platform's own clients read, and a file in the dialect of each client.
//!
//! Only live servers are written, and only those that the client can start or reach from where it sits. A service sits on its own host; a person's editor is taken to start servers on the gateway's host (where the owner's checkout is), and a further host with servers of its own gets a folder of its own: `claude-code/<host>/.mcp.json`. A second service that reads a file gets `<client>/<service>/…` likewise; a further page of Open WebUI only where its file is another than the first one's.
//!
//! A secret is never written. Each client has its own words for a value that it looks up:
//!
//! | file | secrets | source |
//! | --- | --- | --- |
//! | `registry.json` | names in `env`, `${NAME}` in `args` | the owner's registry, version 1 |
//! | `tiny-agents/agent.json` | `${input:name}`, asked for or read from `NAME` | `huggingface_hub` 2.4.0, `@huggingface/tiny-agents` 0.3.4 |
//! | `claude-code/.mcp.json` | `${NAME}` | code.claude.com/docs/en/mcp |
//! | `vscode/mcp.json` | `${input:name}`, asked for and kept | code.visualstudio.com/docs/copilot/reference/mcp-configuration |
//! | `cursor/mcp.json` | `${env:NAME}` | cursor.com/docs/context/mcp |
//! | `open-webui/tool-server-connections.json` | an empty `key`, for it looks nothing up | docs.openwebui.com, `TOOL_SERVER_CONNECTIONS` |
//! | `litellm/mcp_servers.yaml` | `os.environ/NAME` | docs.litellm.ai/docs/mcp; the same as in `router.yaml` |
//!
//! What the owner may fill in and has not is left out: to these clients an empty value is a value. A text that a client would take for one of its references is refused, for none of them has an escape.

mod editors;
mod open_webui;
mod registry;
mod tiny_agents;

use super::json::to_json;
use super::mcp_servers::{Seat, Way, servers_for};
use super::yaml::to_yaml;
use super::{Artifact, Artifacts, Emit, EmitError, Emitter, mcp_litellm};
use crate::backend::Role;
use crate::platform::{Layer, McpServer, Platform, Service, ServiceId, Transport};

pub(super) static EMITTER: Emitter = Emitter {
    name: "mcp",
    summary: "the MCP registry, and a file for each MCP client in its own dialect",
    emit: Emit::Platform(emit),
};

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    registry::emit(platform, artifacts);
    tiny_agents::emit(platform, artifacts)?;
    editors::emit(platform, artifacts)?;
    open_webui::emit(platform, artifacts);
    let servers = mcp_litellm::mcp_servers(platform)?;
    if !servers.is_empty() {
        let text = to_yaml(&std::collections::BTreeMap::from([(
            "mcp_servers",
            servers,
        )]));
        artifacts.add(Artifact::new("mcp/litellm/mcp_servers.yaml", text));
    }
    Ok(())
}

/// The variable by which a client is told where the registry lies.
const REGISTRY_PATH: &str = "MCP_REGISTRY_PATH";

/// The services that read the registry, ordered by name, with the path each reads.
fn readers(platform: &Platform) -> impl Iterator<Item = (&Service, &str)> {
    platform.services.iter().filter_map(|service| {
        let variable = platform.variable(service, REGISTRY_PATH)?;
        let path = variable.value.as_text(|id| &platform[id].name)?;
        platform.is_installed(service).then_some((service, path))
    })
}

/// The pages that people chat in, ordered by name: clients of the gateway that call MCP servers themselves.
fn chat_pages(platform: &Platform) -> impl Iterator<Item = &Service> {
    platform.services.iter().filter(|it| {
        it.kind.role == Role::Client && it.layer == Layer::Interface && platform.is_installed(it)
    })
}

/// The services that use a server: what a build writes into their files.
pub(super) fn clients(platform: &Platform, server: &McpServer) -> impl Iterator<Item = ServiceId> {
    let way = |client: &Service| {
        let entries = servers_for(platform, Seat::Service(client.host));
        let entry = entries.into_iter().find(|it| it.server.id == server.id);
        entry.map(|it| it.way)
    };
    let gateway = platform.gateway_service();
    let gateway = (server.through_gateway && way(gateway).is_some()).then_some(gateway.id);
    let readers = readers(platform).map(|it| it.0);
    let readers = readers.filter(move |it| way(it).is_some()).map(|it| it.id);
    let over_http = server.transport == Transport::Http;
    let pages =
        chat_pages(platform).filter(move |it| over_http && matches!(way(it), Some(Way::Call(_))));
    gateway
        .into_iter()
        .chain(readers)
        .chain(pages.map(|it| it.id))
}

/// Where the file of the client at this place in the list lies: the first has the plain name.
fn path_of(folder: &str, at: usize, name: &str, file: &str) -> String {
    if at == 0 {
        format!("mcp/{folder}/{file}")
    } else {
        format!("mcp/{folder}/{name}/{file}")
    }
}

/// A JSON file that is installed nowhere.
fn json_file(path: String, value: &impl serde::Serialize) -> Artifact {
    Artifact::new(path, to_json(value))
}
