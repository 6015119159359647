//! A service has a port that the system gives to outgoing connections.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, ports};
use crate::platform::{Os, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "ephemeral-port",
        severity: Severity::Warning,
        summary: "a service has a port that the system gives to outgoing connections",
        why: "Any program that calls another may hold the port for a while, so the service sometimes cannot start, and nobody finds out why. Linux takes such ports from 32768 to 60999, macOS and Windows from 49152 on.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
port = 50000
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"
port = 9000
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in ports::services(platform) {
        let host = &platform[service.host];
        let (first, last) = match host.os {
            Os::Linux => (32768, 60999),
            Os::Macos | Os::Windows => (49152, u16::MAX),
        };
        let ranges = service
            .ranges
            .iter()
            .filter(|it| it.first <= last && first <= it.last)
            .map(|it| (format!("{}-{}", it.first, it.last), it.span));
        let single = ports::of(platform, service)
            .filter(|it| (first..=last).contains(&it.number))
            // A model's port stands in a range that is told of already.
            .filter(|port| {
                let holds =
                    |it: &crate::platform::PortRange| (it.first..=it.last).contains(&port.number);
                !service.ranges.iter().any(holds)
            })
            .map(|it| (it.number.to_string(), it.span));
        for (port, span) in ranges.chain(single) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "host `{}` may have given {port} to somebody else",
                        host.name
                    ),
                )
                .primary(span, "any outgoing connection may hold it")
                .secondary(host.span, format!("gives {first} to {last} to connections"))
                .help(format!("take a port below {first}")),
            );
        }
    }
}
