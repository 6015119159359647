//! OpenAI.

use super::{Cloud, Endpoint, Kind, Layer, Mode, Role, Workload};

pub(super) static KIND: Kind = Kind {
    name: "openai",
    title: "OpenAI",
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
        Endpoint::Embeddings,
        Endpoint::Responses,
        Endpoint::ImagesGenerations,
        Endpoint::AudioTranscriptions,
        Endpoint::AudioSpeech,
        Endpoint::Models,
    ],
    modes: &[
        Mode::Chat,
        Mode::Embedding,
        Mode::ImageGeneration,
        Mode::AudioTranscription,
        Mode::AudioSpeech,
    ],
    litellm_provider: "openai",
    cloud: Some(&Cloud {
        origin: Some("https://api.openai.com"),
        openai_path: "",
    }),
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: Some("OPENAI_API_KEY"),
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: false,
    start_seconds: 0,
};
