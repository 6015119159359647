//! The real disk: every call stays beneath the opened root and follows no symbolic link.
//!
//! Paths are resolved anew from the root's descriptor each time, by `openat2` where the kernel has it and part by part with `O_NOFOLLOW` elsewhere. So a link put in place between our look and our write leads to an error, never out of the tree. Who writes many files goes on from the folders that are open, one part at a time and with `O_NOFOLLOW`.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{self, Access, AtFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::MANY_FILES;
use super::disk::{Disk, Kind, New, NewFile, NewFiles, NotMade, Seen, create_each};
use super::error::OutputError;
use super::journal;
use super::path::is_below;
use super::root::{Opening, Root, make_folder};
use super::same;
use crate::emit::Artifact;
use crate::side_by_side::both;

/// A larger file is not read: no artifact comes near.
const HUGE: u64 = 256 << 20;
/// From this many files and folders on, flushing the whole file system costs less than flushing each. Measured on ext4: 150 files take 2 ms together and 25 ms one by one, but one file takes 0.4 ms however much other programs have left to write.
#[cfg(target_os = "linux")]
const MANY: usize = 12;

const FILE_MODE: u32 = 0o644;
const SCRIPT_MODE: u32 = 0o755;

/// Flags to open a folder only to go through it.
#[cfg(target_os = "linux")]
pub(super) const PASS: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
pub(super) const PASS: OFlags = OFlags::RDONLY;

/// Called before every system call with its name. Tests make the call fail or end the process there.
pub(super) type Before<'a> = &'a dyn Fn(&'static str) -> io::Result<()>;

/// The tree below an opened root.
pub(super) struct Beneath<'a> {
    root: Root,
    /// The staging folder while it is there. Every change passes through it: opened once, ten thousand files take a fifth less time.
    staging: RefCell<Option<Rc<OwnedFd>>>,
    /// The folder that a name was last changed or looked up in: files that follow each other mostly lie in one.
    last: RefCell<Option<(String, Rc<OwnedFd>)>>,
    before: Before<'a>,
}

impl<'a> Beneath<'a> {
    /// Opens the root; nothing when it is not there and not to be made.
    pub(super) fn open(
        root: &Path,
        opening: Opening,
        before: Before<'a>,
    ) -> Result<Option<Self>, OutputError> {
        let root = Root::open(root, opening, before)?;
        Ok(root.map(|root| Self {
            root,
            staging: RefCell::default(),
            last: RefCell::default(),
            before,
        }))
    }

    /// Opens a root that is there, for reading.
    pub(super) fn open_existing(
        root: &Path,
        follow_links: bool,
    ) -> Result<Option<Self>, OutputError> {
        let opening = Opening {
            make: false,
            follow_links,
        };
        Self::open(root, opening, &|_| Ok(()))
    }

    /// True when both are the same folder on the disk.
    pub(super) fn is_same_folder(&self, other: &Self) -> bool {
        (self.root.device, self.root.inode) == (other.root.device, other.root.inode)
    }

    /// Takes over the duty to remove what `earlier` made on its way.
    pub(super) fn inherit(&mut self, earlier: Self) {
        self.root.made.0.splice(0..0, earlier.root.made.0);
    }

    /// Removes the folders made on the way to the root, as far as they are empty.
    pub(super) fn unmake(&self) {
        self.root.made.undo();
    }

