//! `[mcp.*]`: the MCP servers and their tools.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Argument, EnvName, Name, Path, Value};

/// An MCP server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpServer {
    /// Its name in the registry. Default: the key with dashes for underscores.
    pub name: Option<Name>,
    /// What it is for, in one line.
    pub purpose: String,
    /// How clients talk to it.
    pub transport: Transport,
    /// The host it runs on.
    pub host: Option<Name>,
    /// With `stdio`: the program and its arguments.
    pub command: Option<Vec<Argument>>,
    /// With `stdio`: where its code lies, absolute or below the host's checkout.
    pub folder: Option<Path>,
    /// With `http` and `sse`: the service that offers it.
    pub service: Option<Name>,
    /// With `http` and `sse`: the path on that service.
    pub path: Option<String>,
    /// With `http` and `sse`: the variable of the client that holds its bearer token.
    pub token: Option<super::gateway::KeyVariable>,
    /// Its environment: each variable with its value or where the value comes from.
    #[serde(default)]
    pub env: BTreeMap<EnvName, Value>,
    /// Whether it is in use. Default: live.
    #[serde(default)]
    pub state: McpState,
    /// Whether the gateway offers its tools. Default: false, tools stay apart from the gateway.
    #[serde(default)]
    pub through_gateway: bool,
    /// Its tools, by name.
    #[serde(default)]
    pub tools: BTreeMap<String, McpTool>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// How clients talk to an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// The client starts it and talks through its standard streams.
    Stdio,
    /// Streamable HTTP.
    Http,
    /// Server-sent events, the older form.
    Sse,
}

/// Whether an MCP server is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum McpState {
    /// In use.
    #[default]
    Live,
    /// Will come.
    Planned,
    /// Could come; nothing is decided.
    Possible,
    /// Set up, and switched off.
    Disabled,
    /// Gone.
    Retired,
}

/// A tool of an MCP server: its contract.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpTool {
    /// What it does.
    pub purpose: Option<String>,
    /// What it takes, by name: type and limits in words.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// What it returns, by name: type in words.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
    /// How it fails, in words.
    #[serde(default)]
    pub failures: Vec<String>,
    /// Whether it runs code that somebody else wrote. Default: false.
    #[serde(default)]
    pub runs_code: bool,
    /// How it is confined.
    pub sandbox: Option<String>,
    /// Whether a person confirms each call. Default: false.
    #[serde(default)]
    pub needs_confirmation: bool,
}
