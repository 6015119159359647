//! The dossier: hosts, ports and endpoints, the inventory of services, exposure and secrets.

use std::collections::BTreeMap;

use super::markdown::{
    NONE, Words, Writer, code, code_or_none, joined, listed, text, text_or_none,
};
use super::{Book, Page, to_host, to_service, words};
use crate::platform::{Host, Platform, Service, Value};

pub(super) fn dossier(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Platform dossier");
    page.section("Hosts");
    let hosts: Vec<_> = platform
        .hosts
        .iter()
        .map(|it| host_row(platform, it))
        .collect();
    page.sparse_table(
        [
            "Host",
            "System",
            "Starts services",
            "State",
            "Addresses",
            "Notes",
        ],
        &hosts,
        "There is no host.",
    );
    page.section("Ports and endpoints");
    page.sparse_table(
        [
            "Host",
            "Port",
            "Service",
            "Listens on",
            "Base URL",
            "Health",
            "Notes",
        ],
        &endpoints(platform),
        "Nothing listens.",
    );
    page.section("Services");
    let services: Vec<_> = platform
        .services
        .iter()
        .map(|it| service_row(platform, it))
        .collect();
    page.table(
        ["Service", "Kind", "Host", "State", "Started by", "Env file"],
        &services,
        "There is no service.",
    );
    page.section("Exposure");
    page.paragraph("What can be reached from beyond its own host, and who approved it.");
    page.table(
        ["Service", "Listens on", "State", "Approved", "By", "Until"],
        &exposure(platform),
        "Nothing listens beyond its own host.",
    );
    page.section("Secrets");
    page.paragraph("Names only: the values are in env files on the hosts.");
    page.table(
        ["Secret", "For", "Comes from", "Read by"],
        &secrets(platform),
        "There is no secret.",
    );
    Page::new("dossier.md", "Platform dossier", page.finish())
}

fn host_row<'a>(platform: &'a Platform, host: &'a Host) -> [Words<'a>; 6] {
    let release = host
        .release
        .as_deref()
        .unwrap_or_else(|| words::system(host));
    let addresses = host.addresses.iter().map(|(network, address, _)| {
        format!("{} {}", text(&platform[*network].name), code(address))
    });
    [
        to_host("", host),
        text(release),
        words::starter(host).into(),
        words::host_state(host.state).into(),
        listed(addresses),
        text_or_none(host.notes.as_deref()),
    ]
}

/// A row for each port, ordered by host and number.
fn endpoints(platform: &Platform) -> Vec<[Words<'_>; 7]> {
    let mut rows = BTreeMap::new();
    for service in &platform.services {
        for (port, name, notes) in super::ports::of_service(platform, service) {
            let local = words::ways(platform, service, port);
            let url = local.last().map_or("", |(_, url)| url.as_str());
            let health = service.health.first().map_or(NONE, |it| words::health(it));
            let row = [
                to_host("", &platform[service.host]),
                port.to_string().into(),
                match name {
                    "main" => to_service("", service),
                    name => joined([to_service("", service), " ".into(), text(name)]),
                },
                code(words::bind(platform, service)),
                code(url).made(),
                health,
                text_or_none(notes),
            ];
            rows.insert(
                (platform[service.host].name.as_str(), port, service.id, name),
                row,
            );
        }
    }
    rows.into_values().collect()
}

fn service_row<'a>(platform: &'a Platform, service: &'a Service) -> [Words<'a>; 6] {
    [
        to_service("", service),
        text(service.kind.title),
        to_host("", &platform[service.host]),
        words::service(platform, service).into(),
        words::started_by(platform, service).into(),
        code_or_none(service.env_file.as_deref()),
    ]
}

fn exposure(platform: &Platform) -> Vec<[Words<'_>; 6]> {
    platform
        .services
        .iter()
        .filter(|it| it.faces_network())
        .map(|service| {
            let approval = service.approval.as_ref();
            [
                to_service("", service),
                code(words::bind(platform, service)),
                words::service(platform, service).into(),
                approval.map_or(NONE, |it| {
                    joined([text(&it.when), ": ".into(), text(&it.reason)])
                }),
                text_or_none(approval.map(|it| it.by.as_str())),
                text_or_none(approval.and_then(|it| it.until.as_deref())),
            ]
        })
        .collect()
}

fn secrets(platform: &Platform) -> Vec<[Words<'_>; 4]> {
    let mut readers: BTreeMap<_, Vec<Words>> = BTreeMap::new();
    for service in &platform.services {
        for variable in &service.env {
            if let Value::Secret(id) = variable.value {
                let (reader, name) = (to_service("", service), code(&variable.name));
                let reader = joined([reader, " as ".into(), name]);
                readers.entry(id).or_default().push(reader);
            }
        }
    }
    platform
        .secrets
        .iter()
        .map(|secret| {
            let origin = match (&secret.command, &secret.obtain) {
                (Some(command), _) => format!("made by {}", code(command)).into(),
                (None, Some(place)) => text(place),
                (None, None) => NONE,
            };
            [
                code(&secret.name),
                text(&secret.title),
                origin,
                listed(readers.remove(&secret.id).unwrap_or_default()),
            ]
        })
        .collect()
}
