//! `mlx_lm.server`: the small server that MLX brings, one process and port per model.
//!
//! Read in version 0.32.2: it answers with 512 tokens at most unless told otherwise, and knows a model only by its path, its repository or the word `default_model`. Its `--chat-template` takes the template itself and not a file, so ours is not passed on.

use super::{Endpoint, Kind, Layer, Mode, ModelFact, Probe, Role, Store, Word, Workload};

pub(super) static KIND: Kind = Kind {
    name: "mlx-lm",
    title: "mlx_lm.server",
    role: Role::ModelServer,
    layer: Layer::Inference,
    port: Some(8080),
    base_path: "/v1",
    health: &[Probe::cheap("/v1/models")],
    workload: Workload::GpuInference,
    command: &[
        Word::Text(".venv/bin/mlx_lm.server"),
        Word::Text("--model"),
        Word::ModelSource,
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
        Word::FlagModelOr("--max-tokens", ModelFact::MaxOutputTokens, "32768"),
    ],
    configs: &[],
    env: &[],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Completions,
        Endpoint::Models,
        Endpoint::Health,
    ],
    modes: &[Mode::Chat, Mode::Completion],
    litellm_provider: "openai",
    cloud: None,
    one_model_per_port: true,
    serves_by_source: true,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: false,
    store: Some(Store::HuggingFace),
    notifies: false,
    start_seconds: 600,
    container: None,
    credentials: &[],
};
