//! A service reads its settings from a file that nothing writes.

use crate::backend::{self, SettingValue};
use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::{Origin, Platform, Service, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unwritten-config",
        severity: Severity::Error,
        summary: "a service reads its settings from a file that nothing writes",
        why: "A build writes one file, and the program is told to read another: it starts with old settings, or not at all, and every change of the platform passes it by.",
        bad: concat!(
            home!(),
            r#"run.directory = "/srv/litellm"
run.command = ["litellm", "--config", "litellm_config.yaml", "--port", "4000"]
"#
        ),
        good: concat!(
            home!(),
            r#"run.directory = "/srv/litellm"
run.command = ["litellm", "--config", "config/router.yaml", "--port", "4000"]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let written = |it: &&Service| !it.configs.is_empty() && platform.is_installed(it);
    for service in platform.services.iter().filter(written) {
        for (flag, name) in flags(service) {
            for field in ["command", "args"] {
                argument(document, service, flag, name, field, diagnostics);
            }
        }
        for setting in service.kind.env {
            let SettingValue::Config(name) = setting.value else {
                continue;
            };
            let Some(variable) = platform.variable(service, setting.name) else {
                continue;
            };
            if let (Origin::Owner, Value::Text(path)) = (&variable.origin, &variable.value)
                && !is_config(service, name, path)
            {
                diagnostics.push(finding(service, name, path, variable.span));
            }
        }
    }
}

/// The flags by which a kind is told of the files that we write for it.
fn flags(service: &Service) -> impl Iterator<Item = (&'static str, &'static str)> {
    service
        .kind
        .command
        .windows(2)
        .filter_map(|pair| match pair {
            [backend::Word::Text(flag), backend::Word::Config(name)] => Some((*flag, *name)),
            _ => None,
        })
}

fn argument(
    document: &Document,
    service: &Service,
    flag: &str,
    name: &'static str,
    field: &str,
    diagnostics: &mut Diagnostics,
) {
    let mut next = false;
    for (word, span) in words::texts(document, &["services", &service.name, "run", field]) {
        let joined = word.strip_prefix(flag).and_then(|it| it.strip_prefix('='));
        let path = joined.or(next.then_some(word));
        if let Some(path) = path.filter(|it| !is_config(service, name, it)) {
            let found = finding(service, name, path, span);
            diagnostics.push(match (joined, service.config(name)) {
                // The other file may be one that the owner writes.
                (None, Some(written)) => found.fix(Fix::likely(span, format!("{written:?}"))),
                _ => found,
            });
        }
        next = word == flag;
    }
}

/// True when a path, perhaps below the working directory, is the file that we write.
fn is_config(service: &Service, name: &str, path: &str) -> bool {
    let Some(written) = service.config(name) else {
        return true;
    };
    if path.starts_with('/') {
        return path == written;
    }
    match &service.run.directory {
        Some(directory) => format!("{directory}/{}", path.trim_start_matches("./")) == written,
        // Nobody knows below which folder it is.
        None => false,
    }
}

fn finding(service: &Service, name: &str, path: &str, span: Span) -> Diagnostic {
    let written = service.config(name).unwrap_or(name);
    Diagnostic::new(
        &LINT.rule,
        format!("`{}` reads `{path}`, which nothing writes", service.name),
    )
    .primary(span, "no artifact is installed there")
    .secondary(
        service.span,
        format!("its {name} is written to `{written}`"),
    )
    .help(format!("let it read `{written}`"))
}
