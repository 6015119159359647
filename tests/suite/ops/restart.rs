//! `restart-all.sh` with a scripted init system.

use std::fmt::Write;

use super::lab::{Lab, shells, write};
use super::server::{Script, Server};

/// Three services on a Linux host that call one another, and one on a Mac.
fn platform(ports: [u16; 4]) -> String {
    let [gate, tool, page, far] = ports;
    let mut text = r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
[networks.lan]
kind = "lan"
[hosts.box]
os = "linux"
addresses = { lan = "127.0.0.2" }
[hosts.mac]
os = "macos"
addresses = { lan = "127.0.0.3" }
"#
    .to_owned();
    for (name, host, port, calls) in [
        ("gate", "box", gate, "[\"tool\"]"),
        ("tool", "box", tool, "[]"),
        ("page", "box", page, "[\"gate\"]"),
        ("far", "mac", far, "[]"),
    ] {
        let kind = if name == "gate" { "litellm" } else { "generic" };
        let _ = write!(
            text,
            "[services.{name}]\nkind = \"{kind}\"\nhost = \"{host}\"\nport = {port}\ncalls = {calls}\n"
        );
        let _ = writeln!(
            text,
            "health = [{{ path = \"/health\" }}]\n[services.{name}.run]\ncommand = [\"/bin/{name}\"]\ndirectory = \"/srv\"\nstart_timeout = \"2s\""
        );
    }
    text
}

#[test]
fn callees_come_before_callers_and_each_is_waited_for() {
    let servers: Vec<_> = (0..4).map(|_| Server::well("")).collect();
    let ports = [0, 1, 2, 3].map(|at: usize| servers[at].port());
    let lab = Lab::of(&platform(ports));
    let restarts =
        ["tool", "gate", "page"].map(|unit| format!("systemctl restart -- {unit}.service"));
    for shell in shells() {
        let ran = lab.run_as("box", &shell, "restart-all", &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        assert_eq!(
            lab.log()
                .iter()
                .filter(|it| !it.starts_with("sudo"))
                .cloned()
                .collect::<Vec<_>>(),
            restarts
        );
        assert!(ran.out.contains("  well  gate, after "), "{}", ran.out);
        // The one on the Mac listens on its loopback alone.
        assert!(
            ran.out.ends_with("3 well, 0 sick, 1 away, 0 skipped\n"),
            "{}",
            ran.out
        );

        servers[1].set(Script::Answer(503, String::new()));
        let ran = lab.run_as("box", &shell, "restart-all", &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("did not come back: tool\n"), "{}", ran.out);
        assert!(
            ran.out.contains("it answered 503 in place of 200"),
            "{}",
            ran.out
        );
        servers[1].set(Script::Answer(200, String::new()));
        lab.log();

        // Somebody else answers on its port while it keeps falling over.
        write(&lab.path("down-gate.service"), "");
        let ran = lab.run_as("box", &shell, "restart-all", &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("did not come back: gate\n"), "{}", ran.out);
        std::fs::remove_file(lab.path("down-gate.service")).expect("it is ours");
        lab.log();
    }
}

#[test]
fn launchd_is_asked_on_a_mac() {
    let far = Server::well("");
    let lab = Lab::of(&platform([1, 2, 3, far.port()]));
    for shell in shells() {
        let ran = lab.run_as("mac", &shell, "restart-all", &[]);
        assert!(ran.out.contains("  well  far, after "), "{ran:?}");
        let log = lab.log();
        assert_eq!(
            log.last().map(String::as_str),
            Some("launchctl kickstart -k system/lab.far"),
            "{log:?}"
        );
    }
}

#[test]
fn a_dry_run_and_another_host_touch_nothing() {
    let lab = Lab::of(&platform([1, 2, 3, 4]));
    for shell in shells() {
        let ran = lab.run(&shell, "restart-all", &["--dry-run", "box"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let lines: Vec<_> = ran.out.lines().collect();
        assert_eq!(
            lines,
            [
                "  would restart tool (tool)",
                "  would restart gate (gate)",
                "  would restart page (page)"
            ]
        );
        let ran = lab.run_as("box", &shell, "restart-all", &["mac"]);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (2, "restart-all.sh: this is box; run me on mac\n")
        );
        let ran = lab.run(&shell, "restart-all", &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err
                .contains("cannot be told from its name or addresses; name it: box mac"),
            "{ran:?}"
        );
        assert_eq!(lab.log(), Vec::<String>::new());
    }
}

#[test]
fn containers_are_renewed_by_the_compose_file_that_is_installed() {
    let gate = Server::well("");
    let text = format!(
        "version = 1\nname = \"lab\"\n[policy]\ngateway = \"gate\"\n[networks.lan]\nkind = \"lan\"\n[hosts.box]\nos = \"linux\"\ninit = \"compose\"\naddresses = {{ lan = \"127.0.0.2\" }}\n[services.gate]\nkind = \"litellm\"\nhost = \"box\"\nport = {}\nhealth = [{{ path = \"/health\" }}]\ncontainer.image = \"ghcr.io/berriai/litellm:v1\"\nrun.start_timeout = \"8s\"\n",
        gate.port()
    );
    let lab = Lab::of(&text);
    for shell in shells() {
        let ran = lab.run_as("box", &shell, "restart-all", &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        assert!(ran.out.contains("  well  gate, after "), "{ran:?}");
        let log = lab.log();
        let file = "docker compose --file /etc/homelab/docker-compose.yml";
        assert!(
            log.contains(&format!(
                "{file} up --detach --no-deps --force-recreate -- gate"
            )),
            "{log:?}"
        );
        // It fell over at once, and somebody else answers on its port.
        write(&lab.path("down-gate"), "");
        let ran = lab.run_as("box", &shell, "restart-all", &[]);
        assert_eq!(ran.code, 1, "{ran:?}");
        std::fs::remove_file(lab.path("down-gate")).expect("it is ours");
        lab.log();
    }
}
