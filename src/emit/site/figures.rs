//! The pictures that stand on pages, with the links that lead from their boxes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::html_path;
use crate::emit::escape::html_text;
use crate::emit::pages::{Book, Page, handle_path, host_path, service_path};
use crate::emit::picture::blast::{self, Blast, Down};
use crate::emit::picture::{self, Links};
use crate::ledger::State;
use crate::platform::{Handle, HandleId, Host, HostId, McpServer, Service, ServiceId};

/// All that is drawn, ready to be asked for a page.
pub(super) struct Figures<'a> {
    book: &'a Book<'a>,
    blast: Blast<'a>,
    things: BTreeMap<String, Thing>,
}

/// The pictures of a page.
pub(super) struct Drawn {
    /// As HTML; empty for none.
    pub(super) html: String,
    /// True when they say what the page is about and so stand at its beginning.
    pub(super) lead: bool,
}

/// What a page is about.
#[derive(Clone, Copy)]
enum Thing {
    Host(HostId),
    Service(ServiceId),
    Handle(HandleId),
}

impl<'a> Figures<'a> {
    pub(super) fn of(book: &'a Book<'a>) -> Self {
        let platform = book.platform;
        let hosts = platform
            .hosts
            .iter()
            .map(|it| (host_path(it), Thing::Host(it.id)));
        let services = platform
            .services
            .iter()
            .map(|it| (service_path(it), Thing::Service(it.id)));
        let handles = platform
            .handles
            .iter()
            .map(|it| (handle_path(it), Thing::Handle(it.id)));
        Self {
            book,
            blast: blast::of(platform),
            things: hosts.chain(services).chain(handles).collect(),
        }
    }

    /// The pictures of a page.
    pub(super) fn of_page(&self, page: &Page) -> Drawn {
        let platform = self.book.platform;
        let up = "../".repeat(page.path.matches('/').count());
        let at = |path: String| Some(format!("{up}{}", html_path(&path)));
        let links = Links {
            host: &|it: &Host| at(host_path(it)),
            service: &|it: &Service| at(service_path(it)),
            handle: &|it: &Handle| at(handle_path(it)),
            mcp: &|it: &McpServer| Some(format!("{up}mcp.html#{}", it.name)),
        };
        let mut html = String::new();
        let thing = self.things.get(&page.path);
        match thing {
            None if ["README.md", "topology.md"].contains(&page.path.as_str()) => {
                let caption = "Hosts, their services, ports and MCP servers, and who calls whom. Point at a box to see its calls.";
                figure(&mut html, caption, &picture::topology(platform, &links));
            }
            None => {}
            Some(Thing::Host(id)) => {
                let host = &platform[*id].name;
                let ports = self.book.lock.ports.iter();
                let former: Vec<(u16, &str)> = ports
                    .filter(|(key, claim)| key.host == *host && claim.state == State::Tombstone)
                    .map(|(key, _)| (key.port, key.owner.name()))
                    .collect();
                figure(
                    &mut html,
                    "Ports",
                    &picture::port_map(platform, *id, &links, &former),
                );
                let impact = self.blast.host(*id);
                if !impact.is_empty() {
                    let drawn = blast::picture(platform, Down::Host(*id), &impact, &links);
                    figure(
                        &mut html,
                        "What stops working when this host is down",
                        &drawn,
                    );
                }
            }
            Some(Thing::Service(id)) => {
                let impact = self.blast.service(*id);
                if !impact.is_empty() {
                    let drawn = blast::picture(platform, Down::Service(*id), &impact, &links);
                    figure(
                        &mut html,
                        "What stops working when this service is down",
                        &drawn,
                    );
                }
            }
            Some(Thing::Handle(id)) => {
                let drawn = picture::request_path(platform, *id, &links);
                figure(&mut html, "The way of a request", &drawn);
            }
        }
        let lead = !matches!(thing, Some(Thing::Host(_) | Thing::Service(_)));
        Drawn { html, lead }
    }
}

/// Up to this many pixels a picture is shrunk to the page: its words stay readable.
const SHRINKS: u32 = 1300;

fn figure(html: &mut String, caption: &str, picture: &str) {
    let caption = html_text(caption);
    let width = picture
        .split("width=\"")
        .nth(1)
        .and_then(|it| it.split('"').next()?.parse::<u32>().ok());
    let fits = if width.is_some_and(|it| it <= SHRINKS) {
        " fits"
    } else {
        ""
    };
    let _ = write!(
        html,
        "<figure class=\"drawing{fits}\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">{picture}</div><figcaption>{caption}</figcaption></figure>"
    );
}
