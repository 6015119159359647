//! What is found wrong with the reader's file, as plain data.
//!
//! A [`Diagnostic`] names its [`Rule`], says what is wrong in one line, points at the words to change and offers help. How it looks on a terminal, in an editor or in JSON is the business of `cli`; no rendering lives here.

mod fix;
mod near;
mod rule;
mod source;

pub use fix::{Edit, Fix, Mended, mend};
pub use near::{NearNames, near_name};
pub use rule::{Rule, Severity};
pub use source::{Position, Source, Span};

/// One finding: a rule that is broken, and the words that break it.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// How grave it is here: the rule's own severity unless a setting changed it.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// The words that must change.
    pub primary: Option<Label>,
    /// Other places that have to do with it.
    pub secondary: Vec<Label>,
    /// Something one can do about it.
    pub help: Option<String>,
    /// Edits that mend it.
    pub fix: Option<Fix>,
    /// Words that may be secret: no report shows them, not even where the line is shown for another finding.
    pub masked: Vec<Span>,
}

/// A place in the text and what it has to do with the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What this place has to do with it.
    pub text: String,
}

impl Diagnostic {
    /// A finding under `rule`, without a place yet.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            help: None,
            fix: None,
            masked: Vec::new(),
        }
    }

    /// Points at the words that must change.
    #[must_use]
    pub fn primary(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Points at another place that has to do with it.
    #[must_use]
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what one can do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Keeps words that may be secret out of every report.
    #[must_use]
    pub fn mask(mut self, span: Span) -> Self {
        self.masked.push(span);
        self
    }

    /// Offers edits that mend it, where there are some.
    #[must_use]
    pub fn fix_if(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// Offers edits that mend it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// Everything found so far, in the order it was found until [`Diagnostics::sort`].
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Adds all findings of another list.
    pub fn extend(&mut self, others: Diagnostics) {
        self.found.extend(others.found);
    }

    /// The findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.found.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// True when one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.found
            .iter()
            .filter(|it| it.severity == severity)
            .count()
    }

    /// Keeps words out of every report about this text, where there is anything to report.
    pub fn mask(&mut self, span: Span) {
        if let Some(first) = self.found.first_mut() {
            first.masked.push(span);
        }
    }

    /// Takes masked words out of every sentence and fix: another finding about the same words may have quoted them.
    pub fn redact(&mut self, source: &Source) {
        let mut secrets: Vec<&str> = self
            .found
            .iter()
            .flat_map(|it| &it.masked)
            .map(|span| source.words(*span).trim_matches(['"', '\'']))
            // Shorter ones are words of every day, and no report quotes a part of a name.
            .filter(|it| it.len() >= 6)
            .collect();
        secrets.sort_unstable();
        secrets.dedup();
        for diagnostic in &mut self.found {
            let labels = diagnostic
                .primary
                .iter_mut()
                .chain(&mut diagnostic.secondary);
            let texts = labels
                .map(|it| &mut it.text)
                .chain(&mut diagnostic.help)
                .chain([&mut diagnostic.message]);
            for text in texts {
                for secret in &secrets {
                    if let Some(masked) = without(text, secret) {
                        *text = masked;
                    }
                }
            }
            diagnostic.fix = diagnostic
                .fix
                .take()
                .and_then(|it| it.without(source, &secrets));
        }
    }

    /// Puts them in the order of the text, those without a place first; equal ones keep their order.
    pub fn sort(&mut self) {
        self.found.sort_by_key(|it| {
            it.primary
                .as_ref()
                .map_or((0, 0), |label| (label.span.start + 1, label.span.end))
        });
    }
}

/// The text with every occurrence of a secret masked, in whatever case: the host of a URL is quoted in lower case. Nothing when it has none.
fn without(text: &str, secret: &str) -> Option<String> {
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut masked = String::new();
    let mut end = 0;
    for (start, _) in lower.match_indices(&secret) {
        masked.push_str(&text[end..start]);
        masked.push_str("****");
        end = start + secret.len();
    }
    (end > 0).then(|| masked + &text[end..])
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.found.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn a_secret_is_masked_in_whatever_case() {
        let masked = without("on `sk-abcdefé1` and SK-ABCDEFé1.", "sk-ABCDEFé1");
        assert_eq!(masked.as_deref(), Some("on `****` and ****."));
        assert_eq!(without("nothing here", "sk-abcdef"), None);
    }
}
