//! Reading the file, and showing what was found in it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::SystemTime;

use rustix::fs::{Mode, OFlags};

use crate::compile::{Checked, check, check_beside};
use crate::diagnostic::{Diagnostics, Severity, Source};
use crate::lint::Date;
use crate::manifest::Manifest;
use crate::platform::Platform;
use crate::side_by_side::{MANY_SERVICES, MUCH_TEXT, both};
use crate::syntax;

use super::arguments::Input;
use super::remember::{LockFile, LockText};
use super::{End, place, report, terminal};

/// A file that was read and checked.
pub(super) struct Reading {
    /// Its text.
    pub(super) source: Source,
    /// What became of it, promises included.
    pub(super) checked: Checked,
    /// The lock beside it; nothing without a platform to hold against it.
    pub(super) lock: Option<LockFile>,
    /// Handwritten Markdown that was held against it.
    pub(super) pages: Vec<(Source, Diagnostics)>,
    /// How the command ends as far as the findings decide.
    pub(super) end: End,
}

/// Reads and checks the file and shows the findings; nothing when it cannot be read.
pub(super) fn read(input: &Input) -> Option<Reading> {
    let reading = load(input)?;
    Some(show(input, reading))
}

/// Misses a lock that should be there.
pub(super) fn miss_lock(mut reading: Reading) -> Reading {
    if let Some(lock) = &reading.lock {
        lock.report_missing(&mut reading.checked.diagnostics);
        reading.checked.diagnostics.sort();
    }
    reading
}

/// Reads and checks the file and shows nothing but why it cannot be read.
pub(super) fn load(input: &Input) -> Option<Reading> {
    load_and(input, give_back)
}

/// Gives it back on a thread that nobody waits for when there is much of it: a fiftieth of a large build.
fn give_back(manifest: Manifest) {
    if manifest.services.len() >= MANY_SERVICES {
        // Where no thread can be had, it is given back here.
        let _ = thread::Builder::new().spawn(|| drop(manifest));
    }
}

/// The same for a process that ends when it has shown what was found, and gives nothing back piece by piece before.
pub(super) fn load_at_last(input: &Input) -> Option<Reading> {
    load_and(input, std::mem::forget)
}

fn load_and(input: &Input, free: fn(Manifest)) -> Option<Reading> {
    let name = if input.format.names_repository() {
        place::in_repository(&input.platform)
    } else {
        input.platform.display().to_string()
    };
    match text(&input.platform, name, input.max_size)? {
        Ok(source) => check_with_lock(input, source, free),
        Err(unreadable) => {
            let (source, checked) = nothing_of(*unreadable);
            Some(Reading {
                source,
                checked,
                lock: None,
                pages: Vec::new(),
                end: End::Found,
            })
        }
    }
}

/// Reads and checks a file that is shown under `name`, and shows nothing but why it cannot be read.
pub(super) fn inspect(
    path: &Path,
    name: String,
    max_size: u64,
    today: Option<Date>,
) -> Option<(Source, Checked)> {
    Some(match text(path, name, max_size)? {
        Ok(source) => {
            let checked = check(&source, today.or_else(self::today));
            (source, checked)
        }
        Err(unreadable) => nothing_of(*unreadable),
    })
}

/// What became of a file that is no text.
fn nothing_of(unreadable: syntax::Unreadable) -> (Source, Checked) {
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(unreadable.diagnostic);
    let checked = Checked {
        document: None,
        platform: None,
        diagnostics,
    };
    (unreadable.source, checked)
}

/// The text of a file; nothing when it cannot be read, which was said then.
fn text(
    path: &Path,
    name: String,
    max_size: u64,
) -> Option<Result<Source, Box<syntax::Unreadable>>> {
    if path == Path::new("-") {
        let help = "name the file with `--platform FILE`: its platform.lock lies beside it";
        terminal::complain("standard input is not read", Some(help));
        return None;
    }
    let bytes = match bytes(path, max_size) {
        Ok(bytes) => bytes,
        Err(error) => {
            let help = (error.kind() == io::ErrorKind::NotFound).then_some(
                "go to the folder of your platform.toml, or name the file with `--platform FILE`; without one, begin with `homelab init`, or with `homelab import` of what you have",
            );
            let path = path.display();
            terminal::complain(&format!("cannot read `{path}`: {error}"), help);
            return None;
        }
    };
    Some(syntax::read(name, bytes, max_size))
}

/// Checks a text, and holds it against the lock beside its file.
pub(super) fn with_lock(input: &Input, source: Source) -> Option<Reading> {
    check_with_lock(input, source, drop)
}

