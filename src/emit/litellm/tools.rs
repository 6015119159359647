//! Search tools and MCP servers as LiteLLM is told of them.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::router::Variable;
use crate::platform::{
    McpCommand, McpServer, McpState, Platform, SearchTool, Transport, Value, Word,
};

/// An entry of `search_tools`.
#[derive(Serialize)]
pub(super) struct SearchEntry<'a> {
    search_tool_name: &'a str,
    litellm_params: SearchParams<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_tool_info: Option<SearchDescription<'a>>,
}

#[derive(Serialize)]
struct SearchParams<'a> {
    /// A kind that searches is named as LiteLLM names it.
    search_provider: &'static str,
    api_base: Reference<'a>,
}

#[derive(Serialize)]
struct SearchDescription<'a> {
    description: &'a str,
}

impl<'a> SearchEntry<'a> {
    pub(super) fn of(platform: &'a Platform, tool: &'a SearchTool) -> Self {
        Self {
            search_tool_name: &tool.name,
            litellm_params: SearchParams {
                search_provider: platform[tool.service].kind.name,
                api_base: match &tool.variable {
                    Some(name) => Reference::Variable(name),
                    None => Reference::Text(tool.url.clone()),
                },
            },
            search_tool_info: tool
                .title
                .as_deref()
                .map(|description| SearchDescription { description }),
        }
    }
}

/// An entry of `mcp_servers`.
#[derive(Serialize)]
pub(super) struct McpEntry<'a> {
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Reference<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<&'a str, Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_token: Option<Reference<'a>>,
    description: &'a str,
}

impl<'a> McpEntry<'a> {
    /// The servers whose tools the gateway offers, by name.
    pub(super) fn all_of(platform: &'a Platform) -> BTreeMap<&'a str, Self> {
        platform
            .mcp
            .iter()
            .filter(|it| it.through_gateway && it.state == McpState::Live)
            .filter_map(|server| Some((server.name.as_str(), Self::of(platform, server)?)))
            .collect()
    }

    /// Nothing when nobody has said how it is reached.
    fn of(platform: &'a Platform, server: &'a McpServer) -> Option<Self> {
        let mut entry = Self {
            transport: match server.transport {
                Transport::Stdio => "stdio",
                Transport::Http => "http",
                Transport::Sse => "sse",
            },
            url: None,
            command: None,
            args: Vec::new(),
            env: BTreeMap::new(),
            auth_type: server.token.as_ref().map(|_| "bearer_token"),
            authentication_token: server.token.as_deref().map(Reference::Variable),
            description: &server.purpose,
        };
        match &server.command {
            McpCommand::Start(words) => {
                let mut words = words.iter().map(Reference::word);
                entry.command = Some(words.next()?);
                entry.args = words.collect();
                // Only a program that is started has an environment.
                entry.env = server
                    .env
                    .iter()
                    .map(|it| {
                        (
                            it.name.as_str(),
                            Reference::value(platform, &it.name, &it.value),
                        )
                    })
                    .collect();
            }
            McpCommand::Call { service, path, url } => {
                // As the gateway reaches it; the URL for others goes over a network even from the same host.
                let base = platform.call_url(platform.policy.gateway, *service);
                entry.url = Some(base.map_or_else(|| url.clone(), |base| format!("{base}{path}")));
            }
            McpCommand::Unknown => return None,
        }
        Some(entry)
    }
}

/// A text, or a variable of the gateway's environment.
enum Reference<'a> {
    Text(String),
    Variable(&'a str),
}

impl<'a> Reference<'a> {
    fn word(word: &'a Word) -> Self {
        match word {
            Word::Text(text) => Self::Text(text.clone()),
            Word::Variable(name) => Self::Variable(name),
        }
    }

    fn value(platform: &'a Platform, name: &'a str, value: &'a Value) -> Self {
        match value {
            Value::Text(text) | Value::Url(_, text) => Self::Text(text.clone()),
            Value::Handle(id) => Self::Text(platform[*id].name.clone()),
            Value::Variable(other) => Self::Variable(other),
            Value::Secret(_) | Value::FillIn(_) => Self::Variable(name),
        }
    }
}

impl Serialize for Reference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Variable(name) => Variable(name).serialize(serializer),
        }
    }
}
