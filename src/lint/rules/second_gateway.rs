//! A second gateway runs beside the one that clients call.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "second-gateway",
        severity: Severity::Error,
        summary: "a second gateway runs beside the one that clients call",
        why: "The platform promises one gateway. Handles, keys and fallbacks are written for that one alone, so whoever calls the other meets another set of models, or none.",
        bad: concat!(
            home!(),
            r#"
[services.spare]
kind = "litellm"
host = "pi"
port = 4001
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.spare]
kind = "litellm"
host = "pi"
port = 4001
state = "planned"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let gateway = platform.gateway_service();
    let others = platform
        .live_services()
        .filter(|it| it.kind.role == Role::Gateway && it.id != gateway.id);
    for other in others {
        diagnostics.push(
            Diagnostic::new(&LINT.rule, format!("`{}` is a second gateway", other.name))
                .primary(other.span, "runs as well")
                .secondary(gateway.span, "the gateway of the policy")
                .help("give it the state `planned` or `disabled`, or take it out"),
        );
    }
}
