//! The words that pages have for the platform's states and kinds: those of `platform.toml`.

use super::markdown::{DASH, Words, code, joined};
use crate::emit::endpoint::http_url;
use crate::platform::{
    Bind, Capability, Health, Host, HostState, Init, Level, ManagedBy, McpState, Method, Mode,
    Model, ModelState, NetworkId, Os, Platform, Restart, Service, ServiceState,
};

pub(super) fn host_state(state: HostState) -> &'static str {
    match state {
        HostState::Live => "live",
        HostState::Planned => "planned",
        HostState::Template => "template",
        HostState::Retired => "retired",
    }
}

pub(super) fn service_state(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Live => "live",
        ServiceState::Planned => "planned",
        ServiceState::Experimental => "experimental",
        ServiceState::Disabled => "disabled",
        ServiceState::Retired => "retired",
    }
}

pub(super) fn model_state(state: ModelState) -> &'static str {
    match state {
        ModelState::Live => "live",
        ModelState::Planned => "planned",
        ModelState::Retired => "retired",
    }
}

/// The operating system of a host; the internet has none.
pub(super) fn system(host: &Host) -> &'static str {
    if host.elsewhere { DASH } else { os(host.os) }
}

/// What starts services on a host; nothing of ours does on the internet.
pub(super) fn starter(host: &Host) -> &'static str {
    if host.elsewhere {
        DASH
    } else {
        init(host.init)
    }
}

/// Who starts a service.
pub(super) fn started_by(platform: &Platform, service: &Service) -> &'static str {
    if platform[service.host].elsewhere {
        "its provider"
    } else {
        managed_by(service.managed_by)
    }
}

/// How a service stands: what is said of it, but on a host that is not there it is no more than its host.
pub(super) fn service(platform: &Platform, service: &Service) -> &'static str {
    let host = &platform[service.host];
    match (host.state, service.state) {
        (HostState::Live, _) | (_, ServiceState::Disabled | ServiceState::Retired) => {
            service_state(service.state)
        }
        _ => host_state(host.state),
    }
}

/// How a model stands: behind a service that does not serve it is no more than its service.
pub(super) fn model(platform: &Platform, model: &Model) -> &'static str {
    let server = &platform[model.service];
    match model.state {
        ModelState::Live if !platform.is_live(server) => service(platform, server),
        _ => model_state(model.state),
    }
}

pub(super) fn mcp_state(state: McpState) -> &'static str {
    match state {
        McpState::Live => "live",
        McpState::Planned => "planned",
        McpState::Possible => "possible",
        McpState::Disabled => "disabled",
        McpState::Retired => "retired",
    }
}

pub(super) fn os(os: Os) -> &'static str {
    match os {
        Os::Linux => "Linux",
        Os::Macos => "macOS",
        Os::Windows => "Windows",
    }
}

pub(super) fn init(init: Init) -> &'static str {
    match init {
        Init::Systemd => "systemd",
        Init::Launchd => "launchd",
        Init::Compose => "Docker Compose",
        Init::Quadlet => "Podman Quadlet",
        Init::None => "nothing; services are started by hand",
    }
}

pub(super) fn managed_by(managed_by: ManagedBy) -> &'static str {
    match managed_by {
        ManagedBy::Systemd => "systemd",
        ManagedBy::Launchd => "launchd",
        ManagedBy::Docker => "containers",
        ManagedBy::Podman => "containers of Podman",
        ManagedBy::Package => "its own package",
        ManagedBy::Manual => "hand",
        ManagedBy::External => "somebody else",
    }
}

pub(super) fn restart(restart: Restart) -> &'static str {
    match restart {
        Restart::Always => "whenever it ends",
        Restart::OnFailure => "when it ends with an error",
        Restart::No => "never",
    }
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Chat => "chat",
        Mode::Completion => "completion",
        Mode::Embedding => "embedding",
        Mode::Rerank => "rerank",
        Mode::ImageGeneration => "image generation",
        Mode::AudioTranscription => "audio transcription",
        Mode::AudioSpeech => "audio speech",
    }
}

pub(super) fn capability(capability: Capability) -> &'static str {
    match capability {
        Capability::Tools => "tools",
        Capability::Vision => "vision",
        Capability::Reasoning => "reasoning",
        Capability::StructuredOutput => "structured output",
    }
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}

/// The path and method of a health check, with what is remarkable about it.
pub(super) fn health(health: &Health) -> Words<'static> {
    let method = match health.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let status = match health.status {
        200 => String::new(),
        other => [" → ", &other.to_string()].concat(),
    };
    let when = |is: bool, words: &'static str| Words::Ours(if is { words } else { "" });
    joined([
        code(&[method, " ", &health.path].concat()),
        status.into(),
        when(health.needs_key, " (with its key)"),
        when(health.loads_model, " (may load a model)"),
    ])
}

/// Where a service listens, in the file's words.
pub(super) fn bind<'a>(platform: &'a Platform, service: &'a Service) -> &'a str {
    match &service.bind {
        Bind::Loopback => "loopback",
        Bind::All => "all",
        Bind::Network(network, _) => &platform[*network].name,
        Bind::Address(address) => address,
    }
}

/// Every way to a port of a service: from where, and the URL with the API's base path.
pub(super) fn ways(platform: &Platform, service: &Service, port: u16) -> Vec<(String, String)> {
    let host = &platform[service.host];
    if service.local_address().is_empty() {
        // A template host has no address yet.
        return Vec::new();
    }
    let url = |address: &str| http_url(service, address, port) + &service.base_path;
    let mut ways = vec![(
        [&host.name, " itself"].concat(),
        url(service.local_address()),
    )];
    match &service.bind {
        Bind::Loopback => {}
        Bind::All => {
            for (network, address, _) in &host.addresses {
                ways.push((the_network(platform, *network), url(address)));
            }
        }
        Bind::Network(network, address) => {
            ways.push((the_network(platform, *network), url(address)));
        }
        Bind::Address(address) => ways.push(("wherever this address is".to_owned(), url(address))),
    }
    if let Some(serve) = service
        .serve
        .as_ref()
        .filter(|_| service.port() == Some(port))
    {
        let url = format!("{}{}", serve.url(), service.base_path);
        ways.push(("the tailnet, by HTTPS".to_owned(), url));
    }
    ways.dedup_by(|one, other| one.1 == other.1);
    ways
}

fn the_network(platform: &Platform, network: NetworkId) -> String {
    ["the network ", &platform[network].name].concat()
}

/// Bytes as people say them.
pub(super) fn bytes(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;
    match bytes {
        0..GIB => bytes.div_ceil(MIB).to_string() + " MiB",
        _ if bytes.is_multiple_of(GIB) => (bytes / GIB).to_string() + " GiB",
        _ => format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB),
    }
}

/// A number with its noun: `1 host`, `3 hosts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
