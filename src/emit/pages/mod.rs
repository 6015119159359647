//! The pages about a platform, as Markdown: what `docs` writes as it is and `site` renders.
//!
//! A page is made from the platform, its promises and the rules in force, and from nothing else, so it cannot be stale. Paths and anchors come from names alone: they move when a name does, and never because something else was added.

mod consequences;
mod decisions;
mod dossier;
mod hosts;
mod integrations;
mod markdown;
mod mcp;
mod names;
mod overview;
mod planned;
mod ports;
mod scaffold;
mod services;
mod words;

use std::fmt::Write as _;

pub use scaffold::scaffold;

use crate::diagnostic::Rule;
use crate::emit::picture::blast;
use crate::ledger::Lock;
use crate::platform::{Handle, Host, McpServer, Platform, Service};
use crate::side_by_side::{MANY_SERVICES, side_by_side};

use markdown::Words;
use services::Asking;

/// All that pages are made from.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    /// The platform.
    pub platform: &'a Platform,
    /// What was promised, this build included.
    pub lock: &'a Lock,
    /// Every rule that a reader can meet, in the order of the steps.
    pub rules: &'a [&'static Rule],
}

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it lies below the folder of pages: `services/open-webui.md`.
    pub path: String,
    /// Its title: a reader's words.
    pub title: String,
    /// Its text: Markdown.
    pub text: String,
}

impl Page {
    fn new(path: impl Into<String>, title: impl Into<String>, text: String) -> Self {
        Self {
            path: path.into(),
            title: title.into(),
            text,
        }
    }
}

/// What `made` makes of every page, in reading order: those about the whole first, then each host, each handle and each service.
pub fn pages<T: Send>(book: &Book, made: impl Fn(Page) -> T + Sync) -> Vec<T> {
    let blast = blast::of(book.platform);
    let asking = Asking::of(book.platform);
    let platform = book.platform;
    let hosts = platform.hosts.iter().map(About::Host);
    let handles = platform.handles.iter().map(About::Handle);
    let services = platform.services.iter().map(About::Service);
    let whole = WHOLE.iter().map(About::Whole);
    let about: Vec<About> = whole.chain(hosts).chain(handles).chain(services).collect();
    let many = platform.services.len() >= MANY_SERVICES;
    side_by_side(&about, many, |about| {
        made(match about {
            About::Whole(page) => page(book),
            About::Host(it) => hosts::host(book, &blast, it),
            About::Handle(it) => names::handle(book, asking.as_ref(), it),
            About::Service(it) => services::service(book, &blast, it),
        })
    })
}

/// What a page is about.
enum About<'a> {
    Whole(&'static fn(&Book) -> Page),
    Host(&'a Host),
    Handle(&'a Handle),
    Service(&'a Service),
}

/// The pages about the whole platform.
static WHOLE: [fn(&Book) -> Page; 10] = [
    overview::index,
    overview::topology,
    dossier::dossier,
    integrations::integrations,
    names::handles,
    names::models,
    mcp::mcp,
    decisions::decisions,
    ports::ports,
    planned::planned,
];

/// The folders of the pages about one thing each.
const HOSTS: &str = "hosts/";
const SERVICES: &str = "services/";
const HANDLES: &str = "handles/";

/// Where a host's page lies.
pub fn host_path(host: &Host) -> String {
    [HOSTS, &host.name, ".md"].concat()
}

/// Where a service's page lies.
pub fn service_path(service: &Service) -> String {
    [SERVICES, &service.name, ".md"].concat()
}

/// Where a handle's page lies. What a file name should not hold is written as `_` and its number.
pub fn handle_path(handle: &Handle) -> String {
    if has_plain_name(handle) {
        return [HANDLES, &handle.name, ".md"].concat();
    }
    let mut name = String::new();
    for byte in handle.name.bytes() {
        if is_plain(byte) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "_{byte:02x}");
        }
    }
    format!("{HANDLES}{name}.md")
}

/// True when the name of a handle can be the name of a file as it is.
fn has_plain_name(handle: &Handle) -> bool {
    handle.name.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-".contains(&byte)
}

/// A link to a handle's page.
fn to_handle<'a>(up: &'a str, handle: &'a Handle) -> Words<'a> {
    let (folder, name) = (HANDLES, handle.name.as_str());
    // A number and a point at the beginning would make a list.
    if has_plain_name(handle) && name.starts_with(|it: char| it.is_ascii_alphabetic()) {
        return Words::Link { up, folder, name };
    }
    markdown::link(name, &[up, &handle_path(handle)].concat())
}

/// A link to what is said about an MCP server.
fn to_mcp(up: &str, server: &McpServer) -> Words<'static> {
    let name = markdown::code(&server.name);
    format!("[{name}]({up}mcp.md#{})", server.name).into()
}

/// A link to a host's page from a page that lies `up` folders down: `""` or `"../"`.
fn to_host<'a>(up: &'a str, host: &'a Host) -> Words<'a> {
    Words::Link {
        up,
        folder: HOSTS,
        name: &host.name,
    }
}

/// A link to a service's page.
fn to_service<'a>(up: &'a str, service: &'a Service) -> Words<'a> {
    Words::Link {
        up,
        folder: SERVICES,
        name: &service.name,
    }
}
