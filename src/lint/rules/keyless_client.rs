//! A client of the gateway has no key to show it.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint};
use crate::platform::{McpState, Platform, Value, Variable};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "keyless-client",
        severity: Severity::Warning,
        summary: "a client of the gateway has no key to show it",
        why: "The gateway asks every caller for a key, so each of its requests is refused.",
        bad: concat!(
            home!(),
            r#"env = { LITELLM_PROXY_KEY = { secret = "gateway-key" } }

[secrets.gateway-key]
generate = { prefix = "sk-" }

[gateway]
key = { env = "LITELLM_PROXY_KEY" }

[services.agents]
kind = "tiny-agents"
host = "pi"
env = { LITELLM_API_BASE = { url = "gateway", path = "/v1" } }
"#
        ),
        good: concat!(
            home!(),
            r#"env = { LITELLM_PROXY_KEY = { secret = "gateway-key" } }

[secrets.gateway-key]
generate = { prefix = "sk-" }

[gateway]
key = { env = "LITELLM_PROXY_KEY" }

[services.agents]
kind = "tiny-agents"
host = "pi"

[services.agents.env]
LITELLM_API_BASE = { url = "gateway", path = "/v1" }
LITELLM_API_KEY = { secret = "gateway-key" }
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    if platform.gateway.key.is_none() {
        return;
    }
    let gateway = platform.gateway_service();
    for call in platform.callers_of(gateway.id) {
        let caller = &platform[call.from];
        let asks = matches!(caller.kind.role, Role::Client | Role::Optimiser);
        if asks && !caller.env.iter().any(is_key) {
            diagnostics.push(finding(&caller.name, call.span, gateway.span));
        }
    }
    for server in platform.mcp.iter().filter(|it| it.state == McpState::Live) {
        let called = server
            .env
            .iter()
            .find(|it| matches!(&it.value, Value::Url(to, _) if *to == gateway.id));
        if let Some(called) = called
            && !server.env.iter().any(is_key)
        {
            diagnostics.push(finding(&server.name, called.span, gateway.span));
        }
    }
}

/// True when a variable holds something that can be shown to a gateway.
fn is_key(variable: &Variable) -> bool {
    let name = variable.name.as_bytes();
    let has = |word: &str| {
        let mut places = name.windows(word.len());
        places.any(|it| it.eq_ignore_ascii_case(word.as_bytes()))
    };
    ["KEY", "TOKEN", "AUTH"].into_iter().any(has) && !variable.name.contains("SECRET_KEY")
}

fn finding(caller: &str, call: Span, gateway: Span) -> Diagnostic {
    Diagnostic::new(
        &LINT.rule,
        format!("`{caller}` calls the gateway without a key"),
    )
    .primary(call, "calls it")
    .secondary(gateway, "asks every caller for a key")
    .help("give it a variable with the gateway's key: `{ secret = … }`")
}
