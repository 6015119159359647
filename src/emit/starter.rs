//! Who starts a service, and by which name.

use super::container;
use crate::platform::{Init, ManagedBy, Platform, Service};

/// What starts and stops a service: `systemd`, `launchd`, `compose`, `quadlet`, or somebody's `hand`.
pub fn manager(platform: &Platform, service: &Service) -> &'static str {
    match service.managed_by {
        ManagedBy::Systemd => "systemd",
        ManagedBy::Docker if container::is_started(service) => "compose",
        ManagedBy::Podman if container::is_started(service) => "quadlet",
        ManagedBy::Launchd => "launchd",
        ManagedBy::Package => match platform[service.host].init {
            Init::Systemd | Init::Quadlet => "systemd",
            Init::Launchd => "launchd",
            Init::Compose | Init::None => "hand",
        },
        ManagedBy::Docker | ManagedBy::Podman | ManagedBy::Manual | ManagedBy::External => "hand",
    }
}

/// The unit or label that starts a service when nothing else is known.
pub fn unit<'a>(platform: &Platform, service: &'a Service) -> &'a str {
    match manager(platform, service) {
        "launchd" => &service.run.label,
        "compose" | "quadlet" => &service.name,
        _ => &service.run.unit,
    }
}
