//! The shape of `router.yaml`, and how a platform fills it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Serialize, Serializer};
use smol_str::SmolStr;

use super::super::EmitError;
use super::super::mcp_litellm::{LitellmServers, mcp_servers};
use super::tools::SearchEntry;
use crate::backend::litellm_keys::DEPLOYMENT_KEYS;
use crate::platform::{
    Cache, Capability, Deployment, Gateway, Limit, Mode, Parameter, Platform, RoutingProfile,
    Strategy, Visibility,
};

/// The whole file.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    model_list: Vec<ModelEntry<'a>>,
    #[serde(skip_serializing_if = "RouterSettings::is_empty")]
    router_settings: RouterSettings<'a>,
    litellm_settings: LitellmSettings<'a>,
    general_settings: GeneralSettings<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    search_tools: Vec<SearchEntry<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    mcp_servers: LitellmServers<'a>,
}

impl<'a> Document<'a> {
    pub(super) fn of(platform: &'a Platform) -> Result<Self, EmitError> {
        let gateway = &platform.gateway;
        Ok(Self {
            model_list: platform
                .deployments
                .iter()
                .map(|deployment| ModelEntry::of(platform, deployment))
                .collect(),
            router_settings: RouterSettings::of(platform),
            litellm_settings: LitellmSettings::of(gateway),
            general_settings: GeneralSettings::of(gateway),
            search_tools: gateway
                .search_tools
                .iter()
                .map(|tool| SearchEntry::of(platform, tool))
                .collect(),
            mcp_servers: mcp_servers(platform)?,
        })
    }
}

/// An entry of `model_list`.
#[derive(Serialize)]
struct ModelEntry<'a> {
    model_name: &'a str,
    litellm_params: ModelParams<'a>,
    model_info: ModelInfo<'a>,
}

/// How LiteLLM calls a server; what it does not know itself goes into the request's body.
#[derive(Serialize)]
struct ModelParams<'a> {
    model: Variable<SmolStr>,
    api_base: Variable<SmolStr>,
    api_key: Key<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_timeout: Option<Seconds>,
    #[serde(flatten)]
    parameters: BTreeMap<&'a str, Setting<'a>>,
}

/// What LiteLLM is told about a model. Our own names have a prefix: LiteLLM gives meaning to more of its own with each release (`tier`, `blocked`), and drops a model whose value does not fit.
#[derive(Serialize)]
struct ModelInfo<'a> {
    id: &'a str,
    mode: LitellmMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supports_function_calling: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supports_vision: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supports_reasoning: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supports_response_schema: Option<bool>,
    /// A check of LiteLLM's sends a prompt, which would load a cold model.
    disable_background_health_check: bool,
    homelab_handle: &'a str,
    homelab_model: &'a str,
    homelab_service: &'a str,
    homelab_internal: bool,
}

impl<'a> ModelEntry<'a> {
    fn of(platform: &'a Platform, deployment: &'a Deployment) -> Self {
        let model = &platform[deployment.model];
        let can = |capability| model.capabilities.contains(&capability).then_some(true);
        Self {
            model_name: &deployment.name,
            litellm_params: ModelParams {
                model: Variable(deployment.model_variable()),
                api_base: Variable(deployment.base_variable()),
                api_key: Key(deployment.key.as_deref()),
                order: deployment.order,
                weight: deployment.weight.filter(|_| looks_at_weights(platform)),
                timeout: deployment.timeout.map(Seconds),
                stream_timeout: deployment.stream_timeout.map(Seconds),
                parameters: deployment
                    .parameters
                    .iter()
                    .filter(|(name, _)| !DEPLOYMENT_KEYS.contains(&name.as_str()))
                    .map(|(name, value)| (name.as_str(), Setting(value)))
                    .collect(),
            },
            model_info: ModelInfo {
                id: &deployment.id,
                mode: LitellmMode(model.mode),
                max_input_tokens: model.context_length,
                max_output_tokens: model.max_output_tokens,
                supports_function_calling: can(Capability::Tools),
                supports_vision: can(Capability::Vision),
                supports_reasoning: can(Capability::Reasoning),
                supports_response_schema: can(Capability::StructuredOutput),
                disable_background_health_check: true,
                homelab_handle: &platform[deployment.handle].name,
                homelab_model: &model.name,
                homelab_service: &platform[deployment.service].name,
                homelab_internal: deployment.internal,
            },
        }
    }
}

