//! launchd daemons: one for each service on a macOS host, and what keeps their logs small.
//!
//! launchd appends to a log for as long as the service runs and never opens it again, and macOS's newsyslog can only rename and signal: a renamed log would grow on unseen. So a daemon of our own copies logs that have grown and empties them in place.

mod plist;

use std::collections::BTreeMap;

use self::plist::Value;
use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, Template};
use crate::emit::{places, process};
use crate::platform::{Host, ManagedBy, Platform, Restart, Service, Workload};

pub(super) static EMITTER: Emitter = Emitter {
    name: "launchd",
    summary: "a daemon for each service on a macOS host, with its log",
    emit: Emit::Platform(emit),
};

static ROTATE: Template = Template::shell(include_str!("rotate-logs.sh.j2"));

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for host in &platform.hosts {
        let services: Vec<_> = platform
            .services_on(host.id)
            .filter(|it| platform.is_installed(it) && it.managed_by == ManagedBy::Launchd)
            .filter(|it| process::is_started(it))
            .collect();
        if services.is_empty() {
            continue;
        }
        for service in services {
            artifacts.add(daemon(platform, host, service)?);
            artifacts.add(log(host, service));
        }
        artifacts.add(rotation_script(host)?);
        artifacts.add(rotation_daemon(platform, host)?);
    }
    Ok(())
}

/// The daemon of a service.
fn daemon(platform: &Platform, host: &Host, service: &Service) -> Result<Artifact, EmitError> {
    let run = &service.run;
    let live = platform.is_live(service);
    let log = Value::text(log_path(service));
    let mut keys = BTreeMap::from([
        ("Label", Value::text(&run.label)),
        (
            "ProgramArguments",
            Value::Array(vec![Value::text(places::start_script(service))]),
        ),
        ("UserName", Value::text(&run.user)),
        ("EnvironmentVariables", environment(platform, host, service)),
        ("RunAtLoad", Value::Bool(live)),
        (
            "KeepAlive",
            if live {
                keep_alive(run.restart)
            } else {
                Value::Bool(false)
            },
        ),
        (
            "ThrottleInterval",
            Value::Integer(run.restart_delay.as_secs().max(SHORTEST_PAUSE)),
        ),
        // The start script gives the processes of a service with several twenty of these.
        ("ExitTimeOut", Value::Integer(30)),
        ("StandardErrorPath", log.clone()),
        ("StandardOutPath", log),
        ("ProcessType", Value::text(process_type(run.workload))),
        ("Umask", Value::Integer(0o077)),
    ]);
    if !live {
        keys.insert("Disabled", Value::Bool(true));
    }
    if let Some(directory) = process::working_directory(service) {
        keys.insert("WorkingDirectory", Value::text(directory));
    }
    if let Some(files) = run.open_files {
        for key in ["HardResourceLimits", "SoftResourceLimits"] {
            let limits =
                BTreeMap::from([("NumberOfFiles".to_owned(), Value::Integer(files.into()))]);
            keys.insert(key, Value::Dict(limits));
        }
    }
    let path = ["launchd/", &host.name, "/", &run.label, ".plist"].concat();
    let text = property_list(&path, keys)?;
    let restart = process::restarts(platform, service);
    Ok(installed(
        host,
        path,
        text,
        places::launchd_plist(service),
        restart,
    ))
}

/// The least seconds between two starts. launchd's own; below it a daemon that cannot start fills its log, and launchd has no way to give up.
const SHORTEST_PAUSE: u64 = 10;

fn keep_alive(restart: Restart) -> Value {
    match restart {
        Restart::Always => Value::Bool(true),
        Restart::OnFailure => Value::Dict(BTreeMap::from([(
            "SuccessfulExit".to_owned(),
            Value::Bool(false),
        )])),
        Restart::No => Value::Bool(false),
    }
}

