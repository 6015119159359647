//! The commands that would mend a difference, as one would type them where one is.

use super::World;
use crate::emit::escape::shell_word;
use crate::emit::starter;
use crate::platform::{Host, Platform, Service};

/// Where the scripts are, below the folder of `platform.toml`.
const SCRIPTS: &str = "generated/ops";

/// Restarts a service; nothing when a hand does that.
pub(super) fn restart(platform: &Platform, world: &World, service: &Service) -> Option<String> {
    let unit = starter::unit(platform, service);
    let unit = shell_word(unit).ok()?;
    let command = match starter::manager(platform, service) {
        "systemd" | "quadlet" => format!("sudo systemctl restart -- {unit}.service"),
        "launchd" => format!("sudo launchctl kickstart -k system/{unit}"),
        "compose" => format!(
            "sudo docker compose --file /etc/homelab/docker-compose.yml up --detach --no-deps --force-recreate -- {unit}"
        ),
        _ => return None,
    };
    Some(on(platform, world, &platform[service.host], &command))
}

/// Puts what is generated in its place on a host, and restarts `service` even when nothing changed.
pub(super) fn install(
    platform: &Platform,
    world: &World,
    host: &Host,
    service: Option<&Service>,
) -> String {
    let mut command = format!("{SCRIPTS}/install.sh");
    if let Some(name) = service.and_then(|it| shell_word(&it.name).ok()) {
        command.push_str(" --restart ");
        command.push_str(&name);
    }
    in_checkout(platform, world, host, &command)
}

/// Brings a service to what the repository says; nothing where it has no folder in it.
pub(super) fn redeploy(platform: &Platform, world: &World, service: &Service) -> Option<String> {
    service.folder.as_ref()?;
    let name = shell_word(&service.name).ok()?;
    let command = format!("{SCRIPTS}/redeploy.sh {name}");
    Some(in_checkout(
        platform,
        world,
        &platform[service.host],
        &command,
    ))
}

/// Says who listens on a port.
pub(super) fn who_listens(host: &Host, port: u16) -> String {
    match host.os {
        crate::platform::Os::Macos => format!("sudo lsof -nP -iTCP:{port} -sTCP:LISTEN"),
        _ => format!("sudo ss -ltnp 'sport = :{port}'"),
    }
}

/// Shows what would make the file say what a server has.
pub(super) fn sync(service: &str) -> Option<String> {
    Some(format!("homelab sync {}", shell_word(service).ok()?))
}

/// Shows whether a machine is there at all.
pub(super) fn reach(platform: &Platform, host: &Host) -> Option<String> {
    let target = target(platform, host)?;
    Some(format!("ssh {target} uptime"))
}

fn in_checkout(platform: &Platform, world: &World, host: &Host, command: &str) -> String {
    let checkout = host.checkout.as_deref();
    match checkout.and_then(|it| shell_word(it).ok()) {
        Some(checkout) if !world.is_here(&host.name) => on(
            platform,
            world,
            host,
            &format!("cd {checkout} && {command}"),
        ),
        _ => on(platform, world, host, command),
    }
}

/// A command for a host: as it is on this one, over ssh on another.
fn on(platform: &Platform, world: &World, host: &Host, command: &str) -> String {
    if world.is_here(&host.name) {
        return command.to_owned();
    }
    match (target(platform, host), shell_word(command)) {
        (Some(target), Ok(quoted)) => format!("ssh -t {target} {quoted}"),
        _ => format!("{command}  # on {}", host.name),
    }
}

/// Whom ssh is told: the user and address of a host.
pub fn target(platform: &Platform, host: &Host) -> Option<String> {
    let mut preferred = platform.policy.prefer.iter();
    let preferred = preferred.find_map(|network| host.address_on(*network));
    let address = preferred.or_else(|| host.dns.first().map(String::as_str))?;
    Some(format!(
        "{}@{}",
        shell_word(&host.user).ok()?,
        shell_word(address).ok()?
    ))
}
