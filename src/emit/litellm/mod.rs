//! LiteLLM's `router.yaml`: the gateway's models, settings and search tools, and the MCP servers it offers.
//!
//! Names of variables stand where values of the host or secrets go; LiteLLM reads `os.environ/NAME` only as the whole value of a key, never inside a text or a list.

mod router;
mod tools;

use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, process, yaml};
use crate::platform::{Platform, Service};

pub(super) static EMITTER: Emitter = Emitter {
    name: "litellm",
    summary: "the configuration of a LiteLLM gateway",
    emit: Emit::Platform(emit),
};

/// The name of the file among the configurations of a LiteLLM service.
const FILE: &str = "router.yaml";

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let gateway = platform.gateway_service();
    if !gateway.kind.configs.iter().any(|it| it.name == FILE) {
        return Ok(());
    }
    let text = format!(
        "# Made by homelab from platform.toml; do not edit.\n{}",
        yaml::to_yaml(&router::Document::of(platform)?)
    );
    let artifact = Artifact::new(format!("litellm/{FILE}"), text);
    artifacts.add(match install(platform, gateway) {
        Some(install) => artifact.install(install),
        None => artifact,
    });
    Ok(())
}

fn install(platform: &Platform, gateway: &Service) -> Option<Install> {
    let host = &platform[gateway.host];
    platform.is_installed(gateway).then_some(())?;
    Some(Install {
        host: host.name.clone(),
        path: gateway.config(FILE)?.to_owned(),
        owner: gateway.run.user.clone(),
        group: process::user_group(host, &gateway.run.user).to_owned(),
        mode: 0o644,
        restart: vec![gateway.name.clone()],
        seed: false,
    })
}
