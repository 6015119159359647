//! A handle is not built in the form that the policy gives for it.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::naming::{self, Fault};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "malformed-handle",
        severity: Severity::Warning,
        summary: "a handle is not built in the form that the policy gives for it",
        why: "A name is read by people and by programs that cut it into its parts; one that says another size or quantisation than its model has is believed.",
        bad: concat!(
            home!(),
            r#"
[policy.naming."ov-"]
kinds = ["openvino"]
form = "ov-<family>-<params>-<quant>"

[services.vino]
kind = "openvino"
host = "pi"

[models.ov-phi-4b-fp16]
service = "vino"
parameters = "3.8B"

[handles.ov-phi-4b-fp16]
"#
        ),
        good: concat!(
            home!(),
            r#"
[policy.naming."ov-"]
kinds = ["openvino"]
form = "ov-<family>-<params>-<quant>"

[services.vino]
kind = "openvino"
host = "pi"

[models.ov-phi-3-8b-fp16]
service = "vino"
parameters = "3.8B"

[handles.ov-phi-3-8b-fp16]
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for (handle, fault) in naming::faults(platform) {
        let Fault::Malformed(naming, flaw) = fault else {
            continue;
        };
        let form = naming.form.as_deref().unwrap_or_default();
        diagnostics.push(
            Diagnostic::new(&LINT.rule, format!("`{}` {flaw}", handle.name))
                .primary(handle.span, "not of the form for it")
                .secondary(naming.span, format!("the form is `{form}`"))
                .help("give it a name of that form; where it is in use, keep this one as deprecated for a while"),
        );
    }
}
