//! The rules, one file each; [`LINTS`] is the list, ordered by name.

/// The smallest platform, for the examples of rules: a gateway on one host. What follows it goes on in the gateway's table; a text given to it goes on in that of the policy.
macro_rules! home {
    () => {
        home!("")
    };
    ($policy:literal) => {
        concat!(
            r#"version = 1
name = "home"

[policy]
gateway = "gateway"
"#,
            $policy,
            r#"
[networks.lan]
kind = "lan"

[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[services.gateway]
kind = "litellm"
host = "pi"
"#
        )
    };
}

mod aged_model_id;
mod answer_above_context;
mod backend_called_directly;
mod backroom_handle;
mod borrowed_port;
mod broken_link;
mod broken_reference;
mod bypassed_optimiser;
mod contested_file;
mod contradicting_pin;
mod dead_handle;
mod dead_successor;
mod default_context;
mod default_credential;
mod dropped_parameter;
mod duplicate_server_name;
mod duplicate_tool;
mod empty_slot_url;
mod ephemeral_port;
mod expired_approval;
pub(super) mod expired_exception;
mod exposed_optimiser;
mod fallback_in_same_domain;
mod fallback_to_deprecated;
mod gpu_memory_overcommitted;
mod handle_not_model_id;
mod impatient_client;
mod key_for_two_providers;
mod keyless_client;
mod keyless_gateway;
mod known_bad_version;
mod literal_platform_url;
mod literal_secret;
mod lone_cooldown;
mod malformed_handle;
mod memory_overcommitted;
mod misnamed_handle;
mod missing_base_path;
mod missing_credential;
mod missing_endpoint;
mod needless_exposure;
mod optimiser_elsewhere;
mod parameter_above_limit;
mod path_outside_volume;
mod placeholder;
mod privileged_port;
mod probe_loads_model;
mod retired_name;
mod retired_name_in_document;
mod reversed_setting;
mod second_gateway;
mod secret_argument;
mod sourceless_model;
mod stale_port_in_document;
mod stale_url_in_document;
mod system_claimed_port;
mod system_python;
mod technique_in_handle;
mod too_many_boot_models;
mod tools_out_of_reach;
mod trailing_slash;
mod unapproved_exposure;
mod unconfirmed_tool;
mod unexplained_service;
mod unknown_handle_in_document;
mod unmade_mount;
mod unprobed_service;
mod unsandboxed_tool;
mod unserved_mode;
mod unsized_model;
mod unusable_address;
mod unusable_tool_name;
pub(super) mod unused_exception;
mod unused_secret;
mod unwritten_config;
mod weaker_fallback;
mod wrong_prefix;

use super::Lint;

/// Every rule, ordered by name.
pub static LINTS: &[&Lint] = &[
    &aged_model_id::LINT,
    &answer_above_context::LINT,
    &backend_called_directly::LINT,
    &backroom_handle::LINT,
    &borrowed_port::LINT,
    &broken_link::LINT,
    &broken_reference::LINT,
    &bypassed_optimiser::LINT,
    &contested_file::LINT,
    &contradicting_pin::LINT,
    &dead_handle::LINT,
    &dead_successor::LINT,
    &default_context::LINT,
    &default_credential::LINT,
    &dropped_parameter::LINT,
    &duplicate_server_name::LINT,
    &duplicate_tool::LINT,
    &empty_slot_url::LINT,
    &ephemeral_port::LINT,
    &expired_approval::LINT,
    &expired_exception::LINT,
    &exposed_optimiser::LINT,
    &fallback_in_same_domain::LINT,
    &fallback_to_deprecated::LINT,
    &gpu_memory_overcommitted::LINT,
    &handle_not_model_id::LINT,
    &impatient_client::LINT,
    &key_for_two_providers::LINT,
    &keyless_client::LINT,
    &keyless_gateway::LINT,
    &known_bad_version::LINT,
    &literal_platform_url::LINT,
    &literal_secret::LINT,
    &lone_cooldown::LINT,
    &malformed_handle::LINT,
    &memory_overcommitted::LINT,
    &misnamed_handle::LINT,
    &missing_base_path::LINT,
    &missing_credential::LINT,
    &missing_endpoint::LINT,
    &needless_exposure::LINT,
    &optimiser_elsewhere::LINT,
    &parameter_above_limit::LINT,
    &path_outside_volume::LINT,
    &placeholder::LINT,
    &privileged_port::LINT,
    &probe_loads_model::LINT,
    &retired_name::LINT,
    &retired_name_in_document::LINT,
    &reversed_setting::LINT,
    &second_gateway::LINT,
    &secret_argument::LINT,
    &sourceless_model::LINT,
    &stale_port_in_document::LINT,
    &stale_url_in_document::LINT,
    &system_claimed_port::LINT,
    &system_python::LINT,
    &technique_in_handle::LINT,
    &too_many_boot_models::LINT,
    &tools_out_of_reach::LINT,
    &trailing_slash::LINT,
    &unapproved_exposure::LINT,
    &unconfirmed_tool::LINT,
    &unexplained_service::LINT,
    &unknown_handle_in_document::LINT,
    &unmade_mount::LINT,
    &unprobed_service::LINT,
    &unsandboxed_tool::LINT,
    &unserved_mode::LINT,
    &unsized_model::LINT,
    &unusable_address::LINT,
    &unusable_tool_name::LINT,
    &unused_exception::LINT,
    &unused_secret::LINT,
    &unwritten_config::LINT,
    &weaker_fallback::LINT,
    &wrong_prefix::LINT,
];
