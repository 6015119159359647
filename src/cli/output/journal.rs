//! Changing many files as if they were one.
//!
//! All new files are staged in a folder below the root, and every file that will go gets a second name there. Then a journal is written and everything flushed once: from here the build counts. The renames follow, another flush, and the staging folder goes.
//!
//! ```text
//! .homelab/tree-0 …   staged folders, each with all that will be in it
//! .homelab/new-0 …    staged files, for folders that are there
//! .homelab/old-0 …    what they replace
//! .homelab/forward    the journal: finish what it lists   ┐ the name says
//! .homelab/back       the journal: undo what it lists     ┘ which way to go
//! ```
//!
//! A folder that is wholly new comes into its place by one rename, with its ten thousand files; when something stands there by then, file by file.
//!
//! Whoever holds the lock next and finds a journal goes the way its name says. Each step looks at what is there before it acts, so it may be repeated any number of times. Without a journal nothing was changed, and the folder is only cleared.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::disk::{Disk, Kind, New, NewFile, NewFiles, Seen, Stamp};
use super::error::{Clash, ClashCause, OutputError, io_error};
use super::{MANY_FILES, path};
use crate::emit::{Artifact, Digest};
use crate::side_by_side::both;

/// The staging folder.
pub(super) const FOLDER: &str = ".homelab";

const FORWARD: &str = ".homelab/forward";
const BACK: &str = ".homelab/back";
const IGNORE: &str = ".homelab/.gitignore";
/// The version of the journal's format. The first one knew no trees.
const VERSION: u64 = 2;

/// Where the build that holds the tree says who it is.
pub(super) fn owner_file() -> String {
    format!("{FOLDER}/owner")
}

/// The change of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step<'a> {
    /// Which file.
    pub(super) path: Cow<'a, str>,
    /// What it was; nothing when it was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) old: Option<Stamp>,
    /// What it becomes; nothing when it goes.
    pub(super) new: Option<Stamp>,
    /// The name that keeps what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) backup: Option<String>,
}

/// All changes of one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal<'a> {
    version: u64,
    steps: Vec<Step<'a>>,
    /// Folders that were not there before, outermost first.
    folders: Vec<String>,
    /// The outermost of these, in order: each is staged whole.
    #[serde(default)]
    trees: Vec<String>,
    /// Which steps write a file that is in none of these, once that is known.
    #[serde(skip)]
    apart: OnceLock<Vec<usize>>,
}

/// What became of a build that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// What was done about it.
    pub outcome: Recovered,
    /// Which process that was, in its own words.
    pub owner: Option<String>,
}

/// What was done about an interrupted build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// It had all it needed, and was finished.
    Forward,
    /// It was undone.
    Back,
    /// It had changed nothing yet; what it left was removed.
    Cleared,
}

impl<'a> Journal<'a> {
    pub(super) fn new(steps: Vec<Step<'a>>, folders: BTreeSet<String>) -> Self {
        let is_outermost = |folder: &&String| {
            let above = path::parents(folder).next();
            above.is_none_or(|above| !folders.contains(above))
        };
        Self {
            version: VERSION,
            steps,
            trees: folders.iter().filter(is_outermost).cloned().collect(),
            folders: folders.into_iter().collect(),
            apart: OnceLock::new(),
        }
    }

    /// The journal's text: one line, and its digest to tell a torn one.
    fn to_text(&self) -> String {
        /// About as much is written for each step: a text that grows bit by bit is moved each time.
        const ROOM: usize = 200;
        let mut json = Vec::with_capacity(self.steps.len() * ROOM);
        serde_json::to_writer(&mut json, self).expect("strings, flags and lists are always JSON");
        let mut text = String::from_utf8(json).expect("JSON is UTF-8");
        let digest = Digest::of(text.as_bytes()).to_string();
        text.extend(["\n", &digest, "\n"]);
        text
    }

