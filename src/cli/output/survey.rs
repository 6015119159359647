//! Looking at the tree: what stands in each artifact's place, what is stale, and what is not ours.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::disk::{Disk, Kind, Seen, Stamp, is_executable};
use super::error::{OutputError, io_error};
use super::record::{self, Record};
use super::same::Expected;
use super::{LOCK_FILE, MANIFEST, SITE, SITE_RECORD, journal, path};
use crate::emit::{Artifact, Artifacts};

/// Rights that a generated file never has: setuid, setgid, sticky, and writing by everybody.
pub(super) const NEVER: u32 = 0o7002;

/// What was found, by path.
pub(super) struct Survey<'a> {
    /// Everything that is not as it should be.
    pub(super) findings: Vec<Finding<'a>>,
    /// How many files are as they should be.
    pub(super) unchanged: usize,
    /// What is not ours: folders end with `/`.
    pub(super) foreign: Vec<String>,
    /// A record too new for us, and its version.
    pub(super) newer: Option<(&'static str, u64)>,
}

/// A file that is not as it should be.
pub(super) struct Finding<'a> {
    /// The path below the root.
    pub(super) path: Cow<'a, str>,
    /// What should be there.
    pub(super) wanted: Option<Wanted<'a>>,
    /// What is there.
    pub(super) standing: Standing,
}

/// A file as it should be.
pub(super) struct Wanted<'a> {
    /// The path below the root.
    path: &'a str,
    /// The folder that it lies in, looked for once.
    folder: Option<&'a str>,
    /// What is in it.
    pub(super) text: Cow<'a, str>,
    /// True for a script.
    pub(super) executable: bool,
    /// The artifact that it is, whose digest is known already; nothing for a record of ours.
    artifact: Option<&'a Artifact>,
}

/// What stands in a file's place.
pub(super) enum Standing {
    /// Nothing, or only what is to be removed.
    Nothing,
    /// A file.
    File {
        /// What is in it.
        bytes: Vec<u8>,
        /// What tells it from another.
        stamp: Stamp,
        /// Whose it is.
        origin: Origin,
    },
    /// Something that is no file.
    InTheWay {
        /// Where.
        at: String,
        /// What.
        kind: Kind,
    },
}

/// Whose a file is.
pub(super) enum Origin {
    /// The text is already right; only the mode is not.
    Same,
    /// We wrote it.
    Ours,
    /// We wrote it, and somebody changed it.
    Edited,
    /// Nobody knows.
    Foreign,
    /// It is a record that cannot be read.
    Unreadable(String),
}

/// The part of the tree that this build is about.
struct Scope<'a> {
    only: Option<&'a BTreeSet<String>>,
    site_is_made: bool,
}

impl Scope<'_> {
    /// True when this build decides what `path` is.
    fn covers(&self, path: &str) -> bool {
        // Without one page the site was not asked for; it is no reason to remove it.
        (self.site_is_made || !is_site(path)) && self.is_asked_for(path)
    }

    /// True when `path` lies in a folder that was named, or none was.
    fn is_asked_for(&self, path: &str) -> bool {
        self.only
            .is_none_or(|only| path::top(path).is_some_and(|top| only.contains(top)))
    }

    /// True when something that the manifest lists is written.
    fn covers_committed(&self) -> bool {
        self.only
            .is_none_or(|only| only.iter().any(|top| top != SITE))
    }
}

/// True for what lies in the site's folder.
fn is_site(path: &str) -> bool {
    path::is_below(path, SITE)
}

