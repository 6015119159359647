//! A service has the port that another program of its host takes by default.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, ports};
use crate::platform::{HostId, Platform, Service};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "borrowed-port",
        severity: Severity::Warning,
        summary: "a service has the port that another program of its host takes by default",
        why: "Whoever starts that program once by hand, or loses the flag that moves it, takes the port away; and whoever knows the program by its port asks the wrong one.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
port = 11434

[services.ollama]
kind = "ollama"
host = "pi"
port = 11435
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[services.ollama]
kind = "ollama"
host = "pi"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let mut defaults: BTreeMap<(HostId, u16), &Service> = BTreeMap::new();
    for service in ports::services(platform) {
        if let Some(port) = service.kind.port {
            defaults.entry((service.host, port)).or_insert(service);
        }
    }
    for service in ports::services(platform) {
        for port in ports::of(platform, service) {
            let Some(other) = defaults.get(&(service.host, port.number)) else {
                continue;
            };
            // Two services of a kind have to share out the ports somehow.
            if other.kind.port == service.kind.port || other.kind.name == service.kind.name {
                continue;
            }
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("{} is the port of {}", port.number, other.kind.title),
                )
                .primary(port.span, format!("`{}` has it", port.owner))
                .secondary(
                    other.span,
                    format!("{} takes it unless told otherwise", other.kind.title),
                )
                .help("take another port"),
            );
        }
    }
}
