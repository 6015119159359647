//! Services that run as containers: what the owner says, with what is known of the image of their kind.

use crate::backend::{Asker, Kind};
use crate::manifest::{self, Init, ManagedBy};
use crate::platform::{Ask, Container, DEFAULT_NETWORK, Health, Healthcheck, Host, Mount, Service};

use super::Draft;
use super::place::Place;

/// Who starts a service when the owner does not say: a container by the engine of its host, anything else by its init.
pub(super) fn managed_by(it: &manifest::Service, host: &Host) -> ManagedBy {
    it.managed_by.unwrap_or(match host.init {
        Init::Compose => ManagedBy::Docker,
        Init::Quadlet => ManagedBy::Podman,
        _ if it.container.is_some() => ManagedBy::Docker,
        Init::Systemd => ManagedBy::Systemd,
        Init::Launchd => ManagedBy::Launchd,
        Init::None => ManagedBy::Manual,
    })
}

impl Draft<'_> {
    /// How a service runs as a container; nothing when it does not.
    pub(super) fn container(
        &mut self,
        it: &manifest::Service,
        kind: &'static Kind,
        host: &Host,
        place: Place<'_>,
    ) -> Option<Container> {
        let Some(engine) = managed_by(it, host).engine() else {
            if it.container.is_some() {
                self.conflict(
                    "a container is started by `docker` or `podman`",
                    place.value("managed_by"),
                    "this starts no container",
                );
            }
            return None;
        };
        let place = place.table("container");
        let none = manifest::Container::default();
        let written = it.container.as_deref().unwrap_or(&none);
        let known = kind.container;
        let mut networks: Vec<String> =
            written.networks.iter().map(|it| it.0.to_string()).collect();
        networks.sort();
        networks.dedup();
        if networks.is_empty() {
            networks.push(DEFAULT_NETWORK.to_owned());
        }
        Some(Container {
            engine,
            image: written.image.clone(),
            image_span: place.value("image"),
            port: written
                .port
                .and_then(|it| u16::try_from(it).ok())
                .or_else(|| known.and_then(|it| it.port)),
            publish: written
                .publish
                .unwrap_or_else(|| known.is_none_or(|it| it.publish)),
            profiles: written.profiles.iter().map(|it| it.0.to_string()).collect(),
            networks,
            volumes: written
                .volumes
                .iter()
                .map(|(name, target)| (name.0.to_string(), target.0.to_string()))
                .collect(),
            mounts: self.mounts(written, host, place),
            configs: known.map_or_else(Vec::new, |it| it.configs.to_vec()),
            gpu: written.gpu,
            healthcheck: None,
        })
    }

    fn mounts(
        &mut self,
        written: &manifest::Container,
        host: &Host,
        place: Place<'_>,
    ) -> Vec<Mount> {
        let mut mounts = Vec::with_capacity(written.mounts.len());
        for (at, mount) in written.mounts.iter().enumerate() {
            let place = place.nth("mounts", at);
            let span = place.value("source");
            if !mount.target.0.starts_with('/') {
                self.conflict(
                    format!("`{}` is no absolute path", mount.target.0),
                    place.value("target"),
                    "a container sees it where?",
                );
            }
            let source = mount.source.0.trim_start_matches("./");
            let Some(source) = self.absolute(host, source, span) else {
                continue;
            };
            mounts.push(Mount {
                source,
                target: mount.target.0.to_string(),
                writable: mount.writable,
                made_by: mount.made_by.clone(),
                span,
            });
        }
        mounts
    }
}

/// Fills what follows from the rest of a service: its volume, when the owner names none, and how it is asked whether it is well.
pub(super) fn complete(service: &mut Service, written: &manifest::Service) {
    let healthcheck = healthcheck(service, written);
    let name = format!("{}-data", service.name);
    let data = service.kind.container.and_then(|it| it.data);
    let Some(container) = &mut service.container else {
        return;
    };
    container.healthcheck = healthcheck;
    let covered = |target: &str| {
        let volumes = container.volumes.iter().map(|(_, at)| at);
        let mounts = container.mounts.iter().map(|it| &it.target);
        volumes.chain(mounts).any(|at| at == target)
    };
    if let Some(data) = data
        && !covered(data)
    {
        container.volumes.push((name, data.to_owned()));
    }
}

fn healthcheck(service: &Service, written: &manifest::Service) -> Option<Healthcheck> {
    let none = manifest::Healthcheck::default();
    let written = written
        .container
        .as_ref()
        .and_then(|it| it.healthcheck.as_ref());
    let written = written.unwrap_or(&none);
    let command = if written.command.is_empty() {
        asked(service)?
    } else {
        Ask::Program(written.command.clone())
    };
    let time = |it: &Option<manifest::Duration>| it.as_ref().and_then(manifest::Duration::to_std);
    let seconds = std::time::Duration::from_secs;
    Some(Healthcheck {
        command,
        interval: time(&written.interval).unwrap_or(seconds(30)),
        timeout: time(&written.timeout).unwrap_or(seconds(10)),
        retries: written
            .retries
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or(3),
        start_period: time(&written.start_period).unwrap_or(service.run.start_timeout),
    })
}

/// What is known of the image, held to what the owner says is a sign of health.
fn asked(service: &Service) -> Option<Ask> {
    let program = |words: &[&str]| Ask::Program(words.iter().map(|it| (*it).to_owned()).collect());
    let url = || {
        let cheap = |it: &&Health| !it.loads_model && !it.needs_key;
        let health = service.health.iter().find(cheap)?;
        Some(format!(
            "{}://127.0.0.1:{}{}",
            service.scheme(),
            service.listen_port()?,
            health.path
        ))
    };
    match service.kind.container?.asker {
        Asker::Nothing => None,
        Asker::Python => {
            let script =
                "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=8)";
            Some(program(&["python3", "-c", script, &url()?]))
        }
        Asker::Wget => Some(program(&["wget", "-q", "-O", "/dev/null", &url()?])),
        Asker::Curl => Some(program(&["curl", "-fsS", "-o", "/dev/null", &url()?])),
        Asker::Program(words) => Some(program(words)),
        Asker::Shell(line) => Some(Ask::Shell(line.to_owned())),
    }
}
