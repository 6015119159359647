//! What a handle says by its name, held against what is behind it. One name has one finding about it, by the rule that fits best.
//!
//! A policy names handles by prefix, each with a form such as `mlx-<family>-<params>`. Another scheme has another file and another [`Fault`]: the rules ask what is wrong and do not know how a name is read.

use crate::backend::{Role, TECHNIQUES};
use crate::diagnostic::Span;
use crate::platform::{Handle, HandleNames, Model, Naming, Platform};

/// What is wrong with the name of a handle.
#[derive(Debug)]
pub(super) enum Fault<'p> {
    /// It begins with a technique of an optimiser.
    Technique(&'p str),
    /// It is not the canonical id of its one model.
    NotModelId(&'p Model),
    /// Its prefix says that something else is behind it.
    Misleading(&'p Naming),
    /// It lacks the prefix for what is behind it.
    Lacking(&'p Naming),
    /// It is not of the form for its prefix; the words say why.
    Malformed(&'p Naming, String),
}

/// What is wrong with the names of handles. One that is on its way out keeps its name until then, and one that must not be there at all is told of by another rule.
pub(super) fn faults(platform: &Platform) -> impl Iterator<Item = (&Handle, Fault<'_>)> {
    let mut services = platform.services.iter();
    let optimised = services.any(|it| it.kind.role == Role::Optimiser);
    let counts = |it: &&Handle| it.deprecated.is_none() && retired(platform, &it.name).is_none();
    let handles = platform.own_handles().filter(counts);
    handles.filter_map(move |it| Some((it, fault(platform, it, optimised)?)))
}

fn fault<'p>(platform: &'p Platform, handle: &'p Handle, optimised: bool) -> Option<Fault<'p>> {
    let name = handle.name.as_str();
    let first = name.split_once('-').map(|(first, _)| first);
    if let Some(first) = first.filter(|it| optimised && TECHNIQUES.contains(it)) {
        return Some(Fault::Technique(first));
    }
    let model = match handle.targets.as_slice() {
        [one] => Some(&platform[one.model]),
        _ => None,
    };
    let policy = &platform.policy;
    if policy.handle_names == HandleNames::ModelId
        && let Some(model) = model.filter(|it| it.name != name)
    {
        return Some(Fault::NotModelId(model));
    }
    let covers = |it: &Naming| are_among(platform, handle, &it.kinds);
    match of(platform, name) {
        // A group is called by what it is for, and may hide what is behind it.
        None => {
            model?;
            policy
                .naming
                .iter()
                .find(|it| covers(it))
                .map(Fault::Lacking)
        }
        Some(naming) if !naming.kinds.is_empty() && !covers(naming) => {
            Some(Fault::Misleading(naming))
        }
        Some(naming) => {
            let flaw = flaw(naming.form.as_ref()?, name, model)?;
            Some(Fault::Malformed(naming, flaw))
        }
    }
}

/// What the policy says about the longest prefix of a name.
fn of<'p>(platform: &'p Platform, name: &str) -> Option<&'p Naming> {
    let naming = platform.policy.naming.iter();
    naming
        .filter(|it| name.starts_with(&it.prefix))
        .max_by_key(|it| it.prefix.len())
}

/// The pattern of the policy that a name must not fit, and where it stands.
pub(super) fn retired<'p>(platform: &'p Platform, name: &str) -> Option<(&'p str, Span)> {
    let gone = platform.policy.retired_names.iter();
    let mut fitting = gone.filter(|(pattern, _)| fits(pattern, name));
    fitting
        .next()
        .map(|(pattern, span)| (pattern.as_str(), *span))
}

/// True when a name is of a pattern, in which `*` stands for any ending.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name
            .get(..start.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

/// The kinds of service behind a handle.
fn all_kinds(platform: &Platform, handle: &Handle) -> impl Iterator<Item = &'static str> {
    let targets = handle.targets.iter();
    targets.map(|it| platform[platform[it.model].service].kind.name)
}

/// True when all kinds of service behind a handle are among these.
pub(super) fn are_among(platform: &Platform, handle: &Handle, these: &[String]) -> bool {
    all_kinds(platform, handle).all(|kind| these.iter().any(|it| it == kind))
}

/// The kinds of service behind a handle, each once.
pub(super) fn kinds(platform: &Platform, handle: &Handle) -> Vec<&'static str> {
    let mut kinds: Vec<_> = all_kinds(platform, handle).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// A part of a form: a word as it stands, or a place that one or more words fill.
enum Part<'f> {
    Word(&'f str),
    Place(&'f str),
}

/// What is wrong with a name of this form, ready to follow the name: nothing when it fits, or when the form is none that we read.
fn flaw(form: &str, name: &str, model: Option<&Model>) -> Option<String> {
    let parts = parts(form)?;
    let lower = !form.chars().any(|it| it.is_ascii_uppercase());
    let foreign = |it: &char| {
        let letter = it.is_ascii_lowercase() || (!lower && it.is_ascii_uppercase());
        !(letter || it.is_ascii_digit() || *it == '-')
    };
    if let Some(character) = name.chars().find(foreign) {
        return Some(format!("has `{character}` in it"));
    }
    let words: Vec<&str> = name.split('-').collect();
    if words.contains(&"") {
        return Some("has a dash with nothing beside it".to_owned());
    }
    if words.len() < parts.len() {
        let places: Vec<String> = parts.iter().filter_map(Part::place).collect();
        return Some(format!("has no words for all of {}", places.join(", ")));
    }
    let begins = parts.iter().zip(&words);
    for (part, word) in begins.take_while(|(part, _)| matches!(part, Part::Word(_))) {
        if matches!(part, Part::Word(wanted) if wanted != word) {
            return Some(format!("begins with `{word}`"));
        }
    }
    let model = model?;
    let wants = |place: &str| {
        parts
            .iter()
            .any(|it| matches!(it, Part::Place(it) if *it == place))
    };
    let facts = [
        ("params", &model.parameters, "parameters"),
        ("quant", &model.quantisation, "quantisation"),
    ];
    for (place, fact, field) in facts {
        let Some(fact) = fact.as_deref().filter(|_| wants(place)) else {
            continue;
        };
        // A mixture of experts is called by its parts, such as `8x22b`.
        let parted = place == "params" && words.iter().any(|it| is_parted_count(it));
        if !parted && !says(name, fact) {
            return Some(format!("does not say `{}`, its {field}", plain(fact)));
        }
    }
    None
}

impl Part<'_> {
    fn place(&self) -> Option<String> {
        match self {
            Self::Word(_) => None,
            Self::Place(place) => Some(format!("`<{place}>`")),
        }
    }
}

/// The parts of a form; nothing when it has no place to fill.
fn parts(form: &str) -> Option<Vec<Part<'_>>> {
    let parts: Vec<Part<'_>> = form
        .split('-')
        .map(|it| match it.strip_prefix('<') {
            Some(inner) => Part::Place(inner.strip_suffix('>').unwrap_or(inner)),
            None => Part::Word(it),
        })
        .collect();
    let has_place = parts.iter().any(|it| matches!(it, Part::Place(_)));
    has_place.then_some(parts)
}

