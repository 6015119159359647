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

mod backend_called_directly;
mod default_credential;
mod empty_slot_url;
mod expired_approval;
pub(super) mod expired_exception;
mod key_for_two_providers;
mod literal_platform_url;
mod literal_secret;
mod optimiser_elsewhere;
mod reversed_setting;
mod second_gateway;
mod secret_argument;
mod trailing_slash;
pub(super) mod unused_exception;
mod unused_secret;

use super::Lint;

/// Every rule, ordered by name.
pub static LINTS: &[&Lint] = &[
    &backend_called_directly::LINT,
    &default_credential::LINT,
    &empty_slot_url::LINT,
    &expired_approval::LINT,
    &expired_exception::LINT,
    &key_for_two_providers::LINT,
    &literal_platform_url::LINT,
    &literal_secret::LINT,
    &optimiser_elsewhere::LINT,
    &reversed_setting::LINT,
    &second_gateway::LINT,
    &secret_argument::LINT,
    &trailing_slash::LINT,
    &unused_exception::LINT,
    &unused_secret::LINT,
];
