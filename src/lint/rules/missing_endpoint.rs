//! A model server is declared without an endpoint that every one must offer.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Endpoint, Mode, Platform, Service};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "missing-endpoint",
        severity: Severity::Warning,
        summary: "a model server is declared without an endpoint that every one must offer",
        why: "The gateway asks for `/v1/chat/completions`, checks read `/v1/models`, and whoever restarts it waits for `/health`.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
endpoints = ["chat-completions", "models"]
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
endpoints = ["chat-completions", "models", "health"]
"#
        ),
    },
    check: Check::Document(check),
};

static NEEDED: &[(Endpoint, &str)] = &[
    (Endpoint::ChatCompletions, "chat-completions"),
    (Endpoint::Models, "models"),
    (Endpoint::Health, "health"),
];

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let servers = platform
        .services
        .iter()
        .filter(|it| it.kind.role == Role::ModelServer);
    for service in servers {
        let missing: Vec<&str> = NEEDED
            .iter()
            .filter(|(it, _)| *it != Endpoint::ChatCompletions || chats(platform, service))
            .filter(|(it, _)| !service.endpoints.contains(it))
            .map(|(_, name)| *name)
            .collect();
        if missing.is_empty() {
            continue;
        }
        let keys = ["services", &service.name, "endpoints"];
        let declared = words::node(document, &keys).and_then(|it| it.as_array());
        if declared.is_none_or(<[_]>::is_empty) {
            continue;
        }
        let list: Vec<String> = missing.iter().map(|it| format!("`{it}`")).collect();
        let quoted: Vec<String> = missing.iter().map(|it| format!("{it:?}")).collect();
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` does not offer {}", service.name, list.join(", ")),
            )
            .primary(
                words::value(document, &keys),
                "every model server needs them",
            )
            .help(format!(
                "add {}, and the endpoint to the server where it lacks it",
                quoted.join(", ")
            )),
        );
    }
}

/// True unless the server's models all do something else than chat.
fn chats(platform: &Platform, service: &Service) -> bool {
    let mut modes = platform.models_of(service.id).map(|it| it.mode).peekable();
    let none = modes.peek().is_none();
    service.kind.modes.contains(&Mode::Chat) && (none || modes.any(|it| it == Mode::Chat))
}
