//! `[services.*]`: everything that runs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use smol_str::SmolStr;

use crate::backend::{Endpoint, Layer, Workload};

use super::{Duration, EnvName, Name, Path, User, Value};

/// Something that runs on a host.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What sort of program it is; brings defaults for everything below.
    pub kind: String,
    /// The host it runs on. A provider in the internet, such as `anthropic`, has none; everything else needs one.
    pub host: Option<Name>,
    /// Its title, for people.
    pub title: Option<String>,
    /// The layer it belongs to. Default: that of its kind.
    pub layer: Option<Layer>,
    /// Whether it is in use. Default: live.
    #[serde(default)]
    pub state: ServiceState,
    /// The one port it listens on.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i64>,
    /// Its ports by name, when there are several or a range.
    #[serde(default)]
    pub ports: BTreeMap<Name, PortEntry>,
    /// Where it listens: `loopback`, `all`, the name of a network, or an address of its host. Default: loopback.
    pub bind: Option<String>,
    /// For a provider in the internet: where its API is, with the path before its endpoints where that is another, such as `https://llm.example.com/api/v1`. Default: that of its kind.
    #[schemars(extend("x-homelab-kind" = "url", "pattern" = super::word::pattern("url")))]
    pub url: Option<String>,
    /// The variable of the gateway's environment with the key that it asks for. Default: that of its kind, such as `OPENAI_API_KEY`.
    pub key: Option<super::gateway::KeyVariable>,
    /// What stands before every path of its API, such as `/v1`. Default: that of its kind.
    pub base_path: Option<String>,
    /// How to ask whether it is well; the first is the one that is asked. Default: that of its kind.
    pub health: Option<Vec<Health>>,
    /// Who starts it. Default: what its host's init says.
    pub managed_by: Option<ManagedBy>,
    /// How it is started.
    #[serde(default)]
    pub run: Run,
    /// How it runs as a container; a service that has this runs as one.
    pub container: Option<Box<super::Container>>,
    /// Where its environment file lies on the host: absolute, or below the host's checkout.
    pub env_file: Option<Path>,
    /// The settings that it has in common with others: one of `[tunings]`, whose variables it has as if they stood in its `env`.
    pub tuning: Option<Name>,
    /// Its environment: each variable with its value or where the value comes from.
    #[serde(default)]
    pub env: BTreeMap<EnvName, Value>,
    /// Other services it calls, beyond those that its kind, its environment and its routes imply.
    #[serde(default)]
    pub calls: Vec<Name>,
    /// How a tailnet sees it, by `tailscale serve`. Default: not at all.
    pub serve: Option<super::Serve>,
    /// The approval for being reachable from beyond its own host.
    pub approval: Option<Approval>,
    /// Its folder in the owner's repository, below the checkout.
    pub folder: Option<Path>,
    /// The endpoints it must offer. Default: those of its kind.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
    /// The version that runs.
    pub program_version: Option<String>,
    /// Packages held at a version, such as `transformers<5`.
    #[serde(default)]
    pub pins: Vec<String>,
    /// Warm-up profiles: for each name, the handles it warms.
    #[serde(default)]
    pub profiles: BTreeMap<Name, Vec<String>>,
    /// Anything worth knowing.
    pub notes: Option<String>,
}

/// Whether a service is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// In use.
    #[default]
    Live,
    /// Will come.
    Planned,
    /// In use, and nothing may depend on it.
    Experimental,
    /// Set up, and switched off.
    Disabled,
    /// Gone; its name and ports stay taken.
    Retired,
}

/// A named port: a number, or a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PortEntry {
    /// The number.
    Number(#[schemars(range(min = 1, max = 65535))] i64),
    /// A port or a range with more to say.
    Table(Port),
}

/// A port or a range of ports: exactly one of `number` and `range`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The number.
    #[schemars(range(min = 1, max = 65535))]
    pub number: Option<i64>,
    /// First and last number, such as `8100-8119`; models take their ports from it.
    #[schemars(extend("x-homelab-kind" = "port-range"))]
    pub range: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
}

