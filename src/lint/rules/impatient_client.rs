//! A client gives up before the gateway has tried again.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Origin, Platform, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "impatient-client",
        severity: Severity::Warning,
        summary: "a client gives up before the gateway has tried again",
        why: "Retries multiply the timeout. A client that leaves earlier sees an error whatever the gateway still does, and its request keeps a server busy for nobody.",
        bad: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
AIOHTTP_CLIENT_TIMEOUT = 300

[gateway]
timeout = "300s"
retries = 2
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
AIOHTTP_CLIENT_TIMEOUT = 900

[gateway]
timeout = "300s"
retries = 2
"#
        ),
    },
    check: Check::Document(check),
};

/// Variables that say how many seconds a client waits for an answer.
static PATIENCE: &[&str] = &["AIOHTTP_CLIENT_TIMEOUT"];

/// How often LiteLLM tries again when nobody says.
const RETRIES: u32 = 2;

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let gateway = &platform.gateway;
    let Some(timeout) = gateway.timeout else {
        return;
    };
    let tries = gateway.retries.unwrap_or(RETRIES).saturating_add(1);
    let pause = gateway.retry_after.unwrap_or(Duration::ZERO);
    let longest = timeout
        .saturating_mul(tries)
        .saturating_add(pause.saturating_mul(tries - 1));
    for service in platform.services.iter().filter(|it| it.kind.calls_gateway) {
        let owned = service.env.iter().filter(|it| it.origin == Origin::Owner);
        for variable in owned.filter(|it| PATIENCE.contains(&it.name.as_str())) {
            let Value::Text(text) = &variable.value else {
                continue;
            };
            let Ok(seconds) = text.parse::<u64>() else {
                continue;
            };
            if seconds == 0 || Duration::from_secs(seconds) >= longest {
                continue;
            }
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "`{}` waits {seconds} s, and the gateway may take {} s",
                        service.name,
                        longest.as_secs()
                    ),
                )
                .primary(variable.span, "gives up before the last try")
                .secondary(
                    words::value(document, &["gateway", "timeout"]),
                    format!("tried {tries} times"),
                )
                .help(format!(
                    "wait at least {} s, or let the gateway try less often or for a shorter time",
                    longest.as_secs()
                )),
            );
        }
    }
}
