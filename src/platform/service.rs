//! Services as meant: ports, environment, commands and calls worked out.

use std::time::Duration;

use smol_str::SmolStr;

use crate::backend::{Endpoint, Kind, Layer, Workload};
use crate::diagnostic::Span;

use super::{
    Engine, Gpu, HandleId, HostId, ManagedBy, Method, ModelId, NetworkId, Restart, SecretId,
    ServiceId, ServiceState,
};

/// Something that runs on a host.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its title; its name when it has none.
    pub title: String,
    /// What sort of program it is.
    pub kind: &'static Kind,
    /// The layer it belongs to.
    pub layer: Layer,
    /// Whether it is in use.
    pub state: ServiceState,
    /// The host it runs on.
    pub host: HostId,
    /// Its single ports; the one without a name is called `main` and stands first.
    pub ports: Vec<Port>,
    /// Its ranges of ports, from which models take theirs.
    pub ranges: Vec<PortRange>,
    /// Where it listens.
    pub bind: Bind,
    /// Where that is said: the word after `bind`, else the service's name.
    pub bind_span: Span,
    /// Where it is, for a provider in the internet: scheme and host, without a path.
    pub url: Option<String>,
    /// The variable of the gateway's environment with the key that it asks for.
    pub key: Option<String>,
    /// What stands before every path of its API, such as `/v1`; empty for nothing.
    pub base_path: String,
    /// The files by which its clients know it, when they speak TLS with it.
    pub tls: Option<Tls>,
    /// How to ask whether it is well; the first is the one that is asked.
    pub health: Vec<Health>,
    /// Who starts it.
    pub managed_by: ManagedBy,
    /// How it is started.
    pub run: Run,
    /// For kinds with one model per port: the processes, ordered by port.
    pub slots: Vec<Slot>,
    /// The files that we write for it: the name among [`Kind::configs`] and the absolute path on the host.
    pub configs: Vec<(&'static str, String)>,
    /// How it runs as a container, when it does.
    pub container: Option<Container>,
    /// Where its environment file lies on the host: absolute.
    pub env_file: Option<String>,
    /// Its environment, ordered by name: what the owner wrote, what its kind always writes, and what the gateway's routes need.
    pub env: Vec<Variable>,
    /// How a tailnet sees it beyond where it listens, when it does.
    pub serve: Option<super::Serve>,
    /// The approval for being reachable from beyond its own host.
    pub approval: Option<Approval>,
    /// Its folder in the owner's repository, below the checkout.
    pub folder: Option<String>,
    /// The endpoints it must offer.
    pub endpoints: Vec<Endpoint>,
    /// The version that runs.
    pub program_version: Option<String>,
    /// Packages held at a version.
    pub pins: Vec<String>,
    /// Warm-up profiles, ordered by name.
    pub profiles: Vec<Profile>,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

/// The files by which clients know whom they speak to.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificates.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Service {
    /// What its URLs begin with.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Its main port: the one without a name, else the first by number.
    pub fn port(&self) -> Option<u16> {
        self.ports.first().map(|port| port.number)
    }

    /// The port it is told to listen on: the main one, or the one inside its container.
    pub fn listen_port(&self) -> Option<u16> {
        let port = self.port()?;
        Some(
            self.container
                .as_ref()
                .and_then(|it| it.port)
                .unwrap_or(port),
        )
    }

    /// The number by which the inside of its container knows a port of it.
    pub fn inner_port(&self, port: u16) -> u16 {
        match self.listen_port() {
            Some(inner) if self.port() == Some(port) => inner,
            _ => port,
        }
    }

    /// True when its ports are taken on its host: always, but for a container that opens none.
    pub fn holds_ports(&self) -> bool {
        self.container.as_ref().is_none_or(|it| it.publish)
    }

    /// The address it is told to listen on: `127.0.0.1`, `0.0.0.0` or one of its host's. A container listens on all of its own; where it is open on the host is another matter.
    pub fn listen_address(&self) -> &str {
        match &self.bind {
            _ if self.container.is_some() => "0.0.0.0",
            Bind::Loopback => "127.0.0.1",
            Bind::All => "0.0.0.0",
            Bind::Network(_, address) | Bind::Address(address) => address,
        }
    }

    /// The address at which its own host reaches it.
    pub fn local_address(&self) -> &str {
        match &self.bind {
            Bind::Loopback | Bind::All => "127.0.0.1",
            Bind::Network(_, address) | Bind::Address(address) => address,
        }
    }

    /// True when something else than its own host can reach it.
    pub fn faces_network(&self) -> bool {
        !matches!(self.bind, Bind::Loopback) && self.holds_ports()
    }
}

