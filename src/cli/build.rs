//! `homelab build`: lint, then every artifact, written all or nothing; with `--check`, only compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use crate::compile;
use crate::diagnostic::near_name;
use crate::emit::{Artifacts, EMITTERS, EmitError};
use crate::ledger::Lock;
use crate::platform::Platform;
use crate::side_by_side::{MANY_SERVICES, both};

use super::arguments::Build;
use super::output::{self, ClashCause, Difference, Options, Outcome, OutputError};
use super::remember::LockFile;
use super::terminal::{self, counted};
use super::{End, docs, input};

pub(super) fn run(arguments: &Build) -> End {
    if let Some(end) = unknown_folder(&arguments.only) {
        return end;
    }
    let Some(reading) = input::read(&arguments.input) else {
        return End::Failed;
    };
    // None of this is given back, for the process ends when it was used: with 10,000 services that is a tenth of the time.
    let checked = ManuallyDrop::new(reading.checked);
    let (Some(platform), Some(lock), End::Well) =
        (checked.platform.as_ref(), reading.lock, reading.end)
    else {
        return reading.end;
    };
    let lock = ManuallyDrop::new(lock);
    // A lock that cannot be trusted has ended the build above.
    let promised = lock.promises.next.clone().unwrap_or_default();
    let artifacts = match compile::emit(platform, &promised) {
        Ok(artifacts) => ManuallyDrop::new(artifacts),
        Err(error) => return cannot_emit(&error),
    };
    let root = root(arguments);
    let options = Options {
        force: arguments.force,
        only: (!arguments.only.is_empty())
            .then(|| arguments.only.iter().cloned().collect::<BTreeSet<_>>()),
        follow_links: arguments.follow_links,
        on_wait: &terminal::waits_for,
        ..Options::default()
    };
    if arguments.check {
        return compare(arguments, &root, &artifacts, &options, &lock);
    }
    if arguments.locked.unwrap_or_else(in_ci)
        && let Some(difference) = lock.difference()
    {
        return is_locked(arguments, &difference);
    }
    let site = match site(arguments, platform, &promised) {
        Ok(site) => ManuallyDrop::new(site),
        Err(trouble) => return trouble.end,
    };
    // The lock's text is made while the disk is busy.
    let (text, outcome) = both(
        platform.services.len() >= MANY_SERVICES,
        || lock.next_text(),
        || output::write(&root, &artifacts, &options),
    );
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return cannot_write(arguments, &error),
    };
    // The lock comes last: a build that is refused has promised nothing. One that is killed just here has, and the next one with the same platform.toml writes it down.
    let remembered = match lock.write(text.as_deref()) {
        Ok(remembered) => remembered,
        Err(error) => {
            let message = format!("cannot write `{}`: {error}", lock.path.display());
            let help = "the other files are written; mend it and build again, so that what they promise is remembered";
            terminal::complain(&message, Some(help));
            return End::Failed;
        }
    };
    let mut of_site = String::new();
    if let Some(site) = &*site {
        match docs::written(&root, site, arguments.follow_links) {
            Ok(outcome) => of_site = docs::summary(&root, &outcome),
            Err(trouble) => return trouble.end,
        }
    }
    if input::talks(&arguments.input) {
        let mut text = remembered_text(&lock, remembered);
        text.push_str(&summary(arguments, platform, &root, &outcome, &of_site));
        if !terminal::say(&text) {
            return End::Failed;
        }
    }
    End::Well
}

/// The site, when everything is built.
fn site(
    arguments: &Build,
    platform: &Platform,
    promised: &Lock,
) -> Result<Option<Artifacts>, docs::Trouble> {
    let wanted = arguments.only.is_empty() && !arguments.no_site;
    wanted
        .then(|| docs::made(&arguments.input, platform, promised))
        .transpose()
}

/// True on a machine that builds for others: there a lock is checked, not written.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|it| !it.is_empty() && it != "false" && it != "0")
}

fn is_locked(arguments: &Build, difference: &Difference) -> End {
    terminal::say(&shown(difference));
    let why = if arguments.locked.is_some() {
        "`--locked` refuses to write it"
    } else {
        "with `CI` set it is not written"
    };
    let help = "run `homelab build` where you work and commit the file, or allow it here with `--locked=false`";
    let message = format!("`{}` would change, and {why}", difference.path);
    terminal::complain(&message, Some(help));
    End::Found
}

fn remembered_text(lock: &LockFile, remembered: bool) -> String {
    let path = lock.path.display();
    match (remembered, &lock.source) {
        (false, _) => String::new(),
        (true, Some(_)) => format!("{path}: written; commit it\n"),
        (true, None) => format!(
            "{path}: new; commit it, and put `{} merge=union` into .gitattributes, so that branches merge\n",
            lock.path.file_name().unwrap_or_default().display()
        ),
    }
}

