//! The name of a handle read by the scheme of the policy: which word stands for which fact, and which would be right.

use std::ops::Range;

use crate::platform::{
    Fact, Form, Handle, Model, Platform, Scheme, SchemePart, Visibility, Vocabulary,
};

/// A name that does not say what its model is.
#[derive(Debug)]
pub(super) struct Misnomer<'p> {
    /// The words of the name that are wrong; at least one.
    pub(super) wrong: Vec<WrongWord<'p>>,
    /// The name that would be right, when that can be said.
    pub(super) right: Option<String>,
}

/// A word of a name that is wrong.
#[derive(Debug)]
pub(super) struct WrongWord<'p> {
    /// Where it stands in the name.
    pub(super) range: Range<usize>,
    /// What is wrong with it.
    pub(super) flaw: String,
    /// What the scheme says about its place.
    pub(super) part: Option<&'p SchemePart>,
}

/// The handles whose names follow the scheme: public ones that are no alias and not on their way out.
pub(super) fn named(platform: &Platform) -> impl Iterator<Item = &Handle> {
    platform
        .own_handles()
        .filter(|it| it.visibility == Visibility::Public && it.deprecated.is_none())
}

/// What is wrong with the name of a handle; nothing when it says what its models are.
pub(super) fn misnomer<'p>(
    platform: &'p Platform,
    scheme: &'p Scheme,
    handle: &'p Handle,
) -> Option<Misnomer<'p>> {
    let models: Vec<&Model> = handle
        .targets
        .iter()
        .map(|it| &platform[it.model])
        .collect();
    let read = read(scheme, &handle.name);
    let mut wrong = Vec::new();
    let mut words = Vec::new();
    for (at, (place, _)) in scheme.form.places.iter().enumerate() {
        let part = scheme.parts.iter().find(|it| it.place == *place);
        let range = read
            .as_ref()
            .ok()
            .and_then(|ranges| ranges.get(at).cloned());
        let word = range.clone().map(|range| &handle.name[range]);
        let right = part.map_or_else(Vec::new, |part| right_words(platform, part, &models));
        let known =
            part.is_none_or(|part| word.is_some_and(|it| part.vocabulary.words().contains(&it)));
        if let (Some(word), Some(range), Some(part)) = (word, range, part)
            && !right.contains(&word)
            && (!known || !right.is_empty())
        {
            wrong.push(WrongWord {
                range,
                flaw: flaw(platform, part, word, known, &models),
                part: Some(part),
            });
        }
        words.push(match (part, right.first(), word) {
            (Some(_), Some(_), Some(word)) if right.contains(&word) => Some(word.to_owned()),
            (Some(_), Some(right), _) => Some((*right).to_owned()),
            (Some(_), None, word) => word.filter(|_| known).map(str::to_owned),
            (None, _, Some(word)) => Some(word.to_owned()),
            (None, _, None) => models.first().map(|it| plain(&it.name)),
        });
    }
    if let Err(unread) = read {
        wrong.push(unread);
    }
    let words: Option<Vec<String>> = words.into_iter().collect();
    (!wrong.is_empty()).then(|| Misnomer {
        wrong,
        right: words.map(|words| written(&scheme.form, &words)),
    })
}

/// The handles of which nobody can say whether their name says the right size, each with the first model whose size is unknown.
pub(super) fn unsized_models<'p>(
    platform: &'p Platform,
    scheme: &Scheme,
) -> impl Iterator<Item = (&'p Handle, &'p Model)> {
    let sized = scheme.parts.iter().any(|it| it.says == Fact::Parameters);
    let handles = named(platform).filter(move |_| sized);
    handles.filter_map(|handle| {
        let mut models = handle.targets.iter().map(|it| &platform[it.model]);
        let unknown = models.find(|it| it.parameters.is_none() && it.tier.is_none())?;
        Some((handle, unknown))
    })
}

