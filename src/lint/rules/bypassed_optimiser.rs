//! A handle goes past the optimiser that the policy sends its kind through.

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::{Check, Lint, naming, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "bypassed-optimiser",
        severity: Severity::Warning,
        summary: "a handle goes past the optimiser that the policy sends its kind through",
        why: "The policy says that all handles of the kind go through it, and people count on that. One that does not behaves differently for no reason that they can see.",
        bad: concat!(
            home!("optimiser = { service = \"optimiser\", kinds = [\"openvino\"] }\n"),
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

[handles.phi]
via = "direct"
"#
        ),
        good: concat!(
            home!("optimiser = { service = \"optimiser\", kinds = [\"openvino\"] }\n"),
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

[handles.phi]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let Some(optimiser) = platform.policy.optimiser.as_ref().filter(|it| it.enabled) else {
        return;
    };
    let service = &platform[optimiser.service];
    for handle in platform.own_handles().filter(|it| it.via.is_none()) {
        let keys = ["handles", &handle.name, "via"];
        if !naming::are_among(platform, handle, &optimiser.kinds)
            || words::node(document, &keys).is_none()
        {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` goes past `{}`", handle.name, service.name),
            )
            .primary(words::value(document, &keys), "straight to the model")
            .secondary(
                optimiser.span,
                "all handles of its kind go through the optimiser",
            )
            .help("take `via` out; or say below `[[lint.exceptions]]` why this one differs")
            .fix_if(words::lines(document, &keys).map(|it| Fix::removal(it, false))),
        );
    }
}
