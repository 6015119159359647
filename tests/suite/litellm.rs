//! What LiteLLM, OptiLLM, SearXNG and the proxy are told; that the two gateways are told the same; and that the real programs take it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::platform::{HandleId, Platform};
use homelab::routes::{Route, Table};
use serde_json::{Value as Json, json};

use crate::tools;

const REPO: &str = include_str!("../../platform.toml");

/// A gateway that uses everything: several models behind a handle, fallbacks, an internal handle, a technique, what is passed through, and words that YAML 1.1 would misread.
const FULL: &str = include_str!("../cases/litellm/full.toml");

pub(crate) fn platform(text: &str) -> Platform {
    let source = Source::new("platform.toml", text);
    let checked = compile::check(&source, None);
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|it| format!("{}: {}", it.rule.name, it.message))
        .collect();
    checked.platform.unwrap_or_else(|| panic!("{found:#?}"))
}

pub(crate) fn emitted(platform: &Platform) -> Artifacts {
    let mut artifacts =
        compile::emit(platform, &homelab::ledger::claims(platform)).expect("artifacts");
    artifacts.retain(|it| {
        let folder = it.path.split('/').next();
        ["litellm", "config", "routes"].map(Some).contains(&folder)
    });
    artifacts
}

pub(crate) fn text_of<'a>(artifacts: &'a Artifacts, path: &str) -> &'a str {
    let artifact = artifacts.find(path);
    &artifact.unwrap_or_else(|| panic!("no {path}")).text
}

/// The gateway's environment, as far as the file alone decides it.
fn environment(platform: &Platform) -> BTreeMap<&str, &str> {
    let name = |id: HandleId| platform[id].name.as_str();
    let env = &platform.gateway_service().env;
    env.iter()
        .filter_map(|it| Some((it.name.as_str(), it.value.as_text(name)?)))
        .collect()
}

pub(crate) fn table(artifacts: &Artifacts) -> Table {
    Table::from_json(text_of(artifacts, "routes/routes.json")).expect("a route table")
}

#[test]
fn files_of_the_repos_platform() {
    let artifacts = emitted(&platform(REPO));
    insta::assert_snapshot!("repo-router", text_of(&artifacts, "litellm/router.yaml"));
    let proxy_config = "config/optillm-proxy/proxy_config.yaml";
    insta::assert_snapshot!("repo-optillm", text_of(&artifacts, proxy_config));
    let settings = "config/searxng/settings.yml";
    insta::assert_snapshot!("repo-searxng", text_of(&artifacts, settings));
}

#[test]
fn files_of_a_gateway_that_uses_everything() {
    let artifacts = emitted(&platform(FULL));
    insta::assert_snapshot!("full-router", text_of(&artifacts, "litellm/router.yaml"));
    let proxy_config = "config/optillm/proxy_config.yaml";
    insta::assert_snapshot!("full-optillm", text_of(&artifacts, proxy_config));
    insta::assert_snapshot!("full-routes", text_of(&artifacts, "routes/routes.json"));
}