/// Compares the tree with the artifacts; changes nothing.
pub(super) fn survey<'a>(
    disk: &dyn Disk,
    artifacts: &'a Artifacts,
    only: Option<&BTreeSet<String>>,
) -> Result<Survey<'a>, OutputError> {
    let scope = Scope {
        only,
        site_is_made: artifacts.has_folder(SITE),
    };
    let (manifest, manifest_text) = load(disk, MANIFEST)?;
    let (site, _) = load(disk, SITE_RECORD)?;
    let record = |path: &str| if is_site(path) { &site } else { &manifest };

    // The last one first.
    let mut records = Vec::new();
    if scope.covers(SITE_RECORD) {
        let pages = artifacts.iter().filter(|artifact| is_site(&artifact.path));
        records.push(Wanted::record(SITE_RECORD, record::render(pages)));
    }
    if scope.covers_committed() {
        records.push(new_manifest(artifacts, &scope, &manifest_text));
    }
    let mut wanted = Vec::with_capacity(artifacts.len() + records.len());
    let mut elsewhere = Vec::new();
    for artifact in artifacts.iter().filter(|it| it.path != MANIFEST) {
        while let Some(record) = records.pop_if(|it| *it.path < *artifact.path) {
            wanted.push(record);
        }
        // Pages of the site are among them only when it is made.
        if scope.is_asked_for(&artifact.path) {
            wanted.push(Wanted::of(artifact));
        } else {
            elsewhere.push(artifact.path.as_str());
        }
    }
    wanted.extend(records.into_iter().rev());
    let wanted = AllWanted(wanted);

    // A path counts only in the record where we would have put it.
    let committed = manifest.paths().filter(|path| !is_site(path));
    let recorded: BTreeSet<&str> = committed
        .chain(site.paths().filter(|path| is_site(path)))
        .collect();
    let mut findings = Vec::new();
    let mut stale = BTreeSet::new();
    for &path in &recorded {
        if !scope.covers(path) || wanted.has(path) {
            continue;
        }
        let seen = disk.see(path).map_err(io_error("read", path))?;
        if let Some(stamp) = seen.stamp()
            && let Seen::File { bytes, .. } = seen
            && is_recorded(record(path), path, &stamp)
            && !is_other_name(disk, path, &wanted)?
        {
            stale.insert(path.to_owned());
            findings.push(Finding {
                path: path.to_owned().into(),
                wanted: None,
                standing: Standing::File {
                    bytes,
                    stamp,
                    origin: Origin::Ours,
                },
            });
        }
    }

    let mut unchanged = 0;
    let foreign = foreign(disk, &scope, &wanted, &recorded, &stale, elsewhere)?;
    for (glance, wanted) in glances(disk, &wanted)?.into_iter().zip(wanted.0) {
        let path = wanted.path;
        let standing = match glance {
            Glance::Right => None,
            Glance::Absent => Some(Standing::Nothing),
            Glance::Doubt => {
                let seen = disk.see(path).map_err(io_error("read", path))?;
                standing(disk, path, &wanted, seen, record(path), &stale)?
            }
        };
        let Some(standing) = standing else {
            unchanged += 1;
            continue;
        };
        findings.push(Finding {
            path: path.into(),
            wanted: Some(wanted),
            standing,
        });
    }
    let newer = [(MANIFEST, &manifest), (SITE_RECORD, &site)];
    Ok(Survey {
        findings,
        unchanged,
        foreign,
        newer: newer.into_iter().find_map(|(path, record)| match record {
            Record::Newer(version) => Some((path, *version)),
            _ => None,
        }),
    })
}

/// What a first look at a file says.
#[derive(Clone, Copy)]
enum Glance {
    /// It is as it should be.
    Right,
    /// Its folder is not there.
    Absent,
    /// That takes a second look.
    Doubt,
}

/// Looks at every wanted file, in their order.
fn glances(disk: &dyn Disk, wanted: &AllWanted) -> Result<Vec<Glance>, OutputError> {
    let mut absent = AbsentFolders::default();
    let mut glances = Vec::with_capacity(wanted.0.len());
    let mut there = Vec::new();
    for beside in wanted.by_folder() {
        if absent.hold(disk, beside[0].path)? {
            glances.extend(beside.iter().map(|_| Glance::Absent));
            continue;
        }
        glances.extend(beside.iter().map(|_| Glance::Doubt));
        there.extend(beside.iter().map(|wanted| Expected {
            path: wanted.path,
            text: &wanted.text,
            executable: wanted.executable,
        }));
    }
    let in_doubt = glances.iter_mut().filter(|it| matches!(it, Glance::Doubt));
    for (glance, is_same) in in_doubt.zip(disk.find_same(&there)) {
        if is_same {
            *glance = Glance::Right;
        }
    }
    Ok(glances)
}

/// Whether the folder that was last looked at is there. Paths come in order, so a first build asks once for each folder and not once for each file.
#[derive(Default)]
struct AbsentFolders<'p> {
    last: Option<(&'p str, bool)>,
    /// One that is not there, and so nothing below it either.
    absent: Option<&'p str>,
}