    /// The root's descriptor, to lock it.
    pub(super) fn root(&self) -> BorrowedFd<'_> {
        self.root.folder.as_fd()
    }

    /// Makes one system call, unless a test has other plans.
    pub(super) fn call<T>(
        &self,
        name: &'static str,
        call: impl FnOnce() -> rustix::io::Result<T>,
    ) -> io::Result<T> {
        step(self.before, name, call)
    }

    /// Opens `path` beneath the root; `""` is the root.
    pub(super) fn open_at(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        open_beneath(self.root(), path, flags, Mode::empty(), self.before)
    }

    /// Opens the folder that holds `path`, and splits off the last name.
    fn parent<'p>(&self, path: &'p str) -> io::Result<(Rc<OwnedFd>, &'p str)> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let open = || self.open_at(folder, PASS | OFlags::DIRECTORY).map(Rc::new);
        if folder != journal::FOLDER {
            let mut last = self.last.borrow_mut();
            if let Some((at, opened)) = &*last
                && at == folder
            {
                return Ok((Rc::clone(opened), name));
            }
            let opened = open()?;
            *last = Some((folder.to_owned(), Rc::clone(&opened)));
            return Ok((opened, name));
        }
        let mut staging = self.staging.borrow_mut();
        let opened = match &*staging {
            Some(opened) => Rc::clone(opened),
            None => Rc::clone(staging.insert(open()?)),
        };
        Ok((opened, name))
    }

    /// Finds the first thing on the way to `path` that is no folder.
    fn obstacle(&self, path: &str) -> io::Result<Seen> {
        let ends = path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()]);
        for end in ends {
            let at = &path[..end];
            match self.kind(at)? {
                None => return Ok(Seen::Absent),
                Some(Kind::Folder) if end < path.len() => {}
                Some(kind) => {
                    return Ok(Seen::Other {
                        at: at.to_owned(),
                        kind,
                    });
                }
            }
        }
        Ok(Seen::Absent)
    }

    fn rename_with(&self, from: &str, to: &str, flags: RenameFlags) -> io::Result<()> {
        let (from_folder, from_name) = self.parent(from)?;
        let (to_folder, to_name) = self.parent(to)?;
        if flags.is_empty() {
            return self.call("renameat", || {
                fs::renameat(&from_folder, from_name, &to_folder, to_name)
            });
        }
        let renamed = self.call("renameat2", || {
            fs::renameat_with(&from_folder, from_name, &to_folder, to_name, flags)
        });
        if !renamed
            .as_ref()
            .is_err_and(|error| is(error, &[Errno::INVAL, Errno::NOSYS, Errno::NOTSUP]))
        {
            return renamed;
        }
        // A file system without the flag: look first. Other builds are kept out by the lock.
        if kind_of(&to_folder, to_name)?.is_some() {
            return Err(Errno::EXIST.into());
        }
        self.call("renameat", || {
            fs::renameat(&from_folder, from_name, &to_folder, to_name)
        })
    }
}

