//! Names among which a mistyped one is looked for again and again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use hashbrown::HashMap;

/// How many questions are few enough to compare with every name.
const FEW: usize = 16;

/// How many comparisons are made at most; each takes less than a microsecond.
const MOST: usize = 600_000;

/// The name in `known` that `typed` was probably meant to be, if one is near enough.
pub fn near_name<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long name is no typo of anything we know, and comparing it costs time.
    if typed.len() > 80 {
        return None;
    }
    let limit = (typed.chars().count() / 3).clamp(1, 4);
    let letters = Letters::of(typed);
    known
        .into_iter()
        .filter(|name| letters.may_be_within(limit, name))
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// How often each letter of ASCII is in a word: most names are told apart by that, at a fraction of the cost of a comparison.
struct Letters([i16; 128]);

impl Letters {
    fn of(word: &str) -> Self {
        let mut counts = [0; 128];
        for byte in word.bytes().filter(u8::is_ascii) {
            counts[usize::from(byte)] += 1;
        }
        Self(counts)
    }

    /// False only for a name that is more edits away: one edit puts in, takes out or replaces a letter, so that the counts differ by two at most, and two letters that change places leave them as they are.
    fn may_be_within(&self, edits: usize, name: &str) -> bool {
        let others = Self::of(name);
        let pairs = self.0.iter().zip(others.0);
        let differing: usize = pairs
            .map(|(one, other)| usize::from(one.abs_diff(other)))
            .sum();
        differing <= 2 * edits
    }
}

/// The names of a large table. Ten thousand mistyped names among ten thousand would be a hundred million comparisons, so after some questions names that are one slip away are found in an index, and of those further away only as many are looked for as there is time.
#[derive(Debug)]
pub struct NearNames<'a> {
    names: Arc<[&'a str]>,
    places: Arc<HashMap<&'a str, usize>>,
    asked: usize,
    /// How many comparisons are left.
    patience: usize,
    /// What was answered: a wrong name is often written many times.
    answers: HashMap<String, Option<&'a str>>,
    /// The names by what is left of them without one character, or with all.
    by_rest: HashMap<u64, Vec<&'a str>>,
}

impl<'a> NearNames<'a> {
    /// These names.
    pub fn new(names: Vec<&'a str>) -> Self {
        let places = names.iter().enumerate().map(|(at, name)| (*name, at));
        Self {
            places: Arc::new(places.collect()),
            names: names.into(),
            asked: 0,
            patience: MOST,
            answers: HashMap::new(),
            by_rest: HashMap::new(),
        }
    }

    /// The same names, for somebody who asks on their own.
    #[must_use]
    pub fn lend(&self) -> Self {
        Self {
            names: Arc::clone(&self.names),
            places: Arc::clone(&self.places),
            asked: 0,
            patience: MOST,
            answers: HashMap::new(),
            by_rest: HashMap::new(),
        }
    }

    /// The names.
    pub fn names(&self) -> &[&'a str] {
        &self.names
    }

    /// Where among the names this one is, when it is one of them.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The name that `typed` was probably meant to be, as [`near_name`] finds it.
    pub fn find(&mut self, typed: &str) -> Option<&'a str> {
        if let Some(answer) = self.answers.get(typed) {
            return *answer;
        }
        let answer = self.look_for(typed);
        self.answers.insert(typed.to_owned(), answer);
        answer
    }

    fn look_for(&mut self, typed: &str) -> Option<&'a str> {
        self.asked += 1;
        if self.asked > FEW
            && let Some(near) = self.one_slip_away(typed)
        {
            return Some(near);
        }
        let left = self.patience.checked_sub(self.names.len());
        if self.asked > FEW && left.is_none() {
            return None;
        }
        self.patience = left.unwrap_or(0);
        near_name(typed, self.names.iter().copied())
    }

    fn one_slip_away(&mut self, typed: &str) -> Option<&'a str> {
        if self.by_rest.is_empty() {
            for name in self.names.iter() {
                rests(name, |rest| {
                    self.by_rest.entry(rest).or_default().push(name);
                });
            }
        }
        let mut likely = Vec::new();
        rests(typed, |rest| {
            likely.extend(self.by_rest.get(&rest).into_iter().flatten());
        });
        let near = near_name(typed, likely)?;
        (strsim::damerau_levenshtein(typed, near) <= 1).then_some(near)
    }
}

/// A number for the whole name, and for what is left without each of its characters: two names that are one slip apart have one in common.
fn rests(name: &str, mut each: impl FnMut(u64)) {
    // A longer name is no slip of another.
    if name.len() > 80 {
        return;
    }
    let mut hash = |parts: [&str; 2]| {
        let mut hasher = DefaultHasher::new();
        for byte in parts.iter().flat_map(|it| it.bytes()) {
            byte.hash(&mut hasher);
        }
        each(hasher.finish());
    };
    hash([name, ""]);
    for (at, character) in name.char_indices() {
        hash([&name[..at], &name[at + character.len_utf8()..]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_names_are_near() {
        assert_eq!(near_name("prot", ["port", "host"]), Some("port"));
        assert_eq!(near_name("hots", ["port", "host"]), Some("host"));
        assert_eq!(near_name("colour", ["port", "host"]), None);
        assert_eq!(near_name(&"x".repeat(5000), ["port"]), None);
    }

    proptest! {
        #[test]
        fn no_name_that_is_near_is_passed_over(typed in "[abé-]{0,7}", name in "[abcé-]{0,7}") {
            let edits = strsim::damerau_levenshtein(&typed, &name);
            prop_assert!(Letters::of(&typed).may_be_within(edits, &name));
        }
    }

    #[test]
    fn many_questions_have_the_same_answers() {
        let names: Vec<String> = (0..300).map(|at| format!("app-{at:03}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut near = NearNames::new(names.clone());
        near.patience = 200_000;
        for at in 0..300 {
            for typed in [
                format!("xapp-{at:03}"),
                format!("pap-{at:03}"),
                format!("ap-{at:03}"),
                format!("app-{at:03}é"),
                format!("abc-{at:03}"),
                format!("nothing-like-{at}"),
                format!("something-else-{at}"),
            ] {
                let expected = near_name(&typed, names.iter().copied());
                let found = near.find(&typed);
                let is_spent = near.patience < names.len();
                assert!(found == expected || is_spent && found.is_none(), "{typed}");
            }
        }
        assert!(near.patience < names.len(), "the end was met");
        assert_eq!(near.find("app-0077"), near_name("app-0077", names));
    }
}
