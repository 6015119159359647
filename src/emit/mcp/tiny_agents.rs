//! `agent.json` for Hugging Face's TinyAgents: the model, the gateway, and the servers as a list.
//!
//! Both its programs (Python and JavaScript) ask for each input when they start and, left without an answer, read the variable whose name is the input's in upper case with underscores. They look inputs up in environments, headers and the key, not in arguments: there a shell does it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{json_file, path_of, readers};
use crate::emit::mcp_servers::{ClientServer, Dialect, Reference, Seat, servers_for};
use crate::emit::{Artifacts, EmitError};
use crate::platform::{Mode, Platform, SecretId, Service, Value, Visibility};

/// The whole file.
#[derive(Serialize)]
struct Agent<'a> {
    model: &'a str,
    #[serde(rename = "endpointUrl")]
    endpoint_url: String,
    #[serde(rename = "apiKey", skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    inputs: Vec<Input>,
    servers: Vec<ClientServer>,
}

/// A value that is asked for.
#[derive(Serialize)]
struct Input {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    description: String,
    password: bool,
}

/// Adds an agent for each service that reads the registry; none when it has no model to ask.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for (at, (reader, _)) in readers(platform).enumerate() {
        if let Some(agent) = agent(platform, reader)? {
            let path = path_of("tiny-agents", at, &reader.name, "agent.json");
            artifacts.add(json_file(path, &agent));
        }
    }
    Ok(())
}

fn agent<'a>(platform: &'a Platform, reader: &Service) -> Result<Option<Agent<'a>>, EmitError> {
    let gateway = platform.gateway_service();
    let Some(model) = model(platform, reader) else {
        return Ok(None);
    };
    let Some(base) = platform.call_url(reader.id, gateway.id) else {
        return Ok(None);
    };
    let mut dialect = TinyAgents {
        platform,
        reader,
        asked: BTreeMap::new(),
    };
    let api_key = dialect.gateway_key();
    let mut servers = Vec::new();
    for entry in servers_for(platform, Seat::Service(reader.host)) {
        servers.push(ClientServer::of(platform, &entry, &mut dialect)?);
    }
    let inputs = dialect.asked.into_iter();
    Ok(Some(Agent {
        model,
        endpoint_url: format!("{base}{}", gateway.base_path),
        api_key,
        inputs: inputs
            .map(|(id, (about, password))| input(id, about, password))
            .collect(),
        servers,
    }))
}

fn input(id: String, description: String, password: bool) -> Input {
    Input {
        kind: "promptString",
        id,
        description,
        password,
    }
}

/// The handle that the reader's environment names; else the first public one by name that chats, one that is loaded at boot before all others.
fn model<'a>(platform: &'a Platform, reader: &Service) -> Option<&'a str> {
    let named = reader.env.iter().find_map(|it| match it.value {
        Value::Handle(id) => Some(&platform[id]),
        _ => None,
    });
    let live = |it: &&crate::platform::Handle| {
        let mut targets = it.targets.iter().map(|target| &platform[target.model]);
        it.visibility == Visibility::Public
            && targets.any(|model| model.mode == Mode::Chat && platform.model_is_live(model))
    };
    let boots =
        |it: &&crate::platform::Handle| it.targets.iter().any(|target| platform[target.model].boot);
    let handle = named
        .or_else(|| platform.handles.iter().filter(live).find(boots))
        .or_else(|| platform.handles.iter().find(live))?;
    Some(&handle.name)
}

struct TinyAgents<'a> {
    platform: &'a Platform,
    reader: &'a Service,
    /// What is asked for, by the input's id: what it is, and whether it is a secret.
    asked: BTreeMap<String, (String, bool)>,
}

impl TinyAgents<'_> {
    /// The reader's own variable for a secret, so that one value is asked for once.
    fn own_variable(&self, secret: SecretId) -> Option<&str> {
        let mut env = self.reader.env.iter();
        let own = env.find(|it| it.value == Value::Secret(secret))?;
        Some(&own.name)
    }

    fn gateway_key(&mut self) -> Option<String> {
        let platform = self.platform;
        let name = platform.gateway.key.as_deref()?;
        let variable = platform.variable(platform.gateway_service(), name);
        let secret = variable.and_then(|it| match it.value {
            Value::Secret(id) => Some(id),
            _ => None,
        });
        let about = secret.map_or(name, |id| &platform[id].title);
        Some(self.refer(&Reference {
            variable: name,
            secret,
            about,
            hidden: true,
        }))
    }
}

impl Dialect for TinyAgents<'_> {
    fn artifact(&self) -> &'static str {
        "mcp/tiny-agents/agent.json"
    }

    fn refer(&mut self, reference: &Reference<'_>) -> String {
        let own = reference.secret.and_then(|it| self.own_variable(it));
        let variable = own.unwrap_or(reference.variable);
        let id = variable.to_lowercase().replace('_', "-");
        let words = format!("${{input:{id}}}");
        let asked = (reference.about.to_owned(), reference.hidden);
        self.asked.entry(id).or_insert(asked);
        words
    }

    fn mistakes(&self, text: &str) -> bool {
        text.contains("${input:")
    }

    fn expands_arguments(&self) -> bool {
        false
    }
}
