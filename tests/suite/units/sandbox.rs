//! What a service sees of the disk, computed from its unit by the rules of systemd and compared with what it needs.

use homelab::emit::process;
use homelab::platform::{ModelState, Platform, Service, Word};
use proptest::prelude::*;

use super::{LAB, REPO, emit, emitted, platform, refused, settings, text_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Hidden,
    Read,
    Write,
}

/// The mounts of a unit, as systemd.exec(5) describes them.
struct Mounts(Vec<(String, Access)>);

impl Mounts {
    fn of(unit: &str) -> Self {
        assert_eq!(settings(unit, "ProtectSystem"), ["strict"]);
        let mut mounts = vec![("/".to_owned(), Access::Read)];
        let mut add = |path: &str, access| mounts.push((path.to_owned(), access));
        if settings(unit, "ProtectHome") != ["no"] {
            for root in ["/home", "/root", "/run/user"] {
                add(root, Access::Hidden);
            }
        }
        if settings(unit, "PrivateTmp") == ["yes"] {
            for root in ["/tmp", "/var/tmp"] {
                add(root, Access::Hidden);
            }
        }
        for (setting, access) in [
            ("BindReadOnlyPaths", Access::Read),
            ("BindPaths", Access::Write),
            ("ReadWritePaths", Access::Write),
        ] {
            for path in settings(unit, setting).into_iter().flat_map(words) {
                let path = path.trim_start_matches('-');
                assert!(!path.contains("/../"), "{path}");
                add(path, access);
            }
        }
        for (setting, root) in [
            ("StateDirectory", "/var/lib"),
            ("CacheDirectory", "/var/cache"),
        ] {
            for name in settings(unit, setting) {
                add(&format!("{root}/{name}"), Access::Write);
            }
        }
        Self(mounts)
    }

    /// The innermost mount decides; of two at one place the later one.
    fn access(&self, path: &str) -> Access {
        let inside = |root: &str| {
            root == "/"
                || path
                    .strip_prefix(root)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0
            .iter()
            .filter(|(root, _)| inside(root))
            .max_by_key(|(root, _)| root.trim_end_matches('/').len())
            .map_or(Access::Hidden, |(_, access)| *access)
    }
}

/// The words of a list, which quotes may hold together.
fn words(list: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in list.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(character),
        }
    }
    words
}

/// What a service needs, told once more and independently of the code that makes units.
fn needs(platform: &Platform, service: &Service) -> Vec<(String, Access)> {
    let run = &service.run;
    let mut needs = Vec::new();
    let mut add = |path: &str, access| needs.push((path.to_owned(), access));
    let directory = process::working_directory(service);
    for path in directory.into_iter().chain(run.state_directory.as_deref()) {
        add(path, Access::Write);
    }
    for path in &run.writable {
        add(path, Access::Write);
    }
    let configs = service.configs.iter().map(|(_, path)| path);
    for path in run.readable.iter().chain(&service.env_file).chain(configs) {
        add(path, Access::Read);
    }
    add("/usr/local/lib/homelab/start/", Access::Read);
    for command in process::commands(service) {
        let Some(Word::Text(program)) = command.first() else {
            continue;
        };
        match program.strip_prefix('/') {
            Some(_) => add(program, Access::Read),
            None if program.contains('/') => {
                let directory = directory.expect("a working directory");
                add(&format!("{directory}/{program}"), Access::Read);
            }
            None => {
                // Any folder of the path may have it.
                let path = process::search_path(&platform[service.host], service);
                for folder in path.split(':') {
                    add(&format!("{folder}/{program}"), Access::Read);
                }
            }
        }
        // Where a virtual environment made by uv has its Python.
        let home = platform[service.host].home_of(&run.user);
        add(&format!("{home}/.local/share/uv/python"), Access::Read);
    }
    for model in platform.models_of(service.id) {
        if model.state != ModelState::Live {
            continue;
        }
        for path in model.source_path.iter().chain(&model.cache_path) {
            add(path, Access::Write);
        }
        if let (Some((name, _)), None) = (&model.volume, &model.source_path) {
            let mut volumes = platform[service.host].volumes.iter();
            let volume = volumes.find(|it| it.name == *name).expect("a volume");
            add(&volume.path, Access::Write);
        }
    }
    needs
}

