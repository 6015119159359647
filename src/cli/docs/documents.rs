//! The owner's documents: every Markdown file below `docs/` beside the platform.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::cli::input;
use crate::emit::site::Document;

/// A document that cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot read `{}`", self.path.display())
    }
}

impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// The documents below `folder`, ordered by path; none when there is no such folder. Links are not followed.
pub(super) fn read(folder: &Path, limit: u64) -> Result<Vec<Document>, Unreadable> {
    let mut documents = Vec::new();
    for path in paths(folder) {
        let unreadable = |source| Unreadable {
            path: path.clone(),
            source,
        };
        let bytes = input::bytes(&path, limit).map_err(unreadable)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let below = path.strip_prefix(folder).unwrap_or(&path);
        let parts: Vec<_> = below.iter().map(|it| it.to_string_lossy()).collect();
        documents.push(Document {
            path: parts.join("/"),
            text,
        });
    }
    Ok(documents)
}

/// The Markdown files below `folder`, ordered by path.
pub(super) fn paths(folder: &Path) -> Vec<PathBuf> {
    let is_hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(move |it| it.depth() == 0 || !is_hidden(it.file_name()))
        .filter_map(Result::ok)
        .filter(|it| it.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|it| it.extension().is_some_and(|it| it == "md"))
        .collect()
}
