//! MCP servers as meant.

use std::collections::BTreeMap;

use crate::diagnostic::Span;

use super::{HostId, McpId, McpState, ServiceId, Transport, Variable, Word};

/// An MCP server.
#[derive(Debug, Clone)]
pub struct McpServer {
    /// Its id.
    pub id: McpId,
    /// Its key, in `snake_case`.
    pub name: String,
    /// Its name in the registry.
    pub registry_name: String,
    /// What it is for.
    pub purpose: String,
    /// How clients talk to it.
    pub transport: Transport,
    /// The host it runs on; when unset it runs beside whoever starts it, and URLs are as the gateway's host sees them.
    pub host: Option<HostId>,
    /// How it is reached.
    pub command: McpCommand,
    /// The variable of the client that holds its bearer token.
    pub token: Option<String>,
    /// Where its code lies: absolute.
    pub folder: Option<String>,
    /// Its environment, ordered by name; URLs are as its host sees them.
    pub env: Vec<Variable>,
    /// Whether it is in use.
    pub state: McpState,
    /// Whether the gateway offers its tools.
    pub through_gateway: bool,
    /// Its tools, ordered by name.
    pub tools: Vec<McpTool>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

/// How an MCP server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpCommand {
    /// By starting this.
    Start(Vec<Word>),
    /// At this path of a service, at this URL from elsewhere on the platform's preferred network.
    Call {
        /// The service that offers it.
        service: ServiceId,
        /// The path on it.
        path: String,
        /// The URL from other hosts: the preferred network's address that the service binds, else loopback.
        url: String,
    },
    /// Nobody has said.
    Unknown,
}

/// A tool of an MCP server.
#[derive(Debug, Clone)]
pub struct McpTool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub purpose: Option<String>,
    /// What it takes.
    pub inputs: BTreeMap<String, String>,
    /// What it returns.
    pub outputs: BTreeMap<String, String>,
    /// How it fails.
    pub failures: Vec<String>,
    /// Whether it runs code that somebody else wrote.
    pub runs_code: bool,
    /// How it is confined.
    pub sandbox: Option<String>,
    /// Whether a person confirms each call.
    pub needs_confirmation: bool,
    /// Where its name stands.
    pub span: Span,
}
