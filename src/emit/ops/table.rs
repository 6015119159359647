//! The hosts and the services that scripts restart, as rows of their tables.

use serde::Serialize;

use crate::emit::{Artifacts, Install};
use crate::platform::{Host, HostState, Init, ManagedBy, Platform, Service};

/// A host.
#[derive(Serialize)]
pub(super) struct HostRow<'a> {
    name: &'a str,
    /// What `hostname -s` may say on it.
    names: String,
    addresses: String,
    checkout: Option<&'a str>,
}

/// A service that can be restarted.
#[derive(Serialize)]
pub(super) struct ServiceRow<'a> {
    name: &'a str,
    host: &'a str,
    manager: &'static str,
    /// Units without `.service`, or labels.
    units: String,
    seconds: u64,
    /// Its folder below the checkout.
    folder: &'a str,
}

/// The hosts that are in use.
pub(super) fn hosts(platform: &Platform) -> Vec<HostRow<'_>> {
    let live = |host: &&Host| host.state == HostState::Live;
    platform
        .hosts
        .iter()
        .filter(live)
        .map(|host| HostRow {
            name: &host.name,
            names: names(host).join(" "),
            addresses: addresses(host).join(" "),
            checkout: host.checkout.as_deref(),
        })
        .collect()
}

/// The services that run and that we restart, in the order in which that is done.
pub(super) fn services<'a>(
    platform: &'a Platform,
    artifacts: &'a Artifacts,
) -> Vec<ServiceRow<'a>> {
    let order = &platform.ops.restart_order;
    order
        .iter()
        .map(|id| &platform[*id])
        .map(|service| ServiceRow {
            name: &service.name,
            host: &platform[service.host].name,
            manager: manager(platform, service),
            units: units(platform, service, artifacts).join(" "),
            seconds: service.run.start_timeout.as_secs().max(1),
            folder: service.folder.as_deref().unwrap_or_default(),
        })
        .collect()
}

/// What starts and stops a service: `systemd`, `launchd`, or somebody's `hand`.
pub(super) fn manager(platform: &Platform, service: &Service) -> &'static str {
    match service.managed_by {
        ManagedBy::Systemd => "systemd",
        ManagedBy::Launchd => "launchd",
        ManagedBy::Package => match platform[service.host].init {
            Init::Systemd => "systemd",
            Init::Launchd => "launchd",
            Init::Containers | Init::None => "hand",
        },
        ManagedBy::Docker | ManagedBy::Manual | ManagedBy::External => "hand",
    }
}

/// The unit or label that starts a service when nothing else is known.
pub(super) fn unit<'a>(platform: &Platform, service: &'a Service) -> &'a str {
    match manager(platform, service) {
        "launchd" => &service.run.label,
        _ => &service.run.unit,
    }
}

/// The units or labels of a service: those whose files we install, since a service may have one for each of its models.
fn units<'a>(
    platform: &'a Platform,
    service: &'a Service,
    artifacts: &'a Artifacts,
) -> Vec<&'a str> {
    let (folder, ending) = match manager(platform, service) {
        "systemd" => ("/etc/systemd/system/", ".service"),
        "launchd" => ("/Library/LaunchDaemons/", ".plist"),
        _ => return Vec::new(),
    };
    let host = &platform[service.host].name;
    let starts =
        |install: &&Install| install.host == *host && install.restart.contains(&service.name);
    let name = |install: &'a Install| {
        let name = install.path.strip_prefix(folder)?.strip_suffix(ending)?;
        (!name.contains('/')).then_some(name)
    };
    let installed: Vec<_> = artifacts
        .iter()
        .filter_map(|artifact| artifact.install.as_ref())
        .filter(starts)
        .filter_map(name)
        .collect();
    if installed.is_empty() {
        return vec![unit(platform, service)];
    }
    installed
}

/// Its own name, and the first part of each DNS name, as a shell on it would print them.
fn names(host: &Host) -> Vec<String> {
    let mut names = vec![host.name.clone()];
    for name in &host.dns {
        let short = name.split('.').next().unwrap_or(name).to_lowercase();
        if !names.contains(&short) {
            names.push(short);
        }
    }
    names
}

/// Its addresses; one that every machine has tells nothing.
fn addresses(host: &Host) -> Vec<&str> {
    host.addresses
        .iter()
        .map(|(_, address, _)| address.as_str())
        .filter(|address| !address.starts_with("127.") && *address != "::1")
        .collect()
}
