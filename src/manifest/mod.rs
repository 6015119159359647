//! The file as written: what `platform.toml` may say, in the words of its owner.
//!
//! These types are read by serde and described by schemars, so the JSON schema, the reference pages and the parser cannot differ. Nothing here is checked against anything else: names are strings, defaults are unset. Following references and filling defaults is the work of `platform`.

mod container;
mod gateway;
mod handle;
mod host;
mod ledger;
mod lint;
mod mcp;
mod model;
mod ops;
mod policy;
mod read;
mod schema;
mod secret;
mod serve;
mod service;
pub mod shape;
mod text;
mod tuning;
pub mod word;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use container::{Container, Gpu, Healthcheck, Mount};
pub use gateway::{
    Budget, Cache, Database, Gateway, GatewayLimits, KeyVariable, Limit, PassThrough,
    RoutingProfile, SearchTool, Strategy, Tls,
};
pub use handle::{Deprecation, Handle, HandleState, Target, TargetEntry, Visibility};
pub use host::{Host, HostState, Init, Network, NetworkKind, Os, Room, Volume};
pub use ledger::{Migration, Moved, MovedKind, Retired};
pub use lint::{Exception, Level, LevelSetting, Lint};
pub use mcp::{McpServer, McpState, McpTool, Transport};
pub use model::{Capability, Model, ModelState, Price};
pub use ops::{Check, Ops};
pub use policy::{Fact, HandleNames, Naming, Optimiser, Policy, Scheme, SchemePart};
pub use read::read;
pub use schema::{plain_schema, schema, schema_text};
pub use secret::{Generate, Secret};
pub use serve::Serve;
pub use service::{
    Approval, Argument, Engine, Health, Limits, ManagedBy, Method, Port, PortEntry, Restart, Run,
    Service, ServiceState,
};
pub use text::{
    Address, DnsName, Duration, EnvName, HandleName, Key, Name, Parameter, ParameterCount, Path,
    Size, User, Value, ValueEntry,
};
pub use tuning::Tuning;

/// Everything a `platform.toml` can say.
// The values of long tables are boxed: the nodes of a map have room for eleven, and are half empty.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "platform.toml")]
pub struct Manifest {
    /// The version of this language: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The platform's name: lower case, digits and dashes.
    pub name: Name,
    /// The platform's title, for people.
    pub title: Option<String>,
    /// Anything worth knowing about the whole platform.
    pub notes: Option<String>,
    /// What the owner promises: the one gateway, the preferred networks, names.
    pub policy: Policy,
    /// The networks that hosts have addresses on, by name.
    #[serde(default)]
    pub networks: BTreeMap<Name, Network>,
    /// The machines, by name.
    pub hosts: BTreeMap<Name, Host>,
    /// The secrets, by name: where each comes from, never its value.
    #[serde(default)]
    pub secrets: BTreeMap<Name, Secret>,
    /// Settings that several services have in common, by name.
    #[serde(default)]
    pub tunings: BTreeMap<Name, Tuning>,
    /// Everything that runs, by name.
    pub services: BTreeMap<Name, Box<Service>>,
    /// The models, by canonical id.
    #[serde(default)]
    pub models: BTreeMap<HandleName, Box<Model>>,
    /// The names clients use for models, by name.
    #[serde(default)]
    pub handles: BTreeMap<HandleName, Box<Handle>>,
    /// How the gateway behaves.
    #[serde(default)]
    pub gateway: Gateway,
    /// The MCP servers, by name in `snake_case`.
    #[serde(default)]
    pub mcp: BTreeMap<Key, McpServer>,
    /// How the platform is operated.
    #[serde(default)]
    pub ops: Ops,
    /// Services and models that take another port on purpose.
    #[serde(default)]
    pub migration: Vec<Migration>,
    /// Services, hosts and models that have a new name.
    #[serde(default)]
    pub moved: Vec<Moved>,
    /// Public handles that are gone for good.
    #[serde(default)]
    pub retired: Vec<Retired>,
    /// How grave each rule is here, and where it does not hold.
    #[serde(default)]
    pub lint: Lint,
}
