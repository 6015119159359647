//! Docker Compose: one `docker-compose.yml` for each host with containers of Docker.
//!
//! What the platform decides stands under `environment`, which wins over the env file; the env file has the secrets and nothing of ours. Every `$` is doubled: Compose would look for a variable.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, yaml};
use crate::emit::{container, places};
use crate::platform::{
    Ask, Container, DEFAULT_NETWORK, Engine, Gpu, Healthcheck, Host, Platform, Restart, Service,
    Word,
};

pub(super) static EMITTER: Emitter = Emitter {
    name: "compose",
    summary: "a docker-compose.yml for each host with containers",
    emit: Emit::Platform(emit),
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every emitter may fail, and this one never does"
)]
fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    for host in &platform.hosts {
        let services = container::of_host(platform, host, Engine::Docker);
        if !services.is_empty() {
            artifacts.add(file(platform, host, &services));
        }
    }
    Ok(())
}

fn file(platform: &Platform, host: &Host, services: &[(&Service, &Container, &str)]) -> Artifact {
    let path = format!("compose/{}/docker-compose.yml", host.name);
    let project = Project::of(platform, services);
    let text = format!(
        "# Made by homelab from platform.toml; do not edit.\n{}",
        yaml::to_yaml(&project)
    );
    let live = services.iter().filter(|(it, _, _)| platform.is_live(it));
    Artifact::new(path, text).install(Install {
        host: host.name.clone(),
        path: places::COMPOSE_FILE.to_owned(),
        owner: "root".to_owned(),
        group: places::root_group(host).to_owned(),
        mode: 0o644,
        restart: live.map(|(it, _, _)| it.name.clone()).collect(),
        seed: false,
    })
}

/// The whole file.
#[derive(Serialize)]
struct Project<'a> {
    name: &'a str,
    services: BTreeMap<&'a str, Entry<'a>>,
    networks: BTreeMap<&'a str, Plain>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    volumes: BTreeMap<&'a str, Plain>,
}

/// The settings of what has a name alone.
type Plain = BTreeMap<&'static str, &'static str>;

/// A service, in the order in which people write one.
#[derive(Serialize)]
struct Entry<'a> {
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profiles: Vec<&'a str>,
    restart: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_file: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<String>,
    networks: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_hosts: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<Mounted>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    depends_on: BTreeMap<&'a str, Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<Check>,
    security_opt: [&'static str; 1],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    devices: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    deploy: Option<Deploy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ulimits: Option<Limits>,
}

/// A volume or a place of the host, in the long form: the short one makes a folder where a file is missing.
#[derive(Serialize)]
struct Mounted {
    r#type: &'static str,
    source: String,
    target: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    bind: Option<Bind>,
}

/// A place of the host must be there: Docker would make a folder of root's in its stead.
#[derive(Serialize)]
struct Bind {
    create_host_path: bool,
}

#[derive(Serialize)]
struct Condition {
    condition: &'static str,
}

#[derive(Serialize)]
struct Check {
    test: Vec<String>,
    interval: String,
    timeout: String,
    retries: u32,
    start_period: String,
}

/// What a container reserves of its host.
#[derive(Serialize)]
struct Deploy {
    resources: Resources,
}

#[derive(Serialize)]
struct Resources {
    reservations: Reservations,
}

#[derive(Serialize)]
struct Reservations {
    devices: [Reserved; 1],
}

#[derive(Serialize)]
struct Reserved {
    driver: &'static str,
    count: &'static str,
    capabilities: [&'static str; 1],
}

impl Deploy {
    /// All GPUs of NVIDIA, as its Container Toolkit hands them out.
    const NVIDIA: Self = Self {
        resources: Resources {
            reservations: Reservations {
                devices: [Reserved {
                    driver: "nvidia",
                    count: "all",
                    capabilities: ["gpu"],
                }],
            },
        },
    };
}

#[derive(Serialize)]
struct Limits {
    nofile: u32,
}

impl<'a> Project<'a> {
    fn of(platform: &'a Platform, services: &[(&'a Service, &'a Container, &'a str)]) -> Self {
        let mut entries = BTreeMap::new();
        let (mut networks, mut volumes) = (BTreeMap::new(), BTreeMap::new());
        for (service, container, image) in services {
            let entry = Entry::of(platform, service, container, image);
            let names = container.networks.iter().map(String::as_str);
            networks.extend(names.map(|name| (name, Plain::new())));
            let names = container.volumes.iter().map(|(name, _)| name.as_str());
            volumes.extend(names.map(|name| (name, Plain::new())));
            entries.insert(service.name.as_str(), entry);
        }
        networks.entry(DEFAULT_NETWORK).or_insert(Plain::new());
        Self {
            name: &platform.name,
            services: entries,
            networks,
            volumes,
        }
    }
}

