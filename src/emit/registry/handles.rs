//! `handles.jsonl`: what clients can ask for by name.

use std::collections::BTreeMap;

use serde::Serialize;

use super::manager;
use crate::emit::endpoint::{model_id, service_id};
use crate::emit::json::to_json_line;
use crate::emit::mcp_servers::is_live;
use crate::emit::{Artifact, Artifacts};
use crate::platform::{
    Handle, McpCommand, McpServer, McpTool, Mode, Model, Platform, Room, SearchTool, Visibility,
};

/// A line.
#[derive(Serialize)]
struct Row<'a> {
    handle: String,
    kind: &'static str,
    invoke: &'static str,
    managed_by: &'static str,
    endpoint_ref: String,
    selector: Selector<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecated: Option<Deprecated<'a>>,
}

/// What tells this handle from others at the same endpoint.
#[derive(Default, Serialize)]
struct Selector<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a str>,
}

#[derive(Serialize)]
struct Also<'a> {
    endpoint_ref: String,
    selector: Selector<'a>,
}

#[derive(Serialize)]
struct Deprecated<'a> {
    in_favour_of: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// Adds the file: models, then search tools, then MCP tools, each by name.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let models = platform
        .handles
        .iter()
        .filter_map(|it| model_row(platform, it));
    let searches = platform.gateway.search_tools.iter();
    let searches = searches.filter_map(|it| search_row(platform, it));
    let rows = models.chain(searches).chain(tool_rows(platform));
    let text: String = rows.map(|row| to_json_line(&row)).collect();
    artifacts.add(Artifact::new("registry/handles.jsonl", text));
}

fn model_row<'a>(platform: &'a Platform, handle: &'a Handle) -> Option<Row<'a>> {
    if handle.visibility != Visibility::Public {
        return None;
    }
    let targets = handle.targets.iter().map(|it| &platform[it.model]);
    let mut shown = targets.filter(|it| platform.model_is_live(it) && is_showroom(it));
    let model = shown.next()?;
    let also = shown.map(|model| Also {
        endpoint_ref: model_id(platform, model),
        selector: selector(model),
    });
    Some(Row {
        handle: handle.name.clone(),
        kind: "model",
        invoke: invoke(model.mode),
        managed_by: manager(platform[model.service].managed_by),
        endpoint_ref: model_id(platform, model),
        selector: selector(model),
        also: also.collect(),
        deprecated: handle.deprecated.as_ref().map(|it| Deprecated {
            in_favour_of: &platform[it.in_favour_of].name,
            since: it.since.as_deref(),
            reason: it.reason.as_deref(),
        }),
    })
}

/// Models in the backroom have no handle; of one whose volume nobody wrote down that cannot be said.
fn is_showroom(model: &Model) -> bool {
    !matches!(model.volume, Some((_, Room::Backroom)))
}

fn invoke(mode: Mode) -> &'static str {
    match mode {
        Mode::Chat => "openai-chat",
        Mode::Embedding => "openai-embeddings",
        Mode::Completion
        | Mode::Rerank
        | Mode::ImageGeneration
        | Mode::AudioTranscription
        | Mode::AudioSpeech => "http-post",
    }
}

fn selector(model: &Model) -> Selector<'_> {
    let path = match model.mode {
        Mode::Chat | Mode::Embedding => None,
        Mode::Completion => Some("/v1/completions"),
        Mode::Rerank => Some("/v1/rerank"),
        Mode::ImageGeneration => Some("/v1/images/generations"),
        Mode::AudioTranscription => Some("/v1/audio/transcriptions"),
        Mode::AudioSpeech => Some("/v1/audio/speech"),
    };
    Selector {
        model: Some(&model.served_as),
        path: path.map(str::to_owned),
        ..Selector::default()
    }
}

fn search_row<'a>(platform: &Platform, tool: &'a SearchTool) -> Option<Row<'a>> {
    let gateway = platform.gateway_service();
    let lives = platform.is_live(gateway) && platform.is_live(&platform[tool.service]);
    lives.then(|| Row {
        handle: tool.name.clone(),
        kind: "callable",
        invoke: "http-post",
        managed_by: manager(gateway.managed_by),
        endpoint_ref: service_id(gateway),
        selector: Selector {
            path: Some(format!("{}/search/{}", gateway.base_path, tool.name)),
            ..Selector::default()
        },
        also: Vec::new(),
        deprecated: None,
    })
}

/// The tools of live MCP servers; where two servers have a tool of one name, each is called `<server>/<tool>`.
fn tool_rows(platform: &Platform) -> Vec<Row<'_>> {
    let servers = platform.mcp.iter().filter(|it| is_live(platform, it));
    let mut tools: Vec<(&McpServer, &McpTool)> = servers
        .flat_map(|server| server.tools.iter().map(move |tool| (server, tool)))
        .collect();
    tools.sort_by_key(|(server, tool)| (&tool.name, &server.registry_name));
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, tool) in &tools {
        *named.entry(&tool.name).or_default() += 1;
    }
    let rows = tools.iter().map(|(server, tool)| Row {
        handle: match named[tool.name.as_str()] {
            1 => tool.name.clone(),
            _ => format!("{}/{}", server.registry_name, tool.name),
        },
        kind: "callable",
        invoke: "mcp-tool",
        managed_by: match server.command {
            McpCommand::Call { service, .. } => manager(platform[service].managed_by),
            McpCommand::Start(_) | McpCommand::Unknown => "manual",
        },
        endpoint_ref: match server.command {
            McpCommand::Call { service, .. } => service_id(&platform[service]),
            McpCommand::Start(_) | McpCommand::Unknown => format!("ep_mcp_{}", server.name),
        },
        selector: Selector {
            server: Some(&server.registry_name),
            tool: Some(&tool.name),
            ..Selector::default()
        },
        also: Vec::new(),
        deprecated: None,
    });
    rows.collect()
}
