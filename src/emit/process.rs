//! What everything that starts a service must agree on: whether there is something to start, and what surrounds the program.

use crate::platform::{Host, ManagedBy, Os, Platform, Service, Slot, Variable, Word};

/// True when we start a service and know how.
pub fn is_started(service: &Service) -> bool {
    matches!(service.managed_by, ManagedBy::Systemd | ManagedBy::Launchd)
        && (service.run.command.is_some() || boot_slots(service).next().is_some())
}

/// The processes that start with a service, each with its command.
pub fn boot_slots(service: &Service) -> impl Iterator<Item = (&Slot, &[Word])> {
    service
        .slots
        .iter()
        .filter(|slot| slot.boot)
        .filter_map(|slot| Some((slot, slot.command.as_deref()?)))
}

/// Every command that starts with a service: its own, or one for each slot.
pub fn commands(service: &Service) -> Vec<&[Word]> {
    match &service.run.command {
        Some(command) => vec![command.as_slice()],
        None => boot_slots(service).map(|(_, command)| command).collect(),
    }
}

/// The value of a variable when the platform alone decides it.
pub fn decided<'a>(platform: &'a Platform, variable: &'a Variable) -> Option<&'a str> {
    variable.value.as_text(|id| &platform[id].name)
}

/// The variables of a service that must have a value before it starts and that the platform does not decide: the required ones, and those its commands pass on.
pub fn required_variables<'a>(platform: &Platform, service: &'a Service) -> Vec<&'a Variable> {
    let in_a_command = |variable: &Variable| {
        commands(service)
            .into_iter()
            .flatten()
            .any(|word| matches!(word, Word::Variable(name) if *name == variable.name))
    };
    service
        .env
        .iter()
        .filter(|it| decided(platform, it).is_none() && (it.required || in_a_command(it)))
        .collect()
}

/// The group that owns a user's files on a host.
pub fn user_group<'a>(host: &Host, user: &'a str) -> &'a str {
    match (host.os, user) {
        (Os::Macos, "root") => "wheel",
        (Os::Macos, _) => "staff",
        (_, user) => user,
    }
}

/// The working directory: the one that was named, else where the service keeps its data.
pub fn working_directory(service: &Service) -> Option<&str> {
    let run = &service.run;
    run.directory.as_deref().or(run.state_directory.as_deref())
}

/// Where programs without a slash in their name are looked for.
///
/// Neither init system looks into a home, where `uv` and what it installs usually are, nor into Homebrew's folder.
pub fn search_path(host: &Host, service: &Service) -> String {
    let mut path = String::with_capacity(200);
    if let Some(directory) = working_directory(service) {
        path.extend([directory, "/.venv/bin:"]);
    }
    let system = match host.os {
        Os::Macos => "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        Os::Linux | Os::Windows => "/usr/local/bin:/usr/bin:/bin",
    };
    let home = host.home_of(&service.run.user);
    path.extend([&home, "/.local/bin:", system]);
    path
}

/// What the first line of a service's file says of it: `Router (service litellm on mini)`, still to be escaped.
pub fn heading(platform: &Platform, service: &Service) -> String {
    let host = &platform[service.host].name;
    [
        &service.title,
        " (service ",
        &service.name,
        " on ",
        host,
        ")",
    ]
    .concat()
}

/// True when a program is named by a path below the working directory, which must then be known.
pub fn is_below_directory(command: &[Word]) -> bool {
    matches!(command.first(), Some(Word::Text(program)) if program.contains('/') && !program.starts_with('/'))
}

/// True when a program is looked for on the path.
pub fn is_looked_up(command: &[Word]) -> bool {
    matches!(command.first(), Some(Word::Text(program)) if !program.contains('/'))
}

/// The services to restart when a file of `service` changes: itself when it runs, nobody when it is switched off.
pub fn restarts(platform: &Platform, service: &Service) -> Vec<String> {
    if platform.is_live(service) {
        vec![service.name.clone()]
    } else {
        Vec::new()
    }
}
