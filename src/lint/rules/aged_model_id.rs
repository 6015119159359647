//! A dated model id has aged.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Date, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "aged-model-id",
        severity: Severity::Warning,
        summary: "a dated model id is more than a year old",
        why: "Providers switch dated models off after a year or two, and from that day every request for the handle fails.",
        bad: concat!(
            home!(),
            r#"
[services.cloud]
kind = "generic"
host = "pi"

[models.opus]
service = "cloud"
served_as = "claude-opus-4-5-20251101"
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.cloud]
kind = "generic"
host = "pi"

[models.opus]
service = "cloud"
served_as = "claude-opus-5-20260801"
"#
        ),
    },
    check: Check::Dated(check),
};

const YEAR: i64 = 365;

fn check(platform: &Platform, today: Date, diagnostics: &mut Diagnostics) {
    for model in platform
        .models
        .iter()
        .filter(|it| platform.model_is_live(it))
    {
        let Some(date) = dated(&model.served_as) else {
            continue;
        };
        if today.days() - date.days() > YEAR {
            diagnostics.push(
                Diagnostic::new(&LINT.rule, format!("`{}` is of {date}", model.served_as))
                    .primary(model.span, "its id is more than a year old")
                    .help(
                        "see when its provider switches it off, and move the handle to a newer one",
                    ),
            );
        }
    }
}

/// The day at the end of a model id: `…-20251101` or `…-2025-11-01`.
fn dated(id: &str) -> Option<Date> {
    let tail = |length: usize| {
        let at = id.len().checked_sub(length + 1)?;
        id.get(at..)?.strip_prefix(['-', '@'])
    };
    if let Some(date) = tail(10).and_then(|it| it.parse().ok()) {
        return Some(date);
    }
    let digits = tail(8).filter(|it| it.bytes().all(|it| it.is_ascii_digit()))?;
    let date = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
    // Eight digits that are no day of these years are something else.
    date.parse()
        .ok()
        .filter(|_| ("2018".."2100").contains(&&digits[..4]))
}
