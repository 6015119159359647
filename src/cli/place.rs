//! The name of a file for services that know a repository and not where it is checked out.

use std::path::{Component, Path, PathBuf};

/// The path of a file from the root of its repository, or from here when it is in none, with forward slashes; absolute when it lies elsewhere.
pub(super) fn in_repository(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let file = plain(&here.join(file));
    name(&file, above(&file).unwrap_or(&here))
}

/// The root of the repository that we are in, or here when it is none: what names in a repository begin at.
pub(super) fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let root = above(&here.join("file")).map(Path::to_path_buf);
    root.unwrap_or(here)
}

fn above(file: &Path) -> Option<&Path> {
    let mut folders = file.ancestors().skip(1);
    folders.find(|folder| folder.join(".git").exists())
}

/// The path without `.` and `..`, taken as words: a link is named as the reader named it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

fn name(file: &Path, root: &Path) -> String {
    let Ok(below) = file.strip_prefix(root) else {
        return file.to_string_lossy().into_owned();
    };
    let parts: Vec<_> = below.iter().map(|it| it.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root() {
        let of = |file: &str| name(&plain(Path::new(file)), Path::new("/repo"));
        assert_eq!(of("/repo/lab/../lab/./platform.toml"), "lab/platform.toml");
        assert_eq!(of("/repo/../else/platform.toml"), "/else/platform.toml");
    }
}
