//! `services.jsonl`: every service, whatever its state, with its endpoints.

use serde::Serialize;

use super::manager;
use crate::emit::endpoint::{http_url, network_address, port_id, service_id, slot_id};
use crate::emit::json::to_json_line;
use crate::emit::{Artifact, Artifacts};
use crate::platform::{Bind, HostState, Layer, ManagedBy, Method, Platform, Service, ServiceState};

/// A line.
#[derive(Serialize)]
struct Row<'a> {
    service: &'a str,
    title: &'a str,
    kind: &'a str,
    layer: Layer,
    host: &'a str,
    state: &'static str,
    live: bool,
    managed_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    bind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    base_path: &'a str,
    endpoints: Vec<Endpoint<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<Range<'a>>,
    health: Vec<Health<'a>>,
    calls: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
}

/// A port that answers.
#[derive(Serialize)]
struct Endpoint<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    url: String,
    reach: &'static str,
}

#[derive(Serialize)]
struct Range<'a> {
    name: &'a str,
    first: u16,
    last: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
}

#[derive(Serialize)]
struct Health<'a> {
    path: &'a str,
    method: &'static str,
    status: u16,
    needs_key: bool,
    loads_model: bool,
}

/// Adds the file, a line for each service by name.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let mut calls = platform.calls.iter().peekable();
    let mut text = String::new();
    for service in &platform.services {
        let mut called = Vec::new();
        // Calls are ordered by caller, as services are: one walk over both.
        while let Some(call) = calls.next_if(|call| call.from <= service.id) {
            called.push(platform[call.to].name.as_str());
        }
        // Of a template host nothing reaches those who read the registry.
        if platform[service.host].state != HostState::Template {
            text.push_str(&to_json_line(&row(platform, service, called)));
        }
    }
    artifacts.add(Artifact::new("registry/services.jsonl", text));
}

fn row<'a>(platform: &'a Platform, service: &'a Service, calls: Vec<&'a str>) -> Row<'a> {
    let ranges = service.ranges.iter().map(|range| Range {
        name: &range.name,
        first: range.first,
        last: range.last,
        purpose: range.purpose.as_deref(),
    });
    let health = service.health.iter().map(|health| Health {
        path: &health.path,
        method: match health.method {
            Method::Get => "GET",
            Method::Post => "POST",
        },
        status: health.status,
        needs_key: health.needs_key,
        loads_model: health.loads_model,
    });
    let by_systemd = matches!(service.managed_by, ManagedBy::Systemd | ManagedBy::Package);
    Row {
        service: &service.name,
        title: &service.title,
        kind: service.kind.name,
        layer: service.layer,
        host: &platform[service.host].name,
        state: state(service.state),
        live: platform.is_live(service),
        managed_by: manager(service.managed_by),
        unit: by_systemd.then_some(&service.run.unit),
        label: (service.managed_by == ManagedBy::Launchd).then_some(&service.run.label),
        bind: bind(platform, &service.bind),
        base_path: &service.base_path,
        endpoints: endpoints(platform, service),
        ranges: ranges.collect(),
        health: health.collect(),
        calls,
        folder: service.folder.as_deref(),
        notes: service.notes.as_deref(),
    }
}

fn endpoints<'a>(platform: &'a Platform, service: &'a Service) -> Vec<Endpoint<'a>> {
    let (address, reach) = match network_address(platform, service) {
        Some(address) => (address, "network"),
        None => (service.local_address(), "host"),
    };
    let ports = service.ports.iter().map(|port| Endpoint {
        id: port_id(service, port.number),
        port: Some(port.number),
        name: Some(&port.name),
        model: None,
        purpose: port.purpose.as_deref(),
        url: http_url(service, address, port.number),
        reach,
    });
    let slots = service.slots.iter().map(|slot| Endpoint {
        id: slot_id(service, slot.port),
        port: Some(slot.port),
        name: None,
        model: Some(&platform[slot.model].name),
        purpose: None,
        url: http_url(service, address, slot.port),
        reach,
    });
    let provider = service.url.as_ref().map(|url| Endpoint {
        id: service_id(service),
        port: None,
        name: None,
        model: None,
        purpose: None,
        url: [url.as_str(), &service.base_path, service.kind.openai_path()].concat(),
        reach: "internet",
    });
    ports.chain(slots).chain(provider).collect()
}

/// Where a service listens, in the words of `platform.toml`.
fn bind<'a>(platform: &'a Platform, bind: &'a Bind) -> &'a str {
    match bind {
        Bind::Loopback => "loopback",
        Bind::All => "all",
        Bind::Network(network, _) => &platform[*network].name,
        Bind::Address(address) => address,
    }
}

fn state(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Live => "live",
        ServiceState::Planned => "planned",
        ServiceState::Experimental => "experimental",
        ServiceState::Disabled => "disabled",
        ServiceState::Retired => "retired",
    }
}
