//! What the file does not say yet: facts that somebody must find out, listed and never invented.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::backend::Role;
use crate::platform::{Host, HostState, ManagedBy, Model, Platform, Service, Work};

/// All that is to be found out.
pub(super) fn work(platform: &Platform) -> Vec<Work> {
    let mut work = Vec::new();
    hosts(platform, &mut work);
    services(platform, &mut work);
    models(platform, &mut work);
    gateway(platform, &mut work);
    // What keeps something from being made comes first.
    work.sort_by_key(|it| (!it.blocks, it.span));
    work
}

fn hosts(platform: &Platform, work: &mut Vec<Work>) {
    for host in platform
        .machines()
        .filter(|it| it.state != HostState::Retired)
    {
        let missing = missing_of_host(platform, host);
        let what = match host.state {
            HostState::Template => template(platform, host, &missing),
            _ if missing.is_empty() => continue,
            _ => format!("say {}", missing.join(", ")),
        };
        work.push(Work {
            subject: format!("host `{}`", host.name),
            what,
            span: host.span,
            blocks: false,
        });
    }
}

fn missing_of_host(platform: &Platform, host: &Host) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if host.addresses.is_empty() {
        missing.push("its addresses");
    }
    if host.memory.is_none() {
        missing.push("its memory");
    }
    let serves = platform
        .services_on(host.id)
        .any(|service| platform.models_of(service.id).next().is_some());
    if serves && host.volumes.is_empty() {
        missing.push("its volumes");
    }
    missing
}

/// All that a template host lacks, in one place, and what waits for it.
fn template(platform: &Platform, host: &Host, missing: &[&str]) -> String {
    let services: Vec<&Service> = platform.services_on(host.id).collect();
    let models = services.iter().flat_map(|it| platform.models_of(it.id));
    let models = models.count();
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    let waiting = match (services.len(), models) {
        (0, 0) => String::new(),
        (services, 0) => format!("; {} waits for it", count(services, "service")),
        (services, models) => format!(
            "; {} and {} wait for it",
            count(services, "service"),
            count(models, "model")
        ),
    };
    let mut words = format!(
        "is a template, and live once it has an address{waiting}. Say {}",
        missing.join(", "),
    );
    for service in services {
        let lacking = FACTS.iter().filter(|(_, lacks)| {
            let mut models = platform.models_of(service.id);
            models.any(lacks)
        });
        let lacking: Vec<&str> = lacking.map(|(name, _)| *name).collect();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            let _ = write!(words, "; of the models of `{}` {lacking}", service.name);
        }
        for missing in missing_of_service(platform, service) {
            let _ = write!(words, "; of `{}`: {}", service.name, missing.what);
        }
    }
    words
}

fn services(platform: &Platform, work: &mut Vec<Work>) {
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        for missing in missing_of_service(platform, service) {
            work.push(Work {
                subject: format!("service `{}`", service.name),
                what: missing.what,
                span: service.span,
                blocks: missing.blocks,
            });
        }
    }
}

/// A fact that a service lacks.
struct Missing {
    what: String,
    blocks: bool,
}

impl Missing {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            blocks: false,
        }
    }

    /// Nothing is made of the service until it is known.
    fn blocking(what: &str) -> Self {
        Self {
            what: format!("{what}: nothing is written for it until then"),
            blocks: true,
        }
    }
}

