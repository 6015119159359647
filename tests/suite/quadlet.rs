//! Containers of Podman: what Quadlet is given, and how everything else knows them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::containers::{PI, artifacts, findings, platform};
use crate::litellm::text_of;
use crate::tools;

/// The stack of the Pi, by Podman.
fn podman() -> String {
    PI.replace("init = \"compose\"", "init = \"quadlet\"")
}

#[test]
fn a_stack_of_quadlet_files() {
    assert_eq!(findings(&podman()), Vec::<String>::new());
    let made = artifacts(&podman());
    assert!(!made.iter().any(|it| it.path.starts_with("compose/")));
    let files: Vec<&str> = made
        .iter()
        .filter_map(|it| it.path.strip_prefix("quadlet/pi/"))
        .collect();
    let wanted = [
        "crate-default.network",
        "crate-grafana-data.volume",
        "crate-postgres-data.volume",
        "crate-prometheus-data.volume",
        "crate-redis-data.volume",
        "grafana.container",
        "litellm.container",
        "postgres.container",
        "prometheus.container",
        "redis.container",
    ];
    assert_eq!(files, wanted);
    for name in ["litellm", "redis", "grafana"] {
        let text = text_of(&made, &format!("quadlet/pi/{name}.container"));
        insta::assert_snapshot!(format!("pi-quadlet-{name}"), text);
    }
}

#[test]
fn secrets_are_handed_on_by_their_names() {
    let made = artifacts(&podman());
    let text = text_of(&made, "quadlet/pi/postgres.container");
    assert!(text.contains("PodmanArgs=--env=POSTGRES_PASSWORD\n"));
    assert!(text.contains("EnvironmentFile=/etc/homelab/postgres.env\n"));
    // A database opens no port, and what it keeps outlives it.
    assert!(!text.contains("PublishPort") && text.contains("Volume=crate-postgres-data.volume:"));
}

#[test]
fn scripts_know_the_units_that_quadlet_makes() {
    let made = artifacts(&podman());
    let install = text_of(&made, "ops/install.sh");
    assert!(install.contains("/etc/containers/systemd/redis.container"));
    let restart = text_of(&made, "ops/restart-all.sh");
    assert!(restart.contains("service redis pi quadlet redis "));
}

#[test]
fn a_container_of_podman_has_another_name_for_its_host() {
    let text = podman().replace(
        "host = \"desk\"\nbind = \"tailnet\"",
        "host = \"pi\"\nmanaged_by = \"systemd\"\nbind = \"all\"",
    );
    let litellm = text_of(&artifacts(&text), "quadlet/pi/litellm.container").to_owned();
    assert!(litellm.contains("CODER_API_BASE=http://host.containers.internal:11434\n"));
}

#[test]
fn containers_of_two_engines_do_not_meet_by_name() {
    let text = PI.replace(
        "kind = \"redis\"\nhost = \"pi\"\n",
        "kind = \"redis\"\nhost = \"pi\"\nmanaged_by = \"podman\"\n",
    );
    assert_ne!(text, PI);
    let found = findings(&text);
    assert_eq!(
        found,
        ["unreachable-service: `litellm` cannot reach `redis`"]
    );
    let opened = text.replace(
        "container.image = \"docker.io/library/redis:7.4.1\"",
        "bind = \"all\"\ncontainer = { image = \"docker.io/library/redis:7.4.1\", publish = true }\napproval = { reason = \"two engines\", by = \"me\", when = \"2026-01-02\" }",
    );
    assert_eq!(findings(&opened), Vec::<String>::new());
    let _ = platform(&opened);
    let made = artifacts(&opened);
    let compose = text_of(&made, "compose/pi/docker-compose.yml");
    assert!(compose.contains("REDIS_HOST: host.docker.internal"));
    assert!(text_of(&made, "quadlet/pi/redis.container").contains("PublishPort=0.0.0.0:6379:6379"));
}

#[test]
fn the_real_quadlet_makes_units_of_them() {
    let places = [
        "/usr/libexec/podman/quadlet",
        "/usr/lib/podman/quadlet",
        "/usr/lib/systemd/system-generators/podman-system-generator",
    ];
    let Some(program) = places.into_iter().find(|it| Path::new(it).is_file()) else {
        // Debian 12 has Podman 4.3, so set-up cannot have it either.
        tools::tell("no Quadlet here: it comes with Podman 4.4 and later");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for artifact in &artifacts(&podman()) {
        if let Some(name) = artifact.path.strip_prefix("quadlet/pi/") {
            fs::write(folder.path().join(name), &artifact.text).expect("writable");
        }
    }
    let output = Command::new(program)
        .arg("-dryrun")
        .env("QUADLET_UNIT_DIRS", folder.path())
        .output()
        .expect("it runs");
    let units = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    for wanted in [
        "---litellm.service---",
        "---crate-default-network.service---",
    ] {
        assert!(units.contains(wanted), "{units}\n{told}");
    }
}