impl Service {
    /// Where it sees a file that we write for it: on the host, or inside its container.
    pub fn own_config(&self, name: &str) -> Option<&str> {
        let mount = |it: &'_ Container| {
            it.configs
                .iter()
                .find(|(it, _)| *it == name)
                .map(|(_, at)| *at)
        };
        match &self.container {
            Some(container) => mount(container),
            None => self.config(name),
        }
    }

    /// Where a file that we write for it lies on the host.
    pub fn config(&self, name: &str) -> Option<&str> {
        self.configs
            .iter()
            .find(|(it, _)| *it == name)
            .map(|(_, path)| path.as_str())
    }
}

/// How a service runs as a container.
#[derive(Debug, Clone)]
pub struct Container {
    /// What runs it.
    pub engine: Engine,
    /// The image; nothing when nobody has said.
    pub image: Option<String>,
    /// Where the image is said; the service's name when it is not.
    pub image_span: Span,
    /// The main port inside, when that is not the service's own.
    pub port: Option<u16>,
    /// Whether its ports are open on the host.
    pub publish: bool,
    /// It is started only with one of these profiles; empty for always.
    pub profiles: Vec<String>,
    /// The container networks it is on, ordered by name; never empty.
    pub networks: Vec<String>,
    /// Volumes of the engine, each with the place inside, ordered by name.
    pub volumes: Vec<(String, String)>,
    /// Files and folders of the host that the owner lets it see.
    pub mounts: Vec<Mount>,
    /// Where it sees the files that we write for it, by their names among [`Kind::configs`].
    pub configs: Vec<(&'static str, &'static str)>,
    /// Whose GPUs it computes on; nothing for none.
    pub gpu: Option<Gpu>,
    /// How the engine asks it whether it is well; nothing when nobody knows how.
    pub healthcheck: Option<Healthcheck>,
}

/// The name of the network that containers of a host are on when nobody says otherwise.
pub const DEFAULT_NETWORK: &str = "default";

impl Container {
    /// True when one engine has both on a common network, so that one reaches the other by its name.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.engine == other.engine && self.networks.iter().any(|it| other.networks.contains(it))
    }

    /// The name by which it calls its own host.
    pub fn host_name(&self) -> &'static str {
        match self.engine {
            Engine::Docker => "host.docker.internal",
            Engine::Podman => "host.containers.internal",
        }
    }
}

/// A file or folder of the host that a container sees.
#[derive(Debug, Clone)]
pub struct Mount {
    /// Where it lies on the host: absolute.
    pub source: String,
    /// Where the container sees it.
    pub target: String,
    /// Whether the container may write there.
    pub writable: bool,
    /// Who puts it there, in words.
    pub made_by: Option<String>,
    /// Where its source stands.
    pub span: Span,
}

/// How a container engine asks a container whether it is well.
#[derive(Debug, Clone)]
pub struct Healthcheck {
    /// What is run inside.
    pub command: Ask,
    /// How often.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many failures in a row make it sick.
    pub retries: u32,
    /// How long failures do not count after its start.
    pub start_period: Duration,
}

/// What is run inside a container to learn whether it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A program with its arguments.
    Program(Vec<String>),
    /// A line for the image's shell.
    Shell(String),
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// On its own host only.
    Loopback,
    /// On all interfaces.
    All,
    /// On its host's address of one network.
    Network(NetworkId, String),
    /// On one address.
    Address(String),
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name; `main` for the one without.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// What it is for.
    pub purpose: Option<String>,
    /// Where its number stands.
    pub span: Span,
}

/// A range of ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRange {
    /// Its name.
    pub name: String,
    /// The first number.
    pub first: u16,
    /// The last number, which belongs to it.
    pub last: u16,
    /// What it is for.
    pub purpose: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// How to ask a service whether it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The path, with its query.
    pub path: String,
    /// The method.
    pub method: Method,
    /// The status that means well.
    pub status: u16,
    /// Whether it needs the service's key.
    pub needs_key: bool,
    /// Whether asking may load a model.
    pub loads_model: bool,
}

