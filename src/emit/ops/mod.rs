//! Scripts that look after the platform: ask, restart, redeploy, install.
//!
//! They run where the lab runs, on bash 3.2 with curl alone. Each is a table made from the platform, followed by plain functions that are the same everywhere; `common.sh`, `service.sh` and `control.sh` are the parts that several of them carry, so that each script is whole by itself.

mod files;
mod probe;
mod table;

use serde::Serialize;

use crate::platform::Platform;

use super::{Artifact, Artifacts, EmitError, Emitter, Template};
use files::{FileRow, NeedsRow, OurRow};
use probe::ProbeRow;
use table::{HostRow, ServiceRow};

/// Comes after every emitter whose artifacts are installed: `install.sh` lists them.
pub(super) static EMITTER: Emitter = Emitter {
    name: "ops",
    summary: "scripts that ask, restart, redeploy and install",
    emit,
};

static HEALTHCHECK: Template = Template::shell(include_str!("healthcheck.sh.j2"));
static RESTART_ALL: Template = Template::shell(include_str!("restart-all.sh.j2"));
static REDEPLOY: Template = Template::shell(include_str!("redeploy.sh.j2"));
static INSTALL: Template = Template::shell(include_str!("install.sh.j2"));

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let tables = Tables::of(platform, artifacts);
    let scripts = [
        Artifact::new("ops/healthcheck.sh", HEALTHCHECK.render(&tables)?),
        Artifact::new("ops/install.sh", INSTALL.render(&tables)?),
        Artifact::new("ops/redeploy.sh", REDEPLOY.render(&tables)?),
        Artifact::new("ops/restart-all.sh", RESTART_ALL.render(&tables)?),
    ];
    for script in scripts {
        artifacts.add(script.executable());
    }
    Ok(())
}

/// What the scripts' templates see: rows ready to print, and the parts that scripts share.
#[derive(Serialize)]
struct Tables<'a> {
    platform: &'a str,
    hosts: Vec<HostRow<'a>>,
    services: Vec<ServiceRow<'a>>,
    probes: Vec<ProbeRow<'a>>,
    files: Vec<FileRow<'a>>,
    needs: Vec<NeedsRow<'a>>,
    ours: Vec<OurRow<'a>>,
    /// Every live service, also what cannot be asked.
    live: String,
    key_host: &'a str,
    key_env: &'a str,
    common: &'static str,
    service: &'static str,
    control: &'static str,
}

impl<'a> Tables<'a> {
    fn of(platform: &'a Platform, artifacts: &'a Artifacts) -> Self {
        let gateway = platform.gateway_service();
        let live: Vec<_> = platform
            .live_services()
            .map(|it| it.name.as_str())
            .collect();
        Self {
            platform: &platform.name,
            hosts: table::hosts(platform),
            services: table::services(platform, artifacts),
            probes: probe::probes(platform),
            files: files::files(platform, artifacts),
            needs: files::needs(platform),
            ours: files::ours(platform, artifacts),
            live: live.join(" "),
            key_host: &platform[gateway.host].name,
            key_env: gateway.env_file.as_deref().unwrap_or_default(),
            common: include_str!("common.sh"),
            service: include_str!("service.sh"),
            control: include_str!("control.sh"),
        }
    }
}
