//! The pictures: what a reader expects of their geometry holds on any platform, they are valid XML, and the blast radius is what happens.

mod blast;
mod geometry;
mod text;
mod tools;

use homelab::compile::check;
use homelab::diagnostic::Source;
use homelab::emit::picture::Links;
use homelab::platform::Platform;

/// The platform of a text that must be sound.
fn platform(text: &str) -> Platform {
    let source = Source::new("platform.toml", text);
    let checked = check(&source, None);
    let found: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|it| it.message.as_str())
        .collect();
    checked
        .platform
        .unwrap_or_else(|| panic!("no platform: {found:#?}"))
}

/// Links as a site might have them.
const LINKS: Links<'static> = Links {
    host: &|it| Some(format!("hosts/{}.html", it.name)),
    service: &|it| Some(format!("services/{}.html", it.name)),
    handle: &|it| Some(format!("handles.html#{}", it.name)),
    mcp: &|it| Some(format!("mcp.html#{}", it.name)),
};

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
