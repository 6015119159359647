//! A platform while it is put together from several files: what each adds, found again by address, and what has no place.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::toml::Toml;
use super::tree::Url;
use crate::diagnostic::Span;
use crate::manifest::word;

/// What the owner says about the machines.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The name of the machine that the files come from, on which the gateway runs.
    pub here: Option<String>,
    /// Machines: each name with its address.
    pub hosts: Vec<(String, String)>,
}

/// The fields of a table, by name.
pub(super) type Fields = BTreeMap<&'static str, Toml>;

/// A platform that is being put together.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The name of the machine that the gateway runs on.
    pub(super) here: String,
    /// The machines.
    pub(super) hosts: BTreeMap<String, Host>,
    /// The services.
    pub(super) services: BTreeMap<String, Service>,
    /// The models.
    pub(super) models: BTreeMap<String, Fields>,
    /// The handles.
    pub(super) handles: BTreeMap<String, Handle>,
    /// The gateway's fields.
    pub(super) gateway: Fields,
    /// Settings that are passed through, by section.
    pub(super) passed: BTreeMap<&'static str, BTreeMap<String, Toml>>,
    /// Search tools: name and service.
    pub(super) search_tools: BTreeMap<String, String>,
    /// MCP servers.
    pub(super) mcp: BTreeMap<String, (Fields, BTreeMap<String, Toml>)>,
    /// The secrets, each with the variable that it was.
    pub(super) secrets: BTreeMap<String, String>,
    /// What has no place.
    pub(super) left: Vec<Left>,
    /// What the owner must look at, in words.
    pub(super) notes: Vec<String>,
    lower_names: BTreeSet<String>,
    addresses: HashMap<String, String>,
    places: HashMap<(String, u16), String>,
    containers: HashMap<String, HashMap<u16, u16>>,
    slots: HashMap<(String, u16), (String, String)>,
    given: BTreeSet<String>,
}

/// A machine.
#[derive(Debug, Default, Clone)]
pub(super) struct Host {
    /// Its address on each network.
    pub(super) addresses: BTreeMap<&'static str, String>,
    /// Names that lead to it.
    pub(super) dns: BTreeSet<String>,
    /// Its system, where a file tells it.
    pub(super) os: Option<&'static str>,
    /// The user that services run as.
    pub(super) user: Option<String>,
}

/// A service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    /// Its kind.
    pub(super) kind: &'static str,
    /// Its machine.
    pub(super) host: String,
    /// Its port.
    pub(super) port: Option<u16>,
    /// Its other fields.
    pub(super) fields: Fields,
    /// Its environment.
    pub(super) env: BTreeMap<String, Toml>,
}

/// A handle.
#[derive(Debug, Clone, Default)]
pub(super) struct Handle {
    /// Its models, each with its order and weight.
    pub(super) targets: Vec<(String, Option<i64>, Option<i64>)>,
    /// Its other fields.
    pub(super) fields: Fields,
    /// Its fallbacks.
    pub(super) fallbacks: Vec<String>,
    /// Its fixed parameters.
    pub(super) parameters: BTreeMap<String, Toml>,
}

/// Something of a file that has no place in platform.toml.
#[derive(Debug, Clone)]
pub(super) struct Left {
    /// The number of the file.
    pub(super) file: usize,
    /// Where it stands.
    pub(super) span: Span,
    /// What it is.
    pub(super) what: String,
    /// Why it has no place, or what to do.
    pub(super) why: &'static str,
}

/// The network of an address.
const TAILNET: &str = "tailnet";
const LAN: &str = "lan";

impl Draft {
    /// Nothing yet, but for what the owner says.
    pub(super) fn new(options: &Options) -> Self {
        let here = options.here.clone().unwrap_or_else(|| "home".to_owned());
        let mut draft = Self {
            here: here.clone(),
            ..Self::default()
        };
        draft.hosts.insert(here, Host::default());
        for (name, address) in &options.hosts {
            let host = draft.hosts.entry(name.clone()).or_default();
            host.addresses.insert(network(address), address.clone());
            draft.addresses.insert(address.clone(), name.clone());
            draft.given.insert(name.clone());
        }
        draft
    }

