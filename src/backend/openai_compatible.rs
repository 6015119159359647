//! Any provider in the internet that speaks OpenAI's API: only the owner can say where it is and which variable holds its key.

use super::{Cloud, Endpoint, Kind, Layer, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "openai-compatible",
    title: "OpenAI-compatible provider",
    role: Role::Provider,
    layer: Layer::Inference,
    port: None,
    base_path: "/v1",
    health: &[],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Completions,
        Endpoint::Embeddings,
        Endpoint::Models,
    ],
    modes: &[],
    litellm_provider: "openai",
    cloud: Some(&Cloud {
        origin: None,
        openai_path: "",
    }),
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
    store: None,
    start_seconds: 0,
    container: None,
    credentials: &[],
};
