//! An artifact: one file of `generated/`, and where it is installed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// One generated file.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Where it lies below `generated/`: `<emitter>/<…>`, parts separated by `/`.
    pub path: String,
    /// What is in it. It stays as it was made: its digest is kept.
    pub text: String,
    sha256: OnceLock<String>,
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

    /// The SHA-256 digest of its text in lower case hexadecimal. It is worked out once: the manifest and the writer both ask for it, and the texts of 10,000 services are 90 MB.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let digest = Sha256::digest(self.text.as_bytes());
            let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            digits
                .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
                .collect()
        })
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    by_path: BTreeMap<String, Artifact>,
}

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
        let path = artifact.path.clone();
        let twin = self.by_path.insert(path.clone(), artifact);
        assert!(twin.is_none(), "two artifacts are named {path}");
    }

    /// All that several emitters made.
    ///
    /// # Panics
    ///
    /// As [`Artifacts::add`] does.
    pub fn joined(all: Vec<Artifacts>) -> Self {
        let count: usize = all.iter().map(Artifacts::len).sum();
        // Each is in order, so this sorts a few runs.
        let by_path: BTreeMap<_, _> = all.into_iter().flat_map(|it| it.by_path).collect();
        assert!(by_path.len() == count, "two emitters name one artifact");
        Self { by_path }
    }

    /// The artifacts, ordered by path.
    pub fn iter(&self) -> std::collections::btree_map::Values<'_, String, Artifact> {
        self.by_path.values()
    }

    /// The artifact at `path`.
    pub fn find(&self, path: &str) -> Option<&Artifact> {
        self.by_path.get(path)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_path.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// Keeps those for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Artifact) -> bool) {
        self.by_path.retain(|_, artifact| keep(artifact));
    }
}

impl<'a> IntoIterator for &'a Artifacts {
    type Item = &'a Artifact;
    type IntoIter = std::collections::btree_map::Values<'a, String, Artifact>;
    fn into_iter(self) -> Self::IntoIter {
        self.by_path.values()
    }
}
