//! Lists of models: registries, what servers answer, llama-swap and OptiLLM.

use std::collections::BTreeMap;

use super::draft::{Draft, Fields, Service, plain_name};
use super::litellm::In;
use super::toml::Toml;
use super::tree::{Node, Url};
use crate::manifest::word;

/// Puts the registry of MLX models into a draft: a service with a port for each model.
pub(super) fn mlx_registry(file: In<'_>, draft: &mut Draft) {
    let models = file.node.at("models").map_or(&[][..], Node::items);
    let port_of = |it: &Node| {
        it.at("port")
            .and_then(Node::as_integer)
            .and_then(|it| u16::try_from(it).ok())
            .filter(|it| *it > 0)
    };
    let ports: Vec<u16> = models.iter().filter_map(port_of).collect();
    let (Some(first), Some(last)) = (ports.iter().min(), ports.iter().max()) else {
        return draft.leave(
            file.file,
            file.node.span,
            "the registry",
            "no model in it has a port",
        );
    };
    let host = models
        .iter()
        .find_map(|it| it.text_at("host"))
        .filter(|it| draft.hosts.contains_key(*it));
    let host = host.map_or_else(|| draft.here.clone(), str::to_owned);
    let known = draft
        .services
        .iter()
        .find(|(_, it)| it.kind == "mlx")
        .map(|(name, _)| name.clone());
    let name = known.unwrap_or_else(|| {
        let name = draft.free_name(&["mlx".to_owned()]);
        let range = Toml::one("range", format!("{first}-{last}"));
        let ports = Toml::Table(BTreeMap::from([("models".to_owned(), range)]));
        let mut fields = Fields::from([("ports", ports), ("managed_by", Toml::text("external"))]);
        fields.insert("bind", Toml::text("all"));
        let service = Service {
            kind: "mlx",
            host: host.clone(),
            port: None,
            fields,
            env: BTreeMap::new(),
        };
        draft.knows_service(&name, service);
        name
    });
    for model in models {
        let id = model.text_at("model_id").unwrap_or_default();
        let what = format!("model `{id}`");
        let Some(port) = port_of(model) else {
            draft.leave(file.file, model.span, what, "it has no port");
            continue;
        };
        if draft.port_is_taken(&host, port)
            || word::HANDLE.check(id).is_err()
            || !draft.take_name("model", id)
        {
            draft.leave(
                file.file,
                model.span,
                what,
                "its name or its port is taken already",
            );
            continue;
        }
        let mut fields = registry_facts(model);
        fields.insert("service", Toml::text(&name));
        fields.insert("port", Toml::Integer(i64::from(port)));
        let carried = [
            "model_id",
            "repo_id",
            "format",
            "service",
            "host",
            "port",
            "boot",
            "source_path",
            "cache_path",
            "context_length",
            "max_input_tokens",
            "max_output_tokens",
            "tool_call_parser",
            "reasoning_parser",
        ];
        for entry in model
            .entries()
            .iter()
            .filter(|it| !carried.contains(&it.key.as_str()) && !it.node.is_null())
        {
            draft.leave(
                file.file,
                entry.key_span,
                format!("`{}` of {what}", entry.key),
                "say it in platform.toml by hand",
            );
        }
        draft.models.insert(id.to_owned(), fields);
        draft.knows_slot(&host, port, &name, id);
    }
}

/// What a row of the registry says about its model, as fields of platform.toml.
pub(super) fn registry_facts(model: &Node) -> Fields {
    let mut fields = Fields::new();
    let texts = [
        ("repo", "repo_id"),
        ("format", "format"),
        ("tool_call_parser", "tool_call_parser"),
        ("reasoning_parser", "reasoning_parser"),
    ];
    for (field, key) in texts {
        fields.extend(model.text_at(key).map(|it| (field, Toml::text(it))));
    }
    for field in ["source_path", "cache_path"] {
        let path = model
            .text_at(field)
            .filter(|it| it.starts_with('/') && word::PATH.check(it).is_ok());
        fields.extend(path.map(|it| (field, Toml::text(it))));
    }
    for (field, key) in [
        ("context_length", "context_length"),
        ("context_length", "max_input_tokens"),
        ("max_output_tokens", "max_output_tokens"),
    ] {
        let number = model
            .at(key)
            .and_then(Node::as_integer)
            .filter(|it| *it > 0);
        fields.extend(number.map(|it| (field, Toml::Integer(it))));
    }
    let boot = model.at("boot").and_then(Node::as_boolean);
    fields.extend(boot.map(|it| ("boot", Toml::Boolean(it))));
    fields
}

