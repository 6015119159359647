//! A service that no handwritten page explains.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::mentions::unspoken;
use crate::lint::{Check, Lint, Pages};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unexplained-service",
        severity: Severity::Warning,
        summary: "a service that no handwritten page explains",
        why: "When it breaks at night, nobody finds what it is for and who may restart it. It is looked for when a whole folder of pages is given, by name, title and folder.",
        bad: concat!(
            home!(),
            r#"
# The only page, docs/notes.md:
# We have a printer.
"#
        ),
        good: concat!(
            home!(),
            r#"
# The only page, docs/notes.md:
# LiteLLM is what clients call.
"#
        ),
    },
    check: Check::Pages(check),
};

fn check(platform: &Platform, pages: &Pages, diagnostics: &mut Diagnostics) {
    if !pages.whole {
        return;
    }
    let services = platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it));
    let texts = pages.pages.iter().map(|it| it.source.text());
    for service in unspoken(services.collect(), texts) {
        diagnostics.push(
            Diagnostic::new(&LINT.rule, format!("no page explains `{}`", service.name))
                .primary(service.span, "named in none of them")
                .help("say what it is for, where it runs and how it is restarted"),
        );
    }
}
