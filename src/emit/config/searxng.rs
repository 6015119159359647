//! SearXNG's `settings.yml`: its defaults, and what a machine that searches needs.

use serde::Serialize;

use crate::emit::yaml;
use crate::platform::{Platform, Service};

/// No secret stands here: `SEARXNG_SECRET` of its environment is stronger than the file.
#[derive(Serialize)]
struct Document<'a> {
    use_default_settings: bool,
    search: Search,
    server: Server<'a>,
}

#[derive(Serialize)]
struct Search {
    /// Without `json` a program that asks for it is refused with 403.
    formats: [&'static str; 2],
}

#[derive(Serialize)]
struct Server<'a> {
    bind_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// It would refuse programs, and needs a store of its own.
    limiter: bool,
    public_instance: bool,
}

/// The text for one SearXNG service.
pub(super) fn settings(_: &Platform, service: &Service) -> String {
    yaml::to_yaml(&Document {
        use_default_settings: true,
        search: Search {
            formats: ["html", "json"],
        },
        server: Server {
            bind_address: service.listen_address(),
            port: service.listen_port(),
            limiter: false,
            public_instance: false,
        },
    })
}
