//! A handle with one server and no fallback can be locked out by the gateway's cooldown.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Handle, Parameter, Platform, Visibility};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "lone-cooldown",
        severity: Severity::Warning,
        summary: "a handle with one server and no fallback can be locked out by a cooldown",
        why: "LiteLLM never leaves a lone deployment alone, until `allowed_fails` is anything but its default of 3: from then on a few failures lock the handle out, and there is nothing else to ask.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-small]
service = "vino"

[handles.ov-small]

[gateway]
allowed_fails = 1
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-small]
service = "vino"

[handles.ov-small]

[gateway]
allowed_fails = 3
"#
        ),
    },
    check: Check::Document(check),
};

/// What LiteLLM takes for "nobody said".
const DEFAULT: u32 = 3;

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let gateway = &platform.gateway;
    let settings = [
        "gateway",
        "litellm",
        "router_settings",
        "allowed_fails_policy",
    ];
    let keys: &[&str] = if gateway.allowed_fails.is_some_and(|it| it != DEFAULT) {
        &["gateway", "allowed_fails"]
    } else if gateway.router_settings.contains_key("allowed_fails_policy") {
        &settings
    } else {
        return;
    };
    let off = gateway.router_settings.get("disable_cooldowns") == Some(&Parameter::Boolean(true));
    if off || gateway.cooldown == Some(Duration::ZERO) {
        return;
    }
    let lone: Vec<&Handle> = platform
        .own_handles()
        .filter(|it| it.visibility == Visibility::Public && it.fallbacks.is_empty())
        .filter(|it| live(platform, it) == 1)
        .collect();
    let Some(first) = lone.first() else {
        return;
    };
    let more = match lone.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let span = words::value(document, keys);
    let is_number = keys.len() == 2;
    diagnostics.push(
        Diagnostic::new(
            &LINT.rule,
            format!("a cooldown can lock out `{}`{more}", first.name),
        )
        .primary(
            span,
            "with this, even a lone deployment is left alone after failures",
        )
        .secondary(first.span, "has one server and no fallback")
        .help("write `allowed_fails = 3`, or give the handle `fallbacks`")
        .fix_if(is_number.then(|| Fix::likely(span, DEFAULT.to_string()))),
    );
}

fn live(platform: &Platform, handle: &Handle) -> usize {
    let models = handle.targets.iter().map(|it| &platform[it.model]);
    models.filter(|it| platform.model_is_live(it)).count()
}
