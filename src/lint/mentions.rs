//! Which services a text speaks of, by name, title or the title of a kind that only one of them has.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::platform::{Platform, Service, ServiceState};

/// The words by which services are called, in lower case.
pub(super) struct Mentions<'p> {
    /// Nothing where several are called so.
    words: BTreeMap<String, Option<&'p Service>>,
}

/// Words that may stand between a service and its port without another subject.
const GLUE: &[&str] = &[
    "on",
    "at",
    "is",
    "runs",
    "run",
    "listens",
    "uses",
    "serves",
    "the",
    "its",
    "has",
    "default",
    "and",
    "local",
    "server",
    "servers",
    "gateway",
    "proxy",
    "backend",
    "container",
    "service",
];

impl<'p> Mentions<'p> {
    pub(super) fn of(platform: &'p Platform) -> Self {
        let mut words: BTreeMap<String, Option<&'p Service>> = BTreeMap::new();
        for service in platform
            .services
            .iter()
            .filter(|it| it.state != ServiceState::Retired)
        {
            let mut own = vec![
                service.name.as_str(),
                service.title.as_str(),
                service.kind.title,
            ];
            own.dedup_by_key(|it| it.to_ascii_lowercase());
            for word in own {
                words
                    .entry(word.to_ascii_lowercase())
                    .and_modify(|it| {
                        if it.is_some_and(|it| it.id != service.id) {
                            *it = None;
                        }
                    })
                    .or_insert(Some(service));
            }
        }
        // Its own name is always a service's own, whatever else is called so.
        for service in &platform.services {
            if service.state != ServiceState::Retired {
                words.insert(service.name.to_ascii_lowercase(), Some(service));
            }
        }
        words.remove("");
        Self { words }
    }

    /// The service that is called exactly so.
    pub(super) fn exact(&self, words: &str) -> Option<&'p Service> {
        let words = words.trim_matches(|it: char| it.is_whitespace() || "`*_".contains(it));
        self.words
            .get(&words.to_ascii_lowercase())
            .copied()
            .flatten()
    }

    /// The one service that a text speaks of.
    pub(super) fn only(&self, text: &str) -> Option<&'p Service> {
        let mut found = self.all(text);
        let (_, first) = found.next()?;
        let first = first?;
        found
            .all(|(_, it)| it.is_some_and(|it| it.id == first.id))
            .then_some(first)
    }

    /// The service that is spoken of last, with nothing behind it that could be another subject.
    pub(super) fn just_before(&self, text: &str) -> Option<&'p Service> {
        let (at, service) = self.all(text).max_by_key(|(at, _)| (at.end, at.len()))?;
        let between = text[at.end..].to_ascii_lowercase();
        let mut between = between
            .split(|it: char| !it.is_alphanumeric())
            .filter(|it| !it.is_empty());
        service.filter(|_| between.all(|it| GLUE.contains(&it)))
    }

    /// True when a text, in lower case, speaks of a service.
    pub(super) fn speaks_of(text: &str, service: &Service) -> bool {
        let own = [
            service.name.as_str(),
            service.title.as_str(),
            service.kind.title,
        ];
        let own = own.iter().filter(|it| it.len() > 1);
        own.chain(&service.folder.as_deref())
            .any(|it| occurrences(text, &it.to_ascii_lowercase()).next().is_some())
    }

    fn all(&self, text: &str) -> impl Iterator<Item = (Range<usize>, Option<&'p Service>)> {
        let lower = text.to_ascii_lowercase();
        let mut found: Vec<_> = self
            .words
            .iter()
            .flat_map(|(word, service)| {
                let at: Vec<_> = occurrences(&lower, word).collect();
                at.into_iter()
                    .map(move |at| (at..at + word.len(), *service))
            })
            .collect();
        // `Open WebUI server` also has `Open WebUI` in it: the longer one is meant.
        found.sort_by_key(|(at, _)| (at.start, std::cmp::Reverse(at.end)));
        let mut end = 0;
        found.retain(|(at, _)| {
            let is_own = at.end > end;
            end = end.max(at.end);
            is_own
        });
        found.into_iter()
    }
}

/// Where a word stands in a text as a word of its own; both in lower case.
fn occurrences<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let within = |it: char| it.is_alphanumeric() || it == '-' || it == '_';
            !text[..*at].ends_with(within) && !text[*at + word.len()..].starts_with(within)
        })
}
