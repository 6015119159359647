//! Nobody can ask whether a service is well.

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{ManagedBy, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unprobed-service",
        severity: Severity::Warning,
        summary: "nobody can ask whether a service is well",
        why: "A port that answers is not a service that works. Without a path to ask, health checks and whoever restarts the platform can tell no more than that something listens there.",
        bad: concat!(
            home!(),
            r#"
[services.page]
kind = "generic"
host = "pi"
port = 8081
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.page]
kind = "generic"
host = "pi"
port = 8081
health = [{ path = "/health" }]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in platform.live_services() {
        let listens = !service.ports.is_empty() || !service.ranges.is_empty();
        // The engine asks a container that brings what it takes, such as a database.
        let asked = service
            .container
            .as_ref()
            .is_some_and(|it| it.healthcheck.is_some());
        if !listens
            || asked
            || !service.health.is_empty()
            || service.managed_by == ManagedBy::External
        {
            continue;
        }
        let keys = ["services", &service.name, "health"];
        let span = match words::node(document, &keys) {
            Some(node) => node.span(),
            None => service.span,
        };
        let help = match service.kind.health.first() {
            Some(probe) => format!("take `health` out: {} answers at `{}`", service.kind.title, probe.path),
            None => "add `health = [{ path = … }]`, a path that costs nothing and answers only when it is well".to_owned(),
        };
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("nobody can ask whether `{}` is well", service.name),
            )
            .primary(span, "says no path to ask")
            .help(help)
            .fix_if(
                words::lines(document, &keys)
                    .filter(|_| !service.kind.health.is_empty())
                    .map(|it| Fix::removal(it, false)),
            ),
        );
    }
}
