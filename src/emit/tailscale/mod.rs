//! Tailscale: for each host what it publishes by `tailscale serve`, and for the tailnet the policy file that lets nothing else through.

mod policy;

use serde::Serialize;

use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install, Template, json, places};
use crate::platform::{Host, NetworkKind, Platform, Service};

pub(super) static EMITTER: Emitter = Emitter {
    name: "tailscale",
    summary: "what each host publishes on the tailnet, and the tailnet's policy file",
    emit: Emit::Platform(emit),
};

static SERVE: Template = Template::shell(include_str!("serve.sh.j2"));

/// What the script of a host sees.
#[derive(Serialize)]
struct Script<'a> {
    host: &'a str,
    published: Vec<Published<'a>>,
}

/// One thing that is published.
#[derive(Serialize)]
struct Published<'a> {
    title: &'a str,
    https: String,
    path: Option<String>,
    target: String,
    url: String,
}

fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    // Few are: to go through all services for each host would take more and more.
    let served = platform.live_services().filter(|it| it.serve.is_some());
    let served: Vec<&Service> = served.collect();
    for host in &platform.hosts {
        let published = published(&served, host);
        if published.is_empty() {
            continue;
        }
        let path = format!("tailscale/{}/serve.sh", host.name);
        let host_name = &host.name;
        let script = Script {
            host: host_name,
            published,
        };
        let text = SERVE
            .render(&script)
            .map_err(|error| EmitError::of(&path, error))?;
        artifacts.add(Artifact::new(path, text).executable().install(Install {
            host: host.name.clone(),
            path: format!("{}/tailscale-serve", places::LIBRARY),
            owner: "root".to_owned(),
            group: places::root_group(host).to_owned(),
            mode: 0o755,
            restart: Vec::new(),
            seed: false,
        }));
    }
    if platform
        .networks
        .iter()
        .any(|it| it.kind == NetworkKind::Tailnet)
    {
        let policy = policy::of(platform);
        artifacts.add(Artifact::new(
            "tailscale/policy.json",
            json::to_json(&policy),
        ));
    }
    Ok(())
}

fn published<'a>(served: &[&'a Service], host: &Host) -> Vec<Published<'a>> {
    let here = served.iter().filter(|it| it.host == host.id);
    here.filter_map(|service| {
        let serve = service.serve.as_ref()?;
        let port = service.port()?;
        Some(Published {
            title: &service.title,
            https: format!("--https={}", serve.https_port),
            path: (serve.path != "/").then(|| format!("--set-path={}", serve.path)),
            target: format!("http://127.0.0.1:{port}"),
            url: serve.url(),
        })
    })
    .collect()
}