/// How a service is started.
#[derive(Debug, Clone)]
pub struct Run {
    /// The program and its arguments; nothing when nobody has said, or when each slot has its own.
    pub command: Option<Vec<Word>>,
    /// True when the owner wrote some of its words, so that the text has them.
    pub is_written: bool,
    /// The working directory: absolute.
    pub directory: Option<String>,
    /// The user.
    pub user: String,
    /// Further groups of the process.
    pub groups: Vec<String>,
    /// The most open files.
    pub open_files: Option<u32>,
    /// The most memory, in bytes.
    pub memory: Option<u64>,
    /// When it is started again.
    pub restart: Restart,
    /// How long to wait before that.
    pub restart_delay: Duration,
    /// How long it may take to start.
    pub start_timeout: Duration,
    /// The name of its systemd unit, without `.service`.
    pub unit: String,
    /// Its launchd label.
    pub label: String,
    /// How strictly it is confined.
    pub workload: Workload,
    /// Where it keeps data of its own, when it does: `/var/lib/<unit>` on Linux.
    pub state_directory: Option<String>,
    /// Paths it writes to beyond that: absolute.
    pub writable: Vec<String>,
    /// Paths it reads outside its working directory: absolute, those of its models included.
    pub readable: Vec<String>,
}

/// A process of a service that runs one for each model.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The model.
    pub model: ModelId,
    /// Its port.
    pub port: u16,
    /// Whether it is started with the service.
    pub boot: bool,
    /// The program and its arguments; nothing when it is not known where the weights come from.
    pub command: Option<Vec<Word>>,
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// As it stands.
    Text(SmolStr),
    /// The value of the variable of this name.
    Variable(SmolStr),
}

/// A variable of a service's environment.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: SmolStr,
    /// Its value, or where that comes from.
    pub value: Value,
    /// Whether the program cannot run without it.
    pub required: bool,
    /// Who says so.
    pub origin: Origin,
    /// Where that is said: its value in the file, else the words that imply it.
    pub span: Span,
}

/// Who says what a variable is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The owner.
    Owner,
    /// The service's kind, with the reason.
    Kind(&'static str),
    /// The gateway's routes: the name of the deployment that reads it.
    Route(SmolStr),
}

/// The value of a variable, or where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// As it stands.
    Text(SmolStr),
    /// A secret, filled in on the host.
    Secret(SecretId),
    /// The URL of a service, as the reader reaches it.
    Url(ServiceId, SmolStr),
    /// The name of a handle.
    Handle(HandleId),
    /// What the owner fills in, in words.
    FillIn(String),
    /// Another variable of the same environment.
    Variable(SmolStr),
}

impl Value {
    /// The text of it, when the file alone decides it; `handle` gives a handle's name.
    pub fn as_text<'a>(&'a self, handle: impl Fn(HandleId) -> &'a str) -> Option<&'a str> {
        match self {
            Self::Text(text) | Self::Url(_, text) => Some(text),
            Self::Handle(id) => Some(handle(*id)),
            Self::Secret(_) | Self::FillIn(_) | Self::Variable(_) => None,
        }
    }
}

/// A secret: where it comes from, never its value.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its id.
    pub id: SecretId,
    /// Its name.
    pub name: String,
    /// What it is for; its name when nobody said.
    pub title: String,
    /// The command that makes a new one, when one can be made.
    pub command: Option<String>,
    /// Where it is obtained, when it cannot be made.
    pub obtain: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

/// The approval for being reachable from beyond the own host.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When.
    pub when: String,
    /// Until when.
    pub until: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// A warm-up profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The handles it warms.
    pub handles: Vec<HandleId>,
    /// Where it stands.
    pub span: Span,
}

/// One service calls another.
#[derive(Debug, Clone)]
pub struct Call {
    /// The caller.
    pub from: ServiceId,
    /// The callee.
    pub to: ServiceId,
    /// How the caller reaches the callee's main port, without a path: `http://127.0.0.1:4000`. For a callee with one port per model it ends before the port.
    pub url: String,
    /// The network it goes over; nothing for the same host.
    pub network: Option<NetworkId>,
    /// Where the call is said or implied.
    pub span: Span,
}
