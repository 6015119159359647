//! One file of the owner's, replaced in one step: `platform.lock`, and `platform.toml` when a command edits it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const MODE: u32 = 0o644;
const MARK: &str = "\u{feff}";

/// Puts `text` at `path`, where `before` is expected: after it the file is all new or all as it was, and what somebody else wrote meanwhile is never lost. False when the text was there already.
pub(super) fn replace(path: &Path, before: Option<&str>, text: &str) -> io::Result<bool> {
    let mode = match fs::symlink_metadata(path) {
        // A rename would get past it, and past whoever set it.
        Ok(found) if found.is_file() && found.permissions().readonly() => {
            let why = "it is read-only";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(found) if found.is_file() => found.permissions().mode() & 0o777,
        Ok(_) => {
            let why = "it is no regular file, and what it leads to is not replaced";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => MODE,
        Err(error) => return Err(error),
    };
    let there = read(path)?;
    if there.as_deref() == Some(text) {
        return Ok(false);
    }
    // The mark was left out when the text was read, and is left out of what we write.
    let there = there
        .as_deref()
        .map(|it| it.strip_prefix(MARK).unwrap_or(it));
    if there != before {
        return Err(io::Error::new(
            io::ErrorKind::Interrupted,
            "somebody else changed it meanwhile; run the command again",
        ));
    }
    let staged = staged(path)?;
    let written = stage(&staged, text, mode).and_then(|()| fs::rename(&staged, path));
    if let Err(error) = written {
        // What cannot be removed now is a file beside ours that nothing reads.
        let _ = fs::remove_file(&staged);
        return Err(error);
    }
    File::open(folder(path))?.sync_all()?;
    Ok(true)
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The name of the new file until it is whole: beside the old one, since a rename cannot leave a file system.
fn staged(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let name = name.to_string_lossy();
    Ok(folder(path).join(format!(".{name}.{}.new", std::process::id())))
}

fn stage(staged: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(staged)?;
    file.write_all(text.as_bytes())?;
    // Whatever the umask is, the file is as readable as it was.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}
