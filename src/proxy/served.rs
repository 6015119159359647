//! The route table as requests need it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::Sources;
use super::deployment::{Deployment, Probe, State};
use super::keys::Keys;
use super::tls;
use super::url::Url;
use crate::routes::{self, Endpoint, Strategy, Table};

/// The values of variables, by name.
pub type Environment = BTreeMap<String, String>;

/// How long anything may take when nobody says otherwise.
const TIMEOUT: Duration = Duration::from_mins(10);

/// Everything that a request asks of the table.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) table: Table,
    pub(super) routes: Vec<Route>,
    by_name: HashMap<String, usize>,
    pub(super) policy: Policy,
    pub(super) keys: Keys,
    /// How TLS is spoken to clients; in clear without.
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    pub(super) deployments: Vec<Arc<Deployment>>,
}

/// A name and what answers.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) name: SmolStr,
    pub(super) internal: bool,
    pub(super) callers: Vec<String>,
    pub(super) capabilities: Vec<String>,
    pub(super) deployments: Vec<Arc<Deployment>>,
    pub(super) fallbacks: Vec<usize>,
}

/// How requests are tried and given up, with nothing left open.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) strategy: Option<Strategy>,
    /// How much the speed of late counts beside the weights, in parts of a hundred.
    pub(super) speed: u32,
    pub(super) retries: u32,
    pub(super) backoff: Duration,
    pub(super) cooldown: Duration,
    pub(super) allowed_fails: u32,
    pub(super) max_fallbacks: usize,
    pub(super) connect: Duration,
    pub(super) idle: Duration,
    pub(super) deadline: Duration,
    pub(super) health_interval: Duration,
}

/// What stands in the way of serving a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Variables that are not set.
    Variables(Vec<String>),
    /// URLs that are none.
    Urls(Vec<String>),
    /// A file of keys that is none.
    Keys(String),
    /// A certificate or its key that is none.
    Tls(String),
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variables(names) => write!(
                formatter,
                "these variables are not set: {}",
                names.join(", ")
            ),
            Self::Urls(urls) => write!(formatter, "these are no URLs: {}", urls.join(", ")),
            Self::Keys(what) => write!(formatter, "the file of keys cannot be used: {what}"),
            Self::Tls(what) => write!(formatter, "TLS cannot be spoken: {what}"),
        }
    }
}

impl Served {
    /// Prepares a table. What is known about deployments that stay is kept.
    pub(super) fn new(
        table: Table,
        sources: &Sources,
        before: Option<&Self>,
    ) -> Result<Self, Vec<Obstacle>> {
        let (environment, key_file) = (&sources.environment, sources.keys.as_deref());
        let mut obstacles = Vec::new();
        let identity = sources.identity.as_ref().map(tls::server_config);
        let tls = identity.transpose().unwrap_or_else(|what| {
            obstacles.push(Obstacle::Tls(what));
            None
        });
        let (missing, urls) = gaps(&table, environment);
        if !missing.is_empty() {
            obstacles.push(Obstacle::Variables(missing));
        }
        if !urls.is_empty() {
            obstacles.push(Obstacle::Urls(urls));
        }
        let keys = Keys::new(&table, environment, key_file).map_err(Obstacle::Keys);
        let keys = match keys {
            Ok(keys) if obstacles.is_empty() => keys,
            Ok(_) => return Err(obstacles),
            Err(obstacle) => {
                obstacles.push(obstacle);
                return Err(obstacles);
            }
        };
        let policy = policy(&table.policy);
        let by_name: HashMap<String, usize> = table
            .routes
            .iter()
            .enumerate()
            .map(|(at, it)| (it.name.clone(), at))
            .collect();
        let states: HashMap<(&str, &str, &str), &Arc<State>> = before
            .iter()
            .flat_map(|it| &it.deployments)
            .map(|it| {
                (
                    (it.id.as_str(), &*it.origin, it.model_name.as_str()),
                    &it.state,
                )
            })
            .collect();
        let mut deployments = Vec::new();
        let routes = table
            .routes
            .iter()
            .map(|route| {
                let own: Vec<Arc<Deployment>> = route
                    .deployments
                    .iter()
                    .filter_map(|it| deployment(it, &table.policy, environment, &states))
                    .map(Arc::new)
                    .collect();
                deployments.extend(own.iter().cloned());
                Route {
                    name: SmolStr::new(&route.name),
                    internal: route.internal,
                    callers: route.callers.clone(),
                    capabilities: route.capabilities.clone(),
                    deployments: own,
                    fallbacks: route
                        .fallbacks
                        .iter()
                        .filter_map(|it| by_name.get(it).copied())
                        .collect(),
                }
            })
            .collect();
        let mut by_name = by_name;
        for (alias, name) in &table.aliases {
            if let Some(at) = by_name.get(name).copied() {
                by_name.entry(alias.clone()).or_insert(at);
            }
        }
        drop(states);
        Ok(Self {
            table,
            routes,
            by_name,
            policy,
            keys,
            tls,
            deployments,
        })
    }

