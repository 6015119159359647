//! The lock that keeps two builds from writing one tree at once.
//!
//! It is an advisory lock on the root folder itself. The kernel drops it with the process, so it is never stale; it leaves no file behind; and it can be had on a read-only file system.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::beneath::{Beneath, is};
use super::disk::{Disk, Seen};
use super::error::{OutputError, io_error};
use super::journal;
use super::{LOCK_FILE, Options};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Holds the tree until it is dropped.
pub(super) struct Lock {
    _file: OwnedFd,
}

impl Lock {
    /// Waits until this process alone may write the tree.
    pub(super) fn exclusive(disk: &Beneath, options: &Options) -> Result<Self, OutputError> {
        let mut file = disk
            .root()
            .try_clone_to_owned()
            .map_err(io_error("lock", ""))?;
        let began = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            let locked = disk.call("flock", || {
                flock(&file, FlockOperation::NonBlockingLockExclusive)
            });
            let error = match locked {
                Ok(()) => return Ok(Self { _file: file }),
                Err(error) => error,
            };
            if is(
                &error,
                &[Errno::BADF, Errno::NOLCK, Errno::OPNOTSUPP, Errno::INVAL],
            ) && is_root(&file, disk)
            {
                file = lock_file(disk).map_err(io_error("lock", ""))?;
                continue;
            }
            if !is(&error, &[Errno::WOULDBLOCK, Errno::INTR]) {
                return Err(io_error("lock", "")(error));
            }
            let waited = began.elapsed();
            if waited >= options.wait {
                return Err(OutputError::Locked {
                    root: "".into(),
                    holder: holder(disk),
                    waited,
                });
            }
            if pause == Duration::from_millis(8) {
                (options.on_wait)(&holder(disk).unwrap_or_else(|| "another build".to_owned()));
            }
            thread::sleep(pause.min(options.wait.saturating_sub(waited)));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits a moment for a running build, then goes on without: a reader harms nobody.
    pub(super) fn shared(disk: &Beneath, wait: Duration) -> Option<Self> {
        let file = disk.root().try_clone_to_owned().ok()?;
        let began = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => return Some(Self { _file: file }),
                Err(Errno::WOULDBLOCK | Errno::INTR) if began.elapsed() < wait => {
                    thread::sleep(LONGEST_PAUSE / 5);
                }
                Err(_) => return None,
            }
        }
    }
}

/// A network file system may lock only files opened for writing, which a folder never is: there a file stays behind.
fn lock_file(disk: &Beneath) -> io::Result<OwnedFd> {
    disk.open_at(LOCK_FILE, OFlags::RDWR | OFlags::CREATE)
}

fn is_root(file: &OwnedFd, disk: &Beneath) -> bool {
    let inode =
        |file: std::os::fd::BorrowedFd| rustix::fs::fstat(file).ok().map(|stat| stat.st_ino);
    inode(file.as_fd()) == inode(disk.root())
}

/// What the build that holds the lock says of itself. Nobody's word: it is only shown.
pub(super) fn holder(disk: &dyn Disk) -> Option<String> {
    let Ok(Seen::File { bytes, .. }) = disk.see(&journal::owner_file()) else {
        return None;
    };
    let text: String = String::from_utf8_lossy(&bytes)
        .lines()
        .next()?
        .chars()
        .filter(|letter| letter.is_ascii_graphic() || *letter == ' ')
        .take(80)
        .collect();
    (!text.is_empty()).then_some(text)
}

/// What this process says of itself while it writes.
pub(super) fn introduce() -> String {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    format!("process {} on {host}", std::process::id())
}
