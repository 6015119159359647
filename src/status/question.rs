//! What is asked: the probes of `healthcheck.sh`, the lists of models, versions, and ports where nobody should listen.

use std::collections::{BTreeMap, BTreeSet};

use super::promised::promised;
use super::{Scope, World};
use crate::backend::{Endpoint, Role};
use crate::emit::endpoint::{http_url, url};
use crate::emit::probe::{self, Probe};
use crate::platform::{Bind, Host, Platform, Service};

/// The most ports of a host on which nobody should listen that are tried.
pub(super) const MOST_PORTS: usize = 4096;

/// The endpoints that make a model work: a check that asks one of them may load it.
const WORK: [&str; 8] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/responses",
    "/messages",
    "/images/generations",
    "/rerank",
    "/audio/",
];

/// A question.
#[derive(Debug)]
pub(super) enum Question<'a> {
    /// Whether something is well.
    Health(Probe<'a>),
    /// Which models it lists.
    Models(Talk<'a>),
    /// Which version it is.
    Version(Talk<'a>, &'static [&'static str]),
    /// Whether somebody listens where nobody should.
    Quiet(Silence<'a>),
}

/// A question to a port of a service.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    pub(super) service: &'a Service,
    pub(super) port: u16,
    /// Where it is asked; nothing when it listens on another host's loopback alone.
    pub(super) url: Option<String>,
    /// The variable that holds its key; nothing when it asks for none as far as we know.
    pub(super) key: String,
}

/// A port of the host where we are on which nobody should listen.
#[derive(Debug)]
pub(super) struct Silence<'a> {
    pub(super) host: &'a Host,
    pub(super) port: u16,
    pub(super) url: String,
    /// The service that the port is set aside for.
    pub(super) owner: &'a Service,
    /// True when its owner listens on the loopback alone, and this is another address.
    pub(super) beyond: bool,
}

/// Every question, in the order in which answers are shown.
pub(super) fn questions<'a>(
    platform: &'a Platform,
    world: &World,
    scope: &Scope,
) -> Vec<Question<'a>> {
    let in_scope = |name: &str| {
        let host = platform.hosts.find(name);
        host.is_some_and(|host| scope.has(host.id))
    };
    let mut questions: Vec<_> = probe::probes(platform)
        .into_iter()
        .filter(|it| in_scope(it.host) && (scope.checks || it.what != "check"))
        .map(Question::Health)
        .collect();
    let live = platform
        .live_services()
        .filter(|it| scope.has(it.host) && it.holds_ports());
    for service in live {
        questions.extend(lists(platform, world, service).map(Question::Models));
        questions.extend(version(platform, world, service));
    }
    if let Some(here) = world.here.filter(|it| scope.has(it.id)) {
        questions.extend(quiet(platform, &platform[here.id]).map(Question::Quiet));
    }
    questions
}

/// True when a check would make a model work.
pub(super) fn works_a_model(probe: &Probe) -> bool {
    probe.what == "check" && probe.method != "GET" && {
        let path = probe.near.split('?').next().unwrap_or_default();
        WORK.iter()
            .any(|it| path.ends_with(it) || path.contains("/audio/") && *it == "/audio/")
    }
}

/// The lists of models of a service: its own, or that of each of its processes.
fn lists<'a>(
    platform: &'a Platform,
    world: &World,
    service: &'a Service,
) -> impl Iterator<Item = Talk<'a>> {
    let serves = matches!(service.kind.role, Role::Gateway | Role::ModelServer);
    let lists = service.endpoints.contains(&Endpoint::Models);
    let is_asked = service.kind.catalogue().is_some() && serves && lists;
    let ports: Vec<u16> = if !is_asked {
        Vec::new()
    } else if service.kind.one_model_per_port {
        let boot = service.slots.iter().filter(|it| it.boot);
        boot.filter(|it| platform.model_is_live(&platform[it.model]))
            .map(|it| it.port)
            .collect()
    } else {
        service.port().into_iter().collect()
    };
    let path = format!("{}{}/models", service.base_path, service.kind.openai_path());
    ports
        .into_iter()
        .map(move |port| talk(platform, world, service, port, &path))
}

