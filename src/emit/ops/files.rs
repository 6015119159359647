//! What is put where on a host, and what somebody must fill in there.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Value;

use super::rows::Rows;
use crate::emit::{Artifact, Artifacts, EmitError, Install, places, process};
use crate::platform::{self, HostState, ManagedBy, Platform, Service};
use crate::side_by_side::in_parts;

/// How many hosts one core writes down in a row.
const PART: usize = 20;

/// Everything that is installed, ordered by host and path.
pub(super) fn files(platform: &Platform, artifacts: &Artifacts) -> Result<Value, EmitError> {
    let by_launchd = |it: &&Service| it.managed_by == ManagedBy::Launchd;
    let daemons: BTreeSet<(&str, String)> = (platform.services.iter().filter(by_launchd))
        .map(|it| (platform[it.host].name.as_str(), places::launchd_plist(it)))
        .collect();
    let hosts: Vec<_> = installs(artifacts).into_iter().collect();
    let parts = in_parts(&hosts, PART, true, |part| {
        let mut rows = Rows::of("ops/install.sh");
        for (host, files) in part {
            let mut files = files.clone();
            files.sort_by_key(|(_, install)| install.path.as_str());
            for (artifact, install) in files {
                // As `stat` prints it.
                let mode = match install.mode {
                    0o600 => "600",
                    0o644 => "644",
                    0o755 => "755",
                    other => &format!("{other:o}"),
                };
                let words = [
                    host,
                    artifact.path.as_str(),
                    &install.path,
                    &install.owner,
                    &install.group,
                    mode,
                    how(&daemons, install),
                    &install.restart.join(" "),
                ];
                rows.add("file", &words)?;
            }
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
    let mut rows = Rows::of("ops/redeploy.sh");
    for (name, files) in installs(artifacts) {
        let host = platform.hosts.find(name);
        let live = host.filter(|it| it.state == HostState::Live);
        let Some(checkout) = live.and_then(|it| it.checkout.as_deref()) else {
            continue;
        };
        let files = files.iter();
        let mut ours: Vec<_> = files
            .filter_map(|(_, it)| below(checkout, &it.path))
            .collect();
        ours.sort_unstable();
        for path in ours {
            rows.add("ours", &[name, path])?;
        }
    }
    Ok(rows.finish())
}

/// What is installed, by host.
fn installs(artifacts: &Artifacts) -> BTreeMap<&str, Vec<(&Artifact, &Install)>> {
    let installs = artifacts
        .iter()
        .filter_map(|it| Some((it, it.install.as_ref()?)));
    let installs: Vec<_> = installs.collect();
    let mut hosts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    // Most come after another of their host.
    for of_host in installs.chunk_by(|one, next| one.1.host == next.1.host) {
        let host = hosts.entry(of_host[0].1.host.as_str()).or_default();
        host.extend_from_slice(of_host);
    }
    hosts
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
