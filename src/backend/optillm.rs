//! OptiLLM as a proxy between the gateway and a model.
//!
//! Facts of version 0.4.0: it strips every leading technique or plugin name from a model name; `OPTILLM_API_KEY` in its own environment switches it to local inference, so the key comes by flag from a variable of another name; what a name becomes on the way back to the gateway is said by `model_map` in `proxy_config.yaml`.

use super::{Config, Endpoint, Kind, Layer, Mode, Place, Probe, Role, Word, Workload};

pub(super) static KIND: Kind = Kind {
    name: "optillm",
    title: "OptiLLM proxy",
    role: Role::Optimiser,
    layer: Layer::Gateway,
    port: Some(8000),
    base_path: "/v1",
    health: &[Probe::cheap("/health")],
    workload: Workload::Proxy,
    command: &[
        Word::Text(".venv/bin/optillm"),
        Word::Text("--host"),
        Word::Bind,
        Word::Text("--port"),
        Word::Port,
        Word::Text("--base-url"),
        Word::GatewayUrl,
        Word::Text("--approach"),
        Word::Text("proxy"),
        Word::FlagVariable("--optillm-api-key", "OPTILLM_PROXY_KEY"),
    ],
    configs: &[Config {
        name: "proxy_config.yaml",
        place: Place::Home(".optillm/proxy_config.yaml"),
    }],
    env: &[],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Models,
        Endpoint::Health,
    ],
    modes: &[Mode::Chat],
    litellm_provider: "openai",
    one_model_per_port: false,
    calls_gateway: true,
    client_key: Some("OPTILLM_API_KEY"),
    keeps_state: true,
    start_seconds: 90,
};

/// The names that OptiLLM 0.4.0 takes for a technique or plugin when they lead a model name.
pub static TECHNIQUES: &[&str] = &[
    "bon",
    "moa",
    "plansearch",
    "proxy",
    "router",
    "self_consistency",
];

/// The model name that OptiLLM sends on for a `selector`: what is left when every leading technique or plugin is stripped.
pub fn upstream_name(selector: &str) -> &str {
    let mut rest = selector;
    while let Some((first, tail)) = rest.split_once('-') {
        if !TECHNIQUES.contains(&first) {
            break;
        }
        rest = tail;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leading_technique_is_stripped() {
        assert_eq!(upstream_name("moa-mlx-a"), "mlx-a");
        assert_eq!(upstream_name("router-mlx-a"), "mlx-a");
        assert_eq!(upstream_name("bon-moa-mlx-a-moa"), "mlx-a-moa");
        assert_eq!(upstream_name("mlx-a"), "mlx-a");
    }
}
