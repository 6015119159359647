//! A server for OpenVINO models with the OpenAI API, such as the owner's own.

use super::{Endpoint, Kind, Layer, Mode, Probe, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "openvino",
    title: "OpenVINO server",
    role: Role::ModelServer,
    layer: Layer::Inference,
    port: Some(9000),
    base_path: "/v1",
    health: &[Probe::cheap("/health")],
    workload: Workload::GpuInference,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Models,
        Endpoint::Health,
    ],
    modes: &[Mode::Chat, Mode::Completion, Mode::Embedding],
    litellm_provider: "openai",
    cloud: None,
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: false,
    store: None,
    notifies: false,
    start_seconds: 300,
    container: None,
    credentials: &[],
};
