//! The file as meant: every name followed, every default filled, every URL worked out.
//!
//! A [`Platform`] is made by [`resolve()`] alone, so whoever holds one need not ask whether a host is there: `platform[service.host]` cannot miss. Values keep the span of the words they came from; rules handle spans, never paths.

mod deployment;
mod groups;
mod handle;
mod host;
mod id;
mod ledger;
mod mcp;
mod model;
mod lint;
mod ops;
mod policy;
mod rows;
mod serve;
mod service;
pub mod resolve;

pub use deployment::Deployment;
pub use handle::{Deprecation, Handle, Target};
pub use host::{Host, Network, Volume};
pub use id::{HandleId, HostId, McpId, ModelId, NetworkId, SecretId, ServiceId, Table};
pub use ledger::{Migration, Moved, Owner, Retired};
pub use lint::{Exception, LevelSetting};
pub use mcp::{McpCommand, McpServer, McpTool};
pub use model::Model;
pub use ops::{Check, Ops};
pub use policy::{
    Cache, Form, Gateway, GatewayLimits, Limit, Naming, Optimiser, Policy, RoutingProfile, Scheme,
    SchemePart, SearchTool, Vocabulary,
};
pub use resolve::resolve;
pub use serve::Serve;
pub use service::{
    Approval, Ask, Bind, Call, Container, DEFAULT_NETWORK, Health, Healthcheck, Mount, Origin,
    Port, PortRange, Profile, Run, Secret, Service, Slot, Tls, Value, Variable, Word,
};

pub use crate::backend::{Endpoint, Layer, Mode, Workload};
pub use crate::manifest::{
    Capability, Engine, Fact, Gpu, HandleNames, HandleState, HostState, Init, Level, ManagedBy,
    McpState, Method, ModelState, MovedKind, NetworkKind, Os, Parameter, Price, Restart, Room,
    ServiceState, Strategy, Transport, Visibility,
};

use crate::diagnostic::Span;

use groups::Groups;

/// A platform: everything that `platform.toml` means.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Its title; its name when it has none.
    pub title: String,
    /// Anything worth knowing.
    pub notes: Option<String>,
    /// What the owner promises.
    pub policy: Policy,
    /// The networks, ordered by name, as all tables are.
    pub networks: Table<NetworkId, Network>,
    /// The hosts.
    pub hosts: Table<HostId, Host>,
    /// The secrets.
    pub secrets: Table<SecretId, Secret>,
    /// The services.
    pub services: Table<ServiceId, Service>,
    /// The models.
    pub models: Table<ModelId, Model>,
    /// The handles.
    pub handles: Table<HandleId, Handle>,
    /// The MCP servers.
    pub mcp: Table<McpId, McpServer>,
    /// How the gateway behaves.
    pub gateway: Gateway,
    /// What the gateway routes to: every live handle and every internal name, in the order of their names.
    pub deployments: Vec<Deployment>,
    /// Who calls whom, ordered by caller and callee.
    pub calls: Vec<Call>,
    /// How the platform is operated.
    pub ops: Ops,
    /// Who takes another port on purpose, in the order of the text.
    pub migrations: Vec<Migration>,
    /// What has a new name, in the order of the text.
    pub moved: Vec<Moved>,
    /// Public handles that are gone for good, in the order of the text.
    pub retired: Vec<Retired>,
    /// How grave each rule is here, ordered by rule.
    pub levels: Vec<LevelSetting>,
    /// Where a rule does not hold, in the order of the text.
    pub exceptions: Vec<Exception>,
    /// What the file does not say yet and somebody must find out.
    pub work: Vec<Work>,
    /// Who belongs to whom, so that no question about one of many looks at all of them.
    lookup: Lookup,
}

/// Which services are on a host, which models a service has, who calls it, and which routes a handle has.
#[derive(Debug, Clone, Default)]
struct Lookup {
    services: Groups<HostId, ServiceId>,
    models: Groups<ServiceId, ModelId>,
    callers: Groups<ServiceId, usize>,
    routes: Groups<HandleId, usize>,
}

impl Lookup {
    fn of(services: &Table<ServiceId, Service>, models: &Table<ModelId, Model>) -> Self {
        Self {
            services: services.iter().map(|it| (it.host, it.id)).collect(),
            models: models.iter().map(|it| (it.service, it.id)).collect(),
            ..Self::default()
        }
    }
}

/// Something that the file does not say yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// What it is about, such as "service `mlx`".
    pub subject: String,
    /// What is to be done, as a sentence without a full stop.
    pub what: String,
    /// The words it is about.
    pub span: Span,
    /// True when something is not made until it is known.
    pub blocks: bool,
}

