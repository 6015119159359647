//! TinyAgents: a client of the gateway that drives MCP tools.

use super::{Kind, Layer, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "tiny-agents",
    title: "TinyAgents",
    role: Role::Client,
    layer: Layer::Gateway,
    port: None,
    base_path: "",
    health: &[],
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
    calls_gateway: true,
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
