//! OptiLLM's `proxy_config.yaml`: the gateway as its only provider, and the names by which it is called back.
//!
//! Facts of OptiLLM 0.4.0: keys it does not know are ignored, `${NAME}` is filled from its environment (unset, the text itself is sent as the key), and without this file it writes one of its own with no provider.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::backend::upstream_name;
use crate::emit::yaml;
use crate::platform::{Deployment, ModelId, Platform, Service, Value};

/// How long LiteLLM waits for an answer when nobody says otherwise.
const LITELLM_TIMEOUT: Duration = Duration::from_mins(100);

#[derive(Serialize)]
struct ProxyConfig<'a> {
    providers: [Provider<'a>; 1],
    routing: Routing,
    timeouts: Timeouts,
}

#[derive(Serialize)]
struct Provider<'a> {
    name: &'a str,
    base_url: String,
    api_key: String,
    model_map: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Routing {
    strategy: &'static str,
    health_check: HealthCheck,
}

#[derive(Serialize)]
struct HealthCheck {
    /// With a single provider nothing follows from a failed check, and each asks the gateway for its models.
    enabled: bool,
}

#[derive(Serialize)]
struct Timeouts {
    /// Its default of 30 s is less than a large model takes, and what follows is a second request.
    request: u64,
    connect: u64,
}

/// The text for one OptiLLM service.
pub(super) fn proxy_config(platform: &Platform, optimiser: &Service) -> String {
    let gateway = platform.gateway_service();
    let base = platform
        .call_url(optimiser.id, gateway.id)
        .unwrap_or_default();
    yaml::to_yaml(&ProxyConfig {
        providers: [Provider {
            name: &gateway.name,
            base_url: format!("{base}{}", gateway.base_path),
            api_key: api_key(platform, optimiser),
            model_map: model_map(platform, optimiser),
        }],
        routing: Routing {
            strategy: "failover",
            health_check: HealthCheck { enabled: false },
        },
        timeouts: Timeouts {
            request: request_timeout(platform, optimiser),
            connect: 5,
        },
    })
}

/// The variable of OptiLLM's own environment that holds the same secret as the gateway's key.
fn api_key(platform: &Platform, optimiser: &Service) -> String {
    // OptiLLM insists on a key; a gateway without one takes any.
    let Some(key) = platform.gateway.key.as_deref() else {
        return "none".to_owned();
    };
    let secret = platform
        .variable(platform.gateway_service(), key)
        .map(|it| &it.value);
    let same = |value: &Value| matches!(value, Value::Secret(_)) && secret == Some(value);
    let name = optimiser
        .env
        .iter()
        .find(|it| same(&it.value))
        .map_or(key, |it| it.name.as_str());
    format!("${{{name}}}")
}

/// What a name that comes in becomes on its way back: the internal name of the same model.
///
/// The names that arrive are those the gateway sends, less what OptiLLM strips from their front.
fn model_map<'a>(platform: &'a Platform, optimiser: &Service) -> BTreeMap<&'a str, &'a str> {
    let is_way_back = |it: &&Deployment| it.name != platform[it.handle].name;
    let backs: BTreeMap<ModelId, &str> = platform
        .deployments
        .iter()
        .filter(is_way_back)
        .map(|it| (it.model, it.name.as_str()))
        .collect();
    platform
        .deployments
        .iter()
        .filter(|it| it.service == optimiser.id)
        .filter_map(|sent| Some((upstream_name(&sent.selector), *backs.get(&sent.model)?)))
        .collect()
}

/// The longest that any model behind it may take.
fn request_timeout(platform: &Platform, optimiser: &Service) -> u64 {
    let general = platform.gateway.timeout.unwrap_or(LITELLM_TIMEOUT);
    platform
        .deployments
        .iter()
        .filter(|it| it.service == optimiser.id)
        .map(|it| it.timeout.unwrap_or(general))
        .max()
        .unwrap_or(general)
        .as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}
