//! Policy and gateway as meant.

use std::collections::BTreeMap;
use std::time::Duration;

use smol_str::SmolStr;

use crate::diagnostic::Span;

use super::{Fact, HandleNames, NetworkId, Parameter, ServiceId, Strategy};

/// What the owner promises about the whole platform.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The one service that clients call for models.
    pub gateway: ServiceId,
    /// The networks that calls between hosts go over, best first; all of them are here.
    pub prefer: Vec<NetworkId>,
    /// Whether a handle is the canonical id of its model.
    pub handle_names: HandleNames,
    /// What a prefix of a handle says.
    pub naming: Vec<Naming>,
    /// How the names of public handles are built, when they follow a scheme.
    pub scheme: Option<Scheme>,
    /// Names that must not come back, with where each stands; `*` stands for any ending.
    pub retired_names: Vec<(String, Span)>,
    /// The optimising proxy, when there is one.
    pub optimiser: Option<Optimiser>,
}

/// What a prefix of a handle says.
#[derive(Debug, Clone)]
pub struct Naming {
    /// The prefix.
    pub prefix: String,
    /// The names of the kinds of service behind such handles.
    pub kinds: Vec<String>,
    /// How such a name is built.
    pub form: Option<String>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// How the names of handles are built: each place of the form says a fact of the model behind it.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// The form of a name.
    pub form: Form,
    /// What the places of the form say, ordered by place; one that is not here holds any words.
    pub parts: Vec<SchemePart>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where the form stands.
    pub span: Span,
}

/// The form of a name: places, and what stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// As written.
    pub text: String,
    /// What stands before the first place.
    pub prefix: String,
    /// The places, each with what stands behind it; nothing may stand behind the last.
    pub places: Vec<(String, String)>,
}

/// What a place of a form says.
#[derive(Debug, Clone)]
pub struct SchemePart {
    /// The place.
    pub place: String,
    /// The fact of the model that its word says.
    pub says: Fact,
    /// The words for it.
    pub vocabulary: Vocabulary,
    /// Where it stands.
    pub span: Span,
}

/// The words for a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Vocabulary {
    /// Words for sizes, smallest first, each with the number of parameters that it begins at, as written and as a number.
    Tiers(Vec<(String, String, f64)>),
    /// Words, each with what it means.
    Meanings(Vec<(String, String)>),
}

impl Vocabulary {
    /// The words, the longest first, so that one that begins like another is found.
    pub fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = match self {
            Self::Tiers(tiers) => tiers.iter().map(|(word, _, _)| word.as_str()).collect(),
            Self::Meanings(words) => words.iter().map(|(word, _)| word.as_str()).collect(),
        };
        words.sort_by_key(|it| std::cmp::Reverse(it.len()));
        words
    }
}

/// An optimising proxy between gateway and model.
#[derive(Debug, Clone)]
pub struct Optimiser {
    /// The service.
    pub service: ServiceId,
    /// Whether handles go through it.
    pub enabled: bool,
    /// The names of the kinds of service whose handles do.
    pub kinds: Vec<String>,
    /// The prefix of the internal names by which it calls the gateway back.
    pub internal_prefix: String,
    /// Where it stands.
    pub span: Span,
}

/// How the gateway behaves; what is unset is left to the gateway's own default.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// The variable in the gateway's environment that holds its key.
    pub key: Option<String>,
    /// How it chooses among several models behind a handle.
    pub strategy: Option<Strategy>,
    /// How much speed, quality and cost count, in place of a strategy.
    pub profile: Option<RoutingProfile>,
    /// How often a failed request is tried again.
    pub retries: Option<u32>,
    /// The least time before that.
    pub retry_after: Option<Duration>,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// How long the first chunk of a stream may take.
    pub stream_timeout: Option<Duration>,
    /// How long a failing model is left alone.
    pub cooldown: Option<Duration>,
    /// How many failures a minute it takes for that.
    pub allowed_fails: Option<u32>,
    /// How many fallbacks are tried at most.
    pub max_fallbacks: Option<u32>,
    /// Whether it logs JSON.
    pub json_logs: Option<bool>,
    /// Whether it drops request parameters that a backend does not know.
    pub drop_params: Option<bool>,
    /// The search tools it offers, ordered by name.
    pub search_tools: Vec<SearchTool>,
    /// The service that is its database.
    pub database: Option<ServiceId>,
    /// Where it keeps answers.
    pub cache: Option<Cache>,
    /// What may be spent and asked.
    pub limits: GatewayLimits,
    /// Settings of LiteLLM's router that the language does not know.
    pub router_settings: BTreeMap<String, Parameter>,
    /// Attributes of the LiteLLM module that the language does not know.
    pub litellm_settings: BTreeMap<String, Parameter>,
    /// Settings of the proxy server that the language does not know.
    pub general_settings: BTreeMap<String, Parameter>,
}

/// How much speed, quality and cost count; together a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutingProfile {
    /// How fast it answered lately.
    pub speed: u32,
    /// How large it is.
    pub quality: u32,
    /// What it costs.
    pub cost: u32,
}

impl RoutingProfile {
    /// The one of LiteLLM's strategies that does most of it: none weighs all three. The latency alone, or shares of chance that follow from quality and cost.
    pub fn strategy(self) -> Strategy {
        if self.speed > self.quality + self.cost {
            Strategy::LatencyBasedRouting
        } else {
            Strategy::SimpleShuffle
        }
    }
}

/// What may be spent and asked.
#[derive(Debug, Clone, Default)]
pub struct GatewayLimits {
    /// By all together.
    pub total: Option<Limit>,
    /// By each key.
    pub key: Option<Limit>,
    /// By each user.
    pub user: Option<Limit>,
    /// By each team.
    pub team: Option<Limit>,
}

/// What may be spent and asked by one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// What may be spent, in US dollars.
    pub budget: Option<f64>,
    /// When that begins anew.
    pub every: Option<Duration>,
    /// How many requests in a minute.
    pub requests_per_minute: Option<u32>,
}

/// Where the gateway keeps answers.
#[derive(Debug, Clone)]
pub struct Cache {
    /// The service.
    pub service: ServiceId,
    /// How many bytes it keeps.
    pub size: Option<u64>,
    /// How long an answer is good.
    pub ttl: Option<Duration>,
    /// True when it asks for a password.
    pub has_password: bool,
}

/// A search tool of the gateway.
#[derive(Debug, Clone)]
pub struct SearchTool {
    /// Its name.
    pub name: String,
    /// The service that searches.
    pub service: ServiceId,
    /// What it is for.
    pub title: Option<String>,
    /// The URL of that service as the gateway reaches it, without a path.
    pub url: String,
    /// The variable of the gateway's environment that holds it, when the owner named one.
    pub variable: Option<SmolStr>,
    /// Where it stands.
    pub span: Span,
}
