//! mlx-openai-server: MLX models behind the OpenAI API, one process and port per model.
//!
//! Read in version 1.8.1: it serves no `/v1/completions`, listens on all interfaces unless told otherwise, and writes `logs/app.log` below its working directory beside what it prints.

use super::{Endpoint, Kind, Layer, Mode, ModelFact, Probe, Role, Word, Workload};

pub(super) static KIND: Kind = Kind {
    name: "mlx",
    title: "MLX OpenAI server",
    role: Role::ModelServer,
    layer: Layer::Inference,
    port: None,
    base_path: "/v1",
    health: &[Probe::cheap("/v1/models")],
    workload: Workload::GpuInference,
    command: &[
        Word::Text(".venv/bin/mlx-openai-server"),
        Word::Text("launch"),
        // All its processes would write the same file; what they print is kept by launchd.
        Word::Text("--no-log-file"),
        Word::Text("--model-path"),
        Word::ModelSource,
        Word::Text("--model-type"),
        Word::Text("lm"),
        Word::Text("--served-model-name"),
        Word::ModelName,
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
        Word::FlagModel("--context-length", ModelFact::ContextLength),
        Word::FlagModel("--max-tokens", ModelFact::MaxOutputTokens),
        Word::FlagModel("--tool-call-parser", ModelFact::ToolCallParser),
        Word::FlagModel("--reasoning-parser", ModelFact::ReasoningParser),
        Word::FlagModel("--chat-template-file", ModelFact::ChatTemplate),
    ],
    configs: &[],
    env: &[],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Responses,
        Endpoint::Models,
        Endpoint::Health,
    ],
    modes: &[Mode::Chat],
    litellm_provider: "openai",
    cloud: None,
    one_model_per_port: true,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: false,
    start_seconds: 600,
};
