//! What is asked to learn whether the platform is well: `healthcheck.sh` has it as its table, and `homelab status` asks it itself, so that both agree.

use serde::Serialize;

use super::escape::comment_line;
use super::{endpoint, starter};
use crate::platform::{Bind, Check, Health, Host, Method, Platform, Service, Slot};

/// One question.
#[derive(Debug, Clone, Serialize)]
pub struct Probe<'a> {
    /// `service`, `model`, `port`, `unit` or `check`.
    pub what: &'static str,
    /// The service that is asked.
    pub service: &'a str,
    /// The host it runs on.
    pub host: &'a str,
    /// The port, or nothing.
    pub port: String,
    /// What it is, for people, on one line.
    pub title: String,
    /// The URL from its own host; for a unit who starts it and its name, such as `systemd:chat`.
    pub near: String,
    /// The URL from elsewhere; nothing when there is none.
    pub far: String,
    /// The method.
    pub method: &'static str,
    /// The status that means well.
    pub status: u16,
    /// The variable that holds the key; nothing when none is needed.
    pub key: String,
    /// The JSON that is sent, on one line.
    pub body: String,
    /// Words that must stand in the answer; nothing when any will do.
    pub contains: &'a str,
}

/// All questions: those to each live service by host, then the owner's checks.
pub fn probes(platform: &Platform) -> Vec<Probe<'_>> {
    let mut live: Vec<_> = platform.live_services().collect();
    live.sort_by_key(|service| (service.host, service.id));
    let mut probes: Vec<_> = live
        .into_iter()
        .flat_map(|service| of_service(platform, service))
        .collect();
    let asked = |check: &&Check| platform.is_live(&platform[check.service]);
    let checks = platform.ops.checks.iter().filter(asked);
    probes.extend(checks.filter_map(|check| of_check(platform, check)));
    probes
}

/// The questions to one service: its slots that are started with it, its ports, else what starts it.
fn of_service<'a>(platform: &'a Platform, service: &'a Service) -> Vec<Probe<'a>> {
    let asker = Asker { platform, service };
    let boot = |slot: &&Slot| slot.boot && platform.model_is_live(&platform[slot.model]);
    let health = cheap_health(service);
    let slots = service.slots.iter().filter(boot).map(|slot| {
        let title = &platform[slot.model].title;
        asker.on_port("model", slot.port, title, health)
    });
    let ports = service.ports.iter().enumerate().map(|(at, port)| {
        let title = port.purpose.as_deref().unwrap_or(&service.title);
        // Only the main port is known to speak HTTP.
        asker.on_port("service", port.number, title, health.filter(|_| at == 0))
    });
    // What a container keeps to itself nobody can ask by a port.
    let opens = |_: &Probe| service.holds_ports();
    let probes: Vec<_> = slots.chain(ports).filter(opens).collect();
    let manager = starter::manager(platform, service);
    if probes.is_empty() && service.ranges.is_empty() && manager != "hand" {
        return vec![asker.of_unit(manager)];
    }
    probes
}

/// The health to ask for: one that loads no model, and rather one that needs no key.
fn cheap_health(service: &Service) -> Option<&Health> {
    let cheap = service.health.iter().filter(|health| !health.loads_model);
    cheap.min_by_key(|health| health.needs_key)
}

fn of_check<'a>(platform: &'a Platform, check: &'a Check) -> Option<Probe<'a>> {
    let service = &platform[check.service];
    let asker = Asker { platform, service };
    let mut probe = asker.blank("check", Some(service.port()?), &check.title);
    asker.ask(&mut probe, service.port()?, &check.path);
    probe.method = method_word(check.method);
    probe.status = check.status;
    probe.key = asker.key(check.needs_key);
    // Between the tokens of JSON a line break is a blank, and inside of them there is none.
    probe.body = check
        .body
        .as_deref()
        .unwrap_or_default()
        .trim()
        .replace(['\n', '\r'], " ");
    probe.contains = check.contains.as_deref().unwrap_or_default();
    Some(probe)
}

/// Whom we ask.
struct Asker<'a> {
    platform: &'a Platform,
    service: &'a Service,
}

impl<'a> Asker<'a> {
    fn host(&self) -> &'a Host {
        &self.platform[self.service.host]
    }

    fn blank(&self, what: &'static str, port: Option<u16>, title: &str) -> Probe<'a> {
        Probe {
            what,
            service: &self.service.name,
            host: &self.host().name,
            port: port.map(|it| it.to_string()).unwrap_or_default(),
            title: comment_line(title).into_owned(),
            near: String::new(),
            far: String::new(),
            method: "GET",
            status: 200,
            key: String::new(),
            body: String::new(),
            contains: "",
        }
    }

    /// A question to a port: its health where one is known, else whether it is open.
    fn on_port(
        &self,
        what: &'static str,
        port: u16,
        title: &str,
        health: Option<&Health>,
    ) -> Probe<'a> {
        let Some(health) = health else {
            let mut probe = self.blank("port", Some(port), title);
            self.ask(&mut probe, port, "/");
            return probe;
        };
        let mut probe = self.blank(what, Some(port), title);
        self.ask(&mut probe, port, &health.path);
        probe.method = method_word(health.method);
        probe.status = health.status;
        probe.key = self.key(health.needs_key);
        probe
    }

    /// A question to whatever starts it.
    fn of_unit(&self, manager: &str) -> Probe<'a> {
        let mut probe = self.blank("unit", None, &self.service.title);
        probe.near = format!("{manager}:{}", starter::unit(self.platform, self.service));
        probe
    }

    fn ask(&self, probe: &mut Probe<'a>, port: u16, path: &str) {
        let scheme = self.service.scheme();
        probe.near = url(scheme, self.service.local_address(), port, path);
        let far = far_address(self.platform, self.service);
        probe.far = far.map_or_else(String::new, |address| url(scheme, address, port, path));
    }

    /// The variable that holds the key, by the name the gateway's environment has for it.
    fn key(&self, is_needed: bool) -> String {
        let gateway = self.platform.gateway_service();
        if !is_needed {
            String::new()
        } else if self.service.id == gateway.id && self.platform.gateway.key.is_some() {
            self.platform.gateway.key.clone().unwrap_or_default()
        } else if let Some(variable) = self.service.kind.client_key {
            variable.to_owned()
        } else {
            // Nobody named one, so we do: whoever asks sets it.
            format!(
                "{}_API_KEY",
                self.service.name.to_uppercase().replace('-', "_")
            )
        }
    }
}

/// Where other machines reach a service, by the network that the platform prefers; nothing when they cannot.
pub fn far_address<'a>(platform: &'a Platform, service: &'a Service) -> Option<&'a str> {
    match &service.bind {
        Bind::Loopback => None,
        Bind::Address(address) if is_loopback(address) => None,
        Bind::Network(_, address) | Bind::Address(address) => Some(address),
        Bind::All => {
            let host = &platform[service.host];
            let mut preferred = platform.policy.prefer.iter();
            let preferred = preferred.find_map(|network| host.address_on(*network));
            preferred.or_else(|| host.dns.first().map(String::as_str))
        }
    }
}

fn is_loopback(address: &str) -> bool {
    address.starts_with("127.") || address == "::1"
}

/// The slash in front keeps a path from becoming part of the host's name.
fn url(scheme: &str, address: &str, port: u16, path: &str) -> String {
    let base = endpoint::url(scheme, address, port);
    [&base, "/", path.trim_start_matches('/')].concat()
}

fn method_word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}
