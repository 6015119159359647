//! A URL is written out where the platform knows it.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity, Span};
use crate::lint::{Check, Lint, urls, words};
use crate::platform::{HostId, Origin, Platform, Service, Value, Variable};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "literal-platform-url",
        severity: Severity::Warning,
        summary: "a URL is written out where the platform knows it",
        why: "When the service moves, this place stays behind: addresses that are replaced in one place only are how such platforms break.",
        bad: concat!(
            home!(),
            r#"
[services.search]
kind = "searxng"
host = "pi"
env = { SEARXNG_SECRET = { secret = "search-secret" } }

[secrets.search-secret]
generate = { bytes = 32 }

[services.gateway.env]
SEARCH_URL = "http://127.0.0.1:8888/search"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.search]
kind = "searxng"
host = "pi"
env = { SEARXNG_SECRET = { secret = "search-secret" } }

[secrets.search-secret]
generate = { bytes = 32 }

[services.gateway.env]
SEARCH_URL = { url = "search", path = "/search" }
"#
        ),
    },
    check: Check::Document(check),
};

/// Words of variables whose URLs are for others than the reader: browsers, or lists of who may call.
static FOR_OTHERS: &[&str] = &[
    "ALLOW", "CALLBACK", "CORS", "EXTERNAL", "ORIGIN", "PROXY", "PUBLIC", "REDIRECT",
];

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let directory = urls::Directory::new(platform);
    for service in &platform.services {
        let owned = service.env.iter().filter(|it| it.origin == Origin::Owner);
        let values = owned.filter(|it| is_url(it) && !is_for_others(it));
        let values = values.filter_map(text);
        let arguments = words::arguments(document, service);
        let words = arguments.filter_map(|it| Some((it.as_str()?, it.span())));
        for (text, span) in values.chain(words) {
            let named = named(&directory, text, service.host);
            // A service's own URL is what browsers see, and what leads past the gateway has a rule of its own.
            let known = named.filter(|(_, to)| to.id != service.id && !is_astray(service, to));
            if let Some((url, to)) = known {
                diagnostics.push(finding(&directory, url, span, service.host, to));
            }
        }
    }
    let beside = platform.gateway_service().host;
    for server in &platform.mcp {
        let host = server.host.unwrap_or(beside);
        let values = server.env.iter().filter(|it| !is_for_others(it));
        for (text, span) in values.filter_map(text) {
            let named = named(&directory, text, host);
            if let Some((url, to)) = named.filter(|(_, to)| !answers(to)) {
                diagnostics.push(finding(&directory, url, span, host, to));
            }
        }
    }
}

fn text(variable: &Variable) -> Option<(&str, Span)> {
    match &variable.value {
        Value::Text(text) => Some((text, variable.span)),
        _ => None,
    }
}

/// True when a value may be a URL; most are none.
fn is_url(variable: &Variable) -> bool {
    text(variable).is_some_and(|(text, _)| text.contains("://"))
}

fn is_for_others(variable: &Variable) -> bool {
    FOR_OTHERS.iter().any(|it| variable.name.contains(it))
}

/// True when a call from one to the other is reported as one that must not be.
fn is_astray(from: &Service, to: &Service) -> bool {
    match from.kind.role {
        Role::Client | Role::Optimiser => answers(to),
        _ => false,
    }
}

fn answers(service: &Service) -> bool {
    matches!(service.kind.role, Role::ModelServer | Role::Optimiser)
}

fn named<'t, 'p>(
    directory: &urls::Directory<'p>,
    text: &'t str,
    host: HostId,
) -> Option<(urls::Url<'t>, &'p Service)> {
    let url = urls::parse(text)?;
    // The port of a model has no name that could be written instead.
    let service = directory.service(url, host)?;
    let has_name = service.ports.iter().any(|it| it.number == url.port);
    has_name.then_some((url, service))
}

fn finding(
    directory: &urls::Directory<'_>,
    url: urls::Url<'_>,
    span: Span,
    host: HostId,
    service: &Service,
) -> Diagnostic {
    let name = service.ports.iter().find(|it| it.number == url.port);
    let port = name
        .filter(|it| service.port() != Some(it.number))
        .map_or(String::new(), |it| format!(", port = \"{}\"", it.name));
    let path = match url.rest {
        "" => String::new(),
        rest => format!(", path = {rest:?}"),
    };
    let instead = format!("{{ url = \"{}\"{port}{path} }}", service.name);
    let finding = Diagnostic::new(
        &LINT.rule,
        format!("the URL of `{}` is written out", service.name),
    )
    .primary(span, format!("this is `{}`", service.name))
    .secondary(service.span, "declared here");
    finding.help(format!("write `{instead}`")).fix(Fix {
        title: format!("name `{}` instead", service.name),
        safe: directory.is_same(url, host, service),
        edits: vec![Edit {
            span,
            text: instead,
        }],
    })
}
