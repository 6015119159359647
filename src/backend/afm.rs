//! Apple Foundation Models behind an OpenAI-compatible server on macOS.

use super::{Endpoint, Kind, Layer, Mode, Probe, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "afm",
    title: "Apple Foundation Models",
    role: Role::ModelServer,
    layer: Layer::Inference,
    port: Some(9999),
    base_path: "/v1",
    health: &[Probe::cheap("/v1/models")],
    workload: Workload::GpuInference,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[Endpoint::ChatCompletions, Endpoint::Models],
    modes: &[Mode::Chat],
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
