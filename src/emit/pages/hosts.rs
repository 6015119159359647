//! The page of a host.

use super::markdown::{DASH, Writer, code, code_or_none, listed, text, text_or_none};
use super::{Book, Page, host_path, to_service, words};
use crate::emit::picture::blast::Blast;
use crate::platform::{Host, HostState, Platform, Room};

/// Pages of hosts lie one folder down.
const UP: &str = "../";

pub(super) fn host(book: &Book, blast: &Blast<'_>, host: &Host) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled(&host.title);
    page.notes(host.notes.as_deref());
    if host.elsewhere {
        page.paragraph(
            "No host of the platform: here are the providers that it asks over the internet.",
        );
        let providers = platform.services_on(host.id);
        let rows: Vec<_> = providers
            .map(|service| {
                [
                    to_service(UP, service),
                    text(service.kind.title),
                    words::service(platform, service).into(),
                    code_or_none(service.url.as_deref()),
                    code_or_none(service.key.as_deref()),
                ]
            })
            .collect();
        page.section("Providers");
        page.table(["Service", "Kind", "State", "URL", "Key"], &rows, "");
        return Page::new(host_path(host), &host.title, page.finish());
    }
    page.list(facts(platform, host));
    page.section("Services");
    let services: Vec<_> = platform
        .services_on(host.id)
        .map(|service| {
            let ports =
                super::ports::of_service(platform, service).map(|(port, _, _)| port.to_string());
            [
                to_service(UP, service),
                text(&service.title),
                words::service(platform, service).into(),
                listed(ports),
                super::ports::listens(platform, service),
                words::started_by(platform, service).into(),
            ]
        })
        .collect();
    page.table(
        [
            "Service",
            "Title",
            "State",
            "Ports",
            "Listens on",
            "Started by",
        ],
        &services,
        "Nothing runs on it.",
    );
    page.section("Storage");
    let volumes: Vec<_> = host
        .volumes
        .iter()
        .map(|volume| {
            let room = match volume.room {
                Room::Showroom => "showroom: models here may have handles",
                Room::Backroom => "backroom: storage only",
            };
            [
                code(&volume.name),
                code(&volume.path),
                room.into(),
                text_or_none(volume.notes.as_deref()),
            ]
        })
        .collect();
    page.table(
        ["Volume", "Path", "Room", "Notes"],
        &volumes,
        "No volume is named.",
    );
    page.section("Ports");
    page.paragraph(format!(
        "Every port that was ever given on it is in [the ledger]({UP}ports.md)."
    ));
    if host.state == HostState::Live {
        super::consequences::section(&mut page, platform, UP, &blast.host(host.id));
    }
    Page::new(host_path(host), &host.title, page.finish())
}

fn facts(platform: &Platform, host: &Host) -> Vec<String> {
    let addresses = host.addresses.iter().map(|(network, address, _)| {
        format!("{} on {}", code(address), text(&platform[*network].name))
    });
    vec![
        format!("name: {}", code(&host.name)),
        format!("state: {}", words::host_state(host.state)),
        match &host.release {
            Some(release) => format!("system: {}, {}", words::os(host.os), text(release)),
            None => format!("system: {}", words::os(host.os)),
        },
        format!("starts services: by {}", words::init(host.init)),
        format!("addresses: {}", listed(addresses)),
        format!("DNS names: {}", listed(host.dns.iter().map(|it| code(it)))),
        format!("user: {}", code(&host.user)),
        format!("checkout: {}", code_or_none(host.checkout.as_deref())),
        format!(
            "memory: {}",
            host.memory.map_or_else(|| DASH.to_owned(), words::bytes)
        ),
        format!(
            "GPU memory: {}",
            host.gpu_memory
                .map_or_else(|| DASH.to_owned(), words::bytes)
        ),
    ]
}