/// Puts the models that Ollama has into a draft.
pub(super) fn ollama_tags(file: In<'_>, draft: &mut Draft) {
    let servers: Vec<String> = draft
        .services
        .iter()
        .filter(|(_, it)| it.kind == "ollama")
        .map(|(name, _)| name.clone())
        .collect();
    let service = match servers.as_slice() {
        [one] => one.clone(),
        [] => {
            let here = draft.here.clone();
            draft.service_at(&here, 11434, "ollama", "ollama")
        }
        _ => {
            return draft.leave(
                file.file,
                file.node.span,
                "the list of models",
                "there are several Ollamas, and it does not say of which it is",
            );
        }
    };
    for model in file.node.at("models").map_or(&[][..], Node::items) {
        let name = model
            .text_at("name")
            .or(model.text_at("model"))
            .unwrap_or_default();
        // Ollama knows a model without a tag as its latest.
        let name = name.strip_suffix(":latest").unwrap_or(name);
        if draft.model(&service, name).is_none() {
            draft.leave(
                file.file,
                model.span,
                format!("model `{name}`"),
                "no model can have this name",
            );
        }
    }
}

/// Puts the models that a server answers with into a draft, when it is plain which server that is.
pub(super) fn models(file: In<'_>, draft: &mut Draft) {
    let servers: Vec<String> = draft
        .services
        .iter()
        .filter(|(_, it)| it.fields.contains_key("base_path"))
        .map(|(name, _)| name.clone())
        .collect();
    let [service] = servers.as_slice() else {
        return draft.leave(file.file, file.node.span, "the list of models", "it does not say which server answered it: import the configuration that names one server");
    };
    for model in file.node.at("data").map_or(&[][..], Node::items) {
        let id = model.text_at("id").unwrap_or_default();
        if draft.model(service, id).is_none() {
            draft.leave(
                file.file,
                model.span,
                format!("model `{id}`"),
                "no model can have this name",
            );
        }
    }
}

/// Puts llama-swap and its models into a draft.
pub(super) fn llama_swap(file: In<'_>, draft: &mut Draft) {
    let here = draft.here.clone();
    let service = draft.service_at(&here, 8080, "generic", "llama-swap");
    if let Some(it) = draft.services.get_mut(&service) {
        it.fields
            .entry("base_path")
            .or_insert_with(|| Toml::text("/v1"));
    }
    draft.notes.push(
        "the port of llama-swap: its configuration does not say it, and 8080 is its own default"
            .to_owned(),
    );
    for entry in file.node.at("models").map_or(&[][..], Node::entries) {
        if draft.model(&service, &entry.key).is_none() {
            draft.leave(
                file.file,
                entry.key_span,
                format!("model `{}`", entry.key),
                "no model can have this name",
            );
            continue;
        }
        let keys: Vec<&str> = entry
            .node
            .entries()
            .iter()
            .map(|it| it.key.as_str())
            .collect();
        draft.leave(
            file.file,
            entry.key_span,
            format!("{} of model `{}`", keys.join(", "), entry.key),
            "how llama-swap starts a model stays in its own configuration",
        );
    }
    for entry in file.node.entries().iter().filter(|it| it.key != "models") {
        draft.leave(
            file.file,
            entry.key_span,
            format!("`{}`", entry.key),
            "it stays in llama-swap's own configuration",
        );
    }
}

