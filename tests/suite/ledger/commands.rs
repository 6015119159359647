//! The lock on a disk: `build`, `lint` and `port`, run as a person runs them.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::{HOME, first};

/// A folder with a platform.toml.
struct Home {
    folder: TempDir,
}

/// How a command ended, and what it said.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    error: String,
}

impl Home {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("platform.toml"), text).unwrap();
        Self { folder }
    }

    fn built(text: &str) -> Self {
        let home = Self::new(text);
        let said = home.run(&["build"]);
        assert_eq!(said.code, 0, "{said:?}");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.read("platform.toml");
        assert!(text.contains(from));
        fs::write(self.path("platform.toml"), text.replace(from, to)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, None)
    }

    fn run_with(&self, arguments: &[&str], ci: Option<&str>) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
        command.current_dir(self.folder.path()).args(arguments);
        command.env_remove("CI");
        if let Some(ci) = ci {
            command.env("CI", ci);
        }
        let output = command.output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn a_build_writes_the_lock_once() {
    let home = Home::new(HOME);
    let said = home.run(&["build"]);
    assert!(said.out.contains("merge=union"), "{said:?}");
    assert_eq!(home.read("platform.lock"), first());
    let inode = || fs::metadata(home.path("platform.lock")).unwrap().ino();
    let before = inode();
    let said = home.run(&["build"]);
    assert_eq!(said.code, 0);
    assert!(!said.out.contains("platform.lock"), "{said:?}");
    assert_eq!(inode(), before, "C118");
    let names = fs::read_dir(home.folder.path()).unwrap();
    assert_eq!(names.count(), 3, "platform.toml, platform.lock, generated");
}

#[test]
fn a_broken_promise_writes_nothing() {
    let home = Home::built(HOME);
    home.edit("port = 8888", "port = 8889");
    let said = home.run(&["build"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("changed-port"), "{said:?}");
    assert_eq!(home.read("platform.lock"), first());
    assert_eq!(home.run(&["lint"]).code, 1);
    assert_eq!(home.read("platform.lock"), first());
}

#[test]
fn a_locked_build_writes_nothing_when_the_lock_would_change() {
    let home = Home::new(HOME);
    for (arguments, ci) in [
        (&["build", "--locked"][..], None),
        (&["build"], Some("true")),
    ] {
        let said = home.run_with(arguments, ci);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.error.contains("--locked=false"), "{said:?}");
        assert!(!home.path("platform.lock").exists());
        assert!(!home.path("generated").exists());
    }
    for ci in ["", "false", "0"] {
        assert_eq!(Home::new(HOME).run_with(&["build"], Some(ci)).code, 0);
    }
    assert_eq!(
        home.run_with(&["build", "--locked=false"], Some("true"))
            .code,
        0
    );
    assert_eq!(home.run_with(&["build"], Some("true")).code, 0);
    // A merge leaves another order; that is no change.
    let mut lines: Vec<String> = first().lines().map(str::to_owned).collect();
    lines.swap(2, 3);
    fs::write(home.path("platform.lock"), lines.join("\n") + "\n").unwrap();
    assert_eq!(home.run_with(&["build", "--check"], Some("true")).code, 0);
    assert_eq!(home.run(&["build"]).code, 0);
    assert_eq!(home.read("platform.lock"), first());
}

