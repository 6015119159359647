//! A fallback has less context than its handle, or lacks a capability of it.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Capability, Handle, Model, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "weaker-fallback",
        severity: Severity::Warning,
        summary: "a fallback has less context than its handle, or lacks a capability of it",
        why: "Requests that the handle takes are refused or cut by the fallback, exactly when it is needed.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-large]
service = "vino"
context_length = 32768

[models.ov-small]
service = "vino"
context_length = 8192

[handles.ov-large]
fallbacks = ["ov-small"]

[handles.ov-small]
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-large]
service = "vino"
context_length = 32768

[models.ov-small]
service = "vino"
context_length = 32768

[handles.ov-large]
fallbacks = ["ov-small"]

[handles.ov-small]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in &platform.handles {
        for (at, fallback) in handle.fallbacks.iter().enumerate() {
            let fallback = &platform[*fallback];
            let Some(lack) = lack(platform, handle, fallback) else {
                continue;
            };
            let span = words::item(document, &["handles", &handle.name, "fallbacks"], at);
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "fallback `{}` is weaker than `{}`",
                        fallback.name, handle.name
                    ),
                )
                .primary(span, lack)
                .secondary(fallback.span, "this handle")
                .help("name a handle whose model can do as much, or say what this one can do"),
            );
        }
    }
}

/// What a fallback lacks, where both sides are known.
fn lack(platform: &Platform, handle: &Handle, fallback: &Handle) -> Option<String> {
    let (own, other) = (live(platform, handle), live(platform, fallback));
    let context = |models: &[&Model]| {
        let known: Option<Vec<u64>> = models.iter().map(|it| it.context_length).collect();
        known?.into_iter().min()
    };
    if let (Some(own), Some(other)) = (context(&own), context(&other))
        && other < own
    {
        return Some(format!("takes {other} tokens, the handle {own}"));
    }
    // A model without capabilities is one of which nobody said any.
    let says = |models: &[&Model]| models.iter().all(|it| !it.capabilities.is_empty());
    if own.is_empty() || other.is_empty() || !says(&own) || !says(&other) {
        return None;
    }
    let all = |models: &[&Model], it| models.iter().all(|model| model.capabilities.contains(it));
    let missing = own[0]
        .capabilities
        .iter()
        .find(|it| all(&own, it) && !all(&other, it))?;
    Some(format!("does not {}", verb(*missing)))
}

fn live<'p>(platform: &'p Platform, handle: &Handle) -> Vec<&'p Model> {
    let models = handle.targets.iter().map(|it| &platform[it.model]);
    models.filter(|it| platform.model_is_live(it)).collect()
}

fn verb(capability: Capability) -> &'static str {
    match capability {
        Capability::Tools => "call tools",
        Capability::Vision => "see pictures",
        Capability::Reasoning => "reason",
        Capability::StructuredOutput => "answer in a given schema",
    }
}
