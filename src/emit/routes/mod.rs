//! The route table of the proxy: the same names and servers as LiteLLM's, worked out once more for a program that asks nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, json, process};
use crate::backend::Role;
use crate::platform::{
    self, Capability, Deployment, ModelId, Parameter, Platform, ServiceId, Visibility,
};
use crate::routes;

pub(super) static EMITTER: Emitter = Emitter {
    name: "routes",
    summary: "the route table of `homelab proxy`",
    emit: Emit::Platform(emit),
};

/// The name of the file among the configurations of a gateway that reads it.
const FILE: &str = "routes.json";

#[allow(
    clippy::unnecessary_wraps,
    reason = "every emitter has the same signature"
)]
fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let table = table(platform);
    let artifact = Artifact::new(format!("routes/{FILE}"), json::to_json(&table));
    artifacts.add(match install(platform) {
        Some(install) => artifact.install(install),
        None => artifact,
    });
    Ok(())
}

/// Where the table goes when the gateway is one that reads it.
fn install(platform: &Platform) -> Option<Install> {
    let gateway = platform.gateway_service();
    let host = &platform[gateway.host];
    platform.is_installed(gateway).then_some(())?;
    Some(Install {
        host: host.name.clone(),
        path: gateway.config(FILE)?.to_owned(),
        owner: gateway.run.user.clone(),
        group: process::user_group(host, &gateway.run.user).to_owned(),
        mode: 0o644,
        // It takes a changed table while it runs.
        restart: Vec::new(),
        seed: false,
    })
}

fn table(platform: &Platform) -> routes::Table {
    let gateway = platform.gateway_service();
    let routes = routes(platform);
    let (aliases, hidden_aliases) = aliases(platform, &routes);
    routes::Table {
        version: routes::VERSION,
        platform: platform.name.clone(),
        gateway: gateway.name.clone(),
        listen: gateway.port().map(|port| routes::Listen {
            address: gateway.listen_address().to_owned(),
            port,
            tls: gateway.tls.as_ref().map(|it| routes::Tls {
                certificate: it.certificate.clone(),
                key: it.key.clone(),
            }),
        }),
        master_key: platform.gateway.key.clone(),
        keys: Vec::new(),
        policy: policy(&platform.gateway),
        routes,
        aliases,
        hidden_aliases,
        search_tools: platform
            .gateway
            .search_tools
            .iter()
            .map(|tool| routes::SearchTool {
                name: tool.name.clone(),
                provider: platform[tool.service].kind.name.to_owned(),
                base_url: tool.url.clone(),
                description: tool.title.clone(),
            })
            .collect(),
    }
}

fn policy(gateway: &platform::Gateway) -> routes::Policy {
    use platform::Strategy;
    routes::Policy {
        speed: gateway.profile.map(|it| it.speed),
        strategy: gateway
            .profile
            .map(|_| routes::Strategy::Weighed)
            .or(gateway.strategy.map(|strategy| match strategy {
                Strategy::SimpleShuffle => routes::Strategy::SimpleShuffle,
                Strategy::LeastBusy => routes::Strategy::LeastBusy,
                Strategy::LatencyBasedRouting => routes::Strategy::LatencyBasedRouting,
                Strategy::CostBasedRouting => routes::Strategy::CostBasedRouting,
                Strategy::UsageBasedRoutingV2 => routes::Strategy::UsageBasedRoutingV2,
            })),
        retries: gateway.retries,
        retry_after_ms: milliseconds(gateway.retry_after),
        timeout_ms: milliseconds(gateway.timeout),
        stream_timeout_ms: milliseconds(gateway.stream_timeout),
        cooldown_ms: milliseconds(gateway.cooldown),
        allowed_fails: gateway.allowed_fails,
        max_fallbacks: gateway.max_fallbacks,
        ..routes::Policy::default()
    }
}

/// One route for each name among the deployments.
fn routes(platform: &Platform) -> Vec<routes::Route> {
    let mut by_name: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    for deployment in &platform.deployments {
        by_name
            .entry(&deployment.name)
            .or_default()
            .push(deployment);
    }
    let relation = Optimisation::of(platform);
    by_name
        .iter()
        .map(|(name, group)| {
            route(platform, &relation, name, group, |it| {
                by_name.contains_key(it)
            })
        })
        .collect()
}

