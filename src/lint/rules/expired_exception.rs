//! An exception from a rule has ended.

use crate::diagnostic::{Rule, Severity};
use crate::lint::{Check, Lint};

pub(in crate::lint) static LINT: Lint = Lint {
    rule: Rule {
        name: "expired-exception",
        severity: Severity::Warning,
        summary: "an exception from a rule has ended",
        why: "What it excused is reported again from that day on; the exception itself only misleads its readers.",
        bad: concat!(
            home!(),
            r#"
[lint.levels]
expired-approval = { level = "deny", reason = "until the move", until = "2025-01-01" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[lint.levels]
expired-approval = { level = "deny", reason = "until the move" }
"#
        ),
    },
    check: Check::Settings,
};
