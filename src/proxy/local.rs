//! What is answered here: models, health, metrics, and the pages for operators.

use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value, json};

use super::answer::Answer;
use super::deployment::now;
use super::error::Refusal;
use super::head::Request;
use super::keys::Key;
use super::metrics::{self, OfDeployment};
use super::record::Record;
use super::serve::method_not_allowed;
use super::served::Served;
use super::worker::Shared;

/// True for what is told to anybody: that we live.
pub(super) fn is_open(path: &str) -> bool {
    matches!(
        path.strip_prefix("/v1").unwrap_or(path),
        "/health/readiness" | "/health/liveliness" | "/health/liveness"
    )
}

/// True for a request that names this machine, and comes from no web page of another: a name that was bent to loopback shows itself here.
pub(super) fn is_from_here(request: &Request) -> bool {
    let is_here = |host: &str| {
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse().is_ok_and(|it: IpAddr| it.is_loopback())
    };
    let origin = request.fields.value("origin").map(|it| {
        let authority = it.split_once("://").map_or("", |(_, rest)| rest);
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => authority.split(':').next(),
        };
        host.unwrap_or_default().to_ascii_lowercase()
    });
    // Browsers say so of themselves where they name no origin.
    let is_foreign = request
        .fields
        .values("sec-fetch-site")
        .any(|it| it.eq_ignore_ascii_case("cross-site"));
    request.host.as_deref().is_none_or(is_here)
        && origin.is_none_or(|it| is_here(&it))
        && !is_foreign
}

/// Answers what needs no server.
pub(super) fn answer(
    shared: &Shared,
    served: &Served,
    request: &Request,
    path: &str,
    key: Option<&Key>,
    record: &mut Record,
) -> Result<Answer, Refusal> {
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    let found: Result<(&'static str, Answer), Refusal> = match path {
        "/models" => Ok(("/models", json!({"object": "list", "data": opened(served, key).map(Served::model).collect::<Vec<_>>()}).into())),
        "/model/info" => {
            let entries: Vec<Value> = opened(served, key).flat_map(|it| served.model_info(it)).collect();
            Ok(("/model/info", json!({"data": entries}).into()))
        }
        "/search/tools" => {
            let tools: Vec<Value> = served.table.search_tools.iter().map(|it| json!({"search_tool_name": it.name, "description": it.description})).collect();
            Ok(("/search/tools", json!({"object": "list", "data": tools}).into()))
        }
        "/health/liveliness" | "/health/liveness" => Ok(("/health", json!("I'm alive!").into())),
        "/health/readiness" => Ok(("/health", readiness(shared))),
        "/health" => Ok(("/health", health(served).into())),
        "/metrics" | "/metrics/" => Ok(("/metrics", Answer::text("text/plain; version=0.0.4; charset=utf-8", metrics_text(shared, served)))),
        _ if path.starts_with("/search/") && !is_read => return Err(method_not_allowed("POST")),
        _ => match path.strip_prefix("/models/") {
            Some(name) => match opened(served, key).find(|it| *it == name) {
                Some(name) => Ok(("/models", Served::model(name).into())),
                None => Err(Refusal::new(404, "model_not_found", "there is no such model here; `GET /v1/models` lists those that are").param("model")),
            },
            None => return Err(unknown(request)),
        },
    };
    if !is_read {
        return Err(method_not_allowed("GET"));
    }
    let (endpoint, answer) = found?;
    record.endpoint = endpoint;
    Ok(answer)
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self::json(200, &value)
    }
}

/// Nothing is here, or no method of this name is.
fn unknown(request: &Request) -> Refusal {
    match request.method.as_str() {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => {
            Refusal::new(404, "not_found", "nothing is served at this path")
        }
        _ => method_not_allowed("GET, POST"),
    }
}

/// The names that a key may see.
fn opened<'a>(served: &'a Served, key: Option<&'a Key>) -> impl Iterator<Item = &'a str> {
    served.table.listed().filter(move |name| {
        let route = served.route(name).map(|at| &served.routes[at]);
        route.is_some_and(|route| key.is_none_or(|key| key.opens(route)))
    })
}

fn readiness(shared: &Shared) -> Answer {
    if shared.draining.load(Relaxed) {
        return Answer::json(503, &json!({"status": "draining"}));
    }
    Answer::json(
        200,
        &json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION")}),
    )
}

/// What the health checks have found, in LiteLLM's shape; no model is asked.
fn health(served: &Served) -> Value {
    let (well, unwell): (Vec<_>, Vec<_>) = served
        .deployments
        .iter()
        .partition(|it| it.state.is_well() && it.state.cooling(now()).is_none());
    let entry = |it: &&std::sync::Arc<super::deployment::Deployment>| json!({"model": it.model_name, "model_id": it.id});
    json!({
        "healthy_endpoints": well.iter().map(entry).collect::<Vec<_>>(),
        "unhealthy_endpoints": unwell.iter().map(entry).collect::<Vec<_>>(),
        "healthy_count": well.len(),
        "unhealthy_count": unwell.len(),
    })
}

pub(super) fn metrics_text(shared: &Shared, served: &Served) -> String {
    let now = now();
    let deployments: Vec<OfDeployment> = served
        .deployments
        .iter()
        .map(|it| OfDeployment {
            id: it.id.to_string(),
            cooling: it.state.cooling(now).is_some(),
            well: it.state.is_well(),
            in_flight: it.state.in_flight.load(Relaxed),
            cooldowns: it.state.cooldowns.load(Relaxed),
        })
        .collect();
    let others = [
        (
            "homelab_proxy_connections",
            "Connections of clients.",
            shared.connections.load(Relaxed) as u64,
        ),
        (
            "homelab_proxy_log_lines_dropped_total",
            "Lines of the access log that could not be written.",
            shared.log.dropped(),
        ),
        (
            "homelab_proxy_reloads_total",
            "Tables that were taken.",
            shared.generation.load(Relaxed) - 1,
        ),
        (
            "homelab_proxy_reloads_refused_total",
            "Tables that could not be taken.",
            shared.refused_reloads.load(Relaxed),
        ),
    ];
    metrics::render(shared.metrics.iter().map(|it| &**it), &deployments, &others)
}
