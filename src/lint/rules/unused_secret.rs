//! A secret that nobody reads.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Platform, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unused-secret",
        severity: Severity::Warning,
        summary: "a secret that nobody reads",
        why: "Somebody would make or obtain it for nothing; and often it means that the program which needs it runs without.",
        bad: concat!(
            home!(),
            r#"
[secrets.door]
generate = {}
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.door]
generate = {}

[services.gateway.env]
DOOR = { secret = "door" }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let services = platform.services.iter().flat_map(|it| &it.env);
    let tools = platform.mcp.iter().flat_map(|it| &it.env);
    let read: BTreeSet<_> = services
        .chain(tools)
        .filter_map(|it| match it.value {
            Value::Secret(id) => Some(id),
            _ => None,
        })
        .collect();
    for secret in platform.secrets.iter().filter(|it| !read.contains(&it.id)) {
        diagnostics.push(
            Diagnostic::new(&LINT.rule, format!("nobody reads secret `{}`", secret.name))
                .primary(secret.span, "no environment has it")
                .help(format!(
                    "give it to a variable: `NAME = {{ secret = \"{}\" }}`, or take it out",
                    secret.name
                ))
                .fix_if(
                    words::lines(document, &["secrets", &secret.name])
                        .map(|it| Fix::removal(it, false)),
                ),
        );
    }
}
