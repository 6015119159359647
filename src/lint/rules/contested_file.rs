//! Two services of a host are given the same file.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{HostId, Platform, Service, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "contested-file",
        severity: Severity::Error,
        summary: "two services of a host are given the same file",
        why: "A build writes one for each, and the one that is installed last holds for both: the other service reads settings, or lacks secrets, that are not its own.",
        bad: concat!(
            home!(),
            r#"
[secrets.search-secret]
generate = { bytes = 32 }

[services.search]
kind = "searxng"
host = "pi"
env = { SEARXNG_SECRET = { secret = "search-secret" } }

[services.search-second]
kind = "searxng"
host = "pi"
port = 8889
env = { SEARXNG_SECRET = { secret = "search-secret" } }
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.search-secret]
generate = { bytes = 32 }

[hosts.nas]
os = "linux"
addresses = { lan = "192.0.2.20" }

[services.search]
kind = "searxng"
host = "pi"
env = { SEARXNG_SECRET = { secret = "search-secret" } }

[services.search-second]
kind = "searxng"
host = "nas"
env = { SEARXNG_SECRET = { secret = "search-secret" } }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<(HostId, &str), &Service> = BTreeMap::new();
    let installed = |it: &&Service| platform.is_installed(it);
    for service in platform.services.iter().filter(installed) {
        let own = service
            .configs
            .iter()
            .map(|(_, path)| (path.as_str(), false));
        let env = service.env_file.iter().map(|it| (it.as_str(), true));
        for (path, is_env) in own.chain(env) {
            let Some(other) = seen.insert((service.host, path), service) else {
                continue;
            };
            // One file with the same secrets for both says nothing wrong to either.
            if other.id == service.id || (is_env && secrets(other) == secrets(service)) {
                continue;
            }
            let place = |it: &Service| {
                if is_env {
                    words::value(document, &["services", &it.name, "env_file"])
                } else {
                    it.span
                }
            };
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{}` and `{}` both have `{path}`", other.name, service.name),
                )
                .primary(place(service), format!("`{}` reads it too", service.name))
                .secondary(place(other), format!("`{}` reads it", other.name))
                .help(if is_env {
                    "give each its own `env_file`"
                } else {
                    "put one of them on another host, or let it run as another user or in another directory where its file follows that"
                }),
            );
        }
    }
}

/// The variables of a service that its env file holds.
fn secrets(service: &Service) -> Vec<&str> {
    let held = |it: &Value| matches!(it, Value::Secret(_) | Value::FillIn(_));
    let held = service.env.iter().filter(|it| held(&it.value));
    held.map(|it| it.name.as_str()).collect()
}
