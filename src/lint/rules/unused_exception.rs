//! An exception from a rule that nothing needs.

use crate::diagnostic::{Diagnostic, Rule, Severity, Span};
use crate::lint::{Check, Lint};

pub(in crate::lint) static LINT: Lint = Lint {
    rule: Rule {
        name: "unused-exception",
        severity: Severity::Warning,
        summary: "an exception from a rule that nothing needs",
        why: "It would hide the next mistake of its kind, which nobody has looked at.",
        bad: concat!(
            home!(),
            r#"
[[lint.exceptions]]
rule = "expired-approval"
at = "services.gateway"
reason = "left from before"
"#
        ),
        good: home!(),
    },
    check: Check::Settings,
};

/// The finding for an exception from `rule` that excused nothing.
pub(in crate::lint) fn finding(rule: &str, span: Span) -> Diagnostic {
    let message = format!("nothing needs this exception from `{rule}`");
    Diagnostic::new(&LINT.rule, message)
        .primary(span, "excuses nothing")
        .help("take it out")
}
