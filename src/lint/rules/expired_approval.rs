//! An approval for facing the network has ended.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Date, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "expired-approval",
        severity: Severity::Error,
        summary: "the approval for facing the network has ended",
        why: "An approval with an end is a promise to look again; after that day nobody has agreed to the exposure.",
        bad: concat!(
            home!(),
            r#"
[services.page]
kind = "open-webui"
host = "pi"
bind = "lan"
approval = { reason = "a test", by = "the owner", when = "2025-01-01", until = "2025-02-01" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.page]
kind = "open-webui"
host = "pi"
bind = "lan"
approval = { reason = "people in the house chat here", by = "the owner", when = "2025-01-01" }
"#
        ),
    },
    check: Check::Dated(check),
};

fn check(platform: &Platform, today: Date, diagnostics: &mut Diagnostics) {
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        let Some(approval) = &service.approval else {
            continue;
        };
        let end = approval
            .until
            .as_deref()
            .and_then(|it| it.parse::<Date>().ok());
        if let Some(end) = end.filter(|end| service.faces_network() && *end < today) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("the approval of `{}` ended on {end}", service.name),
                )
                .primary(approval.span, "has ended")
                .secondary(service.bind_span, "it still listens beyond its host")
                .help("approve it again with a later `until`, or bind it to loopback"),
            );
        }
    }
}
