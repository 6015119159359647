//! A client calls a model server past the gateway.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity};
use crate::lint::{Check, Lint, urls};
use crate::platform::{HostId, Origin, Platform, Service, Value, Variable};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "backend-called-directly",
        severity: Severity::Error,
        summary: "a client calls a model server past the gateway",
        why: "The gateway is the one service that clients call for models: past it there are no handles, no fallbacks, no keys and no logs, and every move of a model breaks the client.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
OPENAI_API_BASE_URL = { url = "vino", path = "/v1" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
OPENAI_API_BASE_URL = { url = "gateway", path = "/v1" }
"#
        ),
    },
    check: Check::Platform(check),
};

/// Variables by which any program is told where models are.
static MODEL_VARIABLES: &[&str] = &[
    "ANTHROPIC_BASE_URL",
    "LLM_API_BASE",
    "OLLAMA_API_BASE",
    "OLLAMA_API_BASE_URL",
    "OLLAMA_BASE_URL",
    "OLLAMA_BASE_URLS",
    "OPENAI_API_BASE",
    "OPENAI_API_BASE_URL",
    "OPENAI_API_BASE_URLS",
    "OPENAI_BASE_URL",
];

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let directory = urls::Directory::new(platform);
    for service in &platform.services {
        let client = match service.kind.role {
            Role::Client => true,
            Role::Other | Role::Search => false,
            Role::Gateway | Role::Optimiser | Role::ModelServer => continue,
        };
        let owned = service.env.iter().filter(|it| it.origin == Origin::Owner);
        for variable in owned.filter(|it| client || is_model_variable(it)) {
            if let Some(server) = called(platform, &directory, variable, service.host) {
                diagnostics.push(finding(platform, &service.name, variable, server));
            }
        }
    }
    let beside = platform.gateway_service().host;
    for server in &platform.mcp {
        for variable in &server.env {
            let host = server.host.unwrap_or(beside);
            if let Some(to) = called(platform, &directory, variable, host) {
                diagnostics.push(finding(platform, &server.name, variable, to));
            }
        }
    }
}

fn is_model_variable(variable: &Variable) -> bool {
    MODEL_VARIABLES.contains(&variable.name.as_str())
}

/// The model server or optimiser that a value names.
pub(super) fn called<'p>(
    platform: &'p Platform,
    directory: &urls::Directory<'p>,
    variable: &Variable,
    host: HostId,
) -> Option<&'p Service> {
    let serves = |it: &&Service| matches!(it.kind.role, Role::ModelServer | Role::Optimiser);
    match &variable.value {
        Value::Url(to, _) => Some(&platform[*to]).filter(serves),
        Value::Text(text) => urls::all(text)
            .filter_map(|url| directory.service(url, host))
            .find(serves),
        _ => None,
    }
}

fn finding(platform: &Platform, reader: &str, variable: &Variable, to: &Service) -> Diagnostic {
    let gateway = &platform.gateway_service().name;
    let instead = format!("{{ url = \"{gateway}\", path = \"/v1\" }}");
    Diagnostic::new(
        &LINT.rule,
        format!("`{reader}` calls `{}` past the gateway", to.name),
    )
    .primary(variable.span, format!("leads to `{}`", to.name))
    .secondary(platform.gateway_service().span, "clients call this one")
    .help(format!("write `{instead}`, and ask for a handle"))
    .fix(Fix {
        title: format!("call `{gateway}` instead"),
        safe: false,
        edits: vec![Edit {
            span: variable.span,
            text: instead,
        }],
    })
}
