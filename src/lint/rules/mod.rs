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

mod expired_approval;
pub(super) mod expired_exception;
pub(super) mod unused_exception;

use super::Lint;

/// Every rule, ordered by name.
pub static LINTS: &[&Lint] = &[
    &expired_approval::LINT,
    &expired_exception::LINT,
    &unused_exception::LINT,
];
