//! Writing the tree `generated/`, all of it or nothing.
//!
//! [`write()`] looks at the tree, refuses when a file there is not ours to replace, and otherwise makes every change as one ([`journal`]). Files that are as they should be are not touched. Files that are no longer made go, if a record says that we wrote them and nobody changed them since; everything else that we did not write is kept and listed. [`compare`] looks and writes nothing.
//!
//! What is not here: which folders there are (the emitters know), and how an outcome is shown.

mod beneath;
#[cfg(test)]
mod crash;
mod difference;
mod disk;
mod error;
mod journal;
mod lock;
#[cfg(test)]
mod memory;
mod path;
mod record;
mod root;
mod same;
mod survey;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

pub use difference::{Change, Difference};
pub use disk::Kind;
pub use error::{Clash, ClashCause, OutputError};
pub use journal::{Recovered, Recovery};

use beneath::{Before, Beneath};
use disk::{Disk, Stamp};
use error::io_error;
use journal::{Journal, Step};
use lock::Lock;
use root::Opening;
use survey::{Finding, Origin, Records, Standing, Survey, survey};

use super::terminal::counted;
use crate::emit::{Artifact, Artifacts};
use crate::side_by_side::both;

/// The artifact that lists all others, and our record of what was written.
pub const MANIFEST: &str = "manifest.json";
/// The folder that is built but not committed: it has a record of its own, so that the manifest does not depend on it.
pub const SITE: &str = "site";
const SITE_RECORD: &str = "site/.manifest.json";
/// The lock, on a file system where a folder cannot be locked.
const LOCK_FILE: &str = ".homelab.lock";
/// How long [`compare`] waits for a running build.
const PATIENCE: Duration = Duration::from_secs(2);

/// From how many files on threads are worth their start.
const MANY_FILES: usize = 1000;

/// How the tree is written.
#[derive(Clone)]
pub struct Options<'a> {
    /// Replace files that were edited by hand or that we did not write, and keep each as `<name>.bak`.
    pub force: bool,
    /// Write nothing outside these top folders, and remove nothing there.
    pub only: Option<BTreeSet<String>>,
    /// Allow a root that is a symbolic link or lies below one.
    pub follow_links: bool,
    /// How long to wait for another build.
    pub wait: Duration,
    /// Called once with who holds the tree when the wait is felt.
    pub on_wait: &'a dyn Fn(&str),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            force: false,
            only: None,
            follow_links: false,
            wait: Duration::from_secs(10),
            on_wait: &|_| {},
        }
    }
}

/// What was done to the tree. Paths are relative to the root and ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Files that are new or changed.
    pub written: Vec<String>,
    /// How many files were as they should be.
    pub unchanged: usize,
    /// Files that went, since they are no longer made.
    pub removed: Vec<String>,
    /// What is not ours and was kept: files, and folders with a `/` at the end.
    pub foreign: Vec<String>,
    /// Where files are kept that were replaced by force.
    pub backups: Vec<String>,
    /// What became of a build that was interrupted before.
    pub recovered: Option<Recovery>,
}

impl Outcome {
    /// What it comes to when every step is taken.
    fn of(survey: &Survey, journal: &Journal) -> Self {
        let (written, removed) = (survey.findings.iter())
            .partition::<Vec<&Finding>, _>(|finding| finding.wanted.is_some());
        let paths = |these: Vec<&Finding>| these.iter().map(|it| it.path.to_owned()).collect();
        Self {
            written: paths(written),
            unchanged: survey.unchanged,
            removed: paths(removed),
            foreign: survey.foreign.clone(),
            backups: journal.backups().cloned().collect(),
            recovered: None,
        }
    }

    /// How many files were written, kept and removed, in a few words.
    pub fn counts(&self) -> String {
        if self.written.is_empty() && self.removed.is_empty() {
            return format!("nothing changed, {}", counted(self.unchanged, "file"));
        }
        format!(
            "{} written, {} unchanged, {} removed",
            counted(self.written.len(), "file"),
            self.unchanged,
            self.removed.len()
        )
    }
}

/// Writes `artifacts` below `root`: afterwards either all is new or all as it was.
///
/// `manifest.json` among them is the record of what was written; when it is not given, a plain one is made.
pub fn write(
    root: &Path,
    artifacts: &Artifacts,
    options: &Options,
) -> Result<Outcome, OutputError> {
    write_through(root, artifacts, options, &|_| Ok(()))
}

