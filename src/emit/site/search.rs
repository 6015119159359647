//! The search index: a classic script, because a page from the disk may neither fetch nor import.

use serde::Serialize;

use super::html_path;
use super::render::{Rendered, Section};
use crate::emit::pages::Page;

/// What can be found.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
}

/// A section of a page, in short words because there are many.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// The page's title.
    t: String,
    /// The section's heading; empty for what stands before the first.
    h: String,
    /// Where it is.
    u: String,
    /// Its words.
    x: String,
}

/// What can be found on a page, section by section.
pub(super) fn entries(page: &Page, rendered: &Rendered) -> Vec<Entry> {
    let path = html_path(&page.path);
    let entry = |section: &Section| Entry {
        t: page.title.clone(),
        h: section.heading.clone(),
        u: match section.id.as_str() {
            "" => path.clone(),
            id => format!("{path}#{id}"),
        },
        x: one_spaced(&section.text),
    };
    rendered.sections.iter().map(entry).collect()
}

/// The words with one space between them.
fn one_spaced(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

impl Index {
    /// Adds what can be found on a page.
    pub(super) fn add(&mut self, entries: Vec<Entry>) {
        self.entries.extend(entries);
    }

    /// The index as a script that keeps it in `homelabIndex`.
    pub(super) fn script(&self) -> String {
        let json = serde_json::to_string(&self.entries).expect("texts are always JSON");
        // In a script `</script` and `<!--` mean something even inside a string.
        let json = json
            .replace('<', "\\u003c")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029");
        format!("window.homelabIndex = {json};\n")
    }
}
