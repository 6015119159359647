//! What stops working when something is down.

use homelab::emit::picture::blast::{self, Extent, Impact};
use homelab::platform::Platform;

use super::platform;

/// Two hosts, two model servers, an optimiser, a client, and a program that calls another.
const LAB: &str = r#"
version = 1
name = "lab"
[policy]
gateway = "gateway"
[policy.optimiser]
service = "optimiser"
enabled = true
kinds = ["mlx"]
[networks.lan]
kind = "lan"
[hosts.one]
os = "linux"
addresses = { lan = "192.0.2.1" }
user = "me"
[hosts.two]
os = "macos"
addresses = { lan = "192.0.2.2" }
user = "me"
[gateway]
key = { env = "LITELLM_PROXY_KEY" }
[secrets.gateway-key]
generate = { bytes = 32 }
[secrets.optillm-key]
generate = { bytes = 32 }
[services.gateway]
kind = "litellm"
host = "one"
port = 4000
bind = "all"
[services.gateway.env]
LITELLM_PROXY_KEY = { secret = "gateway-key" }
OPTILLM_API_KEY = { secret = "optillm-key" }
[services.optimiser]
kind = "optillm"
host = "one"
port = 4020
program_version = ">=0.4.0"
[services.optimiser.env]
OPTILLM_PROXY_KEY = { secret = "optillm-key" }
LITELLM_PROXY_KEY = { secret = "gateway-key" }
[services.chat]
kind = "open-webui"
host = "one"
port = 3000
[services.chat.env]
OPENAI_API_BASE_URL = { url = "gateway", path = "/v1" }
OPENAI_API_KEY = { secret = "gateway-key" }
WEBUI_SECRET_KEY = { secret = "gateway-key" }
[services.ollama]
kind = "ollama"
host = "one"
port = 11434
[services.mlx]
kind = "mlx"
host = "two"
bind = "all"
run.directory = "/opt/mlx"
[services.mlx.ports]
team = { range = "8100-8119" }
[services.store]
kind = "generic"
layer = "data"
host = "two"
port = 5432
bind = "all"
run.command = ["/usr/bin/store"]
[services.reader]
kind = "generic"
layer = "tools"
host = "one"
port = 7000
calls = ["store", "gateway"]
run.command = ["/usr/bin/reader"]
[services.writer]
kind = "generic"
layer = "tools"
host = "one"
port = 7001
calls = ["reader"]
run.command = ["/usr/bin/writer"]
[models.small]
service = "ollama"
[models.big]
service = "mlx"
port = 8100
repo = "mlx-community/big"
[handles.small]
[handles.big]
[handles.safe]
model = "big"
fallbacks = ["small"]
[handles.both]
models = ["big", "small"]
via = "direct"
"#;

/// An impact in words: what stops, what is impaired.
fn words(platform: &Platform, impact: &Impact) -> (Vec<String>, Vec<String>) {
    let services = impact
        .services
        .iter()
        .map(|(id, extent)| (format!("service {}", platform[*id].name), *extent));
    let handles = impact
        .handles
        .iter()
        .map(|(id, extent)| (format!("handle {}", platform[*id].name), *extent));
    let (stops, impaired): (Vec<_>, Vec<_>) = services
        .chain(handles)
        .partition(|(_, extent)| *extent == Extent::Wholly);
    let names = |list: Vec<(String, Extent)>| list.into_iter().map(|it| it.0).collect();
    (names(stops), names(impaired))
}

fn check(service: &str, stops: &[&str], impaired: &[&str]) {
    let platform = platform(LAB);
    let blast = blast::of(&platform);
    let impact = match platform.services.find(service) {
        Some(it) => blast.service(it.id),
        None => blast.host(
            platform
                .hosts
                .find(service)
                .expect("a service or a host")
                .id,
        ),
    };
    let found = words(&platform, &impact);
    let expected = (
        stops.iter().map(ToString::to_string).collect(),
        impaired.iter().map(ToString::to_string).collect(),
    );
    assert_eq!(found, expected, "{service}");
}

#[test]
fn without_the_gateway_no_handle_answers() {
    check(
        "gateway",
        &[
            "service chat",
            "service optimiser",
            "handle big",
            "handle both",
            "handle safe",
            "handle small",
        ],
        &["service reader", "service writer"],
    );
}

#[test]
fn a_handle_with_another_route_or_a_fallback_is_impaired_only() {
    check(
        "mlx",
        &["handle big"],
        &["service gateway", "handle both", "handle safe"],
    );
}

#[test]
fn a_handle_through_the_optimiser_needs_it() {
    check(
        "optimiser",
        &["handle big"],
        &["service gateway", "handle safe"],
    );
}

#[test]
fn a_loss_goes_up_the_calls() {
    check("store", &[], &["service reader", "service writer"]);
}

#[test]
fn a_caller_of_nothing_else_stops_too() {
    check("reader", &["service writer"], &[]);
}

#[test]
fn nobody_misses_a_client() {
    check("chat", &[], &[]);
}

#[test]
fn a_host_takes_all_its_services_with_it() {
    check(
        "two",
        &["handle big"],
        &[
            "service gateway",
            "service reader",
            "service writer",
            "handle both",
            "handle safe",
        ],
    );
}
