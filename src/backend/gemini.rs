//! Google's Gemini API. LiteLLM speaks its own API below `/v1beta`; others use its OpenAI-compatible endpoints below `/v1beta/openai`.

use super::{Cloud, Endpoint, Kind, Layer, Mode, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "gemini",
    title: "Google Gemini",
    role: Role::Provider,
    layer: Layer::Inference,
    port: None,
    base_path: "/v1beta",
    health: &[],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Embeddings,
        Endpoint::Models,
    ],
    modes: &[Mode::Chat, Mode::Embedding],
    litellm_provider: "gemini",
    cloud: Some(&Cloud {
        origin: Some("https://generativelanguage.googleapis.com"),
        openai_path: "/openai",
    }),
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: Some("GEMINI_API_KEY"),
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
