//! A platform held against what was promised.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::claim::{Lock, claims};
use super::{handles, moves, ports};
use crate::diagnostic::Diagnostics;
use crate::platform::Platform;

/// What a platform and a lock come to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Promises that are broken, as findings about `platform.toml`.
    pub broken: Diagnostics,
    /// What is odd in the lock and the platform settles, as findings about the lock.
    pub settled: Diagnostics,
    /// The lock as it is after this platform was built: nothing in it is ever forgotten.
    pub next: Lock,
}

/// Each entry of `all`, with what `others` say of its key. Both are in order, so they are walked side by side.
pub(super) fn beside<'a, K: Ord, V>(
    all: &'a BTreeMap<K, V>,
    others: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, &'a V, Option<&'a V>)> {
    let mut others = others.iter().peekable();
    all.iter().map(move |(key, value)| {
        let mut order = Ordering::Less;
        while let Some((other, _)) = others.peek() {
            order = other.cmp(&key);
            if order != Ordering::Less {
                break;
            }
            others.next();
        }
        let other = others.peek().filter(|_| order == Ordering::Equal);
        (key, value, other.map(|(_, it)| *it))
    })
}

/// Holds a platform against a lock; without one, everything is promised for the first time.
pub fn compare(platform: &Platform, lock: Option<&Lock>) -> Comparison {
    let known = lock.map_or_else(Cow::default, |lock| moves::in_new_names(lock, platform));
    let mut comparison = Comparison::default();
    let mut claimed = claims(platform);
    ports::compare(platform, &known, &mut claimed, &mut comparison);
    handles::compare(platform, &known, &claimed, &mut comparison);
    if lock.is_some() {
        ports::idle_migrations(platform, &known, &claimed, &mut comparison);
    }
    comparison.next.ports.append(&mut claimed.ports);
    comparison
}

#[cfg(test)]
mod tests {
    use super::beside;
    use std::collections::BTreeMap;

    #[test]
    fn entries_are_met_by_their_keys() {
        let of = |keys: &str| -> BTreeMap<char, usize> {
            let keys = keys.char_indices();
            keys.map(|(at, key)| (key, at)).collect()
        };
        for all in ["", "a", "ace", "bdf", "abcdef"] {
            for others in ["", "c", "abc", "bd", "ef", "abcdef", "z"] {
                let (all, others) = (of(all), of(others));
                let met: Vec<_> = beside(&all, &others).collect();
                let looked_up: Vec<_> = all
                    .iter()
                    .map(|(key, value)| (key, value, others.get(key)))
                    .collect();
                assert_eq!(met, looked_up);
            }
        }
    }
}
