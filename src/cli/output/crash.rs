//! Tests that stop a build in the middle: a call that fails, a disk that goes, a process that is killed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::io::Errno;
use tempfile::TempDir;
use walkdir::WalkDir;

use super::beneath::Before;
use super::error::OutputError;
use super::{Options, Outcome, journal, open_locked, write_through};
use crate::emit::{Artifact, Artifacts};

/// The tree before: with a file edited by hand, one to go with its folder, one to become a folder.
pub(super) fn old() -> Artifacts {
    let mut artifacts = Artifacts::new();
    artifacts.add(Artifact::new("a/changed", "old\n"));
    artifacts.add(Artifact::new("a/kept", "kept\n"));
    artifacts.add(Artifact::new("a/mode", "mode\n"));
    artifacts.add(Artifact::new("b/edited", "old\n"));
    artifacts.add(Artifact::new("gone/deep/file", "old\n"));
    artifacts.add(Artifact::new("turns", "old\n"));
    artifacts
}

/// The tree after.
pub(super) fn new() -> Artifacts {
    let mut artifacts = Artifacts::new();
    artifacts.add(Artifact::new("a/changed", "new\n"));
    artifacts.add(Artifact::new("a/kept", "kept\n"));
    artifacts.add(Artifact::new("a/mode", "mode\n").executable());
    artifacts.add(Artifact::new("b/edited", "new\n"));
    artifacts.add(Artifact::new("fresh/deep/file", "new\n"));
    artifacts.add(Artifact::new("turns/inside", "new\n"));
    artifacts
}

/// The edit that somebody made to the old tree.
pub(super) const EDITED: (&str, &str) = ("b/edited", "by hand\n");

/// What every build here is told: the edited file may be replaced.
pub(super) fn options() -> Options<'static> {
    Options {
        force: true,
        ..Options::default()
    }
}

type Tree = BTreeMap<PathBuf, (u32, Option<String>)>;

/// A place in memory where there is one, since it is built thousands of times.
struct Place {
    _home: TempDir,
    root: PathBuf,
    old: Tree,
    new: Tree,
}

impl Place {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let home = tempfile::tempdir_in(folder.canonicalize().unwrap()).unwrap();
        let root = home.path().join("generated");
        let mut place = Self {
            _home: home,
            root,
            old: Tree::new(),
            new: Tree::new(),
        };
        place.reset();
        place.old = place.tree();
        place.write(&new(), &|_| Ok(())).unwrap();
        place.new = place.tree();
        assert!(
            place.new.contains_key(Path::new("b/edited.bak"))
                && !place.new.contains_key(Path::new("gone"))
        );
        place
    }

    /// The old tree, as if nothing had been built since.
    fn reset(&self) {
        let _ = fs::remove_dir_all(&self.root);
        self.write(&old(), &|_| Ok(())).unwrap();
        fs::write(self.root.join(EDITED.0), EDITED.1).unwrap();
    }

    fn write(&self, artifacts: &Artifacts, before: Before) -> Result<Outcome, OutputError> {
        write_through(&self.root, artifacts, &options(), before)
    }

    fn recover(&self, before: Before) -> Result<(), OutputError> {
        let (disk, _lock) = open_locked(&self.root, &options(), before)?;
        journal::recover(&disk).map(drop)
    }

    fn tree(&self) -> Tree {
        let walk = WalkDir::new(&self.root).min_depth(1);
        walk.into_iter()
            .map(|entry| {
                let entry = entry.unwrap();
                let text = entry
                    .file_type()
                    .is_file()
                    .then(|| fs::read_to_string(entry.path()).unwrap());
                let path = entry.path().strip_prefix(&self.root).unwrap().to_owned();
                (path, (entry.metadata().unwrap().mode(), text))
            })
            .collect()
    }

    /// All old or all new, and nothing besides; true for new.
    #[track_caller]
    fn assert_whole(&self, when: &dyn std::fmt::Display) -> bool {
        let tree = self.tree();
        if tree != self.old {
            assert_eq!(tree, self.new, "{when}");
        }
        tree == self.new
    }
}

/// Fails the call with this number, and from another on all of them: then the disk is gone.
struct Fault {
    at: usize,
    gone_from: usize,
    errno: Errno,
    calls: Cell<usize>,
    failed: RefCell<Option<&'static str>>,
}

impl Fault {
    fn once(at: usize, errno: Errno) -> Self {
        Self {
            at,
            gone_from: usize::MAX,
            errno,
            calls: Cell::new(0),
            failed: RefCell::default(),
        }
    }

    fn for_good(at: usize) -> Self {
        Self {
            gone_from: at,
            ..Self::once(at, Errno::IO)
        }
    }

