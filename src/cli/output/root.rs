//! Opening the root of the tree, and making it when it is not there.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::beneath::{Before, PASS, device, is, kind_of, mode_bits, mode_of, step};
use super::disk::Kind;
use super::error::OutputError;

const FOLDER_MODE: u32 = 0o755;

/// How the root is opened.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    /// Make it, and the folders above, when it is not there.
    pub(super) make: bool,
    /// Allow symbolic links on the way.
    pub(super) follow_links: bool,
}

/// The opened root.
pub(super) struct Root {
    /// Its descriptor, good for reading and locking.
    pub(super) folder: OwnedFd,
    /// The file system it is on.
    pub(super) device: u64,
    /// Its number there.
    pub(super) inode: u64,
    /// What was made on the way.
    pub(super) made: Made,
}

/// The folders made on the way to the root, outermost first, to be removed again when nothing comes of it.
#[derive(Default)]
pub(super) struct Made(pub(super) Vec<(OwnedFd, OsString)>);

impl Made {
    /// Removes them, as far as they are empty.
    pub(super) fn undo(&self) {
        for (parent, name) in self.0.iter().rev() {
            // One that somebody uses by now stays.
            let _ = fs::unlinkat(parent, name.as_os_str(), AtFlags::REMOVEDIR);
        }
    }
}

impl Root {
    /// Opens the root; nothing when it is not there and not to be made.
    pub(super) fn open(
        path: &Path,
        opening: Opening,
        before: Before,
    ) -> Result<Option<Self>, OutputError> {
        let mut made = Made::default();
        let opened = walk(path, opening, before, &mut made);
        if !matches!(opened, Ok(Some(_))) {
            made.undo();
        }
        let Some(folder) = opened? else {
            return Ok(None);
        };
        match step(before, "fstat", || fs::fstat(&folder)) {
            Ok(stat) => Ok(Some(Self {
                folder,
                device: device(&stat),
                inode: stat.st_ino,
                made,
            })),
            Err(error) => {
                made.undo();
                Err(failed("read", path)(error))
            }
        }
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OutputError {
    move |source| OutputError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

/// Goes down to the root part by part, so that a link on the way is noticed.
fn walk(
    path: &Path,
    opening: Opening,
    before: Before,
    made: &mut Made,
) -> Result<Option<OwnedFd>, OutputError> {
    let mut flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = PathBuf::from(if path.is_absolute() { "/" } else { "." });
    let mut here = step(before, "open", || {
        fs::openat(fs::CWD, &at, flags | PASS, Mode::empty())
    })
    .map_err(failed("open", &at))?;
    if !opening.follow_links {
        flags |= OFlags::NOFOLLOW;
    }
    for part in path.components() {
        let name = match part {
            Component::Normal(name) => name,
            Component::ParentDir => OsStr::new(".."),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => continue,
        };
        at.push(name);
        let open = || {
            step(before, "openat", || {
                fs::openat(&here, name, flags | PASS, Mode::empty())
            })
        };
        let next = match open() {
            Err(error) if is(&error, &[Errno::NOENT]) && !opening.make => return Ok(None),
            Err(error) if is(&error, &[Errno::NOENT]) => {
                let new = make_folder(&here, name, before).map_err(failed("make", &at))?;
                let next = open();
                if new {
                    made.0.push((here, name.to_owned()));
                }
                next
            }
            Err(_)
                if !opening.follow_links
                    && kind_of(&here, name).is_ok_and(|kind| kind == Some(Kind::Link)) =>
            {
                return Err(OutputError::LinkedRoot {
                    root: path.to_owned(),
                    link: at,
                });
            }
            other => other,
        };
        here = next.map_err(failed("open", &at))?;
    }
    let flags = flags | OFlags::RDONLY;
    let root = step(before, "openat", || {
        fs::openat(&here, ".", flags, Mode::empty())
    });
    root.map(Some).map_err(failed("read", path))
}

/// Makes a folder with mode 0755, whatever the umask is, and says whether it is new.
pub(super) fn make_folder(parent: &OwnedFd, name: &OsStr, before: Before) -> io::Result<bool> {
    let mkdir = || {
        step(before, "mkdirat", || {
            fs::mkdirat(parent, name, mode_of(FOLDER_MODE))
        })
    };
    let rmdir = || {
        step(before, "unlinkat", || {
            fs::unlinkat(parent, name, AtFlags::REMOVEDIR)
        })
    };
    match mkdir() {
        Err(error) if is(&error, &[Errno::EXIST]) => return Ok(false),
        other => other?,
    }
    let set_mode = || -> io::Result<()> {
        let stat = step(before, "fstatat", || {
            fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        })?;
        if mode_bits(&stat) == FOLDER_MODE {
            return Ok(());
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = step(before, "openat", || {
            fs::openat(parent, name, flags, Mode::empty())
        })?;
        step(before, "fchmod", || {
            fs::fchmod(&folder, mode_of(FOLDER_MODE))
        })
    };
    match set_mode() {
        Err(error) if is(&error, &[Errno::ACCESS]) => {
            // The umask takes even the owner's rights, and a mode can only be set safely on what can be opened.
            rmdir()?;
            rustix::process::umask(mode_of(0o022));
            mkdir()?;
            set_mode()?;
        }
        Err(error) => {
            rmdir()?;
            return Err(error);
        }
        Ok(()) => {}
    }
    Ok(true)
}