impl<'a> Entry<'a> {
    fn of(
        platform: &'a Platform,
        service: &'a Service,
        container: &'a Container,
        image: &str,
    ) -> Self {
        let run = &service.run;
        let calls_host = container::calls_own_host(platform, service);
        Self {
            image: doubled(image),
            command: command(service),
            profiles: container.profiles.iter().map(String::as_str).collect(),
            restart: match run.restart {
                // A container that somebody stopped by hand stays stopped.
                Restart::Always => "unless-stopped",
                Restart::OnFailure => "on-failure",
                Restart::No => "no",
            },
            env_file: container::env_file(service).map(|path| [path]),
            environment: container::environment(platform, service)
                .into_iter()
                .map(|(name, value)| (name, doubled(value)))
                .collect(),
            ports: container::published(service),
            networks: container.networks.iter().map(String::as_str).collect(),
            extra_hosts: calls_host.then_some(["host.docker.internal:host-gateway"]),
            volumes: mounted(service, container),
            depends_on: container::waits_for(platform, service)
                .into_iter()
                .map(|callee| (callee.name.as_str(), Condition::of(callee)))
                .collect(),
            healthcheck: container.healthcheck.as_ref().map(Check::of),
            security_opt: ["no-new-privileges:true"],
            devices: container.gpu.map_or(&[], container::devices),
            deploy: (container.gpu == Some(Gpu::Nvidia)).then_some(Deploy::NVIDIA),
            mem_limit: run.memory,
            ulimits: run.open_files.map(|nofile| Limits { nofile }),
        }
    }
}

/// What is handed to the image's entry point; nothing for what the image says itself.
fn command(service: &Service) -> Option<Vec<String>> {
    let words = service.run.command.as_deref().filter(|it| !it.is_empty())?;
    let words = words.iter().map(|word| match word {
        Word::Text(text) => doubled(text),
        // `resolve` has refused a variable here: no shell would look it up.
        Word::Variable(name) => format!("$${{{name}}}"),
    });
    Some(words.collect())
}

fn mounted(service: &Service, container: &Container) -> Vec<Mounted> {
    let volumes = container.volumes.iter().map(|(name, target)| Mounted {
        r#type: "volume",
        source: name.clone(),
        target: doubled(target),
        read_only: false,
        bind: None,
    });
    let seen = container::seen(service, container).into_iter();
    let seen = seen.map(|it| Mounted {
        r#type: "bind",
        source: doubled(it.source),
        target: doubled(it.target),
        read_only: !it.writable,
        bind: Some(Bind {
            create_host_path: false,
        }),
    });
    volumes.chain(seen).collect()
}

impl Condition {
    fn of(callee: &Service) -> Self {
        let asked = callee
            .container
            .as_ref()
            .is_some_and(|it| it.healthcheck.is_some());
        Self {
            condition: if asked {
                "service_healthy"
            } else {
                "service_started"
            },
        }
    }
}

impl Check {
    fn of(check: &Healthcheck) -> Self {
        let test = match &check.command {
            Ask::Program(words) => {
                let words = words.iter().map(|it| doubled(it));
                std::iter::once("CMD".to_owned()).chain(words).collect()
            }
            Ask::Shell(line) => vec!["CMD-SHELL".to_owned(), doubled(line)],
        };
        Self {
            test,
            interval: time(check.interval),
            timeout: time(check.timeout),
            retries: check.retries,
            start_period: time(check.start_period),
        }
    }
}

/// A time as Compose reads it.
fn time(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// A text as Compose hands it on: it looks for a variable behind every `$`.
fn doubled(text: &str) -> String {
    text.replace('$', "$$")
}