/// macOS slows the CPU and the disk of everything that is not interactive.
fn process_type(workload: Workload) -> &'static str {
    match workload {
        Workload::CpuInference | Workload::GpuInference => "Interactive",
        Workload::Proxy => "Standard",
    }
}

/// What the platform decides, and the home and path that launchd leaves out. Everybody may read it: no secret is among them.
fn environment(platform: &Platform, host: &Host, service: &Service) -> Value {
    let mut variables = BTreeMap::from([
        (
            "HOME".to_owned(),
            Value::text(host.home_of(&service.run.user)),
        ),
        (
            "PATH".to_owned(),
            Value::text(process::search_path(host, service)),
        ),
    ]);
    for variable in &service.env {
        if let Some(text) = process::decided(platform, variable) {
            variables.insert(variable.name.to_string(), Value::text(text));
        }
    }
    Value::Dict(variables)
}

fn log_path(service: &Service) -> String {
    [places::MACOS_LOGS, "/", &service.name, ".log"].concat()
}

/// The beginning of a log. launchd opens it as the service's user, who may not make files in the folder of logs, so it must be there before the first start.
fn log(host: &Host, service: &Service) -> Artifact {
    let user = &service.run.user;
    let path = ["launchd/", &host.name, "/logs/", &service.name, ".txt"].concat();
    let text = ["homelab: the log of ", &service.name, " begins here\n"].concat();
    Artifact::new(path, text).install(Install {
        host: host.name.clone(),
        path: log_path(service),
        owner: user.clone(),
        group: process::user_group(host, user).to_owned(),
        mode: 0o640,
        restart: Vec::new(),
        seed: true,
    })
}

/// What the rotation script sees.
#[derive(serde::Serialize)]
struct Rotation<'a> {
    host: &'a str,
    logs: &'static str,
}

fn rotation_script(host: &Host) -> Result<Artifact, EmitError> {
    let path = format!("launchd/{}/rotate-logs", host.name);
    let rotation = Rotation {
        host: &host.name,
        logs: places::MACOS_LOGS,
    };
    let text = ROTATE
        .render(&rotation)
        .map_err(|error| EmitError::of(&path, error))?;
    let mut artifact =
        installed(host, path, text, places::rotate_logs_script(), Vec::new()).executable();
    if let Some(install) = &mut artifact.install {
        install.mode = 0o755;
    }
    Ok(artifact)
}

fn rotation_daemon(platform: &Platform, host: &Host) -> Result<Artifact, EmitError> {
    let label = places::rotate_logs_label(platform);
    let script = Value::text(places::rotate_logs_script());
    let night = [
        ("Hour".to_owned(), Value::Integer(4)),
        ("Minute".to_owned(), Value::Integer(12)),
    ];
    let keys = BTreeMap::from([
        ("Label", Value::text(&label)),
        ("ProgramArguments", Value::Array(vec![script])),
        ("ProcessType", Value::text("Background")),
        ("RunAtLoad", Value::Bool(false)),
        ("StartCalendarInterval", Value::Dict(BTreeMap::from(night))),
        ("Umask", Value::Integer(0o077)),
    ]);
    let path = ["launchd/", &host.name, "/", &label, ".plist"].concat();
    let text = property_list(&path, keys)?;
    let target = ["/Library/LaunchDaemons/", &label, ".plist"].concat();
    Ok(installed(host, path, text, target, Vec::new()))
}

fn property_list(path: &str, keys: BTreeMap<&str, Value>) -> Result<String, EmitError> {
    let keys = keys
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    plist::write(&Value::Dict(keys))
        .map_err(|source| EmitError::Unwritable(path.to_owned(), source))
}

fn installed(
    host: &Host,
    path: String,
    text: String,
    target: String,
    restart: Vec<String>,
) -> Artifact {
    Artifact::new(path, text).install(Install {
        host: host.name.clone(),
        path: target,
        owner: "root".to_owned(),
        group: places::root_group(host).to_owned(),
        mode: 0o644,
        restart,
        seed: false,
    })
}
