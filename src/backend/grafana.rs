//! Grafana: shows what Prometheus collects.

use super::{Asker, Container, Kind, Layer, Probe, Role, Setting, SettingValue, Workload};

pub(super) static KIND: Kind = Kind {
    name: "grafana",
    title: "Grafana",
    role: Role::Other,
    layer: Layer::Observability,
    port: Some(3000),
    base_path: "",
    health: &[Probe::cheap("/api/health")],
    workload: Workload::Proxy,
    command: &[],
    configs: &[],
    env: &[
        Setting {
            name: "GF_ANALYTICS_REPORTING_ENABLED",
            value: SettingValue::Text("false"),
            why: "nothing is reported to its makers",
        },
        Setting {
            name: "GF_USERS_ALLOW_SIGN_UP",
            value: SettingValue::Text("false"),
            why: "nobody makes an account by himself",
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
        image: "docker.io/grafana/grafana",
        port: Some(3000),
        publish: true,
        command: &[],
        configs: &[],
        data: Some("/var/lib/grafana"),
        asker: Asker::Wget,
    }),
    credentials: &[(
        "GF_SECURITY_ADMIN_PASSWORD",
        "without it the administrator is `admin`, and so is the password",
    )],
};
