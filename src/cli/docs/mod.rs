//! `homelab docs`: the site, written below `generated/` and served on this machine.

mod documents;
mod serve;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::arguments::{Docs, Input};
use super::output::{self, Options, Outcome};
use super::report::{self, Style};
use super::terminal;
use super::{End, input, pages};
use crate::compile;
use crate::emit::Artifacts;
use crate::emit::site::NAME;
use crate::ledger::Lock;
use crate::platform::Platform;

pub(super) fn run(arguments: &Docs) -> End {
    // What changes while it is built is built again.
    let seen = serve::traces(arguments);
    let built = build(arguments);
    let end = built.as_ref().err().map_or(End::Well, |it| it.end);
    if arguments.no_serve || (built.is_err() && !arguments.watch) {
        return end;
    }
    serve::run(arguments, built, seen)
}

/// Why there is no site. The terminal has said so already.
pub(super) struct Trouble {
    pub(super) end: End,
    /// The same for a page, without colours.
    report: String,
}

impl Trouble {
    /// The world failed.
    fn of(error: &dyn Error, help: Option<&str>) -> Self {
        let report = terminal::chain(error);
        terminal::complain(&report, help);
        Self {
            end: End::Failed,
            report,
        }
    }

    /// A file cannot be read, which was said when it was tried.
    fn unreadable(path: &Path) -> Self {
        Self {
            end: End::Failed,
            report: format!(
                "`{}` or a file beside it cannot be read; the terminal says why.",
                path.display()
            ),
        }
    }
}

/// Builds the site, writes it and says so.
fn build(arguments: &Docs) -> Result<Artifacts, Trouble> {
    let file = &arguments.input.platform;
    let folder = documents_folder(&arguments.input);
    let mut reading = input::load(&arguments.input).ok_or_else(|| Trouble::unreadable(file))?;
    if folder.is_dir() {
        let named = std::slice::from_ref(&folder);
        pages::hold(&arguments.input, named, &mut reading)
            .ok_or_else(|| Trouble::unreadable(&folder))?;
    }
    let reading = input::show(&arguments.input, reading);
    let (Some(platform), Some(lock), End::Well) =
        (&reading.checked.platform, &reading.lock, reading.end)
    else {
        return Err(Trouble {
            end: reading.end,
            report: input::told(&reading, report::Format::Full, &Style::default()),
        });
    };
    let promised = lock.promises.next.clone().unwrap_or_default();
    let site = made(&arguments.input, platform, &promised)?;
    let root = root(arguments);
    let outcome = written(&root, &site, false)?;
    if input::talks(&arguments.input) {
        terminal::say(&summary(&root, &outcome));
    }
    Ok(site)
}

/// Makes the site of a platform and of the documents beside its file.
pub(super) fn made(input: &Input, platform: &Platform, lock: &Lock) -> Result<Artifacts, Trouble> {
    let documents = documents::read(&documents_folder(input), input.max_size)
        .map_err(|error| Trouble::of(&error, None))?;
    compile::site(platform, lock, &documents).map_err(|error| Trouble {
        end: End::Found,
        ..Trouble::of(&error, None)
    })
}

/// Writes the site below `root`, all or nothing.
pub(super) fn written(
    root: &Path,
    site: &Artifacts,
    follow_links: bool,
) -> Result<Outcome, Trouble> {
    let options = Options {
        only: Some(BTreeSet::from([NAME.to_owned()])),
        follow_links,
        on_wait: &terminal::waits_for,
        ..Options::default()
    };
    output::write(root, site, &options).map_err(|error| Trouble::of(&error, error.help()))
}

/// What became of the site, in a line.
pub(super) fn summary(root: &Path, outcome: &Outcome) -> String {
    format!("{}: {}\n", root.join(NAME).display(), outcome.counts())
}

/// What lies beside the file by this name.
pub(super) fn beside(input: &Input, name: &str) -> PathBuf {
    let file = &input.platform;
    file.parent().unwrap_or(Path::new("")).join(name)
}

fn root(arguments: &Docs) -> PathBuf {
    let beside = || beside(&arguments.input, "generated");
    arguments.out.clone().unwrap_or_else(beside)
}

fn documents_folder(input: &Input) -> PathBuf {
    beside(input, "docs")
}

/// Opens a browser, if the system knows one.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(program);
    command
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Err(error) = command.spawn() {
        terminal::note(&format!("cannot open a browser with `{program}`: {error}"));
    }
}
