//! The scheme by which handles are named: its form taken apart, and its words held against what they can mean.

use crate::backend::Mode;
use crate::diagnostic::Span;
use crate::manifest::{self, Fact};
use crate::platform::{Form, Scheme, SchemePart, Vocabulary};

use super::Draft;
use super::place::Place;

impl Draft<'_> {
    /// The scheme of the policy; reports a form or words that nothing can be held against.
    pub(super) fn scheme(&mut self) -> Option<Scheme> {
        let it = self.manifest.policy.scheme.as_ref()?;
        let place = self.root.table("policy").table("scheme");
        let span = place.value("form");
        let form = match form(&it.form) {
            Ok(form) => form,
            Err(flaw) => {
                let message = format!("the form `{}` cannot be read", it.form);
                self.conflict(message, span, flaw);
                return None;
            }
        };
        let mut parts = Vec::with_capacity(it.parts.len());
        for (name, part) in &it.parts {
            let name = name.as_str();
            let place = place.table("parts").table(name);
            if !form.places.iter().any(|(it, _)| it == name) {
                self.conflict(
                    format!("the form has no place `<{name}>`"),
                    place.span(),
                    format!("the form is `{}`", form.text),
                );
            }
            parts.extend(self.part(name, part, place));
        }
        Some(Scheme {
            form,
            parts,
            notes: it.notes.clone(),
            span,
        })
    }

    fn part(
        &mut self,
        name: &str,
        it: &manifest::SchemePart,
        place: Place<'_>,
    ) -> Option<SchemePart> {
        let (from, words) = (!it.from.is_empty(), !it.words.is_empty());
        let (wanted, is_there, other, is_wrong) = match it.says {
            Fact::Parameters => ("from", from, "words", words),
            _ => ("words", words, "from", from),
        };
        if is_wrong {
            self.conflict(
                format!("`{other}` does not go with this fact"),
                place.key(other),
                format!("say its words with `{wanted}`"),
            );
        }
        if !is_there {
            self.conflict(
                format!("the place `<{name}>` has no words"),
                place.span(),
                format!("needs `{wanted}`"),
            );
            return None;
        }
        Some(SchemePart {
            place: name.to_owned(),
            says: it.says,
            vocabulary: match it.says {
                Fact::Parameters => self.tiers(it, place),
                _ => self.meanings(it, place),
            },
            span: place.span(),
        })
    }

    fn tiers(&mut self, it: &manifest::SchemePart, place: Place<'_>) -> Vocabulary {
        let words = it.from.iter();
        let words = words.filter_map(|(word, count)| {
            Some((word.clone(), count.0.to_string(), count.to_number()?))
        });
        let mut tiers: Vec<(String, String, f64)> = words.collect();
        tiers.sort_by(|one, two| one.2.total_cmp(&two.2));
        for pair in tiers.windows(2) {
            if pair[0].2.total_cmp(&pair[1].2).is_eq() {
                self.conflict(
                    format!("`{}` and `{}` begin at the same size", pair[0].0, pair[1].0),
                    place.table("from").value(&pair[1].0),
                    "one of them would never be right",
                );
            }
        }
        Vocabulary::Tiers(tiers)
    }

    fn meanings(&mut self, it: &manifest::SchemePart, place: Place<'_>) -> Vocabulary {
        for (word, meaning) in &it.words {
            let span = place.table("words").value(word);
            self.meaning(it.says, meaning, span);
        }
        let words = it.words.iter();
        Vocabulary::Meanings(words.map(|(word, it)| (word.clone(), it.clone())).collect())
    }

    /// Reports a meaning that no model can have.
    fn meaning(&mut self, says: Fact, meaning: &str, span: Span) {
        let known: Vec<&str> = match says {
            Fact::Place => vec!["local", "cloud"],
            Fact::Price => vec!["free", "paid"],
            Fact::Mode => Mode::ALL.iter().map(|it| it.word()).collect(),
            Fact::Kind => {
                self.kind(meaning, span);
                return;
            }
            Fact::Host => {
                self.host(meaning, span);
                return;
            }
            Fact::Quantisation | Fact::Parameters => return,
        };
        if !known.contains(&meaning) {
            self.conflict(
                format!("no model is `{meaning}`"),
                span,
                format!("means one of {}", known.join(", ")),
            );
        }
    }

    /// The word for the size of a model; reports one beside a number of parameters, and one that the scheme does not have.
    pub(super) fn tier(
        &mut self,
        name: &str,
        it: &manifest::Model,
        place: Place<'_>,
    ) -> Option<String> {
        let tier = it.tier.as_ref()?;
        let span = place.value("tier");
        if it.parameters.is_some() {
            self.conflict(
                format!("model `{name}` has both `parameters` and `tier`"),
                span,
                "its size follows from its parameters",
            );
        }
        let scheme = self.manifest.policy.scheme.as_ref();
        let parts = scheme.into_iter().flat_map(|it| it.parts.values());
        let tiers: Vec<&str> = parts
            .flat_map(|part| part.from.keys().map(String::as_str))
            .collect();
        if !tiers.contains(&tier.as_str()) {
            let label = if tiers.is_empty() {
                "there is no scheme with sizes".to_owned()
            } else {
                format!("its sizes are {}", tiers.join(", "))
            };
            let message = format!("the scheme of the policy has no size `{tier}`");
            self.conflict(message, span, label);
        }
        Some(tier.clone())
    }
}

/// Takes a form apart; what is wrong with it when that cannot be done.
fn form(text: &str) -> Result<Form, String> {
    let mut pieces = text.split('<');
    let prefix = pieces.next().unwrap_or_default().to_owned();
    let mut places: Vec<(String, String)> = Vec::new();
    for piece in pieces {
        let Some((place, behind)) = piece.split_once('>') else {
            return Err("a `<` in it is not closed".to_owned());
        };
        if place.is_empty() {
            return Err("a place in it has no name".to_owned());
        }
        if places.iter().any(|(it, _)| it == place) {
            return Err(format!("the place `<{place}>` stands in it twice"));
        }
        if places.last().is_some_and(|(_, behind)| behind.is_empty()) {
            return Err("nothing stands between two places of it".to_owned());
        }
        places.push((place.to_owned(), behind.to_owned()));
    }
    if places.is_empty() {
        return Err("it has no place such as `<name>`".to_owned());
    }
    Ok(Form {
        text: text.to_owned(),
        prefix,
        places,
    })
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn forms_are_taken_apart() {
        let read = form("<size>-<location>-<name>").unwrap();
        let places: Vec<_> = read.places.iter().map(|(it, _)| it.as_str()).collect();
        assert_eq!(places, ["size", "location", "name"]);
        assert_eq!(read.places[0].1, "-");
        assert_eq!(form("home/<name>").unwrap().prefix, "home/");
        for bad in ["", "plain", "<a><b>", "<a", "<>", "<a>-<a>"] {
            assert!(form(bad).is_err(), "{bad}");
        }
    }
}
