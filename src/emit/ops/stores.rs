//! Where models and answers are kept on each host, as rows of the tables.

use serde::Serialize;

use crate::backend::Store;
use crate::emit::endpoint::http_url;
use crate::emit::starter::{manager, unit};
use crate::platform::{Model, ModelState, Platform, Service};

/// A place where a service keeps models.
#[derive(Serialize)]
pub(super) struct StoreRow<'a> {
    service: &'a str,
    host: &'a str,
    /// `ollama` or `hub`.
    kind: &'static str,
    /// Its URL as its own host reaches it, or the folder of the hub.
    place: String,
    /// Who owns the folder.
    user: &'a str,
}

/// A model that is kept in one.
#[derive(Serialize)]
pub(super) struct ModelRow<'a> {
    service: &'a str,
    /// By what name the store knows it.
    source: &'a str,
    /// Where the owner put it, when it is not the store's to renew.
    path: &'a str,
}

/// Where the gateway keeps answers.
#[derive(Serialize)]
pub(super) struct AnswersRow<'a> {
    service: &'a str,
    host: &'a str,
    manager: &'static str,
    unit: &'a str,
    address: &'a str,
    port: u16,
    env_file: &'a str,
}

/// The stores of services that run.
pub(super) fn stores(platform: &Platform) -> Vec<StoreRow<'_>> {
    let services = platform.live_services();
    services
        .filter_map(|service| {
            let (kind, place) = place(platform, service)?;
            Some(StoreRow {
                service: &service.name,
                host: &platform[service.host].name,
                kind,
                place,
                user: &service.run.user,
            })
        })
        .collect()
}

/// The models that they keep; those of a folder that the owner fills are named with it.
pub(super) fn models(platform: &Platform) -> Vec<ModelRow<'_>> {
    let kept = |model: &&Model| {
        let service = &platform[model.service];
        model.state != ModelState::Retired
            && platform.is_live(service)
            && place(platform, service).is_some()
    };
    let models = platform.models.iter().filter(kept);
    models.map(|it| row(platform, it)).collect()
}

fn row<'a>(platform: &'a Platform, model: &'a Model) -> ModelRow<'a> {
    let service = &platform[model.service];
    let source = match service.kind.store {
        Some(Store::Ollama) => Some(model.served_as.as_str()),
        _ => model.repo.as_deref(),
    };
    ModelRow {
        service: &service.name,
        source: source.unwrap_or_default(),
        path: model.source_path.as_deref().unwrap_or_default(),
    }
}

/// The cache of the gateway, when the platform has one.
pub(super) fn answers(platform: &Platform) -> Option<AnswersRow<'_>> {
    let service = &platform[platform.gateway.cache.as_ref()?.service];
    let inside = service.container.is_some();
    Some(AnswersRow {
        service: &service.name,
        host: &platform[service.host].name,
        manager: manager(platform, service),
        unit: unit(platform, service),
        address: if inside {
            "127.0.0.1"
        } else {
            service.local_address()
        },
        port: service.listen_port()?,
        env_file: service.env_file.as_deref().unwrap_or_default(),
    })
}

fn place(platform: &Platform, service: &Service) -> Option<(&'static str, String)> {
    match service.kind.store? {
        Store::Ollama => Some(("ollama", http_url(service.local_address(), service.port()?))),
        // The folder of a container is its engine's.
        Store::HuggingFace if service.container.is_some() => None,
        Store::HuggingFace => {
            let home = platform
                .variable(service, "HF_HOME")
                .and_then(|it| it.value.as_text(|id| &platform[id].name));
            let own = || {
                format!(
                    "{}/.cache/huggingface",
                    platform[service.host].home_of(&service.run.user)
                )
            };
            Some((
                "hub",
                format!("{}/hub", home.map_or_else(own, str::to_owned)),
            ))
        }
    }
}
