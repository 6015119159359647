//! Some units really start: a systemd in namespaces of its own runs them as they were written.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use homelab::emit::{Artifacts, process};
use homelab::platform::{Platform, Service, Value};
use serde_json::{Value as Json, json};

use super::{LAB, REPO, emitted, platform, text_of};
use crate::tools;

/// What the owner filled in for each variable that only the owner knows.
fn filled_in(service: &Service) -> BTreeMap<String, String> {
    let ours = |it: &Value| matches!(it, Value::Secret(_) | Value::FillIn(_));
    let variables = service.env.iter().filter(|it| ours(&it.value));
    variables
        .map(|it| (it.name.to_string(), format!("filled-in-{}", it.name)))
        .collect()
}

/// The env file as its owner left it: the template, with each empty value filled in.
fn env_text(template: &str, values: &BTreeMap<String, String>) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, "")) if values.contains_key(name) => format!("{name}='{}'\n", values[name]),
        _ => format!("{line}\n"),
    };
    template.lines().map(line).collect()
}

/// Everything a service finds on its host when it starts, and what its program is to see.
struct Request {
    files: Vec<Json>,
    directories: Vec<Json>,
    units: Vec<Json>,
}

impl Request {
    fn add(
        &mut self,
        platform: &Platform,
        artifacts: &Artifacts,
        name: &str,
        program: &str,
        expect: &Json,
    ) {
        let service = platform.services.find(name).expect("a service");
        let host = &platform[service.host].name;
        let start = format!("env/{host}/start-{name}");
        let install = artifacts
            .find(&start)
            .and_then(|it| it.install.as_ref())
            .expect("a place");
        let text = text_of(artifacts, &start);
        self.files
            .push(json!({"path": install.path, "text": text, "owner": "root", "mode": "0755"}));
        let mut env = json!({});
        for variable in &service.env {
            if let Some(text) = process::decided(platform, variable) {
                env[variable.name.as_str()] = text.into();
            }
        }
        if let Some(path) = &service.env_file {
            let values = filled_in(service);
            let text = env_text(
                text_of(artifacts, &format!("env/{host}/{name}.env")),
                &values,
            );
            self.files.push(
                json!({"path": path, "text": text, "owner": service.run.user, "mode": "0600"}),
            );
            for (name, value) in values {
                env[name] = value.into();
            }
        }
        self.directories
            .extend(service.run.directory.iter().map(|it| json!(it)));
        let mut expected = json!({
            "active": "active", "user": service.run.user, "umask": "0077", "env": env,
            "cwd": process::working_directory(service).unwrap_or("/"),
        });
        for (key, value) in expect.as_object().expect("a dictionary") {
            expected[key] = value.clone();
        }
        let unit = format!("systemd/{host}/{}.service", service.run.unit);
        self.units.push(json!({
            "name": format!("{}.service", service.run.unit),
            "text": text_of(artifacts, &unit),
            "probes": [program],
            "expect": expected,
        }));
    }
}

/// Runs the request; nothing when no systemd can be had here.
fn booted(request: &Json) -> Option<Json> {
    let python = tools::program("python3")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/unit_roundtrip.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(request.to_string().as_bytes())
        .expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let answer: Json = serde_json::from_slice(&output.stdout).expect("an answer");
    if let Some(why) = answer["skipped"].as_str() {
        tools::skip(&format!("no systemd here: {why}"));
        return None;
    }
    Some(answer)
}

fn check(answer: &Json) {
    for unit in answer["units"].as_array().expect("units") {
        let name = &unit["name"];
        assert_eq!(
            unit["ok"], true,
            "{name}: {} {}",
            unit["mismatches"], unit["stderr"]
        );
    }
    assert_eq!(answer["log"], json!([]), "systemd complained");
}