impl Disk for Beneath<'_> {
    fn see(&self, path: &str) -> io::Result<Seen> {
        // Without NONBLOCK a pipe in a file's place would hold us for ever.
        let file = match self.open_at(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
            Ok(file) => file,
            Err(error) if is(&error, &[Errno::NOENT]) => return Ok(Seen::Absent),
            Err(error)
                if is(
                    &error,
                    &[
                        Errno::LOOP,
                        Errno::NOTDIR,
                        Errno::NXIO,
                        Errno::OPNOTSUPP,
                        Errno::MLINK,
                    ],
                ) =>
            {
                return self.obstacle(path);
            }
            Err(error) => return Err(error),
        };
        let stat = self.call("fstat", || fs::fstat(&file))?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if size <= HUGE => {
                let bytes = self.read(&file, usize::try_from(size).unwrap_or(0))?;
                let mode = mode_bits(&stat);
                return Ok(Seen::File { bytes, mode });
            }
            FileType::RegularFile => Kind::HugeFile,
            other => kind_from(other),
        };
        let at = path.to_owned();
        Ok(Seen::Other { at, kind })
    }

    fn kind(&self, path: &str) -> io::Result<Option<Kind>> {
        if path.is_empty() {
            return Ok(Some(Kind::Folder));
        }
        match self.parent(path) {
            Ok((folder, name)) => self
                .call("fstatat", || Ok(()))
                .and_then(|()| kind_of(&folder, name)),
            Err(error) if is(&error, &[Errno::NOENT, Errno::NOTDIR, Errno::LOOP]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn find_same(&self, files: &[&Artifact]) -> Vec<bool> {
        same::find(self.root(), files)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<(String, Kind)>> {
        let opened = match self.open_at(folder, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(opened) => opened,
            Err(error) if is(&error, &[Errno::NOENT, Errno::NOTDIR, Errno::LOOP]) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in self.call("getdents", || fs::Dir::new(opened))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => self
                    .kind(&format!("{folder}/{name}"))?
                    .unwrap_or(Kind::Special),
                known => kind_from(known),
            };
            names.push((name, kind));
        }
        names.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(names)
    }

    fn check_writable(&self, folder: &str) -> io::Result<()> {
        let opened = self.open_at(folder, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let stat = self.call("fstat", || fs::fstat(&opened))?;
        if device(&stat) != self.root.device {
            // A rename cannot cross over, and a copy would not be all or nothing.
            return Err(Errno::XDEV.into());
        }
        self.call("faccessat", || {
            fs::accessat(
                &opened,
                ".",
                Access::WRITE_OK | Access::EXEC_OK,
                AtFlags::EACCESS,
            )
        })?;
        if is_immutable(&opened) {
            Err(Errno::PERM.into())
        } else {
            Ok(())
        }
    }

    fn create(&self, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let rights = rights(executable);
        let file = open_beneath(self.root(), path, flags, mode_of(rights), self.before)?;
        fill(&file, bytes, self.before)?;
        set_rights(&file, rights, self.before).map(drop)
    }

    fn create_all<'n>(
        &self,
        folders: &[New<'n>],
        files: &NewFiles<'n, '_>,
    ) -> Result<(), NotMade<'n>> {
        if files.count < MANY_FILES {
            return create_each(self, folders, files);
        }
        // One begins at the front and one at the end: a folder takes one new name at a time, and so they are mostly in two.
        let root = self.root();
        let (rest, at) = (&Mutex::new(0..files.count), files.at);
        let (first, last) = both(
            true,
            || create_some(root, at, || take_first(rest)),
            || create_some(root, at, || take_last(rest)),
        );
        first.and(last)
    }

    fn link(&self, from: &str, to: &str) -> io::Result<bool> {
        let (from_folder, from_name) = self.parent(from)?;
        let (to_folder, to_name) = self.parent(to)?;
        let linked = self.call("linkat", || {
            fs::linkat(
                &from_folder,
                from_name,
                &to_folder,
                to_name,
                AtFlags::empty(),
            )
        });
        let cannot = [
            Errno::PERM,
            Errno::OPNOTSUPP,
            Errno::NOSYS,
            Errno::MLINK,
            Errno::ACCESS,
        ];
        match linked {
            Ok(()) => Ok(true),
            Err(error) if is(&error, &cannot) => {
                let file = self.open_at(from, OFlags::RDONLY | OFlags::NONBLOCK)?;
                // An immutable file cannot be renamed either: this is the time to say so.
                if is_immutable(&file) {
                    Err(error)
                } else {
                    Ok(false)
                }
            }
            Err(error) => Err(error),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_with(from, to, RenameFlags::empty())
    }

    fn rename_aside(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_with(from, to, RenameFlags::NOREPLACE)
    }

    fn rename_folder(&self, from: &str, to: &str) -> io::Result<()> {
        // What was opened below `from` keeps its place, which has another name then.
        self.last.take();
        self.rename_with(from, to, RenameFlags::NOREPLACE)?;
        self.last.take();
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let (folder, name) = match self.parent(path) {
            Err(error) if is(&error, &[Errno::NOENT]) => return Ok(()),
            other => other?,
        };
        match self.call("unlinkat", || fs::unlinkat(&folder, name, AtFlags::empty())) {
            Err(error) if is(&error, &[Errno::NOENT]) => Ok(()),
            other => other,
        }
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        make_folder(&folder, name.as_ref(), self.before).map(drop)
    }

    fn remove_folder(&self, path: &str) -> io::Result<bool> {
        if path == journal::FOLDER {
            self.staging.take();
        }
        self.last.take();
        let (folder, name) = match self.parent(path) {
            Err(error) if is(&error, &[Errno::NOENT, Errno::NOTDIR]) => return Ok(true),
            other => other?,
        };
        match self.call("unlinkat", || {
            fs::unlinkat(&folder, name, AtFlags::REMOVEDIR)
        }) {
            Ok(()) => Ok(true),
            Err(error) if is(&error, &[Errno::NOENT]) => Ok(true),
            Err(error) if is(&error, &[Errno::NOTEMPTY, Errno::EXIST, Errno::NOTDIR]) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn sync(&self, paths: &mut dyn Iterator<Item = String>) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        let few: Vec<String> = paths.take(MANY).collect();
        #[cfg(target_os = "linux")]
        if few.len() >= MANY || !self.root.made.0.is_empty() {
            return self.call("syncfs", || fs::syncfs(&self.root.folder));
        }
        #[cfg(target_os = "linux")]
        let paths = few.into_iter();
        for path in paths {
            match self.open_at(&path, OFlags::RDONLY | OFlags::NONBLOCK) {
                Ok(file) => self.call("fsync", || fs::fsync(&file))?,
                Err(error) if is(&error, &[Errno::NOENT, Errno::NOTDIR]) => {}
                Err(error) => return Err(error),
            }
        }
        #[cfg(target_vendor = "apple")]
        {
            for (parent, _) in &self.root.made.0 {
                self.call("fsync", || fs::fsync(parent))?;
            }
            // Here `fsync` ends at the drive's cache. Not every file system has the stronger call.
            let flushed = self.call("fcntl", || fs::fcntl_fullfsync(&self.root.folder));
            if !flushed
                .as_ref()
                .is_err_and(|error| is(error, &[Errno::NOTSUP, Errno::INVAL, Errno::NOTTY]))
            {
                return flushed;
            }
        }
        Ok(())
    }
}

/// Opens `path` beneath `root`; `""` is the root.
fn open_beneath(
    root: BorrowedFd,
    path: &str,
    flags: OFlags,
    mode: Mode,
    before: Before,
) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { "." } else { path };
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let name = if flags.contains(OFlags::CREATE) {
            "openat2 to create"
        } else {
            "openat2"
        };
        let opened = step(before, name, || {
            fs::openat2(root, path, flags, mode, resolve)
        });
        // Old kernels lack the call, and old containers forbid it.
        if !opened
            .as_ref()
            .is_err_and(|error| is(error, &[Errno::NOSYS, Errno::PERM]))
        {
            return opened;
        }
    }
    open_by_parts(root, path, flags, mode, before)
}

/// The same where the kernel has no `openat2`.
fn open_by_parts(
    root: BorrowedFd,
    path: &str,
    flags: OFlags,
    mode: Mode,
    before: Before,
) -> io::Result<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut rest = path;
    while let Some((part, after)) = rest.split_once('/') {
        let here = folder.as_ref().map_or(root, AsFd::as_fd);
        let pass = PASS | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folder = Some(step(before, "openat", || {
            fs::openat(here, part, pass, Mode::empty())
        })?);
        rest = after;
    }
    let here = folder.as_ref().map_or(root, AsFd::as_fd);
    let name = if flags.contains(OFlags::CREATE) {
        "openat to create"
    } else {
        "openat"
    };
    step(before, name, || fs::openat(here, rest, flags, mode))
}

/// How many files a writer takes at once.
const AT_ONCE: usize = 50;

/// The next files from the front of what is left.
fn take_first(rest: &Mutex<Range<usize>>) -> Range<usize> {
    let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = rest.start..rest.end.min(rest.start + AT_ONCE);
    rest.start = taken.end;
    taken
}

/// The next files from its end.
fn take_last(rest: &Mutex<Range<usize>>) -> Range<usize> {
    let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = rest.start.max(rest.end.saturating_sub(AT_ONCE))..rest.end;
    rest.end = taken.start;
    taken
}

/// Writes files as long as there are any; those that follow each other mostly lie in one folder.
fn create_some<'n>(
    root: BorrowedFd,
    at: &dyn Fn(usize) -> NewFile<'n>,
    take: impl Fn() -> Range<usize>,
) -> Result<(), NotMade<'n>> {
    let mut way = Way::from(root).map_err(|error| ("open", "", error))?;
    loop {
        let numbers = take();
        if numbers.is_empty() {
            return Ok(());
        }
        for file in numbers.map(at) {
            way.create(&file)
                .map_err(|error| ("write", file.at.stands_for, error))?;
        }
    }
}

