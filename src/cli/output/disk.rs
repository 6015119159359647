//! What writing the tree asks of a disk; the real one is in `beneath.rs`, one that loses power in `memory.rs`.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use crate::emit::{Artifact, Digest};

/// A file tree, with every path relative to its root and parts separated by `/`; `""` is the root itself.
///
/// Nothing here follows a symbolic link or leaves the root.
pub(super) trait Disk {
    /// What stands at `path`, with its bytes when it is a file.
    fn see(&self, path: &str) -> io::Result<Seen>;
    /// What kind of thing stands at `path`, nothing when there is nothing.
    fn kind(&self, path: &str) -> io::Result<Option<Kind>>;
    /// For each of these files, whether it is there with just this text and these rights; false as well when that is not sure, and [`Disk::see`] tells.
    fn find_same(&self, files: &[&Artifact]) -> Vec<bool> {
        vec![false; files.len()]
    }
    /// What is in `folder`, ordered by name; nothing when it is no folder.
    fn list(&self, folder: &str) -> io::Result<Vec<(String, Kind)>>;
    /// Fails when names in `folder` cannot be changed, or lie on another file system than the root.
    fn check_writable(&self, folder: &str) -> io::Result<()>;
    /// Writes a file where nothing is.
    fn create(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()>;
    /// Makes folders, the outer ones named first, and writes files where nothing is, in any order; fails with the first that cannot be made. The folders of all files are among them, or there, and each holds one.
    fn create_all<'n>(
        &self,
        folders: &[New<'n>],
        files: &NewFiles<'n, '_>,
    ) -> Result<(), NotMade<'n>> {
        create_each(self, folders, files)
    }
    /// Gives the file a second name where nothing is; false when this file system cannot.
    fn link(&self, from: &str, to: &str) -> io::Result<bool>;
    /// Renames, replacing what is at `to`.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Renames to where nothing is.
    fn rename_aside(&self, from: &str, to: &str) -> io::Result<()>;
    /// Moves a folder with all that is in it to where nothing is.
    fn rename_folder(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; fine when it is not there.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes a folder; fine when it is there.
    fn make_folder(&self, path: &str) -> io::Result<()>;
    /// Removes a folder when it is empty, and says whether it is gone.
    fn remove_folder(&self, path: &str) -> io::Result<bool>;
    /// Returns when the bytes of these files and the names in these folders are on the disk; one that is not there is passed over. None is named twice.
    fn sync(&self, paths: &mut dyn Iterator<Item = String>) -> io::Result<()>;
}

/// A folder to make, or where a file is to be written.
#[derive(Debug)]
pub(super) struct New<'a> {
    /// Where.
    pub(super) path: String,
    /// The path that it is staged for, for people.
    pub(super) stands_for: &'a str,
}

/// Files to write, each thought of when it is its turn: of ten thousand, a list would take long.
pub(super) struct NewFiles<'a, 'f> {
    /// How many.
    pub(super) count: usize,
    /// The one with this number, from 0 on.
    pub(super) at: &'f (dyn Fn(usize) -> NewFile<'a> + Sync),
}

/// A file to write.
#[derive(Debug)]
pub(super) struct NewFile<'a> {
    /// Where.
    pub(super) at: New<'a>,
    /// What is in it.
    pub(super) text: &'a str,
    /// True for a script.
    pub(super) executable: bool,
}

/// What was to be done for which path, and why it could not.
pub(super) type NotMade<'a> = (&'static str, &'a str, io::Error);

/// Makes folders and then files, one after the other.
pub(super) fn create_each<'n>(
    disk: &(impl Disk + ?Sized),
    folders: &[New<'n>],
    files: &NewFiles<'n, '_>,
) -> Result<(), NotMade<'n>> {
    for folder in folders {
        disk.make_folder(&folder.path)
            .map_err(|error| ("make", folder.stands_for, error))?;
    }
    for NewFile {
        at,
        text,
        executable,
    } in (0..files.count).map(files.at)
    {
        disk.create(&at.path, text.as_bytes(), executable)
            .map_err(|error| ("write", at.stands_for, error))?;
    }
    Ok(())
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// What is in it.
        bytes: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
    /// No file: something else is here, or is where a folder above should be.
    Other {
        /// Where.
        at: String,
        /// What.
        kind: Kind,
    },
}

/// A kind of thing on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A file too large to be one of ours.
    HugeFile,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, socket or device.
    Special,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a file",
            Self::HugeFile => "a huge file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Special => "a pipe, socket or device",
        })
    }
}

/// What tells one content of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// The SHA-256 of its bytes.
    pub(super) sha256: Digest,
    /// True when its owner may execute it.
    pub(super) executable: bool,
}

impl Stamp {
    pub(super) fn new(bytes: &[u8], executable: bool) -> Self {
        Self {
            sha256: Digest::of(bytes),
            executable,
        }
    }

    /// The stamp that an artifact will have.
    pub(super) fn of(artifact: &Artifact) -> Self {
        Self {
            sha256: artifact.sha256(),
            executable: artifact.executable,
        }
    }
}

impl Seen {
    /// The stamp of a file.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        match self {
            Self::File { bytes, mode } => Some(Stamp::new(bytes, is_executable(*mode))),
            Self::Absent | Self::Other { .. } => None,
        }
    }
}

/// True when the owner may execute the file.
pub(super) fn is_executable(mode: u32) -> bool {
    mode & 0o100 != 0
}
