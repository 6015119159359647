//! What a service sees of the disk, worked out from what it needs.
//!
//! `ProtectSystem=strict` makes everything read-only and `ProtectHome=` hides the homes, where most of a lab's programs, models and env files are. So what a service needs is named: below a home it is mounted back, elsewhere it is made writable.

use std::borrow::Cow;

use crate::emit::escape::{Unwritable, systemd_words};
use crate::emit::process;
use crate::platform::{ModelState, Platform, Service, Word};

/// The folders that `ProtectHome=` empties.
const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// The folders that `PrivateTmp=` replaces.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// The mounts of a unit. A path that may be absent starts with `-`, as systemd writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sandbox {
    /// For `ProtectHome=`: `yes`, `tmpfs` when something below a home is mounted back, `no` when a whole one is needed.
    pub(super) home: &'static str,
    /// For `PrivateTmp=`.
    pub(super) private_tmp: &'static str,
    /// For `BindReadOnlyPaths=`.
    pub(super) read_only_binds: Vec<String>,
    /// For `BindPaths=`.
    pub(super) binds: Vec<String>,
    /// For `ReadWritePaths=`.
    pub(super) read_write: Vec<String>,
    /// The paths without which it cannot start, for `RequiresMountsFor=`.
    pub(super) mounts: Vec<String>,
}

/// A path that a service needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Need<'a> {
    path: Cow<'a, str>,
    write: bool,
    /// True when the service starts without it.
    optional: bool,
}

/// The cache of a service, which systemd makes.
pub(super) fn cache_directory(service: &Service) -> String {
    ["/var/cache/", &service.run.unit].concat()
}

impl Sandbox {
    /// The sandbox of a service.
    pub(super) fn of(platform: &Platform, service: &Service) -> Self {
        Self::for_needs(needs(platform, service))
    }

    fn for_needs(needs: Vec<Need<'_>>) -> Self {
        let needs = without_covered(needs);
        let above = |roots: &[&str]| {
            roots
                .iter()
                .any(|root| needs.iter().any(|it| is_below(root, &it.path)))
        };
        let below = |roots: &[&str], it: &Need| roots.iter().any(|root| is_below(&it.path, root));
        let home = match () {
            () if above(&HOMES) => "no",
            () if needs.iter().any(|it| below(&HOMES, it)) => "tmpfs",
            () => "yes",
        };
        let private_tmp = if above(&TEMPORARY) { "no" } else { "yes" };
        let mut sandbox = Self {
            home,
            private_tmp,
            read_only_binds: Vec::new(),
            binds: Vec::new(),
            read_write: Vec::new(),
            mounts: needs
                .iter()
                .filter(|it| !it.optional && !is_below(&it.path, "/etc"))
                .map(|it| it.path.clone().into_owned())
                .collect(),
        };
        for need in needs {
            let hidden = home == "tmpfs" && below(&HOMES, &need)
                || private_tmp == "yes" && below(&TEMPORARY, &need);
            let path = if need.optional {
                ["-", &need.path].concat()
            } else {
                need.path.into_owned()
            };
            match (hidden, need.write) {
                (true, true) => sandbox.binds.push(path),
                (true, false) => sandbox.read_only_binds.push(path),
                (false, true) => sandbox.read_write.push(path),
                // The rest of the disk can be read as it is.
                (false, false) => {}
            }
        }
        sandbox
    }

    /// The settings of a unit.
    pub(super) fn lines(&self) -> Result<String, Unwritable> {
        self.check()?;
        let mut lines = ["ProtectHome=", self.home, "\nPrivateTmp=", self.private_tmp].concat();
        for (setting, paths) in [
            ("\nBindReadOnlyPaths=", &self.read_only_binds),
            ("\nBindPaths=", &self.binds),
            ("\nReadWritePaths=", &self.read_write),
        ] {
            if !paths.is_empty() {
                lines.push_str(setting);
                lines.push_str(&systemd_words(paths.iter().map(String::as_str))?);
            }
        }
        Ok(lines)
    }

    /// Refuses paths that the settings cannot name.
    fn check(&self) -> Result<(), Unwritable> {
        let what = "a path of a systemd sandbox";
        let mut binds = self.binds.iter().chain(&self.read_only_binds);
        if binds.any(|path| path.contains(':')) {
            return Err(Unwritable {
                what,
                why: "it has a colon, which separates source and target",
            });
        }
        let mut all = self
            .binds
            .iter()
            .chain(&self.read_only_binds)
            .chain(&self.read_write);
        if all.any(|path| path.contains('\t')) {
            return Err(Unwritable {
                what,
                why: "it has a tab",
            });
        }
        Ok(())
    }
}

/// What a service needs beyond the system: to write where it works, where its models and their caches lie and what the owner names; to read its configuration, its env file and the programs of its user.
fn needs<'a>(platform: &'a Platform, service: &'a Service) -> Vec<Need<'a>> {
    let run = &service.run;
    let host = &platform[service.host];
    let mut needs = Vec::new();
    let mut need = |path: Cow<'a, str>, write: bool, optional: bool| {
        needs.push(Need {
            path: normal(path),
            write,
            optional,
        });
    };
    if let Some(directory) = &run.directory {
        // `uv run` renews `.venv` and `uv.lock` there, and Python writes `__pycache__`.
        need(directory.into(), true, false);
    }
    for path in &run.writable {
        need(path.into(), true, false);
    }
    for path in &run.readable {
        need(path.into(), false, false);
    }
    for path in model_paths(platform, service) {
        need(path.into(), true, false);
    }
    let certificate = service.tls.iter().flat_map(|it| [&it.certificate, &it.key]);
    for path in service
        .configs
        .iter()
        .map(|(_, path)| path)
        .chain(certificate)
    {
        // The folder, because a file that is replaced would stay the old one in the sandbox.
        let folder = path
            .rsplit_once('/')
            .map_or(path.as_str(), |(folder, _)| folder);
        need(folder.into(), false, false);
    }
    if let Some(path) = &service.env_file {
        need(path.into(), false, true);
    }
    let home = host.home_of(&run.user);
    for path in PROGRAMS {
        need([home.as_str(), "/", path].concat().into(), false, true);
    }
    for word in process::commands(service)
        .into_iter()
        .filter_map(|it| it.first())
    {
        if let Word::Text(program) = word
            && program.starts_with('/')
        {
            need(installation(program, &home).into(), false, false);
        }
    }
    needs
}

