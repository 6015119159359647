//! MCP servers: how each is started or reached, and what its environment is.

use smol_str::SmolStr;

use crate::diagnostic::Span;
use crate::manifest::{self, McpState, Transport};
use crate::platform::{
    Bind, McpCommand, McpId, McpServer, McpTool, Origin, Platform, Service, Table, Value, Variable,
    Word,
};

use super::place::Place;
use super::reach::{Seat, Way};
use super::variables::Variables;
use super::{Draft, rules};

impl Draft<'_> {
    pub(super) fn mcp(&mut self, platform: &mut Platform) {
        let manifest = self.manifest;
        let mut servers = Vec::with_capacity(manifest.mcp.len());
        for (at, (name, it)) in manifest.mcp.iter().enumerate() {
            let name = name.as_str();
            let place = self.root.table("mcp").table(name);
            let host = it
                .host
                .as_ref()
                .and_then(|host| self.host(host.as_str(), place.value("host")));
            // URLs in its environment are as its own host sees them; one without a host runs beside the gateway.
            let seen_from = Seat::Host(host.unwrap_or(platform.gateway_service().host));
            let env = self.variables(platform, name, seen_from, &it.env, place.table("env"));
            let command = self.mcp_command(platform, name, it, seen_from, place);
            let token = it.token.as_ref().map(|it| it.env.0.to_string());
            if let Some(token) = &token
                && !env.contains(token)
            {
                self.unprovided(token, name, place.table("token").value("env"));
            }
            let folder = it.folder.as_ref().and_then(|path| {
                let host = host.map(|host| &platform[host])?;
                self.absolute(host, &path.0, place.value("folder"))
            });
            servers.push(McpServer {
                id: McpId::new(at),
                name: name.to_owned(),
                registry_name: it
                    .name
                    .as_ref()
                    .map_or_else(|| name.replace('_', "-"), |it| it.0.to_string()),
                purpose: it.purpose.clone(),
                transport: it.transport,
                host,
                command,
                token,
                folder,
                env: env.into_vec(),
                state: it.state,
                through_gateway: it.through_gateway,
                tools: Self::tools(it, place),
                notes: it.notes.clone(),
                span: place.span(),
            });
        }
        platform.mcp = Table::new(servers);
        gateway_variables(platform);
    }

    fn mcp_command(
        &mut self,
        platform: &Platform,
        name: &str,
        it: &manifest::McpServer,
        host: Seat,
        place: Place<'_>,
    ) -> McpCommand {
        match (it.transport, &it.command, &it.service) {
            (Transport::Stdio, _, Some(_)) => {
                self.conflict(
                    format!("MCP server `{name}` is started by its client and has a `service`"),
                    place.value("service"),
                    "goes with `http` and `sse` only",
                );
                McpCommand::Unknown
            }
            (Transport::Stdio, Some(words), None) => {
                McpCommand::Start(self.mcp_words(platform, name, it, words, host, place))
            }
            (Transport::Http | Transport::Sse, Some(_), _) => {
                self.conflict(
                    format!("MCP server `{name}` is reached over HTTP and has a `command`"),
                    place.key("command"),
                    "goes with `stdio` only",
                );
                McpCommand::Unknown
            }
            (Transport::Http | Transport::Sse, None, Some(service)) => {
                let span = place.value("service");
                let Some(id) = self.service(service.as_str(), span) else {
                    return McpCommand::Unknown;
                };
                let path = it.path.clone().unwrap_or_else(|| "/mcp".to_owned());
                let url = self.outside_url(platform, &platform[id], span);
                McpCommand::Call {
                    service: id,
                    url: format!("{}{path}", url.unwrap_or_default()),
                    path,
                }
            }
            (_, None, None) => {
                if it.state == McpState::Live {
                    self.conflict(
                        format!("MCP server `{name}` is live and nobody says how it is reached"),
                        place.span(),
                        "needs a `command` for `stdio`, or a `service` for `http`",
                    );
                }
                McpCommand::Unknown
            }
        }
    }

    fn mcp_words(
        &mut self,
        platform: &Platform,
        name: &str,
        it: &manifest::McpServer,
        words: &[manifest::Argument],
        host: Seat,
        place: Place<'_>,
    ) -> Vec<Word> {
        let mut command = Vec::with_capacity(words.len());
        for (at, word) in words.iter().enumerate() {
            let span = place.item("command", at);
            match word {
                manifest::Argument::Text(text) => command.push(Word::Text(text.clone())),
                manifest::Argument::Source(entry) => {
                    match self.sourced(platform, name, host, entry, span) {
                        Some(Value::Variable(variable)) => {
                            if !it.env.contains_key(variable.as_str()) {
                                self.unprovided(&variable, name, span);
                            }
                            command.push(Word::Variable(variable));
                        }
                        Some(Value::Url(_, text)) => command.push(Word::Text(text)),
                        Some(_) => self.conflict(
                            "only `env` and `url` can stand in a command",
                            span,
                            "write one of them",
                        ),
                        None => {}
                    }
                }
            }
        }
        command
    }

    /// The URL of a service as other hosts see it: the preferred network's address that it binds, else loopback.
    fn outside_url(
        &mut self,
        platform: &Platform,
        service: &Service,
        span: Span,
    ) -> Option<String> {
        let host = &platform[service.host];
        let Some(port) = service.port() else {
            self.diagnostics.push(rules::portless(service, span));
            return None;
        };
        let address = match &service.bind {
            Bind::All => platform
                .policy
                .prefer
                .iter()
                .find_map(|network| host.address_on(*network)),
            Bind::Network(_, address) | Bind::Address(address) => Some(address.as_str()),
            Bind::Loopback => None,
        };
        let way = Way {
            address: address.unwrap_or("127.0.0.1"),
            network: None,
            inside: false,
            scheme: service.scheme(),
        };
        Some(way.url(Some(port)))
    }

    fn tools(it: &manifest::McpServer, place: Place<'_>) -> Vec<McpTool> {
        let place = place.table("tools");
        let tools = it.tools.iter().map(|(name, it)| McpTool {
            name: name.clone(),
            purpose: it.purpose.clone(),
            inputs: it.inputs.clone(),
            outputs: it.outputs.clone(),
            failures: it.failures.clone(),
            runs_code: it.runs_code,
            sandbox: it.sandbox.clone(),
            needs_confirmation: it.needs_confirmation,
            span: place.table(name).span(),
        });
        tools.collect()
    }
}

/// Gives the gateway the variables of the MCP servers whose tools it offers: it starts them, or calls them with their token.
fn gateway_variables(platform: &mut Platform) {
    let gateway = platform.gateway_service();
    let offered = || {
        platform
            .mcp
            .iter()
            .filter(|it| it.through_gateway && it.state == McpState::Live)
    };
    if offered().next().is_none() {
        return;
    }
    let mut env: Variables = gateway.env.iter().cloned().collect();
    for server in offered() {
        let started = matches!(server.command, McpCommand::Start(_));
        let needed = server
            .env
            .iter()
            .filter(|it| started || server.token.as_deref() == Some(it.name.as_str()));
        for variable in needed {
            env.add(variable.clone());
        }
        if let Some((name, value)) = gateway.kind.mcp_stdio.filter(|_| started) {
            env.add(Variable {
                name: SmolStr::new_static(name),
                value: Value::Text(SmolStr::new_static(value)),
                required: true,
                origin: Origin::Kind("it starts MCP servers itself"),
                span: server.span,
            });
        }
    }
    let id = gateway.id;
    let gateway = platform.services.values_mut().find(|it| it.id == id);
    gateway.expect("the gateway is one of the services").env = env.into_vec();
}