/// How to ask a service whether it is well.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The path, with its query.
    pub path: String,
    /// The method. Default: GET.
    #[serde(default)]
    pub method: Method,
    /// The status that means well. Default: 200.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<i64>,
    /// Whether it needs the service's key. Default: false.
    #[serde(default)]
    pub needs_key: bool,
    /// Whether asking may load a model. Default: false.
    #[serde(default)]
    pub loads_model: bool,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// POST.
    Post,
}

/// Who starts a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ManagedBy {
    /// A systemd unit that we write.
    Systemd,
    /// A launchd daemon that we write.
    Launchd,
    /// A container of Docker Compose that we write.
    Docker,
    /// A container of Podman's that we write for Quadlet.
    Podman,
    /// Its own package brings the unit; we write what must differ.
    Package,
    /// Somebody, by hand.
    Manual,
    /// Not managed here at all.
    External,
}

impl ManagedBy {
    /// The container engine that starts it; nothing when it is no container of ours.
    pub fn engine(self) -> Option<Engine> {
        match self {
            Self::Docker => Some(Engine::Docker),
            Self::Podman => Some(Engine::Podman),
            _ => None,
        }
    }
}

/// What runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Docker, by Compose.
    Docker,
    /// Podman, by systemd.
    Podman,
}

/// How a service is started.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The program and its arguments. Default: that of its kind.
    pub command: Option<Vec<Argument>>,
    /// Further arguments behind the command of its kind.
    #[serde(default)]
    pub args: Vec<Argument>,
    /// The working directory: absolute, or below the host's checkout. Default: the service's folder.
    pub directory: Option<Path>,
    /// The user. Default: that of the host.
    pub user: Option<User>,
    /// Further groups of the process.
    #[serde(default)]
    pub groups: Vec<User>,
    /// What the process may use.
    #[serde(default)]
    pub limits: Limits,
    /// When it is started again. Default: on-failure.
    pub restart: Option<Restart>,
    /// How long to wait before that. Default: 5s.
    pub restart_delay: Option<Duration>,
    /// How long it may take to start. Default: that of its kind.
    pub start_timeout: Option<Duration>,
    /// The name of its systemd unit, without `.service`. Default: the service's name.
    #[schemars(extend("x-homelab-kind" = "unit", "pattern" = super::word::pattern("unit")))]
    pub unit: Option<String>,
    /// Its launchd label. Default: the platform's name, a dot and the service's name.
    #[schemars(extend("x-homelab-kind" = "label", "pattern" = super::word::pattern("label")))]
    pub label: Option<String>,
    /// How strictly it is confined. Default: that of its kind.
    pub workload: Option<Workload>,
    /// Paths it writes to, beyond its state directory: absolute, or below the host's checkout.
    #[serde(default)]
    pub writable: Vec<Path>,
    /// Paths it reads outside its working directory: absolute.
    #[serde(default)]
    pub readable: Vec<Path>,
}

/// A word of a command: text, or a value with a source.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Argument {
    /// Text, passed as it stands.
    Text(#[schemars(with = "String")] SmolStr),
    /// A value with a source: `{ env = "NAME" }` or `{ url = "service" }`.
    Source(Box<super::ValueEntry>),
}

/// As a value is read, which may also be a number; an argument is none.
impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match super::Value::deserialize(deserializer)? {
            super::Value::Text(text) => Ok(Self::Text(text)),
            super::Value::Source(entry) => Ok(Self::Source(entry)),
            super::Value::Integer(_) | super::Value::Boolean(_) => {
                Err(D::Error::custom("an argument is a text or has a source"))
            }
        }
    }
}

/// When a service is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Whenever it ends.
    Always,
    /// When it ends with an error.
    OnFailure,
    /// Never.
    No,
}

/// What a process may use.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Open files.
    #[schemars(range(min = 64, max = 1_048_576))]
    pub open_files: Option<i64>,
    /// Memory.
    pub memory: Option<super::Size>,
}

/// The approval for being reachable from beyond the own host.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When: `2026-11-21`.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub when: String,
    /// Until when: `2027-11-21`. Default: for good.
    #[schemars(extend("x-homelab-kind" = "date"))]
    pub until: Option<String>,
}
