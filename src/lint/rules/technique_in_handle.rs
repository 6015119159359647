//! A handle begins with the name of an optimising technique.

use crate::backend::upstream_name;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::naming::{self, Fault};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "technique-in-handle",
        severity: Severity::Warning,
        summary: "a handle begins with the name of an optimising technique",
        why: "A technique is chosen by `technique` and stands in what the optimiser is asked for. In a handle it binds clients to it, and OptiLLM cuts it off wherever the name is passed on as it is.",
        bad: concat!(
            home!(),
            r#"env = { OPTILLM_API_KEY = { secret = "optimiser-key" } }

[secrets.optimiser-key]
generate = { prefix = "optillm-" }

[services.optimiser]
kind = "optillm"
host = "pi"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"

[handles.moa-phi]
model = "phi"
via = "optimiser"
technique = "moa"
"#
        ),
        good: concat!(
            home!(),
            r#"env = { OPTILLM_API_KEY = { secret = "optimiser-key" } }

[secrets.optimiser-key]
generate = { prefix = "optillm-" }

[services.optimiser]
kind = "optillm"
host = "pi"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"

[handles.phi-careful]
model = "phi"
via = "optimiser"
technique = "moa"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for (handle, fault) in naming::faults(platform) {
        let Fault::Technique(first) = fault else {
            continue;
        };
        let rest = upstream_name(&handle.name);
        let help = if rest.is_empty() {
            "call it by what it is for, and give it a `technique`".to_owned()
        } else {
            format!("call it by what it is for, such as `{rest}`, and give it a `technique`")
        };
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` begins with the technique `{first}`", handle.name),
            )
            .primary(handle.span, format!("an optimiser would read `{rest}`"))
            .help(help),
        );
    }
}
