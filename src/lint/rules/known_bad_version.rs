//! A release that must not run.

use crate::backend::bad_release;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "known-bad-version",
        severity: Severity::Error,
        summary: "a release that must not run",
        why: "Some releases were published to steal what they find. LiteLLM 1.82.7 and 1.82.8 are two: a host that ran one has lost its keys.",
        bad: concat!(
            home!(),
            r#"program_version = "1.82.7"
"#
        ),
        good: concat!(
            home!(),
            r#"program_version = "1.106.2"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        if let Some(version) = &service.program_version {
            let exact = version.trim_start_matches('=').trim();
            let keys = ["services", &service.name, "program_version"];
            if let Some(why) = bad_release(service.kind.name, exact) {
                report(
                    service.kind.name,
                    exact,
                    why,
                    words::value(document, &keys),
                    diagnostics,
                );
            }
        }
        if !service.pins.is_empty() {
            let keys = ["services", &service.name, "pins"];
            for (pin, span) in words::texts(document, &keys) {
                pinned(pin, span, diagnostics);
            }
        }
        for argument in words::arguments(document, service) {
            if let Some(word) = argument.as_str() {
                pinned(word, argument.span(), diagnostics);
            }
        }
    }
    for server in &platform.mcp {
        for (word, span) in words::texts(document, &["mcp", &server.name, "command"]) {
            pinned(word, span, diagnostics);
        }
    }
}

/// Words such as `litellm==1.82.7`, `litellm[proxy]==1.82.7` and `ghcr.io/berriai/litellm:v1.82.7`.
fn pinned(word: &str, span: Span, diagnostics: &mut Diagnostics) {
    let Some((package, version)) = word.split_once("==").or_else(|| word.rsplit_once(':')) else {
        return;
    };
    let package = package.split('[').next().unwrap_or(package).trim();
    let package = package.rsplit('/').next().unwrap_or(package);
    let version = version.trim();
    if let Some(why) = bad_release(package, version) {
        report(package, version, why, span, diagnostics);
    }
}

fn report(package: &str, version: &str, why: &str, span: Span, diagnostics: &mut Diagnostics) {
    diagnostics.push(
        Diagnostic::new(
            &LINT.rule,
            format!(
                "`{package}` {} must not run",
                version.trim_start_matches('v')
            ),
        )
        .primary(span, why)
        .help("pin another release; where this one ran, replace every key that it could read"),
    );
}
