//! Home Assistant, usually the package of its own operating system.

use super::{Kind, Layer, Probe, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "home-assistant",
    title: "Home Assistant",
    role: Role::Other,
    layer: Layer::Interface,
    port: Some(8123),
    base_path: "",
    health: &[Probe::cheap("/")],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[],
    modes: &[],
    litellm_provider: "openai",
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: false,
    notifies: false,
    ends_tls: false,
    start_seconds: 90,
    container: None,
    credentials: &[],
};
