//! What a tailnet sees: the scripts that publish, and the policy file.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::containers::{PI, artifacts, findings, platform};
use crate::tools;

/// The Pi, with its gateway published on the tailnet.
fn served(serve: &str) -> String {
    PI.replace(
        "[services.litellm]\n",
        &format!("[services.litellm]\nserve = {serve}\n"),
    )
}

fn script(text: &str) -> String {
    let artifacts = artifacts(text);
    let file = artifacts.find("tailscale/pi/serve.sh");
    file.expect("a script").text.clone()
}

/// What the script says to a `tailscale` that writes down how it is called.
fn called(script: &str, arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("tailscale");
    fs::write(
        &program,
        "#!/bin/sh\nprintf 'called:'; printf ' <%s>' \"$@\"; echo\n",
    )
    .expect("a program");
    let file = folder.path().join("serve.sh");
    fs::write(&file, script).expect("a script");
    let status = Command::new("chmod")
        .arg("+x")
        .args([&program, &file])
        .status();
    assert!(status.expect("chmod runs").success());
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let output = Command::new(&file)
        .args(arguments)
        .env("PATH", path)
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("it ends"),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_published_service_is_told_to_tailscale() {
    let script = script(&served("{ path = \"/llm\" }"));
    let (code, said) = called(&script, &[]);
    assert_eq!(
        (code, said.as_str()),
        (
            0,
            "called: <serve> <--bg> <--https=443> <--set-path=/llm> <http://127.0.0.1:4000>\n"
        )
    );
    let (code, said) = called(&script, &["--dry-run"]);
    assert_eq!(
        (code, said.as_str()),
        (
            0,
            "tailscale serve --bg --https=443 --set-path=/llm http://127.0.0.1:4000\n"
        )
    );
    assert_eq!(called(&script, &["--wrong"]).0, 2);
    let script = self::script(&served("{ https_port = 8443 }"));
    assert_eq!(
        called(&script, &[]).1,
        "called: <serve> <--bg> <--https=8443> <http://127.0.0.1:4000>\n"
    );
}

#[test]
fn shellcheck_has_nothing_to_say_of_what_publishes() {
    let Some(program) = tools::program("shellcheck") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("serve.sh");
    fs::write(&file, script(&served("{ path = \"/llm\" }"))).expect("a script");
    let output = Command::new(program)
        .arg(&file)
        .output()
        .expect("shellcheck runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn pages_name_the_way_over_the_tailnet() {
    let artifacts = artifacts(&served("{ path = \"/llm\" }"));
    let page = artifacts.find("docs/services/litellm.md").expect("a page");
    assert!(
        page.text.contains("`https://pi.example.ts.net/llm/v1`"),
        "{}",
        page.text
    );
}

#[test]
fn what_cannot_be_published_is_refused() {
    let cases = [
        (
            served("{ path = \"llm\" }"),
            "a path of a tailnet is not sound",
        ),
        (
            served("{ path = \"/a/../b\" }"),
            "a path of a tailnet is not sound",
        ),
        (
            served("{ path = \"/$(id)\" }"),
            "a path of a tailnet is not sound",
        ),
        (
            served("{}").replace("dns = [\"pi.example.ts.net\"]\n", ""),
            "it has none",
        ),
        (
            served("{}").replace(", tailnet = \"100.64.0.10\"", ""),
            "its host is not on",
        ),
        (served("{}\nbind = \"lan\""), "where it does not listen"),
        (
            served("{}").replace("[services.grafana]\n", "[services.grafana]\nserve = {}\n"),
            "is published twice",
        ),
    ];
    for (text, meant) in cases {
        let found = findings(&text);
        assert!(
            found.iter().any(|it| it.contains(meant)),
            "{meant}: {found:#?}"
        );
    }
}

#[test]
fn a_gateway_on_the_tailnet_asks_for_a_key() {
    let keyless = served("{}").replace("key = { env = \"LITELLM_MASTER_KEY\" }\n", "");
    let found = findings(&keyless);
    assert!(
        found.iter().any(|it| it.starts_with("keyless-gateway")),
        "{found:#?}"
    );
    let found = findings(&served("{}"));
    assert!(
        !found.iter().any(|it| it.starts_with("keyless-gateway")),
        "{found:#?}"
    );
}

fn words(list: &Value) -> BTreeSet<String> {
    let words = list.as_array().expect("a list").iter();
    words
        .map(|it| it.as_str().expect("a word").to_owned())
        .collect()
}

/// True when a rule of the policy lets `src` through to `host:port`, as Tailscale reads it: what no rule accepts is denied.
fn lets_through(policy: &Value, src: &str, to: &str) -> bool {
    let (host, port) = to.rsplit_once(':').expect("a port");
    let port: u16 = port.parse().expect("a number");
    let rules = policy["acls"].as_array().expect("rules").iter();
    let mut rules = rules.filter(|it| words(&it["src"]).contains(src));
    rules.any(|rule| {
        words(&rule["dst"]).iter().any(|dst| {
            let (at, ports) = dst.rsplit_once(':').expect("ports");
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            at == host
                && (first.parse().expect("a number")..=last.parse().expect("a number"))
                    .contains(&port)
        })
    })
}

#[test]
fn the_policy_lets_through_what_is_called_and_nothing_else() {
    let slots = "\n[services.mlx]\nkind = \"mlx\"\nhost = \"desk\"\nbind = \"tailnet\"\nrun.directory = \"/opt/mlx\"\n[services.mlx.ports]\nteam = { range = \"8100-8119\" }\n[models.small]\nservice = \"mlx\"\nport = 8100\n[handles.mlx-small]\nmodel = \"small\"\n[services.notes]\nkind = \"generic\"\nhost = \"desk\"\nport = 8200\nbind = \"tailnet\"\nhealth = [{ path = \"/\" }]\nrun.command = [\"/opt/notes\"]\n";
    let text = served("{ path = \"/llm\" }") + slots;
    let platform = platform(&text);
    let artifacts = artifacts(&text);
    let file = artifacts.find("tailscale/policy.json").expect("a policy");
    let policy: Value = serde_json::from_str(&file.text).expect("JSON");
    assert!(lets_through(&policy, "autogroup:member", "pi:443"));
    let mut over = 0;
    for call in &platform.calls {
        let (from, to) = (&platform[call.from], &platform[call.to]);
        let (Some(_), Some(port)) = (
            call.network,
            to.port().or(to.slots.first().map(|it| it.port)),
        ) else {
            continue;
        };
        over += 1;
        let at = format!("{}:{port}", platform[to.host].name);
        assert!(
            lets_through(&policy, &platform[from.host].name, &at),
            "{} to {at}",
            from.name
        );
        assert!(
            !lets_through(&policy, "autogroup:member", &at),
            "{at} past the gateway"
        );
    }
    assert_eq!(over, 2, "the gateway calls Ollama and MLX");
    assert!(!lets_through(&policy, "pi", "desk:8200"), "nobody calls it");
    let mut denied = BTreeSet::new();
    for test in policy["tests"].as_array().expect("tests") {
        let src = test["src"].as_str().expect("a host");
        for to in words(&test["accept"]) {
            assert!(lets_through(&policy, src, &to), "{src} to {to}");
        }
        for to in words(&test["deny"]) {
            assert!(!lets_through(&policy, src, &to), "{src} to {to}");
            denied.insert(format!("{src} {to}"));
        }
    }
    assert_eq!(denied, BTreeSet::from(["pi desk:8200".to_owned()]));
}
