//! `homelab status serve`, which keeps asking what is alive and serves where it differs from `platform.toml`.
//!
//! Its working directory is the one in which `platform.toml` lies: it reads the file again when it changes.

use super::{Kind, Layer, Probe, Role, Setting, SettingValue, Word, Workload};

pub(super) static KIND: Kind = Kind {
    name: "homelab-status",
    title: "homelab status",
    role: Role::Other,
    layer: Layer::Observability,
    port: None,
    base_path: "",
    health: &[Probe::cheap("/health")],
    workload: Workload::Proxy,
    command: &[
        Word::Text("homelab"),
        Word::Text("status"),
        Word::Text("serve"),
        Word::Text("--address"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
    ],
    configs: &[],
    env: &[
        Setting {
            name: "HOMELAB_STATE_DIRECTORY",
            value: SettingValue::StateDirectory,
            why: "it keeps there what differed, since when and until when",
        },
        Setting {
            name: "LITELLM_PROXY_KEY",
            value: SettingValue::GatewayKey,
            why: "the gateway lists its models to whoever has its key",
        },
    ],
    endpoints: &[],
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
    keeps_state: true,
    store: None,
    notifies: false,
    ends_tls: false,
    start_seconds: 10,
    container: None,
    credentials: &[],
};