/// Puts OptiLLM into a draft.
pub(super) fn optillm(file: In<'_>, draft: &mut Draft) {
    let here = draft.here.clone();
    let known = draft.services.values().any(|it| it.kind == "optillm");
    if !known {
        draft.service_at(&here, 8000, "optillm", "optillm");
        draft.notes.push(
            "the port of OptiLLM: its configuration does not say it, and 8000 is its own default"
                .to_owned(),
        );
    }
    for provider in file.node.at("providers").map_or(&[][..], Node::items) {
        let name = provider.text_at("name").unwrap_or("a provider");
        let url = provider.text_at("base_url").and_then(Url::parse);
        let to_gateway = url.is_some_and(|it| it.is_here() && it.port == 4000);
        if !to_gateway {
            draft.leave(
                file.file,
                provider.span,
                format!("provider `{name}`"),
                "on a platform OptiLLM calls the gateway and nothing else",
            );
        }
    }
    for entry in file
        .node
        .entries()
        .iter()
        .filter(|it| it.key != "providers")
    {
        draft.leave(
            file.file,
            entry.key_span,
            format!("`{}`", entry.key),
            "the configuration that is made from platform.toml decides it",
        );
    }
}

/// Puts rows of a registry into a draft: services, models and handles, one a line.
pub(super) fn rows(file: In<'_>, draft: &mut Draft) {
    for row in file.node.items() {
        if let Some(handle) = row.text_at("handle") {
            let model = row
                .at("selector")
                .and_then(|it| it.text_at("model"))
                .unwrap_or(handle);
            let known = draft.models.contains_key(model) && word::HANDLE.check(handle).is_ok();
            if known && draft.take_name("handle", handle) {
                let entry = draft.handles.entry(handle.to_owned()).or_default();
                entry.targets.push((model.to_owned(), None, None));
            } else {
                draft.leave(
                    file.file,
                    row.span,
                    format!("handle `{handle}`"),
                    "its model is in no imported file, or it is there already",
                );
            }
        } else if let Some(model) = row.text_at("model") {
            let service = row.text_at("service").unwrap_or_default().to_owned();
            let served_as = row.text_at("served_as").unwrap_or(model);
            if !draft.services.contains_key(&service)
                || word::HANDLE.check(model).is_err()
                || !draft.take_name("model", model)
            {
                draft.leave(
                    file.file,
                    row.span,
                    format!("model `{model}`"),
                    "its service is in no imported file, or it is there already",
                );
                continue;
            }
            let mut fields = Fields::from([("service", Toml::text(service))]);
            if served_as != model {
                fields.insert("served_as", Toml::text(served_as));
            }
            fields.extend(row.text_at("repo_id").map(|it| ("repo", Toml::text(it))));
            draft.models.insert(model.to_owned(), fields);
        } else if let Some(service) = row.text_at("service") {
            let kind = row
                .text_at("kind")
                .and_then(crate::backend::find)
                .map_or("generic", |it| it.name);
            let endpoint = row.at("endpoints").and_then(|it| it.items().first());
            let url = endpoint
                .and_then(|it| it.text_at("url"))
                .and_then(Url::parse);
            let host = url.as_ref().and_then(|it| draft.host_of(it));
            let (Some(url), Some(host)) = (url, host) else {
                draft.leave(
                    file.file,
                    row.span,
                    format!("service `{service}`"),
                    "it has no address that is known",
                );
                continue;
            };
            if draft.port_is_taken(&host, url.port)
                || draft.services.contains_key(service)
                || kind == "mlx"
            {
                draft.leave(
                    file.file,
                    row.span,
                    format!("service `{service}`"),
                    "it is there already, or its registry says more",
                );
                continue;
            }
            let mut fields = Fields::from([("managed_by", Toml::text("external"))]);
            if row.text_at("bind") == Some("all") {
                fields.insert("bind", Toml::text("all"));
            }
            let made = Service {
                kind,
                host,
                port: Some(url.port),
                fields,
                env: BTreeMap::new(),
            };
            draft.knows_service(&plain_name(service), made);
        }
    }
}
