//! What MCP clients read: the registry and each client's file, by snapshot, by schema, and by what hostile words become.

// The helpers of a test are the test as well, which clippy cannot tell.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::pages::Book;
use homelab::emit::{Artifact, Artifacts, EMITTERS, EmitError};
use homelab::ledger::claims;
use proptest::prelude::*;
use serde_json::Value;

use crate::tools;

const HOMELAB_LLM: &str = include_str!("../../platform.toml");
const WORKSHOP: &str = include_str!("../cases/registries/platform.toml");

fn build(text: &str) -> Result<Artifacts, EmitError> {
    let checked = compile::check(&Source::new("platform.toml", text), None);
    let found: Vec<_> = checked.diagnostics.iter().map(|it| &it.message).collect();
    let platform = checked.platform.unwrap_or_else(|| panic!("{found:?}"));
    let emitter = EMITTERS.iter().find(|it| it.name == "mcp").unwrap();
    let lock = claims(&platform);
    let book = Book {
        platform: &platform,
        lock: &lock,
        rules: &[],
    };
    emitter.run(&book, &Artifacts::new())
}

/// All files with their paths, as one text.
fn shown(artifacts: &Artifacts) -> String {
    let file = |it: &Artifact| {
        let install = it.install.as_ref().map_or(String::new(), |to| {
            let restart = to.restart.join(" ");
            format!(
                " -> {}:{} {}:{} {:o} restart [{restart}]",
                to.host, to.path, to.owner, to.group, to.mode
            )
        });
        format!("=== {}{install}\n{}", it.path, it.text)
    };
    let files: Vec<String> = artifacts.iter().map(file).collect();
    files.concat()
}

#[test]
fn homelab_llm() {
    insta::assert_snapshot!(shown(&build(HOMELAB_LLM).unwrap()));
}

#[test]
fn workshop() {
    insta::assert_snapshot!(shown(&build(WORKSHOP).unwrap()));
}

/// The schema of a client's file, by a word of its path.
fn schema(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap() {
        "registry.json" | "registry" => include_str!("../cases/mcp-schemas/registry.schema.json"),
        "tiny-agents" => include_str!("../cases/mcp-schemas/tiny-agents.schema.json"),
        "claude-code" => include_str!("../cases/mcp-schemas/claude-code.schema.json"),
        "vscode" => include_str!("../cases/mcp-schemas/vscode.schema.json"),
        "cursor" => include_str!("../cases/mcp-schemas/cursor.schema.json"),
        "open-webui" => include_str!("../cases/mcp-schemas/open-webui.schema.json"),
        "litellm" => include_str!("../cases/mcp-schemas/litellm.schema.json"),
        other => panic!("no schema for {other}"),
    }
}

