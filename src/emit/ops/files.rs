//! What is put where on a host, and what somebody must fill in there.

use std::collections::BTreeSet;

use minijinja::value::Value;

use super::rows::Rows;
use crate::emit::{Artifact, Artifacts, EmitError, Install, places, process};
use crate::platform::{self, HostState, Platform, Service};
use crate::side_by_side::in_parts;

/// How many files one core writes down in a row.
const PART: usize = 1000;

/// Everything that is installed, ordered by host and path.
pub(super) fn files(platform: &Platform, artifacts: &Artifacts) -> Result<Value, EmitError> {
    let daemons: BTreeSet<(&str, String)> = platform
        .services
        .iter()
        .map(|it| (platform[it.host].name.as_str(), places::launchd_plist(it)))
        .collect();
    let mut files: Vec<_> = installs(artifacts).collect();
    files.sort_by_key(|(_, install)| (install.host.as_str(), install.path.as_str()));
    let parts = in_parts(&files, PART, true, |part| {
        let mut rows = Rows::of("ops/install.sh");
        for (artifact, install) in part {
            // As `stat` prints it.
            let mode = match install.mode {
                0o600 => "600",
                0o644 => "644",
                0o755 => "755",
                other => &format!("{other:o}"),
            };
            let words = [
                install.host.as_str(),
                &artifact.path,
                &install.path,
                &install.owner,
                &install.group,
                mode,
                how(&daemons, install),
                &install.restart.join(" "),
            ];
            rows.add("file", &words)?;
        }
        Ok(rows)
    });
    let rows = parts.into_iter().collect::<Result<Vec<_>, EmitError>>()?;
    Ok(Rows::joined("ops/install.sh", &rows).finish())
}

/// How a file is installed: `plain`, `seed` for one that is never overwritten, or `daemon` for a launchd daemon that belongs to no service; `daemons` are those of services, by host and path.
fn how(daemons: &BTreeSet<(&str, String)>, install: &Install) -> &'static str {
    if install.seed {
        "seed"
    } else if install.path.starts_with("/Library/LaunchDaemons/")
        && !daemons.contains(&(install.host.as_str(), install.path.clone()))
    {
        "daemon"
    } else {
        "plain"
    }
}

/// What every env file must hold that we do not know.
pub(super) fn needs(platform: &Platform) -> Result<Value, EmitError> {
    let mut rows = Rows::of("ops/install.sh");
    for service in platform.live_services() {
        let names = filled_in(platform, service);
        if let Some(path) = &service.env_file
            && !names.is_empty()
        {
            let host = &platform[service.host].name;
            rows.add("needs", &[host, path, &service.name, &names.join(" ")])?;
        }
    }
    Ok(rows.finish())
}

/// The files that lie in a checkout: git sees them there, and they are nobody's changes.
pub(super) fn ours(platform: &Platform, artifacts: &Artifacts) -> Result<Value, EmitError> {
    let mut ours: Vec<_> = installs(artifacts)
        .filter_map(|(_, install)| {
            let host = platform.hosts.find(&install.host)?;
            let checkout = host.checkout.as_deref()?;
            let path = below(checkout, &install.path)?;
            (host.state == HostState::Live).then_some([&host.name, path])
        })
        .collect();
    ours.sort_unstable();
    let mut rows = Rows::of("ops/redeploy.sh");
    for words in ours {
        rows.add("ours", &words)?;
    }
    Ok(rows.finish())
}

fn installs(artifacts: &Artifacts) -> impl Iterator<Item = (&Artifact, &Install)> {
    artifacts
        .iter()
        .filter_map(|artifact| Some((artifact, artifact.install.as_ref()?)))
}

/// The variables that a service does not start without and that nobody but its owner knows; a copy stands for what it is copied from.
fn filled_in<'a>(platform: &'a Platform, service: &'a Service) -> Vec<&'a str> {
    let mut names: Vec<_> = process::required_variables(platform, service)
        .into_iter()
        .map(|variable| match &variable.value {
            platform::Value::Variable(name) => name.as_str(),
            _ => variable.name.as_str(),
        })
        .filter(|name| {
            let source = platform.variable(service, name);
            source.is_none_or(|it| process::decided(platform, it).is_none())
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(folder.trim_end_matches('/'))?
        .strip_prefix('/')
}
