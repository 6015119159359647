//! Tunings: settings that several services have in common, said once.

use crate::containers::{artifacts, findings, platform};
use crate::kheti::KHETI;
use crate::lint::findings as linted;
use crate::litellm::text_of;

const TWO: &str = r#"
version = 1
name = "pair"
[policy]
gateway = "gateway"
[networks.lan]
kind = "lan"
[hosts.one]
os = "linux"
addresses = { lan = "192.0.2.1" }
gpu_memory = "32GB"
[hosts.two]
os = "linux"
addresses = { lan = "192.0.2.2" }
gpu_memory = "32GB"
[tunings.card]
env = { OLLAMA_MAX_LOADED_MODELS = 2, OLLAMA_KEEP_ALIVE = "24h", OLLAMA_CONTEXT_LENGTH = 16384 }
[services.gateway]
kind = "litellm"
host = "one"
[services.first]
kind = "ollama"
host = "one"
tuning = "card"
[services.second]
kind = "ollama"
host = "two"
tuning = "card"
env = { OLLAMA_KEEP_ALIVE = "5m" }
"#;

/// What a service is told by a variable.
fn told(text: &str, service: &str, name: &str) -> String {
    let platform = platform(text);
    let service = platform.services.find(service).expect("the service");
    let variable = platform.variable(service, name).expect("the variable");
    let value = variable.value.as_text(|id| &platform[id].name);
    value.expect("a plain value").to_owned()
}

#[test]
fn a_tuning_is_said_once_and_a_service_has_the_last_word() {
    assert_eq!(findings(TWO), Vec::<String>::new());
    assert_eq!(told(TWO, "first", "OLLAMA_KEEP_ALIVE"), "24h");
    assert_eq!(told(TWO, "second", "OLLAMA_KEEP_ALIVE"), "5m");
    assert_eq!(told(TWO, "first", "OLLAMA_MAX_LOADED_MODELS"), "2");
    let longer = TWO.replace("16384", "32768");
    for service in ["first", "second"] {
        assert_eq!(told(&longer, service, "OLLAMA_CONTEXT_LENGTH"), "32768");
    }
}

#[test]
fn what_a_tuning_says_reaches_the_machine() {
    let made = artifacts(KHETI);
    let drop_in = "systemd/akshat-pc/ollama.service.d/homelab.conf";
    let text = text_of(&made, drop_in);
    for line in ["OLLAMA_MAX_LOADED_MODELS=3", "OLLAMA_KEEP_ALIVE=24h"] {
        assert!(text.contains(&format!("\nEnvironment={line}\n")), "{text}");
    }
}

#[test]
fn a_tuning_that_is_not_there_is_told_with_the_near_one() {
    let text = TWO.replace(
        "host = \"two\"\ntuning = \"card\"",
        "host = \"two\"\ntuning = \"crad\"",
    );
    let found = findings(&text);
    assert_eq!(found, ["unknown-name: there is no tuning `crad`"]);
}

#[test]
fn a_tuning_has_plain_values_alone() {
    let text = TWO.replace(
        "OLLAMA_KEEP_ALIVE = \"24h\"",
        "OLLAMA_HOST = { url = \"gateway\" }",
    );
    let found = findings(&text);
    let wanted = ["conflicting-fields: `OLLAMA_HOST` has no plain value in a tuning"];
    assert_eq!(found, wanted);
}

#[test]
fn rules_see_what_a_tuning_says() {
    let keeps = "OLLAMA_MAX_LOADED_MODELS = 3";
    assert!(KHETI.contains(keeps));
    let mut text = KHETI.replace(keeps, "OLLAMA_MAX_LOADED_MODELS = 1");
    let small = "memory = \"9GB\"\n";
    text = text.replacen(small, "memory = \"9GB\"\nboot = true\n", 1);
    assert_eq!(linted(&text), ["too-many-boot-models @ true"]);
}
