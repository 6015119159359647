//! More models are loaded at boot than a server keeps loaded.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Model, Platform, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "too-many-boot-models",
        severity: Severity::Warning,
        summary: "more models are loaded at boot than a server keeps loaded",
        why: "Loading one more pushes out the one that was used least recently: the first request for that model then waits for it to be loaded again.",
        bad: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"

[services.ollama.env]
OLLAMA_CONTEXT_LENGTH = 16384
OLLAMA_MAX_LOADED_MODELS = 1

[models."qwen3:8b"]
service = "ollama"
boot = true

[models."qwen3:4b"]
service = "ollama"
boot = true
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"

[services.ollama.env]
OLLAMA_CONTEXT_LENGTH = 16384
OLLAMA_MAX_LOADED_MODELS = 2

[models."qwen3:8b"]
service = "ollama"
boot = true

[models."qwen3:4b"]
service = "ollama"
boot = true
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in platform.live_services() {
        let Some(limits) = service.kind.limits() else {
            continue;
        };
        let Some(variable) = platform.variable(service, limits.loaded_variable) else {
            continue;
        };
        let Value::Text(text) = &variable.value else {
            continue;
        };
        // Zero means that the server chooses.
        let Some(most) = text.parse::<usize>().ok().filter(|it| *it > 0) else {
            continue;
        };
        let booted: Vec<&Model> = platform
            .models_of(service.id)
            .filter(|it| it.boot && platform.model_is_live(it))
            .collect();
        if let Some(over) = booted.get(most) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "`{}` loads {} models at boot and keeps {most}",
                        service.name,
                        booted.len()
                    ),
                )
                .primary(
                    words::value(document, &["models", &over.name, "boot"]),
                    "pushes another one out",
                )
                .secondary(variable.span, "this many stay loaded")
                .help("take `boot` from one of them, or let more stay loaded if memory allows"),
            );
        }
    }
}