/// Where each place of the form stands in a name; where reading ended when the name is not of the form.
fn read<'p>(scheme: &'p Scheme, name: &str) -> Result<Vec<Range<usize>>, WrongWord<'p>> {
    let form = &scheme.form;
    let unread = |range: Range<usize>, flaw: String| WrongWord {
        range,
        flaw,
        part: None,
    };
    if !name.starts_with(&form.prefix) {
        let flaw = format!("does not begin with `{}`", form.prefix);
        return Err(unread(0..name.len(), flaw));
    }
    let mut start = form.prefix.len();
    let mut ranges = Vec::with_capacity(form.places.len());
    for (at, (place, behind)) in form.places.iter().enumerate() {
        let rest = &name[start..];
        let is_last = at + 1 == form.places.len();
        let ends = |tail: &str| {
            if is_last {
                tail == behind
            } else {
                tail.starts_with(behind.as_str())
            }
        };
        let part = scheme.parts.iter().find(|it| it.place == *place);
        let known = part.and_then(|part| {
            let mut words = part.vocabulary.words().into_iter();
            words.find(|word| rest.strip_prefix(*word).is_some_and(ends))
        });
        let length = match (known, is_last) {
            (Some(word), _) => Some(word.len()),
            (None, true) => rest.strip_suffix(behind.as_str()).map(str::len),
            (None, false) => rest.find(behind.as_str()),
        };
        match length {
            Some(length) if length > 0 => {
                ranges.push(start..start + length);
                start += length + behind.len();
            }
            _ => {
                let flaw = format!("has no word for `<{place}>`");
                return Err(unread(0..name.len(), flaw));
            }
        }
    }
    Ok(ranges)
}

/// The words of a place that are right for the models of a handle; none when a fact of one is not known, or has no word.
fn right_words<'p>(
    platform: &Platform,
    part: &'p SchemePart,
    models: &[&'p Model],
) -> Vec<&'p str> {
    let words = models.iter().map(|it| right_word(platform, part, it));
    let mut words: Vec<&str> = words.collect::<Option<_>>().unwrap_or_default();
    words.sort_unstable();
    words.dedup();
    words
}

fn right_word<'p>(platform: &Platform, part: &'p SchemePart, model: &'p Model) -> Option<&'p str> {
    match &part.vocabulary {
        Vocabulary::Tiers(tiers) => match (&model.tier, model.parameter_count) {
            (Some(tier), _) => Some(tier.as_str()),
            (None, Some(count)) => {
                let fitting = tiers.iter().rfind(|(_, _, from)| *from <= count);
                fitting.map(|(word, _, _)| word.as_str())
            }
            (None, None) => None,
        },
        Vocabulary::Meanings(words) => {
            let fact = fact(platform, part.says, model)?;
            let mut words = words.iter();
            let found = words.find(|(_, meaning)| *meaning == fact);
            found.map(|(word, _)| word.as_str())
        }
    }
}

/// A fact of a model in the words of `platform.toml`.
fn fact(platform: &Platform, says: Fact, model: &Model) -> Option<String> {
    let service = &platform[model.service];
    let host = &platform[service.host];
    Some(match says {
        Fact::Parameters => return model.parameters.clone(),
        Fact::Quantisation => return model.quantisation.clone(),
        Fact::Place if host.elsewhere => "cloud".to_owned(),
        Fact::Place => "local".to_owned(),
        Fact::Price if platform.is_paid(model) => "paid".to_owned(),
        Fact::Price => "free".to_owned(),
        Fact::Mode => model.mode.word().to_owned(),
        Fact::Kind => service.kind.name.to_owned(),
        Fact::Host => host.name.clone(),
    })
}

/// What is wrong with a word at its place.
fn flaw(
    platform: &Platform,
    part: &SchemePart,
    word: &str,
    known: bool,
    models: &[&Model],
) -> String {
    if !known {
        let words = part.vocabulary.words();
        return format!(
            "`{word}` is no word for `<{}>`: they are {}",
            part.place,
            words.join(", ")
        );
    }
    let Some(model) = models.first() else {
        return format!("`{word}` is not right here");
    };
    let is = match (part.says, &model.tier) {
        (Fact::Parameters, Some(tier)) => format!("is declared as `{tier}`"),
        (Fact::Parameters, None) => {
            let count = model.parameters.as_deref().unwrap_or_default();
            format!("has {count} parameters")
        }
        (says, _) => format!("is {}", fact(platform, says, model).unwrap_or_default()),
    };
    format!("says `{word}`, and `{}` {is}", model.name)
}

/// A name of this form with these words.
fn written(form: &Form, words: &[String]) -> String {
    let mut name = form.prefix.clone();
    for ((_, behind), word) in form.places.iter().zip(words) {
        name.push_str(word);
        name.push_str(behind);
    }
    name
}

/// The id of a model in the letters of a name that other places stand in.
fn plain(id: &str) -> String {
    id.replace([':', '/', '@', '+'], "-")
}
