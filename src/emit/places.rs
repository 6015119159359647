//! Where things lie on a host: the one place that knows the paths we choose ourselves.

use crate::platform::{Host, Os, Platform, Service};

/// The folder on every host that holds what we install for ourselves.
pub const LIBRARY: &str = "/usr/local/lib/homelab";

/// The script that starts a service: it sets what is known, refuses to start without what is required, and becomes the program.
pub fn start_script(service: &Service) -> String {
    [LIBRARY, "/start/", &service.name].concat()
}

/// The systemd unit of a service.
pub fn systemd_unit(service: &Service) -> String {
    ["/etc/systemd/system/", &service.run.unit, ".service"].concat()
}

/// The drop-in beside the unit of a service whose own package brings the unit.
pub fn systemd_drop_in(service: &Service) -> String {
    format!(
        "/etc/systemd/system/{}.service.d/homelab.conf",
        service.run.unit
    )
}

/// The launchd daemon of a service.
pub fn launchd_plist(service: &Service) -> String {
    ["/Library/LaunchDaemons/", &service.run.label, ".plist"].concat()
}

/// The Compose file of a host, which also is the name of its project.
pub const COMPOSE_FILE: &str = "/etc/homelab/docker-compose.yml";

/// The folder of what Quadlet makes units of.
pub const QUADLET: &str = "/etc/containers/systemd";

/// The group that owns system files on a host.
pub fn root_group(host: &Host) -> &'static str {
    match host.os {
        Os::Macos => "wheel",
        Os::Linux | Os::Windows => "root",
    }
}

/// The folder of the services' logs on a macOS host.
pub const MACOS_LOGS: &str = "/Library/Logs/homelab";

/// The script that keeps those logs small.
pub fn rotate_logs_script() -> String {
    format!("{LIBRARY}/rotate-logs")
}

/// The label of the daemon that runs it. Services have one dot in their own labels, so none is called so by default.
pub fn rotate_logs_label(platform: &Platform) -> String {
    format!("{}.logs.rotate", platform.name)
}
