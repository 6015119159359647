//! Looking at the files of hosts: on this machine, below a folder, or by ssh.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;

use super::ssh;
use crate::cli::arguments::Status;
use crate::cli::output::MANIFEST;
use crate::cli::{End, input, terminal};
use crate::emit::{Artifact, Artifacts, Digest};
use crate::platform::{Host, HostState, Platform};
use crate::status::files::{Found, Looked, Unread, Wanted, wanted};

/// Looks at the files of the hosts in question, each as it can be reached.
pub(super) fn look<'a>(
    arguments: &Status,
    platform: &'a Platform,
    here: Option<&Host>,
    artifacts: &'a Artifacts,
) -> Result<Vec<Looked<'a>>, End> {
    let named = |host: &&Host| arguments.host.is_empty() || arguments.host.contains(&host.name);
    let live = |host: &&Host| host.state == HostState::Live;
    let hosts: Vec<&Host> = platform.hosts.iter().filter(live).filter(named).collect();
    if let Some(root) = &arguments.root {
        return below(root, &hosts, here, artifacts).map(|it| vec![it]);
    }
    let ways = hosts.into_iter().map(|host| {
        let files = wanted(artifacts, host);
        let is_here = here.is_some_and(|it| it.id == host.id);
        (host, files, is_here)
    });
    let ways = ways
        .filter(|(_, files, _)| !files.is_empty())
        .collect::<Vec<_>>();
    // A machine that is away takes its time, and the others need not wait for it.
    Ok(thread::scope(|scope| {
        let work = |(host, files, is_here)| Looked {
            host,
            files: match is_here {
                true => Ok(local(Path::new("/"), files)),
                false if arguments.ssh => ssh::look(platform, host, files),
                false => Err(Unread::Elsewhere(
                    "it is another machine: see --ssh and --root".to_owned(),
                )),
            },
        };
        let spawned: Vec<_> = ways
            .into_iter()
            .map(|way| scope.spawn(move || work(way)))
            .collect();
        let ends = spawned.into_iter();
        ends.filter_map(|it| it.join().ok()).collect()
    }))
}

/// The files of the one host in question, below a folder.
fn below<'a>(
    root: &Path,
    hosts: &[&'a Host],
    here: Option<&Host>,
    artifacts: &'a Artifacts,
) -> Result<Looked<'a>, End> {
    let host = match hosts {
        [host] => Some(host),
        _ => hosts
            .iter()
            .find(|it| here.is_some_and(|here| here.id == it.id)),
    };
    let Some(host) = host else {
        let help = Some("say whose files lie there with `--host HOST`");
        terminal::complain("`--root` is about one host", help);
        return Err(End::Failed);
    };
    let root = fs::canonicalize(root).map_err(|error| {
        let message = format!("cannot look below `{}`: {error}", root.display());
        terminal::complain(&message, None);
        End::Failed
    })?;
    Ok(Looked {
        host,
        files: Ok(local(&root, wanted(artifacts, host))),
    })
}

fn local<'a>(root: &Path, files: Vec<Wanted<'a>>) -> Vec<(Wanted<'a>, Found)> {
    let users = Names::read(&root.join("etc/passwd"));
    let groups = Names::read(&root.join("etc/group"));
    files
        .into_iter()
        .map(|file| (file, find(root, file, &users, &groups)))
        .collect()
}

fn find(root: &Path, file: Wanted, users: &Names, groups: &Names) -> Found {
    let path = root.join(file.install.path.trim_start_matches('/'));
    let real = match fs::canonicalize(&path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Missing,
        Err(error) => return Found::Unknown(format!("nobody could look: {error}")),
    };
    if !real.starts_with(root) {
        return Found::Unknown("its path leads out of the folder".to_owned());
    }
    match found(&real, file, users, groups) {
        Ok(found) => found,
        Err(error) => Found::Unknown(format!("nobody could look: {error}")),
    }
}

fn found(real: &Path, file: Wanted, users: &Names, groups: &Names) -> io::Result<Found> {
    let metadata = fs::metadata(real)?;
    let wanted = file.artifact.text.len() as u64;
    let sha256 = if file.install.seed {
        None
    } else if metadata.len() == wanted {
        match input::bytes(real, wanted) {
            Ok(bytes) => Some(Digest::of(&bytes).to_string()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
            Err(error) => return Err(error),
        }
    } else {
        // Of another length it is another text, whichever.
        Some(String::new())
    };
    let owner = users.name(metadata.uid()).zip(groups.name(metadata.gid()));
    Ok(Found::File {
        sha256,
        mode: metadata.mode() & 0o7777,
        owner,
    })
}

/// The names of users or groups by their number, as far as a file has them.
struct Names(BTreeMap<u32, String>);

impl Names {
    fn read(path: &Path) -> Self {
        let bytes = input::bytes(path, 1 << 20).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let entry = |line: &str| {
            let mut parts = line.split(':');
            let (name, number) = (parts.next()?, parts.nth(1)?);
            Some((number.parse().ok()?, name.to_owned()))
        };
        let mut names = BTreeMap::new();
        for (number, name) in text.lines().filter_map(entry) {
            names.entry(number).or_insert(name);
        }
        Self(names)
    }

    fn name(&self, number: u32) -> Option<String> {
        self.0.get(&number).cloned()
    }
}

/// The digests in the manifest of the last build, by the paths of artifacts.
pub(super) struct Built(BTreeMap<String, String>);

impl Built {
    /// Reads the manifest in `generated/` beside platform.toml; without one nothing is known to be stale.
    pub(super) fn read(platform: &Path, limit: u64) -> Self {
        let manifest: PathBuf = platform.with_file_name("generated").join(MANIFEST);
        let read = || {
            let bytes = input::bytes(&manifest, limit).ok()?;
            let manifest: Value = serde_json::from_slice(&bytes).ok()?;
            let files = manifest.get("files")?.as_object()?;
            let digest = |file: &Value| Some(file.get("sha256")?.as_str()?.to_owned());
            let digests = files.iter();
            Some(
                digests
                    .filter_map(|(path, file)| Some((path.clone(), digest(file)?)))
                    .collect(),
            )
        };
        Self(read().unwrap_or_default())
    }

    /// True when the last build made something else than would be made now.
    pub(super) fn is_stale(&self, artifact: &Artifact) -> bool {
        let built = self.0.get(&artifact.path);
        built.is_some_and(|it| *it != artifact.sha256().to_string())
    }
}
