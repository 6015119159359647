//! `serve` of a service: how a tailnet sees it.

use schemars::JsonSchema;
use serde::Deserialize;

/// `tailscale serve`: a service that listens on loopback, published to the tailnet by HTTPS under the host's name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// The path it is published under, such as `/llm`; Tailscale takes it off before it asks the service. Default: `/`.
    pub path: Option<String>,
    /// The port of HTTPS on the tailnet. Default: 443.
    #[schemars(range(min = 1, max = 65535))]
    pub https_port: Option<i64>,
}
