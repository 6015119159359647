//! A service has a port that the operating system listens on itself.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, ports};
use crate::platform::{Os, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "system-claimed-port",
        severity: Severity::Warning,
        summary: "a service has a port that the operating system listens on itself",
        why: "Who starts first has the port, and that is the system: the service fails to start, or callers reach the wrong program. macOS answers on 5000 and 7000 for AirPlay unless that is switched off.",
        bad: concat!(
            home!(),
            r#"
[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }

[services.vino]
kind = "openvino"
host = "studio"
port = 5000
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }

[services.vino]
kind = "openvino"
host = "studio"
port = 5001
"#
        ),
    },
    check: Check::Platform(check),
};

/// Ports that a system listens on as it is installed, or as soon as it can be reached from elsewhere.
fn claimant(os: Os, port: u16) -> Option<&'static str> {
    match (os, port) {
        (Os::Macos, 5000 | 7000) => Some("AirPlay Receiver"),
        (Os::Macos, 5900) => Some("Screen Sharing"),
        (Os::Macos | Os::Linux, 22) => Some("the SSH server"),
        (Os::Windows, 135) => Some("the RPC endpoint mapper"),
        (Os::Windows, 445) => Some("file sharing"),
        (Os::Windows, 5040) => Some("the Connected Devices Platform"),
        _ => None,
    }
}

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in ports::services(platform) {
        let host = &platform[service.host];
        for port in ports::of(platform, service) {
            let Some(program) = claimant(host.os, port.number) else {
                continue;
            };
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("{program} has port {} on host `{}`", port.number, host.name),
                )
                .primary(port.span, format!("`{}` cannot count on it", port.owner))
                .secondary(host.span, "its system listens there")
                .help("take another port"),
            );
        }
    }
}
