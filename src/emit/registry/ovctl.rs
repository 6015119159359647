//! `profiles.json` and `ovctl.sh`: what to warm up, and the script that does it through the gateway.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use crate::emit::endpoint::{http_url, network_address};
use crate::emit::json::to_json;
use crate::emit::{Artifact, Artifacts, EmitError, Template};
use crate::platform::{HandleId, Mode, Platform};

static SCRIPT: Template = Template::shell(include_str!("ovctl.sh.j2"));

/// `profiles.json`.
#[derive(Serialize)]
struct Profiles<'a> {
    version: u32,
    profiles: Vec<Profile<'a>>,
}

#[derive(Serialize)]
struct Profile<'a> {
    name: &'a str,
    services: BTreeSet<&'a str>,
    handles: Vec<&'a str>,
}

/// What the script's template sees.
#[derive(Serialize)]
struct Script<'a> {
    platform: &'a str,
    gateway: String,
    key_variable: &'a str,
    needs_key: &'static str,
    seconds: u64,
    profiles: Vec<Warming<'a>>,
}

#[derive(Serialize)]
struct Warming<'a> {
    name: &'a str,
    services: String,
    count: usize,
    requests: Vec<Request<'a>>,
}

/// The one request that warms a handle; no path when there is no small request for what it does.
#[derive(Serialize)]
struct Request<'a> {
    handle: &'a str,
    path: String,
    body: String,
}

/// Handles by profile: services may share the name of a profile, and it warms the handles of all of them.
type ByName<'a> = BTreeMap<&'a str, (BTreeSet<&'a str>, Vec<HandleId>)>;

/// Adds both files when a service has profiles.
pub(super) fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let mut by_name = ByName::new();
    let mut seconds = 0;
    for service in &platform.services {
        for profile in &service.profiles {
            let (services, handles) = by_name.entry(&profile.name).or_default();
            services.insert(&service.name);
            for handle in &profile.handles {
                if !handles.contains(handle) {
                    handles.push(*handle);
                }
            }
            seconds = seconds.max(service.run.start_timeout.as_secs());
        }
    }
    if by_name.is_empty() {
        return Ok(());
    }
    artifacts.add(Artifact::new(
        "registry/profiles.json",
        profiles(platform, &by_name),
    ));
    let script = SCRIPT.render(&script(platform, &by_name, seconds))?;
    artifacts.add(Artifact::new("registry/ovctl.sh", script).executable());
    Ok(())
}

fn profiles(platform: &Platform, by_name: &ByName<'_>) -> String {
    let profiles = by_name.iter().map(|(name, (services, handles))| Profile {
        name,
        services: services.clone(),
        handles: handles
            .iter()
            .map(|it| platform[*it].name.as_str())
            .collect(),
    });
    to_json(&Profiles {
        version: 1,
        profiles: profiles.collect(),
    })
}

fn script<'a>(platform: &'a Platform, by_name: &ByName<'a>, seconds: u64) -> Script<'a> {
    let gateway = platform.gateway_service();
    let address = network_address(platform, gateway).unwrap_or_else(|| gateway.local_address());
    let port = gateway.port().or(gateway.kind.port).unwrap_or_default();
    let profiles = by_name.iter().map(|(name, (services, handles))| Warming {
        name,
        services: services.iter().copied().collect::<Vec<_>>().join(", "),
        count: handles.len(),
        requests: handles.iter().map(|it| request(platform, *it)).collect(),
    });
    Script {
        platform: &platform.name,
        gateway: http_url(gateway, address, port),
        key_variable: platform
            .gateway
            .key
            .as_deref()
            .unwrap_or("HOMELAB_GATEWAY_KEY"),
        needs_key: match platform.gateway.key {
            Some(_) => "true",
            None => "false",
        },
        seconds: seconds.max(30),
        profiles: profiles.collect(),
    }
}

fn request(platform: &Platform, handle: HandleId) -> Request<'_> {
    let handle = &platform[handle];
    let name = handle.name.as_str();
    let mode = handle.targets.first().map(|it| platform[it.model].mode);
    let base = &platform.gateway_service().base_path;
    let (path, body) = match mode.unwrap_or_default() {
        Mode::Chat => (
            "/chat/completions",
            json!({"model": name, "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}),
        ),
        Mode::Completion => (
            "/completions",
            json!({"model": name, "prompt": "ping", "max_tokens": 1}),
        ),
        Mode::Embedding => ("/embeddings", json!({"model": name, "input": "ping"})),
        Mode::Rerank => (
            "/rerank",
            json!({"model": name, "query": "ping", "documents": ["pong"]}),
        ),
        Mode::ImageGeneration | Mode::AudioTranscription | Mode::AudioSpeech => {
            return Request {
                handle: name,
                path: String::new(),
                body: String::new(),
            };
        }
    };
    Request {
        handle: name,
        path: format!("{base}{path}"),
        body: body.to_string(),
    }
}