/// The same with something called before each system call.
fn write_through(
    root: &Path,
    artifacts: &Artifacts,
    options: &Options,
    before: Before,
) -> Result<Outcome, OutputError> {
    let write = || {
        let (disk, _lock) = open_locked(root, options, before)?;
        let outcome = transact(&disk, artifacts, options).map_err(|error| error.below(root));
        if outcome.is_err() {
            disk.unmake();
        }
        outcome
    };
    // The manifest of many files is large, and nobody has asked for its digest yet.
    let many = artifacts.len() >= MANY_FILES;
    let manifest = artifacts.find(MANIFEST).filter(|_| many);
    both(many, || manifest.map(Artifact::sha256), write).1
}

/// Opens the root, makes it when it is not there, and locks it.
fn open_locked<'a>(
    root: &Path,
    options: &Options,
    before: Before<'a>,
) -> Result<(Beneath<'a>, Lock), OutputError> {
    let opening = Opening {
        make: true,
        follow_links: options.follow_links,
    };
    let there = Opening {
        make: false,
        ..opening
    };
    let absent = || OutputError::Io {
        doing: "open",
        path: root.to_owned(),
        source: std::io::ErrorKind::NotFound.into(),
    };
    let mut disk = Beneath::open(root, opening, before)?.ok_or_else(absent)?;
    loop {
        let lock = match Lock::exclusive(&disk, options) {
            Ok(lock) => lock,
            Err(error) => {
                // The one who holds a root that we made is about to fill it.
                if !matches!(error, OutputError::Locked { .. }) {
                    disk.unmake();
                }
                return Err(error.below(root));
            }
        };
        // While we waited, a failed first build may have taken its new root away again.
        match Beneath::open(root, there, before) {
            Ok(Some(now)) if now.is_same_folder(&disk) => return Ok((disk, lock)),
            Ok(_) => {
                let mut again = Beneath::open(root, opening, before)?.ok_or_else(absent)?;
                again.inherit(disk);
                disk = again;
            }
            Err(error) => {
                disk.unmake();
                return Err(error);
            }
        }
    }
}

fn transact(
    disk: &dyn Disk,
    artifacts: &Artifacts,
    options: &Options,
) -> Result<Outcome, OutputError> {
    let recovered = journal::recover(disk)?;
    let records = Records::of(disk, artifacts, options.only.as_ref())?;
    if let Some((path, version)) = records.newer() {
        return Err(OutputError::NewerRecord {
            path: path.into(),
            version,
        });
    }
    let prepare = || {
        let survey = survey(disk, artifacts, &records)?;
        refuse_clashes(&survey, options.force)?;
        let journal = plan(disk, &survey)?;
        Ok((survey, journal))
    };
    // Until both are done, nothing but the root is new.
    let many = artifacts.len() >= MANY_FILES;
    let (checked, prepared) = both(many, || path::check(artifacts), prepare);
    checked?;
    let (survey, journal) = prepared?;
    let commit = || {
        if survey.findings.is_empty() {
            return Ok(Vec::new());
        }
        let new: Vec<_> = survey.findings.iter().map(|it| it.wanted).collect();
        journal::commit(disk, &journal, &new, &lock::introduce())
    };
    // What is done is listed while the disk is busy.
    let many = survey.findings.len() >= MANY_FILES;
    let (mut outcome, moved) = both(many, || Outcome::of(&survey, &journal), commit);
    outcome.backups.extend(moved?);
    outcome.recovered = recovered;
    Ok(outcome)
}

/// Stops when a file stands in the way that we may not replace.
fn refuse_clashes(survey: &Survey, force: bool) -> Result<(), OutputError> {
    let clashes: Vec<Clash> = survey
        .findings
        .iter()
        .filter_map(|finding| {
            let cause = clash(finding)?;
            let path = finding.path.to_owned();
            (!force || !cause.yields_to_force()).then_some(Clash { path, cause })
        })
        .collect();
    if clashes.is_empty() {
        Ok(())
    } else {
        Err(OutputError::Clash(clashes))
    }
}

fn clash(finding: &Finding) -> Option<ClashCause> {
    let difference = || Difference {
        path: finding.path.to_owned(),
        change: difference(finding),
    };
    match &finding.standing {
        Standing::InTheWay { at, kind } => Some(ClashCause::InTheWay {
            at: at.clone(),
            kind: *kind,
        }),
        Standing::File(found) => match &found.origin {
            Origin::Same | Origin::Ours => None,
            Origin::Edited => Some(ClashCause::Edited(difference())),
            Origin::Foreign => Some(ClashCause::Foreign(difference())),
            Origin::Unreadable(why) => Some(ClashCause::Record { why: why.clone() }),
        },
        Standing::Nothing => None,
    }
}

