//! Podman Quadlet: a file for each container, network and volume of a host whose containers are Podman's, of which systemd makes units.
//!
//! Quadlet writes what it reads into an `ExecStart=`, so everything is escaped for both. Secrets come from the env file by systemd, which reads it as it reads that of any other service; Podman is told their names alone.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, Template};
use crate::emit::escape::{self, Unwritable};
use crate::emit::{container, json, places};
use crate::platform::{
    Ask, Container, Engine, Gpu, Healthcheck, Host, Platform, Restart, Service, Value, Word,
};

pub(super) static EMITTER: Emitter = Emitter {
    name: "quadlet",
    summary: "files of Podman Quadlet for each host with containers of Podman",
    emit: Emit::Platform(emit),
};

static CONTAINER: Template = Template::systemd(include_str!("container.j2"));

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for host in &platform.hosts {
        let services = container::of_host(platform, host, Engine::Podman);
        let mut networks = BTreeSet::new();
        let mut volumes = BTreeSet::new();
        for (service, container, image) in services {
            let path = format!("quadlet/{}/{}.container", host.name, service.name);
            let unwritable = |source| EmitError::Unwritable(path.clone(), source);
            let seen = Seen::of(platform, service, container, image).map_err(unwritable)?;
            let text = CONTAINER
                .render(&seen)
                .map_err(|error| EmitError::of(&path, error))?;
            let restart = platform.is_live(service).then(|| service.name.clone());
            artifacts.add(installed(host, path, text, restart.into_iter().collect()));
            networks.extend(container.networks.iter().map(|it| prefixed(platform, it)));
            let names = container.volumes.iter().map(|(name, _)| name);
            volumes.extend(names.map(|it| prefixed(platform, it)));
        }
        for name in networks {
            artifacts.add(plain(host, &format!("{name}.network"), "Network"));
        }
        for name in volumes {
            artifacts.add(plain(host, &format!("{name}.volume"), "Volume"));
        }
    }
    Ok(())
}

/// The name of a network or volume: Podman has one of each for all that is on its host.
fn prefixed(platform: &Platform, name: &str) -> String {
    format!("{}-{name}", platform.name)
}

/// A network or a volume that has nothing but its name.
fn plain(host: &Host, file: &str, section: &str) -> Artifact {
    let text = format!("# Made by homelab from platform.toml; do not edit.\n[{section}]\n");
    let path = format!("quadlet/{}/{file}", host.name);
    installed(host, path, text, Vec::new())
}

fn installed(host: &Host, path: String, text: String, restart: Vec<String>) -> Artifact {
    let file = path.rsplit('/').next().unwrap_or_default();
    let target = format!("{}/{file}", places::QUADLET);
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

/// What the template sees.
#[derive(Serialize)]
struct Seen<'a> {
    service: &'a str,
    title: &'a str,
    host: &'a str,
    after: Vec<&'a str>,
    image: String,
    command: Option<String>,
    environment: Vec<String>,
    networks: Vec<String>,
    volumes: Vec<String>,
    ports: Vec<String>,
    devices: &'static [&'static str],
    arguments: Vec<String>,
    env_file: Option<&'a str>,
    restart: &'static str,
    boots: bool,
}

/// The devices of a GPU; NVIDIA's Container Toolkit gives them a name of its own.
fn devices(gpu: Gpu) -> &'static [&'static str] {
    match gpu {
        Gpu::Nvidia => &["nvidia.com/gpu=all"],
        Gpu::Amd | Gpu::Intel => container::devices(gpu),
    }
}

impl<'a> Seen<'a> {
    fn of(
        platform: &'a Platform,
        service: &'a Service,
        container: &'a Container,
        image: &str,
    ) -> Result<Self, Unwritable> {
        let environment = container::environment(platform, service).into_iter();
        let environment =
            environment.map(|(name, value)| escape::quadlet_word(&format!("{name}={value}")));
        let networks = container.networks.iter();
        Ok(Self {
            service: &service.name,
            title: &service.title,
            host: &platform[service.host].name,
            after: container::waits_for(platform, service)
                .into_iter()
                .map(|it| it.name.as_str())
                .collect(),
            image: escape::quadlet_value(image)?,
            command: command(service)?,
            environment: environment.collect::<Result<_, _>>()?,
            networks: networks.map(|it| prefixed(platform, it)).collect(),
            volumes: volumes(platform, service, container)?,
            ports: container::published(service),
            devices: container.gpu.map_or(&[], devices),
            arguments: arguments(service, container)?,
            env_file: container::env_file(service),
            restart: match service.run.restart {
                Restart::Always => "always",
                Restart::OnFailure => "on-failure",
                Restart::No => "no",
            },
            // One with a profile is started by hand, as Compose does it.
            boots: container.profiles.is_empty(),
        })
    }
}

/// What is handed to the image's entry point; nothing for what the image says itself.
fn command(service: &Service) -> Result<Option<String>, Unwritable> {
    let Some(words) = service.run.command.as_deref().filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    // `resolve` has refused variables here.
    let words = words.iter().filter_map(|it| match it {
        Word::Text(text) => Some(text.as_str()),
        Word::Variable(_) => None,
    });
    escape::quadlet_words(words).map(Some)
}

/// Volumes of Podman, and places of the host, as `source:target`.
fn volumes(
    platform: &Platform,
    service: &Service,
    container: &Container,
) -> Result<Vec<String>, Unwritable> {
    let ours = container.volumes.iter();
    let ours = ours.map(|(name, target)| {
        let source = format!("{}.volume", prefixed(platform, name));
        mount(&source, target, "")
    });
    let seen = container::seen(service, container).into_iter();
    let seen = seen.map(|it| mount(it.source, it.target, if it.writable { "" } else { ":ro" }));
    ours.chain(seen).collect()
}

fn mount(source: &str, target: &str, how: &str) -> Result<String, Unwritable> {
    if source.contains(':') || target.contains(':') {
        let what = "a volume of a container";
        let why = "it has a `:`, which separates the two places";
        return Err(Unwritable { what, why });
    }
    escape::quadlet_value(&format!("{source}:{target}{how}"))
}

/// What Podman 4.4 knows and its Quadlet does not.
fn arguments(service: &Service, container: &Container) -> Result<Vec<String>, Unwritable> {
    let filled_in = |value: &Value| matches!(value, Value::Secret(_) | Value::FillIn(_));
    let secrets = service.env.iter().filter(|it| filled_in(&it.value));
    let mut arguments: Vec<String> = secrets.map(|it| format!("--env={}", it.name)).collect();
    if let Some(check) = &container.healthcheck {
        arguments.extend(healthcheck(check));
    }
    arguments.extend(service.run.memory.map(|it| format!("--memory={it}b")));
    let files = service.run.open_files;
    arguments.extend(files.map(|it| format!("--ulimit=nofile={it}:{it}")));
    let words = arguments.iter().map(|it| escape::quadlet_word(it));
    words.collect()
}

/// A health check as Podman's command line has it: a program of several words is an array of JSON, anything else a line for a shell.
fn healthcheck(check: &Healthcheck) -> Vec<String> {
    let command = match &check.command {
        Ask::Program(words) if words.len() > 1 => json::to_json_line(words),
        Ask::Program(words) => words.concat(),
        Ask::Shell(line) => line.clone(),
    };
    vec![
        format!("--health-cmd={}", command.trim_end()),
        format!("--health-interval={}", time(check.interval)),
        format!("--health-timeout={}", time(check.timeout)),
        format!("--health-retries={}", check.retries),
        format!("--health-start-period={}", time(check.start_period)),
    ]
}

/// A time as Podman reads it.
fn time(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}
