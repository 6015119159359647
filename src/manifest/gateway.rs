//! `[gateway]`: how the gateway behaves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, EnvName, Name, Parameter, Path};

/// How the gateway behaves. What is unset is left to the gateway's own default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// The variable in the gateway's environment that holds its key.
    pub key: Option<KeyVariable>,
    /// How it chooses among several models behind a handle.
    pub strategy: Option<Strategy>,
    /// How much speed, quality and cost count when it chooses among several models behind a handle that have no weights of their own; in place of `strategy`.
    pub profile: Option<RoutingProfile>,
    /// How often a failed request is tried again.
    #[schemars(range(min = 0, max = 20))]
    pub retries: Option<i64>,
    /// The least time before that.
    pub retry_after: Option<Duration>,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// How long the first chunk of a stream may take.
    pub stream_timeout: Option<Duration>,
    /// How long a failing model is left alone.
    pub cooldown: Option<Duration>,
    /// How many failures a minute it takes for that.
    #[schemars(range(min = 0, max = 10_000))]
    pub allowed_fails: Option<i64>,
    /// How many fallbacks are tried at most.
    #[schemars(range(min = 0, max = 100))]
    pub max_fallbacks: Option<i64>,
    /// Whether it logs JSON.
    pub json_logs: Option<bool>,
    /// Whether it drops request parameters that a backend does not know.
    pub drop_params: Option<bool>,
    /// The search tools it offers, by name.
    #[serde(default)]
    pub search_tools: BTreeMap<Name, SearchTool>,
    /// Where it keeps what was spent, and the keys and budgets of its users.
    pub database: Option<Database>,
    /// Where it keeps answers, to give them again to the same question.
    pub cache: Option<Cache>,
    /// Who it says it is to clients, which then speak TLS with it; without, they speak in clear. For a gateway of kind `homelab`.
    pub tls: Option<Tls>,
    /// What may be spent and asked: by all together, and by each key, user and team that has no limits of its own.
    #[serde(default)]
    pub limits: GatewayLimits,
    /// Settings of LiteLLM that this language does not know, by section.
    #[serde(default)]
    pub litellm: PassThrough,
}

/// `{ env = "NAME" }`: the variable that holds a key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyVariable {
    /// The name of the variable.
    pub env: EnvName,
}

/// How a gateway chooses among several models behind a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// At random, by weight.
    SimpleShuffle,
    /// The one with the fewest requests under way.
    LeastBusy,
    /// The one that answered fastest.
    LatencyBasedRouting,
    /// The one that costs least.
    CostBasedRouting,
    /// The one with the most left of its limits.
    UsageBasedRoutingV2,
}

/// How much speed, quality and cost count, in parts of a hundred: `{ speed = 40, quality = 35, cost = 25 }`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingProfile {
    /// How fast it answered lately; only `homelab proxy` measures it together with the others.
    #[schemars(range(min = 0, max = 100))]
    pub speed: i64,
    /// How large it is, by its number of parameters.
    #[schemars(range(min = 0, max = 100))]
    pub quality: i64,
    /// What it costs by its price; a free one is the best.
    #[schemars(range(min = 0, max = 100))]
    pub cost: i64,
}

/// What may be spent and asked. LiteLLM counts it in its database.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayLimits {
    /// What all may spend together: `{ budget = 100, every = "30d" }`.
    pub total: Option<Budget>,
    /// What each key may that has no limits of its own: `{ requests_per_minute = 60 }`.
    pub key: Option<Limit>,
    /// What each user may spend who has no budget of his own.
    pub user: Option<Budget>,
    /// What each team may that has no limits of its own.
    pub team: Option<Limit>,
}

/// What may be spent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// In US dollars.
    #[schemars(range(min = 0.01, max = 1_000_000_000.0))]
    pub budget: f64,
    /// After this time it begins anew: `30d`.
    pub every: Duration,
}

/// What may be spent and asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What may be spent, in US dollars. Default: as much as all together may.
    #[schemars(range(min = 0.01, max = 1_000_000_000.0))]
    pub budget: Option<f64>,
    /// After this time the budget begins anew: `30d`. Default: never.
    pub every: Option<Duration>,
    /// How many requests in a minute. Default: any number.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_minute: Option<i64>,
}

/// A search tool that the gateway offers at `/v1/search/<name>`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchTool {
    /// The service that searches.
    pub service: Name,
    /// What it is for.
    pub title: Option<String>,
}

/// The database of a gateway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The service that keeps it: one of kind `postgres`.
    pub service: Name,
}

/// The files, in PEM, by which clients know whom they speak to; they are read again when they change.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate and, after it, those that lead from it to one that clients know.
    pub certificate: Path,
    /// The file with its private key.
    pub key: Path,
}

/// The cache of a gateway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The service that keeps it: one of kind `redis`.
    pub service: Name,
    /// How much it keeps; what was not asked for longest goes first. Default: as much as there is.
    pub size: Option<super::Size>,
    /// How long an answer is good. Default: LiteLLM's own, which is a minute.
    pub ttl: Option<Duration>,
}

/// Settings of LiteLLM that this language does not know, by section; their names are checked against the list of the release that we compile for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassThrough {
    /// Arguments of LiteLLM's router.
    #[serde(default)]
    pub router_settings: BTreeMap<String, Parameter>,
    /// Attributes of the LiteLLM module.
    #[serde(default)]
    pub litellm_settings: BTreeMap<String, Parameter>,
    /// Settings of the proxy server.
    #[serde(default)]
    pub general_settings: BTreeMap<String, Parameter>,
}
