//! Perplexity, which answers from the web. Its endpoints have no version in their path.

use super::{Cloud, Endpoint, Kind, Layer, Mode, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "perplexity",
    title: "Perplexity",
    role: Role::Provider,
    layer: Layer::Inference,
    port: None,
    base_path: "",
    health: &[],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[],
    endpoints: &[Endpoint::ChatCompletions],
    modes: &[Mode::Chat],
    litellm_provider: "perplexity",
    cloud: Some(&Cloud {
        origin: Some("https://api.perplexity.ai"),
        openai_path: "",
    }),
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: Some("PERPLEXITY_API_KEY"),
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