fn route(
    platform: &Platform,
    relation: &Optimisation,
    name: &str,
    group: &[&Deployment],
    served: impl Fn(&str) -> bool,
) -> routes::Route {
    let first = group[0];
    let models: Vec<&platform::Model> = group.iter().map(|it| &platform[it.model]).collect();
    // What a client may count on is what every model behind the name has.
    let least = |of: fn(&platform::Model) -> Option<u64>| {
        let known: Option<Vec<u64>> = models.iter().map(|it| of(it)).collect();
        known?.into_iter().min()
    };
    let mut deployments: Vec<routes::Deployment> = group
        .iter()
        .map(|it| deployment(platform, relation, it))
        .collect();
    deployments.sort_by(|a, b| {
        let order = |it: &routes::Deployment| it.order.unwrap_or(u32::MAX);
        order(a).cmp(&order(b)).then_with(|| a.id.cmp(&b.id))
    });
    let back = is_way_back(platform, first);
    let handle = &platform[first.handle];
    routes::Route {
        name: name.to_owned(),
        handle: (!back).then(|| handle.name.clone()),
        internal: first.internal,
        callers: match (first.internal, back) {
            (false, _) => Vec::new(),
            (true, true) => relation.optimisers_of(platform, first.model),
            (true, false) => callers(platform),
        },
        mode: mode(models[0].mode),
        capabilities: models[0]
            .capabilities
            .iter()
            .filter(|capability| models.iter().all(|it| it.capabilities.contains(capability)))
            .map(|capability| capability_name(*capability).to_owned())
            .collect(),
        context_length: least(|it| it.context_length),
        max_output_tokens: least(|it| it.max_output_tokens),
        optimised: optimised(platform, first),
        deployments,
        // The way back has none: the handle's own are tried by the gateway when the optimiser fails.
        fallbacks: handle
            .fallbacks
            .iter()
            .map(|id| platform[*id].name.clone())
            .filter(|name| !back && served(name))
            .collect(),
    }
}

/// Who stands between the gateway and which model, and by what name it calls back.
struct Optimisation<'a> {
    optimisers: BTreeMap<ModelId, BTreeSet<ServiceId>>,
    backs: BTreeMap<ModelId, &'a str>,
}

impl<'a> Optimisation<'a> {
    fn of(platform: &'a Platform) -> Self {
        let mut relation = Self {
            optimisers: BTreeMap::new(),
            backs: BTreeMap::new(),
        };
        for it in &platform.deployments {
            if it.service != platform[it.model].service {
                relation
                    .optimisers
                    .entry(it.model)
                    .or_default()
                    .insert(it.service);
            }
            if is_way_back(platform, it) {
                relation.backs.insert(it.model, &it.name);
            }
        }
        relation
    }

    fn optimisers_of(&self, platform: &Platform, model: ModelId) -> Vec<String> {
        let services = self.optimisers.get(&model).into_iter().flatten();
        services.map(|id| platform[*id].name.clone()).collect()
    }
}

/// True for the internal name by which an optimiser calls the gateway back: no handle has it.
fn is_way_back(platform: &Platform, deployment: &Deployment) -> bool {
    deployment.name != platform[deployment.handle].name
}

/// The services that may ask for an internal handle: all that call the gateway, but for optimisers, which ask by the names that are theirs.
fn callers(platform: &Platform) -> Vec<String> {
    platform
        .callers_of(platform.policy.gateway)
        .map(|call| &platform[call.from])
        .filter(|service| service.kind.role != Role::Optimiser)
        .map(|service| service.name.clone())
        .collect()
}

fn optimised(platform: &Platform, sent: &Deployment) -> Option<routes::Optimised> {
    if sent.service == platform[sent.model].service {
        return None;
    }
    Some(routes::Optimised {
        service: platform[sent.service].name.clone(),
        technique: platform[sent.handle].technique.clone(),
    })
}

fn deployment(
    platform: &Platform,
    relation: &Optimisation,
    deployment: &Deployment,
) -> routes::Deployment {
    let service = &platform[deployment.service];
    let model = &platform[deployment.model];
    routes::Deployment {
        id: deployment.id.to_string(),
        model: model.name.clone(),
        service: service.name.clone(),
        api: routes::Api::Openai,
        base_url: [deployment.url.as_str(), service.kind.openai_path()].concat(),
        upstream_model: deployment.selector.to_string(),
        key: deployment.key.clone(),
        back: (service.id != model.service)
            .then(|| relation.backs.get(&model.id))
            .flatten()
            .map(|name| (*name).to_owned()),
        endpoints: endpoints(service, model.mode),
        order: deployment.order,
        weight: deployment.weight,
        timeout_ms: milliseconds(deployment.timeout),
        stream_timeout_ms: milliseconds(deployment.stream_timeout),
        parameters: deployment
            .parameters
            .iter()
            .map(|(name, value)| (name.clone(), parameter(value)))
            .collect(),
        health: health(service, &deployment.url),
    }
}

