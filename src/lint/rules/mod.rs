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

mod default_credential;
mod expired_approval;
pub(super) mod expired_exception;
mod key_for_two_providers;
mod literal_secret;
mod secret_argument;
pub(super) mod unused_exception;
mod unused_secret;

use super::Lint;

/// Every rule, ordered by name.
pub static LINTS: &[&Lint] = &[
    &default_credential::LINT,
    &expired_approval::LINT,
    &expired_exception::LINT,
    &key_for_two_providers::LINT,
    &literal_secret::LINT,
    &secret_argument::LINT,
    &unused_exception::LINT,
    &unused_secret::LINT,
];
