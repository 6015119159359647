//! Handwritten Markdown names a URL of the platform where nothing answers.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::mentions::Mentions;
use crate::lint::{Check, Lint, Page, Pages, urls};
use crate::platform::{Bind, Host, HostId, Platform, Service};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "stale-url-in-document",
        severity: Severity::Warning,
        summary: "handwritten Markdown names a URL of the platform where nothing answers",
        why: "Readers copy it into a client and call into the void. Only URLs of the platform's own hosts are held against it; a sentence about the past may name what was.",
        bad: concat!(
            home!(),
            r#"
# docs/notes.md:
# Clients call `http://192.0.2.10:4001/v1`.
"#
        ),
        good: concat!(
            home!(),
            r#"
# docs/notes.md:
# Clients call `http://localhost:4000/v1`; elsewhere it was http://198.51.100.7:4001/v1.
"#
        ),
    },
    check: Check::Page(check),
};

fn check(platform: &Platform, pages: &Pages, found: &mut [Diagnostics]) {
    let places = Places::of(platform);
    for (page, diagnostics) in pages.pages.iter().zip(found) {
        in_page(page, &places, diagnostics);
    }
}

fn in_page(page: &Page, places: &Places<'_>, diagnostics: &mut Diagnostics) {
    for span in page.urls() {
        let written = page.words(span);
        let Some(url) = urls::parse(written).filter(|it| says_port(written, *it)) else {
            continue;
        };
        if page.tells_of_past(span.start) {
            continue;
        }
        let sentence = page.sentence(span.start);
        if let Some((label, help)) = places.wrong(url, sentence) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("nothing answers at `{}:{}`", url.host, url.port),
                )
                .primary(span, label)
                .help(help),
            );
        }
    }
}

/// True when the port is written, so that it is the platform's and not the scheme's.
fn says_port(written: &str, url: urls::Url<'_>) -> bool {
    let authority = written.split('/').nth(2).unwrap_or("");
    authority.ends_with(&format!(":{}", url.port))
}

/// Where the platform listens.
struct Places<'p> {
    platform: &'p Platform,
    hosts: HashMap<String, HostId>,
    holders: HashMap<(HostId, u16), &'p Service>,
    by_port: HashMap<u16, &'p Service>,
    mentions: Mentions<'p>,
}

impl<'p> Places<'p> {
    fn of(platform: &'p Platform) -> Self {
        let mut hosts = HashMap::new();
        for host in &platform.hosts {
            let addresses = host.addresses.iter().map(|(_, it, _)| it);
            for name in addresses.chain(&host.dns).chain([&host.name]) {
                hosts.insert(name.to_ascii_lowercase(), host.id);
            }
        }
        let mut holders = HashMap::new();
        let mut by_port = HashMap::new();
        for service in &platform.services {
            let ports = service.ports.iter().map(|it| it.number);
            for port in ports.chain(service.slots.iter().map(|it| it.port)) {
                holders.insert((service.host, port), service);
                by_port.entry(port).or_insert(service);
            }
        }
        let mentions = Mentions::of(platform);
        Self {
            platform,
            hosts,
            holders,
            by_port,
            mentions,
        }
    }

    /// What is wrong with a URL, and what to write; nothing when it may be right.
    fn wrong(&self, url: urls::Url<'_>, sentence: &str) -> Option<(String, String)> {
        let host = url.host.to_ascii_lowercase();
        if is_loopback(&host) {
            return self.wrong_here(url.port, sentence);
        }
        let Some(host) = self.hosts.get(&host) else {
            return self.wrong_address(url, sentence);
        };
        let host = &self.platform[*host];
        match self.holders.get(&(host.id, url.port)) {
            Some(service) if is_address(host, url.host) && service.bind == Bind::Loopback => {
                Some((
                    format!("`{}` listens on loopback only", service.name),
                    format!(
                        "on `{}` itself it is `{}:{}`",
                        host.name,
                        service.local_address(),
                        url.port
                    ),
                ))
            }
            Some(_) => None,
            None => Some((
                format!("nothing on `{}` has port {}", host.name, url.port),
                self.right(url.port, sentence),
            )),
        }
    }

    /// For a URL of whatever host the reader is on: wrong only when it is plainly about this platform.
    fn wrong_here(&self, port: u16, sentence: &str) -> Option<(String, String)> {
        if self.by_port.contains_key(&port) {
            return None;
        }
        let mut ranges = self.platform.services.iter().flat_map(|it| &it.ranges);
        let is_ours = ranges.any(|it| (it.first..=it.last).contains(&port))
            || self
                .platform
                .migrations
                .iter()
                .any(|it| it.from == Some(port))
            || self
                .mentions
                .only(sentence)
                .is_some_and(|it| it.port().is_some());
        is_ours.then(|| {
            (
                format!("nothing has port {port}"),
                self.right(port, sentence),
            )
        })
    }

    /// For an address that no host has, in the network of one that has the service the sentence is about.
    fn wrong_address(&self, url: urls::Url<'_>, sentence: &str) -> Option<(String, String)> {
        let service = self.mentions.only(sentence)?;
        let host = &self.platform[service.host];
        let near = |address: &str| {
            let network = |it: &str| it.rsplit_once('.').map(|it| it.0.to_owned());
            network(address).is_some_and(|it| network(url.host).as_ref() == Some(&it))
        };
        let is_address = url.host.parse::<std::net::Ipv4Addr>().is_ok();
        let (_, right, _) = host.addresses.iter().find(|(_, it, _)| near(it))?;
        (is_address && service.ports.iter().any(|it| it.number == url.port)).then(|| {
            (
                format!("no host has the address {}", url.host),
                format!("`{}` is on `{}`, which is {right}", service.name, host.name),
            )
        })
    }

    fn right(&self, port: u16, sentence: &str) -> String {
        let moved = self
            .platform
            .migrations
            .iter()
            .rev()
            .find(|it| it.from == Some(port));
        if let Some(moved) = moved {
            return format!("`{}` moved from {port} to {}", moved.owner.name(), moved.to);
        }
        if let Some(service) = self.by_port.get(&port) {
            let host = &self.platform[service.host];
            return format!("`{}` has it, on `{}`", service.name, host.name);
        }
        match self
            .mentions
            .only(sentence)
            .and_then(|it| Some((it, it.port()?)))
        {
            Some((service, port)) => format!("`{}` has port {port}", service.name),
            None => "name a port that `homelab port list` shows".to_owned(),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1" | "0.0.0.0")
}

fn is_address(host: &Host, name: &str) -> bool {
    host.addresses.iter().any(|(_, it, _)| it == name)
}
