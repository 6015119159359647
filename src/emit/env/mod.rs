//! The environment of each service: an env file to fill in, the script that starts it, and the secrets of each host.
//!
//! The env file belongs to the owner and is installed only once. The start script is ours: it sets what the platform decides, so that an old env file cannot, and refuses to start without what is required, because a program that starts without its key or its upstream often falls back to a public one.

mod file;
mod secrets;
mod start;

use super::{Artifacts, Emit, EmitError, Emitter};
use crate::emit::process;
use crate::platform::Platform;

pub(super) static EMITTER: Emitter = Emitter {
    name: "env",
    summary: "an env file and a start script for each service, and the secrets of each host",
    emit: Emit::Platform(emit),
};

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        if let Some(path) = &service.env_file {
            artifacts.add(file::env_file(platform, service, path)?);
        }
        if process::is_started(service) {
            artifacts.add(start::start_script(platform, service)?);
        }
    }
    for list in secrets::lists(platform)? {
        artifacts.add(list);
    }
    Ok(())
}
