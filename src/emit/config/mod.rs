//! Configuration files of the other programs: OptiLLM's `proxy_config.yaml`, SearXNG's `settings.yml` and Redis's `redis.conf`.
//!
//! Open WebUI reads its environment only; what its web search and its models need stands in its kind.

mod optillm;
mod redis;
mod searxng;

use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, process};
use crate::platform::{Platform, Service};

pub(super) static EMITTER: Emitter = Emitter {
    name: "config",
    summary: "the configuration files of OptiLLM, SearXNG and Redis",
    emit: Emit::Platform(emit),
};

/// The first line of each file.
const HEAD: &str = "# Made by homelab from platform.toml; do not edit.\n";

type Writer = fn(&Platform, &Service) -> String;

/// The files we know how to write, by the names that kinds give them.
const WRITERS: &[(&str, Writer)] = &[
    ("proxy_config.yaml", optillm::proxy_config),
    ("settings.yml", searxng::settings),
    ("redis.conf", redis::conf),
];

#[allow(
    clippy::unnecessary_wraps,
    reason = "every emitter has the same signature"
)]
fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        let host = &platform[service.host];
        for (name, path) in &service.configs {
            let Some((_, write)) = WRITERS.iter().find(|(it, _)| it == name) else {
                continue;
            };
            let text = format!("{HEAD}{}", write(platform, service));
            artifacts.add(
                Artifact::new(format!("config/{}/{name}", service.name), text).install(Install {
                    host: host.name.clone(),
                    path: path.clone(),
                    owner: service.run.user.clone(),
                    group: process::user_group(host, &service.run.user).to_owned(),
                    mode: 0o644,
                    restart: vec![service.name.clone()],
                    seed: false,
                }),
            );
        }
    }
    Ok(())
}