/// The folders that a writer went through, the root first, to the one that it writes to.
struct Way(Vec<Opened>);

/// A folder that files are written to.
struct Opened {
    path: String,
    folder: OwnedFd,
    /// True when a file, and a script, was made here with the rights it is to have: a umask, or the folder's default rights, may take some.
    keeps: [bool; 2],
}

impl Way {
    fn from(root: BorrowedFd) -> io::Result<Self> {
        Ok(Self(vec![Opened {
            path: String::new(),
            folder: root.try_clone_to_owned()?,
            keeps: [false; 2],
        }]))
    }

    /// Writes one of many files.
    fn create(&mut self, file: &NewFile) -> io::Result<()> {
        let path = file.at.path.as_str();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let opened = self.go_to(folder)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let rights = rights(file.executable);
        let new = fs::openat(&opened.folder, name, flags, mode_of(rights))?;
        fill(&new, file.text.as_bytes(), &|_| Ok(()))?;
        let keeps = &mut opened.keeps[usize::from(file.executable)];
        if !*keeps {
            *keeps = set_rights(&new, rights, &|_| Ok(()))?;
        }
        Ok(())
    }

    /// Opens `folder`, as far as it is not open yet, and makes it, and those above, when it is not there.
    fn go_to(&mut self, folder: &str) -> io::Result<&mut Opened> {
        let is_on_the_way =
            |here: &str| here.is_empty() || here == folder || is_below(folder, here);
        while !is_on_the_way(&self.here().path) {
            self.0.pop();
        }
        while self.here().path != folder {
            let here = self.here();
            let start = here.path.len() + usize::from(!here.path.is_empty());
            let end = folder[start..].find('/');
            let end = end.map_or(folder.len(), |length| start + length);
            let name = &folder[start..end];
            let is_new = make_folder(&here.folder, name.as_ref(), &|_| Ok(()))?;
            let flags = PASS | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let below = Opened {
                path: folder[..end].to_owned(),
                folder: fs::openat(&here.folder, name, flags, Mode::empty())?,
                // A new folder takes over the default rights of the one that it is in.
                keeps: if is_new { here.keeps } else { [false; 2] },
            };
            self.0.push(below);
        }
        Ok(self.0.last_mut().expect(ROOT_STAYS))
    }

