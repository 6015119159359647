//! Foreign files: what is wrong with them, and the platform that they describe.
//!
//! A file is told by what it holds, read as the program reads it that it was written for, and becomes a tree in which every value knows its place. Nothing here touches the disk: `cli` reads the files, and says which of those they name are there. A literal secret is never copied: its place is masked, and a name stands in its stead.

mod draft;
mod existing;
mod files;
mod json;
mod lists;
mod litellm;
mod machine;
mod mcp;
mod offers;
mod plist;
mod recognise;
mod report;
mod rules;
mod scalar;
mod toml;
mod tree;
mod unit;
mod words;
mod write;
mod yaml;

use crate::diagnostic::{Diagnostic, Source};
use crate::syntax::{Document, secrets};

use draft::Draft;
use files::Files;

pub use draft::Options;
pub use offers::{Offered, is_model_name, offers};
pub use report::Report;
pub use rules::RULES;

/// What may be asked about the disk that the files came from.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The file that another one names, by the name that the other is shown under.
    pub read: &'a dyn Fn(&str, &str) -> Option<Source>,
    /// Whether a path that a file names is there, by the name that the file is shown under.
    pub exists: &'a dyn Fn(&str, &str) -> bool,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("World")
    }
}

/// What is wrong with files, and what LiteLLM would make of them.
#[derive(Debug)]
pub struct Checked {
    /// What was found, file by file.
    pub reports: Vec<Report>,
    /// What LiteLLM would make of its configuration, when one is among the files.
    pub gateway: Option<Verdict>,
}

/// What LiteLLM makes of its configuration.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// False when it refuses to start.
    pub starts: bool,
    /// How many deployments the files declare.
    pub declared: usize,
    /// The names of those that it keeps.
    pub live: Vec<String>,
}

/// A platform made of files.
#[derive(Debug)]
pub struct Imported {
    /// What was found, file by file, and what could not be carried over.
    pub checked: Checked,
    /// The text of a platform.toml.
    pub text: String,
    /// What the owner must look at, in words.
    pub notes: Vec<String>,
}

/// The text without what looks like a key, even in the midst of a word: each value was looked at where it came from, but a committed file is no place to rely on that alone. What is left in its place is an error to `lint`, so that the owner finds it.
fn without_keys(text: &str, notes: &mut Vec<String>) -> String {
    let bytes = text.as_bytes();
    let is_word = |it: &&u8| it.is_ascii_alphanumeric() || matches!(**it, b'_' | b'-');
    let mut found = secrets::any_keys(text);
    // The whole word goes, so that what stands for it is a word as well.
    for range in &mut found {
        let before = bytes[..range.start].iter().rev();
        range.start -= before.take_while(is_word).count();
        range.end += bytes[range.end..].iter().take_while(is_word).count();
    }
    let (mut clean, mut end) = (String::with_capacity(text.len()), 0);
    for range in found {
        if range.start >= end {
            clean.push_str(&text[end..range.start]);
            clean.push_str(STAND_IN);
        }
        end = end.max(range.end);
    }
    clean.push_str(&text[end..]);
    if end > 0 {
        notes.push(format!(
            "`{STAND_IN}`: it stands where something looked like a key"
        ));
    }
    clean
}

/// What stands where a key was.
const STAND_IN: &str = "FILL_ME_IN";

/// Reports what is wrong with files, each in its own text.
pub fn check(sources: &[Source], world: World<'_>) -> Checked {
    let mut files = Files::read(sources, world);
    let mut draft = Draft::new(&Options::default());
    let gateway = files.check(world);
    files.machines(&mut draft);
    Checked {
        reports: files.findings.finish(),
        gateway,
    }
}

/// Makes a platform of files, or adds them to one that is there.
pub fn import(
    sources: &[Source],
    options: &Options,
    into: Option<&Document>,
    world: World<'_>,
) -> Imported {
    let mut files = Files::read(sources, world);
    let mut draft = Draft::new(options);
    let present = into.map(|document| existing::read(document, &mut draft));
    let gateway = files.check(world);
    files.machines(&mut draft);
    files.carry(&mut draft);
    draft.gateway_service();
    draft.link_urls();
    if present.is_none() {
        draft.fill_addresses();
    }
    for left in &draft.left {
        let message = format!("{} is not carried over", left.what);
        files.findings.push(
            left.file,
            Diagnostic::new(&rules::NOT_CARRIED_OVER, message).primary(left.span, left.why),
        );
    }
    let text = match (&present, into) {
        (Some(present), Some(document)) => {
            let before = document.source().text();
            let added = without_keys(&write::addition(&draft, present), &mut draft.notes);
            if added.is_empty() {
                before.to_owned()
            } else {
                format!("{}\n\n{added}", before.trim_end())
            }
        }
        _ => without_keys(&write::platform(&draft), &mut draft.notes),
    };
    Imported {
        text,
        notes: draft.notes,
        checked: Checked {
            reports: files.findings.finish(),
            gateway,
        },
    }
}
