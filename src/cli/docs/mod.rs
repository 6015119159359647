//! `homelab docs`: the site, written below `generated/` and served on this machine.

mod documents;
mod serve;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::arguments::Docs;
use super::output::{self, Options, Outcome};
use super::terminal::{self, counted};
use super::{End, input};
use crate::compile;
use crate::emit::Artifacts;
use crate::emit::site::NAME;

pub(super) fn run(arguments: &Docs) -> End {
    let (site, end) = match build(arguments) {
        Ok(site) => (Some(site), End::Well),
        Err(end) => (None, end),
    };
    if arguments.no_serve || (site.is_none() && !arguments.watch) {
        return end;
    }
    serve::run(arguments, site)
}

/// Builds the site, writes it and says so; what is wrong has been shown when there is none.
fn build(arguments: &Docs) -> Result<Artifacts, End> {
    let reading = input::read(&arguments.input).ok_or(End::Failed)?;
    let (Some(platform), Some(lock), End::Well) =
        (&reading.checked.platform, &reading.lock, reading.end)
    else {
        return Err(reading.end);
    };
    let folder = documents_folder(arguments);
    let documents = documents::read(&folder, arguments.input.max_size).map_err(|error| {
        terminal::complain(&terminal::chain(&error), None);
        End::Failed
    })?;
    let promised = lock.promises.next.clone().unwrap_or_default();
    let (site, dangling) = compile::site(platform, &promised, &documents).map_err(|error| {
        terminal::complain(&terminal::chain(&error), None);
        End::Found
    })?;
    for it in &dangling {
        let place = folder.join(it.path.split_once('/').map_or(&*it.path, |it| it.1));
        let message = format!(
            "`[[{}]]` in `{}` leads nowhere",
            it.reference,
            place.display()
        );
        terminal::complain(
            &message,
            Some("name a host, service or handle of platform.toml"),
        );
    }
    let root = root(arguments);
    let options = Options {
        only: Some(BTreeSet::from([NAME.to_owned()])),
        on_wait: &|holder| terminal::note(&format!("waiting for another build: {holder}")),
        ..Options::default()
    };
    let outcome = output::write(&root, &site, &options).map_err(|error| {
        terminal::complain(&terminal::chain(&error), error.help());
        End::Failed
    })?;
    if input::talks(&arguments.input) {
        terminal::say(&summary(&root, &outcome));
    }
    if dangling.is_empty() {
        Ok(site)
    } else {
        Err(End::Found)
    }
}

fn summary(root: &Path, outcome: &Outcome) -> String {
    format!(
        "{}: {} written, {} unchanged, {} removed\n",
        root.join(NAME).display(),
        counted(outcome.written.len(), "file"),
        outcome.unchanged,
        outcome.removed.len()
    )
}

fn beside(arguments: &Docs, name: &str) -> PathBuf {
    let file = &arguments.input.platform;
    file.parent().unwrap_or(Path::new("")).join(name)
}

fn root(arguments: &Docs) -> PathBuf {
    let beside = || beside(arguments, "generated");
    arguments.out.clone().unwrap_or_else(beside)
}

fn documents_folder(arguments: &Docs) -> PathBuf {
    beside(arguments, "docs")
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
