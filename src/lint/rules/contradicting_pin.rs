//! Two versions of one package are asked for that cannot both hold.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "contradicting-pin",
        severity: Severity::Error,
        summary: "two versions of one package are asked for that cannot both hold",
        why: "No release is both, so whatever is installed breaks one of the two promises.",
        bad: concat!(
            home!(),
            r#"program_version = ">=1.100"
pins = ["litellm<1.90"]
"#
        ),
        good: concat!(
            home!(),
            r#"program_version = ">=1.100"
pins = ["litellm<2"]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        let mut known: BTreeMap<String, (Window, Span)> = BTreeMap::new();
        if let Some(version) = &service.program_version {
            let keys = ["services", &service.name, "program_version"];
            if let Some(window) = window(version) {
                let span = words::value(document, &keys);
                known.insert(service.kind.name.to_owned(), (window, span));
            }
        }
        for (pin, span) in words::texts(document, &["services", &service.name, "pins"]) {
            let end = pin
                .find(|it: char| !(it.is_ascii_alphanumeric() || "-_.".contains(it)))
                .unwrap_or(pin.len());
            let package = pin[..end].to_ascii_lowercase().replace(['_', '.'], "-");
            let versions = match pin[end..].strip_prefix('[') {
                Some(rest) => rest.split_once(']').map_or("", |it| it.1),
                None => &pin[end..],
            };
            let Some(window) = window(versions) else {
                continue;
            };
            let Some((other, place)) = known.get(&package) else {
                known.insert(package, (window, span));
                continue;
            };
            if !window.meets(other) {
                diagnostics.push(
                    Diagnostic::new(
                        &LINT.rule,
                        format!(
                            "no release of `{package}` is what `{}` asks for",
                            service.name
                        ),
                    )
                    .primary(span, "cannot hold")
                    .secondary(*place, "together with this")
                    .help("let one of them go"),
                );
            }
        }
    }
}

/// The releases that a constraint allows: from a lowest to a highest, and whether those belong to it.
#[derive(Debug, Default, PartialEq)]
struct Window {
    lowest: Option<(Vec<u64>, bool)>,
    highest: Option<(Vec<u64>, bool)>,
}

impl Window {
    /// True when some release may be in both.
    fn meets(&self, other: &Self) -> bool {
        let reaches = |low: &Self, high: &Self| match (&low.lowest, &high.highest) {
            (Some((low, with)), Some((high, and))) => low < high || (low == high && *with && *and),
            _ => true,
        };
        reaches(self, other) && reaches(other, self)
    }
}

/// Reads `>=0.4.0`, `<5`, `==1.2`, `1.2` and several of them with commas; nothing for what it does not know.
fn window(text: &str) -> Option<Window> {
    let mut window = Window::default();
    for part in text.split(',').map(str::trim) {
        let at = part.find(|it: char| !"<>=".contains(it))?;
        let (sign, number) = part.split_at(at);
        let version = version(number.trim())?;
        let (low, high) = match sign {
            "" | "==" => (Some(true), Some(true)),
            ">=" => (Some(true), None),
            ">" => (Some(false), None),
            "<=" => (None, Some(true)),
            "<" => (None, Some(false)),
            _ => return None,
        };
        if let Some(with) = low {
            let bound = (version.clone(), with);
            window.lowest = Some(window.lowest.map_or(bound.clone(), |it| it.max(bound)));
        }
        if let Some(with) = high {
            let bound = (version, with);
            window.highest = Some(window.highest.map_or(bound.clone(), |it| it.min(bound)));
        }
    }
    Some(window)
}

/// The numbers of a version without zeros at the end, so that `5` and `5.0` are one.
fn version(text: &str) -> Option<Vec<u64>> {
    let parts = text.trim_start_matches('v').split('.').map(str::parse);
    let mut parts: Vec<u64> = parts.collect::<Result<_, _>>().ok()?;
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_meet_when_a_release_is_in_both() {
        let meet = |one: &str, two: &str| {
            let (one, two) = (window(one).unwrap(), window(two).unwrap());
            one.meets(&two) && two.meets(&one)
        };
        assert!(meet(">=0.4.0", "<2"));
        assert!(meet("==5", "5.0"));
        assert!(meet("<=5", ">=5"));
        assert!(!meet("<5", ">=5"));
        assert!(!meet(">=0.4.0", "==0.3.4"));
        assert!(!meet(">=1,<2", ">2"));
        assert_eq!(window("~=1.4"), None);
        assert_eq!(window("latest"), None);
    }
}
