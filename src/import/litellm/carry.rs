//! From a configuration to a platform: deployments by where they lead, settings by what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{Draft, Fields};
use super::super::toml::Toml;
use super::super::tree::{Node, Url, Value};
use super::credentials::Credential;
use super::{Config, Deployment};
use crate::backend::litellm_keys::DEPLOYMENT_KEYS;
use crate::diagnostic::Span;
use crate::manifest::word;

/// Providers that speak OpenAI's API to a server of one's own.
const OPENAI_LIKE: &[&str] = &[
    "custom_openai",
    "docker_model_runner",
    "hosted_vllm",
    "lemonade",
    "litellm_proxy",
    "llamafile",
    "lm_studio",
    "openai",
    "openai_like",
    "text-completion-openai",
    "xinference",
];

/// What the gateway says of a model, and the capability that it is.
const CAPABILITIES: &[(&str, &str)] = &[
    ("supports_function_calling", "tools"),
    ("supports_vision", "vision"),
    ("supports_reasoning", "reasoning"),
    ("supports_response_schema", "structured-output"),
];

/// Puts a configuration into a draft.
pub(in crate::import) fn carry(config: &Config<'_>, carrying: &Carrying<'_>, draft: &mut Draft) {
    draft.gateway_service();
    let deployments = config.deployments();
    let mut carry = Carry {
        config,
        carrying,
        draft,
    };
    for deployment in deployments
        .iter()
        .filter(|it| !carrying.dropped.contains(&(it.file, it.node.span)))
    {
        carry.deployment(deployment);
    }
    carry.aliases();
    carry.fallbacks();
    carry.settings();
    carry.environment();
    carry.search_tools();
    carry.mcp_servers();
    carry.sections();
}

/// What was found out about a configuration before.
#[derive(Debug)]
pub(in crate::import) struct Carrying<'a> {
    /// Where the deployments stand that LiteLLM drops.
    pub(in crate::import) dropped: &'a BTreeSet<(usize, Span)>,
    /// The credentials of each file.
    pub(in crate::import) credentials: &'a BTreeMap<usize, Vec<Credential>>,
    /// Variables whose value an env file tells: addresses and models only.
    pub(in crate::import) values: &'a BTreeMap<String, String>,
}

pub(super) struct Carry<'a, 'b> {
    pub(super) config: &'a Config<'a>,
    pub(super) carrying: &'a Carrying<'b>,
    pub(super) draft: &'a mut Draft,
}

impl Carry<'_, '_> {
    pub(super) fn leave(
        &mut self,
        file: usize,
        span: Span,
        what: impl Into<String>,
        why: &'static str,
    ) {
        self.draft.leave(file, span, what, why);
    }

    /// A text, with the value of a variable in place of its name where that is known.
    pub(super) fn resolved<'n>(&'n self, text: &'n str) -> Option<&'n str> {
        match text.strip_prefix("os.environ/") {
            Some(name) => self.carrying.values.get(name).map(String::as_str),
            None => Some(text),
        }
    }