/// True when a name has these words in it, one behind the other.
fn says(name: &str, fact: &str) -> bool {
    format!("-{}-", plain(name)).contains(&format!("-{}-", plain(fact)))
}

/// A text in the letters of a name: `1.5B` is `1-5b`.
fn plain(text: &str) -> String {
    text.to_ascii_lowercase().replace(['.', '_', ' '], "-")
}

fn is_parted_count(word: &str) -> bool {
    let number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let halves = word.strip_suffix('b').and_then(|it| it.split_once('x'));
    halves.is_some_and(|(experts, size)| number(experts) && number(size))
}

#[cfg(test)]
mod tests {
    use super::flaw;

    #[test]
    fn names_are_held_against_their_form() {
        let check = |name: &str, expected: Option<&str>| {
            let found = flaw("mlx-<family>-<params>-<quant>", name, None);
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("mlx-gpt-oss-120b-mxfp4-q4", None);
        check("mlx-gemma-27b-4bit", None);
        check(
            "mlx-gemma",
            Some("has no words for all of `<family>`, `<params>`, `<quant>`"),
        );
        check("mlx-gemma-27B-4bit", Some("has `B` in it"));
        check("mlx-community/gemma-27b-4bit", Some("has `/` in it"));
        check(
            "mlx-gemma--27b-4bit",
            Some("has a dash with nothing beside it"),
        );
        assert_eq!(flaw("a plain sentence", "X", None), None);
        assert_eq!(
            flaw("<a>-<b>", "-", None).as_deref(),
            Some("has a dash with nothing beside it")
        );
    }
}
