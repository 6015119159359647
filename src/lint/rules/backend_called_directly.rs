//! A client calls a model server past the gateway.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity, Span};
use crate::lint::{Check, Lint, urls, words};
use crate::platform::{HostId, Origin, Platform, Service, Value, Variable};
use crate::syntax::{Document, Node};

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
    check: Check::Document(check),
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

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let directory = urls::Directory::new(platform);
    for service in &platform.services {
        let client = match service.kind.role {
            Role::Client => true,
            Role::Other | Role::Search | Role::Database | Role::Cache => false,
            Role::Gateway | Role::Optimiser | Role::ModelServer | Role::Provider => continue,
        };
        let mut found: Vec<(Span, &Service)> = Vec::new();
        let owned = service.env.iter().filter(|it| it.origin == Origin::Owner);
        for variable in owned.filter(|it| client || is_model_variable(it)) {
            let server = called(platform, &directory, variable, service.host);
            found.extend(server.map(|it| (variable.span, it)));
        }
        if client {
            for argument in words::arguments(document, service) {
                let server = argued(platform, &directory, argument, service.host);
                found.extend(server.map(|it| (argument.span(), it)));
            }
            for (name, span) in words::texts(document, &["services", &service.name, "calls"]) {
                let server = platform.services.find(name).filter(|it| serves(it));
                found.extend(server.map(|it| (span, it)));
            }
        }
        for (span, server) in found {
            diagnostics.push(finding(document, platform, &service.name, span, server));
        }
    }
    let beside = platform.gateway_service().host;
    for server in &platform.mcp {
        for variable in &server.env {
            let host = server.host.unwrap_or(beside);
            if let Some(to) = called(platform, &directory, variable, host) {
                diagnostics.push(finding(document, platform, &server.name, variable.span, to));
            }
        }
    }
}

fn serves(service: &Service) -> bool {
    matches!(service.kind.role, Role::ModelServer | Role::Optimiser)
}

/// The model server or optimiser that an argument names.
fn argued<'p>(
    platform: &'p Platform,
    directory: &urls::Directory<'p>,
    argument: &Node,
    host: HostId,
) -> Option<&'p Service> {
    if let Some(text) = argument.as_str() {
        let named = urls::all(text).filter_map(|url| directory.service(url, host));
        return named.into_iter().find(|it| serves(it));
    }
    let name = argument.as_table()?.get("url")?.node.as_str()?;
    platform.services.find(name).filter(|it| serves(it))
}

fn is_model_variable(variable: &Variable) -> bool {
    MODEL_VARIABLES.contains(&variable.name.as_str())
}

/// The model server or optimiser that a value names.
fn called<'p>(
    platform: &'p Platform,
    directory: &urls::Directory<'p>,
    variable: &Variable,
    host: HostId,
) -> Option<&'p Service> {
    match &variable.value {
        Value::Url(to, _) => Some(&platform[*to]).filter(|it| serves(it)),
        Value::Text(text) => urls::all(text)
            .filter_map(|url| directory.service(url, host))
            .find(|it| serves(it)),
        _ => None,
    }
}

fn finding(
    document: &Document,
    platform: &Platform,
    reader: &str,
    span: Span,
    to: &Service,
) -> Diagnostic {
    let gateway = &platform.gateway_service().name;
    let finding = Diagnostic::new(
        &LINT.rule,
        format!("`{reader}` calls `{}` past the gateway", to.name),
    )
    .primary(span, format!("leads to `{}`", to.name))
    .secondary(platform.gateway_service().span, "clients call this one");
    // Among `calls` stands a name alone, and the gateway is called anyway.
    if document.source().words(span).trim_matches(['"', '\'']) == to.name {
        return finding.help("take it out, and ask the gateway for a handle");
    }
    let instead = format!("{{ url = \"{gateway}\", path = \"/v1\" }}");
    finding
        .help(format!("write `{instead}`, and ask for a handle"))
        .fix(Fix {
            title: format!("call `{gateway}` instead"),
            safe: false,
            edits: vec![Edit {
                span,
                text: instead,
            }],
        })
}
