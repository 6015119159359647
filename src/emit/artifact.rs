//! An artifact: one file of `generated/`, and where it is installed.

#![expect(
    clippy::mutable_key_type,
    reason = "artifacts are ordered by path alone; the digest that is worked out later is no part of it"
)]

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::iter::{Flatten, Map};
use std::mem;
use std::ops::Bound::{Included, Unbounded};
use std::slice;
use std::sync::OnceLock;

use super::digest::Digest;

/// One generated file.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Where it lies below `generated/`: `<emitter>/<…>`, parts separated by `/`.
    pub path: String,
    /// What is in it. It stays as it was made: its digest is kept.
    pub text: String,
    sha256: OnceLock<Digest>,
    /// True for a script: written with mode 0755 in place of 0644.
    pub executable: bool,
    /// Where it goes on a host, when it goes anywhere.
    pub install: Option<Install>,
}

/// Where an artifact is installed, and what that means for the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// The host's name.
    pub host: String,
    /// The absolute path on that host.
    pub path: String,
    /// Its owner there.
    pub owner: String,
    /// Its group there.
    pub group: String,
    /// Its mode there, such as `0o644`.
    pub mode: u32,
    /// The services to restart when it changes.
    pub restart: Vec<String>,
    /// True for a file that the owner fills in (an env file): installed only where none is, never overwritten.
    pub seed: bool,
}

impl Artifact {
    /// A plain file that is installed nowhere.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        // A text that grew has up to as much room again, and all texts are kept until the last is written.
        text.shrink_to_fit();
        Self {
            path: path.into(),
            text,
            sha256: OnceLock::new(),
            executable: false,
            install: None,
        }
    }

    /// The digest of its text. It is worked out once: the manifest and the writer both ask for it, and the texts of 10,000 services are 170 MB.
    pub fn sha256(&self) -> Digest {
        *self.sha256.get_or_init(|| Digest::of(self.text.as_bytes()))
    }

    /// Makes it a script.
    #[must_use]
    pub fn executable(mut self) -> Self {
        self.executable = true;
        self
    }

    /// Says where it is installed.
    #[must_use]
    pub fn install(mut self, install: Install) -> Self {
        self.install = Some(install);
        self
    }
}

impl PartialEq for Artifact {
    fn eq(&self, other: &Self) -> bool {
        // Whether the digest has been asked for yet is no difference.
        self.path == other.path
            && self.text == other.text
            && self.executable == other.executable
            && self.install == other.install
    }
}

impl Eq for Artifact {}

/// All artifacts of a build, by path.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    /// In the order of their paths: all of one come before all of the next.
    pieces: Vec<BTreeSet<ByPath>>,
}

/// An artifact in the order of paths, in which no two have the same.
#[derive(Debug, Clone)]
pub struct ByPath(Artifact);

impl Borrow<str> for ByPath {
    fn borrow(&self) -> &str {
        &self.0.path
    }
}

impl Ord for ByPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.path.cmp(&other.0.path)
    }
}

impl PartialOrd for ByPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByPath {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByPath {}

impl Artifacts {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    ///
    /// # Panics
    ///
    /// When two artifacts have the same path, compared as macOS compares file names. Emitters derive paths from names that the platform has already found distinct without regard to case.
    pub fn add(&mut self, artifact: Artifact) {
        if self.pieces.is_empty() {
            self.pieces.push(BTreeSet::new());
        }
        let at = self.place(&artifact.path).min(self.pieces.len() - 1);
        if let Some(twin) = self.pieces[at].replace(ByPath(artifact)) {
            panic!("two artifacts are named {}", twin.0.path);
        }
    }

    /// Adds many, in any order.
    ///
    /// # Panics
    ///
    /// As [`Artifacts::add`] does.
    pub fn add_all(&mut self, all: Vec<Artifact>) {
        let count = all.len();
        let piece: BTreeSet<_> = all.into_iter().map(ByPath).collect();
        assert!(piece.len() == count, "two artifacts have one name");
        let pieces = vec![piece];
        *self = Self::joined(vec![mem::take(self), Self { pieces }]);
    }

