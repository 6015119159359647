//! The port ledger: who has which port, what is free, what is gone for good, and what moved.

use super::markdown::{Words, Writer, code, joined, listed, number, text, text_or_none};
use super::{Book, Page, to_host, words};
use crate::ledger::State;
use crate::platform::{Host, MovedKind, Platform, Service};

pub(super) fn ports(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Ports");
    page.paragraph(
        "Every port that was ever given. One that is gone is a tombstone: nobody else gets it.",
    );
    for host in &platform.hosts {
        let held: Vec<_> = book.lock.ports_of(&host.name).collect();
        if held.is_empty() && ranges(platform, host).next().is_none() {
            continue;
        }
        page.section(text(&host.name));
        page.paragraph(format!("{}: {}", to_host("", host), text(&host.title)));
        let rows: Vec<_> = held
            .into_iter()
            .map(|(key, claim)| {
                [
                    key.port.to_string().into(),
                    match claim.state {
                        State::Held => "held",
                        State::Tombstone => "tombstone",
                    }
                    .into(),
                    joined([key.owner.noun().into(), " ".into(), code(key.owner.name())]),
                    code(&claim.name),
                    code(&claim.address),
                ]
            })
            .collect();
        page.table(
            ["Port", "State", "Owner", "Name", "Listens on"],
            &rows,
            "No port is given yet.",
        );
        let free: Vec<_> = ranges(platform, host)
            .map(|(service, range)| {
                [
                    code(&range.name),
                    code(&service.name),
                    format!("{}–{}", range.first, range.last).into(),
                    free(book, host, range.first, range.last),
                    text_or_none(range.purpose.as_deref()),
                ]
            })
            .collect();
        if !free.is_empty() {
            page.subsection(format!("Ranges on {}", text(&host.name)));
            page.table(
                ["Range", "Service", "Ports", "Free", "For"],
                &free,
                "There is no range.",
            );
        }
    }
    history(&mut page, platform);
    Page::new("ports.md", "Ports", page.finish())
}

fn ranges<'a>(
    platform: &'a Platform,
    host: &Host,
) -> impl Iterator<Item = (&'a Service, &'a crate::platform::PortRange)> {
    platform
        .services_on(host.id)
        .flat_map(|service| service.ranges.iter().map(move |range| (service, range)))
}

/// The free ports between two, as runs: `8103–8119`.
fn free(book: &Book, host: &Host, first: u16, last: u16) -> Words<'static> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for port in (first..=last).filter(|it| !book.lock.taken(&host.name, *it)) {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == port => *end = port,
            _ => runs.push((port, port)),
        }
    }
    let words = runs.into_iter().map(|(start, end)| {
        if start == end {
            start.to_string()
        } else {
            format!("{start}–{end}")
        }
    });
    listed(words)
}

fn history(page: &mut Writer, platform: &Platform) {
    page.section("Migrations");
    let migrations: Vec<_> = platform
        .migrations
        .iter()
        .map(|it| {
            [
                joined([it.owner.noun().into(), " ".into(), code(it.owner.name())]),
                number(it.from),
                number(Some(it.to)),
                text(&it.reason),
                text(&it.when),
                text(&it.by),
            ]
        })
        .collect();
    page.table(
        ["Who", "From", "To", "Reason", "When", "By"],
        &migrations,
        "No port has changed.",
    );
    page.section("New names");
    let moved: Vec<_> = platform
        .moved
        .iter()
        .map(|it| {
            let kind = match it.kind {
                MovedKind::Host => "host",
                MovedKind::Service => "service",
                MovedKind::Model => "model",
            };
            [kind.into(), code(&it.from), code(&it.to)]
        })
        .collect();
    page.table(["What", "Was", "Is"], &moved, "Nothing has a new name.");
    page.section("Retired handles");
    let retired: Vec<_> = platform
        .retired
        .iter()
        .map(|it| [code(&it.handle), text(&it.reason)])
        .collect();
    page.table(["Handle", "Reason"], &retired, "No handle is retired.");
}

/// The ports of a service with their names and what they are for: its own, and those of its models where each has one.
pub(super) fn of_service<'a>(
    platform: &'a Platform,
    service: &'a Service,
) -> impl Iterator<Item = (u16, &'a str, Option<&'a str>)> {
    let own = service
        .ports
        .iter()
        .map(|port| (port.number, port.name.as_str(), port.purpose.as_deref()));
    let slots = platform
        .models_of(service.id)
        .filter(|_| service.kind.one_model_per_port)
        .filter_map(|model| Some((model.port?, model.name.as_str(), None)));
    own.chain(slots)
}

/// The word for how a port is reached, for pages of hosts.
pub(super) fn listens<'a>(platform: &'a Platform, service: &'a Service) -> Words<'a> {
    code(words::bind(platform, service))
}
