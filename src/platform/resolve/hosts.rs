//! Networks, hosts, secrets and the policy.

use std::collections::HashMap;

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::{self, Init, Os};
use crate::platform::rows::Rows;
use crate::platform::{
    Host, HostId, HostState, Naming, Network, NetworkId, Optimiser, Policy, Secret, SecretId,
    Volume,
};

use super::names::INTERNET;
use super::{Draft, rules};

impl Draft<'_> {
    pub(super) fn networks(&mut self) -> Vec<Network> {
        let place = self.root.table("networks");
        let networks = self.manifest.networks.iter().enumerate();
        networks
            .map(|(at, (name, it))| Network {
                id: NetworkId::new(at),
                name: name.0.to_string(),
                title: it.title.clone().unwrap_or_else(|| name.0.to_string()),
                kind: it.kind,
                notes: it.notes.clone(),
                span: place.table(name.as_str()).span(),
            })
            .collect()
    }

    pub(super) fn hosts(&mut self) -> Rows<Host> {
        let manifest = self.manifest;
        let mut taken = HashMap::new();
        let mut hosts = Vec::with_capacity(manifest.hosts.len());
        for (at, name) in self.names.hosts().into_iter().enumerate() {
            let Some((name, it)) = manifest.hosts.get_key_value(name) else {
                hosts.push(self.internet(HostId::new(at)));
                continue;
            };
            let place = self.root.table("hosts").table(name.as_str());
            let addresses = self.addresses(name.as_str(), it, &mut taken);
            let volumes = place.table("volumes");
            hosts.push(Host {
                id: HostId::new(at),
                name: name.0.to_string(),
                title: it.title.clone().unwrap_or_else(|| name.0.to_string()),
                os: it.os,
                release: it.release.clone(),
                init: it.init.unwrap_or(match it.os {
                    Os::Linux => Init::Systemd,
                    Os::Macos => Init::Launchd,
                    Os::Windows => Init::None,
                }),
                addresses,
                dns: it.dns.iter().map(|it| it.0.to_string()).collect(),
                user: it
                    .user
                    .as_ref()
                    .map_or_else(|| "root".to_owned(), |it| it.0.to_string()),
                checkout: it.checkout.as_ref().map(|it| trimmed(&it.0)),
                memory: it.memory.as_ref().and_then(manifest::Size::to_bytes),
                gpu_memory: it.gpu_memory.as_ref().and_then(manifest::Size::to_bytes),
                volumes: it
                    .volumes
                    .iter()
                    .map(|(name, it)| Volume {
                        name: name.0.to_string(),
                        path: trimmed(&it.path.0),
                        room: it.room,
                        notes: it.notes.clone(),
                        span: volumes.table(name.as_str()).span(),
                    })
                    .collect(),
                // A template waits for its addresses, and for nothing else.
                state: match it.state {
                    HostState::Template if !it.addresses.is_empty() => HostState::Live,
                    state => state,
                },
                elsewhere: false,
                notes: it.notes.clone(),
                span: place.span(),
            });
        }
        hosts.into()
    }

    /// The host that is none, where the providers are: nothing is installed on it.
    fn internet(&self, id: HostId) -> Host {
        let mut services = self.manifest.services.iter();
        let cloud = |kind: &str| crate::backend::find(kind).is_some_and(|it| it.cloud.is_some());
        let first = services.find(|(_, it)| cloud(&it.kind));
        let place = self.root.table("services");
        Host {
            id,
            name: INTERNET.to_owned(),
            title: "Internet".to_owned(),
            os: Os::Linux,
            release: None,
            init: Init::None,
            addresses: Vec::new(),
            dns: Vec::new(),
            user: "root".to_owned(),
            checkout: None,
            memory: None,
            gpu_memory: None,
            volumes: Vec::new(),
            state: HostState::Live,
            elsewhere: true,
            notes: None,
            span: first.map_or(place.span(), |(name, _)| place.table(name.as_str()).span()),
        }
    }

    /// The addresses of a host; `taken` remembers who has one already.
    fn addresses<'m>(
        &mut self,
        host: &'m str,
        manifest: &manifest::Host,
        taken: &mut HashMap<(NetworkId, String), (&'m str, Span)>,
    ) -> Vec<(NetworkId, String, Span)> {
        let place = self.root.table("hosts").table(host).table("addresses");
        let mut addresses = Vec::new();
        for (network, address) in &manifest.addresses {
            let span = place.value(network.as_str());
            let id = self.network(network.as_str(), place.key(network.as_str()));
            let (Some(id), Some(canonical)) = (id, address.canonical()) else {
                continue;
            };
            let canonical = canonical.to_string();
            if let Some((other, there)) = taken.insert((id, canonical.clone()), (host, span)) {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::DUPLICATE_ADDRESS,
                        format!("hosts `{other}` and `{host}` have the same address"),
                    )
                    .primary(span, format!("`{host}` has it again"))
                    .secondary(there, format!("`{other}` has it already"))
                    .help("give each host its own address, or make one host of the two"),
                );
            }
            addresses.push((id, canonical, span));
        }
        addresses.sort();
        addresses
    }

    pub(super) fn secrets(&mut self) -> Vec<Secret> {
        let manifest = self.manifest;
        let mut secrets = Vec::with_capacity(manifest.secrets.len());
        for (at, (name, it)) in manifest.secrets.iter().enumerate() {
            let place = self.root.table("secrets").table(name.as_str());
            if it.generate.is_some() && it.obtain.is_some() {
                self.conflict(
                    format!(
                        "secret `{name}` is both made and obtained",
                        name = name.as_str()
                    ),
                    place.key("obtain"),
                    "keep this or `generate`",
                );
            }
            secrets.push(Secret {
                id: SecretId::new(at),
                name: name.0.to_string(),
                title: it.title.clone().unwrap_or_else(|| name.0.to_string()),
                command: it.generate.as_ref().map(generate_command),
                obtain: it.obtain.clone(),
                span: place.span(),
            });
        }
        secrets
    }

    pub(super) fn policy(&mut self, networks: &[Network]) -> Option<Policy> {
        let manifest = &self.manifest.policy;
        let place = self.root.table("policy");
        let gateway = self.service(manifest.gateway.as_str(), place.value("gateway"));
        let mut prefer = Vec::new();
        for (at, network) in manifest.prefer.iter().enumerate() {
            let id = self.network(network.as_str(), place.item("prefer", at));
            prefer.extend(id.filter(|id| !prefer.contains(id)));
        }
        for network in networks {
            if !prefer.contains(&network.id) {
                prefer.push(network.id);
            }
        }
        let naming = self.naming();
        let optimiser = match &manifest.optimiser {
            Some(optimiser) => Some(self.optimiser(optimiser)?),
            None => None,
        };
        let retired = manifest.retired_names.iter().enumerate();
        let policy = Policy {
            gateway: gateway?,
            prefer,
            handle_names: manifest.handle_names,
            naming,
            scheme: self.scheme(),
            retired_names: retired
                .map(|(at, name)| (name.clone(), place.item("retired_names", at)))
                .collect(),
            optimiser,
        };
        self.role(
            manifest.gateway.as_str(),
            Role::Gateway,
            place.value("gateway"),
        );
        Some(policy)
    }

    fn naming(&mut self) -> Vec<Naming> {
        let manifest = &self.manifest.policy.naming;
        let mut naming = Vec::with_capacity(manifest.len());
        for (prefix, it) in manifest {
            let place = self.root.table("policy").table("naming").table(prefix);
            for (at, kind) in it.kinds.iter().enumerate() {
                self.kind(kind, place.item("kinds", at));
            }
            naming.push(Naming {
                prefix: prefix.clone(),
                kinds: it.kinds.clone(),
                form: it.form.clone(),
                notes: it.notes.clone(),
                span: place.span(),
            });
        }
        naming
    }

    fn optimiser(&mut self, manifest: &manifest::Optimiser) -> Option<Optimiser> {
        let place = self.root.table("policy").table("optimiser");
        for (at, kind) in manifest.kinds.iter().enumerate() {
            self.kind(kind, place.item("kinds", at));
        }
        let service = self.service(manifest.service.as_str(), place.value("service"))?;
        self.role(
            manifest.service.as_str(),
            Role::Optimiser,
            place.value("service"),
        );
        Some(Optimiser {
            service,
            enabled: manifest.enabled.unwrap_or(true),
            kinds: manifest.kinds.clone(),
            internal_prefix: manifest
                .internal_prefix
                .clone()
                .unwrap_or_else(|| "router-".to_owned()),
            span: place.span(),
        })
    }

    /// Reports a service whose kind cannot play a part.
    pub(super) fn role(&mut self, service: &str, role: Role, span: Span) {
        let Some(kind) = self
            .manifest
            .services
            .get(service)
            .and_then(|it| crate::backend::find(&it.kind))
        else {
            return;
        };
        if kind.role == role {
            return;
        }
        let part = match role {
            Role::Gateway => "the gateway",
            Role::Optimiser => "an optimiser",
            Role::ModelServer => "a model server",
            Role::Search => "a search engine",
            Role::Database => "a database",
            Role::Cache => "a cache",
            Role::Provider | Role::Client | Role::Other => "this",
        };
        let able: Vec<_> = crate::backend::KINDS
            .iter()
            .filter(|it| it.role == role)
            .map(|it| it.name)
            .collect();
        let declared = self.root.table("services").table(service).value("kind");
        self.diagnostics.push(
            Diagnostic::new(&rules::WRONG_KIND, format!("`{service}` cannot be {part}"))
                .primary(
                    span,
                    format!("needs a service of kind {}", able.join(" or ")),
                )
                .secondary(declared, format!("its kind is `{}`", kind.name))
                .help("name another service, or correct its kind"),
        );
    }
}

/// The command that makes a new secret.
fn generate_command(generate: &manifest::Generate) -> String {
    let bytes = generate.bytes.unwrap_or(32);
    match generate.prefix.as_deref().unwrap_or("") {
        "" => format!("openssl rand -hex {bytes}"),
        prefix => format!(
            "printf '%s%s\\n' '{}' \"$(openssl rand -hex {bytes})\"",
            prefix.replace('\'', "")
        ),
    }
}

/// A path without a slash at its end.
fn trimmed(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => path.to_owned(),
        trimmed => trimmed.to_owned(),
    }
}
