//! Ollama.
//!
//! Its OpenAI-compatible API cannot set a context length, so what its environment says holds for every request.

use super::{
    Asker, Container, Endpoint, Kind, Layer, Mode, Probe, Role, Setting, SettingValue, Store, Word,
    Workload,
};

pub(super) static KIND: Kind = Kind {
    name: "ollama",
    title: "Ollama",
    role: Role::ModelServer,
    layer: Layer::Inference,
    port: Some(11434),
    base_path: "",
    health: &[Probe::cheap("/api/tags")],
    workload: Workload::GpuInference,
    command: &[Word::Text("ollama"), Word::Text("serve")],
    configs: &[],
    env: &[Setting {
        name: "OLLAMA_HOST",
        value: SettingValue::BindPort,
        why: "where it listens is said here and nowhere else",
    }],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Completions,
        Endpoint::Embeddings,
        Endpoint::Models,
    ],
    modes: &[Mode::Chat, Mode::Completion, Mode::Embedding],
    litellm_provider: "ollama_chat",
    cloud: None,
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: true,
    store: Some(Store::Ollama),
    notifies: false,
    start_seconds: 300,
    container: Some(&Container {
        image: "docker.io/ollama/ollama",
        port: None,
        publish: true,
        command: &[],
        configs: &[],
        data: Some("/root/.ollama"),
        asker: Asker::Program(&["ollama", "list"]),
    }),
    credentials: &[],
};
