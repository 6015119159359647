//! A service lacks a secret of its own that it needs.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{ManagedBy, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "missing-credential",
        severity: Severity::Warning,
        summary: "a service lacks a secret of its own that it needs",
        why: "The program falls back to the secret that it ships, which everybody knows, or does not start.",
        bad: concat!(
            home!(),
            r#"
[services.search]
kind = "searxng"
host = "pi"
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.search-secret]
generate = { bytes = 32 }

[services.search]
kind = "searxng"
host = "pi"

[services.search.env]
SEARXNG_SECRET = { secret = "search-secret" }
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        let theirs = matches!(service.managed_by, ManagedBy::External | ManagedBy::Package);
        if theirs || !platform.is_installed(service) {
            continue;
        }
        for (variable, why) in service.kind.credentials {
            if platform.variable(service, variable).is_some() {
                continue;
            }
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("the environment of `{}` has no `{variable}`", service.name),
                )
                .primary(service.span, *why)
                .help(format!(
                    "declare a secret below `[secrets]`, and add `{variable} = {{ secret = … }}` to its `env`"
                )),
            );
        }
    }
}
