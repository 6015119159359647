//! `models.jsonl`: every model, whatever its state.

use serde::Serialize;

use crate::emit::endpoint::model_id;
use crate::emit::json::to_json_line;
use crate::emit::{Artifact, Artifacts};
use crate::platform::{Capability, HostState, Mode, Model, ModelState, Platform, Room};

/// A line.
#[derive(Serialize)]
struct Row<'a> {
    model: &'a str,
    title: &'a str,
    state: &'static str,
    live: bool,
    service: &'a str,
    host: &'a str,
    endpoint_ref: String,
    served_as: &'a str,
    mode: Mode,
    capabilities: Vec<&'static str>,
    handles: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantisation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    boot: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
}

/// Adds the file, a line for each model by name.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) {
    let mut handles = vec![Vec::new(); platform.models.len()];
    // The handles of each model, found in one pass: asking each model for its own would take models times handles.
    let places: std::collections::BTreeMap<_, _> = platform
        .models
        .iter()
        .enumerate()
        .map(|(at, model)| (model.id, at))
        .collect();
    for handle in &platform.handles {
        for target in &handle.targets {
            handles[places[&target.model]].push(handle.name.as_str());
        }
    }
    let models = platform.models.iter().zip(handles);
    // Of a template host nothing reaches those who read the registry.
    let models = models.filter(|(it, _)| {
        let host = platform[it.service].host;
        platform[host].state != HostState::Template
    });
    let text: String = models
        .map(|(model, handles)| to_json_line(&row(platform, model, handles)))
        .collect();
    artifacts.add(Artifact::new("registry/models.jsonl", text));
}

fn row<'a>(platform: &'a Platform, model: &'a Model, handles: Vec<&'a str>) -> Row<'a> {
    let service = &platform[model.service];
    let (volume, room) = model.volume.as_ref().map(|(it, room)| (it, *room)).unzip();
    Row {
        model: &model.name,
        title: &model.title,
        state: match model.state {
            ModelState::Live => "live",
            ModelState::Planned => "planned",
            ModelState::Retired => "retired",
        },
        live: platform.model_is_live(model),
        service: &service.name,
        host: &platform[service.host].name,
        endpoint_ref: model_id(platform, model),
        served_as: &model.served_as,
        mode: model.mode,
        capabilities: model
            .capabilities
            .iter()
            .map(|it| capability(*it))
            .collect(),
        handles,
        repo_id: model.repo.as_deref(),
        source_path: model.source_path.as_deref(),
        cache_path: model.cache_path.as_deref(),
        volume: volume.map(String::as_str),
        room: room.map(|it| match it {
            Room::Showroom => "showroom",
            Room::Backroom => "backroom",
        }),
        format: model.format.as_deref(),
        parameters: model.parameters.as_deref(),
        quantisation: model.quantisation.as_deref(),
        context_length: model.context_length,
        max_output_tokens: model.max_output_tokens,
        memory_bytes: model.memory,
        boot: model.boot,
        notes: model.notes.as_deref(),
    }
}

fn capability(capability: Capability) -> &'static str {
    match capability {
        Capability::Tools => "tools",
        Capability::Vision => "vision",
        Capability::Reasoning => "reasoning",
        Capability::StructuredOutput => "structured-output",
    }
}
