//! A service can be reached from beyond its host, and nobody has approved it.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::exposure::{self, Exposure};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unapproved-exposure",
        severity: Severity::Error,
        summary: "a service can be reached from beyond its host, and nobody has approved it",
        why: "Every machine and guest of the house can call it. That is a decision, so somebody makes it, with a reason that others can read.",
        bad: concat!(
            home!(),
            r#"
[services.page]
kind = "open-webui"
host = "pi"
bind = "all"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.page]
kind = "open-webui"
host = "pi"
bind = "all"
approval = { reason = "people in the house chat here", by = "the owner", when = "2026-11-21" }
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        if exposure::of(platform, service) != Some(Exposure::Unapproved) {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!(
                    "nobody has approved that `{}` faces the network",
                    service.name
                ),
            )
            .primary(service.bind_span, "reachable from beyond its host")
            .help(
                "add `approval = { reason = …, by = …, when = … }`, or let it listen on loopback",
            ),
        );
    }
}
