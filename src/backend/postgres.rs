//! `PostgreSQL`: where a gateway keeps what was spent, and the keys and budgets of its users.
//!
//! Its own package starts it on a machine, and its image as a container; both read these variables only when they make an empty database.

use super::{Asker, Container, Kind, Layer, Role, Setting, SettingValue, Workload};

pub(super) static KIND: Kind = Kind {
    name: "postgres",
    title: "PostgreSQL",
    role: Role::Database,
    layer: Layer::Data,
    port: Some(5432),
    base_path: "",
    health: &[],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[
        Setting {
            name: "POSTGRES_USER",
            value: SettingValue::Text("litellm"),
            why: "the name that its readers are told",
        },
        Setting {
            name: "POSTGRES_DB",
            value: SettingValue::Text("litellm"),
            why: "the database that its readers are told",
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
    start_seconds: 60,
    container: Some(&Container {
        image: "docker.io/library/postgres",
        port: Some(5432),
        publish: false,
        command: &[],
        configs: &[],
        data: Some("/var/lib/postgresql/data"),
        asker: Asker::Shell(
            "pg_isready --quiet --username \"$POSTGRES_USER\" --dbname \"$POSTGRES_DB\"",
        ),
    }),
    credentials: &[(
        "POSTGRES_PASSWORD",
        "whoever reaches its port reads and changes all there is",
    )],
};
