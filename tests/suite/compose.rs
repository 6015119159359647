//! The real Docker Compose reads every `docker-compose.yml`, without a word, and understands what we meant.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use homelab::emit::Artifacts;
use homelab::emit::escape::env_file_value;
use serde_json::{Value as Json, json};

use crate::containers::{PI, artifacts, on_the_desk, platform};
use crate::kheti::KHETI;
use crate::tools;

/// Docker Compose as `tests/setup` installs it.
fn program() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = root.join("target/venv-compose/bin/docker-compose");
    if program.is_file() {
        return Some(program);
    }
    tools::skip("no Docker Compose: run tests/setup");
    None
}

/// Each Compose file of a platform as Compose understands it, with env files in which every variable that waits for its owner is `$ecret #1`.
fn understood(made: &Artifacts) -> Option<Vec<Json>> {
    let program = program()?;
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    for artifact in made {
        if let Some((_, name)) = artifact.path.split_once('/')
            && artifact.path.starts_with("env/")
            && Path::new(name).extension().is_some_and(|it| it == "env")
        {
            let lines = artifact.text.lines();
            let text: Vec<String> = lines
                .map(|it| match it.strip_suffix('=') {
                    Some(name) if !name.contains(['#', '=']) => format!("{name}='$ecret #1'"),
                    _ => it.to_owned(),
                })
                .collect();
            let file = name.rsplit('/').next().unwrap_or_default();
            fs::write(here.join(file), text.join("\n")).expect("writable");
        }
    }
    let files = made.iter().filter(|it| it.path.starts_with("compose/"));
    let read = files.map(|artifact| {
        let text = artifact
            .text
            .replace("/etc/homelab/", &format!("{}/", here.display()));
        fs::write(here.join("docker-compose.yml"), text).expect("writable");
        let output = Command::new(&program)
            .args(["--profile", "*", "config", "--format", "json"])
            .current_dir(here)
            .env_clear()
            .env("HOME", here)
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told, "", "{}", artifact.path);
        assert!(output.status.success(), "{}", artifact.path);
        serde_json::from_slice(&output.stdout).expect("JSON")
    });
    Some(read.collect())
}

#[test]
fn docker_compose_reads_the_stack_of_the_second_house() {
    let made = artifacts(KHETI);
    let Some(files) = understood(&made) else {
        return;
    };
    let [file] = &files[..] else {
        panic!("{} files", files.len())
    };
    let services = file["services"].as_object().expect("services");
    let names: Vec<&String> = services.keys().collect();
    assert_eq!(
        names,
        ["grafana", "litellm", "postgres", "prometheus", "redis"]
    );
    for (name, service) in services {
        let image = service["image"].as_str().expect("an image");
        assert!(image.contains(':') && !image.ends_with(":latest"), "{name}");
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        for port in service["ports"].as_array().into_iter().flatten() {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}");
        }
    }
    for store in ["postgres", "redis"] {
        assert_eq!(services[store].get("ports"), None, "{store}");
    }
    // What Compose writes has its dollars doubled, as what it reads.
    let gateway = &services["litellm"]["environment"];
    assert_eq!(gateway["DATABASE_HOST"], "postgres:5432");
    assert_eq!(gateway["DATABASE_PASSWORD"], "$$ecret #1");
    assert_eq!(
        services["postgres"]["environment"]["POSTGRES_PASSWORD"],
        "$$ecret #1"
    );
    assert_eq!(services["grafana"]["profiles"], json!(["monitoring"]));
    assert_eq!(
        services["litellm"]["depends_on"]["postgres"]["condition"],
        "service_healthy"
    );
}

#[test]
fn docker_compose_hands_out_gpus() {
    let desk = |gpu: &str| {
        let made = artifacts(&on_the_desk("docker", &format!(", gpu = \"{gpu}\"")));
        let file = understood(&made)?;
        let ollama = file.iter().find_map(|it| it["services"].get("ollama"));
        Some(ollama.expect("the server").clone())
    };
    let (Some(nvidia), Some(amd)) = (desk("nvidia"), desk("amd")) else {
        return;
    };
    assert_eq!(
        nvidia["deploy"]["resources"]["reservations"]["devices"],
        json!([{"capabilities": ["gpu"], "driver": "nvidia", "count": -1}])
    );
    let devices = amd["devices"].as_array().expect("devices");
    let sources: Vec<_> = devices.iter().map(|it| it["source"].as_str()).collect();
    assert_eq!(sources, [Some("/dev/kfd"), Some("/dev/dri")]);
}

#[test]
fn docker_compose_reads_every_value_as_it_was_written() {
    let naughty: Vec<String> =
        serde_json::from_str(include_str!("../cases/naughty.json")).expect("texts");
    let line = |name: &str, text: &str| {
        // A string of JSON is one of TOML, but for one sign.
        let text = json!(text).to_string().replace('\u{7f}', "\\u007f");
        format!("{name} = {text}\n")
    };
    let with = |lines: &str| {
        PI.replace(
            "LITELLM_MASTER_KEY =",
            &format!("{lines}LITELLM_MASTER_KEY ="),
        )
    };
    // Some texts are no values of variables, and refused.
    let values: Vec<(String, &String)> = naughty
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("NAUGHTY_{at}"), text))
        .filter(|(_, text)| env_file_value(text).is_ok())
        .filter(|(name, text)| crate::containers::findings(&with(&line(name, text))).is_empty())
        .collect();
    assert!(values.len() > 30, "{} values", values.len());
    let lines: String = values.iter().map(|(name, text)| line(name, text)).collect();
    let text = with(&lines);
    let _ = platform(&text);
    let Some(files) = understood(&artifacts(&text)) else {
        return;
    };
    let environment = &files[0]["services"]["litellm"]["environment"];
    for (name, text) in values {
        assert_eq!(environment[&name], text.replace('$', "$$"), "{name}");
    }
}
