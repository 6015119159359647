//! What starts services: units, daemons and start scripts, read back and run.

use std::error::Error;

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::pages::Book;
use homelab::emit::{Artifacts, EMITTERS, EmitError};
use homelab::ledger::claims;
use homelab::platform::Platform;

mod booted;
mod launchd;
mod sandbox;
mod scripts;
mod systemd;

/// The repository's own platform.
const REPO: &str = include_str!("../../../platform.toml");

/// The same with our own proxy in LiteLLM's place.
fn repo_with_proxy() -> String {
    REPO.replace("kind = \"litellm\"", "kind = \"homelab\"")
}

/// A small one with a service for each workload, a low port, a ring of calls, a package, and daemons on a Mac.
const LAB: &str = r#"
version = 1
name = "lab"

[policy]
gateway = "gateway"
prefer = ["lan"]

[networks.lan]
kind = "lan"

[hosts.box]
os = "linux"
addresses = { lan = "10.0.0.2" }
user = "me"
checkout = "/home/me/lab"

[hosts.box.volumes.weights]
path = "/home/me/weights"
room = "showroom"

[hosts.mac]
os = "macos"
addresses = { lan = "10.0.0.3" }
user = "her"
checkout = "/Users/her/lab"

[secrets.key]
title = "The key"
generate = { bytes = 16 }

[services.gateway]
kind = "litellm"
host = "box"
folder = "gateway"
env_file = "/home/me/secret/gateway.env"
env.LITELLM_PROXY_KEY = { secret = "key" }
env.NAME = "100% of $HOME \"quoted\""
run.limits = { memory = "4GB" }

[services.low]
title = "Low % port [Service]"
kind = "generic"
host = "box"
port = 80
bind = "all"
approval = { reason = "others call it", by = "the owner", when = "2026-11-21" }
calls = ["ring"]
run.command = ["/usr/bin/env", "true"]

[services.ring]
kind = "generic"
host = "box"
port = 7001
calls = ["round", "low"]
run.command = ["ring", "--serve"]
run.writable = ["/home/me/out", "/srv/out", "/tmp/shared"]
run.readable = ["/home/me", "/home/other/data"]

[services.round]
kind = "generic"
host = "box"
port = 7002
calls = ["ring", "gateway"]
run.command = ["/home/me/tools/bin/round"]
run.directory = "/home/me/a b"
run.user = "you"

[services.cpu]
kind = "openvino"
host = "box"
port = 7003
run.workload = "cpu-inference"
run.directory = "/srv/cpu"
run.command = ["./serve"]
run.restart = "no"

[services.gpu]
kind = "openvino"
host = "box"
port = 7004
folder = "gpu"
run.command = ["uv", "run", "serve"]
run.groups = ["render"]
run.restart_delay = "1500ms"

[services.packaged]
kind = "ollama"
host = "box"
port = 7005
managed_by = "package"
env.NOTE = "50% $5"

[services.daemon]
title = "Daemon <&> one"
kind = "generic"
host = "mac"
port = 7006
env_file = "secret/daemon.env"
run.command = ["/usr/bin/env"]
run.directory = "/opt/daemon"
run.restart = "always"
run.limits = { open_files = 4096 }
env.NOTE = "</string><key>"
env.KEY = { secret = "key" }

[services.off]
kind = "generic"
host = "mac"
state = "disabled"
port = 7007
run.command = ["/usr/bin/env"]
run.restart = "always"

[services.slots]
kind = "mlx"
host = "mac"
folder = "slots"
bind = "all"
approval = { reason = "others call it", by = "the owner", when = "2026-11-21" }
[services.slots.ports]
team = { range = "8100-8102" }

[models.mlx-a]
service = "slots"
port = 8100
repo = "org/a"
boot = true
[models.mlx-b]
service = "slots"
port = 8101
repo = "org/b"
boot = true
[models.mlx-c]
service = "slots"
port = 8102
repo = "org/c"

[models.one]
service = "gpu"
volume = "weights"
cache_path = "/home/me/cache/one"
[models.two]
service = "cpu"
source_path = "/mnt/disk/two"

[handles.one]
[handles.two]
[handles.mlx-a]
"#;

fn platform(text: &str) -> Platform {
    let checked = compile::check(&Source::new("platform.toml", text), None);
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|it| format!("{}: {}", it.rule.name, it.message))
        .collect();
    checked.platform.unwrap_or_else(|| panic!("{found:#?}"))
}

/// What the emitters of this file make, and no other one.
fn emit(platform: &Platform) -> Result<Artifacts, EmitError> {
    let lock = claims(platform);
    let book = Book {
        platform,
        lock: &lock,
        rules: &[],
    };
    let names = ["env", "systemd", "launchd"];
    let emitters = EMITTERS.iter().filter(|it| names.contains(&it.name));
    let made = emitters.map(|it| it.run(&book, &Artifacts::new()));
    Ok(Artifacts::joined(made.collect::<Result<_, _>>()?))
}

fn emitted(text: &str) -> Artifacts {
    emit(&platform(text)).expect("artifacts")
}

/// The message and the cause of what cannot be made.
fn refused(text: &str) -> String {
    let error = emit(&platform(text)).expect_err("a value that cannot be written");
    let cause = error.source().expect("a cause");
    format!("{error}: {cause}")
}

fn text_of<'a>(artifacts: &'a Artifacts, path: &str) -> &'a str {
    let artifact = artifacts.find(path).unwrap_or_else(|| panic!("no {path}"));
    &artifact.text
}

/// The values of a setting of a unit, in order.
fn settings<'a>(unit: &'a str, name: &str) -> Vec<&'a str> {
    unit.lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .collect()
}

fn has_ending(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, it)| it == ending)
}