#[test]
fn each_file_is_valid_by_its_schema() {
    for text in [HOMELAB_LLM, WORKSHOP] {
        for artifact in &build(text).unwrap() {
            let Some(value) = read(&artifact.path, &artifact.text) else {
                continue;
            };
            let schema: Value = serde_json::from_str(schema(&artifact.path)).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<_> = validator
                .iter_errors(&value)
                .map(|it| format!("{}: {it}", it.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", artifact.path);
        }
    }
}

#[test]
fn a_schema_refuses_the_file_of_another_client_and_a_key_in_the_open() {
    let artifacts = build(WORKSHOP).unwrap();
    let valid = |client: &str, value: &Value| {
        let schema = serde_json::from_str(schema(&format!("mcp/{client}/"))).unwrap();
        jsonschema::is_valid(&schema, value)
    };
    let claude = file(&artifacts, "mcp/claude-code/.mcp.json");
    let vscode = file(&artifacts, "mcp/vscode/mcp.json");
    assert!(valid("claude-code", &claude) && valid("vscode", &vscode));
    assert!(!valid("vscode", &claude) && !valid("claude-code", &vscode));
    let cursor = file(&artifacts, "mcp/cursor/mcp.json");
    assert!(!valid("claude-code", &cursor) && !valid("cursor", &claude));

    let mut agent = file(&artifacts, "mcp/tiny-agents/agent.json");
    agent["apiKey"] = "sk-1".into();
    assert!(!valid("tiny-agents", &agent));
    let mut connections = file(&artifacts, "mcp/open-webui/tool-server-connections.json");
    connections[0]["key"] = "sk-1".into();
    assert!(!valid("open-webui", &connections));
}

#[test]
fn a_further_page_of_open_webui_has_a_file_only_where_it_is_another() {
    let page = |name: &str, host: &str, port: u16| {
        let network = r#"bind = "all"
            approval = { reason = "people chat", by = "the owner", when = "2026-11-21" }"#;
        format!(
            "\n[services.{name}]\nkind = \"open-webui\"\nhost = \"{host}\"\nport = {port}\n{network}\n"
        )
    };
    let beside = page("guests", "studio", 3001);
    // On the host of the server it calls, the URL is another.
    let apart = page("kitchen", "mini", 3002);
    let artifacts = build(&format!("{WORKSHOP}{beside}{apart}")).unwrap();
    let all = artifacts.iter().map(|it| it.path.as_str());
    let lists: Vec<_> = all.filter(|it| it.contains("/open-webui/")).collect();
    let own = "mcp/open-webui/kitchen/tool-server-connections.json";
    assert_eq!(lists, [own, "mcp/open-webui/tool-server-connections.json"]);
    let url = |path: &str| file(&artifacts, path)[0]["url"].clone();
    assert_eq!(url(own), "http://127.0.0.1:8123/api/mcp");
    assert_eq!(url(lists[1]), "http://192.168.1.71:8123/api/mcp");
}

/// A file as its reader's own parser sees it: JSON here, YAML by the PyYAML that LiteLLM uses.
fn read(path: &str, text: &str) -> Option<Value> {
    if !path.starts_with("mcp/litellm/") {
        return Some(serde_json::from_str(text).unwrap());
    }
    let script = "import json, sys, yaml; json.dump(yaml.safe_load(sys.argv[1]), sys.stdout)";
    let python = tools::python()?;
    let output = Command::new(python).args(["-c", script, text]).output();
    Some(serde_json::from_slice(&output.unwrap().stdout).unwrap())
}

#[test]
fn every_reference_of_vscode_and_tiny_agents_is_asked_for() {
    for text in [HOMELAB_LLM, WORKSHOP] {
        for artifact in &build(text).unwrap() {
            if !artifact.text.contains("${input:") {
                continue;
            }
            let file: Value = serde_json::from_str(&artifact.text).unwrap();
            let mut asked: Vec<_> = file["inputs"].as_array().unwrap().iter().collect();
            asked.sort_by_key(|it| it["id"].as_str().map(str::to_owned));
            let used = artifact.text.split("${input:").skip(1);
            let mut used: Vec<_> = used.map(|it| it.split('}').next().unwrap()).collect();
            used.sort_unstable();
            used.dedup();
            let asked: Vec<_> = asked.iter().map(|it| it["id"].as_str().unwrap()).collect();
            assert_eq!(asked, used, "{}", artifact.path);
        }
    }
}

#[test]
fn the_real_client_starts_the_server_from_each_file() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/mcp_start.py");
    if !script.exists() {
        return tools::skip("no tests/real/mcp_start.py");
    }
    let Some(python) = tools::python() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for artifact in &build(HOMELAB_LLM).unwrap() {
        if artifact.path.starts_with("mcp/open-webui/") {
            continue;
        }
        // The harness reads names and shapes alone, so the folder does not matter.
        let file = folder.path().join("file.json");
        std::fs::write(&file, &artifact.text).unwrap();
        let output = Command::new(&python).arg(&script).arg(&file).output();
        let output = output.unwrap();
        let answer = String::from_utf8_lossy(&output.stdout);
        match output.status.code() {
            Some(3) => return tools::skip("the mcp client is not installed"),
            code => assert_eq!(code, Some(0), "{}: {answer}", artifact.path),
        }
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let tools: Vec<_> = answer["tools"].as_object().unwrap().keys().collect();
        assert_eq!(tools, ["search.web", "web.fetch"], "{}", artifact.path);
    }
}

/// A small platform with one server, started with `word` as an argument and `word` in its environment.
fn with_word(word: &str) -> String {
    let word = toml_text(word);
    format!(
        r#"
version = 1
name = "lab"
[policy]
gateway = "gateway"
[networks.lan]
kind = "lan"
[hosts.mini]
os = "linux"
addresses = {{ lan = "192.168.1.71" }}
checkout = "/srv/lab"
[secrets.key]
generate = {{ bytes = 16 }}
[services.gateway]
kind = "litellm"
host = "mini"
folder = "gateway"
[services.texts]
kind = "ollama"
host = "mini"
[models.small]
service = "texts"
[handles.small]
[services.agents]
kind = "tiny-agents"
host = "mini"
managed_by = "manual"
[services.agents.env]
MCP_REGISTRY_PATH = "/etc/registry.json"
[mcp.tool]
purpose = "Says what it was started with"
transport = "stdio"
command = ["printf", "%s|", {word}, {{ env = "KEY" }}]
[mcp.tool.env]
KEY = {{ secret = "key" }}
WORD = {word}
"#
    )
}

fn toml_text(text: &str) -> String {
    // A JSON string is a TOML string but for what TOML refuses: the generator makes no control characters.
    serde_json::to_string(text).unwrap()
}

fn file(artifacts: &Artifacts, path: &str) -> Value {
    serde_json::from_str(&artifacts.find(path).unwrap().text).unwrap()
}

/// What the server would print, started by a client that hands over `command`, `args` and `env`.
fn started(entry: &Value, key: &str) -> String {
    let words = entry["args"].as_array().unwrap().iter();
    let env = entry["env"].as_object().unwrap().iter();
    let output = Command::new(entry["command"].as_str().unwrap())
        .args(words.map(|it| it.as_str().unwrap()))
        .envs(env.map(|(name, it)| (name, it.as_str().unwrap().replace("${input:key}", key))))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_words_arrive_as_they_were_meant(word in r"[ -~äé€🦀]{1,24}", key in r"[ -~]{1,12}") {
        prop_assume!(!word.contains("${"));
        let artifacts = build(&with_word(&word)).unwrap();
        let agent = file(&artifacts, "mcp/tiny-agents/agent.json");
        let entry = &agent["servers"][0];
        prop_assert_eq!(entry["env"]["WORD"].as_str().unwrap(), word.as_str());
        // Here a shell stands between client and server.
        prop_assert_eq!(started(entry, &key), format!("{word}|{key}|"));

        let claude = file(&artifacts, "mcp/claude-code/.mcp.json");
        let entry = &claude["mcpServers"]["tool"];
        prop_assert_eq!(entry["env"]["WORD"].as_str().unwrap(), word.as_str());
        prop_assert_eq!(entry["args"][1].as_str().unwrap(), word.as_str());
        prop_assert_eq!(entry["args"][2].as_str().unwrap(), "${KEY}");
    }
}

#[test]
fn a_text_that_a_client_would_take_for_a_variable_is_refused() {
    for word in ["${HOME}", "a${b", "${input:key}"] {
        let error = build(&with_word(word)).unwrap_err();
        let EmitError::Unwritable(artifact, why) = error else {
            panic!("{error}");
        };
        assert!(artifact.starts_with("mcp/"), "{artifact}");
        assert!(why.to_string().contains("variable"), "{why}");
    }
    assert!(build(&with_word("$HOME and $(id)")).is_ok());
    // A shell stands between here, and no shell has a word for a control character.
    assert!(build(&with_word("a\u{85}b")).is_err());
}