    /// Reads a journal; nothing when it is not there, torn, or names what no build of ours would touch.
    fn read(disk: &dyn Disk, path: &str) -> Result<Option<Self>, OutputError> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let Seen::File { bytes, .. } = disk.see(path).map_err(io_error("read", path))? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        let Some((line, digest)) = text
            .strip_suffix('\n')
            .and_then(|text| text.split_once('\n'))
        else {
            return Ok(None);
        };
        if digest.parse() != Ok(Digest::of(line.as_bytes())) {
            return Ok(None);
        }
        if let Ok(Version { version }) = serde_json::from_str(line)
            && version > VERSION
        {
            return Err(OutputError::NewerRecord {
                path: path.into(),
                version,
            });
        }
        let journal: Option<Self> = serde_json::from_str(line).ok();
        Ok(journal.filter(|journal| {
            let files = journal.steps.iter().map(|step| step.path.as_ref());
            let backups = journal.backups().map(String::as_str);
            let folders = journal.folders.iter().chain(&journal.trees);
            let mut named = files.chain(backups).chain(folders.map(String::as_str));
            named.all(|named| path::fault(named).is_none())
        }))
    }

    /// The folders in which a step changes a name.
    fn changed(&self) -> impl Iterator<Item = String> {
        let above = self.steps.iter().flat_map(|step| path::parents(&step.path));
        let mut known = BTreeSet::new();
        // New folders first: of these none is named twice.
        let new = self.folders.iter().map(String::as_str);
        ["", FOLDER]
            .into_iter()
            .chain(new)
            .chain(above)
            .filter(move |folder| known.insert(*folder))
            .map(str::to_owned)
    }

    /// The names that keep what steps replace.
    pub(super) fn backups(&self) -> impl Iterator<Item = &String> {
        self.steps.iter().filter_map(|step| step.backup.as_ref())
    }

    /// What must be on the disk before the first rename.
    fn staged(&self) -> impl Iterator<Item = String> {
        let files = self.numbered().filter(|(_, step)| step.new.is_some());
        ["", FOLDER, FORWARD]
            .into_iter()
            .map(str::to_owned)
            .chain(self.folders.iter().filter_map(|it| self.in_tree(it)))
            .chain(files.map(|(slot, step)| self.new_name(slot, step)))
    }

    /// Which of the trees `path` is in, or is, and where below it.
    fn tree_of<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        // Trees are high up, so the shortest beginning of a path comes first.
        let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
        let ends = slashes.map(|(at, _)| at);
        ends.chain([path.len()]).find_map(|end| {
            let (above, below) = path.split_at(end);
            let tree = self.trees.binary_search_by(|it| it.as_str().cmp(above));
            Some((tree.ok()?, below))
        })
    }

    /// Where `path` is staged, when it is in a tree.
    fn in_tree(&self, path: &str) -> Option<String> {
        let (tree, below) = self.tree_of(path)?;
        Some(tree_name(tree, below))
    }

    /// Where the new file of a step is staged.
    fn new_name(&self, slot: usize, step: &Step) -> String {
        self.in_tree(&step.path)
            .unwrap_or_else(|| format!("{FOLDER}/new-{slot}"))
    }

    /// Which steps write a file that is in no tree. It is worked out once: to look at ten thousands of paths takes long.
    fn apart(&self) -> &[usize] {
        self.apart.get_or_init(|| {
            let is_apart = |step: &Step| step.new.is_some() && self.tree_of(&step.path).is_none();
            let apart = self.numbered().filter(|(_, step)| is_apart(step));
            apart.map(|(slot, _)| slot).collect()
        })
    }

    fn numbered(&self) -> impl DoubleEndedIterator<Item = (usize, &Step<'a>)> {
        self.steps.iter().enumerate()
    }
}

/// Where what is `below` a tree is staged: nothing, or a path with a `/` before it.
fn tree_name(tree: usize, below: &str) -> String {
    [FOLDER, "/tree-", &tree.to_string(), below].concat()
}

fn old_name(slot: usize) -> String {
    format!("{FOLDER}/old-{slot}")
}

/// Makes all changes or none; `new` holds what becomes of the file of each step, nothing for a removal.
///
/// Returns the names under which edits were kept that somebody made meanwhile.
pub(super) fn commit(
    disk: &dyn Disk,
    journal: &Journal,
    new: &[Option<&Artifact>],
    owner: &str,
) -> Result<Vec<String>, OutputError> {
    if let Err(error) = stage(disk, journal, new, owner) {
        clear(disk);
        return Err(error);
    }
    let moved = forward_or_back(disk, journal);
    // With the way back barred, the journal and what it needs must stay.
    if !matches!(moved, Err(OutputError::Unfinished { .. })) {
        clear(disk);
    }
    moved
}

