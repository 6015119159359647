//! The hosts and the services that scripts restart, as rows of their tables.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::emit::Artifacts;
use crate::emit::starter::{manager, unit};
use crate::platform::{Host, HostState, Platform, Service};

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
        .machines()
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
    let units = Units::of(artifacts);
    let order = &platform.ops.restart_order;
    order
        .iter()
        .map(|id| &platform[*id])
        .map(|service| ServiceRow {
            name: &service.name,
            host: &platform[service.host].name,
            manager: manager(platform, service),
            units: units.of_service(platform, service),
            seconds: service.run.start_timeout.as_secs().max(1),
            folder: service.folder.as_deref().unwrap_or_default(),
        })
        .collect()
}

/// The units and labels whose files we install, by host and service: a service may have one for each of its models.
struct Units<'a>(BTreeMap<(&'a str, &'a str), Vec<&'a str>>);

impl<'a> Units<'a> {
    fn of(artifacts: &'a Artifacts) -> Self {
        let mut units: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for install in artifacts.iter().filter_map(|it| it.install.as_ref()) {
            let Some(name) = unit_file(&install.path) else {
                continue;
            };
            for service in &install.restart {
                let key = (install.host.as_str(), service.as_str());
                units.entry(key).or_default().push(name);
            }
        }
        Self(units)
    }

    /// Those of a service; the one that would start it when we install none.
    fn of_service(&self, platform: &'a Platform, service: &'a Service) -> String {
        if manager(platform, service) == "hand" {
            return String::new();
        }
        let key = (platform[service.host].name.as_str(), service.name.as_str());
        let installed = self.0.get(&key).map(|it| it.join(" "));
        installed.unwrap_or_else(|| unit(platform, service).to_owned())
    }
}

/// The name of the unit or daemon that a path is the file of.
fn unit_file(path: &str) -> Option<&str> {
    let systemd = || {
        path.strip_prefix("/etc/systemd/system/")?
            .strip_suffix(".service")
    };
    let launchd = || {
        path.strip_prefix("/Library/LaunchDaemons/")?
            .strip_suffix(".plist")
    };
    systemd()
        .or_else(launchd)
        .filter(|name| !name.contains('/'))
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