    fn deployment(&mut self, deployment: &Deployment<'_>) {
        let (file, span) = (deployment.file, deployment.span());
        let (Some(name), Some(params)) = (deployment.name, deployment.params()) else {
            return;
        };
        if name.contains('*') {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "a handle stands for models that are named, not for a pattern",
            );
        }
        if word::HANDLE.check(name).is_err() {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "no handle can have this name: letters, digits and `._-:/@+`",
            );
        }
        let model = params.text_at("model").unwrap_or_default();
        let Some(model) = self.resolved(model).map(str::to_owned) else {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "its model is in a variable: import the env file that sets it too",
            );
        };
        let provider = match params.text_at("custom_llm_provider") {
            Some(custom) => custom.to_owned(),
            None => model
                .split_once('/')
                .map_or("openai", |(prefix, _)| prefix)
                .to_owned(),
        };
        let served_as = model
            .strip_prefix(&format!("{provider}/"))
            .unwrap_or(&model)
            .to_owned();
        let ollama = provider == "ollama" || provider == "ollama_chat";
        if !ollama && !OPENAI_LIKE.contains(&provider.as_str()) {
            return self.leave(
                file,
                span,
                format!("deployment `{name}` ({provider})"),
                "a platform has services on its own hosts only, and this provider is none of them",
            );
        }
        let base = params.at("api_base").or(params.at("base_url"));
        let base = base.and_then(Node::as_text).unwrap_or_default().to_owned();
        let url = match self.resolved(&base) {
            None => {
                return self.leave(
                    file,
                    span,
                    format!("deployment `{name}`"),
                    "its address is in a variable: import the env file that sets it too",
                );
            }
            Some("") if provider == "openai" => {
                return self.leave(
                    file,
                    span,
                    format!("deployment `{name}`"),
                    "it goes to the public API of OpenAI, and a platform has services on its own hosts only",
                );
            }
            Some("") => {
                return self.leave(
                    file,
                    span,
                    format!("deployment `{name}`"),
                    "it has no address",
                );
            }
            Some(base) => Url::parse(base),
        };
        let Some(url) = url.filter(|it| !it.is_secure) else {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "a platform calls its services by plain HTTP, and this is another URL",
            );
        };
        let Some((host, port)) = self.draft.place_of(&url) else {
            return self.leave(
                file,
                span,
                format!("deployment `{name}` on `{}`", url.host),
                "the address of its host is not known: import again with `--host NAME=ADDRESS`",
            );
        };
        if !self.draft.take_name("handle", name) && !self.draft.handles.contains_key(name) {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "another name differs from it in case only",
            );
        }
        if let Some(id) = self.draft.slot(&host, port).map(str::to_owned) {
            self.information(deployment, &id, &provider);
            return self.target(deployment, name, &id, params);
        }
        let (kind, label) = if ollama || (url.port == 11434 && provider == "openai") {
            ("ollama", "ollama".to_owned())
        } else {
            ("generic", label(&provider).to_owned())
        };
        let service = self.draft.service_at(&host, port, kind, &label);
        if self.draft.services[&service].kind == "litellm" {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "it leads back to the gateway itself",
            );
        }
        if !self.base_path(&service, &url) {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "another deployment reaches this server by another path, and a service has one",
            );
        }
        let Some(id) = self.draft.model(&service, &served_as) else {
            return self.leave(
                file,
                span,
                format!("deployment `{name}`"),
                "no model can have this name: letters, digits and `._-:/@+`",
            );
        };
        self.information(deployment, &id, &provider);
        self.target(deployment, name, &id, params);
    }

    /// Gives a service its path; false when it has another.
    fn base_path(&mut self, service: &str, url: &Url) -> bool {
        let Some(service) = self.draft.services.get_mut(service) else {
            return false;
        };
        if service.kind == "ollama" {
            service.fields.remove("base_path");
            return true;
        }
        let wanted = Toml::text(&url.path);
        match service.fields.get("base_path") {
            Some(path) => *path == wanted,
            None if url.path.is_empty() && !service.fields.contains_key("base_path") => {
                service.fields.insert("base_path", wanted);
                true
            }
            None => {
                service.fields.insert("base_path", wanted);
                true
            }
        }
    }

    /// What `model_info` says of a model.
    fn information(&mut self, deployment: &Deployment<'_>, id: &str, provider: &str) {
        let mut known = Fields::new();
        if provider == "text-completion-openai" {
            known.insert("mode", Toml::text("completion"));
        }
        let mut capabilities = Vec::new();
        for entry in deployment.info().map_or(&[][..], Node::entries) {
            let place = (deployment.file, entry.key_span);
            let capability = CAPABILITIES.iter().find(|(key, _)| *key == entry.key);
            match (entry.key.as_str(), &entry.node.value) {
                (_, Value::Null) | ("id" | "disable_background_health_check", _) => {}
                (key, _) if key.starts_with("homelab_") => {}
                ("mode", Value::Text(mode)) => {
                    let mode = mode.replace('_', "-");
                    if MODES.contains(&mode.as_str()) {
                        known.insert("mode", Toml::text(mode));
                    } else {
                        self.leave(
                            place.0,
                            place.1,
                            "`model_info.mode`",
                            "platform.toml knows no such mode",
                        );
                    }
                }
                ("max_input_tokens", Value::Integer(it)) if *it > 0 => {
                    known.insert("context_length", Toml::Integer(*it));
                }
                ("max_output_tokens" | "max_tokens", Value::Integer(it)) if *it > 0 => {
                    known.insert("max_output_tokens", Toml::Integer(*it));
                }
                (_, Value::Boolean(it)) if capability.is_some() => {
                    capabilities.extend(capability.filter(|_| *it).map(|(_, name)| *name));
                }
                (key, _) => self.leave(
                    place.0,
                    place.1,
                    format!("`model_info.{key}`"),
                    "platform.toml has no field for it",
                ),
            }
        }
        if !capabilities.is_empty() {
            known.insert("capabilities", Toml::texts(capabilities));
        }
        if let Some(model) = self.draft.models.get_mut(id) {
            for (key, value) in known {
                model.entry(key).or_insert(value);
            }
        }
    }

    /// Adds a model to a handle, and what is said about how it is asked.
    fn target(&mut self, deployment: &Deployment<'_>, name: &str, id: &str, params: &Node) {
        let file = deployment.file;
        let mut fields = Fields::new();
        let mut parameters = BTreeMap::new();
        let (mut order, mut weight) = (None, None);
        for entry in params.entries() {
            let place = (file, entry.key_span);
            match entry.key.as_str() {
                "model" | "api_base" | "base_url" | "custom_llm_provider" => {}
                _ if entry.node.is_null() => {}
                "timeout" | "stream_timeout" => {
                    let field = if entry.key == "timeout" {
                        "timeout"
                    } else {
                        "stream_timeout"
                    };
                    match duration(&entry.node) {
                        Some(it) => _ = fields.insert(field, it),
                        None => self.leave(
                            place.0,
                            place.1,
                            format!("`{}`", entry.key),
                            "it is no length of time in seconds",
                        ),
                    }
                }
                "order" => order = entry.node.as_integer().filter(|it| (1..=1000).contains(it)),
                "weight" => weight = entry.node.as_integer().filter(|it| (1..=1000).contains(it)),
                "api_key" => {
                    if self.is_key(file, &entry.node) {
                        self.leave(place.0, place.1, "`api_key`", "platform.toml has no keys for servers of a general kind: the gateway sends `none`");
                    }
                }
                key if DEPLOYMENT_KEYS.contains(&key) => {
                    self.leave(
                        place.0,
                        place.1,
                        format!("`{key}`"),
                        "how requests are tried is said for the whole gateway",
                    );
                }
                key => match self.value(file, key, &entry.node) {
                    Some(value) => _ = parameters.insert(key.to_owned(), value),
                    None => self.leave(
                        place.0,
                        place.1,
                        format!("`{key}`"),
                        "its value has no form in TOML",
                    ),
                },
            }
        }
        let handle = self.draft.handles.get(name);
        let fresh = handle.is_none();
        let differs = handle.is_some_and(|it| it.parameters != parameters || it.fields != fields);
        if differs {
            self.leave(
                file,
                deployment.span(),
                format!("parameters and limits of another deployment of `{name}`"),
                "a handle has one set of them: those of the first deployment hold",
            );
        }
        let handle = self.draft.handles.entry(name.to_owned()).or_default();
        if fresh {
            handle.fields = fields;
            handle.parameters = parameters;
        }
        if handle.targets.iter().any(|(it, _, _)| it == id) {
            let span = deployment.span();
            return self.leave(
                file,
                span,
                format!("a second deployment of `{name}`"),
                "it leads to the same model on the same server",
            );
        }
        handle.targets.push((id.to_owned(), order, weight));
    }

    /// Whether a key is more than the word that servers without keys are sent.
    fn is_key(&self, file: usize, node: &Node) -> bool {
        let Some(text) = node.as_text() else {
            return true;
        };
        let dummies = [
            "",
            "none",
            "null",
            "empty",
            "dummy",
            "na",
            "n/a",
            "not-needed",
            "no-key",
            "fake",
            "anything",
            "ollama",
            "lm-studio",
            "sk-no-key-required",
            "local",
        ];
        text.starts_with("os.environ/")
            || self.credential(file, node.span).is_some()
            || !dummies.contains(&text.to_ascii_lowercase().as_str())
    }

    pub(super) fn credential(&self, file: usize, span: Span) -> Option<&Credential> {
        let all = self.carrying.credentials.get(&file)?;
        all.iter()
            .find(|it| it.span.start < span.end && span.start < it.span.end)
    }

    /// A value as TOML: variables by name, and a name in place of a literal secret.
    pub(super) fn value(&mut self, file: usize, key: &str, node: &Node) -> Option<Toml> {
        if node.as_text().is_some() && self.credential(file, node.span).is_some() {
            let name = key
                .to_ascii_uppercase()
                .replace(|it: char| !it.is_ascii_alphanumeric(), "_");
            let name = if crate::syntax::secrets::promise(&name).is_some() {
                name
            } else {
                format!("{name}_KEY")
            };
            self.draft.gateway_variable(&name).then_some(())?;
            self.draft.notes.push(format!("the secret that was `{key}`: it is read from the variable {name} now; put a new one there, the old one is known"));
            return Some(Toml::one("env", name));
        }
        Some(match &node.value {
            Value::Boolean(it) => Toml::Boolean(*it),
            Value::Integer(it) => Toml::Integer(*it),
            Value::Float(it) if it.is_finite() => Toml::Float(*it),
            Value::Float(_) | Value::Null | Value::Date => return None,
            Value::Text(text) => match text.strip_prefix("os.environ/") {
                Some(name) => {
                    self.draft.gateway_variable(name).then_some(())?;
                    Toml::one("env", name)
                }
                None => Toml::text(text),
            },
            Value::List(items) => {
                let values: Option<Vec<Toml>> =
                    items.iter().map(|it| self.value(file, key, it)).collect();
                let values = values?;
                if values.iter().any(has_variable) {
                    return None;
                }
                Toml::List(values)
            }
            Value::Map(entries) => {
                let mut values = BTreeMap::new();
                for entry in entries.iter().filter(|it| !it.node.is_null()) {
                    values.insert(
                        entry.key.clone(),
                        self.value(file, &entry.key, &entry.node)?,
                    );
                }
                Toml::Table(values)
            }
        })
    }
}