/// Turns what was found into the steps to take, and makes sure that they can be taken.
fn plan<'a>(disk: &dyn Disk, survey: &Survey<'a>) -> Result<Journal<'a>, OutputError> {
    let mut steps = Vec::with_capacity(survey.findings.len());
    let mut folders = BTreeSet::new();
    let mut there = BTreeSet::new();
    let mut changed = BTreeSet::from([""]);
    for finding in &survey.findings {
        let path = finding.path;
        let backup = clash(finding)
            .map(|_| journal::free_name(disk, path))
            .transpose()?;
        steps.push(Step {
            path: path.into(),
            old: match &finding.standing {
                Standing::File(found) => Some(found.stamp),
                _ => None,
            },
            new: finding.wanted.map(Stamp::of),
            backup,
        });
        // Most files lie where the one before them did.
        if finding.is_beside {
            continue;
        }
        let is_known = |folder: &str| folders.contains(folder) || there.contains(folder);
        let mut above = path::parents(path).find(|it| is_known(it));
        let unknown = path::parents(path).take_while(|it| !is_known(it));
        for folder in unknown.collect::<Vec<_>>().into_iter().rev() {
            // In a new folder everything is new.
            let is_new = above.is_some_and(|above| folders.contains(above))
                || disk.kind(folder).map_err(io_error("read", folder))? != Some(Kind::Folder);
            if is_new {
                folders.insert(folder.to_owned());
            } else {
                there.insert(folder);
            }
            above = Some(folder);
        }
        changed.extend(path::parents(path).find(|it| there.contains(it)));
    }
    if !steps.is_empty() {
        for folder in changed {
            disk.check_writable(folder)
                .map_err(io_error("write to", folder))?;
        }
    }
    Ok(Journal::new(steps, folders))
}

/// Compares the tree below `root` with `artifacts` and writes nothing at all, not even a lock.
///
/// Files that are not ours are no difference, and neither is the site, which is not committed.
pub fn compare(
    root: &Path,
    artifacts: &Artifacts,
    options: &Options,
) -> Result<Vec<Difference>, OutputError> {
    path::check(artifacts)?;
    let mut committed = artifacts.clone();
    committed.retain(|artifact| path::top(&artifact.path) != Some(SITE));
    let Some(disk) = Beneath::open_existing(root, options.follow_links)? else {
        let missing = |path: &str| Difference {
            path: path.to_owned(),
            change: Change::Missing,
        };
        return Ok(committed
            .iter()
            .map(|artifact| missing(&artifact.path))
            .collect());
    };
    let _lock = Lock::shared(&disk, options.wait.min(PATIENCE));
    let found = || -> Result<Vec<Difference>, OutputError> {
        let mut differences = Vec::new();
        if disk
            .kind(journal::FOLDER)
            .map_err(io_error("read", journal::FOLDER))?
            .is_some()
        {
            differences.push(Difference {
                path: journal::FOLDER.to_owned(),
                change: Change::Interrupted,
            });
        }
        let records = Records::of(&disk, &committed, options.only.as_ref())?;
        let survey = survey(&disk, &committed, &records)?;
        differences.extend(
            survey
                .findings
                .iter()
                .filter(|finding| !is_only_rights(finding))
                .map(|finding| Difference {
                    path: finding.path.to_owned(),
                    change: difference(finding),
                }),
        );
        differences.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(differences)
    };
    found().map_err(|error| error.below(root))
}

/// True when text and executable bit are right and only other rights differ: those depend on the umask of whoever checked the tree out.
fn is_only_rights(finding: &Finding) -> bool {
    match (&finding.standing, finding.wanted) {
        (Standing::File(found), Some(wanted)) => {
            matches!(found.origin, Origin::Same) && found.stamp.executable == wanted.executable
        }
        _ => false,
    }
}

fn difference(finding: &Finding) -> Change {
    match (&finding.standing, finding.wanted) {
        (_, None) => Change::Stale,
        (Standing::Nothing, Some(_)) => Change::Missing,
        (Standing::InTheWay { at, kind }, Some(_)) => Change::InTheWay {
            at: at.clone(),
            kind: *kind,
        },
        (Standing::File(found), Some(wanted)) => match found.origin {
            Origin::Same => Change::Mode {
                executable: wanted.executable,
            },
            _ => Change::Text {
                disk: found.bytes.clone(),
                built: wanted.text.clone(),
            },
        },
    }
}
