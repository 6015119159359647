//! Looking at the tree: what stands in each artifact's place, what is stale, and what is not ours.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::disk::{Disk, Kind, Seen, Stamp, is_executable};
use super::error::{OutputError, io_error};
use super::record::{self, Record};
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
}

/// A file that is not as it should be. A first build finds as many as there are files, so they are kept small.
pub(super) struct Finding<'a> {
    /// The path below the root.
    pub(super) path: &'a str,
    /// What should be there.
    pub(super) wanted: Option<&'a Artifact>,
    /// What is there.
    pub(super) standing: Standing,
    /// True when it lies in the folder of the finding before it.
    pub(super) is_beside: bool,
}

/// What stands in a file's place.
pub(super) enum Standing {
    /// Nothing, or only what is to be removed.
    Nothing,
    /// A file.
    File(Box<Found>),
    /// Something that is no file.
    InTheWay {
        /// Where.
        at: String,
        /// What.
        kind: Kind,
    },
}

/// A file that stands in a file's place.
pub(super) struct Found {
    /// What is in it.
    pub(super) bytes: Vec<u8>,
    /// What tells it from another.
    pub(super) stamp: Stamp,
    /// Whose it is.
    pub(super) origin: Origin,
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

impl<'a> Scope<'a> {
    fn of(artifacts: &Artifacts, only: Option<&'a BTreeSet<String>>) -> Self {
        Self {
            only,
            site_is_made: artifacts.has_folder(SITE),
        }
    }

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

/// What the tree's records say, and what they will say after a build.
pub(super) struct Records<'a> {
    scope: Scope<'a>,
    manifest: Record,
    site: Record,
    /// Those that this build writes, the last one first.
    new: Vec<Cow<'a, Artifact>>,
}

impl<'a> Records<'a> {
    /// Reads the records of a tree, and makes those of a build that writes `artifacts`, or those in the folders `only`.
    pub(super) fn of(
        disk: &dyn Disk,
        artifacts: &'a Artifacts,
        only: Option<&'a BTreeSet<String>>,
    ) -> Result<Self, OutputError> {
        let scope = Scope::of(artifacts, only);
        let (manifest, manifest_text) = load(disk, MANIFEST)?;
        let (site, _) = load(disk, SITE_RECORD)?;
        let mut new = Vec::new();
        if scope.covers(SITE_RECORD) {
            let pages = artifacts.iter().filter(|artifact| is_site(&artifact.path));
            let record = Artifact::new(SITE_RECORD, record::render(pages));
            new.push(Cow::Owned(record));
        }
        if scope.covers_committed() {
            new.push(new_manifest(artifacts, &scope, &manifest_text));
        }
        Ok(Self {
            scope,
            manifest,
            site,
            new,
        })
    }

    /// The record that tells of `path`.
    fn about(&self, path: &str) -> &Record {
        if is_site(path) {
            &self.site
        } else {
            &self.manifest
        }
    }

