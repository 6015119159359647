//! Which paths may name a file of the tree: relative, plain, and never out of it.

use std::borrow::Cow;

use super::error::OutputError;
use super::journal;
use crate::emit::{Artifact, Artifacts};
use crate::side_by_side::in_parts;

/// The longest name of one part: the usual 255, less what a backup's name adds.
const LONGEST_PART: usize = 240;

/// How many paths one core looks at in a row.
const PART: usize = 4096;

/// Says what is wrong with `path`, or nothing when it may name a file below the root.
///
/// Records and journals on the disk are held to the same rule as artifacts: a pull request can write them too.
pub(super) fn fault(path: &str) -> Option<&'static str> {
    let bytes = path.as_bytes();
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    if !is_simple(path) {
        if path.contains('\\') {
            return Some("it has a backslash");
        }
        if bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
            return Some("it begins with a drive letter");
        }
        if path.chars().any(char::is_control) {
            return Some("it has a control character");
        }
    }
    if path.len() > 1000 {
        return Some("it is longer than 1000 bytes");
    }
    let mut parts = bytes.split(|byte| *byte == b'/');
    parts.find_map(part_fault).or_else(|| {
        let top = top(path).unwrap_or(path);
        let ours = [journal::FOLDER, super::LOCK_FILE];
        ours.iter()
            .any(|name| name.eq_ignore_ascii_case(top))
            .then_some("the name is kept for the build's own files")
    })
}

/// True for a path of small letters, digits and a few marks, as nearly all are. All bytes are looked at, which takes less than to stop at the first.
fn is_simple(path: &str) -> bool {
    let is_simple = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' => true,
        _ => matches!(byte, b'-' | b'.' | b'/' | b'_'),
    };
    path.bytes().fold(true, |all, byte| all & is_simple(byte))
}

fn part_fault(part: &[u8]) -> Option<&'static str> {
    match part {
        b"" => Some("a part of it is empty"),
        b"." | b".." => Some("a part of it is `.` or `..`"),
        [b'~', ..] => Some("a part of it begins with `~`"),
        _ if part.len() > LONGEST_PART => Some("a part of it is longer than 240 bytes"),
        // A file that Git obeys (`.git/hooks/…`) is no output, whatever the root is.
        _ if part.eq_ignore_ascii_case(b".git") => Some("a part of it is `.git`"),
        _ => None,
    }
}

/// True for what lies in a folder, however deep.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    let below = path.strip_prefix(folder);
    below.is_some_and(|below| below.starts_with('/'))
}

/// Finds the first artifact that cannot be written beside the others.
pub(super) fn check(artifacts: &Artifacts) -> Result<(), OutputError> {
    let all: Vec<&Artifact> = artifacts.iter().collect();
    let looked_at = in_parts(&all, PART, true, |part| {
        let names = part.iter().map(|artifact| {
            let path = artifact.path.as_str();
            match fault(path) {
                None => Ok((folded(path), path)),
                Some(why) => Err(OutputError::BadPath {
                    path: path.to_owned(),
                    why,
                }),
            }
        });
        names.collect::<Result<Vec<(Cow<str>, &str)>, OutputError>>()
    });
    let mut names = Vec::with_capacity(all.len());
    for part in looked_at {
        names.extend(part?);
    }
    // They come in the order of their paths, which is nearly this one.
    names.sort();
    let twins = names.windows(2).find(|two| two[0].0 == two[1].0);
    if let Some([(_, one), (_, other)]) = twins {
        return Err(OutputError::TwoNames {
            one: (*one).to_owned(),
            other: (*other).to_owned(),
        });
    }
    let find = |name: &str| {
        let at = names.binary_search_by(|(it, _)| it.as_ref().cmp(name)).ok();
        at.map(|at| names[at].1)
    };
    let parts = in_parts(&names, PART, true, |part| {
        let mut last = "";
        part.iter().find_map(|(name, path)| {
            // What lies in the folder of the name before it, or beside that, lies below the same folders.
            let mut folders = parents(name).take_while(|it| *it != last && !is_below(last, it));
            let file = folders.find_map(find);
            last = parent(name).unwrap_or_default();
            Some((file?, *path))
        })
    });
    match parts.into_iter().flatten().next() {
        None => Ok(()),
        Some((file, path)) => Err(OutputError::TwoNames {
            one: file.to_owned(),
            other: path.to_owned(),
        }),
    }
}

/// A path as macOS compares it, which folds case: there two such names are one file.
fn folded(path: &str) -> Cow<'_, str> {
    if is_simple(path) {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(path.to_lowercase())
    }
}

/// The folders above `path`, nearest first, without the root.
pub(super) fn parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |folder| parent(folder))
}

/// The folder that holds `path`, unless that is the root.
fn parent(path: &str) -> Option<&str> {
    // Names are short: to begin a search for many bytes at once takes longer than to look at each.
    let at = path.bytes().rposition(|byte| byte == b'/');
    at.map(|at| &path[..at])
}

/// The folder at the top of `path`, or nothing for a file directly below the root.
pub(super) fn top(path: &str) -> Option<&str> {
    path.split_once('/').map(|(top, _)| top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c101_paths_out_of_the_tree_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "a/./b",
            "a//b",
            "a/",
            "~/x",
            "a/~root/x",
            "a\\b",
            "C:/x",
            "c:x",
            "a\0b",
            "a\nb",
            ".homelab/forward",
            ".HomeLab/x",
            ".git/hooks/post-merge",
            "a/.GIT/config",
        ] {
            assert!(fault(bad).is_some(), "{bad:?} is let through");
        }
        assert!(fault(&"x".repeat(250)).is_some());
        for good in [
            "manifest.json",
            "systemd/nas/llm@.service",
            "mcp/.vscode/mcp.json",
            "a/…/ü",
            "unit:y",
        ] {
            assert_eq!(fault(good), None, "{good:?}");
        }
    }

    #[test]
    fn c101_names_that_fall_together_are_refused() {
        let of = |paths: &[&str]| {
            let mut artifacts = Artifacts::new();
            for path in paths {
                artifacts.add(Artifact::new(*path, ""));
            }
            check(&artifacts)
        };
        assert!(of(&["env/nas", "env/mini"]).is_ok());
        assert!(matches!(
            of(&["env/nas", "env/NAS"]),
            Err(OutputError::TwoNames { .. })
        ));
        assert!(matches!(
            of(&["env/nas", "env/nas/x"]),
            Err(OutputError::TwoNames { .. })
        ));
        assert!(matches!(
            of(&["env/../x"]),
            Err(OutputError::BadPath { .. })
        ));
    }

    #[test]
    fn parents_are_named_from_the_nearest_up() {
        assert_eq!(parents("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(parents("a").count(), 0);
    }
}
