//! The gateway faces the network and asks for no key.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "keyless-gateway",
        severity: Severity::Error,
        summary: "the gateway faces the network and asks for no key",
        why: "Everybody on the network can use every model and every key behind it. LiteLLM for one refuses to start so.",
        bad: concat!(
            home!(),
            r#"bind = "lan"
approval = { reason = "clients in the house", by = "the owner", when = "2026-11-21" }
"#
        ),
        good: concat!(
            home!(),
            r#"bind = "lan"
approval = { reason = "clients in the house", by = "the owner", when = "2026-11-21" }
env = { LITELLM_PROXY_KEY = { secret = "gateway-key" } }

[secrets.gateway-key]
generate = { prefix = "sk-" }

[gateway]
key = { env = "LITELLM_PROXY_KEY" }
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let gateway = platform.gateway_service();
    let open =
        (gateway.faces_network() || gateway.serve.is_some()) && platform.gateway.key.is_none();
    if open && platform.is_installed(gateway) {
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{}` faces the network and asks for no key", gateway.name),
            )
            .primary(gateway.bind_span, "whoever is there can call it")
            .help("add `key = { env = … }` below `[gateway]`, and the variable with a secret to its `env`"),
        );
    }
}
