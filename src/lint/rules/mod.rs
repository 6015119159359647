//! The rules, one file each; [`LINTS`] is the list, ordered by name.

/// The smallest platform, for the examples of rules: a gateway on one host. What follows it goes on in the gateway's table.
macro_rules! home {
    () => {
        r#"version = 1
name = "home"

[policy]
gateway = "gateway"

[networks.lan]
kind = "lan"

[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[services.gateway]
kind = "litellm"
host = "pi"
"#
    };
}

mod aged_model_id;
mod answer_above_context;
mod backend_called_directly;
mod broken_link;
mod contradicting_pin;
mod dead_successor;
mod default_context;
mod default_credential;
mod dropped_parameter;
mod empty_slot_url;
mod expired_approval;
pub(super) mod expired_exception;
mod fallback_in_same_domain;
mod fallback_to_deprecated;
mod gpu_memory_overcommitted;
mod impatient_client;
mod key_for_two_providers;
mod known_bad_version;
mod literal_platform_url;
mod literal_secret;
mod lone_cooldown;
mod memory_overcommitted;
mod missing_endpoint;
mod optimiser_elsewhere;
mod parameter_above_limit;
mod probe_loads_model;
mod retired_name_in_document;
mod reversed_setting;
mod second_gateway;
mod secret_argument;
mod stale_port_in_document;
mod stale_url_in_document;
mod system_python;
mod too_many_boot_models;
mod trailing_slash;
mod unexplained_service;
mod unknown_handle_in_document;
mod unserved_mode;
pub(super) mod unused_exception;
mod unused_secret;
mod weaker_fallback;

use super::Lint;

/// Every rule, ordered by name.
pub static LINTS: &[&Lint] = &[
    &aged_model_id::LINT,
    &answer_above_context::LINT,
    &backend_called_directly::LINT,
    &broken_link::LINT,
    &contradicting_pin::LINT,
    &dead_successor::LINT,
    &default_context::LINT,
    &default_credential::LINT,
    &dropped_parameter::LINT,
    &empty_slot_url::LINT,
    &expired_approval::LINT,
    &expired_exception::LINT,
    &fallback_in_same_domain::LINT,
    &fallback_to_deprecated::LINT,
    &gpu_memory_overcommitted::LINT,
    &impatient_client::LINT,
    &key_for_two_providers::LINT,
    &known_bad_version::LINT,
    &literal_platform_url::LINT,
    &literal_secret::LINT,
    &lone_cooldown::LINT,
    &memory_overcommitted::LINT,
    &missing_endpoint::LINT,
    &optimiser_elsewhere::LINT,
    &parameter_above_limit::LINT,
    &probe_loads_model::LINT,
    &retired_name_in_document::LINT,
    &reversed_setting::LINT,
    &second_gateway::LINT,
    &secret_argument::LINT,
    &stale_port_in_document::LINT,
    &stale_url_in_document::LINT,
    &system_python::LINT,
    &too_many_boot_models::LINT,
    &trailing_slash::LINT,
    &unexplained_service::LINT,
    &unknown_handle_in_document::LINT,
    &unserved_mode::LINT,
    &unused_exception::LINT,
    &unused_secret::LINT,
    &weaker_fallback::LINT,
];
