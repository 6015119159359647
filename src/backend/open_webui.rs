//! Open WebUI, the chat page.
//!
//! Left alone it prefers its database to its environment after the first start, and looks for Ollama by itself: both would bypass what the platform says.
//!
//! LiteLLM's search has the shape of Perplexity's, so its engine `perplexity_search` is the one that can ask the gateway. Without a URL that engine would send the gateway's key to Perplexity: its variables are written together or not at all.

use super::{Asker, Container, Kind, Layer, Probe, Role, Setting, SettingValue, Word, Workload};

pub(super) static KIND: Kind = Kind {
    name: "open-webui",
    title: "Open WebUI",
    role: Role::Client,
    layer: Layer::Interface,
    port: Some(3000),
    base_path: "",
    health: &[Probe::cheap("/health")],
    workload: Workload::Proxy,
    command: &[
        Word::Text("open-webui"),
        Word::Text("serve"),
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
    ],
    configs: &[],
    env: &[
        Setting {
            name: "ENABLE_PERSISTENT_CONFIG",
            value: SettingValue::Text("False"),
            why: "what is written here wins over what was clicked once",
        },
        Setting {
            name: "ENABLE_OPENAI_API",
            value: SettingValue::Text("True"),
            why: "models come from the gateway",
        },
        Setting {
            name: "OPENAI_API_BASE_URL",
            value: SettingValue::GatewayUrl("/v1"),
            why: "models come from the gateway; no slash at the end",
        },
        Setting {
            name: "OPENAI_API_KEY",
            value: SettingValue::GatewayKey,
            why: "the gateway asks for it",
        },
        Setting {
            name: "ENABLE_OLLAMA_API",
            value: SettingValue::Text("False"),
            why: "no connection of its own past the gateway",
        },
        Setting {
            name: "ENABLE_DIRECT_CONNECTIONS",
            value: SettingValue::Text("False"),
            why: "no connection from a browser past the gateway",
        },
        Setting {
            name: "ENABLE_WEB_SEARCH",
            value: SettingValue::TextWithSearch("True"),
            why: "searches go through the gateway",
        },
        Setting {
            name: "WEB_SEARCH_ENGINE",
            value: SettingValue::TextWithSearch("perplexity_search"),
            why: "the engine whose API the gateway's search speaks",
        },
        Setting {
            name: "PERPLEXITY_SEARCH_API_URL",
            value: SettingValue::GatewaySearchUrl,
            why: "searches go through the gateway",
        },
        Setting {
            name: "PERPLEXITY_API_KEY",
            value: SettingValue::GatewaySearchKey,
            why: "the gateway asks for it before it searches",
        },
        Setting {
            name: "DATA_DIR",
            value: SettingValue::StateDirectory,
            why: "where its database lies",
        },
    ],
    endpoints: &[],
    modes: &[],
    litellm_provider: "openai",
    cloud: None,
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: true,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: true,
    store: None,
    notifies: false,
    ends_tls: false,
    start_seconds: 180,
    container: Some(&Container {
        image: "ghcr.io/open-webui/open-webui",
        port: Some(8080),
        publish: true,
        command: &[],
        configs: &[],
        data: Some("/app/backend/data"),
        asker: Asker::Curl,
    }),
    credentials: &[],
};
