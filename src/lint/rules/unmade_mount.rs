//! A container is to see a file that nobody makes.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{Host, Platform, Service};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unmade-mount",
        severity: Severity::Error,
        summary: "a container is to see a file or folder that nobody makes",
        why: "Where the source of a mount is missing, the container engine refuses to start the container, or makes an empty folder in its place, which the program then cannot read.",
        bad: concat!(
            home!(),
            r#"
[services.prometheus]
kind = "prometheus"
host = "pi"
container.image = "docker.io/prom/prometheus:v2.55.1"

[[services.prometheus.container.mounts]]
source = "/srv/prometheus.yml"
target = "/etc/prometheus/prometheus.yml"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.prometheus]
kind = "prometheus"
host = "pi"
container.image = "docker.io/prom/prometheus:v2.55.1"

[[services.prometheus.container.mounts]]
source = "/srv/prometheus.yml"
target = "/etc/prometheus/prometheus.yml"
made_by = "the owner, by hand"
"#
        ),
    },
    check: Check::Platform(check),
};

/// Folders that the system itself fills.
const SYSTEM: &[&str] = &["/dev", "/proc", "/run", "/sys", "/var/run"];

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in platform.live_services() {
        let host = &platform[service.host];
        let mounts = service.container.iter().flat_map(|it| &it.mounts);
        for mount in mounts.filter(|it| it.made_by.is_none()) {
            let made = made(platform, host);
            if made.iter().any(|it| is_within(it, &mount.source))
                || system_or_volume(host, &mount.source)
            {
                continue;
            }
            let finding = Diagnostic::new(
                &LINT.rule,
                format!(
                    "`{}` is to see `{}`, which nobody makes",
                    service.name, mount.source
                ),
            )
            .primary(
                mount.span,
                format!("no artifact is installed there on `{}`", host.name),
            );
            let near = configs(service).next();
            diagnostics.push(finding.help(match near {
                Some(written) => format!("its own file is written to `{written}` and mounted without a word; else say `made_by`: who puts it there"),
                None => "say `made_by`: who puts it there; or declare the volume it lies on".to_owned(),
            }));
        }
    }
}

/// The files that we write for a service.
fn configs(service: &Service) -> impl Iterator<Item = &str> {
    service.configs.iter().map(|(_, path)| path.as_str())
}

/// The files that are installed on a host.
fn made<'p>(platform: &'p Platform, host: &Host) -> Vec<&'p str> {
    let services = platform.services_on(host.id);
    services
        .flat_map(|it| configs(it).chain(it.env_file.as_deref()))
        .collect()
}

fn system_or_volume(host: &Host, path: &str) -> bool {
    let volumes = host.volumes.iter().map(|it| it.path.as_str());
    let mut folders = volumes.chain(SYSTEM.iter().copied());
    folders.any(|it| is_within(path, it))
}

/// True when a path is the folder, or lies in it.
fn is_within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
}
