//! `platform.lock` on the disk: where it lies, what it says, how it would change.

use std::io;
use std::path::{Path, PathBuf};

use crate::compile::{self, Known, Promises};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::ledger::{self, Lock};
use crate::platform::Platform;
use crate::syntax;

use super::output::{Change, Difference, MANIFEST};
use super::{file, input};

/// The lock beside a platform.
pub(super) struct LockFile {
    /// Where it lies: beside the platform, with the ending `lock`.
    pub(super) path: PathBuf,
    /// What stands there; nothing when there is no file.
    pub(super) source: Option<Source>,
    /// What it comes to with the platform.
    pub(super) promises: Promises,
}

/// The lock beside a platform, before the platform is known.
pub(super) struct LockText {
    path: PathBuf,
    source: Option<Source>,
    known: Option<Known>,
}

impl LockText {
    /// Reads the lock beside `beside`.
    pub(super) fn read(beside: &Path, limit: u64) -> io::Result<Self> {
        let path = beside.with_extension("lock");
        let bytes = match input::bytes(&path, limit) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    path,
                    source: None,
                    known: None,
                });
            }
            Err(error) => return Err(error),
        };
        let (source, known) = match syntax::read(path.display().to_string(), bytes, limit) {
            Ok(source) => {
                let known = Known::of(&source);
                (source, known)
            }
            Err(unreadable) => (unreadable.source, Known::nothing(unreadable.diagnostic)),
        };
        Ok(Self {
            path,
            source: Some(source),
            known: Some(known),
        })
    }

    /// Holds a platform against it.
    pub(super) fn hold(self, platform: &Platform) -> LockFile {
        LockFile {
            path: self.path,
            source: self.source,
            promises: compile::promises(platform, self.known),
        }
    }
}

impl LockFile {
    /// Reports a lock that was there when `generated/` was written, and is not there now.
    pub(super) fn report_missing(&self, diagnostics: &mut Diagnostics) {
        let manifest = self.path.with_file_name("generated").join(MANIFEST);
        if self.source.is_none() && manifest.is_file() {
            let name = self.path.display();
            diagnostics.push(
                Diagnostic::new(
                    &ledger::MISSING_LOCK,
                    format!("`{name}` is not there, and generated/ is"),
                )
                .help("if it was deleted, restore it from version control; else `homelab build` makes it"),
            );
        }
    }

    /// How the file differs from the next lock; nothing when both say the same, in whatever order.
    pub(super) fn difference(&self) -> Option<Difference> {
        let next = self.promises.next.as_ref()?;
        let built = next.to_text();
        let change = match &self.source {
            None => Change::Missing,
            Some(_) if self.promises.known.as_ref().map(Lock::to_text).as_ref() == Some(&built) => {
                return None;
            }
            Some(source) => Change::Text {
                disk: source.text().as_bytes().to_vec(),
                built,
            },
        };
        let path = self.path.display().to_string();
        Some(Difference { path, change })
    }

    /// The text of the next lock.
    pub(super) fn next_text(&self) -> Option<String> {
        self.promises.next.as_ref().map(Lock::to_text)
    }

    /// Writes the next lock, given its text; true when anything changed.
    pub(super) fn write(&self, next: Option<&str>) -> io::Result<bool> {
        let Some(next) = next else {
            return Ok(false);
        };
        let before = self.source.as_ref().map(Source::text);
        file::replace(&self.path, before, next)
    }
}