fn check(text: &str) {
    let platform = platform(text);
    let artifacts = emitted(text);
    let mut checked = 0;
    for service in &platform.services {
        let host = &platform[service.host].name;
        let path = format!("systemd/{host}/{}.service", service.run.unit);
        let Some(unit) = artifacts.find(&path) else {
            continue;
        };
        let mounts = Mounts::of(&unit.text);
        for (path, needed) in needs(&platform, service) {
            let given = mounts.access(&path);
            assert!(
                given >= needed,
                "{}: {path} is {given:?}\n{}",
                service.name,
                unit.text
            );
        }
        checked += 1;
    }
    assert!(checked > 0);
}

#[test]
fn nothing_a_service_needs_is_hidden_or_read_only() {
    check(REPO);
    check(LAB);
}

#[test]
fn what_a_service_does_not_need_is_hidden_or_read_only() {
    let artifacts = emitted(REPO);
    let mounts = Mounts::of(text_of(&artifacts, "systemd/mini/litellm-orch.service"));
    for path in [
        "/home/christopherbailey",
        "/home/christopherbailey/.ssh/id_ed25519",
        "/home/christopherbailey/models",
        "/home/christopherbailey/homelab-llm/layer-tools/searxng",
        "/root/.bashrc",
        "/tmp/of-others",
    ] {
        assert_eq!(mounts.access(path), Access::Hidden, "{path}");
    }
    for path in [
        "/usr/local/lib/homelab/start/litellm-orch",
        "/etc/passwd",
        "/mnt/seagate",
    ] {
        assert_eq!(mounts.access(path), Access::Read, "{path}");
    }
}

#[test]
fn the_program_of_a_virtual_environment_sees_its_libraries() {
    let text = LAB.replace("/home/me/tools/bin/round", "/home/you/app/.venv/bin/round");
    let artifacts = emitted(&text);
    let mounts = Mounts::of(text_of(&artifacts, "systemd/box/round.service"));
    assert_eq!(
        mounts.access("/home/you/app/.venv/lib/python3.12"),
        Access::Read
    );
    assert_eq!(mounts.access("/home/you/app"), Access::Hidden);
}

#[test]
fn a_path_with_a_colon_is_refused() {
    let text = LAB.replace("/home/me/out", "/home/me/a:b");
    let why = refused(&text);
    assert!(why.contains("systemd/box/ring.service"), "{why}");
}

/// Paths that lie inside each other and in the places that are hidden, as often as chance allows.
fn path() -> impl Strategy<Value = String> {
    let roots = [
        "/home",
        "/home/me",
        "/home/you",
        "/root",
        "/tmp",
        "/var/tmp",
        "/srv",
        "/run/user",
        "",
    ];
    let parts = ["a", "b", "a b", "lab", ".local", "a-b", "..", "."];
    (
        prop::sample::select(roots.to_vec()),
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..3),
    )
        .prop_map(|(root, parts)| {
            let path = parts
                .iter()
                .fold(root.to_owned(), |path, part| format!("{path}/{part}"));
            if path.is_empty() {
                "/".to_owned()
            } else {
                path
            }
        })
}

/// The place that a path names.
fn place(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|it| !it.is_empty() && *it != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_paths_are_within_reach(
        directory in path(),
        writable in prop::collection::vec(path(), 0..4),
        readable in prop::collection::vec(path(), 0..4),
    ) {
        let list = |paths: &[String]| format!("{paths:?}");
        let ring = "run.writable = [\"/home/me/out\", \"/srv/out\", \"/tmp/shared\"]\nrun.readable = [\"/home/me\", \"/home/other/data\"]";
        let text = LAB.replace(ring, &format!(
            "run.directory = {directory:?}\nrun.writable = {}\nrun.readable = {}",
            list(&writable), list(&readable),
        ));
        prop_assert_ne!(&text, LAB);
        let checked = homelab::compile::check(&homelab::diagnostic::Source::new("platform.toml", &*text), None);
        // A path with `..` may be refused before it comes to us.
        let Some(platform) = checked.platform else {
            return Ok(());
        };
        let artifacts = emit(&platform).expect("artifacts");
        let mounts = Mounts::of(text_of(&artifacts, "systemd/box/ring.service"));
        for path in writable.iter().chain([&directory]) {
            prop_assert_eq!(mounts.access(&place(path)), Access::Write, "{}", path);
        }
        for path in &readable {
            prop_assert_ne!(mounts.access(&place(path)), Access::Hidden, "{}", path);
        }
    }
}