/// True when LiteLLM chooses by weight: any other strategy of its would ignore one without a word.
fn looks_at_weights(platform: &Platform) -> bool {
    let strategy = platform.gateway.profile.map(RoutingProfile::strategy);
    strategy.is_none_or(|it| it == Strategy::SimpleShuffle)
}

/// Arguments of LiteLLM's router. What is unset is left to LiteLLM's own default.
#[derive(Serialize)]
struct RouterSettings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_strategy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_timeout: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cooldown_time: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_fails: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fallbacks: Option<u32>,
    /// Further names for models.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    model_group_alias: BTreeMap<&'a str, Alias<'a>>,
    /// Maps of one key each: LiteLLM refuses one with two.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fallbacks: Vec<BTreeMap<&'a str, Vec<&'a str>>>,
    #[serde(flatten)]
    other: BTreeMap<&'a str, Setting<'a>>,
}

impl<'a> RouterSettings<'a> {
    fn of(platform: &'a Platform) -> Self {
        let gateway = &platform.gateway;
        Self {
            routing_strategy: gateway
                .strategy
                .or(gateway.profile.map(RoutingProfile::strategy))
                .map(strategy),
            num_retries: gateway.retries,
            retry_after: gateway.retry_after.map(Seconds),
            timeout: gateway.timeout.map(Seconds),
            stream_timeout: gateway.stream_timeout.map(Seconds),
            cooldown_time: gateway.cooldown.map(Seconds),
            allowed_fails: gateway.allowed_fails,
            max_fallbacks: gateway.max_fallbacks,
            model_group_alias: aliases(platform),
            fallbacks: fallbacks(platform),
            other: passed_through(&gateway.router_settings)
                .into_iter()
                .filter(|(name, _)| *name != ALIASES)
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.routing_strategy.is_none()
            && self.num_retries.is_none()
            && self.retry_after.is_none()
            && self.timeout.is_none()
            && self.stream_timeout.is_none()
            && self.cooldown_time.is_none()
            && self.allowed_fails.is_none()
            && self.max_fallbacks.is_none()
            && self.model_group_alias.is_empty()
            && self.fallbacks.is_empty()
            && self.other.is_empty()
    }
}

/// The setting with further names for models; what the owner passes through stands beside the handles that are aliases.
const ALIASES: &str = "model_group_alias";

/// What stands behind a further name.
#[derive(Serialize)]
#[serde(untagged)]
enum Alias<'a> {
    /// A name that is listed to clients.
    Listed(&'a str),
    /// A name that is served and not listed.
    Hidden { model: &'a str, hidden: bool },
    /// What the owner passes through.
    PassedThrough(Setting<'a>),
}

/// The aliases of handles that are served.
fn aliases(platform: &Platform) -> BTreeMap<&str, Alias<'_>> {
    let mut aliases = BTreeMap::new();
    if let Some(Parameter::Table(entries)) = platform.gateway.router_settings.get(ALIASES) {
        let entries = entries.iter();
        aliases
            .extend(entries.map(|(name, it)| (name.as_str(), Alias::PassedThrough(Setting(it)))));
    }
    for (alias, handle) in platform.served_aliases() {
        let entry = match alias.visibility {
            Visibility::Public => Alias::Listed(&handle.name),
            Visibility::Internal => Alias::Hidden {
                model: &handle.name,
                hidden: true,
            },
        };
        aliases.insert(alias.name.as_str(), entry);
    }
    aliases
}

/// The fallbacks among handles that are served; LiteLLM would keep a dangling name without a word. An alias has those of its handle once more, for LiteLLM looks them up by the name that was asked for.
fn fallbacks(platform: &Platform) -> Vec<BTreeMap<&str, Vec<&str>>> {
    let served: BTreeSet<&str> = platform
        .deployments
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    let handles = platform.handles.iter();
    let handles = handles
        .filter(|it| served.contains(it.name.as_str()))
        .map(|it| (it.name.as_str(), it));
    let aliases = platform
        .served_aliases()
        .map(|(alias, handle)| (alias.name.as_str(), handle));
    let mut fallbacks: Vec<(&str, Vec<&str>)> = handles
        .chain(aliases)
        .map(|(name, handle)| {
            let targets = handle.fallbacks.iter();
            let targets = targets
                .map(|id| platform[*id].name.as_str())
                .filter(|it| served.contains(it));
            (name, targets.collect())
        })
        .filter(|(_, targets): &(&str, Vec<&str>)| !targets.is_empty())
        .collect();
    fallbacks.sort_unstable();
    let fallbacks = fallbacks.into_iter();
    fallbacks.map(|it| BTreeMap::from([it])).collect()
}

/// Attributes of the LiteLLM module.
#[derive(Serialize)]
struct LitellmSettings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    drop_params: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_logs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_params: Option<CacheParams>,
    /// What all may spend together.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_budget: Option<Dollars>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_key_generate_params: Option<LimitParams>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_internal_user_params: Option<LimitParams>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_team_params: Option<LimitParams>,
    /// A name with `llama-3` in it makes LiteLLM fetch a tokenizer from the internet, during a request; without internet the request waits for it 24 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_hf_tokenizer_download: Option<bool>,
    #[serde(flatten)]
    other: BTreeMap<&'a str, Setting<'a>>,
}

impl<'a> LitellmSettings<'a> {
    fn of(gateway: &'a Gateway) -> Self {
        let unset = |name| !gateway.litellm_settings.contains_key(name);
        let total = gateway.limits.total.map(LimitParams::of);
        Self {
            drop_params: gateway.drop_params,
            json_logs: gateway.json_logs,
            cache: gateway.cache.as_ref().map(|_| true),
            cache_params: gateway.cache.as_ref().map(CacheParams::of),
            max_budget: total.and_then(|it| it.max_budget),
            budget_duration: gateway
                .limits
                .total
                .and_then(|it| it.every)
                .map(budget_duration),
            default_key_generate_params: gateway.limits.key.map(LimitParams::of),
            default_internal_user_params: gateway.limits.user.map(LimitParams::of),
            default_team_params: gateway.limits.team.map(LimitParams::of),
            disable_hf_tokenizer_download: unset("disable_hf_tokenizer_download").then_some(true),
            other: passed_through(&gateway.litellm_settings),
        }
    }
}

/// What LiteLLM gives a key, user or team that comes without limits.
#[derive(Serialize)]
struct LimitParams {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_budget: Option<Dollars>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpm_limit: Option<u32>,
}

impl LimitParams {
    fn of(limit: Limit) -> Self {
        Self {
            max_budget: limit.budget.map(Dollars),
            budget_duration: limit.every.map(budget_duration),
            rpm_limit: limit.requests_per_minute,
        }
    }
}

/// A length of time as LiteLLM reads one for a budget: one unit, the largest that divides it.
fn budget_duration(every: Duration) -> String {
    let seconds = every.as_secs().max(1);
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units
        .into_iter()
        .find(|(size, _)| seconds.is_multiple_of(*size));
    let (size, unit) = unit.unwrap_or((1, "s"));
    format!("{}{unit}", seconds / size)
}

/// An amount of US dollars.
#[derive(Clone, Copy, Serialize)]
struct Dollars(f64);

/// Where LiteLLM keeps answers. Without a place it would take one from whatever `REDIS_*` is in its environment, and a variable in a list it would not look up.
#[derive(Serialize)]
struct CacheParams {
    r#type: &'static str,
    host: Variable<&'static str>,
    port: Variable<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Variable<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Seconds>,
}

impl CacheParams {
    fn of(cache: &Cache) -> Self {
        Self {
            r#type: "redis",
            host: Variable("REDIS_HOST"),
            port: Variable("REDIS_PORT"),
            password: cache.has_password.then_some(Variable("REDIS_PASSWORD")),
            ttl: cache.ttl.map(Seconds),
        }
    }
}

/// Settings of the proxy server.
#[derive(Serialize)]
struct GeneralSettings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    master_key: Option<Variable<&'a str>>,
    /// What is in a database wins over the file; none may be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_model_in_db: Option<bool>,
    /// Clients connect directly; without this LiteLLM warns at every start.
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_proxy_ranges: Option<[&'a str; 0]>,
    /// LiteLLM would ask each server for its models at the start and again and again; an optimiser asks the gateway in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_model_info_refresh: Option<bool>,
    #[serde(flatten)]
    other: BTreeMap<&'a str, Setting<'a>>,
}

impl<'a> GeneralSettings<'a> {
    fn of(gateway: &'a Gateway) -> Self {
        // Ours are only defaults: what the owner passes through stands in their place.
        let unset = |name| !gateway.general_settings.contains_key(name);
        Self {
            master_key: gateway.key.as_deref().map(Variable),
            store_model_in_db: unset("store_model_in_db").then_some(false),
            trusted_proxy_ranges: unset("trusted_proxy_ranges").then_some([]),
            disable_model_info_refresh: unset("disable_model_info_refresh").then_some(true),
            other: passed_through(&gateway.general_settings),
        }
    }
}

fn passed_through(settings: &BTreeMap<String, Parameter>) -> BTreeMap<&str, Setting<'_>> {
    settings
        .iter()
        .map(|(name, value)| (name.as_str(), Setting(value)))
        .collect()
}

