//! Scripts that look after the platform: ask, restart, redeploy, install, fetch models anew, clear what nobody needs.
//!
//! They run where the lab runs, on bash 3.2 with curl alone. Each is whole by itself: its tables (`*.sh.j2`), the parts it shares with others (`common.sh`, `local.sh`, `root.sh`, `control.sh`, `stores.sh`), and its own functions (`*.sh`).

mod files;
mod rows;
mod stores;
mod table;

use std::collections::BTreeMap;

use minijinja::value::Value;
use serde::Serialize;

use crate::platform::Platform;
use crate::side_by_side::{MANY_SERVICES, side_by_side};

use super::template::seen;
use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Template};

/// Reads what is installed: `install.sh` lists it.
pub(super) static EMITTER: Emitter = Emitter {
    name: "ops",
    summary: "scripts that ask, restart, redeploy, install, renew and clear",
    emit: Emit::Installed(emit),
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

/// Makes what templates see under a name.
type Make = fn(&Platform, &Artifacts) -> Result<Value, EmitError>;

/// All that they see: rows ready to print, and single words. What takes longest is begun first.
static TABLES: [(&str, Make); 15] = [
    // What is put where.
    ("files", files::files),
    ("needs", |platform, _| files::needs(platform)),
    ("ours", files::ours),
    // What runs, and what it is asked.
    ("probes", |platform, _| table::questions(platform)),
    ("services", table::services),
    ("folders", |platform, _| table::folders(platform)),
    ("models", |platform, _| Ok(seen(&stores::models(platform)))),
    ("stores", |platform, _| Ok(seen(&stores::stores(platform)))),
    ("answers", |platform, _| {
        Ok(seen(&stores::answers(platform)))
    }),
    ("hosts", |platform, _| table::hosts(platform)),
    ("checkouts", |platform, _| table::checkouts(platform)),
    // Every live service, also what cannot be asked.
    ("live", |platform, _| Ok(live(platform).into())),
    ("platform", |platform, _| Ok(platform.name.as_str().into())),
    ("key_host", |platform, _| {
        let gateway = platform.gateway_service();
        Ok(platform[gateway.host].name.as_str().into())
    }),
    ("key_env", |platform, _| {
        let gateway = platform.gateway_service();
        Ok(gateway.env_file.as_deref().unwrap_or_default().into())
    }),
];

fn live(platform: &Platform) -> String {
    let live = platform.live_services();
    let own = live.filter(|it| !platform.is_provider(it));
    let names: Vec<_> = own.map(|it| it.name.as_str()).collect();
    names.join(" ")
}

fn emit(
    platform: &Platform,
    installed: &Artifacts,
    artifacts: &mut Artifacts,
) -> Result<(), EmitError> {
    let many = platform.services.len() >= MANY_SERVICES;
    let made = side_by_side(&TABLES, many, |(name, make)| {
        Ok((*name, make(platform, installed)?))
    });
    let tables: BTreeMap<&str, Value> = made.into_iter().collect::<Result<_, EmitError>>()?;
    let tables = Value::from(tables);
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
