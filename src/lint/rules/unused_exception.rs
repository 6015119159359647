//! An exception from a rule that nothing needs.

use crate::diagnostic::{Diagnostic, Fix, Rule, Severity, Span};
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
pub(in crate::lint) fn finding(rule: &str, span: Span, lines: Option<Span>) -> Diagnostic {
    let is_promise = crate::ledger::RULES.iter().any(|it| it.name == rule);
    let (message, help) = if is_promise {
        (
            format!("`{rule}` is about a promise and cannot be excused"),
            "take it out, and say what is meant by a `[[migration]]`, `[[moved]]` or `[[retired]]` entry",
        )
    } else {
        (
            format!("nothing needs this exception from `{rule}`"),
            "take it out",
        )
    };
    Diagnostic::new(&LINT.rule, message)
        .primary(span, "excuses nothing")
        .help(help)
        // Nothing was excused by it, so nothing changes.
        .fix_if(lines.map(|it| Fix::removal(it, !is_promise)))
}
