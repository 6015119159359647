//! Names to ids, and what to say about a name that nothing has.

use crate::backend::{self, Kind};
use crate::diagnostic::{Diagnostic, Fix, NearNames, Span, near_name};
use crate::manifest::{HandleName, Manifest, Name, Tuning};
use crate::platform::{HandleId, HostId, ModelId, NetworkId, SecretId, ServiceId};
use crate::syntax::{Document, Node, Value};

use super::{Draft, rules};

/// The name of the host that is none: where the providers are.
pub(super) const INTERNET: &str = "internet";

/// The names of every table, in the order of their ids.
pub(super) struct Names<'a> {
    networks: NearNames<'a>,
    hosts: NearNames<'a>,
    secrets: NearNames<'a>,
    services: NearNames<'a>,
    models: NearNames<'a>,
    handles: NearNames<'a>,
}

impl<'a> Names<'a> {
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        let mut hosts: Vec<&str> = manifest.hosts.keys().map(Name::as_str).collect();
        let mut services = manifest.services.values();
        if services.any(|it| is_cloud(&it.kind))
            && let Err(at) = hosts.binary_search(&INTERNET)
        {
            hosts.insert(at, INTERNET);
        }
        Self {
            networks: NearNames::new(manifest.networks.keys().map(Name::as_str).collect()),
            hosts: NearNames::new(hosts),
            secrets: NearNames::new(manifest.secrets.keys().map(Name::as_str).collect()),
            services: NearNames::new(manifest.services.keys().map(Name::as_str).collect()),
            models: NearNames::new(manifest.models.keys().map(HandleName::as_str).collect()),
            handles: NearNames::new(manifest.handles.keys().map(HandleName::as_str).collect()),
        }
    }

    /// The same names, for a part of the work that is done aside.
    pub(super) fn lend(&self) -> Self {
        Self {
            networks: self.networks.lend(),
            hosts: self.hosts.lend(),
            secrets: self.secrets.lend(),
            services: self.services.lend(),
            models: self.models.lend(),
            handles: self.handles.lend(),
        }
    }

    /// The names of the hosts, in the order of their ids; where there are providers, the internet is among them.
    pub(super) fn hosts(&self) -> Vec<&'a str> {
        self.hosts.names().to_vec()
    }

    /// The host that is none, where the providers are.
    pub(super) fn internet(&self) -> Option<HostId> {
        self.hosts.place(INTERNET).map(HostId::new)
    }

    /// The network with this name, when there is one.
    pub(super) fn network(&self, name: &str) -> Option<NetworkId> {
        self.networks.place(name).map(NetworkId::new)
    }

    /// The secret of this name.
    pub(super) fn secret(&self, name: &str) -> Option<SecretId> {
        self.secrets.place(name).map(SecretId::new)
    }
}

macro_rules! follow {
    ($(#[$doc:meta])* $function:ident, $id:ident, $table:ident, $noun:literal) => {
        $(#[$doc])*
        pub(super) fn $function(&mut self, name: &str, span: Span) -> Option<$id> {
            if let Some(at) = self.names.$table.place(name) {
                return Some($id::new(at));
            }
            let near = self.names.$table.find(name);
            self.unknown($noun, name, span, near, stringify!($table));
            None
        }
    };
}

impl<'a> Draft<'a> {
    follow!(/// Follows the name of a network.
        network, NetworkId, networks, "network");
    follow!(/// Follows the name of a host, or of the internet.
        any_host, HostId, hosts, "host");
    follow!(/// Follows the name of a secret.
        secret, SecretId, secrets, "secret");
    follow!(/// Follows the name of a service.
        service, ServiceId, services, "service");
    follow!(/// Follows the id of a model.
        model, ModelId, models, "model");
    follow!(/// Follows the name of a handle.
        handle, HandleId, handles, "handle");

    /// Follows the name of a host of the owner's.
    pub(super) fn host(&mut self, name: &str, span: Span) -> Option<HostId> {
        if name == INTERNET && !self.manifest.hosts.contains_key(INTERNET) {
            let help = "a provider in the internet is a service without a `host`";
            self.diagnostics.push(
                Diagnostic::new(&rules::UNKNOWN_NAME, "the internet is no host of yours")
                    .primary(span, "no host has this name")
                    .help(help),
            );
            return None;
        }
        self.any_host(name, span)
    }

    /// Follows the name of a tuning.
    pub(super) fn tuning(&mut self, name: &str, span: Span) -> Option<&'a Tuning> {
        let tunings = &self.manifest.tunings;
        if let Some(tuning) = tunings.get(name) {
            return Some(tuning);
        }
        let near = near_name(name, tunings.keys().map(Name::as_str));
        self.unknown("tuning", name, span, near, "tunings");
        None
    }

    /// Follows the name of a kind.
    pub(super) fn kind(&mut self, name: &str, span: Span) -> Option<&'static Kind> {
        if let Some(kind) = backend::find(name) {
            return Some(kind);
        }
        let near = near_name(name, backend::KINDS.iter().map(|kind| kind.name));
        let diagnostic =
            Diagnostic::new(&rules::UNKNOWN_NAME, format!("there is no kind `{name}`"))
                .primary(span, "no kind has this name");
        let known: Vec<&str> = backend::KINDS.iter().map(|kind| kind.name).collect();
        let help = near.map_or_else(
            || {
                format!(
                    "the kinds are {}; `generic` fits any program",
                    known.join(", ")
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        let fix = near.and_then(|near| Fix::rename(span, name, near));
        self.diagnostics.push(diagnostic.help(help).fix_if(fix));
        None
    }

    fn unknown(&mut self, noun: &str, name: &str, span: Span, near: Option<&str>, table: &str) {
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare it under `[{table}]`, or name one that is there"),
        };
        self.diagnostics.push(
            Diagnostic::new(&rules::UNKNOWN_NAME, format!("there is no {noun} `{name}`"))
                .primary(span, format!("no {noun} has this name"))
                .help(help)
                .fix_if(near.and_then(|near| Fix::rename(span, name, near))),
        );
    }

    /// Reports text that only LiteLLM would understand, wherever it stands.
    pub(super) fn consumer_syntax(&mut self, document: &Document) {
        // Only an escape could hide it from a look at the whole text.
        let text = document.source().text();
        if !text.contains("os.environ/") && !text.contains('\\') {
            return;
        }
        let mut rest: Vec<&Node> = vec![document.root_node()];
        while let Some(node) = rest.pop() {
            match &node.value {
                Value::String(text) if text.contains("os.environ/") => self.diagnostics.push(
                    Diagnostic::new(
                        &rules::CONSUMER_SYNTAX,
                        "`os.environ/` is LiteLLM's own syntax",
                    )
                    .primary(node.span(), "only LiteLLM would read the environment here")
                    .help(environ_help(text)),
                ),
                Value::Array(items) => rest.extend(items),
                Value::Table(table) => rest.extend(table.entries().iter().map(|entry| &entry.node)),
                _ => {}
            }
        }
    }
}

/// True for the name of a kind of provider in the internet.
fn is_cloud(kind: &str) -> bool {
    backend::find(kind).is_some_and(|it| it.cloud.is_some())
}

fn environ_help(text: &str) -> String {
    let name: String = text
        .split("os.environ/")
        .nth(1)
        .unwrap_or("")
        .chars()
        .take_while(|it| it.is_ascii_alphanumeric() || *it == '_')
        .collect();
    let name = if name.is_empty() { "NAME" } else { &name };
    format!("write `{{ env = \"{name}\" }}`")
}
