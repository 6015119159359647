//! A program of no known kind serves models, and nobody said where its API begins.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "missing-base-path",
        severity: Severity::Warning,
        summary: "a server of no known kind has models, and nobody said where its API begins",
        why: "Nearly every server of models has its API below `/v1`. Without a `base_path` the gateway asks for `/chat/completions` at the root, where most answer 404.",
        bad: concat!(
            home!(),
            r#"
[services.vllm]
kind = "generic"
host = "pi"
port = 8000
health = [{ path = "/health" }]

[models.qwen3-8b]
service = "vllm"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vllm]
kind = "generic"
host = "pi"
port = 8000
health = [{ path = "/health" }]
base_path = "/v1"

[models.qwen3-8b]
service = "vllm"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let others = platform
        .live_services()
        .filter(|it| it.kind.role == Role::Other && it.port().is_some() && it.base_path.is_empty());
    for service in others {
        let Some(model) = platform.models_of(service.id).next() else {
            continue;
        };
        let said = ["base_path", "url"];
        if said
            .iter()
            .any(|key| words::node(document, &["services", &service.name, key]).is_some())
        {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("where the API of `{}` begins is not said", service.name),
            )
            .primary(service.span, "the gateway asks for paths such as `/chat/completions` at its root")
            .secondary(model.span, "to reach this model")
            .help("add `base_path = \"/v1\"` or what stands before its paths; `base_path = \"\"` when that is nothing"),
        );
    }
}