fn root(arguments: &Build) -> PathBuf {
    let beside = || docs::beside(&arguments.input, "generated");
    arguments.out.clone().unwrap_or_else(beside)
}

/// Refuses a folder that nothing writes, with the near name.
fn unknown_folder(only: &[String]) -> Option<End> {
    let known = || EMITTERS.iter().map(|it| it.name);
    let unknown = only.iter().find(|name| known().all(|it| it != *name))?;
    let help = match near_name(unknown, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the folders are {}", known().collect::<Vec<_>>().join(", ")),
    };
    terminal::complain(&format!("nothing writes a folder `{unknown}`"), Some(&help));
    Some(End::Failed)
}

fn cannot_emit(error: &EmitError) -> End {
    terminal::complain(&terminal::chain(error), None);
    match error {
        EmitError::Unwritable(..) => End::Found,
        EmitError::Template(_) => End::Failed,
    }
}

fn cannot_write(arguments: &Build, error: &OutputError) -> End {
    if let OutputError::Clash(clashes) = error {
        // The diff shows what would be lost; it is what one wants to see before `--force`.
        for clash in clashes {
            if let ClashCause::Edited(difference) | ClashCause::Foreign(difference) = &clash.cause
                && let Some(diff) = difference.diff()
            {
                input::show_beside(&arguments.input, &format!("{diff}\n"));
            }
        }
    }
    terminal::complain(&terminal::chain(error), error.help());
    if error.exit_code() == 1 {
        End::Found
    } else {
        End::Failed
    }
}

fn compare(
    arguments: &Build,
    root: &Path,
    artifacts: &Artifacts,
    options: &Options,
    lock: &LockFile,
) -> End {
    let mut differences = match output::compare(root, artifacts, options) {
        Ok(differences) => differences,
        Err(error) => return cannot_write(arguments, &error),
    };
    differences.extend(lock.difference());
    if differences.is_empty() {
        if input::talks(&arguments.input) {
            let text = format!(
                "{} is what platform.toml makes: {}\n",
                root.display(),
                counted(artifacts.len(), "file")
            );
            terminal::say(&text);
        }
        return End::Well;
    }
    input::show_beside(&arguments.input, &drift(root, &differences));
    End::Found
}

fn drift(root: &Path, differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences {
        text.push_str(&shown(difference));
    }
    let _ = writeln!(
        text,
        "{} in {}; `homelab build` writes what is missing",
        counted(differences.len(), "difference"),
        root.display()
    );
    text
}

fn shown(difference: &Difference) -> String {
    let mut text = format!("{difference}\n");
    if let Some(diff) = difference.diff() {
        text.push_str(&diff);
        text.push('\n');
    }
    text
}

/// What was done, and what to do next.
fn summary(
    arguments: &Build,
    platform: &Platform,
    root: &Path,
    outcome: &Outcome,
    of_site: &str,
) -> String {
    let mut text = String::new();
    if outcome.recovered.is_some() {
        let _ = writeln!(text, "an interrupted build was put right first");
    }
    let _ = writeln!(text, "{}: {}", root.display(), outcome.counts());
    for (folder, files) in by_folder(&outcome.written) {
        let _ = writeln!(text, "  {folder:<10} {}", counted(files, "file"));
    }
    text.push_str(of_site);
    list(&mut text, "not ours, kept", &outcome.foreign);
    list(
        &mut text,
        "replaced by force, your version kept as",
        &outcome.backups,
    );
    work(&mut text, platform, arguments.work);
    text
}

fn by_folder(paths: &[String]) -> Vec<(&str, usize)> {
    let mut folders: Vec<(&str, usize)> = Vec::new();
    for path in paths {
        let folder = path.split('/').next().unwrap_or(path);
        match folders.last_mut() {
            Some((last, count)) if *last == folder => *count += 1,
            _ => folders.push((folder, 1)),
        }
    }
    folders
}

fn list(text: &mut String, title: &str, paths: &[String]) {
    for path in paths {
        let _ = writeln!(text, "  {title}: {path}");
    }
}

/// What the file does not say yet.
fn work(text: &mut String, platform: &Platform, all: bool) {
    let work = &platform.work;
    if work.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n{} left to find out and write into platform.toml:",
        counted(work.len(), "fact")
    );
    let shown = if all { work.len() } else { work.len().min(5) };
    for item in &work[..shown] {
        let _ = writeln!(text, "  {}: {}", item.subject, item.what);
    }
    if shown < work.len() {
        let _ = writeln!(
            text,
            "  … and {} more: `homelab build --work` lists all",
            work.len() - shown
        );
    }
}
