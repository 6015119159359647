//! A model is to answer with more tokens than fit in its context.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "answer-above-context",
        severity: Severity::Error,
        summary: "a model is to answer with more tokens than fit in its context",
        why: "Prompt and answer share the context, so such an answer cannot be: servers refuse the request or cut it, and clients plan with a number that is not there.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-small]
service = "vino"
context_length = 4096
max_output_tokens = 8192
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
context_length = 16384
max_output_tokens = 8192
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for model in &platform.models {
        let (Some(context), Some(answer)) = (model.context_length, model.max_output_tokens) else {
            continue;
        };
        if answer > context {
            let field = |name| words::value(document, &["models", &model.name, name]);
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{}` cannot answer with {answer} tokens", model.name),
                )
                .primary(field("max_output_tokens"), "more than the whole context")
                .secondary(
                    field("context_length"),
                    "prompt and answer together fit in this",
                )
                .help(format!(
                    "write less than {context}, and leave room for the prompt"
                )),
            );
        }
    }
}
