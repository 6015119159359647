//! Reading the file, and showing what was found in it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{Mode, OFlags};

use crate::compile::{Checked, check};
use crate::diagnostic::{Diagnostics, Severity, Source};
use crate::lint::Date;
use crate::syntax;

use super::arguments::Input;
use super::{End, place, report, terminal};

/// A file that was read and checked, with its findings shown.
pub(super) struct Reading {
    /// What became of it.
    pub(super) checked: Checked,
    /// How the command ends as far as the findings decide.
    pub(super) end: End,
}

/// Reads and checks the file and shows the findings; nothing when it cannot be read.
pub(super) fn read(input: &Input) -> Option<Reading> {
    let name = if input.format.names_repository() {
        place::in_repository(&input.platform)
    } else {
        input.platform.display().to_string()
    };
    let (source, checked) = inspect(&input.platform, name, input.max_size, input.today)?;
    let end = show(input, &source, &checked.diagnostics);
    Some(Reading { checked, end })
}

/// Reads and checks a file that is shown under `name`, and shows nothing but why it cannot be read.
pub(super) fn inspect(
    path: &Path,
    name: String,
    max_size: u64,
    day: Option<Date>,
) -> Option<(Source, Checked)> {
    let bytes = match bytes(path, max_size) {
        Ok(bytes) => bytes,
        Err(error) => {
            let help = (error.kind() == io::ErrorKind::NotFound).then_some(
                "go to the folder of your platform.toml, or name the file with `--platform FILE`",
            );
            let path = path.display();
            terminal::complain(&format!("cannot read `{path}`: {error}"), help);
            return None;
        }
    };
    Some(match syntax::read(name, bytes, max_size) {
        Ok(source) => {
            let checked = check(&source, day.or_else(today));
            (source, checked)
        }
        Err(unreadable) => {
            let mut diagnostics = Diagnostics::new();
            diagnostics.push(unreadable.diagnostic);
            let checked = Checked {
                document: None,
                platform: None,
                diagnostics,
            };
            (unreadable.source, checked)
        }
    })
}

/// What day it is, by the clock of this machine in UTC.
fn today() -> Option<Date> {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Date::from_days(since.as_secs() / 86_400)
}

fn show(input: &Input, source: &Source, diagnostics: &Diagnostics) -> End {
    let text = report::render(input.format.into(), source, diagnostics, &terminal::style());
    let shown = text.is_empty() || terminal::say(&text);
    let warnings = input.deny_warnings && diagnostics.count(Severity::Warning) > 0;
    match (shown, diagnostics.has_errors() || warnings) {
        (_, true) => End::Found,
        (true, false) => End::Well,
        (false, false) => End::Failed,
    }
}

/// True when words for people may be added to what a command prints.
pub(super) fn talks(input: &Input) -> bool {
    !input.quiet && !report::Format::from(input.format).is_document()
}

/// Shows a text that stands beside the findings; where those are one document, on standard error.
pub(super) fn show_beside(input: &Input, text: &str) {
    if report::Format::from(input.format).is_document() {
        terminal::note(text.trim_end());
    } else {
        terminal::say(text);
    }
}

/// The bytes of a regular file, read once; one that changes meanwhile, or has no end, is refused.
fn bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Without NONBLOCK the open itself would wait for the other end of a pipe.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file: File = rustix::fs::open(path, flags, Mode::empty())?.into();
    let before = file.metadata()?;
    if !before.is_file() {
        let kind = if before.is_dir() {
            "it is a folder"
        } else {
            "it is no regular file"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidInput, kind));
    }
    if before.len() > limit {
        // One byte more than the limit is enough to be refused for its size.
        return Ok(vec![
            b' ';
            usize::try_from(limit)
                .unwrap_or(usize::MAX)
                .saturating_add(1)
        ]);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0));
    (&file)
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    let after = file.metadata()?;
    if bytes.len() as u64 != before.len() || changed(&before, &after) {
        return Err(io::Error::new(
            io::ErrorKind::Interrupted,
            "it changed while it was read; try again",
        ));
    }
    Ok(bytes)
}

fn changed(before: &Metadata, after: &Metadata) -> bool {
    before.len() != after.len() || before.modified().ok() != after.modified().ok()
}
