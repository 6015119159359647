//! The second house: without findings, its machines to come where they may be and nowhere else, and answered for by the real LiteLLM.

use std::fs;
use std::path::Path;

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::platform::{HostState, Platform};
use serde_json::{Value as Json, json};

use crate::cache::Redis;
use crate::lint::findings;
use crate::litellm::{platform, run, table, text_of, written};

pub(crate) const KHETI: &str = include_str!("../../examples/kheti/platform.toml");

/// The line that says where the answers are kept.
pub(crate) const CACHE: &str =
    "cache = { service = \"redis\", size = \"512MB\", ttl = \"3600s\" }\n";

pub(crate) fn artifacts(platform: &Platform) -> Artifacts {
    compile::emit(platform, &homelab::ledger::claims(platform)).expect("artifacts")
}

/// Kheti with addresses for a machine that had none.
fn promoted(text: &str, host: &str, number: u8) -> String {
    let header = format!("[hosts.{host}]\n");
    assert!(text.contains(&header), "{host}");
    let addresses =
        format!("addresses = {{ lan = \"10.0.0.{number}\", tailnet = \"100.64.0.{number}\" }}");
    text.replace(&header, &format!("{header}{addresses}\n"))
}

#[test]
fn the_second_house_is_without_findings() {
    assert_eq!(findings(KHETI), Vec::<String>::new());
    let platform = platform(KHETI);
    let templates = platform.machines();
    let templates = templates.filter(|it| it.state == HostState::Template);
    assert_eq!((platform.machines().count(), templates.count()), (23, 21));
    assert_eq!(platform.deployments.len(), 17);
}

#[test]
fn kheti_trap_2_all_that_a_template_host_lacks_is_told_at_one_place() {
    let platform = platform(KHETI);
    for host in platform.machines() {
        if host.state == HostState::Template {
            let subject = format!("host `{}`", host.name);
            let work: Vec<_> = platform
                .work
                .iter()
                .filter(|it| it.subject.contains(&host.name) || it.what.contains(&host.name))
                .collect();
            assert_eq!(work.len(), 1, "{work:#?}");
            assert_eq!(work[0].subject, subject);
            assert!(work[0].what.contains("its addresses"), "{}", work[0].what);
        }
    }
}

#[test]
fn pages_call_nothing_live_that_waits_for_its_host() {
    let made = artifacts(&platform(KHETI));
    for (page, names) in [
        ("docs/models.md", ["mixtral", "nomic-embed-text"]),
        ("docs/dossier.md", ["[ollama-ms-s1]", "[ollama-gtr9-pro]"]),
    ] {
        for name in names {
            let rows: Vec<&str> = text_of(&made, page)
                .lines()
                .filter(|it| it.starts_with('|') && it.contains(name))
                .collect();
            assert!(!rows.is_empty(), "{name}");
            assert!(!rows.iter().any(|it| it.contains("| live")), "{rows:#?}");
        }
    }
    let planned = text_of(&made, "docs/planned.md");
    assert!(planned.contains("| `whisper-large-v3` "));
    assert!(planned.contains("| host `old-office-pc`"), "{planned}");
}

/// The folders of what machines read; people read the rest.
const RUNTIME: &[&str] = &[
    "compose",
    "config",
    "env",
    "launchd",
    "litellm",
    "mcp",
    "ops",
    "routes",
    "systemd",
    "tailscale",
];

#[test]
fn template_hosts_reach_no_runtime_artifact() {
    let platform = platform(KHETI);
    let mut names: Vec<&str> = Vec::new();
    for host in platform.machines() {
        if host.state == HostState::Template {
            names.push(&host.name);
            names.extend(platform.services_on(host.id).map(|it| it.name.as_str()));
        }
    }
    names.extend(["fast", "balanced", "gpt-3.5-turbo", "image-gen", "mixtral"]);
    let mut seen = 0;
    for artifact in &artifacts(&platform) {
        let folder = artifact.path.split('/').next().unwrap_or_default();
        if !RUNTIME.contains(&folder) {
            continue;
        }
        seen += 1;
        for name in &names {
            let whole = |text: &str| {
                let text = text.replace(
                    |it: char| !it.is_ascii_alphanumeric() && !"-._".contains(it),
                    " ",
                );
                text.split(' ').any(|it| it == *name)
            };
            assert!(!whole(&artifact.path), "{}", artifact.path);
            let line = artifact.text.lines().find(|it| whole(it));
            assert_eq!(line, None, "{name} in {}", artifact.path);
        }
    }
    assert!(seen > 10, "{seen} artifacts");
}