/// Writes everything down that the renames need, and the journal last.
fn stage(
    disk: &dyn Disk,
    journal: &Journal,
    new: &[Option<&Artifact>],
    owner: &str,
) -> Result<(), OutputError> {
    disk.make_folder(FOLDER).map_err(io_error("make", FOLDER))?;
    disk.create(IGNORE, b"*\n", false)
        .map_err(io_error("write", IGNORE))?;
    disk.create(&owner_file(), format!("{owner}\n").as_bytes(), false)
        .map_err(io_error("write", FOLDER))?;
    for (slot, step) in journal.numbered().filter(|(_, step)| step.old.is_some()) {
        // Where there are no hard links the file is renamed later, in `put`.
        disk.link(&step.path, &old_name(slot))
            .map_err(io_error("replace", &step.path))?;
    }
    let folders = journal.folders.iter().filter_map(|folder| {
        Some(New {
            path: journal.in_tree(folder)?,
            stands_for: folder,
        })
    });
    let folders: Vec<New> = folders.collect();
    let numbered = journal.numbered().zip(new);
    let files: Vec<_> = numbered
        .filter_map(|((slot, step), new)| Some((slot, step, (*new)?)))
        .collect();
    let files = NewFiles {
        count: files.len(),
        at: &|number| {
            let (slot, step, artifact) = files[number];
            NewFile {
                at: New {
                    path: journal.new_name(slot, step),
                    stands_for: &step.path,
                },
                text: &artifact.text,
                executable: artifact.executable,
            }
        },
    };
    // What is needed next is worked out while the disk is busy.
    let (text, created) = both(
        files.count >= MANY_FILES,
        || {
            journal.apart();
            journal.to_text()
        },
        || disk.create_all(&folders, &files),
    );
    created.map_err(|(doing, path, source)| io_error(doing, path)(source))?;
    disk.create(FORWARD, text.as_bytes(), false)
        .map_err(io_error("write", FORWARD))?;
    if let Err(error) = disk.sync(&mut journal.staged()) {
        // Nothing was renamed yet, so without the journal nothing happened.
        disk.remove(FORWARD).map_err(io_error("remove", FORWARD))?;
        return Err(io_error("flush", "")(error));
    }
    Ok(())
}

fn forward_or_back(disk: &dyn Disk, journal: &Journal) -> Result<Vec<String>, OutputError> {
    let cause = match forward(disk, journal) {
        Ok(moved) => return Ok(moved),
        Err(cause) => cause,
    };
    match turn_back(disk, journal) {
        Ok(()) => Err(cause),
        Err(source) => Err(OutputError::Unfinished {
            root: "".into(),
            cause: Box::new(cause),
            source: Box::new(source),
        }),
    }
}

fn turn_back(disk: &dyn Disk, journal: &Journal) -> Result<(), OutputError> {
    disk.rename(FORWARD, BACK)
        .map_err(io_error("rename", FORWARD))?;
    // No step back may reach the disk before the word that we go back.
    disk.sync(&mut std::iter::once(FOLDER.to_owned()))
        .map_err(io_error("flush", FOLDER))?;
    back(disk, journal)
}

/// Does what the journal lists, as far as it is not done.
fn forward(disk: &dyn Disk, journal: &Journal) -> Result<Vec<String>, OutputError> {
    let mut moved = Vec::new();
    for (slot, step) in journal.numbered().filter(|(_, step)| step.new.is_none()) {
        retire(disk, slot, step)?;
    }
    prune(disk, journal)?;
    let placed: Vec<bool> = (journal.trees.iter().enumerate())
        .map(|(tree, path)| disk.rename_folder(&tree_name(tree, ""), path).is_ok())
        .collect();
    // What is in the way of a tree, or why it cannot be moved, is found out file by file.
    let is_placed = |path: &str| {
        let tree = journal.tree_of(path);
        tree.is_some_and(|(tree, _)| placed[tree])
    };
    for folder in journal.folders.iter().filter(|it| !is_placed(it)) {
        disk.make_folder(folder).map_err(io_error("make", folder))?;
    }
    if placed.iter().all(|it| *it) {
        for slot in journal.apart() {
            put(disk, journal, *slot, &mut moved)?;
        }
    } else {
        for (slot, step) in journal.numbered() {
            if step.new.is_some() && !is_placed(&step.path) {
                put(disk, journal, slot, &mut moved)?;
            }
        }
    }
    disk.sync(&mut journal.changed())
        .map_err(io_error("flush", ""))?;
    disk.remove(FORWARD).map_err(io_error("remove", FORWARD))?;
    Ok(moved)
}

/// Takes a file away, unless it is no longer the one we know.
fn retire(disk: &dyn Disk, slot: usize, step: &Step) -> Result<(), OutputError> {
    if stamp(disk, &step.path)? != step.old || step.old.is_none() {
        return Ok(());
    }
    if exists(disk, &old_name(slot))? {
        disk.remove(&step.path)
    } else {
        disk.rename_aside(&step.path, &old_name(slot))
    }
    .map_err(io_error("remove", &step.path))
}