    /// All that several emitters made.
    ///
    /// # Panics
    ///
    /// As [`Artifacts::add`] does.
    pub fn joined(all: Vec<Artifacts>) -> Self {
        let pieces = all.into_iter().flat_map(|it| it.pieces);
        let mut pieces: Vec<_> = pieces.filter(|it| !it.is_empty()).collect();
        pieces.sort_by(|one, other| one.first().cmp(&other.first()));
        if pieces.is_sorted_by(|one, next| one.last() < next.first()) {
            return Self { pieces };
        }
        // Some emitter writes among the files of another.
        let count: usize = pieces.iter().map(BTreeSet::len).sum();
        let piece: BTreeSet<_> = pieces.into_iter().flatten().collect();
        assert!(piece.len() == count, "two emitters name one artifact");
        Self {
            pieces: vec![piece],
        }
    }

    /// The piece that a path belongs to; one too far when it comes after all.
    fn place(&self, path: &str) -> usize {
        self.pieces.partition_point(|it| {
            let last = it.last();
            last.is_some_and(|last| last.0.path.as_str() < path)
        })
    }

    /// The artifacts, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.into_iter()
    }

    /// The artifact at `path`.
    pub fn find(&self, path: &str) -> Option<&Artifact> {
        let piece = self.pieces.get(self.place(path))?;
        piece.get(path).map(|it| &it.0)
    }

    /// True when one lies below the folder `top`.
    pub fn has_folder(&self, top: &str) -> bool {
        let below = format!("{top}/");
        let piece = self.pieces.get(self.place(&below));
        let next = piece.and_then(|it| {
            it.range::<str, _>((Included(below.as_str()), Unbounded))
                .next()
        });
        next.is_some_and(|it| it.0.path.starts_with(&below))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(BTreeSet::len).sum()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps those for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Artifact) -> bool) {
        for piece in &mut self.pieces {
            piece.retain(|it| keep(&it.0));
        }
        self.pieces.retain(|it| !it.is_empty());
    }
}

impl PartialEq for Artifacts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for Artifacts {}

impl<'a> IntoIterator for &'a Artifacts {
    type Item = &'a Artifact;
    type IntoIter = Map<Flatten<slice::Iter<'a, BTreeSet<ByPath>>>, fn(&'a ByPath) -> &'a Artifact>;
    fn into_iter(self) -> Self::IntoIter {
        self.pieces.iter().flatten().map(|it| &it.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Artifact, Artifacts};

    fn of(paths: &[&str]) -> Artifacts {
        let mut artifacts = Artifacts::new();
        for path in paths {
            artifacts.add(Artifact::new(*path, *path));
        }
        artifacts
    }

    #[test]
    fn artifacts_of_several_emitters_are_found_in_the_order_of_their_paths() {
        let apart = [of(&["d/2", "d/1"]), of(&[]), of(&["b/1", "b/2"])];
        let among = [of(&["d/1", "b/2"]), of(&["b/1", "d/2"])];
        for parts in [apart.to_vec(), among.to_vec()] {
            let mut joined = Artifacts::joined(parts);
            assert_eq!(joined, of(&["b/1", "b/2", "d/1", "d/2"]));
            for path in ["c", "z", "a", "b/3"] {
                assert_eq!(joined.find(path), None);
                joined.add(Artifact::new(path, path));
            }
            let paths: Vec<_> = joined.iter().map(|it| it.path.as_str()).collect();
            assert_eq!(paths, ["a", "b/1", "b/2", "b/3", "c", "d/1", "d/2", "z"]);
            for path in paths {
                assert_eq!(joined.find(path).map(|it| it.text.as_str()), Some(path));
            }
            assert!(joined.has_folder("b") && joined.has_folder("d"));
            assert!(!["a", "d/1", "e", ""].iter().any(|it| joined.has_folder(it)));
            joined.add_all(of(&["b/4", "a/1"]).iter().cloned().collect());
            assert!(joined.find("a/1").is_some() && joined.find("b/4").is_some());
            assert_eq!(joined.len(), 10);
            joined.retain(|it| it.path.starts_with('d'));
            assert_eq!((joined.len(), joined.is_empty()), (2, false));
            assert_eq!(joined, of(&["d/1", "d/2"]));
        }
    }

    #[test]
    #[should_panic(expected = "two artifacts are named a")]
    fn an_emitter_cannot_make_one_artifact_twice() {
        let mut artifacts = of(&["a", "b"]);
        artifacts.add(Artifact::new("a", ""));
    }

    #[test]
    #[should_panic(expected = "two emitters name one artifact")]
    fn two_emitters_cannot_make_one_artifact() {
        Artifacts::joined(vec![of(&["a", "b"]), of(&["b", "c"])]);
    }
}