#[test]
fn a_template_host_is_live_by_its_addresses_alone() {
    let before = platform(KHETI);
    assert!(
        before[before.hosts.find("old-office-pc").expect("a host").id]
            .addresses
            .is_empty()
    );
    let text = promoted(KHETI, "old-office-pc", 7);
    assert_eq!(text.lines().count(), KHETI.lines().count() + 1);
    assert_eq!(findings(&text), Vec::<String>::new());
    let after = platform(&text);
    let made = artifacts(&after);
    let table = table(&made);
    let route = table
        .route("S-LOC-FRE-llama3.2-3b-old-office-pc")
        .expect("a route");
    assert_eq!(route.deployments[0].base_url, "http://100.64.0.7:11434/v1");
    for alias in [
        "fast",
        "gpt-3.5-turbo",
        "text-embedding-ada-002",
        "text-embedding-3-large",
    ] {
        assert!(table.route(alias).is_some(), "{alias}");
        assert!(table.listed().any(|it| it == alias), "{alias}");
    }
    assert!(table.route("balanced").is_none());
    let router = text_of(&made, "litellm/router.yaml");
    assert!(router.contains("    fast: S-LOC-FRE-llama3.2-3b-old-office-pc\n"));
    let compose = text_of(&made, "compose/pi5l/docker-compose.yml");
    assert!(compose.contains("\"http://100.64.0.7:11434\""));
    let drop_in = "systemd/old-office-pc/ollama.service.d/homelab.conf";
    assert!(text_of(&made, drop_in).contains("100.64.0.7:11434"));
    assert!(text_of(&made, "ops/healthcheck.sh").contains("100.64.0.7:11434"));
    let policy = made
        .iter()
        .find(|it| it.path.starts_with("tailscale/policy"));
    assert!(
        policy
            .expect("a policy")
            .text
            .contains("old-office-pc:11434")
    );
    // Whatever was there before is there as it was.
    assert_eq!(after.deployments.len(), before.deployments.len() + 3);
}

#[test]
fn a_group_is_served_by_those_that_are_there_with_their_weights() {
    let mut text = KHETI.to_owned();
    let weights = |text: &str| -> Vec<Option<u32>> {
        let platform = platform(text);
        let table = table(&artifacts(&platform));
        let route = table.route("XL-LOC-FRE-mixtral-8x22b");
        route.map_or_else(Vec::new, |it| {
            it.deployments.iter().map(|it| it.weight).collect()
        })
    };
    assert_eq!(weights(&text), []);
    for (host, number, wanted) in [
        ("gtr9-pro", 11, vec![Some(2)]),
        ("evo-x2", 12, vec![Some(2), Some(1)]),
        ("ms-s1", 13, vec![Some(2), Some(1), Some(1)]),
    ] {
        text = promoted(&text, host, number);
        let mut found = weights(&text);
        found.sort_unstable_by(|one, two| two.cmp(one));
        assert_eq!(found, wanted);
    }
    assert_eq!(findings(&text), Vec::<String>::new());
}

/// Kheti with two models behind one name that have no weights of their own.
fn grouped(profile: &str) -> Platform {
    let text = KHETI
        .replace(
            "model = \"qwen2.5:32b\"\n",
            "models = [\"qwen2.5:32b\", \"qwen2.5:72b\"]\n",
        )
        .replace("{ speed = 40, quality = 35, cost = 25 }", profile);
    platform(&text)
}