#[test]
fn a_check_says_how_the_lock_would_change() {
    let home = Home::built(HOME);
    assert_eq!(home.run(&["build", "--check"]).code, 0);
    home.edit(
        "[services.mlx]",
        "[services.notes]\nkind = \"home-assistant\"\nhost = \"pi\"\nport = 9000\n\n[services.mlx]",
    );
    let said = home.run(&["build", "--check"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .contains("+port pi 9000/tcp loopback held service notes"),
        "{said:?}"
    );
    assert_eq!(home.read("platform.lock"), first());
}

#[test]
fn lint_says_nothing_about_a_lock_that_never_was_and_misses_one_that_was() {
    let home = Home::new(HOME);
    let said = home.run(&["lint"]);
    assert_eq!(
        (said.code, said.out.contains("missing-lock")),
        (0, false),
        "{said:?}"
    );
    assert!(!home.path("platform.lock").exists());
    let home = Home::built(HOME);
    fs::remove_file(home.path("platform.lock")).unwrap();
    let said = home.run(&["lint"]);
    assert_eq!(
        (said.code, said.out.contains("missing-lock")),
        (0, true),
        "{said:?}"
    );
    assert_eq!(home.run(&["build"]).code, 0);
    assert_eq!(home.read("platform.lock"), first());
}

#[test]
fn a_lock_that_cannot_be_trusted_stops_a_build_and_is_shown_as_what_it_is() {
    let home = Home::built(HOME);
    let edited = first().replace("8888", "8889");
    fs::write(home.path("platform.lock"), &edited).unwrap();
    for command in ["build", "lint"] {
        let said = home.run(&[command, "--format", "concise"]);
        assert_eq!(said.code, 1);
        assert!(
            said.out
                .contains("platform.lock:4:1: error[edited-lock-line]"),
            "{said:?}"
        );
    }
    let said = home.run(&["lint", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (&report["errors"], &report["diagnostics"][0]["file"]),
        (&1.into(), &"platform.lock".into())
    );
    assert_eq!(home.read("platform.lock"), edited);
    fs::write(home.path("platform.lock"), b"\xff\xfe\0").unwrap();
    assert_eq!(home.run(&["build"]).code, 1);
}

#[test]
fn c102_a_lock_that_is_a_link_or_a_folder_is_left_alone() {
    let home = Home::new(HOME);
    fs::write(home.path("elsewhere"), first()).unwrap();
    symlink("elsewhere", home.path("platform.lock")).unwrap();
    home.edit(
        "[services.mlx]",
        "[services.notes]\nkind = \"home-assistant\"\nhost = \"pi\"\nport = 9000\n\n[services.mlx]",
    );
    let said = home.run(&["build"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(home.read("elsewhere"), first());
    fs::remove_file(home.path("platform.lock")).unwrap();
    fs::create_dir(home.path("platform.lock")).unwrap();
    assert_eq!(home.run(&["build"]).code, 2);
}

#[test]
fn c113_builds_at_one_time_leave_one_whole_lock() {
    let home = Home::new(HOME);
    std::thread::scope(|scope| {
        let builds: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| home.run(&["build"])))
            .collect();
        for build in builds {
            let said = build.join().unwrap();
            assert_eq!(said.code, 0, "{said:?}");
        }
    });
    assert_eq!(home.read("platform.lock"), first());
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 3);
}

#[test]
fn list_shows_who_has_what() {
    let home = Home::built(HOME);
    home.edit(
        "[services.search]\nkind = \"searxng\"\nhost = \"pi\"\nport = 8888\n",
        "[services.notes]\nkind = \"home-assistant\"\nhost = \"pi\"\nport = 9000\n",
    );
    let said = home.run(&["port", "list"]);
    assert_eq!(said.code, 0);
    assert_eq!(
        said.out,
        "HOST    PORT  ADDRESS   STATE      OWNER\n\
         pi      4000  loopback  held       service gateway\n\
         pi      8888  loopback  tombstone  service search\n\
         pi      9000  loopback  new        service notes\n\
         studio  8100  all       held       model small\n"
    );
    let said = home.run(&["port", "list", "--host", "studio", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(list["ports"].as_array().unwrap().len(), 1);
    assert_eq!(list["ports"][0]["owner"], "small");
    let said = home.run(&["port", "list", "--host", "studoi"]);
    assert_eq!(
        (said.code, said.error.contains("`studio`")),
        (2, true),
        "{said:?}"
    );
}

#[test]
fn next_is_the_lowest_port_that_was_never_given() {
    let home = Home::built(HOME);
    let next = |arguments: &[&str]| home.run(&[&["port", "next"], arguments].concat());
    assert_eq!(next(&[]).out, "8101\n");
    assert_eq!(next(&["--range", "team"]).out, "8101\n");
    assert_eq!(
        next(&["--range", "mlx:team", "--host", "studio"]).out,
        "8101\n"
    );
    let said = next(&["--range", "tema"]);
    assert_eq!(
        (said.code, said.error.contains("mlx:team on studio")),
        (2, true),
        "{said:?}"
    );
    // A port that was given up is passed over.
    home.edit(
        "[handles.chat]\nmodel = \"small\"\n",
        "[[retired]]\nhandle = \"chat\"\nreason = \"a test\"\n",
    );
    home.edit(
        "[models.small]\nservice = \"mlx\"\nport = 8100\nrepo = \"a/small\"\n",
        "",
    );
    assert_eq!(next(&[]).out, "8101\n");
    home.edit("8100-8109", "8100-8100");
    let said = next(&[]);
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
}

#[test]
fn migrate_writes_the_port_and_the_reason_and_nothing_else() {
    let home = Home::built(
        &HOME
            .replace("port = 8888", "port = 8888 # not 8080: \"taken\"")
            .replace("[hosts.pi]", "# the small one\n[hosts.pi]"),
    );
    let before = home.read("platform.toml");
    let migrate = |port: &str, more: &[&str]| {
        let fixed = [
            "port",
            "migrate",
            "search",
            port,
            "--reason",
            "say \"why\"",
            "--by",
            "me",
            "--today",
            "2026-11-21",
        ];
        home.run(&[&fixed[..], more].concat())
    };
    let said = migrate("8889", &["--dry-run"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(home.read("platform.toml"), before);
    let said = migrate("8889", &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("-port = 8888 #") && said.out.contains("+port = 8889 #"),
        "{said:?}"
    );
    let entry = |from: u16, to: u16| {
        format!(
            "\n[[migration]]\nservice = \"search\"\nfrom = {from}\nto = {to}\nreason = \"say \\\"why\\\"\"\nwhen = \"2026-11-21\"\nby = \"me\"\n"
        )
    };
    let after = before.replace("port = 8888", "port = 8889") + &entry(8888, 8889);
    assert_eq!(home.read("platform.toml"), after);
    assert_eq!(home.run(&["build"]).code, 0);
    assert_eq!(migrate("8890", &["--yes"]).code, 0);
    assert_eq!(
        home.read("platform.toml"),
        after.replace("port = 8889", "port = 8890") + &entry(8889, 8890)
    );
    assert_eq!(home.run(&["build"]).code, 0);
}

#[test]
fn migrate_refuses_what_would_not_hold() {
    let home = Home::built(HOME);
    let migrate = |owner: &str, port: &str| {
        home.run(&[
            "port", "migrate", owner, port, "--reason", "x", "--by", "me",
        ])
    };
    for (owner, port, code) in [
        ("search", "4000", 1),
        ("search", "8888", 2),
        ("small", "9000", 1),
        ("serach", "9000", 2),
        ("mlx", "9000", 2),
        ("search", "0", 2),
    ] {
        let said = migrate(owner, port);
        assert_eq!(said.code, code, "{owner} {port}: {said:?}");
        assert_eq!(home.read("platform.toml"), HOME);
    }
}

#[test]
fn migrate_knows_every_way_a_port_is_written() {
    let text = HOME.replace(
        "port = 8888\n",
        "ports = { web = 8888, admin = { number = 8889, purpose = \"settings\" } }\n",
    );
    let home = Home::built(&text.replace('\n', "\r\n"));
    let migrate = |arguments: &[&str]| {
        let said = home.run(
            &[
                &[
                    "port",
                    "migrate",
                    "--reason",
                    "x",
                    "--by",
                    "me",
                    "--today",
                    "2026-11-21",
                ],
                arguments,
            ]
            .concat(),
        );
        assert_eq!(said.code, 0, "{said:?}");
    };
    migrate(&["search", "8900", "--port", "admin"]);
    migrate(&["search", "8901", "--port", "web"]);
    migrate(&["small", "8101"]);
    // The kind says 4000; now the file says something.
    migrate(&["gateway", "4001"]);
    let after = home.read("platform.toml");
    assert!(
        after.contains("web = 8901, admin = { number = 8900, purpose"),
        "{after}"
    );
    assert!(
        after.contains("[services.gateway]\r\nport = 4001\r\nkind"),
        "{after}"
    );
    assert!(
        after.contains("model = \"small\"\r\nfrom = 8100\r\nto = 8101\r\n"),
        "{after}"
    );
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    assert_eq!(home.run(&["build"]).code, 0);
}

#[test]
fn migrate_explains_a_port_that_was_changed_already() {
    let home = Home::built(HOME);
    home.edit("port = 8888", "port = 8889");
    assert_eq!(home.run(&["build"]).code, 1);
    let said = home.run(&[
        "port", "migrate", "search", "8889", "--why", "x", "--by", "me",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        home.read("platform.toml")
            .contains("from = 8888\nto = 8889\n")
    );
    assert_eq!(home.run(&["build"]).code, 0);
}
