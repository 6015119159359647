//! `homelab status --watch`: a result after the other, until nobody reads any more.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::world::{Home, Says, Server};

#[test]
fn each_result_is_a_line_until_nobody_reads() {
    let gate = Server::at("127.0.0.1").well("/health/readiness", "{}");
    gate.lists(&[]);
    let home = Home::of(&format!(
        "version = 1\nname = \"lab\"\n[policy]\ngateway = \"gate\"\n[hosts.box]\nos = \"linux\"\n[services.gate]\nkind = \"litellm\"\nhost = \"box\"\nport = {}\n",
        gate.port()
    ));
    let often = [
        "--watch",
        "--every",
        "0.1",
        "--timeout",
        "5",
        "--format",
        "json",
    ];
    let arguments = ["status", "--here", "box"];
    let mut child = home
        .command(&[&arguments[..], &often].concat())
        .stdout(Stdio::piped())
        .spawn()
        .expect("homelab runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut next = || {
        let line = lines.next().expect("there is another").expect("it is text");
        let report: Value = serde_json::from_str(&line).expect("it is JSON");
        report["agrees"] == true
    };
    assert!(next());
    gate.set("/health/readiness", Says::This(503, String::new()));
    while next() {}
    gate.set("/health/readiness", Says::This(200, String::new()));
    while !next() {}
    // It finds out when it writes.
    drop(lines);
    let code = child.wait().expect("it is ours").code();
    assert_eq!(code, Some(0));
}

#[test]
fn a_first_result_that_cannot_be_is_the_last() {
    let home = Home::of("version = 1\n");
    let ran = home.homelab(&["status", "--watch", "--platform", "nowhere.toml"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = home.homelab(&["status", "--every", "1"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}
