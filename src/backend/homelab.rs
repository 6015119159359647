//! `homelab proxy`, a gateway that serves the same names as LiteLLM from the compiled route table.

use super::{
    Config, Endpoint, Kind, Layer, Place, Probe, Role, Setting, SettingValue, Word, Workload,
};

pub(super) static KIND: Kind = Kind {
    name: "homelab",
    title: "homelab proxy",
    role: Role::Gateway,
    layer: Layer::Gateway,
    port: Some(4000),
    base_path: "/v1",
    health: &[
        Probe::cheap("/health/readiness"),
        Probe::cheap("/health/liveliness"),
    ],
    workload: Workload::Proxy,
    // Address and port stand in the table.
    command: &[
        Word::Text("homelab"),
        Word::Text("proxy"),
        Word::Text("--table"),
        Word::Config("routes.json"),
    ],
    configs: &[Config {
        name: "routes.json",
        place: Place::Directory("config/routes.json"),
    }],
    env: &[Setting {
        name: "MIMALLOC_ALLOW_THP",
        value: SettingValue::Text("0"),
        why: "memory comes in pages of 4 kB: with those of 2 MB some megabytes more are kept",
    }],
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
    notifies: true,
    ends_tls: true,
    start_seconds: 10,
    container: None,
    credentials: &[],
};
