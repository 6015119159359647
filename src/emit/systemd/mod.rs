//! systemd units: one for each service that we start on a Linux host, and a drop-in for each that its own package starts.

mod hardening;
mod order;
mod sandbox;

use serde::Serialize;

use self::order::{Order, Ranks};
use self::sandbox::Sandbox;
use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, Template};
use crate::emit::{escape, places, process};
use crate::platform::{ManagedBy, Platform, Restart, Service};

pub(super) static EMITTER: Emitter = Emitter {
    name: "systemd",
    summary: "a unit for each service on a Linux host, hardened for its workload",
    emit: Emit::Platform(emit),
};

static UNIT: Template = Template::systemd(include_str!("service.j2"));
static DROP_IN: Template = Template::systemd(include_str!("drop-in.j2"));

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let ranks = Ranks::new(platform);
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        if service.managed_by == ManagedBy::Systemd && process::is_started(service) {
            artifacts.add(unit(platform, &ranks, service)?);
        } else if service.managed_by == ManagedBy::Package
            && let Some(drop_in) = drop_in(platform, service)?
        {
            artifacts.add(drop_in);
        }
    }
    Ok(())
}

fn unit(platform: &Platform, ranks: &Ranks, service: &Service) -> Result<Artifact, EmitError> {
    let host = &platform[service.host].name;
    let path = ["systemd/", host, "/", &service.run.unit, ".service"].concat();
    let text = UNIT
        .render(&Unit::of(platform, ranks, service, &path)?)
        .map_err(|error| EmitError::of(&path, error))?;
    Ok(installed(
        platform,
        service,
        path,
        text,
        places::systemd_unit(service),
    ))
}

/// The drop-in of a service whose package brings the unit; nothing when we have nothing to say.
fn drop_in(platform: &Platform, service: &Service) -> Result<Option<Artifact>, EmitError> {
    let host = &platform[service.host].name;
    let path = [
        "systemd/",
        host,
        "/",
        &service.run.unit,
        ".service.d/homelab.conf",
    ]
    .concat();
    let environment: Result<Vec<_>, _> = service
        .env
        .iter()
        .filter_map(|it| Some((&it.name, process::decided(platform, it)?)))
        .map(|(name, value)| escape::systemd_environment(name, value))
        .collect();
    let drop_in = DropIn {
        title: &service.title,
        environment: environment.map_err(|source| EmitError::Unwritable(path.clone(), source))?,
        env_file: service.env_file.as_deref(),
        groups: &service.run.groups,
        open_files: service.run.open_files,
        memory: service.run.memory,
    };
    if drop_in.is_empty() {
        return Ok(None);
    }
    let text = DROP_IN
        .render(&drop_in)
        .map_err(|error| EmitError::of(&path, error))?;
    let target = places::systemd_drop_in(service);
    Ok(Some(installed(platform, service, path, text, target)))
}

fn installed(
    platform: &Platform,
    service: &Service,
    path: String,
    text: String,
    target: String,
) -> Artifact {
    let host = &platform[service.host];
    Artifact::new(path, text).install(Install {
        host: host.name.clone(),
        path: target,
        owner: "root".to_owned(),
        group: places::root_group(host).to_owned(),
        mode: 0o644,
        restart: process::restarts(platform, service),
        seed: false,
    })
}

/// What the unit template sees. Lists of words and what the sandbox says are written already: there are thousands of units, and a template goes through a list word by word.
#[derive(Serialize)]
struct Unit<'a> {
    heading: String,
    title: &'a str,
    notifies: bool,
    wants: String,
    after: String,
    mounts: String,
    user: &'a str,
    groups: String,
    directory: Option<&'a str>,
    environment: String,
    env_file: Option<&'a str>,
    command: String,
    restart: &'static str,
    restart_seconds: String,
    start_seconds: u64,
    open_files: Option<u32>,
    memory: Option<u64>,
    state_directory: Option<&'a str>,
    cache_directory: &'a str,
    sandbox: String,
    capabilities: &'static str,
    hardening: String,
}

impl<'a> Unit<'a> {
    fn of(
        platform: &'a Platform,
        ranks: &Ranks,
        service: &'a Service,
        path: &str,
    ) -> Result<Self, EmitError> {
        let unwritable = |source| EmitError::Unwritable(path.to_owned(), source);
        let run = &service.run;
        let Order { wants, after } = Order::of(platform, ranks, service);
        let sandbox = Sandbox::of(platform, service);
        let words = |words: &[String]| {
            escape::systemd_words(words.iter().map(String::as_str)).map_err(unwritable)
        };
        let start_script = places::start_script(service);
        let low_port = service.ports.iter().any(|port| port.number < 1024);
        Ok(Self {
            heading: process::heading(platform, service),
            title: &service.title,
            notifies: service.kind.notifies,
            wants: units(&wants),
            after: units(&after),
            mounts: words(&sandbox.mounts)?,
            user: &run.user,
            groups: words(&run.groups)?,
            directory: process::working_directory(service),
            // Caches of programs lie in the home, which is hidden; HF_HOME, uv and others follow this variable.
            environment: escape::systemd_environment(
                "XDG_CACHE_HOME",
                &sandbox::cache_directory(service),
            )
            .map_err(unwritable)?,
            env_file: service.env_file.as_deref(),
            command: escape::systemd_command([start_script.as_str()]).map_err(unwritable)?,
            restart: match run.restart {
                Restart::Always => "always",
                Restart::OnFailure => "on-failure",
                Restart::No => "no",
            },
            restart_seconds: seconds(run.restart_delay),
            start_seconds: run.start_timeout.as_secs().max(1),
            open_files: run.open_files,
            memory: run.memory,
            state_directory: run.state_directory.as_deref().map(below_var_lib),
            cache_directory: &run.unit,
            sandbox: sandbox.lines().map_err(unwritable)?,
            capabilities: if low_port { "CAP_NET_BIND_SERVICE" } else { "" },
            hardening: hardening::lines(run.workload, low_port).join("\n"),
        })
    }
}

/// The network, and these services.
fn units(services: &[&str]) -> String {
    let mut units = "network-online.target".to_owned();
    for service in services {
        units.extend([" ", service, ".service"]);
    }
    units
}

/// A time as systemd reads it.
fn seconds(time: std::time::Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// The name for `StateDirectory=`, which systemd looks for below `/var/lib`.
fn below_var_lib(path: &str) -> &str {
    path.strip_prefix("/var/lib/").unwrap_or(path)
}

/// What the drop-in template sees; `environment` holds whole words.
#[derive(Serialize)]
struct DropIn<'a> {
    title: &'a str,
    environment: Vec<String>,
    env_file: Option<&'a str>,
    groups: &'a [String],
    open_files: Option<u32>,
    memory: Option<u64>,
}

impl DropIn<'_> {
    fn is_empty(&self) -> bool {
        self.environment.is_empty()
            && self.env_file.is_none()
            && self.groups.is_empty()
            && self.open_files.is_none()
            && self.memory.is_none()
    }
}
