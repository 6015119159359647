//! Generated files as they lie on their hosts, against what would be generated now.

use super::drift::{Cause, Drift};
use super::report::{FileState, InstalledFile, Report, UnreadHost};
use super::{World, mend};
use crate::emit::{Artifact, Artifacts, Install};
use crate::platform::{Host, Platform};

/// A file that should lie on a host.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What is generated.
    pub artifact: &'a Artifact,
    /// Where it should lie, and how.
    pub install: &'a Install,
}

/// What was found where a file should lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// A file.
    File {
        /// The digest of what is in it; nothing when that may not be read.
        sha256: Option<String>,
        /// Its mode.
        mode: u32,
        /// Its owner and group; nothing when these have no names here.
        owner: Option<(String, String)>,
    },
    /// Nobody could look, and why.
    Unknown(String),
}

/// What was found on a host: something for each file that was wanted, or why nobody could look.
#[derive(Debug)]
pub struct Looked<'a> {
    /// The host.
    pub host: &'a Host,
    /// Each file that should be there.
    pub files: Result<Vec<(Wanted<'a>, Found)>, Unread>,
}

/// Why the files of a host were not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Nobody asked for it: it is another machine.
    Elsewhere(String),
    /// It was tried, and failed.
    Failed(String),
}

/// The files that should lie on a host, ordered by path.
pub fn wanted<'a>(artifacts: &'a Artifacts, host: &Host) -> Vec<Wanted<'a>> {
    let mut wanted: Vec<_> = artifacts
        .iter()
        .filter_map(|artifact| {
            let install = artifact.install.as_ref()?;
            Some(Wanted { artifact, install })
        })
        .filter(|it| it.install.host == host.name)
        .collect();
    wanted.sort_by_key(|it| it.install.path.as_str());
    wanted
}

/// Adds what was found on hosts to a report. `is_stale` says whether a file of the last build is not what would be generated now.
pub fn add(
    report: &mut Report,
    platform: &Platform,
    world: &World,
    looked: Vec<Looked>,
    is_stale: &dyn Fn(&Artifact) -> bool,
) {
    for it in looked {
        let host = it.host;
        let files = match it.files {
            Ok(files) => files,
            Err(Unread::Elsewhere(words)) => {
                report.unread.push(UnreadHost::of(host, words));
                continue;
            }
            Err(Unread::Failed(words)) => {
                let what = format!("the files of {} could not be looked at: {words}", host.name);
                report.drift.push(Drift {
                    command: mend::reach(platform, host),
                    ..about(host, Cause::UnreadableFile, what)
                });
                report.unread.push(UnreadHost::of(host, words));
                continue;
            }
        };
        for (wanted, found) in files {
            let (state, words) = judge(wanted, &found);
            if let Some(cause) = cause(state) {
                let install = mend::install(platform, world, host, None);
                let build = if is_stale(wanted.artifact) {
                    Some("generated/ is older than platform.toml: `homelab build` first".to_owned())
                } else {
                    None
                };
                let what = format!("{}: {words}", wanted.install.path);
                report.drift.push(Drift {
                    service: wanted.install.restart.first().cloned(),
                    declared: Some(wanted.artifact.path.clone()),
                    found: Some(wanted.install.path.clone()),
                    command: Some(install),
                    help: build,
                    ..about(host, cause, what)
                });
            }
            report.files.push(InstalledFile {
                host: host.name.clone(),
                path: wanted.install.path.clone(),
                source: wanted.artifact.path.clone(),
                state,
                words,
            });
        }
    }
    report.settle();
}

fn cause(state: FileState) -> Option<Cause> {
    match state {
        FileState::Same | FileState::Unknown => None,
        FileState::Missing => Some(Cause::MissingFile),
        FileState::Changed => Some(Cause::ChangedFile),
        FileState::Mode => Some(Cause::ChangedMode),
    }
}

fn judge(wanted: Wanted, found: &Found) -> (FileState, String) {
    let install = wanted.install;
    let (sha256, mode, owner) = match found {
        Found::Missing => return (FileState::Missing, "it is not there".to_owned()),
        Found::Unknown(why) => return (FileState::Unknown, why.clone()),
        Found::File {
            sha256,
            mode,
            owner,
        } => (sha256, *mode, owner),
    };
    // What the owner fills in has only to be there.
    if install.seed {
        return (FileState::Same, String::new());
    }
    match sha256 {
        Some(sha256) if *sha256 != wanted.artifact.sha256().to_string() => {
            let words = "it is not what would be generated now";
            return (FileState::Changed, words.to_owned());
        }
        Some(_) => {}
        None => return (FileState::Unknown, "it may not be read".to_owned()),
    }
    if mode != install.mode {
        let words = format!("its mode is {mode:04o} in place of {:04o}", install.mode);
        return (FileState::Mode, words);
    }
    match owner {
        Some((owner, group)) if *owner != install.owner || *group != install.group => {
            let words = format!(
                "it belongs to {owner}:{group} in place of {}:{}",
                install.owner, install.group
            );
            (FileState::Mode, words)
        }
        _ => (FileState::Same, String::new()),
    }
}

fn about(host: &Host, cause: Cause, what: String) -> Drift {
    Drift {
        cause,
        host: host.name.clone(),
        service: None,
        port: None,
        what,
        declared: None,
        found: None,
        command: None,
        help: None,
    }
}