    fn here(&self) -> &Opened {
        self.0.last().expect(ROOT_STAYS)
    }
}

/// Every path is below the root's, so that is never left.
const ROOT_STAYS: &str = "the root is always open";

/// The rights of a file.
fn rights(executable: bool) -> u32 {
    if executable { SCRIPT_MODE } else { FILE_MODE }
}

/// Writes the whole of a new file.
fn fill(file: &OwnedFd, bytes: &[u8], before: Before) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match step(before, "write", || rustix::io::write(file, rest)) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sets the rights of a new file, unless it was made with them; true when it was.
fn set_rights(file: &OwnedFd, rights: u32, before: Before) -> io::Result<bool> {
    let stat = step(before, "fstat", || fs::fstat(file))?;
    let has_them = mode_bits(&stat) == rights;
    if !has_them {
        step(before, "fchmod", || fs::fchmod(file, mode_of(rights)))?;
    }
    Ok(has_them)
}

impl Beneath<'_> {
    fn read(&self, file: &OwnedFd, size: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; size];
        let mut filled = 0;
        while filled < size {
            match self.call("read", || rustix::io::read(file, &mut bytes[filled..])) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

/// Makes one system call, unless `before` has other plans.
pub(super) fn step<T>(
    before: Before,
    name: &'static str,
    call: impl FnOnce() -> rustix::io::Result<T>,
) -> io::Result<T> {
    before(name)?;
    Ok(call()?)
}

#[allow(
    clippy::useless_conversion,
    reason = "a mode has 16 bits on macOS and 32 on Linux"
)]
pub(super) fn mode_of(bits: u32) -> Mode {
    Mode::from_raw_mode(bits.try_into().unwrap_or_default())
}

