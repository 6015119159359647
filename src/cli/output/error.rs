//! Why the tree was not written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::difference::Difference;
use super::disk::Kind;

/// Why the tree was not written. Unless it says otherwise the tree is as it was.
#[derive(Debug)]
pub enum OutputError {
    /// An artifact's path may not name a file of the tree.
    BadPath {
        /// The path.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two artifacts cannot both be there: their names differ in case alone, or one is the other's folder.
    TwoNames {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// The root or a folder above it is a symbolic link, and that was not allowed.
    LinkedRoot {
        /// The root as it was given.
        root: PathBuf,
        /// The link.
        link: PathBuf,
    },
    /// Files on the disk that are not ours to replace.
    Clash(Vec<Clash>),
    /// A file that tells what was written comes from a newer `homelab`.
    NewerRecord {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// Another build holds the tree.
    Locked {
        /// The root.
        root: PathBuf,
        /// Who that is, when it says so.
        holder: Option<String>,
        /// How long we waited.
        waited: Duration,
    },
    /// The world failed.
    Io {
        /// What we were doing: "cannot …".
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The build failed, and so did the way back: the next build finishes it.
    Unfinished {
        /// The root.
        root: PathBuf,
        /// Why the build failed.
        cause: Box<OutputError>,
        /// Why the way back failed.
        source: Box<OutputError>,
    },
}

/// A file on the disk that we may not replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The artifact's path below the root.
    pub path: String,
    /// What stands there.
    pub cause: ClashCause,
}

/// What stands in an artifact's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClashCause {
    /// We wrote it, and somebody changed it since.
    Edited(Difference),
    /// Nothing tells that we wrote it.
    Foreign(Difference),
    /// No file, here or in place of a folder above. `force` does not change it.
    InTheWay {
        /// Where it is, below the root.
        at: String,
        /// What it is.
        kind: Kind,
    },
    /// A record of what we wrote, but it cannot be read.
    Record {
        /// Why not.
        why: String,
    },
}

impl OutputError {
    /// The exit code it leads to: 1 when the reader's files must change, 2 when the world failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::BadPath { .. }
            | Self::TwoNames { .. }
            | Self::LinkedRoot { .. }
            | Self::Clash(_)
            | Self::NewerRecord { .. } => 1,
            Self::Locked { .. } | Self::Io { .. } | Self::Unfinished { .. } => 2,
        }
    }

    /// Something one can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::LinkedRoot { .. } => {
                Some("name the real folder, or allow the link with `--follow-links`")
            }
            Self::Clash(clashes) if clashes.iter().all(|clash| !clash.cause.yields_to_force()) => {
                Some("move what stands there out of the way")
            }
            Self::Clash(_) => Some(
                "bring the change into platform.toml, or use `--force`: it replaces the files and keeps each as `<name>.bak`",
            ),
            Self::NewerRecord { .. } => Some("use the `homelab` that wrote it, or a newer one"),
            Self::Locked { .. } => Some("wait for the other build to end"),
            Self::Unfinished { .. } => Some(
                "mend the disk, then run `homelab build` again: it finishes or undoes what was begun",
            ),
            Self::BadPath { .. } | Self::TwoNames { .. } | Self::Io { .. } => None,
        }
    }

    /// The same error with its paths shown below `root`.
    pub(super) fn below(self, root: &Path) -> Self {
        let join = |path: PathBuf| {
            if path.as_os_str().is_empty() {
                root.to_owned()
            } else {
                root.join(path)
            }
        };
        match self {
            Self::NewerRecord { path, version } => Self::NewerRecord {
                path: join(path),
                version,
            },
            Self::Io {
                doing,
                path,
                source,
            } => Self::Io {
                doing,
                path: join(path),
                source,
            },
            Self::Locked { holder, waited, .. } => Self::Locked {
                root: root.to_owned(),
                holder,
                waited,
            },
            Self::Unfinished { cause, source, .. } => Self::Unfinished {
                root: root.to_owned(),
                cause: Box::new(cause.below(root)),
                source: Box::new(source.below(root)),
            },
            other => other,
        }
    }
}

/// Makes the error of one failed call: what we were doing, and to what.
pub(super) fn io_error<'a>(
    doing: &'static str,
    path: &'a str,
) -> impl FnOnce(io::Error) -> OutputError + 'a {
    move |source| OutputError::Io {
        doing,
        path: path.into(),
        source,
    }
}

impl ClashCause {
    /// True when `force` replaces it and keeps a backup.
    pub fn yields_to_force(&self) -> bool {
        !matches!(self, Self::InTheWay { .. })
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadPath { path, why } => write!(f, "no artifact may be named {path:?}: {why}"),
            Self::TwoNames { one, other } => {
                write!(f, "`{one}` and `{other}` cannot both be written")
            }
            Self::LinkedRoot { root, link } => {
                write!(f, "`{}` is a symbolic link", link.display())?;
                if link == root {
                    Ok(())
                } else {
                    write!(f, " on the way to `{}`", root.display())
                }
            }
            Self::Clash(clashes) => {
                write!(
                    f,
                    "{} in the place of what would be written",
                    counted(clashes.len())
                )?;
                clashes
                    .iter()
                    .try_for_each(|clash| write!(f, "\n  {clash}"))
            }
            Self::NewerRecord { path, version } => {
                write!(
                    f,
                    "`{}` was written by a newer homelab (version {version})",
                    path.display()
                )
            }
            Self::Locked {
                root,
                holder,
                waited,
            } => {
                write!(f, "another build holds `{}`", root.display())?;
                if let Some(holder) = holder {
                    write!(f, " ({holder})")?;
                }
                write!(f, ": waited {} s", waited.as_secs())
            }
            Self::Io { doing, path, .. } => write!(f, "cannot {doing} `{}`", path.display()),
            Self::Unfinished { root, cause, .. } => {
                write!(f, "`{}` is left half written: {cause}", root.display())?;
                if let Some(source) = std::error::Error::source(cause) {
                    write!(f, ": {source}")?;
                }
                Ok(())
            }
        }
    }
}

fn counted(files: usize) -> String {
    if files == 1 {
        "a file stands".to_owned()
    } else {
        format!("{files} files stand")
    }
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.cause {
            ClashCause::Edited(_) => write!(f, "`{path}` was edited by hand"),
            ClashCause::Foreign(_) => write!(f, "`{path}` was not written by homelab"),
            ClashCause::InTheWay { at, kind } if at == path => write!(f, "`{path}` is {kind}"),
            ClashCause::InTheWay { at, kind } => write!(f, "`{path}` cannot be: `{at}` is {kind}"),
            ClashCause::Record { why } => write!(f, "`{path}` cannot be read: {why}"),
        }
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Unfinished { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}