/// Removes the folders that removals left empty and nothing new goes to.
fn prune(disk: &dyn Disk, journal: &Journal) -> Result<(), OutputError> {
    let parents_of = |steps: fn(&&Step) -> bool| -> BTreeSet<&str> {
        journal
            .steps
            .iter()
            .filter(steps)
            .flat_map(|step| path::parents(&step.path))
            .collect()
    };
    let left = parents_of(|step| step.new.is_none());
    if left.is_empty() {
        return Ok(());
    }
    let needed = parents_of(|step| step.new.is_some());
    // From the last to the first: a folder sorts before what is in it.
    for folder in left.iter().rev().filter(|folder| !needed.contains(*folder)) {
        disk.remove_folder(folder)
            .map_err(io_error("remove", folder))?;
    }
    Ok(())
}

/// Puts a staged file in its place.
fn put(
    disk: &dyn Disk,
    journal: &Journal,
    slot: usize,
    moved: &mut Vec<String>,
) -> Result<(), OutputError> {
    let step = &journal.steps[slot];
    let (new, old, path) = (
        journal.new_name(slot, step),
        old_name(slot),
        step.path.as_ref(),
    );
    // The usual case of a first build takes one call. Whatever is in its way is looked at below.
    if step.old.is_none() && step.backup.is_none() && disk.rename_aside(&new, path).is_ok() {
        return Ok(());
    }
    if exists(disk, &new)? {
        clear_the_way(disk, step, moved)?;
        if step.old.is_some() && !exists(disk, &old)? && exists(disk, path)? {
            disk.rename_aside(path, &old)
                .map_err(io_error("rename", path))?;
        }
        disk.rename(&new, path).map_err(io_error("write", path))?;
    }
    if let Some(backup) = &step.backup
        && exists(disk, &old)?
        && !is_backed_up(disk, step)?
    {
        disk.rename_aside(&old, backup)
            .map_err(io_error("write", backup))?;
    }
    Ok(())
}

/// True when the backup holds what it should: after a power loss it may have its name before the new file has its own.
fn is_backed_up(disk: &dyn Disk, step: &Step) -> Result<bool, OutputError> {
    match &step.backup {
        Some(backup) => Ok(stamp(disk, backup)? == step.old),
        None => Ok(false),
    }
}

/// Undoes what the journal lists, as far as it is done.
fn back(disk: &dyn Disk, journal: &Journal) -> Result<(), OutputError> {
    for (slot, step) in journal
        .numbered()
        .rev()
        .filter(|(_, step)| step.old.is_none())
    {
        // With the staged file still there, what stands in its place is somebody else's.
        if !exists(disk, &journal.new_name(slot, step))?
            && step.new.is_some()
            && stamp(disk, &step.path)? == step.new
        {
            disk.remove(&step.path)
                .map_err(io_error("remove", &step.path))?;
        }
    }
    for folder in journal.folders.iter().rev() {
        disk.remove_folder(folder)
            .map_err(io_error("remove", folder))?;
    }
    for (slot, step) in journal.numbered().filter(|(_, step)| step.old.is_some()) {
        restore(disk, slot, step)?;
    }
    disk.sync(&mut journal.changed())
        .map_err(io_error("flush", ""))?;
    disk.remove(BACK).map_err(io_error("remove", BACK))
}

/// Puts back what was replaced or removed.
fn restore(disk: &dyn Disk, slot: usize, step: &Step) -> Result<(), OutputError> {
    let old = old_name(slot);
    let kept = if exists(disk, &old)? {
        old
    } else {
        match &step.backup {
            Some(backup) if is_backed_up(disk, step)? => backup.clone(),
            // It was never taken away, or is back already.
            _ => return Ok(()),
        }
    };
    clear_the_way(disk, step, &mut Vec::new())?;
    let parents: Vec<&str> = path::parents(&step.path).collect();
    for folder in parents.into_iter().rev() {
        disk.make_folder(folder).map_err(io_error("make", folder))?;
    }
    disk.rename(&kept, &step.path)
        .map_err(io_error("restore", &step.path))
}

/// Keeps what somebody put in a file's place since we looked: it gets a name of its own.
fn clear_the_way(disk: &dyn Disk, step: &Step, moved: &mut Vec<String>) -> Result<(), OutputError> {
    let path = step.path.as_ref();
    let seen = disk.see(path).map_err(io_error("read", path))?;
    let stamp = seen.stamp();
    if seen == Seen::Absent || (stamp.is_some() && (stamp == step.old || stamp == step.new)) {
        return Ok(());
    }
    let aside = free_name(disk, path)?;
    disk.rename_aside(path, &aside)
        .map_err(io_error("rename", path))?;
    moved.push(aside);
    Ok(())
}

