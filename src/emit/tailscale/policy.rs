//! The policy file of a tailnet: who may call whom, from the calls that the platform declares.
//!
//! A tailnet without a policy lets every machine call every port. With this one people reach what is made for them, hosts reach what they call, and the `tests` of the file, which Tailscale runs before it takes a policy, say so.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::backend::{Layer, Role};
use crate::platform::{Bind, Host, HostState, NetworkId, NetworkKind, Platform, Service};

/// Everybody who has signed in to the tailnet.
const PEOPLE: &str = "autogroup:member";

/// The file. It is plain JSON, which Tailscale's own dialect includes.
#[derive(Serialize)]
pub(super) struct Policy<'a> {
    hosts: BTreeMap<&'a str, &'a str>,
    acls: Vec<Rule<'a>>,
    tests: Vec<Test<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    action: &'static str,
    src: BTreeSet<&'a str>,
    dst: Vec<String>,
}

/// What Tailscale tries before it takes the policy.
#[derive(Serialize)]
struct Test<'a> {
    src: &'a str,
    accept: BTreeSet<String>,
    deny: BTreeSet<String>,
}

/// Something that answers on the tailnet.
struct Door<'a> {
    host: &'a Host,
    /// As a rule writes them: numbers, and ranges.
    ports: Vec<String>,
    /// As a test writes them: one number each.
    tried: Vec<String>,
    /// Who may come in.
    src: BTreeSet<&'a str>,
}

pub(super) fn of(platform: &Platform) -> Policy<'_> {
    let on_tailnet =
        |host: &Host| address(platform, host).is_some() && host.state == HostState::Live;
    let doors: Vec<Door<'_>> = platform
        .live_services()
        .filter(|it| on_tailnet(&platform[it.host]))
        .flat_map(|it| doors(platform, it))
        .collect();
    let hosts: BTreeMap<&str, &str> = platform
        .hosts
        .iter()
        .filter(|it| on_tailnet(it))
        .filter_map(|it| Some((it.name.as_str(), address(platform, it)?)))
        .collect();
    Policy {
        acls: doors.iter().filter_map(rule).collect(),
        tests: hosts
            .keys()
            .map(|it| test(it, &doors))
            .filter(|it| !it.accept.is_empty() || !it.deny.is_empty())
            .collect(),
        hosts,
    }
}

fn rule<'a>(door: &Door<'a>) -> Option<Rule<'a>> {
    let at = |port: &String| format!("{}:{port}", door.host.name);
    (!door.src.is_empty()).then(|| Rule {
        action: "accept",
        src: door.src.clone(),
        dst: door.ports.iter().map(at).collect(),
    })
}

fn test<'a>(from: &'a str, doors: &[Door<'_>]) -> Test<'a> {
    let mut test = Test {
        src: from,
        accept: BTreeSet::new(),
        deny: BTreeSet::new(),
    };
    // A host is somebody's: what people may do it may do, and what is open to them is tried by nobody.
    for door in doors
        .iter()
        .filter(|it| it.host.name != from && !it.src.contains(PEOPLE))
    {
        let tried = door
            .tried
            .iter()
            .map(|port| format!("{}:{port}", door.host.name));
        if door.src.contains(from) {
            test.accept.extend(tried);
        } else {
            test.deny.extend(tried);
        }
    }
    test
}

/// Where a service answers on the tailnet: by itself, and by what is published of it.
fn doors<'a>(platform: &'a Platform, service: &'a Service) -> Vec<Door<'a>> {
    let host = &platform[service.host];
    let mut doors = Vec::new();
    let listens = match &service.bind {
        Bind::All => true,
        Bind::Network(network, _) => is_tailnet(platform, *network),
        Bind::Address(at) => address(platform, host) == Some(at),
        Bind::Loopback => false,
    };
    if listens && service.holds_ports() {
        let mut src: BTreeSet<&str> = platform
            .callers_of(service.id)
            .filter(|it| it.network.is_some_and(|it| is_tailnet(platform, it)))
            .map(|it| platform[platform[it.from].host].name.as_str())
            .collect();
        if service.layer == Layer::Interface || service.kind.role == Role::Gateway {
            src.insert(PEOPLE);
        }
        let single = service.ports.iter().map(|it| it.number.to_string());
        let ranges = service.ranges.iter();
        let slots = service.slots.iter().map(|it| it.port.to_string());
        doors.push(Door {
            host,
            ports: single
                .clone()
                .chain(ranges.map(|it| format!("{}-{}", it.first, it.last)))
                .collect(),
            tried: single.chain(slots).collect(),
            src,
        });
    }
    if let Some(serve) = &service.serve {
        doors.push(Door {
            host,
            ports: vec![serve.https_port.to_string()],
            tried: vec![serve.https_port.to_string()],
            src: BTreeSet::from([PEOPLE]),
        });
    }
    doors
}

fn is_tailnet(platform: &Platform, network: NetworkId) -> bool {
    platform[network].kind == NetworkKind::Tailnet
}

fn address<'a>(platform: &Platform, host: &'a Host) -> Option<&'a str> {
    let mut on = host.addresses.iter();
    on.find(|(network, ..)| is_tailnet(platform, *network))
        .map(|(_, address, _)| address.as_str())
}