    fn before(&self, name: &'static str) -> io::Result<()> {
        let call = self.calls.replace(self.calls.get() + 1);
        if call == self.at || call >= self.gone_from {
            self.failed.borrow_mut().get_or_insert(name);
            return Err(self.errno.into());
        }
        Ok(())
    }
}

/// What a poor system does not have: `openat2`, hard links, renames that replace nothing, locks on folders.
fn poor(name: &str, error: impl Fn() -> io::Result<()>) -> io::Result<()> {
    match name {
        "openat2" | "openat2 to create" => Err(Errno::NOSYS.into()),
        "linkat" => Err(Errno::PERM.into()),
        "renameat2" => Err(Errno::INVAL.into()),
        _ => error(),
    }
}

#[test]
fn c110_a_call_that_fails_leaves_the_tree_as_it_was() {
    let place = Place::new();
    place.reset();
    let space = [Errno::NOSPC, Errno::NOSPC, Errno::NOSPC];
    let mixed = [Errno::IO, Errno::DQUOT, Errno::MFILE];
    for (errnos, is_poor) in [(space, false), (mixed, false), (mixed, true)] {
        let mut kept = 0;
        for at in 0.. {
            let errno = errnos[at % errnos.len()];
            let fault = Fault::once(at, errno);
            let before = |name| {
                if is_poor {
                    poor(name, || fault.before(name))
                } else {
                    fault.before(name)
                }
            };
            let result = place.write(&new(), &before);
            let Some(failed) = *fault.failed.borrow() else {
                result.unwrap();
                place.reset();
                break;
            };
            let when = format!("{errno} at call {at}, {failed}");
            if let Err(error) = result {
                assert_eq!(error.exit_code(), 2, "{when}: {error}");
                assert_eq!(place.tree(), place.old, "{when}: {error}");
                kept += 1;
            } else {
                // What is left to do when the tree is whole may fail and be tried again.
                assert_eq!(place.tree(), place.new, "{when}");
                place.reset();
            }
        }
        assert!(kept > 100, "only {kept} failures were met");
    }
}

#[test]
fn c110_a_first_build_that_fails_leaves_no_root() {
    let place = Place::new();
    for at in 0.. {
        let _ = fs::remove_dir_all(&place.root);
        let fault = Fault::once(at, Errno::NOSPC);
        let result = place.write(&new(), &|name| fault.before(name));
        let Some(failed) = *fault.failed.borrow() else {
            break;
        };
        match result {
            Ok(_) => assert!(!place.root.join(".homelab").exists(), "call {at}, {failed}"),
            Err(error) => assert!(!place.root.exists(), "call {at}, {failed}: {error}"),
        }
    }
}

#[test]
fn c110_a_disk_that_goes_leaves_a_tree_that_the_next_build_mends() {
    let place = Place::new();
    let (mut forward, mut back) = (0, 0);
    for at in 0.. {
        place.reset();
        let fault = Fault::for_good(at);
        let result = place.write(&new(), &|name| fault.before(name));
        if fault.failed.borrow().is_none() {
            break;
        }
        if let Err(error) = result {
            assert_eq!(error.exit_code(), 2);
        }
        // And the one that mends it may be stopped as well: here, there, and then not.
        for again in [at % 7, at % 31 + 7, at % 97] {
            let fault = Fault::for_good(again);
            let _ = place.recover(&|name| fault.before(name));
        }
        place.recover(&|_| Ok(())).unwrap();
        *if place.assert_whole(&at) {
            &mut forward
        } else {
            &mut back
        } += 1;
    }
    assert!(forward > 20 && back > 100, "{forward} forward, {back} back");
}

#[test]
fn c110_a_disk_that_goes_on_the_way_back_leaves_a_tree_that_the_next_build_mends() {
    let place = Place::new();
    let mut unfinished = 0;
    for (at, steps_back) in (0..400)
        .step_by(7)
        .flat_map(|at| (1..60).step_by(6).map(move |back| (at, back)))
    {
        place.reset();
        let fault = Fault {
            gone_from: at + steps_back,
            ..Fault::once(at, Errno::IO)
        };
        if let Err(OutputError::Unfinished { .. }) = place.write(&new(), &|name| fault.before(name))
        {
            unfinished += 1;
        }
        let fault = Fault::for_good((at + steps_back) % 97);
        let _ = place.recover(&|name| fault.before(name));
        place.recover(&|_| Ok(())).unwrap();
        place.assert_whole(&format!("{at}, then {steps_back} back"));
    }
    assert!(
        unfinished > 20,
        "only {unfinished} were stopped on the way back"
    );
}

