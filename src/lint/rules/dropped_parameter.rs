//! A handle fixes a parameter that never reaches its server.

use crate::backend::is_dropped;
use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "dropped-parameter",
        severity: Severity::Warning,
        summary: "a handle fixes a parameter that never reaches its server",
        why: "LiteLLM knows which parameters of OpenAI a server has: the others it drops without a word when `drop_params` is set, and refuses the request when it is not.",
        bad: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"

[services.ollama.env]
OLLAMA_CONTEXT_LENGTH = 16384

[models."qwen3:8b"]
service = "ollama"

[handles.chat]
model = "qwen3:8b"
parameters = { presence_penalty = 1.5 }
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

[models."qwen3:8b"]
service = "ollama"

[handles.chat]
model = "qwen3:8b"
parameters = { frequency_penalty = 1.5 }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in platform.own_handles().filter(|it| it.via.is_none()) {
        for name in handle.parameters.keys() {
            let models = handle.targets.iter().map(|it| &platform[it.model]);
            let dropping = models
                .map(|it| (it, &platform[it.service]))
                .find(|(model, service)| is_dropped(service.kind.provider(model.mode), name));
            let Some((_, service)) = dropping else {
                continue;
            };
            let verb = match platform.gateway.drop_params {
                Some(true) => "drops it without a word",
                _ => "refuses every request with it",
            };
            let keys = ["handles", handle.name.as_str(), "parameters", name];
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{name}` never reaches `{}`", service.name),
                )
                .primary(words::key(document, &keys), format!("the gateway {verb}"))
                .secondary(service.span, "its API has no such parameter")
                .help("take it out")
                .fix_if(words::lines(document, &keys).map(|it| Fix::removal(it, false))),
            );
        }
    }
}
