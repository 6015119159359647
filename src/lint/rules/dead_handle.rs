//! No model behind a handle can answer.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint};
use crate::platform::{HandleState, HostState, Model, ModelState, Platform, ServiceState};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "dead-handle",
        severity: Severity::Error,
        summary: "no model behind a handle can answer",
        why: "Clients are promised a name that the gateway does not know, because its model is on a host or service that is not there. The own handle of a model that is planned, or on a template host, is no promise yet: it waits for its model. An alias of it is one, unless the alias itself is planned.",
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

[handles.phi]

[handles.fast]
alias_of = "phi"
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

[handles.phi]

[handles.fast]
alias_of = "phi"
state = "planned"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in &platform.handles {
        let models = || handle.targets.iter().map(|it| &platform[it.model]);
        let live = models().any(|it| platform.model_is_live(it));
        let waits = match handle.alias_of {
            Some(_) => false,
            None => models().any(|it| waits(platform, it)),
        };
        if live || waits || handle.state == HandleState::Planned {
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
            .help("lead it to a model that is there; or write `state = \"planned\"` for the handle, and it is served as soon as the model is there"),
        );
    }
}

/// True when nobody expects a model yet: it is planned, its host is a template, or its service is set up and switched off.
fn waits(platform: &Platform, model: &Model) -> bool {
    let service = &platform[model.service];
    let switched_off = service.state == ServiceState::Disabled
        && platform[service.host].state == HostState::Live
        && model.state == ModelState::Live;
    let template = platform[service.host].state == HostState::Template
        && service.state != ServiceState::Retired
        && model.state == ModelState::Live;
    model.state == ModelState::Planned || switched_off || template
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
