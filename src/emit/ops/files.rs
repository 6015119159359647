//! What is put where on a host, and what somebody must fill in there.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::emit::{Artifact, Artifacts, Install, places, process};
use crate::platform::{HostState, Platform, Service, Value};

/// A file to install.
#[derive(Serialize)]
pub(super) struct FileRow<'a> {
    host: &'a str,
    /// Where it lies below `generated/`.
    source: &'a str,
    path: &'a str,
    owner: &'a str,
    group: &'a str,
    /// As `stat` prints it.
    mode: String,
    /// `plain`, `seed` for one that is never overwritten, or `daemon` for a launchd daemon that belongs to no service.
    how: &'static str,
    restart: String,
}

/// An env file, and the variables that nobody but its owner can fill in.
#[derive(Serialize)]
pub(super) struct NeedsRow<'a> {
    host: &'a str,
    path: &'a str,
    service: &'a str,
    names: String,
}

/// A file that we install into a checkout.
#[derive(Serialize)]
pub(super) struct OurRow<'a> {
    host: &'a str,
    path: &'a str,
}

/// Everything that is installed, ordered by host and path.
pub(super) fn files<'a>(platform: &Platform, artifacts: &'a Artifacts) -> Vec<FileRow<'a>> {
    let daemons: BTreeSet<(&str, String)> = platform
        .services
        .iter()
        .map(|it| (platform[it.host].name.as_str(), places::launchd_plist(it)))
        .collect();
    let mut files: Vec<_> = installs(artifacts)
        .map(|(artifact, install)| FileRow {
            host: &install.host,
            source: &artifact.path,
            path: &install.path,
            owner: &install.owner,
            group: &install.group,
            mode: format!("{:o}", install.mode),
            how: how(&daemons, install),
            restart: install.restart.join(" "),
        })
        .collect();
    files.sort_by_key(|file| (file.host, file.path));
    files
}

/// How a file is installed; `daemons` are those of services, by host and path.
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
pub(super) fn needs(platform: &Platform) -> Vec<NeedsRow<'_>> {
    platform
        .live_services()
        .filter_map(|service| {
            let names = filled_in(platform, service);
            (!names.is_empty()).then_some(NeedsRow {
                host: &platform[service.host].name,
                path: service.env_file.as_deref()?,
                service: &service.name,
                names: names.join(" "),
            })
        })
        .collect()
}

/// The files that lie in a checkout: git sees them there, and they are nobody's changes.
pub(super) fn ours<'a>(platform: &'a Platform, artifacts: &'a Artifacts) -> Vec<OurRow<'a>> {
    let mut ours: Vec<_> = installs(artifacts)
        .filter_map(|(_, install)| {
            let host = platform.hosts.find(&install.host)?;
            let checkout = host.checkout.as_deref()?;
            let path = below(checkout, &install.path)?;
            (host.state == HostState::Live).then_some(OurRow {
                host: &host.name,
                path,
            })
        })
        .collect();
    ours.sort_by_key(|it| (it.host, it.path));
    ours
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
            Value::Variable(name) => name,
            _ => &variable.name,
        })
        .filter(|name| {
            let source = platform.variable(service, name);
            source.is_none_or(|it| process::decided(platform, it).is_none())
        })
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(folder.trim_end_matches('/'))?
        .strip_prefix('/')
}
