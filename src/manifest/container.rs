//! `[services.*.container]`: a service that runs as a container.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Name, Path};

/// How a service runs as a container. Its `port`, `bind`, `env`, `env_file`, `run.command` and `calls` mean what they mean elsewhere.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// The image, pinned by tag or digest, such as `docker.io/library/redis:7.4.1`.
    pub image: Option<String>,
    /// The port it listens on inside, where that is not the service's own. Default: that of its kind, else the service's port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i64>,
    /// Whether its ports are open on the host, where `bind` says. Default: true, and false for a database or a cache.
    pub publish: Option<bool>,
    /// It is started only with one of these profiles. Default: always.
    #[serde(default)]
    pub profiles: Vec<Name>,
    /// The container networks it is on. Default: the one of its host.
    #[serde(default)]
    pub networks: Vec<Name>,
    /// Volumes of the container engine, each with the place inside. Default: one for the data of its kind.
    #[serde(default)]
    pub volumes: BTreeMap<Name, Path>,
    /// Files and folders of the host that it sees, beyond those that we make for it.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Whose GPUs it computes on; it gets all that its host has of them. Default: none, so that it computes on the CPU.
    pub gpu: Option<Gpu>,
    /// How the engine asks it whether it is well. Default: that of its kind.
    pub healthcheck: Option<Healthcheck>,
}

/// A maker of GPUs, each with a way of its own into a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gpu {
    /// NVIDIA: its Container Toolkit must be installed on the host.
    Nvidia,
    /// AMD with `ROCm`: the devices `/dev/kfd` and `/dev/dri`.
    Amd,
    /// Intel: the device `/dev/dri`.
    Intel,
}

/// A file or folder of the host that a container sees.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Where it lies on the host: absolute, or below the host's checkout.
    pub source: Path,
    /// Where the container sees it: absolute.
    pub target: Path,
    /// Whether the container may write there. Default: false.
    #[serde(default)]
    pub writable: bool,
    /// Who puts it there, in words, when no artifact does and it lies on no volume of the host.
    pub made_by: Option<String>,
}

/// How the container engine asks a container whether it is well.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Healthcheck {
    /// The program and its arguments, run inside. Default: that of its kind.
    #[serde(default)]
    pub command: Vec<String>,
    /// How often. Default: 30s.
    pub interval: Option<Duration>,
    /// How long an answer may take. Default: 10s.
    pub timeout: Option<Duration>,
    /// How many failures in a row make it sick. Default: 3.
    #[schemars(range(min = 1, max = 100))]
    pub retries: Option<i64>,
    /// How long failures do not count after its start. Default: `run.start_timeout`.
    pub start_period: Option<Duration>,
}
