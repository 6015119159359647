//! Services as containers: how they reach each other and their host, and what the container engines are told.

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::platform::Platform;

/// A Pi with a gateway, its stores and what watches it as containers, and a model server on another machine.
pub(crate) const PI: &str = include_str!("../cases/containers/pi.toml");

pub(crate) fn findings(text: &str) -> Vec<String> {
    let source = Source::new("platform.toml", text);
    let checked = compile::check(&source, None);
    let found = checked.diagnostics.iter();
    found
        .map(|it| format!("{}: {}", it.rule.name, it.message))
        .collect()
}

pub(crate) fn platform(text: &str) -> Platform {
    let source = Source::new("platform.toml", text);
    compile::check(&source, None)
        .platform
        .unwrap_or_else(|| panic!("{:#?}", findings(text)))
}

pub(crate) fn artifacts(text: &str) -> Artifacts {
    let platform = platform(text);
    compile::emit(&platform, &homelab::ledger::claims(&platform)).expect("artifacts")
}

fn compose(text: &str) -> String {
    let artifacts = artifacts(text);
    let file = artifacts.find("compose/pi/docker-compose.yml");
    file.expect("a Compose file").text.clone()
}

/// The value that the environment of a service has for a variable.
fn variable(text: &str, service: &str, name: &str) -> String {
    let platform = platform(text);
    let service = platform.services.find(service).expect("the service");
    let variable = platform.variable(service, name).expect("the variable");
    let value = variable.value.as_text(|id| &platform[id].name);
    value.expect("a value of the file's own").to_owned()
}

#[test]
fn a_stack_of_containers() {
    assert_eq!(findings(PI), Vec::<String>::new());
    insta::assert_snapshot!("pi-compose", compose(PI));
    let artifacts = artifacts(PI);
    let redis = artifacts.find("config/redis/redis.conf").expect("a file");
    insta::assert_snapshot!("pi-redis", redis.text);
    let router = artifacts.find("litellm/router.yaml").expect("a file");
    insta::assert_snapshot!("pi-router", router.text);
}

/// The model server of the desk as a container, with these words for its GPU.
pub(crate) fn on_the_desk(managed_by: &str, gpu: &str) -> String {
    let plain = "kind = \"ollama\"\nhost = \"desk\"\n";
    assert!(PI.contains(plain), "the case has that server");
    let image = "docker.io/ollama/ollama:0.12.3";
    PI.replace(
        plain,
        &format!(
            "{plain}managed_by = \"{managed_by}\"\ncontainer = {{ image = \"{image}\"{gpu} }}\n"
        ),
    )
}

#[test]
fn a_container_computes_on_the_gpu_that_is_said() {
    let file = |text: &str, path: &str| artifacts(text).find(path).expect(path).text.clone();
    let compose = |gpu: &str| {
        file(
            &on_the_desk("docker", gpu),
            "compose/desk/docker-compose.yml",
        )
    };
    let nvidia = "    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: nvidia\n              count: all\n              capabilities:\n                - gpu\n";
    assert!(compose(", gpu = \"nvidia\"").contains(nvidia));
    assert!(
        compose(", gpu = \"amd\"")
            .contains("    devices:\n      - \"/dev/kfd\"\n      - \"/dev/dri\"\n")
    );
    assert!(!compose("").contains("devices:"));
    let quadlet = |gpu: &str| file(&on_the_desk("podman", gpu), "quadlet/desk/ollama.container");
    assert!(quadlet(", gpu = \"nvidia\"").contains("\nAddDevice=nvidia.com/gpu=all\n"));
    assert!(quadlet(", gpu = \"intel\"").contains("\nAddDevice=/dev/dri\nNoNewPrivileges"));
    // A GPU that nobody gives to it is a fact to find out.
    let asks = |gpu: &str| {
        let work = platform(&on_the_desk("docker", gpu)).work;
        work.iter().any(|it| it.what.contains("`container.gpu`"))
    };
    assert!(asks("") && !asks(", gpu = \"intel\""));
}

#[test]
fn a_container_without_an_image_is_the_first_thing_to_find_out() {
    let image = "image = \"docker.io/library/redis:7.4.1\"";
    assert!(PI.contains(image), "the case has that image");
    let platform = platform(&PI.replace(image, "port = 6379"));
    let first = platform.work.first().expect("something to find out");
    assert_eq!(first.subject, "service `redis`");
    assert_eq!(
        first.what,
        "say which image it runs (`container.image`, such as `docker.io/library/redis:` and a version): nothing is written for it until then"
    );
    assert!(first.blocks);
}

