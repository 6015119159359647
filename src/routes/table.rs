//! The types of the route table, how it is read, and the lookup of a name.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The version of the table's shape that this program writes and reads.
pub const VERSION: u32 = 1;

/// A route table. What is unset is left out of the JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The version of its shape: [`VERSION`].
    pub version: u32,
    /// The platform's name.
    pub platform: String,
    /// The gateway's name among the platform's services.
    pub gateway: String,
    /// Where the gateway listens; nothing when no port is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<Listen>,
    /// The variable with the key that clients must show; without one only loopback may be served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_key: Option<String>,
    /// Further keys, each with what it opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// How requests are tried and given up.
    pub policy: Policy,
    /// The names that are served, ordered by name.
    pub routes: Vec<Route>,
    /// Further names for routes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
    /// Aliases that are served and not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_aliases: Vec<String>,
    /// The search tools, ordered by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search_tools: Vec<SearchTool>,
}

/// An address and port to listen on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The address, such as `127.0.0.1`.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Who it says it is, when it speaks TLS there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// The files, in PEM, by which clients know whom they speak to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate, and those that lead from it to one that clients know.
    pub certificate: String,
    /// The file with its private key.
    pub key: String,
}

/// How requests are tried and given up; what is unset is left to the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How a deployment is chosen among those of the same order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// How much the speed of late counts beside the weights, in parts of a hundred; only for the strategy `weighed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
    /// How often a failed request is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// The least time before that, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// How long an answer may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How long the first chunk of a stream may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_timeout_ms: Option<u64>,
    /// How long a failing deployment is left alone, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_ms: Option<u64>,
    /// How many failures a minute it takes for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_fails: Option<u32>,
    /// How many fallbacks are tried at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fallbacks: Option<u32>,
    /// How long it may take to reach a server, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// How long a stream may be silent once it has begun, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// How long a request may take to begin to be answered, all tries together, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// How long lies between two health checks, in milliseconds; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_interval_ms: Option<u64>,
}

/// A key beside the master key, known by the variable that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its name in logs.
    pub name: String,
    /// The variable that holds it.
    pub variable: String,
    /// The names that it may ask for; all public ones when there are none here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<String>,
    /// The service that holds it, which opens the internal names it is a caller of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// How a deployment is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(rename = "usage-based-routing-v2")]
    UsageBasedRoutingV2,
    /// The one that is worth most: its weight and the speed of late, each as much as `speed` says.
    Weighed,
}

/// A name that clients ask for, and what answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The name.
    pub name: String,
    /// The handle it is; nothing for the name by which an optimiser calls back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// True for a name that only the platform's own services may use.
    pub internal: bool,
    /// The services that may use it, when it is internal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<String>,
    /// What its models do.
    pub mode: Mode,
    /// What its models can do beyond that: what all of them can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The tokens that fit in the context of each of its models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
    /// The most tokens that each of its models answers with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// The optimiser that stands between, when one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimised: Option<Optimised>,
    /// What answers, ordered by [`Deployment::order`] and id; at least one.
    pub deployments: Vec<Deployment>,
    /// Routes tried in order when this one fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<String>,
}

/// The optimiser between a route and its models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimised {
    /// The service.
    pub service: String,
    /// The technique it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
}

/// A server behind a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// An id that stays when others come and go.
    pub id: String,
    /// The model at its end.
    pub model: String,
    /// The service that is called.
    pub service: String,
    /// The API it speaks.
    pub api: Api,
    /// The base URL: an endpoint's path without its version follows.
    pub base_url: String,
    /// The model name that is sent.
    pub upstream_model: String,
    /// The internal route by which an optimiser that is called here calls back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
    /// The variable with the key that is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The endpoints it serves for this model.
    pub endpoints: Vec<Endpoint>,
    /// Those with the lowest order are tried first; without one after all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
    /// Its share among those of the same order; 1 when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// How long an answer may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How long the first chunk of a stream may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_timeout_ms: Option<u64>,
    /// Fields added to a request that does not have them; `{"env": "NAME"}` is the value of a variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// How to ask whether it is well without loading a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
}

