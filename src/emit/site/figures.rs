//! The pictures that stand on pages, with the links that lead from their boxes.

use std::collections::BTreeMap;

use super::html_path;
use super::render::Catalogue;
use crate::emit::escape::html_text;
use crate::emit::pages::{Book, Page, handle_path, host_path, service_path};
use crate::emit::picture::blast::{self, Blast, Down};
use crate::emit::picture::{self, Links};
use crate::ledger::State;
use crate::platform::{Handle, HandleId, Host, HostId, McpServer, Service, ServiceId};

/// All that is drawn, ready to be asked for a page.
pub(super) struct Figures<'a> {
    book: &'a Book<'a>,
    catalogue: &'a Catalogue,
    blast: Blast<'a>,
    things: BTreeMap<String, Thing>,
}

/// A picture of a page.
pub(super) struct Drawn {
    /// As HTML.
    html: String,
    /// The heading that it stands below; before the first one when it says what the page is about.
    below: Option<&'static str>,
}

/// Puts the pictures of a page where they belong in its text.
pub(super) fn placed(mut body: String, figures: &[Drawn]) -> String {
    for figure in figures {
        let heading = figure
            .below
            .and_then(|id| body.find(&format!("<h2 id=\"{id}\">")))
            .and_then(|start| Some(start + body[start..].find("</h2>\n")? + "</h2>\n".len()));
        let lead = || body.find("<h2").unwrap_or(body.len());
        body.insert_str(heading.unwrap_or_else(lead), &figure.html);
    }
    body
}

/// What a page is about.
#[derive(Clone, Copy)]
enum Thing {
    Host(HostId),
    Service(ServiceId),
    Handle(HandleId),
}

impl<'a> Figures<'a> {
    pub(super) fn of(book: &'a Book<'a>, catalogue: &'a Catalogue) -> Self {
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
            catalogue,
            blast: blast::of(platform),
            things: hosts.chain(services).chain(handles).collect(),
        }
    }

    /// The pictures of a page.
    pub(super) fn of_page(&self, page: &Page) -> Vec<Drawn> {
        let platform = self.book.platform;
        let up = "../".repeat(page.path.matches('/').count());
        let at = |path: String| Some(format!("{up}{}", html_path(&path)));
        let links = Links {
            host: &|it: &Host| at(host_path(it)),
            service: &|it: &Service| at(service_path(it)),
            handle: &|it: &Handle| at(handle_path(it)),
            mcp: &|it: &McpServer| {
                let file = self.catalogue.file("mcp.md", &it.name);
                Some(format!("{up}{file}#{}", it.name))
            },
        };
        let mut drawn = Vec::new();
        match self.things.get(&page.path) {
            None if ["README.md", "topology.md"].contains(&page.path.as_str()) => {
                let caption = "Hosts, their services, ports and MCP servers, and who calls whom. Point at a box to see its calls.";
                let picture = picture::topology(platform, &links);
                // The first page shows a glance, not a poster.
                let height = length(&picture, "height").unwrap_or(0);
                let below = (page.path == "README.md" && height > GLANCE).then_some("hosts");
                if below.is_none() || height <= POSTER {
                    drawn.push(figure(caption, &picture, below));
                }
            }
            None => {}
            Some(Thing::Host(id)) => {
                let host = &platform[*id].name;
                let ports = self.book.lock.ports_of(host);
                let former: Vec<(u16, &str)> = ports
                    .filter(|(_, claim)| claim.state == State::Tombstone)
                    .map(|(key, _)| (key.port, key.owner.name()))
                    .collect();
                let mut here = platform.services_on(*id);
                let given = |it: &Service| !it.ports.is_empty() || !it.slots.is_empty();
                if !former.is_empty() || here.any(given) {
                    let ports = picture::port_map(platform, *id, &links, &former);
                    let caption = "What listens where, and what is free";
                    drawn.push(figure(caption, &ports, Some("ports")));
                }
                let impact = self.blast.host(*id);
                if !impact.is_empty() {
                    let picture = blast::picture(platform, Down::Host(*id), &impact, &links);
                    let caption = "What stops working when this host is down";
                    drawn.push(figure(caption, &picture, Some(IF_DOWN)));
                }
            }
            Some(Thing::Service(id)) => {
                let impact = self.blast.service(*id);
                if !impact.is_empty() {
                    let picture = blast::picture(platform, Down::Service(*id), &impact, &links);
                    let caption = "What stops working when this service is down";
                    drawn.push(figure(caption, &picture, Some(IF_DOWN)));
                }
            }
            Some(Thing::Handle(id)) => {
                let picture = picture::request_path(platform, *id, &links);
                drawn.push(figure("The way of a request", &picture, None));
            }
        }
        drawn
    }
}

/// The anchor of the section about what is lost without a thing.
const IF_DOWN: &str = "if-it-is-down";

/// Up to this many pixels a picture is shrunk to the page: its words stay readable.
const SHRINKS: u32 = 1000;

/// Up to this many it is, but not below a least width.
const SHRINKS_WIDE: u32 = 1300;

/// A picture of the whole that is higher than this stands not before the list of pages.
const GLANCE: u32 = 800;

/// One that is higher than this stands on its own page alone.
const POSTER: u32 = 2000;

/// The width or height of a picture.
fn length(picture: &str, name: &str) -> Option<u32> {
    let value = picture.split(&format!(" {name}=\"")).nth(1)?;
    value.split('"').next()?.parse().ok()
}

fn figure(caption: &str, picture: &str, below: Option<&'static str>) -> Drawn {
    let caption = html_text(caption);
    let fits = match length(picture, "width") {
        Some(width) if width <= SHRINKS => " fits",
        Some(width) if width <= SHRINKS_WIDE => " fits wide",
        _ => "",
    };
    let html = format!(
        "<figure class=\"drawing{fits}\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">{picture}</div><figcaption>{caption}</figcaption></figure>\n"
    );
    Drawn { html, below }
}
