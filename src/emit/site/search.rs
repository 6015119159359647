//! The search index: a classic script, because a page from the disk may neither fetch nor import.

use serde::Serialize;

use super::html_path;
use super::render::Rendered;
use crate::emit::pages::Page;

/// What can be found.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
}

/// A section of a page, in short words because there are many.
#[derive(Debug, Serialize)]
struct Entry {
    /// The page's title.
    t: String,
    /// The section's heading; empty for what stands before the first.
    h: String,
    /// Where it is.
    u: String,
    /// Its words.
    x: String,
}

impl Index {
    /// Adds a page, section by section.
    pub(super) fn add(&mut self, page: &Page, rendered: &Rendered) {
        let path = html_path(&page.path);
        for section in &rendered.sections {
            self.entries.push(Entry {
                t: page.title.clone(),
                h: section.heading.clone(),
                u: match section.id.as_str() {
                    "" => path.clone(),
                    id => format!("{path}#{id}"),
                },
                x: section
                    .text
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" "),
            });
        }
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