/// The API that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// That of `OpenAI`.
    Openai,
}

/// How to ask a server whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The URL, asked with GET.
    pub url: String,
    /// The status that means well.
    pub status: u16,
    /// Whether the deployment's key is sent.
    pub needs_key: bool,
}

/// An endpoint, named as its path below `/v1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Endpoint {
    /// `POST /chat/completions`
    #[serde(rename = "/chat/completions")]
    ChatCompletions,
    /// `POST /completions`
    #[serde(rename = "/completions")]
    Completions,
    /// `POST /embeddings`
    #[serde(rename = "/embeddings")]
    Embeddings,
    /// `POST /responses`
    #[serde(rename = "/responses")]
    Responses,
    /// `POST /messages`
    #[serde(rename = "/messages")]
    Messages,
    /// `POST /images/generations`
    #[serde(rename = "/images/generations")]
    ImagesGenerations,
    /// `POST /audio/transcriptions`
    #[serde(rename = "/audio/transcriptions")]
    AudioTranscriptions,
    /// `POST /audio/speech`
    #[serde(rename = "/audio/speech")]
    AudioSpeech,
    /// `POST /rerank`
    #[serde(rename = "/rerank")]
    Rerank,
}

/// What a model does, in LiteLLM's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Answers messages.
    Chat,
    /// Continues text.
    Completion,
    /// Turns text into vectors.
    Embedding,
    /// Orders documents.
    Rerank,
    /// Draws.
    ImageGeneration,
    /// Writes down speech.
    AudioTranscription,
    /// Speaks.
    AudioSpeech,
}

/// A search tool, served at `/v1/search/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchTool {
    /// Its name.
    pub name: String,
    /// The program that searches, such as `searxng`.
    pub provider: String,
    /// The URL of it, without a path.
    pub base_url: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Why a text is no route table.
#[derive(Debug)]
pub enum TableError {
    /// It is no JSON of this shape.
    Shape(serde_json::Error),
    /// It has another version of the shape.
    Version(u64),
    /// What it says does not hold together.
    Inconsistent(String),
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(_) => formatter.write_str("this is no route table"),
            Self::Version(version) => write!(
                formatter,
                "this route table has version {version} where this program reads {VERSION}; build it again"
            ),
            Self::Inconsistent(what) => {
                write!(formatter, "the route table contradicts itself: {what}")
            }
        }
    }
}

impl Error for TableError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Shape(source) => Some(source),
            Self::Version(_) | Self::Inconsistent(_) => None,
        }
    }
}

impl Table {
    /// Reads a table and checks what [`Table::route`] and the proxy rely on.
    pub fn from_json(text: &str) -> Result<Self, TableError> {
        // The version first: a table of another one may have any shape.
        let version = serde_json::from_str::<Versioned>(text)
            .map_err(TableError::Shape)?
            .version;
        if version != u64::from(VERSION) {
            return Err(TableError::Version(version));
        }
        let table: Self = serde_json::from_str(text).map_err(TableError::Shape)?;
        table.check().map_err(TableError::Inconsistent)?;
        Ok(table)
    }

    /// The route for a model name: that of this name, else the one it is an alias for.
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.named(name)
            .or_else(|| self.named(self.aliases.get(name)?))
    }

    /// The names that are listed to clients: routes, internal ones too, and the aliases that are not hidden.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        let aliases = self
            .aliases
            .keys()
            .filter(|alias| !self.hidden_aliases.contains(alias));
        self.routes
            .iter()
            .map(|route| route.name.as_str())
            .chain(aliases.map(String::as_str))
    }

    fn named(&self, name: &str) -> Option<&Route> {
        let at = self
            .routes
            .binary_search_by(|route| route.name.as_str().cmp(name))
            .ok()?;
        Some(&self.routes[at])
    }

    fn check(&self) -> Result<(), String> {
        for pair in self.routes.windows(2) {
            if pair[0].name >= pair[1].name {
                return Err(format!("route `{}` stands out of order", pair[1].name));
            }
        }
        for route in &self.routes {
            if route.deployments.is_empty() {
                return Err(format!("route `{}` has no deployment", route.name));
            }
            let back = route.deployments.iter().filter_map(|it| it.back.as_ref());
            for name in route.fallbacks.iter().chain(back) {
                if self.named(name).is_none() {
                    return Err(format!(
                        "route `{}` names `{name}`, which is no route",
                        route.name
                    ));
                }
            }
        }
        for (alias, name) in &self.aliases {
            if self.named(name).is_none() {
                return Err(format!("alias `{alias}` names `{name}`, which is no route"));
            }
        }
        Ok(())
    }
}

