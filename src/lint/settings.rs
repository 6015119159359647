//! Levels and exceptions: what the owner says about a rule, applied to what was found.

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Span};
use crate::platform::{Exception, Level, LevelSetting, Platform};
use crate::syntax::{Document, Node};

use super::rules::{expired_exception, unused_exception};
use super::{Check, Date, LINTS, Pages, PagesFound, words};

/// Applies what the owner says; what has expired no longer holds, and what nothing needs is reported.
pub(super) fn apply(
    platform: &Platform,
    document: &Document,
    today: Option<Date>,
    found: Diagnostics,
) -> Diagnostics {
    let mut settings = Settings::of(platform, today, |rule| !is_about_pages(rule));
    let mut kept = Diagnostics::new();
    let excused = found
        .iter()
        .filter(|it| settings.excuses(it.rule.name))
        .filter_map(start);
    let places = document.places(excused);
    for mut diagnostic in found {
        let place = start(&diagnostic).map_or(&[][..], |it| places.at(it));
        let is_at = |at: &str| is_below(place, at);
        if settings.keeps(&mut diagnostic, is_at) {
            kept.push(diagnostic);
        }
    }
    settings.report_idle(document, true, &mut kept);
    expired(platform, today, &mut kept);
    kept
}

/// The same for what was found in pages. An exception that nothing needs is reported when a page it is about was looked at; a level may be about pages that were not.
pub(super) fn apply_to_pages(
    platform: &Platform,
    document: &Document,
    pages: &Pages,
    today: Option<Date>,
    found: PagesFound,
) -> PagesFound {
    let looked_at = |it: &Exception| {
        let mut names = pages.pages.iter().map(|it| it.source.name());
        names.any(|name| is_within(name, &it.at))
    };
    let mut settings = Settings::of(platform, today, is_about_pages);
    let mut kept = PagesFound {
        pages: Vec::new(),
        platform: Diagnostics::new(),
    };
    for (page, found) in pages.pages.iter().zip(found.pages) {
        let mut of_page = Diagnostics::new();
        for mut diagnostic in found {
            if settings.keeps(&mut diagnostic, |at| is_within(page.source.name(), at)) {
                of_page.push(diagnostic);
            }
        }
        kept.pages.push(of_page);
    }
    let places = document.places(found.platform.iter().filter_map(start));
    for mut diagnostic in found.platform {
        let place = start(&diagnostic).map_or(&[][..], |it| places.at(it));
        if settings.keeps(&mut diagnostic, |at| is_below(place, at)) {
            kept.platform.push(diagnostic);
        }
    }
    settings.used = settings
        .exceptions
        .iter()
        .zip(&settings.used)
        .map(|(it, used)| *used || !looked_at(it))
        .collect();
    settings.report_idle(document, false, &mut kept.platform);
    kept
}

/// Where the words that a finding is about begin.
fn start(diagnostic: &Diagnostic) -> Option<usize> {
    Some(diagnostic.primary.as_ref()?.span.start)
}

fn is_about_pages(rule: &str) -> bool {
    LINTS
        .iter()
        .any(|it| it.rule.name == rule && matches!(it.check, Check::Page(_) | Check::Pages(_)))
}

/// True when a page is the one named, or lies in the folder named; what stands before it depends on where the command was started.
fn is_within(page: &str, named: &str) -> bool {
    let named = named.trim_matches('/');
    let ends = page.match_indices(named).filter(|(at, _)| {
        let after = &page[at + named.len()..];
        let begins = *at == 0 || page[..*at].ends_with('/');
        begins && (after.is_empty() || after.starts_with('/'))
    });
    !named.is_empty() && ends.count() > 0
}

/// What the owner says that holds today, and what of it was needed.
struct Settings<'p> {
    levels: Vec<&'p LevelSetting>,
    exceptions: Vec<&'p Exception>,
    used: Vec<bool>,
    useful: Vec<&'static str>,
}