impl Platform {
    /// The gateway.
    pub fn gateway_service(&self) -> &Service {
        &self[self.policy.gateway]
    }

    /// The hosts that are machines of the owner's: all but the internet.
    pub fn machines(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|it| !it.elsewhere)
    }

    /// The services on a host, whatever their state.
    pub fn services_on(&self, host: HostId) -> impl Iterator<Item = &Service> {
        self.lookup.services.of(host).map(|id| &self[id])
    }

    /// The services that run: live or experimental ones on live hosts.
    pub fn live_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|it| self.is_live(it))
    }

    /// True when a service runs: it is live or experimental, and so is its host.
    pub fn is_live(&self, service: &Service) -> bool {
        matches!(
            service.state,
            ServiceState::Live | ServiceState::Experimental
        ) && self[service.host].state == HostState::Live
    }

    /// True when files are written for a service: it runs, or is set up and switched off, on a live host.
    pub fn is_installed(&self, service: &Service) -> bool {
        matches!(
            service.state,
            ServiceState::Live | ServiceState::Experimental | ServiceState::Disabled
        ) && self[service.host].state == HostState::Live
            && !self[service.host].elsewhere
    }

    /// True for a provider in the internet that is in use.
    pub fn is_provider(&self, service: &Service) -> bool {
        self[service.host].elsewhere && self.is_live(service)
    }

    /// True when a model can be asked: it is live, and its service runs.
    pub fn model_is_live(&self, model: &Model) -> bool {
        model.state == ModelState::Live && self.is_live(&self[model.service])
    }

    /// The handles that have models of their own: all but aliases.
    pub fn own_handles(&self) -> impl Iterator<Item = &Handle> {
        self.handles.iter().filter(|it| it.alias_of.is_none())
    }

    /// The handles that are another name for one that is served, each with that one.
    pub fn served_aliases(&self) -> impl Iterator<Item = (&Handle, &Handle)> {
        let aliases = self.handles.iter().filter_map(|alias| {
            let handle = &self[alias.alias_of?];
            Some((alias, handle))
        });
        aliases.filter(|(_, handle)| self.deployments_of(handle.id).next().is_some())
    }

    /// The deployments by which a handle is served; none while its models are not live.
    pub fn deployments_of(&self, handle: HandleId) -> impl Iterator<Item = &Deployment> {
        let name = self[handle].name.as_str();
        let start = self
            .deployments
            .partition_point(|it| it.name.as_str() < name);
        let named = self.deployments[start..].iter();
        named.take_while(move |it| it.name == name)
    }

    /// True for a model that costs money by the token; a provider in the internet whose price nobody wrote down does.
    pub fn is_paid(&self, model: &Model) -> bool {
        match model.price {
            Some(price) => price.input > 0.0 || price.output > 0.0,
            None => self[self[model.service].host].elsewhere,
        }
    }

    /// The models that a service serves, whatever their state.
    pub fn models_of(&self, service: ServiceId) -> impl Iterator<Item = &Model> {
        self.lookup.models.of(service).map(|id| &self[id])
    }

    /// The routes of a handle: its own, and the internal ones by which an optimiser calls back for it.
    pub fn routes_of(&self, handle: HandleId) -> impl Iterator<Item = &Deployment> {
        let places = self.lookup.routes.of(handle);
        places.map(|at| &self.deployments[at])
    }

    /// What calls a service.
    pub fn callers_of(&self, service: ServiceId) -> impl Iterator<Item = &Call> {
        let places = self.lookup.callers.of(service);
        places.map(|at| &self.calls[at])
    }

    /// What a service calls.
    pub fn calls_of(&self, service: ServiceId) -> impl Iterator<Item = &Call> {
        let start = self.calls.partition_point(|it| it.from < service);
        self.calls[start..]
            .iter()
            .take_while(move |it| it.from == service)
    }

    /// The URL of a call, without a path: what `from` writes to reach `to`; nothing when it cannot, which [`resolve()`] has reported for every declared call.
    pub fn call_url(&self, from: ServiceId, to: ServiceId) -> Option<&str> {
        let at = self
            .calls
            .binary_search_by_key(&(from, to), |call| (call.from, call.to))
            .ok()?;
        Some(&self.calls[at].url)
    }

    /// The variable of a service's environment with this name.
    pub fn variable<'a>(&self, service: &'a Service, name: &str) -> Option<&'a Variable> {
        let at = service
            .env
            .binary_search_by(|it| it.name.as_str().cmp(name))
            .ok()?;
        Some(&service.env[at])
    }
}
