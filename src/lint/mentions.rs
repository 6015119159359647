//! Which services a text speaks of, by name, title or the title of a kind that only one of them has.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::platform::{Platform, Service, ServiceState};

/// The words by which services are called, in lower case.
pub(super) struct Mentions<'p> {
    /// Nothing where several are called so.
    words: BTreeMap<String, Option<&'p Service>>,
    /// The same words, to be found in a text.
    phrases: Phrases,
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
        let phrases = Phrases::of(words.keys().cloned().collect());
        Self { words, phrases }
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

    fn all(&self, text: &str) -> impl Iterator<Item = (Range<usize>, Option<&'p Service>)> {
        let lower = text.to_ascii_lowercase();
        let mut found = Vec::new();
        self.phrases.each(&lower, |_, word, at| {
            found.push((at..at + word.len(), self.words[word]));
        });
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

/// Those of some services that no text speaks of.
pub(super) fn unspoken<'p, 't>(
    services: Vec<&'p Service>,
    texts: impl Iterator<Item = &'t str>,
) -> Vec<&'p Service> {
    let called = |service: &'p Service| {
        let own = [
            service.name.as_str(),
            service.title.as_str(),
            service.kind.title,
        ];
        let own = own.into_iter().filter(|it| it.len() > 1);
        own.chain(service.folder.as_deref())
            .map(str::to_ascii_lowercase)
    };
    let mut words: Vec<String> = services.iter().flat_map(|it| called(it)).collect();
    words.sort();
    words.dedup();
    let phrases = Phrases::of(words);
    let mut spoken = vec![false; phrases.all.len()];
    for text in texts {
        phrases.each(&text.to_ascii_lowercase(), |phrase, _, _| {
            spoken[phrase] = true;
        });
    }
    let is_spoken = |word: String| {
        let place = phrases.all.binary_search(&word);
        place.is_ok_and(|it| spoken[it])
    };
    let mut services = services;
    services.retain(|service| !called(service).any(is_spoken));
    services
}

/// Phrases that are looked for in texts, all at once: each is looked up by its first word.
struct Phrases {
    all: Vec<String>,
    by_first: HashMap<String, Vec<usize>>,
    /// Those that begin with no word.
    others: Vec<usize>,
}

impl Phrases {
    /// Phrases in lower case, none of them empty.
    fn of(phrases: Vec<String>) -> Self {
        let mut by_first: HashMap<String, Vec<usize>> = HashMap::new();
        let mut others = Vec::new();
        for (place, phrase) in phrases.iter().enumerate() {
            match first_word(phrase) {
                "" => others.push(place),
                first => by_first.entry(first.to_owned()).or_default().push(place),
            }
        }
        Self {
            all: phrases,
            by_first,
            others,
        }
    }

    /// Shows where each stands in a text in lower case as words of its own: its place among the phrases, the phrase, and the offset.
    fn each<'p>(&'p self, text: &str, mut see: impl FnMut(usize, &'p str, usize)) {
        let mut show = |place: usize, at: usize| {
            let phrase = &self.all[place];
            let rest = text[at..].strip_prefix(phrase.as_str());
            if rest.is_some_and(|it| !it.starts_with(is_within)) && !text[..at].ends_with(is_within)
            {
                see(place, phrase, at);
            }
        };
        let mut at = 0;
        while let Some(skipped) = text[at..].find(is_within) {
            at += skipped;
            let word = first_word(&text[at..]);
            for place in self.by_first.get(word).into_iter().flatten() {
                show(*place, at);
            }
            at += word.len();
        }
        for place in &self.others {
            let found = text.match_indices(&self.all[*place]);
            found.for_each(|(at, _)| show(*place, at));
        }
    }
}

/// True for what a word goes on with.
fn is_within(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-' || letter == '_'
}

/// The word that a text begins with; empty when it begins with something else.
fn first_word(text: &str) -> &str {
    let end = text.find(|it| !is_within(it)).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Where a phrase stands, by looking at every offset.
    fn plainly(text: &str, phrase: &str) -> Vec<usize> {
        let offsets = (0..text.len()).filter(|at| text.is_char_boundary(*at));
        offsets
            .filter(|at| {
                let rest = text[*at..].strip_prefix(phrase);
                rest.is_some_and(|it| !it.starts_with(is_within))
                    && !text[..*at].ends_with(is_within)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn every_phrase_is_found_wherever_it_stands(
            text in "[abé /.-]{0,30}",
            phrases in proptest::collection::btree_set("[abé][abé /.-]{0,5}", 1..6),
        ) {
            let phrases = Phrases::of(phrases.into_iter().collect());
            let mut found = vec![Vec::new(); phrases.all.len()];
            phrases.each(&text, |place, _, at| found[place].push(at));
            for (phrase, found) in phrases.all.iter().zip(found) {
                prop_assert_eq!(found, plainly(&text, phrase));
            }
        }
    }

    #[test]
    fn a_phrase_may_begin_with_no_word() {
        let phrases = Phrases::of(vec!["/opt/a".to_owned(), "a".to_owned()]);
        let mut found = Vec::new();
        phrases.each("in /opt/a and x/opt/a, /opt/ab", |_, phrase, at| {
            found.push((phrase, at));
        });
        assert_eq!(found, [("a", 8), ("a", 20), ("/opt/a", 3)]);
    }
}
