//! A URL names a port of a range at which no model is.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, urls};
use crate::platform::{HostId, Origin, Platform, Service, Value, Variable};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "empty-slot-url",
        severity: Severity::Warning,
        summary: "a URL names a port of a range at which no model is",
        why: "Nothing answers there: the port belongs to a service that runs one model per port, and none of its models has this one.",
        bad: concat!(
            home!(),
            r#"
[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }

[services.mlx]
kind = "mlx"
host = "studio"

[services.mlx.ports]
team = { range = "8100-8119" }

[services.watch]
kind = "generic"
host = "pi"

[services.watch.env]
PROBE = "http://192.0.2.20:8103/v1/models"
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }

[services.mlx]
kind = "mlx"
host = "studio"

[services.mlx.ports]
team = { range = "8100-8119" }

[services.watch]
kind = "generic"
host = "pi"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let ranged: Vec<&Service> = platform
        .services
        .iter()
        .filter(|it| it.kind.one_model_per_port && !it.ranges.is_empty())
        .collect();
    if ranged.is_empty() {
        return;
    }
    let directory = urls::Directory::new(platform);
    let taken: BTreeSet<(HostId, u16)> = platform
        .models
        .iter()
        .filter_map(|it| Some((platform[it.service].host, it.port?)))
        .collect();
    let beside = platform.gateway_service().host;
    let services = platform.services.iter().map(|it| (it.host, &it.env));
    let tools = platform
        .mcp
        .iter()
        .map(|it| (it.host.unwrap_or(beside), &it.env));
    for (reader, env) in services.chain(tools) {
        let texts = env.iter().filter(|it| it.origin == Origin::Owner);
        for (variable, url) in texts.filter_map(|it| Some((it, urls::parse(text(it)?)?))) {
            let Some(host) = directory.host(url, reader) else {
                continue;
            };
            if taken.contains(&(host, url.port)) || directory.service(url, reader).is_some() {
                continue;
            }
            let within = |it: &&&Service| {
                let has = |first, last| (first..=last).contains(&url.port);
                it.host == host && it.ranges.iter().any(|range| has(range.first, range.last))
            };
            if let Some(service) = ranged.iter().find(within) {
                diagnostics.push(
                    Diagnostic::new(
                        &LINT.rule,
                        format!("no model of `{}` is at port {}", service.name, url.port),
                    )
                    .primary(variable.span, "nothing answers there")
                    .secondary(service.span, "the port is one of its range")
                    .help("name the port of a model that is there"),
                );
            }
        }
    }
}

fn text(variable: &Variable) -> Option<&str> {
    match &variable.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