fn check_with_lock(input: &Input, source: Source, free: fn(Manifest)) -> Option<Reading> {
    let meanwhile = || LockText::read(&input.platform, input.max_size);
    let beside = |platform: &Platform, lock: io::Result<LockText>| lock.map(|it| it.hold(platform));
    let (mut checked, read) = check_beside(&source, day(input), meanwhile, beside, free);
    let mut lock = None;
    if let Some(read) = read {
        match read {
            Ok(mut read) => {
                let broken = std::mem::take(&mut read.promises.broken);
                checked.diagnostics.extend(broken);
                checked.diagnostics.redact(&source);
                checked.diagnostics.sort();
                lock = Some(read);
            }
            Err(error) => {
                let path = input.platform.with_extension("lock");
                let message = format!("cannot read `{}`: {error}", path.display());
                terminal::complain(&message, None);
                return None;
            }
        }
    }
    let end = if checked.diagnostics.has_errors() {
        End::Found
    } else {
        End::Well
    };
    Some(Reading {
        source,
        checked,
        lock,
        pages: Vec::new(),
        end,
    })
}

/// The day to take for today.
pub(super) fn day(input: &Input) -> Option<Date> {
    input.today.or_else(today)
}

/// What day it is, by the clock of this machine in UTC.
pub(super) fn today() -> Option<Date> {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Date::from_days(since.as_secs() / 86_400)
}

/// Shows what was found in the file, its lock and the pages, and decides how the command ends.
pub(super) fn show(input: &Input, mut reading: Reading) -> Reading {
    let text = told(&reading, input.format.into(), &terminal::style());
    let shown = text.is_empty() || terminal::say(&text);
    let reports = reports(&reading);
    let has_errors = reports.iter().any(|(_, it)| it.has_errors());
    let has_warnings = reports
        .iter()
        .any(|(_, it)| it.count(Severity::Warning) > 0);
    reading.end = match (shown, has_errors || (input.deny_warnings && has_warnings)) {
        (_, true) => End::Found,
        (true, false) => End::Well,
        (false, false) => End::Failed,
    };
    reading
}

/// What was found, in the words of a format; empty when nothing was.
pub(super) fn told(reading: &Reading, format: report::Format, style: &report::Style) -> String {
    report::render_all(format, &reports(reading), style)
}

/// What was found, file by file.
fn reports(reading: &Reading) -> Vec<(&Source, &Diagnostics)> {
    let mut reports = vec![(&reading.source, &reading.checked.diagnostics)];
    if let Some(lock) = &reading.lock
        && let Some(source) = &lock.source
    {
        reports.push((source, &lock.promises.lock_diagnostics));
    }
    reports.extend(reading.pages.iter().map(|(source, found)| (source, found)));
    reports
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
pub(super) fn bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
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
    within_memory(before.len())?;
    let mut bytes = vec![0; usize::try_from(before.len()).unwrap_or(usize::MAX)];
    let whole = read_halves(&file, &mut bytes);
    let shorter = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
    let longer = file.read_at(&mut [0], before.len())? > 0;
    let after = file.metadata()?;
    if longer || whole.as_ref().is_err_and(shorter) || changed(&before, &after) {
        return Err(io::Error::new(
            io::ErrorKind::Interrupted,
            "it changed while it was read; try again",
        ));
    }
    whole.map(|()| bytes)
}

/// Reads a file from its beginning until `bytes` are full, a half on each of two cores when there are many: most of the time the system looks for memory.
fn read_halves(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    let much = bytes.len() >= MUCH_TEXT;
    let middle = bytes.len() / 2;
    let (first, second) = bytes.split_at_mut(middle);
    let (first, second) = both(
        much,
        || file.read_exact_at(first, 0),
        || file.read_exact_at(second, middle as u64),
    );
    first.and(second)
}

/// Refuses a file that may need more memory than this process is allowed (`ulimit -v`): when memory ends midway, no words can be made of it any more.
fn within_memory(size: u64) -> io::Result<()> {
    // The program itself, and what a file of many small tables was measured to need for each byte.
    let needed = size.saturating_mul(130).saturating_add(32 << 20);
    match rustix::process::getrlimit(rustix::process::Resource::As).current {
        Some(allowed) if allowed < needed => Err(io::Error::new(
            io::ErrorKind::OutOfMemory,
            format!(
                "it may need {} MB of memory, and this process may have {} MB",
                needed >> 20,
                allowed >> 20
            ),
        )),
        _ => Ok(()),
    }
}

fn changed(before: &Metadata, after: &Metadata) -> bool {
    before.len() != after.len() || before.modified().ok() != after.modified().ok()
}