/// The strategy in the words of LiteLLM 1.106.2.
fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::SimpleShuffle => "simple-shuffle",
        Strategy::LeastBusy => "least-busy",
        Strategy::LatencyBasedRouting => "latency-based-routing",
        Strategy::CostBasedRouting => "cost-based-routing",
        Strategy::UsageBasedRoutingV2 => "usage-based-routing-v2",
    }
}

/// What a model does, in LiteLLM's words.
struct LitellmMode(Mode);

impl Serialize for LitellmMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self.0 {
            Mode::Chat => "chat",
            Mode::Completion => "completion",
            Mode::Embedding => "embedding",
            Mode::Rerank => "rerank",
            Mode::ImageGeneration => "image_generation",
            Mode::AudioTranscription => "audio_transcription",
            Mode::AudioSpeech => "audio_speech",
        })
    }
}

/// A variable of the gateway's environment, as LiteLLM refers to it.
pub(super) struct Variable<T>(pub(super) T);

impl<T: AsRef<str>> Serialize for Variable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&["os.environ/", self.0.as_ref()].concat())
    }
}

/// The key for a server. One that asks for none is sent a word, for without any LiteLLM takes `OPENAI_API_KEY`.
struct Key<'a>(Option<&'a str>);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(variable) => Variable(variable).serialize(serializer),
            None => serializer.serialize_str("none"),
        }
    }
}

/// A length of time in seconds: a whole number where it is one.
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

/// A value that the owner wrote; `{ env = "NAME" }` alone becomes a reference to that variable.
struct Setting<'a>(&'a Parameter);

impl Serialize for Setting<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Parameter::Boolean(value) => serializer.serialize_bool(*value),
            Parameter::Integer(value) => serializer.serialize_i64(*value),
            Parameter::Float(value) => serializer.serialize_f64(*value),
            Parameter::Text(value) => serializer.serialize_str(value),
            Parameter::List(values) => serializer.collect_seq(values.iter().map(Setting)),
            Parameter::Table(values) => match (values.len(), values.get("env")) {
                (1, Some(Parameter::Text(name))) => Variable(name).serialize(serializer),
                _ => serializer.collect_map(values.iter().map(|(name, it)| (name, Setting(it)))),
            },
        }
    }
}