/// What must be there for a program to run: for `<folder>/bin/<program>` the folder, because a program of a virtual environment reads its libraries there; never a whole home.
fn installation(program: &str, home: &str) -> String {
    let program = normal(program.into());
    let parent = |path: &str| {
        path.rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned()
    };
    let bin = parent(&program);
    let folder = if bin.ends_with("/bin") {
        parent(&bin)
    } else {
        bin.clone()
    };
    let narrow = |path: &str| path.len() > 1 && !is_below(home, path);
    [folder, bin]
        .into_iter()
        .find(|it| narrow(it))
        .unwrap_or_else(|| program.into_owned())
}

/// Where the programs of a user lie below the home: what is installed for the user alone, and the Pythons of uv, to which every `.venv/bin/python` made by uv is a link.
const PROGRAMS: [&str; 5] = [
    ".local/bin",
    ".local/lib",
    ".local/share/uv",
    ".local/share/pipx",
    ".config/uv",
];

/// Where the models of a service lie: their own path, else the volume they are on, and their cache. All are writable, because model servers keep compiled models, locks and references beside the weights.
fn model_paths<'a>(platform: &'a Platform, service: &'a Service) -> Vec<&'a str> {
    let volumes = &platform[service.host].volumes;
    let mut paths = Vec::new();
    for model in platform
        .models_of(service.id)
        .filter(|it| it.state == ModelState::Live)
    {
        let volume = model
            .volume
            .as_ref()
            .and_then(|(name, _)| volumes.iter().find(|it| it.name == *name))
            .map(|it| &it.path);
        paths.extend(model.cache_path.as_deref());
        paths.extend(model.source_path.as_ref().or(volume).map(String::as_str));
    }
    paths
}

/// Drops every need that a stronger one covers: a path below a writable one, the same path twice.
fn without_covered(mut needs: Vec<Need<'_>>) -> Vec<Need<'_>> {
    // What lies above comes first. Of one path, the writable need does, and the certain one before the optional one.
    needs.sort_by(|a, b| (&a.path, !a.write, a.optional).cmp(&(&b.path, !b.write, b.optional)));
    // In the order of their paths, of which each is there once.
    let mut kept: Vec<Need> = Vec::with_capacity(needs.len());
    for need in needs {
        let covers = |it: &Need| {
            // An optional folder may be absent, and then nothing below it is mounted.
            it.write >= need.write && (!it.optional || need.optional)
        };
        let at = |path: &str| kept.binary_search_by(|it| it.path.as_ref().cmp(path)).ok();
        let covered = ancestors(&need.path)
            .filter_map(at)
            .any(|at| covers(&kept[at]));
        if covered {
            continue;
        }
        kept.pop_if(|it| it.path == need.path);
        kept.push(need);
    }
    kept
}

/// A normal path and the folders above it, up to `/`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind('/') {
        Some(0) if path.len() > 1 => Some("/"),
        Some(at) if at > 0 => Some(&path[..at]),
        _ => None,
    })
}

/// True when `path` is `root` or lies below it.
fn is_below(path: &str, root: &str) -> bool {
    root == "/"
        || path
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path without doubled, single-dot or trailing parts, so that comparing texts compares places.
fn normal(path: Cow<'_, str>) -> Cow<'_, str> {
    // Nearly every path is so already; all bytes are looked at, many at once.
    let is_odd = |it: &[u8]| {
        it[0] == b'/' && (it[1] == b'/' || it[1] == b'.' && matches!(it[2], b'/' | b'.'))
    };
    let bytes = path.as_bytes();
    let odd = bytes.windows(3).fold(false, |odd, it| odd | is_odd(it));
    if path.starts_with('/') && !odd && !path.ends_with('/') && !path.ends_with("/.") {
        return path;
    }
    let mut normal = String::with_capacity(path.len() + 1);
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => normal.truncate(normal.rfind('/').unwrap_or(0)),
            part => {
                normal.push('/');
                normal.push_str(part);
            }
        }
    }
    if normal.is_empty() {
        normal.push('/');
    }
    normal.into()
}

#[cfg(test)]
mod tests {
    use super::{ancestors, normal};

    #[test]
    fn a_path_is_normal_when_comparing_texts_compares_places() {
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("/a/.local/..b", "/a/.local/..b"),
            ("/a/...", "/a/..."),
            ("/a//b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/", "/a/b"),
            ("/a/.", "/a"),
            ("/a/..", "/"),
            ("/..", "/"),
            ("/", "/"),
            ("//", "/"),
            ("a", "/a"),
            ("", "/"),
        ] {
            assert_eq!(normal(path.into()), expected, "{path}");
        }
    }

    #[test]
    fn ancestors_go_up_to_the_root() {
        assert!(ancestors("/a/b").eq(["/a/b", "/a", "/"]));
        assert!(ancestors("/").eq(["/"]));
    }
}
