//! OptiLLM with a model of its own (PyTorch), behind the OpenAI API.
//!
//! Here `OPTILLM_API_KEY` belongs in its environment: it is what switches OptiLLM to local inference. The same variable makes it ask every caller for that key, unless the flag says otherwise.

use super::{
    Endpoint, Kind, Layer, Mode, Probe, Role, Setting, SettingValue, Store, Word, Workload,
};

pub(super) static KIND: Kind = Kind {
    name: "optillm-local",
    title: "OptiLLM local inference",
    role: Role::ModelServer,
    layer: Layer::Gateway,
    port: None,
    base_path: "/v1",
    health: &[Probe::cheap("/v1/models")],
    workload: Workload::GpuInference,
    command: &[
        Word::Text(".venv/bin/optillm"),
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
        Word::Text("--optillm-api-key"),
        Word::Text(""),
        Word::Text("--model"),
        Word::ModelName,
    ],
    configs: &[],
    env: &[Setting {
        name: "OPTILLM_API_KEY",
        value: SettingValue::Text("optillm"),
        why: "switches OptiLLM to local inference",
    }],
    endpoints: &[Endpoint::ChatCompletions, Endpoint::Models],
    modes: &[Mode::Chat],
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
    store: Some(Store::HuggingFace),
    notifies: false,
    start_seconds: 600,
    container: None,
    credentials: &[],
};
