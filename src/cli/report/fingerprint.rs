//! What a finding is known by from one run to the next, though lines above it come and go.

use std::collections::HashMap;
use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use super::excerpt::mask;
use super::masked;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

/// Gives each finding its fingerprint.
///
/// It is made of the rule, the file, the table that the place is in and the words of its line, without what is masked. Findings that agree in all of them are told apart by their order.
pub(super) struct Fingerprints<'a> {
    source: &'a Source,
    masked: Vec<Span>,
    /// For each line, from one, the number of the header above it, or zero.
    headers: Vec<usize>,
    /// What was worked out already: ten thousand findings of a rule on one long line are read once.
    digests: HashMap<(&'static str, Option<usize>), [u8; 8]>,
    seen: HashMap<[u8; 8], usize>,
}

/// What a finding is known by: a digest, and which of those with the same digest it is.
pub(super) struct Fingerprint {
    digest: [u8; 8],
    order: usize,
}

impl<'a> Fingerprints<'a> {
    pub(super) fn new(source: &'a Source, diagnostics: &Diagnostics) -> Self {
        let mut header = 0;
        let mut headers = vec![0];
        for (at, line) in source.text().split('\n').enumerate() {
            if line.trim_start().starts_with('[') {
                header = at + 1;
            }
            headers.push(header);
        }
        Self {
            source,
            masked: masked(diagnostics),
            headers,
            digests: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    /// The fingerprint of the next finding; to be asked once for each, in their order.
    pub(super) fn next(&mut self, diagnostic: &Diagnostic) -> Fingerprint {
        let rule = diagnostic.rule.name;
        let label = diagnostic.primary.as_ref();
        let line = label.map(|it| self.source.position(it.span.start).line);
        let digest = match self.digests.get(&(rule, line)) {
            Some(digest) => *digest,
            None => self.digest(rule, line),
        };
        self.digests.insert((rule, line), digest);
        let order = self.seen.entry(digest).or_default();
        *order += 1;
        Fingerprint {
            digest,
            order: *order,
        }
    }

    fn digest(&self, rule: &str, line: Option<usize>) -> [u8; 8] {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update(text.as_bytes());
            digest.update([0]);
        };
        add(rule);
        add(self.source.name());
        if let Some(line) = line {
            add(&self.words(self.headers.get(line).copied().unwrap_or(0)));
            add(&self.words(line));
        }
        let mut short = [0; 8];
        short.copy_from_slice(&digest.finalize()[..8]);
        short
    }

    /// The words of a line without what is masked and the room around them.
    fn words(&self, number: usize) -> String {
        let Some(line) = self.source.line(number) else {
            return String::new();
        };
        let words = mask(self.source.words(line), line, &self.masked);
        words.trim().to_owned()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.digest {
            write!(formatter, "{byte:02x}")?;
        }
        formatter.write_char(':')?;
        write!(formatter, "{}", self.order)
    }
}