impl<'p> AbsentFolders<'p> {
    /// True when `path` cannot be there because its folder is not.
    fn hold(&mut self, disk: &dyn Disk, path: &'p str) -> Result<bool, OutputError> {
        let Some(folder) = path::parents(path).next() else {
            return Ok(false);
        };
        if let Some((last, is_absent)) = self.last
            && last == folder
        {
            return Ok(is_absent);
        }
        let mut is_absent = self
            .absent
            .is_some_and(|above| path::is_below(folder, above));
        if !is_absent {
            // From the top down: when a whole tree is new, that is one question.
            let above: Vec<&str> = path::parents(path).collect();
            for folder in above.into_iter().rev() {
                if disk.see(folder).map_err(io_error("read", folder))? == Seen::Absent {
                    self.absent = Some(folder);
                    is_absent = true;
                    break;
                }
            }
        }
        self.last = Some((folder, is_absent));
        Ok(is_absent)
    }
}

fn load(disk: &dyn Disk, path: &str) -> Result<(Record, String), OutputError> {
    match disk.see(path).map_err(io_error("read", path))? {
        Seen::File { bytes, .. } => Ok((
            Record::read(&bytes),
            String::from_utf8_lossy(&bytes).into_owned(),
        )),
        // What stands in its place is told like that of any other file.
        Seen::Absent | Seen::Other { .. } => Ok((Record::Absent, String::new())),
    }
}

/// The manifest: it lists what is on the disk after this build.
fn new_manifest<'a>(artifacts: &'a Artifacts, scope: &Scope, old: &str) -> Wanted<'a> {
    let committed = || artifacts.iter().filter(|artifact| !is_site(&artifact.path));
    let whole = match artifacts.find(MANIFEST) {
        Some(manifest) => Wanted::of(manifest),
        None => Wanted::record(MANIFEST, record::render(committed())),
    };
    if scope.only.is_none() {
        return whole;
    }
    let covers = |path: &str| scope.covers(path);
    let written = || record::render(committed().filter(|artifact| scope.covers(&artifact.path)));
    let merged = record::merge(&whole.text, old, covers).unwrap_or_else(written);
    Wanted::record(MANIFEST, merged)
}

/// Says what stands at `path`, or nothing when it is as it should be.
fn standing(
    disk: &dyn Disk,
    path: &str,
    wanted: &Wanted,
    seen: Seen,
    record: &Record,
    stale: &BTreeSet<String>,
) -> Result<Option<Standing>, OutputError> {
    let (bytes, mode) = match seen {
        Seen::Absent => return Ok(Some(Standing::Nothing)),
        Seen::Other { at, kind } => {
            let leaves =
                stale.contains(&at) || (kind == Kind::Folder && leaves_empty(disk, &at, stale)?);
            return Ok(Some(if leaves {
                Standing::Nothing
            } else {
                Standing::InTheWay { at, kind }
            }));
        }
        Seen::File { bytes, mode } => (bytes, mode),
    };
    let is_same = bytes == wanted.text.as_bytes();
    if is_same && is_executable(mode) == wanted.executable && mode & NEVER == 0 {
        return Ok(None);
    }
    let stamp = Stamp::new(&bytes, is_executable(mode));
    let origin = if is_same {
        Origin::Same
    } else if path == MANIFEST || path == SITE_RECORD {
        match record {
            Record::Unreadable(why) => Origin::Unreadable(why.clone()),
            _ => Origin::Ours,
        }
    } else if is_recorded(record, path, &stamp) {
        Origin::Ours
    } else if record.stamp(path).is_some() {
        Origin::Edited
    } else {
        Origin::Foreign
    };
    Ok(Some(Standing::File {
        bytes,
        stamp,
        origin,
    }))
}

/// True when the record has this content for `path`. The mode is nobody's edit to keep.
fn is_recorded(record: &Record, path: &str, stamp: &Stamp) -> bool {
    record
        .stamp(path)
        .is_some_and(|recorded| recorded.sha256 == stamp.sha256)
}

