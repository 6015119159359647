//! A server with a small default context is not told how much to use.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{Mode, Model, ModelId, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "default-context",
        severity: Severity::Warning,
        summary: "a server with a small default context is not told how much to use",
        why: "Ollama cuts every prompt to its default context without a word, and its OpenAI API cannot ask for more: the model forgets the beginning of long conversations, and nothing says so.",
        bad: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"

[models."qwen3:8b"]
service = "ollama"
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
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let mut asked = None;
    for service in platform.live_services() {
        let Some(limits) = service.kind.limits() else {
            continue;
        };
        if platform
            .variable(service, limits.context_variable)
            .is_some()
        {
            continue;
        }
        let asked = asked.get_or_insert_with(|| asked_for(platform, limits.context_parameter));
        let talks = |it: &&Model| {
            platform.model_is_live(it)
                && asked.get(&it.id) != Some(&true)
                && matches!(it.mode, Mode::Chat | Mode::Completion)
                && !it.request_params.contains_key(limits.context_parameter)
        };
        let Some(model) = platform.models_of(service.id).find(talks) else {
            continue;
        };
        let wanted = model.context_length.unwrap_or(32_768);
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` is not told how much context to use", service.name),
            )
            .primary(
                service.span,
                format!("left alone it uses {}", limits.context_default),
            )
            .secondary(model.span, "this model is cut to it")
            .help(format!(
                "add `{} = {wanted}` or what its memory allows to the `env` of `{}`",
                limits.context_variable, service.name
            )),
        );
    }
}

/// For each model with handles, whether all of them ask for a context themselves.
fn asked_for(platform: &Platform, parameter: &str) -> BTreeMap<ModelId, bool> {
    let mut asked = BTreeMap::new();
    for handle in platform.own_handles() {
        let asks = handle.parameters.contains_key(parameter);
        for target in &handle.targets {
            *asked.entry(target.model).or_insert(true) &= asks;
        }
    }
    asked
}
