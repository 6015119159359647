//! The proxy in LiteLLM's place: the kind changes, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn homelab(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_homelab"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CI")
        .output()
        .expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_platform_can_name_it_as_its_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../../platform.toml");
    assert_eq!(text.matches("kind = \"litellm\"").count(), 1);
    fs::write(
        folder.path().join("platform.toml"),
        text.replace("kind = \"litellm\"", "kind = \"homelab\""),
    )
    .unwrap();
    let (well, said) = homelab(folder.path(), &["build", "--no-site"]);
    assert!(well, "{said}");
    let read = |name: &str| fs::read_to_string(folder.path().join("generated").join(name)).unwrap();
    assert_eq!(
        read("routes/routes.json"),
        include_str!("../../../generated/routes/routes.json")
    );
    assert!(!folder.path().join("generated/litellm/router.yaml").exists());
    let manifest: Value = serde_json::from_str(&read("manifest.json")).unwrap();
    let table = &manifest["files"]["routes/routes.json"];
    let path = table["install"]["path"].as_str().unwrap();
    assert!(path.ends_with("/config/routes.json"), "{path}");
    let start = read("env/mini/start-litellm-orch");
    assert!(
        start.contains("\nexec homelab proxy --table config/routes.json\n"),
        "{start}"
    );
    let unit = read("systemd/mini/litellm-orch.service");
    for line in [
        "Type=notify",
        "WatchdogSec=30s",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "ExecStart=/usr/local/lib/homelab/start/litellm-orch",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
    ] {
        assert!(unit.lines().any(|it| it == line), "{line}: {unit}");
    }
    // It takes the table that was made, and misses only the keys.
    let (_, said) = homelab(folder.path(), &["proxy", "--check"]);
    assert!(said.contains("these variables are not set: "), "{said}");
}

/// Every file below a folder but those of the site, by its path in it.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let is_ours = |it: &walkdir::DirEntry| it.path() != folder.join("site");
    for entry in walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_entry(is_ours)
    {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).unwrap();
            let text = fs::read_to_string(entry.path()).unwrap();
            all.insert(path.to_str().unwrap().to_owned(), text);
        }
    }
    all
}

#[test]
fn those_who_call_the_gateway_see_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../../platform.toml");
    fs::write(
        folder.path().join("platform.toml"),
        text.replace("kind = \"litellm\"", "kind = \"homelab\""),
    )
    .unwrap();
    let (well, said) = homelab(folder.path(), &["build", "--no-site"]);
    assert!(well, "{said}");
    let before = tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("generated"));
    let after = tree(&folder.path().join("generated"));
    // What the gateway itself is made of, and what tells people of it.
    let own = |path: &str| {
        path.contains("litellm")
            || path.starts_with("docs/")
            || path.starts_with("ops/")
            || path == "manifest.json"
    };
    for (path, text) in before.iter().filter(|(path, _)| !own(path)) {
        // A list of services says what each of them is.
        let seen = after
            .get(path)
            .map(|it| it.replace("\"kind\":\"homelab\"", "\"kind\":\"litellm\""));
        assert_eq!(seen.as_ref(), Some(text), "{path}");
    }
    // Each client's address, keys and names are among what was compared.
    for client in [
        "start-open-webui",
        "start-optillm-proxy",
        "start-ov-llm-server",
    ] {
        assert!(
            before.contains_key(&format!("env/mini/{client}")),
            "{client}"
        );
    }
    for (path, text) in &after {
        assert!(
            !text.contains("router.yaml"),
            "{path} still speaks of LiteLLM's file"
        );
    }
    // Where models are stands in its table, so nothing asks for LiteLLM's variables.
    let (before, after) = (
        &before["env/mini/start-litellm-orch"],
        &after["env/mini/start-litellm-orch"],
    );
    let of_a_route = "export MLX_GEMMA_3_27B_IT_QAT_4BIT_API_BASE=";
    assert!(before.contains(of_a_route) && !after.contains(of_a_route));
}

#[test]
fn the_names_are_those_that_litellm_is_given() {
    let router = include_str!("../../../generated/litellm/router.yaml");
    let named: BTreeSet<&str> = router
        .lines()
        .filter_map(|it| it.trim().strip_prefix("- model_name: "))
        .map(|it| it.trim_matches('"'))
        .collect();
    let table: Value =
        serde_json::from_str(include_str!("../../../generated/routes/routes.json")).unwrap();
    let rows = table["routes"].as_array().unwrap();
    let served: BTreeSet<&str> = rows.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(served, named);
    assert!(served.iter().any(|it| it.starts_with("router-")));
}

#[test]
fn on_a_mac_it_is_a_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"
version = 1
name = "lab"

[policy]
gateway = "gateway"
prefer = ["lan"]

[networks.lan]
kind = "lan"

[hosts.mac]
os = "macos"
addresses = { lan = "10.0.0.3" }
user = "her"
checkout = "/Users/her/lab"

[services.gateway]
kind = "homelab"
host = "mac"
folder = "gateway"
"#;
    fs::write(folder.path().join("platform.toml"), text).unwrap();
    let (well, said) = homelab(folder.path(), &["build", "--no-site"]);
    assert!(well, "{said}");
    let all = tree(&folder.path().join("generated"));
    let (_, plist) = all
        .iter()
        .find(|(path, _)| path.starts_with("launchd/mac/") && path.contains("gateway"))
        .unwrap_or_else(|| panic!("no plist: {:?}", all.keys()));
    assert!(plist.contains("<string>/usr/local/lib/homelab/start/gateway</string>"));
    let start = &all["env/mac/start-gateway"];
    assert!(
        start.contains("\nexec homelab proxy --table config/routes.json\n"),
        "{start}"
    );
    assert!(all.contains_key("routes/routes.json"));
}

#[test]
fn with_a_certificate_everybody_calls_it_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../../platform.toml")
        .replace("kind = \"litellm\"", "kind = \"homelab\"")
        .replacen(
            "[gateway]\n",
            "[gateway]\ntls = { certificate = \"/etc/homelab/it.pem\", key = \"/etc/homelab/it.key\" }\n",
            1,
        );
    fs::write(folder.path().join("platform.toml"), &text).unwrap();
    let (well, said) = homelab(folder.path(), &["build", "--no-site"]);
    assert!(well, "{said}");
    let all = tree(&folder.path().join("generated"));
    let table: Value = serde_json::from_str(&all["routes/routes.json"]).unwrap();
    assert_eq!(table["listen"]["tls"]["certificate"], "/etc/homelab/it.pem");
    assert_eq!(table["listen"]["tls"]["key"], "/etc/homelab/it.key");
    let start = &all["env/mini/start-open-webui"];
    assert!(start.contains("=https://127.0.0.1:4000/v1\n"), "{start}");
    // Nobody is left who calls it in clear.
    for (path, text) in all.iter().filter(|(path, _)| !path.starts_with("docs/")) {
        for address in ["127.0.0.1", "192.168.1.71", "localhost"] {
            assert!(!text.contains(&format!("http://{address}:4000")), "{path}");
        }
    }
    // LiteLLM is told of its certificate in another way, which we do not know.
    fs::write(
        folder.path().join("platform.toml"),
        text.replace("kind = \"homelab\"", "kind = \"litellm\""),
    )
    .unwrap();
    let (well, said) = homelab(folder.path(), &["build", "--no-site"]);
    assert!(
        !well && said.contains("is told of no certificate"),
        "{said}"
    );
}
