//! What there is, as data for programs: handles, models, services, the registry of each kind with one model per port, and warm-up profiles.
//!
//! A field that is not known is left out. `endpoint_ref` in one file is an `id` among the `endpoints` of `services.jsonl`, or `ep_mcp_<key>` for an MCP server that its client starts; it says where an answer comes from, not whom to ask: clients ask the gateway.
//!
//! `handles.jsonl`, a line for each public handle that lives, then for each callable:
//!
//! | field | what |
//! | --- | --- |
//! | `handle` | the name clients use |
//! | `kind` | `model` or `callable` |
//! | `invoke` | `openai-chat`, `openai-embeddings`, `mcp-tool`, `http-get`, `http-post` |
//! | `managed_by` | `systemd`, `launchd`, `docker`, `manual` (by hand, or by the client), `external` (a package of its own, or nobody here) |
//! | `endpoint_ref` | where its first live model answers |
//! | `selector` | `{model}`, with `path` for `http-post`; `{path}` for a search tool; `{server, tool}` for an MCP tool |
//! | `also` | the further models of a group: `{endpoint_ref, selector}` |
//! | `deprecated` | `{in_favour_of, since, reason}` |
//!
//! `models.jsonl`, a line for each model whatever its state: `model`, `title`, `state` (live, planned, retired), `live` (it can be asked now), `service`, `host`, `endpoint_ref`, `served_as` (the name its server knows it by), `mode`, `capabilities`, `handles`, `repo_id`, `source_path`, `cache_path`, `volume` and `room`, `format`, `parameters`, `quantisation`, `context_length`, `max_output_tokens`, `memory_bytes`, `boot`, `notes`.
//!
//! `services.jsonl`, a line for each service whatever its state: `service`, `title`, `kind`, `layer`, `host`, `state`, `live`, `managed_by`, `unit` or `label`, `bind`, `base_path`, `endpoints` (`id`, `port`, `name` or `model`, `purpose`, `url`, `reach`), `ranges` (`name`, `first`, `last`, `purpose`), `health` (`path`, `method`, `status`, `needs_key`, `loads_model`), `calls`, `folder`, `notes`. A `url` with `reach` `network` holds on the preferred network; with `reach` `host` only on the service's own host.
//!
//! `<kind>/registry.json`, for each kind of service with one model per port: `{version, kind, models}`, each model with `model_id`, `repo_id`, `source_path`, `cache_path`, `format`, `service`, `host`, `port`, `boot`, `context_length` (LiteLLM's `max_input_tokens`), `max_output_tokens`, `chat_template`, `tool_call_parser`, `reasoning_parser`, `request_params`.
//!
//! `profiles.json`: `{version, profiles}`, each with `name`, `services` and `handles`. `ovctl.sh` applies them: it knows them itself, and asks each handle for one token through the gateway.

mod handles;
mod models;
mod ovctl;
mod services;
mod slots;

use super::{Artifacts, Emit, EmitError, Emitter};
use crate::platform::{ManagedBy, Platform};

pub(super) static EMITTER: Emitter = Emitter {
    name: "registry",
    summary: "handles, models and services as data, and warm-up profiles with the script that applies them",
    emit: Emit::Platform(emit),
};

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    handles::emit(platform, artifacts);
    models::emit(platform, artifacts);
    services::emit(platform, artifacts);
    slots::emit(platform, artifacts);
    ovctl::emit(platform, artifacts)
}

/// The registries' word for who starts a service.
fn manager(managed_by: ManagedBy) -> &'static str {
    match managed_by {
        ManagedBy::Systemd => "systemd",
        ManagedBy::Launchd => "launchd",
        ManagedBy::Docker => "docker",
        ManagedBy::Podman => "podman",
        ManagedBy::Manual => "manual",
        ManagedBy::Package | ManagedBy::External => "external",
    }
}