#[test]
fn units_of_the_repo_start_and_see_what_they_need() {
    let (platform, artifacts) = (platform(REPO), emitted(REPO));
    let home = "/home/christopherbailey";
    let checkout = format!("{home}/homelab-llm");
    let gateway = format!("{checkout}/layer-gateway/litellm-orch");
    let optimiser = format!("{checkout}/layer-gateway/optillm-proxy");
    let mut request = Request {
        files: vec![
            json!({"path": format!("{home}/.ssh/id"), "text": "private"}),
            json!({"path": format!("{home}/.optillm/proxy_config.yaml"), "text": "{}"}),
            json!({"path": format!("{home}/models/og/model.bin"), "text": "weights"}),
            json!({"path": format!("{gateway}/config/router.yaml"), "text": "{}"}),
        ],
        directories: Vec::new(),
        units: Vec::new(),
    };
    let argv = |words: &[&str]| json!(words);
    request.add(
        &platform,
        &artifacts,
        "litellm-orch",
        &format!("{gateway}/.venv/bin/litellm"),
        &json!({
            "nofile": 65536,
            "readable": [format!("{gateway}/config/router.yaml")],
            "writable": [gateway, "/var/cache/litellm-orch"],
            "hidden": [format!("{home}/.ssh/id"), format!("{home}/models/og/model.bin"), "/dev/dri/renderD128".to_owned()],
            "readonly": ["/etc", "/usr/local/lib/homelab/start"],
        }),
    );
    request.add(
        &platform,
        &artifacts,
        "optillm-proxy",
        &format!("{optimiser}/.venv/bin/optillm"),
        &json!({
            "argv": argv(&[
                ".venv/bin/optillm", "--host", "127.0.0.1", "--port", "4020", "--base-url",
                "http://127.0.0.1:4000/v1", "--approach", "proxy", "--optillm-api-key",
                "filled-in-OPTILLM_PROXY_KEY",
            ]),
            "env_absent": ["OPTILLM_API_KEY"],
            "readable": [format!("{home}/.optillm/proxy_config.yaml")],
            "writable": ["/var/lib/optillm-proxy"],
            "hidden": [format!("{home}/.ssh/id")],
        }),
    );
    request.add(
        &platform,
        &artifacts,
        "ov-llm-server",
        &format!("{home}/.local/bin/uv"),
        &json!({
            "groups": ["render", "video"],
            "readable": [format!("{home}/models/og/model.bin"), "/dev/dri/renderD128".to_owned()],
            "writable": [format!("{home}/models"), "/var/cache/ov-server"],
            "hidden": [format!("{home}/.ssh/id")],
            "executable": [format!("{home}/.local/bin/uv")],
        }),
    );
    request.add(
        &platform,
        &artifacts,
        "open-webui",
        &format!("{home}/.local/bin/open-webui"),
        &json!({
            "writable": ["/var/lib/open-webui"],
            "hidden": [format!("{home}/.ssh/id")],
        }),
    );
    let answer = booted(&json!({
        "groups": ["render", "video"],
        "users": [{"name": "christopherbailey", "groups": ["render"]}],
        "directories": request.directories, "files": request.files, "units": request.units,
    }));
    if let Some(answer) = answer {
        check(&answer);
    }
}

#[test]
fn odd_units_start_and_a_missing_value_stops_one_for_good() {
    let (platform, artifacts) = (platform(LAB), emitted(LAB));
    let mut request = Request {
        files: vec![
            json!({"path": "/home/other/data/x", "text": "x"}),
            json!({"path": "/mnt/disk/two/x", "text": "x"}),
            json!({"path": "/home/me/weights/x", "text": "x"}),
            json!({"path": "/home/you/private", "text": "x"}),
        ],
        directories: [
            "/home/me/out",
            "/srv/out",
            "/tmp/shared",
            "/home/me/cache/one",
            "/mnt/disk/two",
        ]
        .map(|it| json!({"path": it, "owner": "me"}))
        .to_vec(),
        units: Vec::new(),
    };
    request.add(
        &platform,
        &artifacts,
        "ring",
        "/home/me/.local/bin/ring",
        &json!({
            "argv": ["ring", "--serve"], "cwd": "/",
            "writable": ["/home/me/out", "/srv/out", "/tmp/shared"],
            "readable": ["/home/other/data/x"],
            "hidden": ["/home/you/private"],
        }),
    );
    request.add(
        &platform,
        &artifacts,
        "round",
        "/home/me/tools/bin/round",
        &json!({
            "argv": ["/home/me/tools/bin/round"], "hidden": ["/home/you/private"],
        }),
    );
    request.add(
        &platform,
        &artifacts,
        "cpu",
        "/srv/cpu/serve",
        &json!({
            "argv": ["./serve"], "writable": ["/mnt/disk/two"], "readable": ["/proc/cpuinfo"],
        }),
    );
    // Nobody has filled in its key.
    request.add(
        &platform,
        &artifacts,
        "gateway",
        "/home/me/lab/gateway/.venv/bin/litellm",
        &json!({"active": "failed"}),
    );
    request
        .files
        .retain(|it| it["path"] != "/home/me/secret/gateway.env");
    let gateway = request.units.last_mut().expect("the gateway");
    gateway["expect"] = json!({"active": "failed"});
    let answer = booted(&json!({
        "groups": ["render", "video"],
        "users": [{"name": "me", "home": "/home/me"}, {"name": "you", "home": "/home/you"}],
        "directories": request.directories, "files": request.files, "units": request.units,
    }));
    let Some(answer) = answer else {
        return;
    };
    let units = answer["units"].as_array().expect("units");
    for unit in units {
        let what = format!(
            "{}: {} {}",
            unit["name"], unit["mismatches"], unit["stderr"]
        );
        assert_eq!(unit["ok"], true, "{what}");
    }
    let gateway = units.last().expect("the gateway");
    assert_eq!(gateway["status"], "78", "{gateway}");
    let said = gateway["stderr"].as_str().expect("words");
    assert!(
        said.contains("LITELLM_PROXY_KEY") && said.contains("/home/me/secret/gateway.env"),
        "{said}"
    );
}
