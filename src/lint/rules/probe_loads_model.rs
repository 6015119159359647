//! The probe that is asked first loads models.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-loads-model",
        severity: Severity::Warning,
        summary: "the probe that is asked first loads models",
        why: "Every check then wakes models that nobody asked for and pushes out those in use; LiteLLM's `/health` sends a real prompt to each model.",
        bad: concat!(
            home!(),
            r#"health = [{ path = "/health", needs_key = true }]
"#
        ),
        good: concat!(
            home!(),
            r#"health = [{ path = "/health/readiness" }, { path = "/health", needs_key = true, loads_model = true }]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        let Some(first) = service.health.first() else {
            continue;
        };
        let known = service
            .kind
            .health
            .iter()
            .any(|it| it.loads_model && it.path == first.path);
        if !first.loads_model && !known {
            continue;
        }
        let cheap = service.health.iter().find(|it| {
            let kind = service.kind.health.iter();
            let mut heavy = kind.filter(|it| it.loads_model).map(|it| it.path);
            !it.loads_model && !heavy.any(|path| path == it.path)
        });
        let cheap = cheap.map(|it| it.path.as_str()).or_else(|| {
            let kind = service.kind.health.iter().find(|it| !it.loads_model);
            kind.map(|it| it.path)
        });
        let help = cheap.map_or_else(
            || "put a probe before it that asks no model, such as `/v1/models`".to_owned(),
            |path| format!("put `{{ path = \"{path}\" }}` before it"),
        );
        let span = words::item(document, &["services", &service.name, "health"], 0);
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("asking whether `{}` is well loads models", service.name),
            )
            .primary(span, "the first probe is the one that is asked")
            .help(help),
        );
    }
}
