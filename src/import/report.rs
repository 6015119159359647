//! What was found, file by file.

use std::collections::HashSet;

use super::rules;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Source};
use crate::syntax::secrets;

/// Findings about several files.
#[derive(Debug, Default)]
pub(super) struct Findings {
    sources: Vec<Source>,
    found: Vec<Diagnostics>,
    /// True when LiteLLM does not start with what was found.
    pub(super) refused: bool,
    /// True when a file that it would read is no YAML.
    pub(super) unreadable: bool,
}

impl Findings {
    /// Adds a file and gives its number.
    pub(super) fn add(&mut self, source: Source) -> usize {
        self.sources.push(source);
        self.found.push(Diagnostics::new());
        self.sources.len() - 1
    }

    /// The text of a file.
    pub(super) fn source(&self, file: usize) -> &Source {
        &self.sources[file]
    }

    /// The findings about a file, to add to.
    pub(super) fn of(&mut self, file: usize) -> &mut Diagnostics {
        &mut self.found[file]
    }

    /// Adds a finding.
    pub(super) fn push(&mut self, file: usize, diagnostic: Diagnostic) {
        self.refused |= diagnostic.rule.name == rules::REFUSED_SETTING.name;
        self.found[file].push(diagnostic);
    }

    /// True when LiteLLM does not start with what was found.
    pub(super) fn refuses(&self) -> bool {
        let broken = |it: &Diagnostic| it.rule.name == rules::YAML_SYNTAX.name;
        self.refused || self.unreadable || self.found.iter().any(|it| it.iter().any(broken))
    }

    /// All of it: no words that may be secret, in the order of each text.
    pub(super) fn finish(self) -> Vec<Report> {
        let pairs = self.sources.into_iter().zip(self.found);
        pairs
            .map(|(source, diagnostics)| {
                let mut diagnostics = once(diagnostics);
                if !diagnostics.is_empty() {
                    // A line beside the one that is meant may have a key that nobody complains of.
                    for range in secrets::any_keys(source.text()) {
                        diagnostics.mask(range.into());
                    }
                }
                diagnostics.redact(&source);
                diagnostics.sort();
                Report {
                    source,
                    diagnostics,
                }
            })
            .collect()
    }
}

/// One cause is shown once: a word that is no text is not named again for that alone where something else says what comes of it.
fn once(diagnostics: Diagnostics) -> Diagnostics {
    let place = |it: &Diagnostic| it.primary.as_ref().map(|it| it.span);
    let is_word = |it: &Diagnostic| it.rule.name == rules::YAML_1_1_VALUE.name;
    let said: HashSet<_> = diagnostics
        .iter()
        .filter(|it| !is_word(it) || it.severity == Severity::Error)
        .filter_map(place)
        .collect();
    let mut kept = Diagnostics::new();
    for diagnostic in diagnostics {
        let again = place(&diagnostic).is_some_and(|it| said.contains(&it));
        if !is_word(&diagnostic) || diagnostic.severity == Severity::Error || !again {
            kept.push(diagnostic);
        }
    }
    kept
}

/// What was found in one file.
#[derive(Debug)]
pub struct Report {
    /// Its text.
    pub source: Source,
    /// What was found, in the order of the text.
    pub diagnostics: Diagnostics,
}
