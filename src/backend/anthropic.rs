//! Anthropic. LiteLLM speaks its own API, to which it adds the path; others use its OpenAI-compatible endpoint below `/v1`, which takes the key as a bearer token.

use super::{Cloud, Endpoint, Kind, Layer, Mode, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "anthropic",
    title: "Anthropic",
    role: Role::Provider,
    layer: Layer::Inference,
    port: None,
    base_path: "",
    health: &[],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[Endpoint::ChatCompletions, Endpoint::Models],
    modes: &[Mode::Chat],
    litellm_provider: "anthropic",
    cloud: Some(&Cloud {
        origin: Some("https://api.anthropic.com"),
        openai_path: "/v1",
    }),
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: Some("ANTHROPIC_API_KEY"),
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
