//! A fallback is on its way out.

use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "fallback-to-deprecated",
        severity: Severity::Warning,
        summary: "a fallback is a handle on its way out",
        why: "When it goes, the fallback goes with it, and nobody looks at fallbacks until they are needed.",
        bad: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-large]
service = "vino"

[models.ov-small]
service = "vino"

[handles.ov-large]
fallbacks = ["old-small"]

[handles.ov-small]

[handles.old-small]
model = "ov-small"
deprecated = { in_favour_of = "ov-small", since = "2026-01-01" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.vino]
kind = "openvino"
host = "pi"

[models.ov-large]
service = "vino"

[models.ov-small]
service = "vino"

[handles.ov-large]
fallbacks = ["ov-small"]

[handles.ov-small]

[handles.old-small]
model = "ov-small"
deprecated = { in_favour_of = "ov-small", since = "2026-01-01" }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in platform.handles.iter().filter(|it| it.deprecated.is_none()) {
        for (at, fallback) in handle.fallbacks.iter().enumerate() {
            let fallback = &platform[*fallback];
            let Some(deprecation) = &fallback.deprecated else {
                continue;
            };
            let heir = &platform[deprecation.in_favour_of];
            let span = words::item(document, &["handles", &handle.name, "fallbacks"], at);
            let mut finding = Diagnostic::new(
                &LINT.rule,
                format!("fallback `{}` is on its way out", fallback.name),
            )
            .primary(span, format!("deprecated in favour of `{}`", heir.name))
            .secondary(fallback.span, "deprecated here");
            // The heir may be the handle itself, or a fallback of it already.
            if heir.id != handle.id && !handle.fallbacks.contains(&heir.id) {
                finding = finding.help(format!("write `\"{}\"`", heir.name)).fix(Fix {
                    title: format!("fall back to `{}`", heir.name),
                    safe: false,
                    edits: vec![Edit {
                        span,
                        text: format!("{:?}", heir.name),
                    }],
                });
            } else {
                finding = finding.help("take it out");
            }
            diagnostics.push(finding);
        }
    }
}