    /// The route for a model name.
    pub(super) fn route(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The `/v1/models` entry of a name, in OpenAI's shape.
    pub(super) fn model(name: &str) -> Value {
        json!({"id": name, "object": "model", "created": 1_677_610_602, "owned_by": "openai"})
    }

    /// The `/v1/model/info` entries of a name, in LiteLLM's shape, without anything that is secret.
    pub(super) fn model_info(&self, name: &str) -> Vec<Value> {
        let Some(route) = self.table.route(name) else {
            return Vec::new();
        };
        let entry = |it: &routes::Deployment| {
            json!({
                "model_name": name,
                "litellm_params": {"model": format!("openai/{}", it.upstream_model), "api_base": it.base_url},
                "model_info": {
                    "id": it.id,
                    "db_model": false,
                    "mode": route.mode,
                    "max_input_tokens": route.context_length,
                    "max_output_tokens": route.max_output_tokens,
                    "supports_function_calling": route.capabilities.iter().any(|it| it == "tools"),
                    "supports_vision": route.capabilities.iter().any(|it| it == "vision"),
                    "supports_reasoning": route.capabilities.iter().any(|it| it == "reasoning"),
                },
            })
        };
        route.deployments.iter().map(entry).collect()
    }
}

/// The variables that are named and not set, and the URLs that are none.
fn gaps(table: &Table, environment: &Environment) -> (Vec<String>, Vec<String>) {
    let deployments = || table.routes.iter().flat_map(|it| &it.deployments);
    let named = deployments()
        .flat_map(|it| {
            it.key
                .iter()
                .cloned()
                .chain(it.parameters.values().filter_map(variable))
        })
        .chain(table.master_key.clone())
        .chain(table.keys.iter().map(|it| it.variable.clone()));
    let missing: BTreeSet<String> = named
        .filter(|it| environment.get(it).is_none_or(String::is_empty))
        .collect();
    let urls = deployments()
        .flat_map(|it| [Some(&it.base_url), it.health.as_ref().map(|it| &it.url)])
        .flatten()
        .chain(table.search_tools.iter().map(|it| &it.base_url));
    let wrong: BTreeSet<String> = urls
        .filter(|it| Url::parse(it).is_none())
        .cloned()
        .collect();
    (missing.into_iter().collect(), wrong.into_iter().collect())
}

/// The variable that a parameter stands for.
fn variable(value: &Value) -> Option<String> {
    let object = value.as_object().filter(|it| it.len() == 1)?;
    object.get("env")?.as_str().map(str::to_owned)
}

fn policy(policy: &routes::Policy) -> Policy {
    let timeout = policy.timeout_ms.map_or(TIMEOUT, Duration::from_millis);
    Policy {
        strategy: policy.strategy,
        speed: policy.speed.unwrap_or(0).min(100),
        retries: policy.retries.unwrap_or(2),
        backoff: Duration::from_millis(policy.retry_after_ms.unwrap_or(200)),
        cooldown: Duration::from_millis(policy.cooldown_ms.unwrap_or(5000)),
        allowed_fails: policy.allowed_fails.unwrap_or(3),
        max_fallbacks: policy.max_fallbacks.map_or(5, |it| it as usize),
        connect: Duration::from_millis(policy.connect_timeout_ms.unwrap_or(2000)),
        idle: Duration::from_millis(policy.idle_timeout_ms.unwrap_or(120_000)),
        // Time for one that is silent to its limit and for the next one after it.
        deadline: policy
            .deadline_ms
            .map_or(timeout.saturating_mul(2), Duration::from_millis),
        health_interval: Duration::from_millis(policy.health_interval_ms.unwrap_or(30_000)),
    }
}

fn deployment(
    it: &routes::Deployment,
    policy: &routes::Policy,
    environment: &Environment,
    states: &HashMap<(&str, &str, &str), &Arc<State>>,
) -> Option<Deployment> {
    let url = Url::parse(&it.base_url)?;
    let origin: Arc<str> = format!(
        "{}://{}",
        if url.tls { "https" } else { "http" },
        url.authority
    )
    .into();
    let state = states.get(&(it.id.as_str(), &*origin, it.upstream_model.as_str()));
    let key = it.key.as_ref().and_then(|name| environment.get(name));
    let parameter = |(name, value): (&String, &Value)| {
        let value = match variable(value) {
            Some(variable) => json!(environment.get(&variable)),
            None => value.clone(),
        };
        (
            name.clone(),
            format!("{}:{value}", json!(name)).into_bytes(),
        )
    };
    let authorization = key
        .map(|key| format!("authorization: Bearer {key}\r\n").into_bytes())
        .unwrap_or_default();
    let opening = format!(
        " HTTP/1.1\r\nhost: {}\r\naccept-encoding: identity\r\nuser-agent: homelab\r\n",
        url.authority
    );
    Some(Deployment {
        opening: [opening.as_bytes(), &authorization].concat(),
        id: SmolStr::new(&it.id),
        model: json!(it.upstream_model).to_string().into_bytes(),
        model_name: it.upstream_model.clone(),
        endpoints: it.endpoints.clone(),
        order: it.order.unwrap_or(u32::MAX),
        weight: it.weight.unwrap_or(1),
        timeout: it
            .timeout_ms
            .or(policy.timeout_ms)
            .map_or(TIMEOUT, Duration::from_millis),
        stream_timeout: it
            .stream_timeout_ms
            .or(policy.stream_timeout_ms)
            .map(Duration::from_millis),
        parameters: it.parameters.iter().map(parameter).collect(),
        authorization,
        health: it.health.as_ref().and_then(|health| {
            Some(Probe {
                url: Url::parse(&health.url)?,
                status: health.status,
                needs_key: health.needs_key,
            })
        }),
        state: state.map(|it| Arc::clone(it)).unwrap_or_default(),
        origin,
        url,
    })
}

/// The endpoint for a path below `/v1`.
pub(super) fn endpoint(path: &str) -> Option<Endpoint> {
    Some(match path {
        "/chat/completions" => Endpoint::ChatCompletions,
        "/completions" => Endpoint::Completions,
        "/embeddings" => Endpoint::Embeddings,
        "/responses" => Endpoint::Responses,
        "/messages" => Endpoint::Messages,
        "/images/generations" => Endpoint::ImagesGenerations,
        "/audio/transcriptions" => Endpoint::AudioTranscriptions,
        "/audio/speech" => Endpoint::AudioSpeech,
        "/rerank" => Endpoint::Rerank,
        _ => return None,
    })
}

/// The path of an endpoint below `/v1`.
pub(super) fn path(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::ChatCompletions => "/chat/completions",
        Endpoint::Completions => "/completions",
        Endpoint::Embeddings => "/embeddings",
        Endpoint::Responses => "/responses",
        Endpoint::Messages => "/messages",
        Endpoint::ImagesGenerations => "/images/generations",
        Endpoint::AudioTranscriptions => "/audio/transcriptions",
        Endpoint::AudioSpeech => "/audio/speech",
        Endpoint::Rerank => "/rerank",
    }
}
