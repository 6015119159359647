//! What an operator sees: on a listener of its own, which only this machine can reach.

use std::fmt::Write;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::answer::{self, Answer, Manner};
use super::connection::{Connection, Stream};
use super::deployment::now;
use super::error::Refusal;
use super::head::{self, Framing, Request};
use super::local;
use super::served::{Served, path};
use super::worker::{Shared, Worker};

/// Serves operators until the process ends.
pub(super) async fn run(worker: Rc<Worker>, listener: TcpListener) {
    let _ = listener.set_nonblocking(true);
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let worker = Rc::clone(&worker);
                tokio::task::spawn_local(async move {
                    let _ = timeout(
                        Duration::from_secs(10),
                        one(&worker, Connection::new(Stream::Plain(stream))),
                    )
                    .await;
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One request for each connection is enough for operators.
async fn one(worker: &Worker, mut client: Connection) {
    let request = loop {
        match head::request(&mut client.buffer, &mut client.seen) {
            Ok(Some(request)) => break request,
            Ok(None) => {}
            Err(_) => return,
        }
        if !matches!(client.fill().await, Ok(1..)) {
            return;
        }
    };
    client.buffer = BytesMut::new();
    let answer = page(&worker.shared, &request).unwrap_or_else(Answer::from);
    let manner = Manner {
        modern: request.modern,
        keep: false,
        head_only: request.method == "HEAD",
    };
    let _ = answer::write(&mut client, &answer, "", manner, Duration::from_secs(5)).await;
}

fn page(shared: &Shared, request: &Request) -> Result<Answer, Refusal> {
    if !local::is_from_here(request) {
        return Err(Refusal::new(
            403,
            "foreign_page",
            "this is for programs on this machine, and for no web pages from elsewhere",
        ));
    }
    if !matches!(request.method.as_str(), "GET" | "HEAD") || request.framing != Framing::Length(0) {
        return Err(super::serve::method_not_allowed("GET"));
    }
    let served = shared.served();
    match request.path.as_str() {
        "/" => Ok(
            Answer::text("text/html; charset=utf-8", html(shared, &served))
                .field(
                    "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
                )
                .field("x-content-type-options", "nosniff")
                .field("cache-control", "no-store"),
        ),
        "/status" => Ok(status(shared, &served).into()),
        "/metrics" | "/metrics/" => Ok(Answer::text(
            "text/plain; version=0.0.4; charset=utf-8",
            local::metrics_text(shared, &served),
        )),
        _ => Err(Refusal::new(
            404,
            "not_found",
            "here are `/`, `/status` and `/metrics`",
        )),
    }
}

fn status(shared: &Shared, served: &Served) -> Value {
    let now = now();
    let deployment = |it: &std::sync::Arc<super::deployment::Deployment>| {
        json!({
            "id": it.id,
            "origin": &*it.origin,
            "model": it.model_name,
            "endpoints": it.endpoints.iter().map(|it| path(*it)).collect::<Vec<_>>(),
            "healthy": it.state.is_well(),
            "cooling_ms": it.state.cooling(now).map(|it| it - now),
            "cooldowns": it.state.cooldowns.load(Relaxed),
            "in_flight": it.state.in_flight.load(Relaxed),
            "usual_first_byte_micros": it.state.latency(),
        })
    };
    let routes: Vec<Value> = served
        .routes
        .iter()
        .map(|it| json!({"handle": it.name, "internal": it.internal, "deployments": it.deployments.iter().map(deployment).collect::<Vec<_>>()}))
        .collect();
    json!({
        "platform": served.table.platform,
        "version": env!("CARGO_PKG_VERSION"),
        "draining": shared.draining.load(Relaxed),
        "reloads": shared.generation.load(Relaxed) - 1,
        "reloads_refused": shared.refused_reloads.load(Relaxed),
        "connections": shared.connections.load(Relaxed),
        "in_flight": shared.metrics.iter().map(|it| it.in_flight.load(Relaxed)).sum::<u64>(),
        "log_lines_dropped": shared.log.dropped(),
        "routes": routes,
        "last_errors": shared.last_errors(),
    })
}

fn html(shared: &Shared, served: &Served) -> String {
    let now = now();
    let mut text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\"><title>{0}</title>\
         <style>body{{font:15px system-ui,sans-serif;margin:2rem;color-scheme:light dark}}table{{border-collapse:collapse;margin:1rem 0}}td,th{{text-align:left;padding:.2rem .8rem;border-bottom:1px solid #8884}}.bad{{color:#c33}}</style>\
         <h1>{0}</h1><p>{1} connections, {2} requests under way, {3} reloads.</p>\
         <table><tr><th>handle<th>deployment<th>server<th>state<th>under way<th>first byte</tr>",
        escape(&served.table.platform),
        shared.connections.load(Relaxed),
        shared
            .metrics
            .iter()
            .map(|it| it.in_flight.load(Relaxed))
            .sum::<u64>(),
        shared.generation.load(Relaxed) - 1,
    );
    for route in &served.routes {
        for it in &route.deployments {
            let state = match (it.state.cooling(now), it.state.is_well()) {
                (Some(until), _) => format!(
                    "<td class=bad>left alone for {} s",
                    (until - now).div_ceil(1000)
                ),
                (None, false) => "<td class=bad>fails its health check".to_owned(),
                (None, true) => "<td>well".to_owned(),
            };
            let _ = write!(
                text,
                "<tr><td>{}<td>{}<td>{}{state}<td>{}<td>{} ms</tr>",
                escape(&route.name),
                escape(&it.id),
                escape(&it.origin),
                it.state.in_flight.load(Relaxed),
                it.state.latency() / 1000
            );
        }
    }
    text.push_str(
        "</table><h2>Last errors</h2><table><tr><th>time<th>deployment<th>what<th>request</tr>",
    );
    for it in shared.last_errors() {
        let _ = write!(
            text,
            "<tr><td>{}<td>{}<td>{}<td>{}</tr>",
            escape(&it.time),
            escape(&it.deployment),
            escape(&it.what),
            escape(&it.request)
        );
    }
    text.push_str("</table></html>");
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
