//! The MCP servers in use, as a client on one host reaches and starts them.
//!
//! Clients differ in how they write a value that they must look up (a secret, what the owner fills in): that is a [`Dialect`]. No value of a secret is known here, so none can be written.

use std::collections::BTreeMap;

use serde::Serialize;

use super::EmitError;
use super::endpoint::http_url;
use super::escape::{Unwritable, shell_word};
use crate::platform::{
    HandleId, HostId, HostState, McpCommand, McpServer, McpState, Platform, SecretId, Transport,
    Value, Variable, Word,
};

/// Where a client sits.
#[derive(Debug, Clone, Copy)]
pub enum Seat {
    /// It is a service on this host.
    Service(HostId),
    /// A person uses it: it starts servers on this host, and reaches all others over the network, so that those entries hold on the person's own machine too.
    Person(HostId),
}

/// A server that a client can use.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The server.
    pub server: &'a McpServer,
    /// How it is reached from there.
    pub way: Way<'a>,
}

/// How a server is reached.
#[derive(Debug)]
pub enum Way<'a> {
    /// By starting this.
    Start(&'a [Word]),
    /// At this URL.
    Call(String),
}

/// Returns the live servers that a client in this seat can use, ordered by name: those that are started there, and those whose service it can reach.
pub fn servers_for(platform: &Platform, seat: Seat) -> Vec<Entry<'_>> {
    let live = platform.mcp.iter().filter(|it| is_live(platform, it));
    let entries = live.filter_map(|server| {
        let way = way(platform, server, seat)?;
        Some(Entry { server, way })
    });
    entries.collect()
}

/// True when a server is in use, and so is what it runs on.
pub fn is_live(platform: &Platform, server: &McpServer) -> bool {
    server.state == McpState::Live
        && platform[home(platform, server)].state == HostState::Live
        && match server.command {
            McpCommand::Start(_) => true,
            McpCommand::Call { service, .. } => platform.is_live(&platform[service]),
            McpCommand::Unknown => false,
        }
}

/// The host on which a server is started: its own, else the gateway's, from where the URLs in its environment are seen.
pub fn home(platform: &Platform, server: &McpServer) -> HostId {
    server.host.unwrap_or(platform.gateway_service().host)
}

fn way<'a>(platform: &Platform, server: &'a McpServer, seat: Seat) -> Option<Way<'a>> {
    let (Seat::Service(here) | Seat::Person(here)) = seat;
    match &server.command {
        McpCommand::Start(words) => (home(platform, server) == here).then_some(Way::Start(words)),
        McpCommand::Call { service, path, url } => {
            let service = &platform[*service];
            if service.host == here && matches!(seat, Seat::Service(_)) {
                let base = http_url(service, service.local_address(), service.port()?);
                return Some(Way::Call(format!("{base}{path}")));
            }
            let reachable = service.host == here || service.faces_network();
            reachable.then(|| Way::Call(url.clone()))
        }
        McpCommand::Unknown => None,
    }
}

/// How a client writes a value that it looks up itself.
pub trait Dialect {
    /// The artifact that is written, for errors.
    fn artifact(&self) -> &'static str;

    /// Returns the words that the client replaces by the value.
    fn refer(&mut self, reference: &Reference<'_>) -> String;

    /// True when the client would take plain text for such words; it has no way to say that it is not.
    fn mistakes(&self, text: &str) -> bool;

    /// True when the client looks values up in arguments too, not only in environments and headers.
    fn expands_arguments(&self) -> bool;
}

/// A value that a client looks up.
#[derive(Debug)]
pub struct Reference<'a> {
    /// The variable that holds it.
    pub variable: &'a str,
    /// The secret it is, when it is one.
    pub secret: Option<SecretId>,
    /// What it is, for people.
    pub about: &'a str,
    /// True when nobody should see it: a secret, or something we know only by name.
    pub hidden: bool,
}

/// An entry in the words that most clients share; what is not set is not written.
#[derive(Debug, Default, Serialize)]
pub struct ClientServer {
    /// `stdio`, `http` or `sse`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub transport: Option<&'static str>,
    /// The program to start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<String>>,
    /// Its environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Where it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The headers of each request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<&'static str, String>,
}

impl ClientServer {
    /// Writes an entry in a client's dialect.
    pub fn of(
        platform: &Platform,
        entry: &Entry<'_>,
        dialect: &mut impl Dialect,
    ) -> Result<Self, EmitError> {
        let writer = Writer {
            platform,
            server: entry.server,
        };
        let mut written = Self {
            transport: Some(transport_name(entry.server.transport)),
            ..Self::default()
        };
        match &entry.way {
            Way::Start(words) => {
                written.env = writer.environment(words, dialect)?;
                let mut argv = writer.command(words, dialect)?.into_iter();
                written.command = argv.next();
                written.args = Some(argv.collect());
            }
            Way::Call(url) => {
                written.url = Some(plain(url, dialect)?);
                if let Some(token) = &entry.server.token {
                    let bearer = format!("Bearer {}", writer.look_up(token, dialect)?);
                    written.headers.insert("Authorization", bearer);
                }
            }
        }
        Ok(written)
    }
}