/// A name beside `path` that nothing has: `<path>.bak`, `<path>.bak-2` and so on.
pub(super) fn free_name(disk: &dyn Disk, path: &str) -> Result<String, OutputError> {
    let mut name = format!("{path}.bak");
    let mut number = 1_u32;
    while exists(disk, &name)? {
        number += 1;
        name = format!("{path}.bak-{number}");
    }
    Ok(name)
}

/// Finishes or undoes what an interrupted build left. The caller holds the lock.
pub(super) fn recover(disk: &dyn Disk) -> Result<Option<Recovery>, OutputError> {
    match disk.kind(FOLDER).map_err(io_error("read", FOLDER))? {
        None => return Ok(None),
        Some(Kind::Folder) => {}
        Some(kind) => {
            let at = FOLDER.to_owned();
            return Err(OutputError::Clash(vec![Clash {
                path: at.clone(),
                cause: ClashCause::InTheWay { at, kind },
            }]));
        }
    }
    let owner = super::lock::holder(disk);
    let outcome = if let Some(journal) = Journal::read(disk, BACK)? {
        back(disk, &journal)?;
        Recovered::Back
    } else if let Some(journal) = Journal::read(disk, FORWARD)? {
        if is_whole(disk, &journal)? {
            forward_or_back(disk, &journal)?;
            Recovered::Forward
        } else {
            turn_back(disk, &journal)?;
            Recovered::Back
        }
    } else {
        Recovered::Cleared
    };
    // A folder that holds nothing of ours is no trace of a build.
    let cleared = clear(disk);
    Ok((cleared || outcome != Recovered::Cleared).then_some(Recovery { outcome, owner }))
}

/// True when every step is done or can be done: after a power loss a staged file may be torn or gone.
fn is_whole(disk: &dyn Disk, journal: &Journal) -> Result<bool, OutputError> {
    for (slot, step) in journal.numbered().filter(|(_, step)| step.new.is_some()) {
        let staged = stamp(disk, &journal.new_name(slot, step))?;
        if staged == step.new {
            continue;
        }
        if staged.is_some() {
            return Ok(false);
        }
        // Gone from the staging folder: either it was put in its place, or it never reached the disk.
        let placed = stamp(disk, &step.path)?;
        if placed != step.new && (placed == step.old || placed.is_none()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes the staging folder as far as it is ours, and says whether anything was. What cannot be removed now is removed next time.
fn clear(disk: &dyn Disk) -> bool {
    let is_slot = |name: &str, of: &str| {
        let rest = name.strip_prefix(of);
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_ours = |(name, kind): &&(String, Kind)| match (name.as_str(), kind) {
        (name, Kind::Folder) => is_slot(name, "tree-"),
        ("forward" | "back" | "owner" | ".gitignore" | "lock", _) => true,
        (name, _) => is_slot(name, "new-") || is_slot(name, "old-"),
    };
    let mut cleared = false;
    // A second time, for the call that failed once.
    for _ in 0..2 {
        let Ok(names) = disk.list(FOLDER) else {
            continue;
        };
        for (name, kind) in names.iter().filter(is_ours) {
            let path = format!("{FOLDER}/{name}");
            cleared |= if *kind == Kind::Folder {
                clear_tree(disk, &path)
            } else {
                disk.remove(&path).is_ok()
            };
        }
        match disk.remove_folder(FOLDER) {
            Ok(true) => return true,
            Ok(false) if !names.iter().any(|it| is_ours(&it)) => return cleared,
            Ok(false) | Err(_) => {}
        }
    }
    cleared
}

/// Removes a staged folder with its files, and says whether it is gone.
fn clear_tree(disk: &dyn Disk, folder: &str) -> bool {
    for (name, kind) in disk.list(folder).unwrap_or_default() {
        let path = format!("{folder}/{name}");
        match kind {
            Kind::Folder => drop(clear_tree(disk, &path)),
            Kind::File => drop(disk.remove(&path)),
            // No build stages such a thing.
            Kind::HugeFile | Kind::Link | Kind::Special => {}
        }
    }
    disk.remove_folder(folder).unwrap_or(false)
}

fn exists(disk: &dyn Disk, path: &str) -> Result<bool, OutputError> {
    Ok(disk.kind(path).map_err(io_error("read", path))?.is_some())
}

fn stamp(disk: &dyn Disk, path: &str) -> Result<Option<Stamp>, OutputError> {
    Ok(disk.see(path).map_err(io_error("read", path))?.stamp())
}
