//! A secret is passed as an argument.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::{Platform, Service, Value, Word};
use crate::syntax::{Document, Node};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "secret-argument",
        severity: Severity::Warning,
        summary: "a secret is passed as an argument",
        why: "Every user of the host sees the arguments of every process, and tools that watch processes keep them.",
        bad: concat!(
            home!(),
            r#"
[secrets.door]
generate = {}

[services.watch]
kind = "generic"
host = "pi"
run.command = ["watchdog", "--token", { env = "DOOR" }]

[services.watch.env]
DOOR = { secret = "door" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.door]
generate = {}

[services.watch]
kind = "generic"
host = "pi"
run.command = ["watchdog"]

[services.watch.env]
DOOR = { secret = "door" }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        let slots = service.slots.iter().filter_map(|it| it.command.as_ref());
        let commands = service.run.command.iter().chain(slots);
        let mut told: Vec<&str> = Vec::new();
        for word in commands.flatten() {
            let Word::Variable(name) = word else {
                continue;
            };
            let Some(secret) = secret(platform, service, name) else {
                continue;
            };
            if told.contains(&name.as_str()) {
                continue;
            }
            told.push(name);
            let secret = &platform[secret];
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{}` gets a secret as an argument", service.name),
                )
                .primary(
                    place(document, service, name),
                    format!("its command has the value of `{name}` in it"),
                )
                .secondary(secret.span, "this secret")
                .help("let the program read the variable or a file; where it cannot, say so below `[[lint.exceptions]]`"),
            );
        }
    }
}

/// The secret that a variable holds, perhaps by way of others.
fn secret(platform: &Platform, service: &Service, name: &str) -> Option<crate::platform::SecretId> {
    let mut name = name;
    // No chain of variables is longer than the environment.
    for _ in 0..=service.env.len() {
        match &platform.variable(service, name)?.value {
            Value::Secret(id) => return Some(*id),
            Value::Variable(next) => name = next,
            _ => return None,
        }
    }
    None
}

/// The argument where the owner wrote it, else the service whose kind writes it.
fn place(document: &Document, service: &Service, variable: &str) -> Span {
    let names = |node: &&Node| {
        let entry = node.as_table().and_then(|it| it.get("env"));
        entry.and_then(|it| it.node.as_str()) == Some(variable)
    };
    words::arguments(document, service)
        .find(names)
        .map_or(service.span, Node::span)
}
