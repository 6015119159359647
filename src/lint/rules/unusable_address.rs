//! An address is none at which another host can be called.

use std::net::IpAddr;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, urls};
use crate::platform::{Origin, Platform, Value, Variable};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unusable-address",
        severity: Severity::Error,
        summary: "an address is none at which another host can be called",
        why: "A link-local address changes its meaning from interface to interface, and in a cloud 169.254.169.254 gives away the machine's own credentials; a multicast or unspecified address is nobody.",
        bad: concat!(
            home!(),
            r#"
[hosts.nas]
os = "linux"
addresses = { lan = "169.254.169.254" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.nas]
os = "linux"
addresses = { lan = "192.0.2.20" }
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for host in &platform.hosts {
        for (_, address, span) in &host.addresses {
            let Some(flaw) = address.parse().ok().and_then(flaw) else {
                continue;
            };
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("nobody can call host `{}` at `{address}`", host.name),
                )
                .primary(*span, flaw)
                .help("give it an address of its network"),
            );
        }
    }
    let services = platform.services.iter().map(|it| &it.env);
    let servers = platform.mcp.iter().map(|it| &it.env);
    for variable in services.chain(servers).flatten() {
        if let Some(finding) = called(variable) {
            diagnostics.push(finding);
        }
    }
}

/// What is wrong with an address that is called from elsewhere.
fn flaw(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(it) if it.is_link_local() => Some("a link-local address"),
        IpAddr::V6(it) if it.is_unicast_link_local() => Some("a link-local address"),
        it if it.is_unspecified() => Some("no address of anybody"),
        it if it.is_multicast() => Some("a multicast address"),
        IpAddr::V4(it) if it.is_broadcast() => Some("a broadcast address"),
        // The metadata service of a cloud, on IPv6.
        IpAddr::V6(it) if it.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => {
            Some("the metadata service of a cloud")
        }
        _ => None,
    }
}

/// A URL that an owner wrote out; some programs take 0.0.0.0 there for what runs beside them.
fn called(variable: &Variable) -> Option<Diagnostic> {
    let Value::Text(text) = &variable.value else {
        return None;
    };
    if variable.origin != Origin::Owner {
        return None;
    }
    urls::all(text).find_map(|url| {
        let address: IpAddr = url.host.parse().ok()?;
        let flaw = flaw(address).filter(|_| !address.is_unspecified())?;
        let message = format!("`{}` calls `{}`", variable.name, url.host);
        Some(
            Diagnostic::new(&LINT.rule, message)
                .primary(variable.span, flaw)
                .help("name the service: `{ url = … }`"),
        )
    })
}
