//! A disk in memory that loses power: what was not flushed survives in any mixture, or torn.
//!
//! It is harsher than a journaling file system, which keeps names in order: here each change of a name reaches the disk on its own, early, late or never, and a file's bytes as any beginning of them. Only a rename is one change, and only what was flushed is sure.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::crash::{EDITED, new, old, options};
use super::disk::{Disk, Kind, Seen};
use super::{journal, transact};

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    /// A file, by its place in the list of inodes.
    File(usize),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    bytes: Vec<u8>,
    executable: bool,
    /// True when the bytes are on the disk.
    flushed: bool,
}

/// A change of names that may not have reached the disk.
#[derive(Debug, Clone)]
enum Change {
    Set(String, Node),
    Unset(String),
    Move(String, String, Node),
}

#[derive(Debug, Clone, Default)]
struct Memory {
    /// Names as programs see them.
    seen: RefCell<BTreeMap<String, Node>>,
    /// Names as the disk has them for sure.
    sure: RefCell<BTreeMap<String, Node>>,
    /// What was done since, in order.
    pending: RefCell<Vec<Change>>,
    inodes: RefCell<Vec<Inode>>,
    /// How many changes there may be before the power goes.
    life: Cell<Option<usize>>,
    /// After how many of them one fails, while the power is still on.
    hiccup: Cell<Option<usize>>,
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Change {
    fn folders(&self) -> Vec<&str> {
        match self {
            Self::Set(path, _) | Self::Unset(path) => vec![folder_of(path)],
            Self::Move(from, to, _) => vec![folder_of(from), folder_of(to)],
        }
    }

    /// Makes the change as far as a disk can: no name without its folder, no folder gone from under a name.
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        let has_folder = |names: &BTreeMap<String, Node>, path: &str| {
            folder_of(path).is_empty() || names.get(folder_of(path)) == Some(&Node::Folder)
        };
        match self {
            Self::Set(path, node) if has_folder(names, path) => {
                names.insert(path.clone(), *node);
            }
            Self::Move(from, to, node) if has_folder(names, to) => {
                names.remove(from);
                names.insert(to.clone(), *node);
                if *node == Node::Folder {
                    move_inside(names, from, to);
                }
            }
            Self::Unset(path) if !names.keys().any(|name| folder_of(name) == path) => {
                names.remove(path);
            }
            Self::Set(..) | Self::Move(..) | Self::Unset(_) => {}
        }
    }
}

/// Gives everything below the folder `from` its name below `to`.
fn move_inside(names: &mut BTreeMap<String, Node>, from: &str, to: &str) {
    let inside = format!("{from}/");
    let moved: Vec<String> = (names.keys())
        .filter(|path| path.starts_with(&inside))
        .cloned()
        .collect();
    for path in moved {
        if let Some(node) = names.remove(&path) {
            names.insert(format!("{to}/{}", &path[inside.len()..]), node);
        }
    }
}

impl Memory {
    fn change(&self, change: Change) -> io::Result<()> {
        self.live()?;
        change.apply(&mut self.seen.borrow_mut());
        self.pending.borrow_mut().push(change);
        Ok(())
    }

    /// Counts a call that changes something; after the last one nothing works any more.
    fn live(&self) -> io::Result<()> {
        let hiccup = self.hiccup.get();
        self.hiccup.set(hiccup.and_then(|left| left.checked_sub(1)));
        if hiccup == Some(0) {
            return Err(io::Error::other("a bad moment"));
        }
        match self.life.get() {
            Some(0) => return Err(io::Error::other("the power is gone")),
            Some(left) => self.life.set(Some(left - 1)),
            None => {}
        }
        Ok(())
    }

    fn node(&self, path: &str) -> Option<Node> {
        self.seen.borrow().get(path).copied()
    }