    /// A machine that is known already.
    pub(super) fn knows_address(&mut self, address: &str, host: &str) {
        self.addresses.insert(address.to_owned(), host.to_owned());
    }

    /// A service that is known already.
    pub(super) fn knows_service(&mut self, name: &str, service: Service) {
        if let Some(port) = service.port {
            let place = (service.host.clone(), port);
            self.places.insert(place, name.to_owned());
        }
        self.services.insert(name.to_owned(), service);
    }

    /// A container of this machine by its names, with the port outside for each one inside.
    pub(super) fn knows_container<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
        ports: &HashMap<u16, u16>,
    ) {
        for name in names {
            self.containers
                .insert(name.to_ascii_lowercase(), ports.clone());
        }
    }

    /// A port of a service that runs one model on each.
    pub(super) fn knows_slot(&mut self, host: &str, port: u16, service: &str, model: &str) {
        self.slots.insert(
            (host.to_owned(), port),
            (service.to_owned(), model.to_owned()),
        );
    }

    /// The model on a port of a service that runs one model on each.
    pub(super) fn slot(&self, host: &str, port: u16) -> Option<&str> {
        let slot = self.slots.get(&(host.to_owned(), port));
        slot.map(|(_, model)| model.as_str())
    }

    /// True when a port of a machine is somebody's.
    pub(super) fn port_is_taken(&self, host: &str, port: u16) -> bool {
        let place = (host.to_owned(), port);
        self.places.contains_key(&place) || self.slots.contains_key(&place)
    }

    /// The machine with an address.
    pub(super) fn host_at(&self, address: &str) -> Option<String> {
        self.addresses.get(address).cloned()
    }

    /// A machine whose addresses a platform says.
    pub(super) fn is_given_by_file(&mut self, host: &str) {
        self.given.insert(host.to_owned());
    }

    /// True when the owner said what addresses a machine has.
    pub(super) fn is_given(&self, host: &str) -> bool {
        self.given.contains(host)
    }

    /// The machine and port that a URL leads to; nothing when its address is not known.
    pub(super) fn place_of(&mut self, url: &Url) -> Option<(String, u16)> {
        if let Some(ports) = self.containers.get(&url.host) {
            let port = ports.get(&url.port).copied().unwrap_or(url.port);
            return Some((self.here.clone(), port));
        }
        Some((self.host_of(url)?, url.port))
    }

    /// Lists something that has no place.
    pub(super) fn leave(
        &mut self,
        file: usize,
        span: Span,
        what: impl Into<String>,
        why: &'static str,
    ) {
        self.left.push(Left {
            file,
            span,
            what: what.into(),
            why,
        });
    }

    /// The machine that a URL leads to; nothing when its address is not known.
    pub(super) fn host_of(&mut self, url: &Url) -> Option<String> {
        if url.is_here() {
            return Some(self.here.clone());
        }
        if let Ok(address) = url.host.parse::<IpAddr>() {
            let address = address.to_canonical().to_string();
            if let Some(name) = self.addresses.get(&address) {
                return Some(name.clone());
            }
            let name = format!(
                "host-{}",
                address.replace(['.', ':'], "-").replace("--", "-")
            );
            let name = name.trim_end_matches('-').to_owned();
            let host = self.hosts.entry(name.clone()).or_default();
            host.addresses.insert(network(&address), address.clone());
            self.addresses.insert(address, name.clone());
            return Some(name);
        }
        let label = url.host.split('.').next().unwrap_or_default();
        let known = self
            .hosts
            .iter_mut()
            .find(|(name, it)| it.dns.contains(&url.host) || **name == url.host || **name == label);
        let (name, host) = known?;
        if word::HOST_NAME.check(&url.host).is_ok() && *name != url.host {
            host.dns.insert(url.host.clone());
        }
        Some(name.clone())
    }

    /// The service at a port of a machine; a new one when nobody is there yet.
    pub(super) fn service_at(
        &mut self,
        host: &str,
        port: u16,
        kind: &'static str,
        label: &str,
    ) -> String {
        let place = (host.to_owned(), port);
        if let Some(name) = self.places.get(&place)
            && let Some(service) = self.services.get_mut(name)
        {
            if service.kind == "generic" && kind != "generic" {
                service.kind = kind;
            }
            return name.clone();
        }
        let name = self.free_name(&[
            label.to_owned(),
            format!("{label}-{host}"),
            format!("{label}-{host}-{port}"),
        ]);
        let mut service = Service {
            kind,
            host: host.to_owned(),
            port: Some(port),
            fields: Fields::new(),
            env: BTreeMap::new(),
        };
        if host != self.here {
            service.fields.insert("bind", Toml::text("all"));
            service.fields.insert("managed_by", Toml::text("external"));
        }
        self.services.insert(name.clone(), service);
        self.places.insert(place, name.clone());
        name
    }

    /// The first of some names that no service has.
    pub(super) fn free_name(&self, wishes: &[String]) -> String {
        let free = |it: &&String| !self.services.contains_key(*it) && word::NAME.check(it).is_ok();
        if let Some(name) = wishes.iter().find(free) {
            return name.clone();
        }
        let last = wishes.last().map_or("service", String::as_str);
        let last = plain_name(last);
        // Of so many numbers one is free.
        (2..=self.services.len() + 2)
            .map(|number| format!("{last}-{number}"))
            .find(|it| !self.services.contains_key(it))
            .unwrap_or(last)
    }

    /// Takes a name that no other may have even in another case; false when one has it.
    pub(super) fn take_name(&mut self, sort: &str, name: &str) -> bool {
        self.lower_names
            .insert(format!("{sort} {}", name.to_ascii_lowercase()))
    }

    /// The model that a service knows by a name; a new one when it has none of it.
    pub(super) fn model(&mut self, service: &str, served_as: &str) -> Option<String> {
        let at = |fields: &Fields, id: &str| {
            let is = |key: &str, value: &str| fields.get(key) == Some(&Toml::text(value));
            is("service", service)
                && (is("served_as", served_as)
                    || (!fields.contains_key("served_as") && id == served_as))
        };
        let wishes = [served_as.to_owned(), format!("{served_as}@{service}")];
        for id in &wishes {
            if self.models.get(id).is_some_and(|it| at(it, id)) {
                return Some(id.clone());
            }
        }
        let id = wishes
            .into_iter()
            .find(|it| word::HANDLE.check(it).is_ok() && self.take_name("model", it))?;
        let mut fields = Fields::from([("service", Toml::text(service))]);
        if id != served_as {
            fields.insert("served_as", Toml::text(served_as));
        }
        self.models.insert(id.clone(), fields);
        Some(id)
    }

    /// The gateway, which is there in any case.
    pub(super) fn gateway_service(&mut self) -> &mut Service {
        let here = self.here.clone();
        let known = self.services.iter().find(|(_, it)| it.kind == "litellm");
        let name = known.map_or_else(|| "litellm".to_owned(), |(name, _)| name.clone());
        if known.is_none() {
            self.notes.push("where the gateway listens: no file says it, so on loopback until you write `bind` with an `approval`".to_owned());
        }
        self.services.entry(name).or_insert_with(|| Service {
            kind: "litellm",
            host: here,
            port: Some(4000),
            fields: Fields::from([("managed_by", Toml::text("manual"))]),
            env: BTreeMap::new(),
        })
    }

    /// Declares a variable that the gateway reads: a secret when its name says so, else to be filled in.
    pub(super) fn gateway_variable(&mut self, name: &str) -> bool {
        if word::ENV_NAME.check(name).is_err() {
            return false;
        }
        let value = self.variable(name);
        self.gateway_service()
            .env
            .entry(name.to_owned())
            .or_insert(value);
        true
    }

    /// What a variable holds, by its name alone.
    pub(super) fn variable(&mut self, name: &str) -> Toml {
        let secret =
            crate::syntax::secrets::promise(name).is_some() || name.ends_with("DATABASE_URL");
        if !secret {
            return Toml::one("fill_in", format!("what {name} holds"));
        }
        let id = plain_name(&name.to_ascii_lowercase().replace('_', "-"));
        self.secrets.insert(id.clone(), name.to_owned());
        Toml::one("secret", id)
    }

    /// Puts the service in place of a literal URL that leads to one.
    pub(super) fn link_urls(&mut self) {
        let here = self.here.clone();
        let place = |url: &Url| {
            if let Some(ports) = self.containers.get(&url.host) {
                return Some((
                    here.clone(),
                    ports.get(&url.port).copied().unwrap_or(url.port),
                ));
            }
            let host = if url.is_here() {
                Some(&here)
            } else {
                self.addresses.get(&url.host)
            };
            Some((host?.clone(), url.port))
        };
        let mut links = Vec::new();
        for (name, service) in self.services.iter().filter(|(_, it)| it.host == self.here) {
            for (variable, value) in &service.env {
                let Toml::Text(text) = value else {
                    continue;
                };
                let url = Url::parse(text).filter(|it| !it.is_secure && !text.contains(['?', '#']));
                let Some((url, to)) = url
                    .and_then(|it| Some((self.places.get(&place(&it)?)?, it)))
                    .map(|(to, url)| (url, to))
                else {
                    continue;
                };
                let mut link = BTreeMap::from([("url".to_owned(), Toml::text(to))]);
                if !url.path.is_empty() {
                    link.insert("path".to_owned(), Toml::text(&url.path));
                }
                if to != name {
                    links.push((name.clone(), variable.clone(), Toml::Table(link)));
                }
            }
        }
        for (name, variable, link) in links {
            if let Some(service) = self.services.get_mut(&name) {
                service.env.insert(variable, link);
            }
        }
    }

    /// Where machines have no address on a network that others are on, and a placeholder stands for it.
    pub(super) fn fill_addresses(&mut self) {
        let used: BTreeSet<&'static str> = self
            .services
            .values()
            .filter_map(|it| self.hosts.get(&it.host))
            .flat_map(|it| it.addresses.keys().copied())
            .collect();
        let here = self.here.clone();
        let host = self.hosts.entry(here.clone()).or_default();
        for (network, placeholder) in [(LAN, "192.0.2.1"), (TAILNET, "192.0.2.2")] {
            if used.contains(network) && !host.addresses.contains_key(network) {
                host.addresses.insert(network, placeholder.to_owned());
                self.notes.push(format!(
                    "the {network} address of `{here}`, the machine of the gateway: {placeholder} stands for it and belongs to nobody; import again with `--host {here}=ADDRESS`, or write it"
                ));
            }
        }
    }
}

/// A word as a name: lower case letters, digits and single dashes.
pub(super) fn plain_name(word: &str) -> String {
    let mut name = String::new();
    for character in word.chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.ends_with('-') && !name.is_empty() {
            name.push('-');
        }
    }
    name.truncate(50);
    let name = name.trim_end_matches('-').to_owned();
    if word::NAME.check(&name).is_ok() {
        name
    } else {
        format!("x-{name}").trim_end_matches('-').to_owned()
    }
}

/// The network that an address is on: Tailscale has a range of its own.
pub(super) fn network(address: &str) -> &'static str {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(it)) if it.octets()[0] == 100 && (64..128).contains(&it.octets()[1]) => {
            TAILNET
        }
        Ok(IpAddr::V6(it)) if it.segments()[..3] == [0xfd7a, 0x115c, 0xa1e0] => TAILNET,
        _ => LAN,
    }
}
