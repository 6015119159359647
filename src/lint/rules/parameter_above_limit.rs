//! A handle asks for more tokens than its model answers with.

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Model, Parameter, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "parameter-above-limit",
        severity: Severity::Warning,
        summary: "a request asks for more tokens than its model answers with",
        why: "The server refuses such a request or cuts the answer without a word; the number that counts is the smallest on the way.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-small]
service = "vino"
max_output_tokens = 4096

[handles.ov-small]
parameters = { max_tokens = 8192 }
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-small]
service = "vino"
max_output_tokens = 4096

[handles.ov-small]
parameters = { max_tokens = 4096 }
"#
        ),
    },
    check: Check::Document(check),
};

/// Parameters that limit the answer.
static LIMITS: &[&str] = &["max_tokens", "max_completion_tokens", "max_output_tokens"];

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in &platform.handles {
        for name in LIMITS {
            let Some(Parameter::Integer(asked)) = handle.parameters.get(*name) else {
                continue;
            };
            let models = handle.targets.iter().map(|it| &platform[it.model]);
            let too_small = models
                .filter(|it| exceeds(it, *asked))
                .min_by_key(|it| limit(it));
            if let Some(model) = too_small {
                let keys = ["handles", handle.name.as_str(), "parameters", *name];
                diagnostics.push(finding(document, &keys, model, *asked));
            }
        }
    }
    for model in &platform.models {
        for name in LIMITS {
            if let Some(Parameter::Integer(asked)) = model.request_params.get(*name)
                && exceeds(model, *asked)
            {
                let keys = ["models", model.name.as_str(), "request_params", *name];
                diagnostics.push(finding(document, &keys, model, *asked));
            }
        }
    }
}

/// The most tokens that a model can answer with, when that is known.
fn limit(model: &Model) -> Option<u64> {
    model.max_output_tokens.or(model.context_length)
}

fn exceeds(model: &Model, asked: i64) -> bool {
    let asked = u64::try_from(asked).unwrap_or(0);
    limit(model).is_some_and(|limit| asked > limit)
}

fn finding(document: &Document, keys: &[&str], model: &Model, asked: i64) -> Diagnostic {
    let limit = limit(model).unwrap_or(0);
    let span = words::value(document, keys);
    Diagnostic::new(
        &LINT.rule,
        format!("{asked} tokens are more than `{}` answers with", model.name),
    )
    .primary(span, format!("the model stops at {limit}"))
    .secondary(model.span, "this model")
    .help(format!("write {limit} or less"))
    .fix(Fix::likely(span, limit.to_string()))
}
