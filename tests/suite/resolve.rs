//! From text to platform: the repo's own file, and the two examples of every rule.

use homelab::compile::check;
use homelab::diagnostic::{Severity, Source};

fn errors(text: &str) -> Vec<String> {
    let source = Source::new("platform.toml", text);
    let checked = check(&source, None);
    checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .map(|it| {
            let place = it.primary.as_ref().map_or(String::new(), |label| {
                let at = source.position(label.span.start);
                format!("{}:{} `{}`", at.line, at.column, source.words(label.span))
            });
            format!("{}: {} at {place}", it.rule.name, it.message)
        })
        .collect()
}

#[test]
fn the_repos_platform_has_no_error() {
    let text = include_str!("../../platform.toml");
    assert_eq!(errors(text), Vec::<String>::new());
}

#[test]
fn bad_examples_raise_their_rule_and_no_other() {
    for rule in homelab::platform::resolve::RULES {
        let found = errors(rule.bad);
        assert!(
            !found.is_empty(),
            "the bad example of {} raises nothing",
            rule.name
        );
        for finding in &found {
            assert!(
                finding.starts_with(&format!("{}:", rule.name)),
                "the bad example of {} raises {finding}",
                rule.name
            );
        }
        assert_eq!(found.len(), 1, "one cause, one error: {found:?}");
    }
}

#[test]
fn good_examples_raise_nothing() {
    for rule in homelab::platform::resolve::RULES {
        assert_eq!(
            errors(rule.good),
            Vec::<String>::new(),
            "good example of {}",
            rule.name
        );
    }
}

#[test]
fn a_file_with_five_mistakes_shows_five_messages() {
    let text = r#"version = 1
name = "home"

[policy]
gateway = "gatewy"

[hosts.pi]
os = "linux"
addresses = { wan = "192.0.2.10" }

[services.gateway]
kind = "litelm"
host = "pi"

[services.chat]
kind = "open-webui"
host = "pie"
env = { KEY = "os.environ/KEY" }
"#;
    let found = errors(text);
    assert_eq!(
        found,
        [
            "unknown-name: there is no service `gatewy` at 5:11 `\"gatewy\"`",
            "unknown-name: there is no network `wan` at 9:15 `wan`",
            "unknown-name: there is no kind `litelm` at 12:8 `\"litelm\"`",
            "unknown-name: there is no host `pie` at 17:8 `\"pie\"`",
            "consumer-syntax: `os.environ/` is LiteLLM's own syntax at 18:15 `\"os.environ/KEY\"`",
        ]
    );
}

#[test]
fn a_variable_whose_source_is_wrong_is_provided_all_the_same() {
    let text = r#"
version = 1
name = "home"

[policy]
gateway = "front"

[gateway]
key = { env = "FRONT_KEY" }

[hosts.pi]
os = "linux"

[services.front]
kind = "homelab"
host = "pi"
port = 4000
env = { FRONT_KEY = { secret = "front" }, SAME = { env = "FRONT_KEY" } }
"#;
    assert_eq!(
        errors(text),
        ["unknown-name: there is no secret `front` at 18:21 `{ secret = \"front\" }`"]
    );
}

#[test]
fn a_server_without_ports_is_told_once_for_all_its_models() {
    let text = r#"
version = 1
name = "home"

[policy]
gateway = "gateway"

[hosts.mac]
os = "macos"

[services.gateway]
kind = "litellm"
host = "mac"

[services.mlx]
kind = "mlx"
host = "mac"

[models]
one = { service = "mlx", port = 8101 }
two = { service = "mlx", port = 8102 }
"#;
    assert_eq!(
        errors(text),
        ["conflicting-fields: `mlx` runs one model per port and has no ports at 15:11 `mlx`"]
    );
}

#[test]
fn where_nothing_searches_no_key_for_it_is_asked() {
    let text = include_str!("../../platform.toml");
    let asks = |text: &str| {
        let platform = check(&Source::new("platform.toml", text), None)
            .platform
            .expect("it is sound");
        let webui = platform.services.find("open-webui").unwrap();
        webui.env.iter().any(|it| it.name == "PERPLEXITY_API_KEY")
    };
    assert!(asks(text));
    let (before, rest) = text
        .split_once("[gateway.search_tools.")
        .expect("it searches");
    let (_, after) = rest.split_once("\n[").expect("more follows");
    assert!(!asks(&format!("{before}[{after}")));
}

#[test]
fn addresses_follow_from_who_calls_whom() {
    let source = Source::new("platform.toml", include_str!("../../platform.toml"));
    let platform = check(&source, None)
        .platform
        .expect("the repo's platform is sound");
    let url = |from: &str, to: &str| {
        let (from, to) = (
            platform.services.find(from).unwrap(),
            platform.services.find(to).unwrap(),
        );
        platform.call_url(from.id, to.id).map(str::to_owned)
    };
    // Loopback on the same host, also where the callee listens on all interfaces.
    assert_eq!(
        url("open-webui", "litellm-orch").as_deref(),
        Some("http://127.0.0.1:4000")
    );
    assert_eq!(
        url("litellm-orch", "searxng").as_deref(),
        Some("http://127.0.0.1:8888")
    );
    // The preferred network's address across hosts; a callee with one model per port has its ports in the routes.
    assert_eq!(
        url("litellm-orch", "mlx").as_deref(),
        Some("http://192.168.1.72")
    );
    // Two services may call each other; a service that is planned is not called.
    assert_eq!(
        url("optillm-proxy", "litellm-orch").as_deref(),
        Some("http://127.0.0.1:4000")
    );
    assert_eq!(
        url("litellm-orch", "optillm-proxy").as_deref(),
        Some("http://127.0.0.1:4020")
    );
    assert_eq!(url("litellm-orch", "afm"), None);
}

#[test]
fn the_switch_turns_the_optimiser_off_for_the_whole_platform() {
    let routes = |text: &str| -> Vec<String> {
        let platform = check(&Source::new("platform.toml", text), None)
            .platform
            .expect("it is sound");
        let mlx = platform
            .deployments
            .iter()
            .filter(|it| it.name.contains("gemma"));
        mlx.map(|it| format!("{} -> {} as {}", it.name, it.url, it.selector))
            .collect()
    };
    let text = include_str!("../../platform.toml");
    let gemma = "mlx-gemma-3-27b-it-qat-4bit";
    assert_eq!(
        routes(text),
        [
            format!("{gemma} -> http://127.0.0.1:4020/v1 as {gemma}"),
            format!("router-{gemma} -> http://192.168.1.72:8101/v1 as {gemma}"),
        ]
    );
    let off = text.replace("enabled = true", "enabled = false");
    assert_eq!(
        routes(&off),
        [format!("{gemma} -> http://192.168.1.72:8101/v1 as {gemma}")]
    );
}

#[test]
fn the_gateway_restarts_before_what_calls_it_back_and_after_what_it_calls() {
    let source = Source::new("platform.toml", include_str!("../../platform.toml"));
    let platform = check(&source, None)
        .platform
        .expect("the repo's platform is sound");
    let order: Vec<&str> = platform
        .ops
        .restart_order
        .iter()
        .map(|id| platform[*id].name.as_str())
        .collect();
    let at = |name: &str| {
        order
            .iter()
            .position(|it| *it == name)
            .unwrap_or_else(|| panic!("{name} in {order:?}"))
    };
    assert!(at("searxng") < at("litellm-orch") && at("ov-llm-server") < at("litellm-orch"));
    assert!(at("litellm-orch") < at("optillm-proxy") && at("litellm-orch") < at("open-webui"));
}