    fn file(&self, path: &str) -> io::Result<Node> {
        self.node(path)
            .filter(|node| *node != Node::Folder)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn insist_free(&self, path: &str) -> io::Result<()> {
        if self.node(path).is_some() {
            Err(io::ErrorKind::AlreadyExists.into())
        } else {
            Ok(())
        }
    }

    /// Everything as programs see it, without the staging folder.
    fn tree(&self) -> BTreeMap<String, Option<(String, bool)>> {
        let inodes = self.inodes.borrow();
        let text = |node: &Node| match node {
            Node::Folder => None,
            Node::File(inode) => {
                let inode = &inodes[*inode];
                Some((
                    String::from_utf8_lossy(&inode.bytes).into_owned(),
                    inode.executable,
                ))
            }
        };
        self.seen
            .borrow()
            .iter()
            .map(|(path, node)| (path.clone(), text(node)))
            .collect()
    }

    /// The disk as the next program finds it: what was flushed, and of the rest what chance kept.
    fn lose_power(&self, chance: &mut Chance) -> Self {
        let next = self.clone();
        next.life.set(None);
        next.hiccup.set(None);
        let mut names = self.sure.borrow().clone();
        // From nearly nothing kept to nearly all.
        let odds = 1 + chance.below(15);
        for change in next.pending.borrow_mut().drain(..) {
            if chance.below(16) < odds {
                change.apply(&mut names);
            }
        }
        for inode in next
            .inodes
            .borrow_mut()
            .iter_mut()
            .filter(|inode| !inode.flushed)
        {
            let kept = if chance.below(2) == 0 {
                inode.bytes.len()
            } else {
                chance.below(inode.bytes.len() + 1)
            };
            inode.bytes.truncate(kept);
            inode.flushed = true;
        }
        *next.seen.borrow_mut() = names.clone();
        *next.sure.borrow_mut() = names;
        next
    }
}

impl Disk for Memory {
    fn see(&self, path: &str) -> io::Result<Seen> {
        let other = |at: &str, kind| Seen::Other {
            at: at.to_owned(),
            kind,
        };
        Ok(match self.node(path) {
            Some(Node::Folder) => other(path, Kind::Folder),
            Some(Node::File(inode)) => {
                let inode = &self.inodes.borrow()[inode];
                Seen::File {
                    bytes: inode.bytes.clone(),
                    mode: if inode.executable { 0o755 } else { 0o644 },
                }
            }
            None => super::path::parents(path)
                .find(|above| matches!(self.node(above), Some(Node::File(_))))
                .map_or(Seen::Absent, |above| other(above, Kind::File)),
        })
    }

    fn kind(&self, path: &str) -> io::Result<Option<Kind>> {
        Ok(match self.node(path) {
            _ if path.is_empty() => Some(Kind::Folder),
            Some(Node::Folder) => Some(Kind::Folder),
            Some(Node::File(_)) => Some(Kind::File),
            None => None,
        })
    }

    fn list(&self, folder: &str) -> io::Result<Vec<(String, Kind)>> {
        let seen = self.seen.borrow();
        let inside = seen.iter().filter(|(path, _)| folder_of(path) == folder);
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(inside
            .map(|(path, node)| {
                (
                    name(path),
                    if *node == Node::Folder {
                        Kind::Folder
                    } else {
                        Kind::File
                    },
                )
            })
            .collect())
    }

    fn check_writable(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
        self.insist_free(path)?;
        let mut inodes = self.inodes.borrow_mut();
        inodes.push(Inode {
            bytes: bytes.to_vec(),
            executable,
            flushed: false,
        });
        self.change(Change::Set(path.to_owned(), Node::File(inodes.len() - 1)))
    }

    fn link(&self, from: &str, to: &str) -> io::Result<bool> {
        self.insist_free(to)?;
        let node = self.file(from)?;
        self.change(Change::Set(to.to_owned(), node)).map(|()| true)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let node = self.file(from)?;
        if self.node(to) == Some(node) {
            // Two names of one file: POSIX does nothing.
            return self.live();
        }
        if self.node(to) == Some(Node::Folder) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        self.change(Change::Move(from.to_owned(), to.to_owned(), node))
    }

    fn rename_aside(&self, from: &str, to: &str) -> io::Result<()> {
        self.insist_free(to)?;
        self.rename(from, to)
    }

