//! The gateway is to offer tools that it cannot reach.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{Bind, McpCommand, McpState, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "tools-out-of-reach",
        severity: Severity::Error,
        summary: "the gateway is to offer tools that it cannot reach",
        why: "The server listens on the loopback of another host, or is started on one, so the gateway starts without its tools and says so in its log alone.",
        bad: concat!(
            home!(),
            r#"
[hosts.nas]
os = "linux"
addresses = { lan = "192.0.2.20" }

[services.files]
kind = "generic"
host = "nas"
port = 8765
health = [{ path = "/health" }]

[mcp.files]
purpose = "Read files"
transport = "http"
service = "files"
through_gateway = true
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.nas]
os = "linux"
addresses = { lan = "192.0.2.20" }

[services.files]
kind = "generic"
host = "nas"
port = 8765
health = [{ path = "/health" }]
bind = "lan"
approval = { reason = "the gateway offers its tools", by = "the owner", when = "2026-11-21" }

[mcp.files]
purpose = "Read files"
transport = "http"
service = "files"
through_gateway = true
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let gateway = platform.gateway_service();
    for server in &platform.mcp {
        if !server.through_gateway || server.state != McpState::Live {
            continue;
        }
        let found = match &server.command {
            McpCommand::Call { service, .. } => {
                let service = &platform[*service];
                let hidden = service.bind == Bind::Loopback && service.host != gateway.host;
                let host = &platform[service.host].name;
                hidden.then(|| {
                    (
                        service.bind_span,
                        format!("listens on the loopback of `{host}` only"),
                        "let the service listen on a network that the gateway's host is on, or put it there",
                    )
                })
            }
            McpCommand::Start(_) => server.host.filter(|it| *it != gateway.host).map(|host| {
                (
                    gateway.span,
                    format!(
                        "starts programs on its own host, not on `{}`",
                        platform[host].name
                    ),
                    "offer the tools over `http`, or put the server on the gateway's host",
                )
            }),
            McpCommand::Unknown => None,
        };
        if let Some((span, label, help)) = found {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "`{}` cannot reach the tools of `{}`",
                        gateway.name, server.name
                    ),
                )
                .primary(server.span, "the gateway is to offer its tools")
                .secondary(span, label)
                .help(help),
            );
        }
    }
}