#[allow(
    clippy::useless_conversion,
    reason = "a mode has 16 bits on macOS and 32 on Linux"
)]
pub(super) fn mode_bits(stat: &Stat) -> u32 {
    u32::from(stat.st_mode) & 0o7777
}

/// True when `error` is one of these.
pub(super) fn is(error: &io::Error, errnos: &[Errno]) -> bool {
    error
        .raw_os_error()
        .is_some_and(|raw| errnos.iter().any(|errno| errno.raw_os_error() == raw))
}

/// What kind of thing has this name in the folder.
pub(super) fn kind_of(folder: impl AsFd, name: impl rustix::path::Arg) -> io::Result<Option<Kind>> {
    match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(kind_from(FileType::from_raw_mode(stat.st_mode)))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn kind_from(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    }
}

#[cfg(target_os = "linux")]
/// The file system that a file is on.
pub(super) fn device(stat: &Stat) -> u64 {
    stat.st_dev
}

#[cfg(not(target_os = "linux"))]
/// The file system that a file is on.
pub(super) fn device(stat: &Stat) -> u64 {
    // Only ever compared with another of its kind.
    u64::from(stat.st_dev.cast_unsigned())
}

#[cfg(target_os = "linux")]
fn is_immutable(file: &OwnedFd) -> bool {
    use rustix::fs::IFlags;
    fs::ioctl_getflags(file).is_ok_and(|flags| flags.intersects(IFlags::IMMUTABLE | IFlags::APPEND))
}

#[cfg(target_vendor = "apple")]
fn is_immutable(file: &OwnedFd) -> bool {
    /// `UF_IMMUTABLE`, `UF_APPEND`, `SF_IMMUTABLE` and `SF_APPEND` of `sys/stat.h`.
    const FIXED: u32 = 0x0002 | 0x0004 | 0x0002_0000 | 0x0004_0000;
    fs::fstat(file).is_ok_and(|stat| stat.st_flags & FIXED != 0)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn is_immutable(_file: &OwnedFd) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c102_opening_by_parts_follows_no_link() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/c"), "in").unwrap();
        std::fs::write(home.path().join("c"), "out").unwrap();
        std::os::unix::fs::symlink(home.path(), root.join("a/out")).unwrap();
        std::os::unix::fs::symlink(home.path().join("c"), root.join("a/file")).unwrap();
        let disk = Beneath::open_existing(&root, false).unwrap().unwrap();
        let open = |path| {
            open_by_parts(
                disk.root(),
                path,
                OFlags::RDONLY | OFlags::NOFOLLOW,
                Mode::empty(),
                &|_| Ok(()),
            )
        };
        assert!(open("a/b/c").is_ok());
        assert!(open("a/out/c").is_err());
        assert!(open("a/file").is_err());
    }
}
