//! A draft as the text of a platform.toml: new, or added behind one that is there.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Fields};
use super::toml::{Toml, key};

/// Names that a platform.toml has already, by section.
pub(super) type Present = BTreeMap<String, BTreeSet<String>>;

/// The text of a whole platform.
pub(super) fn platform(draft: &Draft) -> String {
    let mut out = String::from("version = 1\nname = \"home\"\n");
    let networks: BTreeSet<&str> = draft
        .hosts
        .values()
        .flat_map(|it| it.addresses.keys().copied())
        .collect();
    let gateway = draft
        .services
        .iter()
        .find(|(_, it)| it.kind == "litellm")
        .map_or("litellm", |(name, _)| name.as_str());
    let mut policy = Fields::from([("gateway", Toml::text(gateway))]);
    if networks.len() > 1 {
        policy.insert("prefer", Toml::texts(networks.iter().copied()));
    }
    table(&mut out, &["policy"], &policy);
    for network in &networks {
        table(
            &mut out,
            &["networks", network],
            &Fields::from([("kind", Toml::text(*network))]),
        );
    }
    parts(&mut out, draft, &Present::new());
    out
}

/// What a draft adds to a platform that has some of it.
pub(super) fn addition(draft: &Draft, present: &Present) -> String {
    let mut out = String::new();
    let has = |section: &str, name: &str| present.get(section).is_some_and(|it| it.contains(name));
    let new_hosts = draft.hosts.iter().filter(|(name, _)| !has("hosts", name));
    let networks: BTreeSet<&str> = new_hosts
        .flat_map(|(_, it)| it.addresses.keys().copied())
        .collect();
    for network in networks.into_iter().filter(|it| !has("networks", it)) {
        table(
            &mut out,
            &["networks", network],
            &Fields::from([("kind", Toml::text(network))]),
        );
    }
    parts(&mut out, draft, present);
    out
}

/// The text of one model, under a header of its own.
pub(super) fn model(name: &str, fields: &Fields) -> String {
    let mut out = String::new();
    table(&mut out, &["models", name], fields);
    out
}

/// The header of one handle, which alone says that it leads to the model of its name, and the model where it has another.
pub(super) fn handle(name: &str, model: &str) -> String {
    let mut out = String::new();
    let mut fields = Fields::new();
    if model != name {
        fields.insert("model", Toml::text(model));
    }
    table(&mut out, &["handles", name], &fields);
    out
}

fn parts(out: &mut String, draft: &Draft, present: &Present) {
    let has = |section: &str, name: &str| present.get(section).is_some_and(|it| it.contains(name));
    for (name, host) in draft.hosts.iter().filter(|(it, _)| !has("hosts", it)) {
        let mut fields = Fields::from([("os", Toml::text(host.os.unwrap_or("linux")))]);
        if !host.addresses.is_empty() {
            let addresses = host.addresses.iter();
            let addresses = addresses.map(|(network, it)| ((*network).to_owned(), Toml::text(it)));
            fields.insert("addresses", Toml::Table(addresses.collect()));
        }
        if !host.dns.is_empty() {
            fields.insert("dns", Toml::texts(host.dns.iter().cloned()));
        }
        if let Some(user) = &host.user {
            fields.insert("user", Toml::text(user));
        }
        table(out, &["hosts", name], &fields);
    }
    for (name, variable) in draft.secrets.iter().filter(|(it, _)| !has("secrets", it)) {
        let title = format!("Imported: {variable}");
        table(
            out,
            &["secrets", name],
            &Fields::from([("title", Toml::text(title))]),
        );
    }
    for (name, service) in draft.services.iter().filter(|(it, _)| !has("services", it)) {
        let mut fields = service.fields.clone();
        fields.insert("kind", Toml::text(service.kind));
        fields.insert("host", Toml::text(&service.host));
        if let Some(port) = service.port {
            fields.insert("port", Toml::Integer(i64::from(port)));
        }
        table(out, &["services", name], &fields);
        named(out, &["services", name, "env"], &service.env);
    }
    for (name, fields) in draft.models.iter().filter(|(it, _)| !has("models", it)) {
        table(out, &["models", name], fields);
    }
    for (name, handle) in draft.handles.iter().filter(|(it, _)| !has("handles", it)) {
        let mut fields = handle.fields.clone();
        let plain = handle
            .targets
            .iter()
            .all(|(_, order, weight)| order.is_none() && weight.is_none());
        match handle.targets.as_slice() {
            [(model, _, _)] if model == name => {}
            [(model, _, _)] => _ = fields.insert("model", Toml::text(model)),
            several if plain => {
                _ = fields.insert("models", Toml::texts(several.iter().map(|it| it.0.clone())));
            }
            several => {
                let targets = several.iter().map(|(model, order, weight)| {
                    let mut target = BTreeMap::from([("model".to_owned(), Toml::text(model))]);
                    target.extend(order.map(|it| ("order".to_owned(), Toml::Integer(it))));
                    target.extend(weight.map(|it| ("weight".to_owned(), Toml::Integer(it))));
                    Toml::Table(target)
                });
                _ = fields.insert("models", Toml::List(targets.collect()));
            }
        }
        if !handle.fallbacks.is_empty() {
            fields.insert("fallbacks", Toml::texts(handle.fallbacks.iter().cloned()));
        }
        if !handle.parameters.is_empty() {
            fields.insert("parameters", Toml::Table(handle.parameters.clone()));
        }
        table(out, &["handles", name], &fields);
    }
    if !draft.gateway.is_empty() && !present.contains_key("gateway") {
        table(out, &["gateway"], &draft.gateway);
    }
    for (name, service) in &draft.search_tools {
        if !present.contains_key("gateway") {
            table(
                out,
                &["gateway", "search_tools", name],
                &Fields::from([("service", Toml::text(service))]),
            );
        }
    }
    for (section, settings) in &draft.passed {
        if !present.contains_key("gateway") {
            named(out, &["gateway", "litellm", section], settings);
        }
    }
    for (name, (fields, env)) in draft.mcp.iter().filter(|(it, _)| !has("mcp", it)) {
        table(out, &["mcp", name], fields);
        named(out, &["mcp", name, "env"], env);
    }
}

/// The order in which people write the fields of a table; the others follow by name.
const ORDER: &[&str] = &[
    "title",
    "purpose",
    "kind",
    "gateway",
    "os",
    "service",
    "model",
    "models",
    "host",
    "port",
    "bind",
    "transport",
];

fn table(out: &mut String, path: &[&str], fields: &Fields) {
    header(out, path);
    let place = |name: &str| {
        ORDER
            .iter()
            .position(|it| *it == name)
            .unwrap_or(ORDER.len())
    };
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| place(name));
    for (name, value) in fields {
        line(out, name, value);
    }
}

fn named(out: &mut String, path: &[&str], values: &BTreeMap<String, Toml>) {
    if values.is_empty() {
        return;
    }
    header(out, path);
    for (name, value) in values {
        line(out, name, value);
    }
}

fn header(out: &mut String, path: &[&str]) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push('[');
    for (at, part) in path.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        key(part, out);
    }
    out.push_str("]\n");
}

fn line(out: &mut String, name: &str, value: &Toml) {
    // A dotted name is a field of a table inside, such as `run.command`.
    for (at, part) in name.split('.').enumerate() {
        if at > 0 {
            out.push('.');
        }
        if part
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'-')
        {
            out.push_str(part);
        } else {
            key(part, out);
        }
    }
    out.push_str(" = ");
    value.write(out);
    out.push('\n');
}
