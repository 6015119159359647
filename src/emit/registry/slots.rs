//! `<kind>/registry.json`: which model has which port, for each kind of service with one model per port.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::emit::json::to_json;
use crate::emit::{Artifact, Artifacts};
use crate::platform::{Model, ModelState, Parameter, Platform};

/// The whole file.
#[derive(Serialize)]
struct Registry<'a> {
    version: u32,
    kind: &'a str,
    models: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    model_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    service: &'a str,
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    boot: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_parser: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_parser: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    request_params: Map<String, Value>,
}

/// Adds a file for each such kind that has models; retired models hold no port and are not in it.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let mut kinds: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for model in &platform.models {
        let kind = platform[model.service].kind;
        if kind.one_model_per_port && model.state != ModelState::Retired {
            kinds
                .entry(kind.name)
                .or_default()
                .push(row(platform, model));
        }
    }
    for (kind, mut models) in kinds {
        models.sort_by_key(|it| (it.host, it.service, it.port, it.model_id));
        let registry = Registry {
            version: 1,
            kind,
            models,
        };
        let path = format!("registry/{kind}/registry.json");
        artifacts.add(Artifact::new(path, to_json(&registry)));
    }
}

fn row<'a>(platform: &'a Platform, model: &'a Model) -> Row<'a> {
    let service = &platform[model.service];
    let params = model.request_params.iter();
    Row {
        model_id: &model.name,
        repo_id: model.repo.as_deref(),
        source_path: model.source_path.as_deref(),
        cache_path: model.cache_path.as_deref(),
        format: model.format.as_deref(),
        service: &service.name,
        host: &platform[service.host].name,
        port: model.port,
        boot: model.boot,
        context_length: model.context_length,
        max_output_tokens: model.max_output_tokens,
        chat_template: model.chat_template.as_deref(),
        tool_call_parser: model.tool_call_parser.as_deref(),
        reasoning_parser: model.reasoning_parser.as_deref(),
        request_params: params.map(|(key, it)| (key.clone(), json(it))).collect(),
    }
}

fn json(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Boolean(it) => Value::Bool(*it),
        Parameter::Integer(it) => Value::Number((*it).into()),
        // JSON has no word for an infinite number: as text it at least says what was meant.
        Parameter::Float(it) => {
            Number::from_f64(*it).map_or_else(|| Value::String(it.to_string()), Value::Number)
        }
        Parameter::Text(it) => Value::String(it.clone()),
        Parameter::List(items) => Value::Array(items.iter().map(json).collect()),
        Parameter::Table(table) => {
            let entries = table.iter().map(|(key, it)| (key.clone(), json(it)));
            Value::Object(entries.collect())
        }
    }
}
