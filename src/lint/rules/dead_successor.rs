//! A handle on its way out names a successor that cannot take its place.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{Handle, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "dead-successor",
        severity: Severity::Error,
        summary: "a deprecated handle names a successor that cannot take its place",
        why: "Clients are told to move to the successor: one that no live model answers, or that is itself on its way out, sends them nowhere.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-small]
service = "vino"

[models.ov-next]
service = "vino"
state = "planned"

[handles.ov-next]

[handles.ov-small]
deprecated = { in_favour_of = "ov-next", since = "2026-01-01" }
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

[models.ov-next]
service = "vino"

[handles.ov-next]

[handles.ov-small]
deprecated = { in_favour_of = "ov-next", since = "2026-01-01" }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in platform.handles.iter().filter(|it| is_live(platform, it)) {
        let Some(deprecation) = &handle.deprecated else {
            continue;
        };
        let heir = &platform[deprecation.in_favour_of];
        let wrong = if heir.id == handle.id {
            "is the handle itself"
        } else if heir.deprecated.is_some() {
            "is on its way out itself"
        } else if !is_live(platform, heir) {
            "has no live model"
        } else {
            continue;
        };
        let keys = ["handles", &handle.name, "deprecated", "in_favour_of"];
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("the successor of `{}` cannot take its place", handle.name),
            )
            .primary(words::value(document, &keys), wrong)
            .secondary(heir.span, "the successor")
            .help("name a handle whose model is live"),
        );
    }
}

fn is_live(platform: &Platform, handle: &Handle) -> bool {
    let models = handle.targets.iter().map(|it| &platform[it.model]);
    models.into_iter().any(|it| platform.model_is_live(it))
}