/// The modes of platform.toml.
const MODES: &[&str] = &[
    "chat",
    "completion",
    "embedding",
    "rerank",
    "image-generation",
    "audio-transcription",
    "audio-speech",
];

/// What a service of a provider is called.
fn label(provider: &str) -> &str {
    match provider {
        "hosted_vllm" => "vllm",
        "lm_studio" => "lm-studio",
        "llamafile" => "llamafile",
        "litellm_proxy" => "other-gateway",
        "lemonade" => "lemonade",
        "docker_model_runner" => "docker-models",
        "xinference" => "xinference",
        _ => "openai-server",
    }
}

/// Seconds as a length of time.
pub(super) fn duration(node: &Node) -> Option<Toml> {
    let seconds = match &node.value {
        Value::Integer(it) => i32::try_from(*it).ok().map(f64::from)?,
        Value::Float(it) => *it,
        Value::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    if !(0.0..=1e8).contains(&seconds) {
        return None;
    }
    let text = if seconds.fract() == 0.0 {
        format!("{seconds:.0}s")
    } else {
        format!("{:.0}ms", seconds * 1000.0)
    };
    word::DURATION
        .check(&text)
        .is_ok()
        .then(|| Toml::text(text))
}

fn has_variable(value: &Toml) -> bool {
    match value {
        Toml::Table(it) => {
            (it.len() == 1 && it.contains_key("env")) || it.values().any(has_variable)
        }
        Toml::List(items) => items.iter().any(has_variable),
        _ => false,
    }
}
