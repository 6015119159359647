//! A URL is written out where the platform knows it.

use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity};
use crate::lint::{Check, Lint, urls};
use crate::platform::{HostId, Origin, Platform, ServiceId, Value, Variable};

use super::backend_called_directly::called;

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

[services.gateway.env]
SEARCH_URL = { url = "search", path = "/search" }
"#
        ),
    },
    check: Check::Platform(check),
};

/// Words of variables whose URLs are for others than the reader: browsers, or lists of who may call.
static FOR_OTHERS: &[&str] = &[
    "ALLOW", "CALLBACK", "CORS", "EXTERNAL", "ORIGIN", "PROXY", "PUBLIC", "REDIRECT",
];

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let directory = urls::Directory::new(platform);
    for service in &platform.services {
        let reader = (service.host, Some(service.id));
        for variable in service.env.iter().filter(|it| it.origin == Origin::Owner) {
            diagnostics_of(platform, &directory, variable, reader, diagnostics);
        }
    }
    let beside = platform.gateway_service().host;
    for server in &platform.mcp {
        for variable in &server.env {
            let reader = (server.host.unwrap_or(beside), None);
            diagnostics_of(platform, &directory, variable, reader, diagnostics);
        }
    }
}

fn diagnostics_of(
    platform: &Platform,
    directory: &urls::Directory<'_>,
    variable: &Variable,
    (host, own): (HostId, Option<ServiceId>),
    diagnostics: &mut Diagnostics,
) {
    let Value::Text(text) = &variable.value else {
        return;
    };
    let Some(url) = urls::parse(text) else {
        return;
    };
    let Some(service) = directory.service(url, host) else {
        return;
    };
    // A service's own URL is what browsers see, and what leads past the gateway has a rule of its own.
    let for_others = FOR_OTHERS.iter().any(|it| variable.name.contains(it));
    if Some(service.id) == own
        || for_others
        || called(platform, directory, variable, host).is_some()
    {
        return;
    }
    let name = service.ports.iter().find(|it| it.number == url.port);
    let port = name
        .filter(|it| service.port() != Some(it.number))
        .map_or(String::new(), |it| format!(", port = \"{}\"", it.name));
    let path = match url.rest {
        "" => String::new(),
        rest => format!(", path = {rest:?}"),
    };
    let instead = format!("{{ url = \"{}\"{port}{path} }}", service.name);
    diagnostics.push(
        Diagnostic::new(
            &LINT.rule,
            format!("the URL of `{}` is written out", service.name),
        )
        .primary(variable.span, format!("this is `{}`", service.name))
        .secondary(service.span, "declared here")
        .help(format!("write `{instead}`"))
        .fix(Fix {
            title: format!("name `{}` instead", service.name),
            safe: directory.is_same(url, host, service),
            edits: vec![Edit {
                span: variable.span,
                text: instead,
            }],
        }),
    );
}
