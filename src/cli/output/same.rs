//! Which of many files are as they should be, at a glance and on all cores.
//!
//! A build that changes nothing looks at every file: here each takes one opening, one buffer serves many, and nothing is kept. A file that is not as it should be, or that there is any doubt about, is looked at again by `survey`, which then says what is wrong.

use std::os::fd::BorrowedFd;

use super::MANY_FILES;
use crate::emit::Artifact;

/// For each file, whether it is there with just this text and these rights; false as well when that is not sure.
pub(super) fn find(root: BorrowedFd, files: &[&Artifact]) -> Vec<bool> {
    if files.len() < MANY_FILES {
        return vec![false; files.len()];
    }
    look(root, files)
}

#[cfg(not(target_os = "linux"))]
fn look(_root: BorrowedFd, files: &[&Artifact]) -> Vec<bool> {
    // Without `openat2` every part of a path is opened by itself, which `survey` does.
    vec![false; files.len()]
}

#[cfg(target_os = "linux")]
fn look(root: BorrowedFd, files: &[&Artifact]) -> Vec<bool> {
    /// So that the threads end at about the same time, without asking for work too often.
    const AT_ONCE: usize = 500;
    /// Most files fit in it.
    const BUFFER: usize = 16 << 10;
    let found = crate::side_by_side::in_parts(files, AT_ONCE, true, |chunk| {
        let mut buffer = vec![0; BUFFER];
        let is_same = |file: &&Artifact| is_same(root, file, &mut buffer).unwrap_or(false);
        chunk.iter().map(is_same).collect::<Vec<bool>>()
    });
    found.concat()
}

/// Compares piece by piece, and stops at the first difference.
#[cfg(target_os = "linux")]
fn is_same(root: BorrowedFd, file: &Artifact, buffer: &mut [u8]) -> rustix::io::Result<bool> {
    use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags};

    use super::beneath::mode_bits;
    use super::disk::is_executable;
    use super::survey::NEVER;

    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let opened = fs::openat2(root, file.path.as_str(), flags, Mode::empty(), resolve)?;
    let stat = fs::fstat(&opened)?;
    let mode = mode_bits(&stat);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile
        || u64::try_from(stat.st_size) != Ok(file.text.len() as u64)
        || is_executable(mode) != file.executable
        || mode & NEVER != 0
    {
        return Ok(false);
    }
    let mut rest = file.text.as_bytes();
    while !rest.is_empty() {
        let count = rustix::io::read(&opened, &mut *buffer)?;
        if count == 0 || !rest.starts_with(&buffer[..count]) {
            return Ok(false);
        }
        rest = &rest[count..];
    }
    Ok(true)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::fd::AsFd;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn c102_only_a_plain_file_with_this_text_and_these_rights_is_the_same() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let long = "0123456789".repeat(5000);
        fs::create_dir(at("in")).unwrap();
        for (name, text, mode) in [
            ("in/same", "text", 0o644),
            ("in/long", long.as_str(), 0o644),
            ("in/script", "text", 0o755),
            ("in/other", "texT", 0o644),
            ("in/shorter", "tex", 0o644),
            ("in/open", "text", 0o646),
        ] {
            fs::write(at(name), text).unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        }
        symlink("same", at("in/link")).unwrap();
        symlink("in", at("through")).unwrap();
        let is_same = |path: &str, text: &str, executable: bool| {
            let folder = fs::File::open(root.path()).unwrap();
            let mut file = Artifact::new(path, text);
            file.executable = executable;
            look(folder.as_fd(), &[&file])[0]
        };
        assert!(is_same("in/same", "text", false));
        assert!(is_same("in/long", &long, false));
        assert!(is_same("in/script", "text", true));
        for path in [
            "in/script",
            "in/other",
            "in/shorter",
            "in/open",
            "in/link",
            "through/same",
            "in/gone",
        ] {
            assert!(!is_same(path, "text", false), "{path}");
        }
        assert!(!is_same("in/same", "text", true));
        assert!(!is_same("in", "", true));
    }
}
