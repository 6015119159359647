//! The LiteLLM proxy, the gateway that clients call.

use super::{
    Config, Endpoint, Kind, Layer, Place, Probe, Role, Setting, SettingValue, Word, Workload,
};

pub(super) static KIND: Kind = Kind {
    name: "litellm",
    title: "LiteLLM",
    role: Role::Gateway,
    layer: Layer::Gateway,
    port: Some(4000),
    base_path: "/v1",
    health: &[
        Probe::cheap("/health/readiness"),
        Probe::cheap("/health/liveliness"),
        Probe {
            path: "/health",
            needs_key: true,
            loads_model: true,
        },
    ],
    workload: Workload::Proxy,
    command: &[
        Word::Text(".venv/bin/litellm"),
        Word::Text("--config"),
        Word::Config("router.yaml"),
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
    ],
    configs: &[Config {
        name: "router.yaml",
        place: Place::Directory("config/router.yaml"),
    }],
    env: &[
        Setting {
            name: "LITELLM_LOCAL_MODEL_COST_MAP",
            value: SettingValue::Text("True"),
            why: "no price list is fetched from the network at each start",
        },
        Setting {
            name: "LITELLM_MODE",
            value: SettingValue::Text("PRODUCTION"),
            why: "no .env file of the working directory is read behind our back",
        },
    ],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Completions,
        Endpoint::Embeddings,
        Endpoint::Responses,
        Endpoint::Messages,
        Endpoint::ImagesGenerations,
        Endpoint::AudioTranscriptions,
        Endpoint::AudioSpeech,
        Endpoint::Rerank,
        Endpoint::Models,
        Endpoint::Health,
    ],
    modes: &[],
    litellm_provider: "litellm_proxy",
    cloud: None,
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: Some(("LITELLM_ENABLE_MCP_STDIO", "true")),
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: false,
    start_seconds: 90,
};