#[test]
fn a_profile_becomes_what_each_gateway_can_do_with_it() {
    let weights = |platform: &Platform| -> Vec<Option<u32>> {
        let group = platform.deployments.iter();
        let group = group.filter(|it| it.name == "L-LOC-FRE-qwen2.5-32b");
        group.map(|it| it.weight).collect()
    };
    // Both are free, and one is less than half as large: (35 * 0.45 + 25) / 60.
    let shared = grouped("{ speed = 40, quality = 35, cost = 25 }");
    assert_eq!(weights(&shared), [Some(68), Some(100)]);
    let made = artifacts(&shared);
    let router = text_of(&made, "litellm/router.yaml");
    assert!(
        router.contains("  routing_strategy: simple-shuffle\n"),
        "{router}"
    );
    assert!(router.contains("      weight: 68\n") && router.contains("      weight: 100\n"));
    let read: Json = serde_json::from_str(text_of(&made, "routes/routes.json")).expect("JSON");
    assert_eq!(read["policy"]["strategy"], "weighed");
    assert_eq!(read["policy"]["speed"], 40);
    // Speed above all is the one thing that LiteLLM measures; it would ignore weights beside it.
    let fast = grouped("{ speed = 70, quality = 20, cost = 10 }");
    let made = artifacts(&fast);
    let router = text_of(&made, "litellm/router.yaml");
    assert!(router.contains("  routing_strategy: latency-based-routing\n"));
    assert!(!router.contains("weight:"));
}

/// Kheti with limits for each user and each team beside its own.
fn limited() -> String {
    KHETI.replace(
        "key = { requests_per_minute = 60 }",
        "key = { requests_per_minute = 60 }\nuser = { budget = 20, every = \"7d\" }\nteam = { budget = 50.5, every = \"36h\", requests_per_minute = 120 }",
    )
}

#[test]
fn limits_are_told_by_the_names_that_litellm_reads() {
    let text = limited();
    let made = artifacts(&platform(&text));
    let router = text_of(&made, "litellm/router.yaml");
    let wanted = "  max_budget: 100.0\n  budget_duration: \"30d\"\n  default_key_generate_params:\n    rpm_limit: 60\n  default_internal_user_params:\n    max_budget: 20.0\n    budget_duration: \"7d\"\n  default_team_params:\n    max_budget: 50.5\n    budget_duration: \"36h\"\n    rpm_limit: 120\n";
    assert!(router.contains(wanted), "{router}");
}

#[test]
fn limits_that_nobody_counts_are_refused() {
    let text = KHETI.replace("database = { service = \"postgres\" }\n", "");
    let source = Source::new("platform.toml", &text);
    let found = compile::check(&source, None).diagnostics;
    let found: Vec<&str> = found.iter().map(|it| it.message.as_str()).collect();
    let nobody = [
        "nothing counts the limits of `total`",
        "nothing counts the limits of `key`",
    ];
    assert_eq!(found, nobody);
}

#[test]
fn the_real_litellm_loads_every_model_of_the_second_house_and_warns_of_nothing() {
    let platform = platform(&limited());
    let folder = tempfile::tempdir().expect("a folder");
    written(&platform, folder.path());
    // The cache is asked for when the settings are read.
    let Some(_redis) = Redis::start(&platform, folder.path()) else {
        return;
    };
    let mut arguments = vec!["litellm/router.yaml", "--env", "gateway.env"];
    arguments.extend(["--env", "redis.env"]);
    let Some(report) = run("check_litellm.py", &arguments, folder.path()) else {
        return;
    };
    assert_eq!(report["live"], 17, "{report:#}");
    assert_eq!(report["live"], platform.deployments.len(), "{report:#}");
    assert_eq!(report["logs"], json!([]), "{report:#}");
}