/// What every version of the table has.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str) -> Route {
        Route {
            name: name.to_owned(),
            handle: Some(name.to_owned()),
            internal: false,
            callers: vec![],
            mode: Mode::Chat,
            capabilities: vec![],
            context_length: None,
            max_output_tokens: None,
            optimised: None,
            deployments: vec![Deployment {
                id: name.to_owned(),
                model: name.to_owned(),
                service: "mlx".to_owned(),
                api: Api::Openai,
                base_url: "http://192.0.2.1:8100/v1".to_owned(),
                upstream_model: name.to_owned(),
                back: None,
                key: None,
                endpoints: vec![Endpoint::ChatCompletions],
                order: None,
                weight: None,
                timeout_ms: None,
                stream_timeout_ms: None,
                parameters: BTreeMap::new(),
                health: None,
            }],
            fallbacks: vec![],
        }
    }

    fn table(names: &[&str]) -> Table {
        Table {
            version: VERSION,
            platform: "home".to_owned(),
            gateway: "gateway".to_owned(),
            listen: None,
            master_key: None,
            keys: Vec::new(),
            policy: Policy::default(),
            routes: names.iter().map(|name| route(name)).collect(),
            aliases: BTreeMap::from([("fast".to_owned(), "b".to_owned())]),
            hidden_aliases: vec![],
            search_tools: vec![],
        }
    }

    #[test]
    fn the_fast_lookup_agrees_with_the_obvious_one() {
        let table = table(&["a", "b", "c-1", "d"]);
        for name in ["", "a", "b", "c", "c-1", "d", "e", "A", "fast"] {
            let obvious = table
                .routes
                .iter()
                .find(|route| route.name == name || table.aliases.get(name) == Some(&route.name));
            assert_eq!(table.route(name), obvious, "{name}");
        }
        assert_eq!(
            table.listed().collect::<Vec<_>>(),
            ["a", "b", "c-1", "d", "fast"]
        );
    }

    #[test]
    fn a_table_survives_json() {
        let table = table(&["a", "b"]);
        let text = serde_json::to_string(&table).unwrap();
        assert_eq!(Table::from_json(&text).unwrap(), table);
    }

    #[test]
    fn what_cannot_be_served_is_refused() {
        let read = |table: &Table| Table::from_json(&serde_json::to_string(table).unwrap());
        let mut changed = table(&["b", "a"]);
        assert!(matches!(read(&changed), Err(TableError::Inconsistent(_))));
        changed = table(&["a", "b"]);
        changed.routes[0].fallbacks.push("x".to_owned());
        assert!(matches!(read(&changed), Err(TableError::Inconsistent(_))));
        changed = table(&["a"]);
        assert!(matches!(read(&changed), Err(TableError::Inconsistent(_))));
        changed = table(&["a", "b"]);
        changed.routes[0].deployments.clear();
        assert!(matches!(read(&changed), Err(TableError::Inconsistent(_))));
        changed = table(&["a", "b"]);
        changed.version = 2;
        assert!(matches!(read(&changed), Err(TableError::Version(2))));
        assert!(matches!(
            Table::from_json(r#"{"version": 1, "color": "red"}"#),
            Err(TableError::Shape(_))
        ));
    }
}