    fn rename_folder(&self, from: &str, to: &str) -> io::Result<()> {
        self.insist_free(to)?;
        match self.node(from) {
            Some(Node::Folder) => {
                let (from, to) = (from.to_owned(), to.to_owned());
                self.change(Change::Move(from, to, Node::Folder))
            }
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        match self.node(path) {
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            Some(Node::File(_)) => self.change(Change::Unset(path.to_owned())),
            None => Ok(()),
        }
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        match self.node(path) {
            Some(_) => Ok(()),
            None => self.change(Change::Set(path.to_owned(), Node::Folder)),
        }
    }

    fn remove_folder(&self, path: &str) -> io::Result<bool> {
        match self.node(path) {
            None => Ok(true),
            Some(Node::File(_)) => Ok(false),
            Some(Node::Folder) if !self.list(path)?.is_empty() => Ok(false),
            Some(Node::Folder) => self.change(Change::Unset(path.to_owned())).map(|()| true),
        }
    }

    fn sync(&self, paths: &mut dyn Iterator<Item = String>) -> io::Result<()> {
        self.live()?;
        let paths: BTreeSet<String> = paths.collect();
        for path in &paths {
            if let Some(Node::File(inode)) = self.node(path) {
                self.inodes.borrow_mut()[inode].flushed = true;
            }
        }
        let mut sure = self.sure.borrow_mut();
        self.pending.borrow_mut().retain(|change| {
            let reached = change
                .folders()
                .iter()
                .any(|folder| paths.contains(*folder));
            if reached {
                change.apply(&mut sure);
            }
            !reached
        });
        Ok(())
    }
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64, which needs no warming up.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound as u64).unwrap()
    }
}

/// The old tree with its edit, all of it on the disk.
fn before() -> Memory {
    let disk = Memory::default();
    transact(&disk, &old(), &options()).unwrap();
    let Node::File(edited) = disk.file(EDITED.0).unwrap() else {
        panic!()
    };
    disk.inodes.borrow_mut()[edited].bytes = EDITED.1.into();
    disk.inodes
        .borrow_mut()
        .iter_mut()
        .for_each(|inode| inode.flushed = true);
    *disk.sure.borrow_mut() = disk.seen.borrow().clone();
    disk.pending.borrow_mut().clear();
    disk
}

#[test]
fn c112_a_power_loss_leaves_a_tree_that_the_next_build_mends() {
    const LOSSES: u64 = 15;
    let old_tree = before().tree();
    let done = before();
    transact(&done, &new(), &options()).unwrap();
    let new_tree = done.tree();
    let (mut forward, mut back, mut at_the_end) = (0, 0, false);
    for life in 0.. {
        for loss in 1..=LOSSES {
            let mut chance = Chance((life as u64 + 1) << 20 | loss);
            let disk = before();
            disk.life.set(Some(life));
            // Every other time something fails before, so that the power goes while the build goes back.
            if loss % 2 == 0 {
                disk.hiccup
                    .set(Some(life.saturating_sub(1 + chance.below(20))));
            }
            let result = transact(&disk, &new(), &options());
            at_the_end = disk.life.get() != Some(0);
            let mut disk = disk.lose_power(&mut chance);
            // The next one may lose power as well, and the one after.
            for _ in 0..chance.below(3) {
                disk.life.set(Some(chance.below(40)));
                let _ = journal::recover(&disk);
                disk = disk.lose_power(&mut chance);
            }
            journal::recover(&disk).unwrap();
            let tree = disk.tree();
            if tree != old_tree {
                assert_eq!(
                    tree, new_tree,
                    "power lost after {life} changes, loss {loss}"
                );
            }
            assert!(
                result.is_err() || tree == new_tree,
                "a build that reported success is on the disk"
            );
            *if tree == new_tree {
                &mut forward
            } else {
                &mut back
            } += 1;
        }
        if at_the_end {
            break;
        }
    }
    assert!(
        at_the_end && forward > 100 && back > 100,
        "{forward} forward, {back} back"
    );
}