/// The first way to ask a service that loads no model.
fn health(service: &platform::Service, url: &str) -> Option<routes::Health> {
    let origin = url.strip_suffix(service.base_path.as_str()).unwrap_or(url);
    let cheap = |it: &&platform::Health| !it.loads_model && it.method == platform::Method::Get;
    service.health.iter().find(cheap).map(|it| routes::Health {
        url: [origin, &it.path].concat(),
        status: it.status,
        needs_key: it.needs_key,
    })
}

/// The endpoints of a service that make sense for what a model does.
fn endpoints(service: &platform::Service, mode: platform::Mode) -> Vec<routes::Endpoint> {
    use platform::{Endpoint, Mode};
    use routes::Endpoint as Served;
    let mut served: Vec<Served> = service
        .endpoints
        .iter()
        .filter_map(|endpoint| {
            let (of, served) = match endpoint {
                Endpoint::ChatCompletions => (Mode::Chat, Served::ChatCompletions),
                Endpoint::Responses => (Mode::Chat, Served::Responses),
                Endpoint::Messages => (Mode::Chat, Served::Messages),
                // A chat model continues text as well.
                Endpoint::Completions if mode == Mode::Chat => (mode, Served::Completions),
                Endpoint::Completions => (Mode::Completion, Served::Completions),
                Endpoint::Embeddings => (Mode::Embedding, Served::Embeddings),
                Endpoint::Rerank => (Mode::Rerank, Served::Rerank),
                Endpoint::ImagesGenerations => (Mode::ImageGeneration, Served::ImagesGenerations),
                Endpoint::AudioTranscriptions => {
                    (Mode::AudioTranscription, Served::AudioTranscriptions)
                }
                Endpoint::AudioSpeech => (Mode::AudioSpeech, Served::AudioSpeech),
                Endpoint::Models | Endpoint::Health => return None,
            };
            (of == mode).then_some(served)
        })
        .collect();
    served.sort_unstable();
    served.dedup();
    served
}

/// The handles that are aliases, and those that the owner passes to LiteLLM's router, for the two gateways serve the same names.
fn aliases(
    platform: &Platform,
    routes: &[routes::Route],
) -> (BTreeMap<String, String>, Vec<String>) {
    let mut aliases = BTreeMap::new();
    let mut hidden = Vec::new();
    for (alias, handle) in platform.served_aliases() {
        aliases.insert(alias.name.clone(), handle.name.clone());
        if alias.visibility == Visibility::Internal {
            hidden.push(alias.name.clone());
        }
    }
    let Some(Parameter::Table(entries)) = platform.gateway.router_settings.get("model_group_alias")
    else {
        return (aliases, hidden);
    };
    for (alias, entry) in entries {
        let (name, is_hidden) = match entry {
            Parameter::Text(name) => (name, false),
            Parameter::Table(entry) => match entry.get("model") {
                Some(Parameter::Text(name)) => {
                    (name, entry.get("hidden") == Some(&Parameter::Boolean(true)))
                }
                _ => continue,
            },
            _ => continue,
        };
        if aliases.contains_key(alias) || !routes.iter().any(|it| it.name == *name) {
            continue;
        }
        aliases.insert(alias.clone(), name.clone());
        if is_hidden {
            hidden.push(alias.clone());
        }
    }
    (aliases, hidden)
}

/// The value as JSON. A number that JSON cannot write (`nan`, `inf`) is left out.
fn parameter(parameter: &Parameter) -> serde_json::Value {
    match parameter {
        Parameter::Boolean(value) => (*value).into(),
        Parameter::Integer(value) => (*value).into(),
        Parameter::Float(value) => (*value).into(),
        Parameter::Text(value) => value.as_str().into(),
        Parameter::List(values) => values.iter().map(self::parameter).collect(),
        Parameter::Table(values) => values
            .iter()
            .map(|(name, it)| (name.clone(), self::parameter(it)))
            .collect(),
    }
}

fn mode(mode: platform::Mode) -> routes::Mode {
    use platform::Mode;
    match mode {
        Mode::Chat => routes::Mode::Chat,
        Mode::Completion => routes::Mode::Completion,
        Mode::Embedding => routes::Mode::Embedding,
        Mode::Rerank => routes::Mode::Rerank,
        Mode::ImageGeneration => routes::Mode::ImageGeneration,
        Mode::AudioTranscription => routes::Mode::AudioTranscription,
        Mode::AudioSpeech => routes::Mode::AudioSpeech,
    }
}

fn capability_name(capability: Capability) -> &'static str {
    match capability {
        Capability::Tools => "tools",
        Capability::Vision => "vision",
        Capability::Reasoning => "reasoning",
        Capability::StructuredOutput => "structured-output",
    }
}

fn milliseconds(duration: Option<Duration>) -> Option<u64> {
    duration.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