/// True when everything below `folder` is to be removed.
fn leaves_empty(
    disk: &dyn Disk,
    folder: &str,
    stale: &BTreeSet<String>,
) -> Result<bool, OutputError> {
    for (name, kind) in disk.list(folder).map_err(io_error("list", folder))? {
        let path = join(folder, &name);
        let leaves = if kind == Kind::Folder {
            leaves_empty(disk, &path, stale)?
        } else {
            stale.contains(&path)
        };
        if !leaves {
            return Ok(false);
        }
    }
    Ok(true)
}

/// True when `stale` is what a wanted file is called on a disk that folds case.
fn is_other_name(disk: &dyn Disk, stale: &str, wanted: &AllWanted) -> Result<bool, OutputError> {
    let mut paths = wanted.paths();
    let Some(twin) = paths.find(|path| path.eq_ignore_ascii_case(stale)) else {
        return Ok(false);
    };
    let (folder, name) = twin.rsplit_once('/').unwrap_or(("", twin));
    let names = disk.list(folder).map_err(io_error("list", folder))?;
    Ok(!names.iter().any(|(listed, _)| listed == name))
}

/// Lists what is not ours in the folders that are. A folder with nothing of ours is named and not entered.
fn foreign(
    disk: &dyn Disk,
    scope: &Scope,
    wanted: &AllWanted,
    recorded: &BTreeSet<&str>,
    stale: &BTreeSet<String>,
    elsewhere: Vec<&str>,
) -> Result<Vec<String>, OutputError> {
    let not_now = recorded.iter().copied().filter(|path| !scope.covers(path));
    let elsewhere: BTreeSet<&str> = elsewhere
        .into_iter()
        .chain(not_now)
        .chain([MANIFEST])
        .collect();
    let known = wanted
        .by_folder()
        .map(|beside| beside[0].path)
        .chain(recorded.iter().copied())
        .chain(elsewhere.iter().copied());
    let mut folders = BTreeSet::new();
    let mut last = None;
    for path in known {
        let folder = path::parents(path).next();
        // Most files lie where the one before them did.
        if folder != last {
            folders.extend(path::parents(path));
            last = folder;
        }
    }
    let inside = |folder: &str| scope.covers(&join(folder, "x"));
    let mut foreign = Vec::new();
    let mut absent = AbsentFolders::default();
    for folder in std::iter::once("").chain(folders.iter().copied().filter(|folder| inside(folder)))
    {
        if absent.hold(disk, folder)? {
            continue;
        }
        for (name, kind) in disk.list(folder).map_err(io_error("list", folder))? {
            let path = join(folder, &name);
            let name = path.as_str();
            let is_own = if kind == Kind::Folder {
                folders.contains(name) || name == journal::FOLDER || name == SITE
            } else {
                let known = wanted.has(name) || elsewhere.contains(name);
                known || stale.contains(name) || name == LOCK_FILE
            };
            if !is_own {
                foreign.push(if kind == Kind::Folder {
                    path + "/"
                } else {
                    path
                });
            }
        }
    }
    foreign.sort();
    Ok(foreign)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// All files as they should be, in the order of their paths.
struct AllWanted<'a>(Vec<Wanted<'a>>);

impl<'a> AllWanted<'a> {
    /// True when `path` is among them.
    fn has(&self, path: &str) -> bool {
        self.0.binary_search_by(|it| it.path.cmp(path)).is_ok()
    }

    /// Those that follow each other in one folder, together.
    fn by_folder(&self) -> impl Iterator<Item = &[Wanted<'a>]> {
        self.0.chunk_by(|one, next| one.folder == next.folder)
    }

    /// Their paths.
    fn paths(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|it| it.path)
    }
}

impl<'a> Wanted<'a> {
    fn of(artifact: &'a Artifact) -> Self {
        Self {
            path: &artifact.path,
            folder: path::parents(&artifact.path).next(),
            text: artifact.text.as_str().into(),
            executable: artifact.executable,
            artifact: Some(artifact),
        }
    }

    fn record(path: &'static str, text: String) -> Self {
        Self {
            path,
            folder: path::parents(path).next(),
            text: text.into(),
            executable: false,
            artifact: None,
        }
    }

    /// The stamp that the file will have.
    pub(super) fn stamp(&self) -> Stamp {
        match self.artifact {
            Some(artifact) => Stamp {
                sha256: artifact.sha256().clone(),
                executable: self.executable,
            },
            None => Stamp::new(self.text.as_bytes(), self.executable),
        }
    }
}