#[test]
fn a_store_elsewhere_is_passed_through_and_never_beside_one_of_ours() {
    let elsewhere = "\n[gateway.litellm.general_settings]\ndatabase_url = { env = \"LITELLM_MASTER_KEY\" }\n[gateway.litellm.litellm_settings]\ncache_params = { type = \"redis\" }\n";
    let ours = [
        "database = { service = \"postgres\" }",
        "cache = { service = \"redis\", size = \"512MB\", ttl = \"3600s\" }",
    ];
    let both = format!("{PI}{elsewhere}");
    assert_eq!(
        findings(&both),
        [
            "gateway-setting: `database_url` is worked out from `gateway.database`",
            "gateway-setting: `cache_params` is worked out from `gateway.cache`",
        ]
    );
    let only = ours.iter().fold(both, |text, line| text.replace(line, ""));
    assert_eq!(findings(&only), Vec::<String>::new());
}

#[test]
fn containers_of_a_network_go_by_their_names_and_inner_ports() {
    assert_eq!(variable(PI, "litellm", "DATABASE_HOST"), "postgres:5432");
    let moved = PI.replace(
        "container.image = \"docker.io/library/postgres:16.4\"",
        "port = 15432\ncontainer = { image = \"docker.io/library/postgres:16.4\", publish = true }",
    );
    assert_eq!(
        variable(&moved, "litellm", "DATABASE_HOST"),
        "postgres:5432"
    );
    assert!(compose(&moved).contains("- \"127.0.0.1:15432:5432\""));
}

#[test]
fn a_database_opens_no_port() {
    let platform = platform(PI);
    let service = platform.services.find("postgres").expect("the service");
    assert!(!service.holds_ports());
    let file = compose(PI);
    assert!(!file.contains("5432:5432") && !file.contains("6379:6379"));
    // Two of them keep the same number to themselves.
    let two = format!(
        "{PI}\n[services.other]\nkind = \"redis\"\nhost = \"pi\"\ncontainer.image = \"docker.io/library/redis:7.4.1\"\n"
    );
    assert_eq!(findings(&two), Vec::<String>::new());
}

/// The stack with its model server on the gateway's own machine.
fn beside(bind: &str) -> String {
    PI.replace(
        "host = \"desk\"\nbind = \"tailnet\"",
        &format!("host = \"pi\"\nmanaged_by = \"systemd\"\nbind = \"{bind}\""),
    )
}

#[test]
fn a_container_calls_its_own_host_by_the_gateways_address() {
    let all = beside("all");
    let url = "http://host.docker.internal:11434";
    assert_eq!(variable(&all, "litellm", "CODER_API_BASE"), url);
    let file = compose(&all);
    assert!(file.contains("extra_hosts:\n      - \"host.docker.internal:host-gateway\""));
    // An address of the host is one from everywhere.
    let url = "http://192.0.2.10:11434";
    assert_eq!(variable(&beside("lan"), "litellm", "CODER_API_BASE"), url);
}

#[test]
fn the_hosts_loopback_is_out_of_a_containers_reach() {
    assert_eq!(
        findings(&beside("loopback")),
        ["unreachable-service: `litellm` cannot reach `ollama`"]
    );
}

#[test]
fn containers_without_a_common_network_do_not_meet() {
    let apart = PI.replace(
        "container.image = \"docker.io/library/redis:7.4.1\"",
        "container = { image = \"docker.io/library/redis:7.4.1\", networks = [\"back\"] }",
    );
    assert_eq!(
        findings(&apart),
        ["unreachable-service: `litellm` cannot reach `redis`"]
    );
}

#[test]
fn c_dollars_reach_the_program_and_not_compose() {
    let text = PI.replace(
        "LITELLM_MASTER_KEY =",
        "GREETING = \"a $HOME ${X} $$\"\nLITELLM_MASTER_KEY =",
    );
    assert!(compose(&text).contains("GREETING: \"a $$HOME $${X} $$$$\""));
}

#[test]
fn a_variable_in_a_containers_command_is_refused() {
    let text = PI.replace(
        "run.args = [\"--num_workers\", \"4\"]",
        "run.args = [\"--key\", { env = \"LITELLM_MASTER_KEY\" }]",
    );
    assert_eq!(
        findings(&text)[0],
        "conflicting-fields: no shell looks up a variable in the command of a container"
    );
}