impl<'p> Settings<'p> {
    fn of(platform: &'p Platform, today: Option<Date>, is_ours: impl Fn(&str) -> bool) -> Self {
        let levels = platform.levels.iter();
        let exceptions = platform.exceptions.iter();
        let exceptions: Vec<_> = exceptions
            .filter(|it| is_ours(&it.rule) && holds(it.until.as_deref(), today))
            .collect();
        Self {
            levels: levels
                .filter(|it| is_ours(&it.rule) && holds(it.until.as_deref(), today))
                .collect(),
            used: vec![false; exceptions.len()],
            exceptions,
            useful: Vec::new(),
        }
    }

    /// True when a rule has exceptions.
    fn excuses(&self, rule: &str) -> bool {
        self.exceptions.iter().any(|it| it.rule == rule)
    }

    /// Gives a finding its level; false when it is not to be reported.
    fn keeps(&mut self, diagnostic: &mut Diagnostic, is_at: impl Fn(&str) -> bool) -> bool {
        let rule = diagnostic.rule.name;
        let mut level = self
            .levels
            .iter()
            .find(|it| it.rule == rule)
            .map(|it| it.level);
        if level.is_some() && !self.useful.contains(&rule) {
            self.useful.push(rule);
        }
        for (exception, used) in self.exceptions.iter().zip(&mut self.used) {
            if exception.rule == rule && is_at(&exception.at) {
                *used = true;
                level = Some(exception.level);
            }
        }
        match level {
            Some(Level::Allow) => return false,
            Some(Level::Warn) => diagnostic.severity = Severity::Warning,
            Some(Level::Deny) => diagnostic.severity = Severity::Error,
            None => {}
        }
        true
    }

    fn report_idle(&self, document: &Document, levels: bool, kept: &mut Diagnostics) {
        let idle = self
            .exceptions
            .iter()
            .zip(&self.used)
            .filter(|(_, used)| !**used);
        for (exception, _) in idle {
            let lines = entry(document, exception.span).and_then(|it| words::block(document, it));
            let finding = unused_exception::finding(&exception.rule, exception.span, lines);
            kept.push(finding);
        }
        let idle_levels = self
            .levels
            .iter()
            .filter(|it| levels && it.level != Level::Deny)
            .filter(|it| !self.useful.contains(&it.rule.as_str()));
        for level in idle_levels {
            let lines = words::lines(document, &["lint", "levels", &level.rule]);
            kept.push(unused_exception::finding(&level.rule, level.span, lines));
        }
    }
}

/// The table of the exception whose rule is named at `span`.
fn entry(document: &Document, span: Span) -> Option<&Node> {
    let entries = words::node(document, &["lint", "exceptions"])?.as_array()?;
    entries.iter().find(|it| {
        let rule = it.as_table().and_then(|it| it.get("rule"));
        rule.is_some_and(|it| it.node.span() == span)
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

/// True when `place` is the place named, or lies below it; a key may stand in quotes, as in the file.
fn is_below(place: &[&str], named: &str) -> bool {
    let mut rest = named;
    for key in place {
        let in_quotes = rest.strip_prefix('"');
        let in_quotes = in_quotes.and_then(|it| it.strip_prefix(key)?.strip_prefix('"'));
        let Some(tail) = rest.strip_prefix(key).or(in_quotes) else {
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
    use super::{is_below, is_within};

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
        assert!(is_below(
            &["models", "qwen2.5:7b", "port"],
            "models.\"qwen2.5:7b\".port"
        ));
        assert!(!is_below(&["models", "qwen2.5"], "models.\"qwen2"));
    }
    #[test]
    fn a_page_is_named_by_the_end_of_its_path_or_a_folder() {
        assert!(is_within("docs/journal/a.md", "docs/journal"));
        assert!(is_within("lab/docs/a.md", "docs/a.md"));
        assert!(!is_within("docs/journal/a.md", "journal/b.md"));
        assert!(!is_within("docs/a.md", "s/a.md"));
        assert!(!is_within("docs/a.md", ""));
    }
}
