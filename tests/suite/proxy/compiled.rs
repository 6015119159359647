//! The proxy in LiteLLM's place: the kind changes, and nothing else does.

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
    let (well, said) = homelab(folder.path(), &["build"]);
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
    // It takes the table that was made, and misses only the keys.
    let (_, said) = homelab(folder.path(), &["proxy", "--check"]);
    assert!(said.contains("these variables are not set: "), "{said}");
}
