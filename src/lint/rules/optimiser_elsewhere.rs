//! An optimiser is told to call something else than the gateway.

use crate::backend::{self, Role};
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, urls, words};
use crate::platform::{Origin, Platform, Service, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "optimiser-elsewhere",
        severity: Severity::Error,
        summary: "an optimiser is told to call something else than the gateway",
        why: "An optimiser stands between the gateway and itself: pointed at a model server it knows no handles and no fallbacks, and pointed nowhere it sends prompts to a public service.",
        bad: concat!(
            home!(),
            r#"
[services.optimiser]
kind = "optillm"
host = "pi"
run.args = ["--base-url", "http://127.0.0.1:9000/v1"]
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.optimiser]
kind = "optillm"
host = "pi"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let optimisers = platform
        .services
        .iter()
        .filter(|it| it.kind.role == Role::Optimiser);
    let mut directory = None;
    for service in optimisers {
        let directory = directory.get_or_insert_with(|| urls::Directory::new(platform));
        let is_gateway = |text: &str| {
            let found = urls::parse(text).and_then(|url| directory.service(url, service.host));
            found.is_some_and(|it| it.id == platform.policy.gateway)
        };
        let mut told = false;
        for variable in service.env.iter().filter(|it| it.origin == Origin::Owner) {
            let place = is_place(&variable.name);
            told |= place;
            let astray = match &variable.value {
                Value::Url(to, _) => *to != platform.policy.gateway && answers(&platform[*to]),
                Value::Text(text) => place && !is_gateway(text),
                _ => false,
            };
            if astray {
                diagnostics.push(finding(platform, service, variable.span));
            }
        }
        flags(document, platform, service, told, &is_gateway, diagnostics);
    }
}

/// What the owner wrote on the command line.
fn flags(
    document: &Document,
    platform: &Platform,
    service: &Service,
    told: bool,
    is_gateway: &dyn Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    let Some(flag) = flag(service) else {
        return;
    };
    let mut seen = told;
    for field in ["command", "args"] {
        let mut next = false;
        for (word, span) in words::texts(document, &["services", &service.name, "run", field]) {
            let joined = word.strip_prefix(flag).and_then(|it| it.strip_prefix('='));
            let value = joined.or((next && !word.starts_with('-')).then_some(word));
            if value.is_some_and(|it| !is_gateway(it)) {
                diagnostics.push(finding(platform, service, span));
            }
            next = word == flag;
            seen |= next || joined.is_some();
        }
    }
    let keys = ["services", &service.name, "run", "command"];
    if !seen && words::node(document, &keys).is_some() {
        let gateway = &platform.gateway_service().name;
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!(
                    "the command of `{}` does not say what it calls",
                    service.name
                ),
            )
            .primary(words::value(document, &keys), format!("has no `{flag}`"))
            .help(format!(
                "add `\"{flag}\", {{ url = \"{gateway}\", path = \"/v1\" }}`"
            )),
        );
    }
}

/// The flag that says what its kind calls: the word before the gateway's URL.
fn flag(service: &Service) -> Option<&'static str> {
    service.kind.command.windows(2).find_map(|pair| match pair {
        [backend::Word::Text(flag), backend::Word::GatewayUrl] => Some(*flag),
        _ => None,
    })
}

fn is_place(name: &str) -> bool {
    name.ends_with("_BASE_URL") || name.ends_with("_API_BASE")
}

fn answers(service: &Service) -> bool {
    matches!(
        service.kind.role,
        Role::ModelServer | Role::Gateway | Role::Optimiser
    )
}

fn finding(platform: &Platform, service: &Service, span: Span) -> Diagnostic {
    let gateway = platform.gateway_service();
    Diagnostic::new(
        &LINT.rule,
        format!("`{}` calls something else than the gateway", service.name),
    )
    .primary(span, "leads elsewhere")
    .secondary(gateway.span, "the gateway")
    .help(format!(
        "take it out: `--base-url` follows from the kind and is the URL of `{}`",
        gateway.name
    ))
}
