//! SearXNG, the search engine of engines.
//!
//! Its settings must name `json` as a format, or a machine that asks for it is refused with 403.

use super::{
    Asker, Config, Container, Kind, Layer, Place, Probe, Role, Setting, SettingValue, Word,
    Workload,
};

pub(super) static KIND: Kind = Kind {
    name: "searxng",
    title: "SearXNG",
    role: Role::Search,
    layer: Layer::Tools,
    port: Some(8888),
    base_path: "",
    health: &[Probe::cheap("/search?q=ping&format=json")],
    workload: Workload::Proxy,
    command: &[
        Word::Text(".venv/bin/granian"),
        Word::Text("searx.webapp:app"),
        Word::Text("--interface"),
        Word::Text("wsgi"),
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
    ],
    configs: &[Config {
        name: "settings.yml",
        place: Place::Absolute("/etc/searxng/settings.yml"),
    }],
    env: &[
        Setting {
            name: "SEARXNG_SETTINGS_PATH",
            value: SettingValue::Config("settings.yml"),
            why: "the settings that we write",
        },
        Setting {
            name: "SEARXNG_BIND_ADDRESS",
            value: SettingValue::Bind,
            why: "the same as on the command line",
        },
        Setting {
            name: "SEARXNG_PORT",
            value: SettingValue::Port,
            why: "the same as on the command line",
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
    keeps_state: false,
    store: None,
    notifies: false,
    start_seconds: 90,
    container: Some(&Container {
        image: "docker.io/searxng/searxng",
        port: Some(8080),
        publish: true,
        command: &[],
        configs: &[("settings.yml", "/etc/searxng/settings.yml")],
        data: None,
        asker: Asker::Nothing,
    }),
    credentials: &[(
        "SEARXNG_SECRET",
        "SearXNG refuses to start with the key that it ships",
    )],
};