/// What version a service is, where it is known how to ask and what to compare it with.
fn version<'a>(
    platform: &'a Platform,
    world: &World,
    service: &'a Service,
) -> Option<Question<'a>> {
    let probe = service.kind.version_probe()?;
    if promised(service).is_empty() {
        return None;
    }
    let mut talk = talk(platform, world, service, service.port()?, probe.path);
    if !probe.needs_key {
        talk.key.clear();
    }
    Some(Question::Version(talk, probe.keys))
}

/// A question to a port of a service.
pub(super) fn talk<'a>(
    platform: &'a Platform,
    world: &World,
    service: &'a Service,
    port: u16,
    path: &str,
) -> Talk<'a> {
    let near = world.is_here(&platform[service.host].name);
    let address = if near {
        Some(service.local_address())
    } else {
        probe::far_address(platform, service)
    };
    Talk {
        service,
        port,
        url: address.map(|it| format!("{}{path}", http_url(service, it, port))),
        key: key(platform, service),
    }
}

/// The variable of a service's key: the gateway's own, or the one by which the gateway is given it.
fn key(platform: &Platform, service: &Service) -> String {
    let gateway = platform.gateway_service();
    let key = if service.id == gateway.id {
        platform.gateway.key.clone()
    } else {
        let routes = &platform.deployments;
        let its = routes.iter().find(|it| it.service == service.id);
        its.and_then(|it| it.key.clone())
    };
    key.unwrap_or_default()
}

/// The ports of a host that are set aside and not in use, and the addresses beyond the loopback of what should listen there alone.
fn quiet<'a>(platform: &'a Platform, host: &'a Host) -> impl Iterator<Item = Silence<'a>> {
    let addresses: Vec<&str> = host
        .addresses
        .iter()
        .map(|(_, address, _)| address.as_str())
        .collect();
    let taken = taken(platform, host);
    let mut found = Vec::new();
    for (port, owner) in set_aside(platform, host) {
        if !taken.contains(&port) {
            let everywhere = std::iter::once("127.0.0.1").chain(addresses.iter().copied());
            found.extend(everywhere.map(|address| (address, port, owner, false)));
        }
    }
    for service in platform.services_on(host.id) {
        let alone = service.bind == Bind::Loopback && service.holds_ports();
        if alone && platform.is_live(service) {
            let ports = service.ports.iter().map(|it| it.number);
            let ports = ports.chain(service.slots.iter().map(|it| it.port));
            for port in ports {
                let beyond = addresses.iter().filter(|it| **it != "127.0.0.1");
                found.extend(beyond.map(|address| (*address, port, service, true)));
            }
        }
    }
    found
        .into_iter()
        .map(move |(address, port, owner, beyond)| Silence {
            host,
            port,
            url: format!("{}/", url("http", address, port)),
            owner,
            beyond,
        })
}

/// The ports of a host on which something may listen.
fn taken(platform: &Platform, host: &Host) -> BTreeSet<u16> {
    let mut taken = BTreeSet::new();
    for service in platform.services_on(host.id) {
        if platform.is_live(service) && service.holds_ports() {
            taken.extend(service.ports.iter().map(|it| it.number));
        }
    }
    let models = platform.models.iter();
    // A model that is not started with its service may run or not.
    let may_run = models.filter(|it| platform.model_is_live(it));
    let there = may_run.filter(|it| platform[it.service].host == host.id);
    taken.extend(there.filter_map(|it| it.port));
    taken
}

/// The ports of a host that the file gives to somebody, with the first who has them.
fn set_aside<'a>(platform: &'a Platform, host: &Host) -> BTreeMap<u16, &'a Service> {
    let mut ports = BTreeMap::new();
    for service in platform.services_on(host.id) {
        let single = service.ports.iter().map(|it| it.number);
        let ranges = service.ranges.iter().flat_map(|it| it.first..=it.last);
        for port in single.chain(ranges).take(MOST_PORTS) {
            if ports.len() < MOST_PORTS {
                ports.entry(port).or_insert(service);
            }
        }
    }
    ports
}
