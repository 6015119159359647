//! A program without the right to a low port is given one.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, ports};
use crate::platform::{Bind, ManagedBy, Platform, Service};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "privileged-port",
        severity: Severity::Error,
        summary: "a program without the right to a port below 1024 is given one",
        why: "Only root may listen there. A unit that we write for systemd carries the capability for it; launchd knows none, and lets others listen there on all interfaces alone; a program started by hand has none either.",
        bad: concat!(
            home!(),
            r#"
[services.page]
kind = "generic"
host = "pi"
port = 80
health = [{ path = "/" }]
managed_by = "manual"
run.user = "web"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.page]
kind = "generic"
host = "pi"
port = 80
health = [{ path = "/" }]
run.user = "web"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in ports::services(platform).filter(|it| lacks_right(it)) {
        for port in ports::of(platform, service).filter(|it| it.number < 1024) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{}` may not listen on port {}", port.owner, port.number),
                )
                .primary(port.span, "only root may listen below 1024")
                .secondary(service.span, format!("runs as `{}`", service.run.user))
                .help("give it a port from 1024 on"),
            );
        }
    }
}

fn lacks_right(service: &Service) -> bool {
    let started_so = match service.managed_by {
        ManagedBy::Launchd => service.bind != Bind::All,
        ManagedBy::Manual => true,
        _ => false,
    };
    started_so && service.run.user != "root"
}