/// The name of a transport in every client's words.
pub fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Stdio => "stdio",
        Transport::Http => "http",
        Transport::Sse => "sse",
    }
}

/// Writes the values of one server.
struct Writer<'a> {
    platform: &'a Platform,
    server: &'a McpServer,
}

impl<'a> Writer<'a> {
    /// The environment of a server that is started; what the command looks up is in it too when a shell does that.
    fn environment(
        &self,
        words: &[Word],
        dialect: &mut impl Dialect,
    ) -> Result<BTreeMap<String, String>, EmitError> {
        let mut written = BTreeMap::new();
        for variable in &self.server.env {
            if let Some(value) = self.value(variable, dialect)? {
                written.insert(variable.name.to_string(), value);
            }
        }
        if !dialect.expands_arguments() {
            for word in words {
                if let Word::Variable(name) = word
                    && !written.contains_key(name.as_str())
                {
                    written.insert(name.to_string(), self.look_up(name, dialect)?);
                }
            }
        }
        Ok(written)
    }

    /// The program and its arguments; a shell looks values up where the client would not.
    fn command(
        &self,
        words: &[Word],
        dialect: &mut impl Dialect,
    ) -> Result<Vec<String>, EmitError> {
        let looks_up = words.iter().any(|it| matches!(it, Word::Variable(_)));
        if looks_up && !dialect.expands_arguments() {
            return through_shell(words, dialect);
        }
        let written = words.iter().map(|word| match word {
            Word::Text(text) if dialect.expands_arguments() => plain(text, dialect),
            Word::Text(text) => Ok(text.to_string()),
            Word::Variable(name) => self.look_up(name, dialect),
        });
        written.collect()
    }

    /// The value of a variable; nothing for what the owner may fill in and has not, because an empty value is not the same as none.
    fn value(
        &self,
        variable: &'a Variable,
        dialect: &mut impl Dialect,
    ) -> Result<Option<String>, EmitError> {
        let text = |id: HandleId| self.platform[id].name.as_str();
        if let Some(text) = variable.value.as_text(text) {
            return plain(text, dialect).map(Some);
        }
        let (variable, secret, about) = match &variable.value {
            Value::FillIn(_) if !variable.required => return Ok(None),
            Value::FillIn(about) => (variable, None, about.as_str()),
            Value::Secret(id) => {
                let secret = &self.platform[*id];
                (variable, Some(*id), secret.title.as_str())
            }
            Value::Variable(other) => return self.look_up(other, dialect).map(Some),
            Value::Text(_) | Value::Url(..) | Value::Handle(_) => return Ok(None),
        };
        Ok(Some(dialect.refer(&Reference {
            variable: &variable.name,
            secret,
            about,
            hidden: secret.is_some(),
        })))
    }

    /// The value of the variable with this name: from the server's environment when it is there, else from the client's.
    fn look_up(&self, name: &str, dialect: &mut impl Dialect) -> Result<String, EmitError> {
        let mut name = name;
        // A chain of variables is no longer than the environment, unless it bites its tail.
        for _ in &self.server.env {
            let Some(variable) = self.server.env.iter().find(|it| it.name == name) else {
                break;
            };
            if let Value::Variable(other) = &variable.value {
                name = other;
            } else if let Some(value) = self.value(variable, dialect)? {
                return Ok(value);
            } else {
                break;
            }
        }
        Ok(dialect.refer(&Reference {
            variable: name,
            secret: None,
            about: name,
            hidden: true,
        }))
    }
}

/// Text that a client must read as it stands.
fn plain(text: &str, dialect: &impl Dialect) -> Result<String, EmitError> {
    if !dialect.mistakes(text) {
        return Ok(text.to_owned());
    }
    let refused = Unwritable {
        what: "a value for an MCP client",
        why: "the client would take a part of it for a variable, and has no way to say that it is none",
    };
    Err(EmitError::Unwritable(
        dialect.artifact().to_owned(),
        refused,
    ))
}

/// A command whose variables a shell looks up in the environment that the client gives it.
fn through_shell(words: &[Word], dialect: &impl Dialect) -> Result<Vec<String>, EmitError> {
    let refused = |it| EmitError::Unwritable(dialect.artifact().to_owned(), it);
    let mut line = "exec".to_owned();
    for word in words {
        line.push(' ');
        match word {
            Word::Text(text) => line.push_str(&shell_word(text).map_err(refused)?),
            Word::Variable(name) => {
                // Without braces: what has them looks like a reference to other clients.
                line.push_str("\"$");
                line.push_str(name);
                line.push('"');
            }
        }
    }
    Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), line])
}
