//! The hosts and the services that scripts restart, as rows of their tables.

use hashbrown::HashMap;
use minijinja::value::Value;

use super::rows::Rows;
use crate::emit::probe::probes;
use crate::emit::starter::{manager, unit};
use crate::emit::{Artifacts, EmitError};
use crate::platform::{Host, HostState, Platform, Service};

/// The hosts that are in use, each with what `hostname -s` may say on it.
pub(super) fn hosts(platform: &Platform) -> Result<Value, EmitError> {
    let mut rows = Rows::of("ops/clear-cache.sh");
    for host in live_hosts(platform) {
        let (names, addresses) = (names(host).join(" "), addresses(host).join(" "));
        rows.add("host", &[&host.name, &names, &addresses])?;
    }
    Ok(rows.finish())
}

/// The checkouts on them.
pub(super) fn checkouts(platform: &Platform) -> Result<Value, EmitError> {
    let mut rows = Rows::of("ops/redeploy.sh");
    for host in live_hosts(platform) {
        if let Some(checkout) = &host.checkout {
            rows.add("checkout", &[&host.name, checkout])?;
        }
    }
    Ok(rows.finish())
}

fn live_hosts(platform: &Platform) -> impl Iterator<Item = &Host> {
    platform
        .machines()
        .filter(|host| host.state == HostState::Live)
}

/// The services that run and that we restart, in the order in which that is done, with their units without `.service` or their labels.
pub(super) fn services(platform: &Platform, artifacts: &Artifacts) -> Result<Value, EmitError> {
    let units = Units::of(artifacts);
    let mut rows = Rows::of("ops/install.sh");
    for service in restarted(platform) {
        let words = [
            service.name.as_str(),
            &platform[service.host].name,
            manager(platform, service),
            &units.of_service(platform, service),
            &service.run.start_timeout.as_secs().max(1).to_string(),
        ];
        rows.add("service", &words)?;
    }
    Ok(rows.finish())
}

/// The same services with their folders below the checkout.
pub(super) fn folders(platform: &Platform) -> Result<Value, EmitError> {
    let mut rows = Rows::of("ops/redeploy.sh");
    for service in restarted(platform) {
        let folder = service.folder.as_deref().unwrap_or_default();
        let host = &platform[service.host].name;
        rows.add("service", &[&service.name, host, folder])?;
    }
    Ok(rows.finish())
}

fn restarted(platform: &Platform) -> impl Iterator<Item = &Service> {
    platform.ops.restart_order.iter().map(|id| &platform[*id])
}

/// What is asked to learn whether all is well.
pub(super) fn questions(platform: &Platform) -> Result<Value, EmitError> {
    let mut rows = Rows::of("ops/healthcheck.sh");
    for it in probes(platform) {
        let lines: [&[&str]; 3] = [
            &[it.what, it.service, it.host, &it.port, &it.title],
            &[&it.near, &it.far],
            &[
                it.method,
                &it.status.to_string(),
                &it.key,
                &it.body,
                it.contains,
            ],
        ];
        rows.add_lines("probe", &lines)?;
    }
    Ok(rows.finish())
}

/// The units and labels whose files we install, by host and service: a service may have one for each of its models.
struct Units<'a>(HashMap<(&'a str, &'a str), Vec<&'a str>>);

impl<'a> Units<'a> {
    fn of(artifacts: &'a Artifacts) -> Self {
        let mut units: HashMap<_, Vec<&str>> = HashMap::new();
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
