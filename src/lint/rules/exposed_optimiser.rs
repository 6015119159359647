//! An optimiser can be reached by others than the gateway beside it.

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::exposure::{self, Exposure};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "exposed-optimiser",
        severity: Severity::Error,
        summary: "an optimiser can be reached by others than the gateway beside it",
        why: "It turns one request into many, with the gateway's key or on the whole machine, and asks nobody who they are. It belongs on loopback; another place is an exception that names its reason.",
        bad: concat!(
            home!(),
            r#"
[services.optimiser]
kind = "optillm"
host = "pi"
bind = "all"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.optimiser]
kind = "optillm"
host = "pi"
bind = "loopback"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        if exposure::of(platform, service) != Some(Exposure::Optimiser) {
            continue;
        }
        let gateway = platform.gateway_service();
        let beside = service.host == gateway.host;
        let help = if beside {
            "let it listen on loopback: the gateway is on the same host"
        } else {
            "put it beside the gateway, or say why it must be reached from there: by an `approval`, or below `[[lint.exceptions]]`"
        };
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` can be reached past the gateway", service.name),
            )
            .primary(service.bind_span, "reachable from beyond its host")
            .secondary(gateway.span, "only the gateway calls it")
            .help(help)
            .fix_if(beside.then(|| Fix::likely(service.bind_span, "\"loopback\""))),
        );
    }
}
