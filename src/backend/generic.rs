//! Any program: only the owner can say how it is started and asked.

use super::{Kind, Layer, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "generic",
    title: "Service",
    role: Role::Other,
    layer: Layer::Tools,
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
