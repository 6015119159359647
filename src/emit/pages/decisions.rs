//! Constraints and decisions in force: the rules that are on, every exception and approval with its reason.

use std::collections::BTreeMap;

use super::markdown::{Writer, code, text, text_or_none};
use super::{Book, Page, to_service, words};
use crate::platform::LevelSetting;

pub(super) fn decisions(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Constraints and decisions in force");
    page.section("Promises");
    let mut promises = vec![
        format!(
            "Clients call {} for models, and nothing else.",
            to_service("", platform.gateway_service())
        ),
        "A port that was given stays given: see [the ledger](ports.md).".to_owned(),
        "A public handle is not renamed or dropped without notice: see [handles](handles.md)."
            .to_owned(),
    ];
    if let Some(optimiser) = &platform.policy.optimiser {
        let state = if optimiser.enabled { "go" } else { "could go" };
        let kinds = super::markdown::listed(optimiser.kinds.iter().map(|it| code(it)));
        promises.push(format!(
            "Handles of {kinds} {state} through {}.",
            to_service("", &platform[optimiser.service])
        ));
    }
    page.list(promises);
    page.section("Exceptions");
    let exceptions: Vec<_> = platform
        .exceptions
        .iter()
        .map(|it| {
            [
                code(&it.rule),
                code(&it.at),
                words::level(it.level).into(),
                text(&it.reason),
                text_or_none(it.until.as_deref()),
            ]
        })
        .collect();
    page.table(
        ["Rule", "Where", "Level", "Reason", "Until"],
        &exceptions,
        "No rule has an exception.",
    );
    page.section("Approvals");
    let approvals: Vec<_> = platform
        .services
        .iter()
        .filter_map(|service| Some((service, service.approval.as_ref()?)))
        .map(|(service, it)| {
            [
                to_service("", service),
                text(&it.reason),
                text(&it.by),
                text(&it.when),
                text_or_none(it.until.as_deref()),
            ]
        })
        .collect();
    page.table(
        ["Service", "Reason", "By", "When", "Until"],
        &approvals,
        "Nothing is approved for a network.",
    );
    page.section("Levels");
    let levels: Vec<_> = platform
        .levels
        .iter()
        .map(|it| {
            [
                code(&it.rule),
                words::level(it.level).into(),
                text(&it.reason),
            ]
        })
        .collect();
    page.table(
        ["Rule", "Level", "Reason"],
        &levels,
        "Every rule is as grave as it comes.",
    );
    page.section("Rules");
    let settings: BTreeMap<&str, &LevelSetting> = platform
        .levels
        .iter()
        .map(|it| (it.rule.as_str(), it))
        .collect();
    let rules: Vec<_> = book
        .rules
        .iter()
        .map(|rule| {
            let setting = settings.get(rule.name);
            [
                code(rule.name),
                setting
                    .map_or(rule.severity.word(), |it| words::level(it.level))
                    .into(),
                text(rule.summary),
            ]
        })
        .collect();
    page.table(["Rule", "Level", "Finds"], &rules, "There is no rule.");
    Page::new(
        "decisions.md",
        "Constraints and decisions in force",
        page.finish(),
    )
}