/// Kheti without what other machines keep for its gateway; `cache` has the real Redis.
pub(crate) fn alone() -> String {
    let mut text = KHETI.to_owned();
    for line in [
        "database = { service = \"postgres\" }\n",
        CACHE,
        "[gateway.limits]\ntotal = { budget = 100, every = \"30d\" }\nkey = { requests_per_minute = 60 }\n",
    ] {
        assert!(text.contains(line), "{line}");
        text = text.replace(line, "");
    }
    text
}

/// Boots the real gateway over scripted servers and asks these names, or all that are listed.
fn asked(names: Option<&[&str]>, options: &[&str]) -> Option<(Platform, Json)> {
    let platform = platform(&alone());
    let folder = tempfile::tempdir().expect("a folder");
    written(&platform, folder.path());
    let table = table(&artifacts(&platform));
    let names = names.map_or_else(|| table.listed().collect(), <[&str]>::to_vec);
    let listed = serde_json::to_string(&names).expect("JSON");
    fs::write(Path::new(folder.path()).join("public.json"), listed).expect("writable");
    let mut arguments = vec!["litellm/router.yaml", "--env", "gateway.env", "--quick"];
    arguments.extend(["--public", "public.json", "--optillm", "none"]);
    arguments.extend(options);
    let report = run("boot_litellm.py", &arguments, folder.path())?;
    Some((platform, report))
}

/// The machine and model of each call that a question caused; one that was tried again stands once.
fn hops(row: &Json) -> Vec<(String, String)> {
    let mut hops: Vec<(String, String)> = Vec::new();
    for hop in row["hops"].as_array().expect("hops") {
        let path = hop["path"].as_str().unwrap_or_default();
        let of_path = path.rsplit_once("/models/").map(|it| it.1);
        let of_path = of_path.and_then(|it| it.split_once(':')).map(|it| it.0);
        let model = of_path.or(hop["model"].as_str()).unwrap_or_default();
        let at = hop["at"].as_str().unwrap_or_default();
        let hop = (
            at.split(':').next().unwrap_or_default().to_owned(),
            model.to_owned(),
        );
        if hops.last() != Some(&hop) && !path.ends_with("/api/show") {
            hops.push(hop);
        }
    }
    hops
}

#[test]
fn every_alias_of_the_second_house_answers_through_the_real_litellm() {
    let Some((platform, report)) = asked(None, &[]) else {
        return;
    };
    let table = table(&artifacts(&platform));
    let rows = report["handles"].as_array().expect("rows");
    assert_eq!(rows.len(), table.listed().count());
    assert!(rows.len() >= 34, "{} names", rows.len());
    for row in rows {
        let name = row["handle"].as_str().expect("a name");
        let wanted = &table.route(name).expect("a route").deployments[0];
        let (_, host) = wanted.base_url.split_once("://").expect("a URL");
        let host = host.split([':', '/']).next().unwrap_or_default();
        let wanted = (host.to_owned(), wanted.upstream_model.clone());
        assert_eq!(hops(row), [wanted], "{row:#}");
    }
}

#[test]
fn a_dead_machine_falls_back_to_the_cloud_in_order() {
    let dead = ["--dead", "100.111.115.92:11434"];
    let names = ["code", "reasoning", "vision"];
    let Some((_, report)) = asked(Some(&names), &dead) else {
        return;
    };
    let hop = |at: &str, model: &str| (at.to_owned(), model.to_owned());
    let pc = "100.111.115.92";
    let wanted = [
        vec![
            hop(pc, "qwen2.5-coder:32b"),
            hop(pc, "deepseek-coder-v2:236b"),
            hop("api.anthropic.com", "claude-sonnet-4-5-20250929"),
        ],
        vec![hop(pc, "deepseek-r1:14b"), hop("api.openai.com", "o1")],
        vec![hop(pc, "llava:34b"), hop("api.openai.com", "gpt-4o")],
    ];
    for (row, wanted) in report["handles"]
        .as_array()
        .expect("rows")
        .iter()
        .zip(wanted)
    {
        assert_eq!(row["status"], 200, "{row:#}");
        assert_eq!(hops(row), wanted, "{row:#}");
    }
}
