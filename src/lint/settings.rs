//! Levels and exceptions: what the owner says about a rule, applied to what was found.

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Span};
use crate::platform::{Exception, Level, LevelSetting, Platform};
use crate::syntax::{Document, Node};

use super::rules::{expired_exception, unused_exception};
use super::{Date, words};

/// Applies what the owner says; what has expired no longer holds, and what nothing needs is reported.
pub(super) fn apply(
    platform: &Platform,
    document: &Document,
    today: Option<Date>,
    found: Diagnostics,
) -> Diagnostics {
    let mut kept = Diagnostics::new();
    let levels: Vec<&LevelSetting> = platform
        .levels
        .iter()
        .filter(|it| holds(it.until.as_deref(), today))
        .collect();
    let exceptions: Vec<&Exception> = platform
        .exceptions
        .iter()
        .filter(|it| holds(it.until.as_deref(), today))
        .collect();
    let mut used = vec![false; exceptions.len()];
    let mut useful: Vec<&str> = Vec::new();
    let places = (!exceptions.is_empty()).then(|| document.places());
    for mut diagnostic in found {
        let rule = diagnostic.rule.name;
        let mut level = levels.iter().find(|it| it.rule == rule).map(|it| it.level);
        if level.is_some() {
            useful.push(rule);
        }
        if let (Some(label), Some(places)) = (&diagnostic.primary, &places) {
            let place = places.at(label.span.start);
            for (at, exception) in exceptions.iter().enumerate() {
                if exception.rule == rule && is_below(place, &exception.at) {
                    used[at] = true;
                    level = Some(exception.level);
                }
            }
        }
        match level {
            Some(Level::Allow) => continue,
            Some(Level::Warn) => diagnostic.severity = Severity::Warning,
            Some(Level::Deny) => diagnostic.severity = Severity::Error,
            None => {}
        }
        kept.push(diagnostic);
    }
    let idle = exceptions.iter().zip(used).filter(|(_, used)| !used);
    for (exception, _) in idle {
        let lines = entry(document, exception.span).and_then(|it| words::block(document, it));
        let finding = unused_exception::finding(&exception.rule, exception.span, lines);
        kept.push(finding);
    }
    let idle_levels = levels
        .iter()
        .filter(|it| it.level != Level::Deny && !useful.contains(&it.rule.as_str()));
    for level in idle_levels {
        let lines = words::lines(document, &["lint", "levels", &level.rule]);
        kept.push(unused_exception::finding(&level.rule, level.span, lines));
    }
    expired(platform, today, &mut kept);
    kept
}

/// The table of the exception whose rule is named at `span`.
fn entry(document: &Document, span: Span) -> Option<&Node> {
    let entries = words::node(document, &["lint", "exceptions"])?.as_array()?;
    entries.iter().find(|it| {
        let rule = it.as_table().and_then(|it| it.get("rule"));
        rule.is_some_and(|it| it.node.span == span)
    })
}

fn expired(platform: &Platform, today: Option<Date>, kept: &mut Diagnostics) {
    let Some(today) = today else {
        return;
    };
    let levels = platform
        .levels
        .iter()
        .map(|it| (&it.rule, &it.until, it.span));
    let exceptions = platform
        .exceptions
        .iter()
        .map(|it| (&it.rule, &it.until, it.span));
    for (rule, until, span) in levels.chain(exceptions) {
        let end = until.as_deref().and_then(|it| it.parse::<Date>().ok());
        if let Some(end) = end.filter(|end| *end < today) {
            let message = format!("this exception from `{rule}` ended on {end}");
            kept.push(
                Diagnostic::new(&expired_exception::LINT.rule, message)
                    .primary(span, "no longer holds")
                    .help("mend what it excused, or give it a later `until` with a reason that still holds"),
            );
        }
    }
}

/// True when something with this end still holds.
fn holds(until: Option<&str>, today: Option<Date>) -> bool {
    match (until.and_then(|it| it.parse::<Date>().ok()), today) {
        (Some(end), Some(today)) => today <= end,
        _ => true,
    }
}

/// True when `place` is the place named, or lies below it.
fn is_below(place: &[&str], named: &str) -> bool {
    let mut rest = named;
    for key in place {
        let Some(tail) = rest.strip_prefix(key) else {
            return false;
        };
        match tail.strip_prefix('.') {
            Some(tail) => rest = tail,
            None => return tail.is_empty(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_place_is_below_its_tables_and_no_other() {
        let place = ["services", "open-webui", "bind"];
        assert!(is_below(&place, "services.open-webui"));
        assert!(is_below(&place, "services.open-webui.bind"));
        assert!(is_below(&place, "services"));
        assert!(!is_below(&place, "services.open"));
        assert!(!is_below(&place, "services.open-webui.bind.x"));
        assert!(is_below(
            &["models", "qwen2.5:7b", "port"],
            "models.qwen2.5:7b"
        ));
    }
}