fn missing_of_service(platform: &Platform, service: &Service) -> Vec<Missing> {
    let mut missing = Vec::new();
    let ours = matches!(service.managed_by, ManagedBy::Systemd | ManagedBy::Launchd);
    let no_start =
        service.run.command.is_none() && service.slots.iter().all(|it| it.command.is_none());
    if ours && no_start {
        missing.push(Missing::blocking("say how it is started (`run.command`)"));
    }
    if let Some(container) = &service.container
        && container.image.is_none()
    {
        let example = service.kind.container.map_or_else(String::new, |it| {
            format!(", such as `{}:` and a version", it.image)
        });
        let what = format!("say which image it runs (`container.image`{example})");
        missing.push(Missing::blocking(&what));
    }
    let computes =
        service.kind.role == Role::ModelServer && platform[service.host].gpu_memory.is_some();
    if computes
        && service
            .container
            .as_ref()
            .is_some_and(|it| it.gpu.is_none())
    {
        missing.push(Missing::new(
            "say whose GPU it computes on (`container.gpu`): the CPU alone until then",
        ));
    }
    let directory = [&service.run.directory, &service.run.state_directory];
    let anywhere = service.kind.is_homelab() || directory.iter().any(|it| it.is_some());
    if ours && !no_start && !anywhere {
        missing.push(Missing::new(
            "say its working directory (`folder` or `run.directory`)",
        ));
    }
    if ours
        && service.env_file.is_none()
        && service.env.iter().any(|it| {
            matches!(
                it.value,
                crate::platform::Value::Secret(_) | crate::platform::Value::FillIn(_)
            )
        })
    {
        missing.push(Missing::new(
            "say where its environment file lies (`env_file`): it reads a secret",
        ));
    }
    if service.faces_network() && service.approval.is_none() {
        missing.push(Missing::new(
            "say who approved that it listens beyond its host (`approval`)",
        ));
    }
    let empty: Vec<_> = service
        .profiles
        .iter()
        .filter(|it| it.handles.is_empty())
        .map(|it| format!("`{}`", it.name))
        .collect();
    if !empty.is_empty() {
        missing.push(Missing::new(format!(
            "say which handles these profiles warm: {}",
            empty.join(", ")
        )));
    }
    missing
}

/// A fact of a model, and whether a model lacks it.
type Fact = (&'static str, fn(&Model) -> bool);

const FACTS: [Fact; 4] = [
    ("context length", |it| it.context_length.is_none()),
    ("most output tokens", |it| it.max_output_tokens.is_none()),
    ("source path", |it| it.source_path.is_none()),
    ("memory", |it| it.memory.is_none()),
];

/// One entry for all models of a service that lack the same facts.
fn models(platform: &Platform, work: &mut Vec<Work>) {
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        let mut groups: BTreeMap<Vec<&str>, Vec<&Model>> = BTreeMap::new();
        for model in platform.models_of(service.id) {
            let lacking: Vec<&str> = FACTS
                .iter()
                .filter(|(_, lacks)| lacks(model))
                .map(|(name, _)| *name)
                .collect();
            if !lacking.is_empty() {
                groups.entry(lacking).or_default().push(model);
            }
        }
        for (lacking, models) in groups {
            let of = match models[..] {
                [one] => format!("`{}`", one.name),
                _ => format!("its {} models from `{}` on", models.len(), models[0].name),
            };
            work.push(Work {
                subject: format!("models of `{}`", service.name),
                what: format!("say {} of {of}", lacking.join(", ")),
                span: models[0].span,
                blocks: false,
            });
        }
    }
}

fn gateway(platform: &Platform, work: &mut Vec<Work>) {
    let settings = &platform.gateway;
    let mut missing = Vec::new();
    if settings.key.is_none() {
        missing.push("the variable with its key (`gateway.key`)");
    }
    if settings.retries.is_none() {
        missing.push("how often it retries (`gateway.retries`)");
    }
    if settings.cooldown.is_none() {
        missing.push("how long a failing model is left alone (`gateway.cooldown`)");
    }
    if settings.timeout.is_none() {
        missing.push("how long an answer may take (`gateway.timeout`)");
    }
    if !missing.is_empty() {
        work.push(Work {
            subject: "the gateway".to_owned(),
            what: format!(
                "say {}; until then its own defaults hold",
                missing.join(", ")
            ),
            span: platform.gateway_service().span,
            blocks: false,
        });
    }
}
