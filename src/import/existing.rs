//! A platform.toml that is there already: what it has, so that nothing is added twice.

use std::collections::BTreeSet;

use super::draft::{Draft, Fields, Host, Service};
use super::write::Present;
use crate::backend;
use crate::syntax::{Document, Node, Value};

/// Puts what a document has into a draft, and says which names it has.
pub(super) fn read(document: &Document, draft: &mut Draft) -> Present {
    let root = document.root();
    let mut present = Present::new();
    for entry in root.entries() {
        let names = entry.node.as_table().map_or_else(BTreeSet::new, |table| {
            table
                .entries()
                .iter()
                .map(|it| it.key.to_string())
                .collect()
        });
        present.insert(entry.key.to_string(), names);
    }
    let gateway = root
        .get("policy")
        .and_then(|it| text(&it.node, "gateway"))
        .unwrap_or_default();
    for (name, host) in tables(document, "hosts") {
        let mut known = Host::default();
        if let Some(addresses) = host.as_table().and_then(|it| it.get("addresses")) {
            for entry in addresses.node.as_table().map_or(&[][..], |it| it.entries()) {
                if let Some(address) = entry.node.as_str() {
                    draft.knows_address(address, name);
                }
            }
        }
        let dns = host.as_table().and_then(|it| it.get("dns"));
        let dns = dns.and_then(|it| it.node.as_array()).unwrap_or_default();
        known.dns = dns
            .iter()
            .filter_map(Node::as_str)
            .map(str::to_owned)
            .collect();
        draft.is_given_by_file(name);
        draft.hosts.insert(name.to_owned(), known);
    }
    for (name, service) in tables(document, "services") {
        let kind = text(service, "kind").and_then(backend::find);
        let kind = kind.map_or("generic", |it| it.name);
        let host = text(service, "host").unwrap_or_default().to_owned();
        if name == gateway {
            draft.here.clone_from(&host);
        }
        let port = service.as_table().and_then(|it| it.get("port"));
        let port = match port.map(|it| &it.node.value) {
            Some(Value::Integer(number)) => u16::try_from(*number).ok(),
            _ => backend::find(kind).and_then(|it| it.port),
        };
        let known = Service {
            kind,
            host,
            port,
            fields: Fields::new(),
            env: std::collections::BTreeMap::new(),
        };
        draft.knows_service(name, known);
    }
    for (name, _) in tables(document, "models") {
        draft.take_name("model", name);
    }
    for (name, _) in tables(document, "handles") {
        draft.take_name("handle", name);
    }
    present
}

fn tables<'a>(document: &'a Document, section: &str) -> Vec<(&'a str, &'a Node)> {
    let table = document
        .root()
        .get(section)
        .and_then(|it| it.node.as_table());
    let entries = table.map_or(&[][..], |it| it.entries());
    entries
        .iter()
        .map(|it| (it.key.as_str(), &it.node))
        .collect()
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.as_table()?.get(key)?.node.as_str()
}
