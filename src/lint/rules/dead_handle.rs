//! No model behind a handle can answer.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint};
use crate::platform::{HostState, Model, ModelState, Platform, ServiceState};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "dead-handle",
        severity: Severity::Error,
        summary: "no model behind a handle can answer",
        why: "Clients are promised a name that the gateway does not know, because its model is on a host or service that is not there. A model that is declared as planned is no promise yet: its handle waits for it.",
        bad: concat!(
            home!(),
            r#"
[hosts.gtr9-pro]
os = "linux"
state = "template"

[services.vino]
kind = "openvino"
host = "gtr9-pro"

[models.phi]
service = "vino"

[handles.fast]
model = "phi"
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.gtr9-pro]
os = "linux"
state = "template"

[services.vino]
kind = "openvino"
host = "gtr9-pro"

[models.phi]
service = "vino"
state = "planned"

[handles.fast]
model = "phi"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in &platform.handles {
        let models = || handle.targets.iter().map(|it| &platform[it.model]);
        if models().any(|it| platform.model_is_live(it) || waits(platform, it)) {
            continue;
        }
        let Some(target) = handle.targets.first() else {
            continue;
        };
        let (why, there) = obstacle(platform, &platform[target.model]);
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("nothing answers to `{}`", handle.name),
            )
            .primary(target.span, "no model behind it is there")
            .secondary(there, why)
            .help("lead it to a model that is there; or declare the model as planned, and the handle waits for it"),
        );
    }
}

/// True when nobody expects a model yet: it is planned, or its service is set up and switched off.
fn waits(platform: &Platform, model: &Model) -> bool {
    let service = &platform[model.service];
    let switched_off = service.state == ServiceState::Disabled
        && platform[service.host].state == HostState::Live
        && model.state == ModelState::Live;
    model.state == ModelState::Planned || switched_off
}

fn obstacle(platform: &Platform, model: &Model) -> (String, Span) {
    let service = &platform[model.service];
    let host = &platform[service.host];
    let state = match host.state {
        HostState::Live => None,
        HostState::Planned => Some("planned"),
        HostState::Template => Some("a template"),
        HostState::Retired => Some("retired"),
    };
    if model.state == ModelState::Retired {
        return (format!("model `{}` is retired", model.name), model.span);
    }
    if let Some(state) = state {
        return (format!("host `{}` is {state}", host.name), host.span);
    }
    let state = match service.state {
        ServiceState::Planned => "planned",
        ServiceState::Retired => "retired",
        _ => "not there",
    };
    (
        format!("service `{}` is {state}", service.name),
        service.span,
    )
}