#[test]
fn every_file_says_where_it_goes() {
    let platform = platform(REPO);
    let installed: Vec<String> = emitted(&platform)
        .iter()
        .filter_map(|it| it.install.as_ref())
        .map(|it| {
            let restart = it.restart.join(" ");
            format!(
                "{}:{} {} {:o} {restart}",
                it.host, it.path, it.owner, it.mode
            )
        })
        .collect();
    insta::assert_snapshot!(installed.join("\n"), @r"
    mini:/home/christopherbailey/.optillm/proxy_config.yaml christopherbailey 644 optillm-proxy
    mini:/etc/searxng/settings.yml christopherbailey 644 searxng
    mini:/home/christopherbailey/homelab-llm/layer-gateway/litellm-orch/config/router.yaml christopherbailey 644 litellm-orch
    ");
}

/// The scalars of one entry of `model_list`, by the path of their keys. It reads what our own writer writes, and nothing else of YAML.
fn entries(router: &str) -> Vec<BTreeMap<String, String>> {
    let list = router.split("\nmodel_list:\n").nth(1).expect("a list");
    let list = list
        .split_inclusive('\n')
        .take_while(|it| it.starts_with(' '));
    let mut entries: Vec<BTreeMap<String, String>> = Vec::new();
    let mut section = String::new();
    for line in list {
        let line = line.trim_end();
        // The items of a list have no key.
        let Some((key, value)) = line[4..].split_once(':') else {
            continue;
        };
        if line.starts_with("  - ") {
            entries.push(BTreeMap::new());
        }
        if value.is_empty() {
            section = format!("{}.", key.trim());
        } else if !key.starts_with(' ') {
            section = String::new();
        }
        let value = value.trim().trim_matches('"').to_owned();
        let entry = entries.last_mut().expect("an entry before its keys");
        entry.insert(format!("{section}{}", key.trim()), value);
    }
    entries
}

#[test]
fn both_gateways_are_told_the_same() {
    for text in [REPO, FULL] {
        let platform = platform(text);
        let artifacts = emitted(&platform);
        let env = environment(&platform);
        let resolve = |word: &str| match word.strip_prefix("os.environ/") {
            Some(name) => env[name].to_owned(),
            None => word.to_owned(),
        };
        let told: Vec<_> = entries(text_of(&artifacts, "litellm/router.yaml"))
            .iter()
            .map(|entry| {
                let params = |key: &str| entry.get(&format!("litellm_params.{key}")).cloned();
                let number = |key| params(key).map(|it| it.parse::<u32>().expect("a number"));
                // Seconds there, milliseconds here.
                let timeout = params("timeout").map(|it| {
                    let number: f64 = it.parse().expect("a number");
                    Duration::from_secs_f64(number)
                        .as_millis()
                        .try_into()
                        .expect("short")
                });
                let model = resolve(&params("model").expect("a model"));
                let (provider, upstream) = model.split_once('/').expect("a provider");
                let path = if provider.starts_with("ollama") {
                    "/v1"
                } else {
                    ""
                };
                (
                    entry["model_name"].clone(),
                    entry["model_info.id"].clone(),
                    upstream.to_owned(),
                    format!("{}{path}", resolve(&params("api_base").expect("a base"))),
                    params("api_key")
                        .and_then(|it| it.strip_prefix("os.environ/").map(str::to_owned)),
                    (number("order"), number("weight"), timeout),
                    entry["model_info.homelab_internal"] == "true",
                )
            })
            .collect();
        let table = table(&artifacts);
        let mut served = Vec::new();
        for route in &table.routes {
            for it in &route.deployments {
                served.push((
                    route.name.clone(),
                    it.id.clone(),
                    it.upstream_model.clone(),
                    it.base_url.clone(),
                    it.key.clone(),
                    (it.order, it.weight, it.timeout_ms),
                    route.internal,
                ));
            }
        }
        let sorted = |mut rows: Vec<_>| {
            rows.sort();
            rows
        };
        assert_eq!(sorted(told), sorted(served));
    }
}

#[test]
fn an_optimised_handle_finds_its_way_back() {
    let table = table(&emitted(&platform(REPO)));
    let through: Vec<&Route> = table
        .routes
        .iter()
        .filter(|it| it.optimised.is_some())
        .collect();
    assert_eq!(through.len(), 3);
    for route in through {
        let back = route.deployments[0].back.as_deref().expect("a way back");
        let back = table.route(back).expect("a route");
        assert!(back.internal && back.optimised.is_none(), "{}", back.name);
        assert_eq!(back.callers, ["optillm-proxy"]);
        assert_eq!(back.deployments[0].service, "mlx");
    }
}

/// Writes what the real programs read into a folder of the test's own.
pub(crate) fn written(platform: &Platform, folder: &Path) {
    for artifact in &emitted(platform) {
        let path = folder.join(&artifact.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, &artifact.text).expect("writable");
    }
    let lines = environment(platform).into_iter();
    let lines: Vec<String> = lines
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let env = lines.join("\n") + "\n";
    fs::write(folder.join("gateway.env"), env).expect("writable");
    let public: Vec<&str> = platform
        .deployments
        .iter()
        .filter(|it| !it.internal)
        .map(|it| it.name.as_str())
        .collect();
    let public = serde_json::to_string(&public).expect("JSON");
    fs::write(folder.join("public.json"), public).expect("writable");
}

/// Runs one of the scripts in `tests/real`; nothing when what it needs is not installed here.
pub(crate) fn run(script: &str, arguments: &[&str], folder: &Path) -> Option<Json> {
    let python = tools::python()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/real")
        .join(script);
    let output = Command::new(python)
        .arg(script)
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(3) {
        tools::skip(text.trim());
        return None;
    }
    let told = || format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{}", told());
    Some(serde_json::from_str(&text).unwrap_or(Json::Null))
}

#[test]
fn the_real_litellm_loads_every_model_and_warns_of_nothing() {
    for text in [REPO, FULL] {
        let platform = platform(text);
        let folder = tempfile::tempdir().expect("a folder");
        written(&platform, folder.path());
        let arguments = ["litellm/router.yaml", "--env", "gateway.env"];
        let Some(report) = run("check_litellm.py", &arguments, folder.path()) else {
            return;
        };
        assert_eq!(report["live"], platform.deployments.len(), "{report:#}");
        assert_eq!(report["logs"], json!([]), "{report:#}");
    }
}

/// Boots the real gateway over scripted servers and asks each public handle: the first and the last server asked must be those of the route table, by the names that they know.
fn every_handle_answers(text: &str, options: &[&str]) -> Option<Json> {
    let platform = platform(text);
    let folder = tempfile::tempdir().expect("a folder");
    written(&platform, folder.path());
    let mut arguments = vec!["litellm/router.yaml", "--env", "gateway.env"];
    arguments.extend(["--public", "public.json"]);
    arguments.extend(["--proxy-config", "config/optillm-proxy/proxy_config.yaml"]);
    arguments.extend(options);
    let report = run("boot_litellm.py", &arguments, folder.path())?;
    let table = table(&emitted(&platform));
    assert_eq!(report["boot_hops"], json!([]), "{report:#}");
    let mut listed: Vec<&str> = table.listed().collect();
    listed.sort_unstable();
    assert_eq!(report["models"], json!(listed));
    for row in report["handles"].as_array().expect("rows") {
        let route = table.route(row["handle"].as_str().expect("a name"));
        let first = &route.expect("a route").deployments[0];
        let last = match &first.back {
            Some(back) => &table.route(back).expect("a route").deployments[0],
            None => first,
        };
        let hops = row["hops"].as_array().expect("hops");
        for (hop, wanted) in [(hops.first(), first), (hops.last(), last)] {
            let hop = hop.expect("a hop");
            let at = format!("http://{}/v1", hop["at"].as_str().expect("an address"));
            assert_eq!(at, wanted.base_url, "{row:#}");
            assert_eq!(hop["model"], wanted.upstream_model.as_str(), "{row:#}");
        }
    }
    assert_eq!(report["search"][0]["ok"], true, "{report:#}");
    assert_eq!(report["circles"], json!([]), "{report:#}");
    Some(report)
}

#[test]
fn every_handle_answers_through_the_real_litellm() {
    every_handle_answers(REPO, &["--optillm", "scripted", "--quick"]);
}

#[test]
fn every_handle_answers_through_the_real_optillm_also_by_a_technique() {
    const HANDLE: &str = "mlx-gpt-oss-20b-mxfp4-q4";
    let table = format!("[handles.{HANDLE}]\n");
    let text = REPO.replace(&table, &format!("{table}technique = \"moa\"\n"));
    let Some(report) = every_handle_answers(&text, &["--optillm", "real", "--sick"]) else {
        return;
    };
    let rows = report["handles"].as_array().expect("rows");
    let hops = |handle: &str| {
        let row = rows.iter().find(|row| row["handle"] == handle);
        let hops = row.expect("a row")["hops"].as_array().expect("hops");
        let at_model = |hop: &&Json| hop["at"] != "127.0.0.1:4020" && hop["probe"] == false;
        hops.iter().filter(at_model).count()
    };
    // A mixture of agents asks three times; without a technique a request passes through once.
    assert_eq!(hops(HANDLE), 3, "{report:#}");
    assert_eq!(hops("mlx-gpt-oss-120b-mxfp4-q4"), 1, "{report:#}");
}

#[test]
fn the_list_of_settings_is_that_of_the_real_litellm() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend/litellm_keys.txt");
    let list = list.to_str().expect("a path of letters");
    let folder = tempfile::tempdir().expect("a folder");
    let _ = run("extract_litellm_keys.py", &["--check", list], folder.path());
}