    /// A record too new for us, and its version.
    pub(super) fn newer(&self) -> Option<(&'static str, u64)> {
        let all = [(MANIFEST, &self.manifest), (SITE_RECORD, &self.site)];
        all.into_iter().find_map(|(path, record)| match record {
            Record::Newer(version) => Some((path, *version)),
            _ => None,
        })
    }
}

/// Compares the tree with the artifacts; changes nothing.
pub(super) fn survey<'a>(
    disk: &dyn Disk,
    artifacts: &'a Artifacts,
    records: &'a Records,
) -> Result<Survey<'a>, OutputError> {
    let scope = &records.scope;
    let mut new: Vec<&Artifact> = records.new.iter().map(AsRef::as_ref).collect();
    let mut wanted = AllWanted::for_up_to(artifacts.len() + new.len());
    let mut elsewhere = Vec::new();
    for artifact in artifacts.iter().filter(|it| it.path != MANIFEST) {
        while let Some(record) = new.pop_if(|it| it.path < artifact.path) {
            wanted.push(record);
        }
        // Pages of the site are among them only when it is made.
        if scope.is_asked_for(&artifact.path) {
            wanted.push(artifact);
        } else {
            elsewhere.push(artifact.path.as_str());
        }
    }
    for record in new.into_iter().rev() {
        wanted.push(record);
    }

    // A path counts only in the record where we would have put it.
    let committed = records.manifest.paths().filter(|path| !is_site(path));
    let recorded: BTreeSet<&str> = committed
        .chain(records.site.paths().filter(|path| is_site(path)))
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
            && is_recorded(records.about(path), path, &stamp)
            && !is_other_name(disk, path, &wanted)?
        {
            stale.insert(path.to_owned());
            findings.push(Finding {
                path,
                wanted: None,
                standing: Standing::file(bytes, stamp, Origin::Ours),
                is_beside: false,
            });
        }
    }

    let mut unchanged = 0;
    let foreign = foreign(disk, scope, &wanted, &recorded, &stale, elsewhere)?;
    let glances = glances(disk, &wanted)?;
    let doubtful = glances.iter().filter(|it| !matches!(it, Glance::Right));
    findings.reserve(doubtful.count());
    let mut glances = glances.into_iter();
    for beside in wanted.by_folder() {
        let mut is_beside = false;
        for (&artifact, glance) in beside.iter().zip(glances.by_ref()) {
            let path = artifact.path.as_str();
            let standing = match glance {
                Glance::Right => None,
                Glance::Absent => Some(Standing::Nothing),
                Glance::Doubt => {
                    let seen = disk.see(path).map_err(io_error("read", path))?;
                    standing(disk, artifact, seen, records.about(path), &stale)?
                }
            };
            let Some(standing) = standing else {
                unchanged += 1;
                continue;
            };
            findings.push(Finding {
                path,
                wanted: Some(artifact),
                standing,
                is_beside,
            });
            is_beside = true;
        }
    }
    Ok(Survey {
        findings,
        unchanged,
        foreign,
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
    let mut glances = Vec::with_capacity(wanted.all.len());
    let mut there = Vec::new();
    for beside in wanted.by_folder() {
        if absent.hold(disk, &beside[0].path)? {
            glances.extend(beside.iter().map(|_| Glance::Absent));
            continue;
        }
        glances.extend(beside.iter().map(|_| Glance::Doubt));
        there.extend(beside);
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
fn new_manifest<'a>(artifacts: &'a Artifacts, scope: &Scope, old: &str) -> Cow<'a, Artifact> {
    let committed = || artifacts.iter().filter(|artifact| !is_site(&artifact.path));
    let plain = || Artifact::new(MANIFEST, record::render(committed()));
    let whole = artifacts.find(MANIFEST);
    let whole = whole.map_or_else(|| Cow::Owned(plain()), Cow::Borrowed);
    if scope.only.is_none() {
        return whole;
    }
    let covers = |path: &str| scope.covers(path);
    let written = || record::render(committed().filter(|artifact| scope.covers(&artifact.path)));
    let merged = record::merge(&whole.text, old, covers).unwrap_or_else(written);
    Cow::Owned(Artifact::new(MANIFEST, merged))
}

/// Says what stands at `path`, or nothing when it is as it should be.
fn standing(
    disk: &dyn Disk,
    wanted: &Artifact,
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
    let path = wanted.path.as_str();
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
    Ok(Some(Standing::file(bytes, stamp, origin)))
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
        .map(|beside| beside[0].path.as_str())
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
struct AllWanted<'a> {
    all: Vec<&'a Artifact>,
    /// Where among them each run of files in one folder begins. To look at a path takes long when there are ten thousands of them, so it is looked at once.
    runs: Vec<usize>,
    /// The folder of the last one.
    last: Option<&'a str>,
}

impl<'a> AllWanted<'a> {
    fn for_up_to(count: usize) -> Self {
        Self {
            all: Vec::with_capacity(count),
            runs: Vec::new(),
            last: None,
        }
    }

    /// Adds the next one.
    fn push(&mut self, artifact: &'a Artifact) {
        let folder = path::parents(&artifact.path).next();
        if self.all.is_empty() || folder != self.last {
            self.runs.push(self.all.len());
            self.last = folder;
        }
        self.all.push(artifact);
    }

    /// True when `path` is among them.
    fn has(&self, path: &str) -> bool {
        let find = |it: &&Artifact| it.path.as_str().cmp(path);
        self.all.binary_search_by(find).is_ok()
    }

    /// Those that follow each other in one folder, together.
    fn by_folder(&self) -> impl Iterator<Item = &[&'a Artifact]> {
        let ends = self.runs.iter().skip(1).copied().chain([self.all.len()]);
        let runs = self.runs.iter().zip(ends);
        runs.map(|(start, end)| &self.all[*start..end])
    }

    /// Their paths.
    fn paths(&self) -> impl Iterator<Item = &'a str> {
        self.all.iter().map(|it| it.path.as_str())
    }
}

impl Standing {
    fn file(bytes: Vec<u8>, stamp: Stamp, origin: Origin) -> Self {
        Self::File(Box::new(Found {
            bytes,
            stamp,
            origin,
        }))
    }
}
