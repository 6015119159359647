//! `healthcheck.sh` and `homelab status` say the same of the same world.

use std::fmt::Write;
use std::process::Command;

use serde_json::Value;

use super::world::{Home, Says, Server, dead_port};
use crate::tools;

/// The fields that both print, but for the time, which nobody can take twice.
fn probes(json: &Value) -> Vec<Value> {
    let mut probes = json["probes"].as_array().expect("it is a list").clone();
    for probe in &mut probes {
        let probe = probe.as_object_mut().expect("it is an object");
        probe.remove("milliseconds");
    }
    probes
}

#[test]
fn both_say_the_same_of_the_same_services() {
    let (Some(bash), Some(_)) = (tools::program("bash"), tools::program("curl")) else {
        return;
    };
    let server = Server::at("127.0.0.1");
    for (path, body) in [
        ("/well", ""),
        ("/search?q=1", "found it"),
        ("/health/readiness", "{}"),
    ] {
        server.set(path, Says::This(200, body.to_owned()));
    }
    let mut text = format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
prefer = ["lan"]
[networks.lan]
kind = "lan"
[hosts.box]
os = "linux"
addresses = {{ lan = "127.0.0.1" }}
[hosts.mac]
os = "macos"
addresses = {{ lan = "127.0.0.44" }}
[services.gate]
kind = "litellm"
host = "box"
port = {}
[services.gate.env]
LITELLM_PROXY_KEY = {{ fill_in = "a key" }}
[gateway]
key = {{ env = "LITELLM_PROXY_KEY" }}
[ops.checks.found]
title = "A search"
service = "gate"
path = "/search?q=1"
method = "POST"
body = '{{"query": "ping"}}'
contains = "found"
[ops.checks.lost]
service = "gate"
path = "/search?q=1"
contains = "nothing"
[ops.checks.keyed]
service = "gate"
path = "/well"
needs_key = true
"#,
        server.port()
    );
    // One kind of illness for each host; a host has only one service of each port, so each has one of its own.
    let paths = [
        "well", "created", "redirect", "broken", "bye", "silent", "none",
    ];
    let servers: Vec<(Server, &str)> = paths
        .iter()
        .flat_map(|path| {
            [
                (Server::at("127.0.0.1"), *path),
                (Server::at("127.0.0.44"), *path),
            ]
        })
        .collect();
    for (at, (server, path)) in servers.iter().enumerate() {
        let says = match *path {
            "created" => Says::This(201, String::new()),
            "redirect" => Says::This(302, String::new()),
            "broken" => Says::This(500, String::new()),
            "bye" => Says::Bye,
            "silent" => Says::Nothing,
            _ => Says::This(200, String::new()),
        };
        server.set("/health", says);
        let host = ["box", "mac"][at % 2];
        let health = if *path == "none" {
            ""
        } else {
            "health = [{ path = \"/health\" }]"
        };
        let approval =
            "approval = { reason = \"others call it\", by = \"the owner\", when = \"2026-11-21\" }";
        let approval = if host == "mac" { approval } else { "" };
        let _ = write!(
            text,
            "[services.{path}-{host}]\nkind = \"generic\"\nhost = \"{host}\"\nport = {}\nbind = {:?}\n{approval}\n{health}\n",
            server.port(),
            server.address(),
        );
    }
    let _ = write!(
        text,
        "[services.dead]\nkind = \"generic\"\nhost = \"box\"\nport = {}\n",
        dead_port("127.0.0.1")
    );
    let home = Home::of(&text);
    let built = home.homelab(&["build", "--quiet"]);
    assert!(
        home.path("generated/ops/healthcheck.sh").exists(),
        "{built:?}"
    );
    for place in [&["--host", "box"][..], &["--host", "mac"], &["--elsewhere"]] {
        let script = Command::new(&bash)
            .arg(home.path("generated/ops/healthcheck.sh"))
            .args(["--json", "--timeout", "2"])
            .args(place)
            .env_remove("LITELLM_PROXY_KEY")
            .env("TMPDIR", home.path("."))
            .output()
            .expect("bash runs");
        let script: Value = serde_json::from_slice(&script.stdout).expect("it is JSON");
        let place: Vec<&str> = place
            .iter()
            .map(|it| if *it == "--host" { "--here" } else { it })
            .collect();
        let ours = home.status(&[&["--timeout", "2"], place.as_slice()].concat());
        let json = ours.json();
        assert_eq!(probes(&json), probes(&script), "{place:?}");
        assert_eq!(json["from"], script["from"]);
        let sick = json["counts"]["sick"].as_u64().expect("it is a number");
        assert!(sick >= 5, "{json}");
        assert_eq!(script["well"], false);
    }
}
