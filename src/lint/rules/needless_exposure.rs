//! A service can be reached from beyond its host, and all that call it run on it.

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::exposure::{self, Exposure};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "needless-exposure",
        severity: Severity::Error,
        summary: "a service can be reached from beyond its host, and all that call it run on it",
        why: "Whoever is on the network can use it past the gateway, its keys and its logs, and nothing of the platform would miss it there.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
bind = "all"

[models.phi]
service = "vino"

[handles.phi]
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
bind = "loopback"

[models.phi]
service = "vino"

[handles.phi]
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        if exposure::of(platform, service) != Some(Exposure::Needless) {
            continue;
        }
        let mut finding = Diagnostic::new(
            &LINT.rule,
            format!("`{}` listens wider than it is called", service.name),
        )
        .primary(service.bind_span, "reachable from beyond its host");
        if let Some(call) = platform.callers_of(service.id).next() {
            let caller = &platform[call.from];
            finding = finding.secondary(
                caller.span,
                format!("`{}` calls it, on the same host", caller.name),
            );
        }
        diagnostics.push(
            finding
                .help("let it listen on loopback; where others do need it, add an `approval`")
                // Who else calls it is not in the file.
                .fix(Fix::likely(service.bind_span, "\"loopback\"")),
        );
    }
}
