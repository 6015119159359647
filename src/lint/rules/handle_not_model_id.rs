//! A handle for one model has another name than the model.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::naming::{self, Fault};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "handle-not-model-id",
        severity: Severity::Error,
        summary: "a handle for one model has another name than the model",
        why: "The policy says that a handle is the canonical id of its model (`handle_names = \"model-id\"`), so that logs, registries and clients call one thing by one name.",
        bad: concat!(
            home!("handle_names = \"model-id\"\n"),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-phi-4-mini]
service = "vino"

[handles.phi]
model = "ov-phi-4-mini"
"#
        ),
        good: concat!(
            home!("handle_names = \"model-id\"\n"),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-phi-4-mini]
service = "vino"

[handles.ov-phi-4-mini]
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for (handle, fault) in naming::faults(platform) {
        let Fault::NotModelId(model) = fault else {
            continue;
        };
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!(
                    "handle `{}` is another name for `{}`",
                    handle.name, model.name
                ),
            )
            .primary(handle.span, "not the canonical id of its model")
            .secondary(model.span, "the model")
            .help(format!(
                "call the handle `{}`; an old name can stay for a while as deprecated",
                model.name
            )),
        );
    }
}
