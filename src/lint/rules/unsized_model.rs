//! The scheme of names says the size of a model that nobody knows.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, scheme};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unsized-model",
        severity: Severity::Warning,
        summary: "the name of a handle says the size of a model that nobody knows",
        why: "The scheme of the policy cannot be held against the name, so whatever stands there is believed.",
        bad: concat!(
            home!(),
            r#"
[policy.scheme]
form = "<size>-<name>"

[policy.scheme.parts.size]
says = "parameters"
from = { S = "1B", M = "8B", L = "20B" }

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"

[handles.L-phi]
model = "phi"
"#
        ),
        good: concat!(
            home!(),
            r#"
[policy.scheme]
form = "<size>-<name>"

[policy.scheme.parts.size]
says = "parameters"
from = { S = "1B", M = "8B", L = "20B" }

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
tier = "L"

[handles.L-phi]
model = "phi"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let Some(scheme) = &platform.policy.scheme else {
        return;
    };
    for (handle, model) in scheme::unsized_models(platform, scheme) {
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("nobody says how large `{}` is", model.name),
            )
            .primary(model.span, "has neither `parameters` nor `tier`")
            .secondary(handle.span, "this name says its size")
            .help("add its `parameters`; where its provider does not tell them, its `tier`"),
        );
    }
}
