//! Handwritten Markdown that is held against the platform: which files, and what their links lead to.

use std::io;
use std::path::{Component, Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::diagnostic::{Diagnostics, Source};
use crate::lint::{Pages, lint_pages};
use crate::syntax;

use super::arguments::Input;
use super::input::{self, Reading};
use super::output::MANIFEST;
use super::{End, place, terminal};

/// Holds the pages that were named against the platform; nothing when one cannot be read, which was said then.
pub(super) fn hold(input: &Input, named: &[PathBuf], reading: &mut Reading) -> Option<()> {
    let mut sources = Vec::new();
    let mut broken = Vec::new();
    for it in named {
        for path in files(it)? {
            match read(input, &path)? {
                Ok(source) => sources.push(source),
                Err(unreadable) => {
                    let mut diagnostics = Diagnostics::new();
                    diagnostics.push(unreadable.diagnostic);
                    broken.push((unreadable.source, diagnostics));
                }
            }
        }
    }
    sources.sort_by(|one, other| one.name().cmp(other.name()));
    sources.dedup_by(|one, other| one.name() == other.name());
    // Without a platform nothing is known that a page could contradict.
    let checked = &mut reading.checked;
    if let (Some(platform), Some(document)) = (&checked.platform, &checked.document)
        && !named.is_empty()
    {
        let mut pages = Pages::new(sources);
        pages.whole = named.iter().any(|it| it.is_dir());
        follow(input, &mut pages);
        let found = lint_pages(platform, document, &pages, input::day(input));
        checked.diagnostics.extend(found.platform);
        checked.diagnostics.sort();
        let held = pages.pages.into_iter().map(|it| it.source);
        reading.pages = held.zip(found.pages).collect();
    }
    reading.pages.extend(broken);
    if reading.pages.iter().any(|(_, found)| found.has_errors()) {
        reading.end = End::Found;
    }
    Some(())
}

/// The Markdown below a path, in the order of the names; the path itself when it is a file.
fn files(named: &Path) -> Option<Vec<PathBuf>> {
    let is_ours = |it: &DirEntry| it.depth() == 0 || !is_foreign(it);
    let mut files = Vec::new();
    for entry in WalkDir::new(named)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_ours)
    {
        match entry {
            Ok(entry) if entry.depth() == 0 && !entry.file_type().is_dir() => {
                files.push(entry.into_path());
            }
            Ok(entry) if entry.file_type().is_file() && is_markdown(entry.path()) => {
                files.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!(
                    "cannot read `{}`: {}",
                    named.display(),
                    io::Error::from(error)
                );
                terminal::complain(&message, Some("name files or folders with Markdown"));
                return None;
            }
        }
    }
    Some(files)
}

/// True for what nobody writes by hand: hidden folders, what package managers and builds put there, and our own output.
fn is_foreign(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_folder = entry.file_type().is_dir();
    let installed = ["node_modules", "target", "venv"].contains(&name.as_ref());
    is_folder && (name.starts_with('.') || installed || entry.path().join(MANIFEST).is_file())
}

fn is_markdown(path: &Path) -> bool {
    let ending = path
        .extension()
        .map(|it| it.to_string_lossy().to_lowercase());
    ending.is_some_and(|it| it == "md" || it == "markdown")
}

/// The text of a page under the name it is shown and linked by.
fn read(input: &Input, path: &Path) -> Option<Result<Source, Box<syntax::Unreadable>>> {
    let name = if input.format.names_repository() {
        place::in_repository(path)
    } else {
        let parts = path.components().filter(|it| *it != Component::CurDir);
        parts.collect::<PathBuf>().display().to_string()
    };
    match input::bytes(path, input.max_size) {
        Ok(bytes) => Some(syntax::read(name, bytes, input.max_size)),
        Err(error) => {
            terminal::complain(&format!("cannot read `{}`: {error}", path.display()), None);
            None
        }
    }
}

/// Looks which of the paths that links lead to are there.
fn follow(input: &Input, pages: &mut Pages) {
    let root = if input.format.names_repository() {
        place::root()
    } else {
        PathBuf::new()
    };
    for wanted in pages.wanted() {
        let path = root.join(&wanted);
        if !path.exists() {
            continue;
        }
        let text = is_markdown(&path)
            .then(|| input::bytes(&path, input.max_size).ok())
            .flatten()
            .map(|it| String::from_utf8_lossy(&it).into_owned());
        pages.found(wanted, text.as_deref());
    }
}
