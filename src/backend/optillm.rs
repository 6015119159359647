//! OptiLLM as a proxy between the gateway and a model.
//!
//! Facts of version 0.4.0, measured:
//! - It strips every leading technique or plugin name from a model name, so what a name becomes on the way back to the gateway is said by `model_map` in `proxy_config.yaml`.
//! - `OPTILLM_API_KEY` in its own environment switches it to local inference, so the key comes by flag from a variable of another name.
//! - With `--approach proxy` a technique in the model name is silently dropped; the field `proxy_wrap` of the request names one that runs through the proxy and `model_map`.
//! - After an error of the gateway it tries `--base-url` again with the unmapped name when `OPENAI_API_KEY` (or a cousin) is in its environment or the caller's key starts with `sk-`: that would loop.

use super::{
    Config, Endpoint, Kind, Layer, Mode, Place, Probe, Role, Setting, SettingValue, Word, Workload,
};

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
    env: &[Setting {
        name: "LITELLM_PROXY_KEY",
        value: SettingValue::GatewayKey,
        why: "it calls the gateway back; its proxy_config.yaml names the variable",
    }],
    endpoints: &[
        Endpoint::ChatCompletions,
        Endpoint::Models,
        Endpoint::Health,
    ],
    modes: &[Mode::Chat],
    litellm_provider: "openai",
    cloud: None,
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: true,
    client_key: Some("OPTILLM_API_KEY"),
    technique_field: Some("proxy_wrap"),
    techniques: WRAPPED,
    forbidden_env: &[
        (
            "OPTILLM_API_KEY",
            "it switches OptiLLM to local inference; give the key as OPTILLM_PROXY_KEY",
        ),
        (
            "OPENAI_API_KEY",
            "after an error OptiLLM would ask the gateway again by the handle, in a loop",
        ),
        (
            "CEREBRAS_API_KEY",
            "after an error OptiLLM would leave the gateway",
        ),
        (
            "AZURE_OPENAI_API_KEY",
            "after an error OptiLLM would leave the gateway",
        ),
    ],
    keeps_state: true,
    store: None,
    notifies: false,
    start_seconds: 90,
    container: None,
    credentials: &[],
};

/// The techniques that OptiLLM 0.4.0 applies around its proxy; the others it knows only by the name of a model, where `--approach proxy` drops them.
static WRAPPED: &[&str] = &[
    "bon",
    "cepo",
    "cot_reflection",
    "leap",
    "mcts",
    "moa",
    "plansearch",
    "pvg",
    "re2",
    "rstar",
    "rto",
    "self_consistency",
    "z3",
];

/// The names that OptiLLM 0.4.0 takes for a technique or plugin when they lead a model name.
pub static TECHNIQUES: &[&str] = &[
    // Techniques.
    "none",
    "mcts",
    "bon",
    "moa",
    "rto",
    "z3",
    "self_consistency",
    "pvg",
    "rstar",
    "cot_reflection",
    "plansearch",
    "leap",
    "re2",
    "cepo",
    "mars",
    // Plugins.
    "coc",
    "compact",
    "deep_research",
    "deepthink",
    "executecode",
    "genselect",
    "json",
    "longcepo",
    "majority_voting",
    "mcp",
    "memory",
    "privacy",
    "proxy",
    "readurls",
    "router",
    "spl",
    "web_search",
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