#[test]
fn c107_what_somebody_puts_in_the_place_of_a_new_folder_is_kept() {
    const THEIRS: &str = "theirs\n";
    let place = Place::new();
    let mut beside = 0;
    'calls: for at in 0.. {
        for life in [usize::MAX, 1, 4, 16] {
            place.reset();
            let fault = Fault::for_good(at + life.min(1 << 20));
            let put = |name: &'static str| {
                if fault.calls.get() == at {
                    let folder = place.root.join("fresh/deep");
                    fs::create_dir_all(&folder)?;
                    let ours = folder.join("file");
                    let free = if ours.exists() { "theirs" } else { "file" };
                    fs::write(folder.join(free), THEIRS)?;
                }
                fault.before(name)
            };
            let result = place.write(&new(), &put);
            if fault.calls.get() <= at {
                break 'calls;
            }
            place.recover(&|_| Ok(())).unwrap();
            let tree = place.tree();
            let has = |text: &str| tree.values().any(|(_, it)| it.as_deref() == Some(text));
            assert!(has(THEIRS), "call {at}, gone after {life}");
            assert!(!place.root.join(".homelab").exists(), "{at}, {life}");
            if result.is_ok() {
                let file = fs::read_to_string(place.root.join("fresh/deep/file")).unwrap();
                assert_eq!(file, "new\n", "call {at}");
                beside += usize::from(place.root.join("fresh/deep/file.bak").exists());
            }
        }
    }
    assert!(beside > 20, "only {beside} were moved aside");
}

#[test]
fn c109_a_read_only_folder_is_noticed_before_the_first_change() {
    let place = Place::new();
    place.reset();
    let calls = RefCell::new(Vec::new());
    let result = place.write(&new(), &|name| {
        calls.borrow_mut().push(name);
        if name == "faccessat" {
            Err(Errno::ROFS.into())
        } else {
            Ok(())
        }
    });
    assert_eq!(result.unwrap_err().exit_code(), 2);
    assert_eq!(calls.borrow().iter().filter(|name| writes(name)).count(), 0);
}

#[test]
fn c118_nothing_is_written_or_flushed_when_nothing_changed() {
    let place = Place::new();
    let calls = RefCell::new(Vec::new());
    place
        .write(&new(), &|name| {
            calls.borrow_mut().push(name);
            Ok(())
        })
        .unwrap();
    assert_eq!(
        calls.borrow().iter().filter(|name| writes(name)).count(),
        0,
        "{calls:?}"
    );
}

#[test]
fn a_system_without_the_newer_calls_builds_the_same_tree() {
    let place = Place::new();
    place.reset();
    let flocks = Cell::new(0);
    let before = |name: &'static str| {
        if name == "flock" && flocks.replace(flocks.get() + 1) == 0 {
            return Err(Errno::BADF.into());
        }
        poor(name, || Ok(()))
    };
    place.write(&new(), &before).unwrap();
    assert_eq!(flocks.get(), 2);
    fs::remove_file(place.root.join(super::LOCK_FILE)).unwrap();
    assert_eq!(place.tree(), place.new);
}

/// True for a call that changes the disk.
fn writes(name: &str) -> bool {
    let reads = [
        "open",
        "openat",
        "openat2",
        "fstat",
        "fstatat",
        "read",
        "getdents",
        "faccessat",
        "flock",
    ];
    !reads.contains(&name)
}

/// The process that [`c111_a_killed_build_leaves_a_tree_that_the_next_build_mends`] kills; empty when nobody asks.
#[test]
fn killed() {
    let (Ok(root), Ok(at)) = (std::env::var("CRASH_ROOT"), std::env::var("CRASH_AT")) else {
        return;
    };
    let (at, writes_so_far): (usize, _) = (at.parse().unwrap(), Cell::new(0));
    let before = |name: &'static str| {
        if writes(name) && writes_so_far.replace(writes_so_far.get() + 1) == at {
            rustix::process::kill_process(
                rustix::process::getpid(),
                rustix::process::Signal::KILL,
            )?;
        }
        Ok(())
    };
    write_through(Path::new(&root), &new(), &options(), &before).unwrap();
}

#[test]
fn c111_a_killed_build_leaves_a_tree_that_the_next_build_mends() {
    let place = Place::new();
    let (mut forward, mut back) = (0, 0);
    for at in 0.. {
        place.reset();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "cli::output::crash::killed"]);
        let output = command
            .env("CRASH_ROOT", &place.root)
            .env("CRASH_AT", at.to_string())
            .output()
            .unwrap();
        if output.status.success() {
            assert_eq!(place.tree(), place.new);
            break;
        }
        assert!(
            output.status.code().is_none(),
            "killed, not failed: {output:?}"
        );
        place.recover(&|_| Ok(())).unwrap();
        *if place.assert_whole(&at) {
            &mut forward
        } else {
            &mut back
        } += 1;
        place.write(&new(), &|_| Ok(())).unwrap();
        assert_eq!(place.tree(), place.new, "{at}");
    }
    assert!(forward > 10 && back > 20, "{forward} forward, {back} back");
}
