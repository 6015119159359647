//! Scripts that look after the platform: ask, restart, redeploy, install, fetch models anew, clear what nobody needs.
//!
//! They run where the lab runs, on bash 3.2 with curl alone. Each is whole by itself: its tables (`*.sh.j2`), the parts it shares with others (`common.sh`, `local.sh`, `root.sh`, `control.sh`, `stores.sh`), and its own functions (`*.sh`).

mod files;
mod rows;
mod stores;
mod table;

use minijinja::value::Value;
use serde::Serialize;

use crate::platform::Platform;
use crate::side_by_side::{MANY_SERVICES, both, side_by_side};

use super::template::seen;
use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Template};

/// Comes after every emitter whose artifacts are installed: `install.sh` lists them.
pub(super) static EMITTER: Emitter = Emitter {
    name: "ops",
    summary: "scripts that ask, restart, redeploy, install, renew and clear",
    last: true,
    emit: Emit::Platform(emit),
};

static SCRIPTS: [Script; 6] = [
    Script {
        path: "ops/clear-cache.sh",
        tables: Template::shell(include_str!("clear-cache.sh.j2")),
        functions: &[COMMON, LOCAL, ROOT, STORES, include_str!("clear-cache.sh")],
    },
    Script {
        path: "ops/healthcheck.sh",
        tables: Template::shell(include_str!("healthcheck.sh.j2")),
        functions: &[COMMON, include_str!("healthcheck.sh")],
    },
    Script {
        path: "ops/install.sh",
        tables: Template::shell(include_str!("install.sh.j2")),
        functions: &[
            COMMON,
            LOCAL,
            HERE,
            ROOT,
            CONTROL,
            include_str!("install.sh"),
        ],
    },
    Script {
        path: "ops/redeploy.sh",
        tables: Template::shell(include_str!("redeploy.sh.j2")),
        functions: &[COMMON, LOCAL, HERE, include_str!("redeploy.sh")],
    },
    Script {
        path: "ops/restart-all.sh",
        tables: Template::shell(include_str!("restart-all.sh.j2")),
        functions: &[
            COMMON,
            LOCAL,
            HERE,
            ROOT,
            CONTROL,
            include_str!("restart-all.sh"),
        ],
    },
    Script {
        path: "ops/update-models.sh",
        tables: Template::shell(include_str!("update-models.sh.j2")),
        functions: &[
            COMMON,
            LOCAL,
            HERE,
            ROOT,
            CONTROL,
            STORES,
            include_str!("update-models.sh"),
        ],
    },
];

/// What every script needs: words for people, and which host this is.
const COMMON: &str = include_str!("common.sh");
/// Where the other scripts are.
const HERE: &str = include_str!("here.sh");
/// Which host is worked on: the one that this is.
const LOCAL: &str = include_str!("local.sh");
/// What needs root, and Docker Compose.
const ROOT: &str = include_str!("root.sh");
/// Restarting, and waiting for health.
const CONTROL: &str = include_str!("control.sh");
/// Asking the stores of models.
const STORES: &str = include_str!("stores.sh");

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let many = platform.services.len() >= MANY_SERVICES;
    // What is installed is most of all rows, so it is turned into values beside the rest.
    let (installed, asked) = both(
        many,
        || Installed::of(platform, artifacts),
        || Asked::of(platform, artifacts),
    );
    let tables = seen(&Tables {
        installed: installed?,
        asked: asked?,
    });
    for script in side_by_side(&SCRIPTS, many, |script| script.write(&tables)) {
        artifacts.add(script?);
    }
    Ok(())
}

/// A script: tables made from the platform, then functions that are the same for every platform.
struct Script {
    path: &'static str,
    tables: Template,
    functions: &'static [&'static str],
}

impl Script {
    fn write(&self, tables: &impl Serialize) -> Result<Artifact, EmitError> {
        let mut text = self
            .tables
            .render(tables)
            .map_err(|error| EmitError::of(self.path, error))?;
        for functions in self.functions {
            text.push('\n');
            text.push_str(functions);
        }
        Ok(Artifact::new(self.path, text).executable())
    }
}

/// What the templates see: rows ready to print, as values.
#[derive(Serialize)]
struct Tables<'a> {
    #[serde(flatten)]
    installed: Installed,
    #[serde(flatten)]
    asked: Asked<'a>,
}

/// What is put where.
#[derive(Serialize)]
struct Installed {
    files: Value,
    needs: Value,
    ours: Value,
}

/// What runs, and what it is asked.
#[derive(Serialize)]
struct Asked<'a> {
    platform: &'a str,
    hosts: Value,
    checkouts: Value,
    services: Value,
    folders: Value,
    probes: Value,
    stores: Value,
    models: Value,
    answers: Value,
    /// Every live service, also what cannot be asked.
    live: String,
    key_host: &'a str,
    key_env: &'a str,
}

impl Installed {
    fn of(platform: &Platform, artifacts: &Artifacts) -> Result<Self, EmitError> {
        Ok(Self {
            files: files::files(platform, artifacts)?,
            needs: files::needs(platform)?,
            ours: files::ours(platform, artifacts)?,
        })
    }
}

impl<'a> Asked<'a> {
    fn of(platform: &'a Platform, artifacts: &Artifacts) -> Result<Self, EmitError> {
        let gateway = platform.gateway_service();
        let live: Vec<_> = platform
            .live_services()
            .filter(|it| !platform.is_provider(it))
            .map(|it| it.name.as_str())
            .collect();
        Ok(Self {
            platform: &platform.name,
            hosts: table::hosts(platform)?,
            checkouts: table::checkouts(platform)?,
            services: table::services(platform, artifacts)?,
            folders: table::folders(platform)?,
            probes: table::questions(platform)?,
            stores: seen(&stores::stores(platform)),
            models: seen(&stores::models(platform)),
            answers: seen(&stores::answers(platform)),
            live: live.join(" "),
            key_host: &platform[gateway.host].name,
            key_env: gateway.env_file.as_deref().unwrap_or_default(),
        })
    }
}
