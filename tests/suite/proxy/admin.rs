//! What operators see: handles, deployments, health, cooldowns and the last errors, as JSON and as a page.

use std::time::Instant;

use serde_json::{Value, json};

use super::client::chat;
use super::lab::{Lab, Start, deployment, table_with};
use super::upstream::{ANSWER, Do, PATIENCE, Upstream, chunk, json, stream_head, token};

/// A route with these deployments.
fn route(name: &str, deployments: &[Value]) -> Value {
    json!({"name": name, "handle": name, "internal": false, "mode": "chat", "deployments": deployments})
}

/// Asks for the status until it is so.
fn until(lab: &Lab, is_so: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let status = lab.status();
        if is_so(&status) {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "{status}");
    }
}

#[test]
fn operators_see_cooldowns_and_why() {
    let failing = Upstream::always(vec![json(500, "{}")]);
    let good = Upstream::always(vec![json(200, ANSWER)]);
    let policy = json!({"cooldown_ms": 60_000, "allowed_fails": 0, "retries": 1});
    let mut secret = deployment("bad", failing.address, 0);
    secret["key"] = json!("SERVER_KEY");
    let table = table_with(
        &policy,
        &[route("m", &[secret, deployment("good", good.address, 1)])],
    );
    let lab = Start::new(table).env("SERVER_KEY", "hush-hush").run();
    assert_eq!(lab.client().chat("m").status, 200);
    let status = lab.status();
    assert_eq!(status["platform"], "test");
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    let bad = &status["routes"][0]["deployments"][0];
    assert_eq!((&bad["id"], &bad["cooldowns"]), (&json!("bad"), &json!(1)));
    assert!(
        bad["cooling_ms"].as_u64().is_some_and(|it| it > 1000),
        "{bad}"
    );
    assert_eq!(bad["origin"], format!("http://{}", failing.address));
    let good = &status["routes"][0]["deployments"][1];
    assert_eq!(
        (&good["cooling_ms"], &good["healthy"]),
        (&json!(null), &json!(true))
    );
    let error = &status["last_errors"][0];
    assert_eq!(error["deployment"], "bad");
    let line = lab.wait_for(|it| it["status"] == 200);
    assert_eq!(error["request"], line["request"], "{line}");
    let page = lab.operator().get("/").answer();
    assert!(
        page.field("content-type")
            .is_some_and(|it| it.starts_with("text/html"))
    );
    assert!(page.text().contains("left alone for "), "{}", page.text());
    for text in [page.text(), &status.to_string()] {
        assert!(!text.contains("hush"), "{text}");
    }
}

#[test]
fn operators_see_what_fails_its_health_check_and_what_is_under_way() {
    let sick = Upstream::always(vec![json(503, "{}")]);
    let busy = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let mut asked = deployment("asked", sick.address, 0);
    asked["health"] = json!({"url": format!("http://{}/health", sick.address), "status": 200, "needs_key": false});
    let table = table_with(
        &json!({"health_interval_ms": 50}),
        &[
            route("a", &[asked]),
            route("b", &[deployment("busy", busy.address, 0)]),
        ],
    );
    let lab = Lab::new(table);
    until(&lab, |it| {
        it["routes"][0]["deployments"][0]["healthy"] == false
    });
    assert!(
        lab.operator()
            .get("/")
            .answer()
            .text()
            .contains("fails its health check")
    );
    // It is asked how it is, and never for an answer.
    assert!(
        sick.seen()
            .iter()
            .all(|it| it.head.starts_with("GET /health "))
    );
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("b", true));
    client.until(&token("a"));
    let status = lab.status();
    assert_eq!(status["in_flight"], 1);
    assert_eq!(status["routes"][1]["deployments"][0]["in_flight"], 1);
    drop(client);
    until(&lab, |it| it["in_flight"] == 0);
    sick.now(vec![vec![json(200, "{}")]]);
    until(&lab, |it| {
        it["routes"][0]["deployments"][0]["healthy"] == true
    });
}

#[test]
fn a_name_on_the_page_is_text() {
    let name = "<script>alert(\"a&b\")</script>";
    let lab = Lab::new(table_with(
        &json!({}),
        &[route(name, &[deployment(name, Upstream::nobody(), 0)])],
    ));
    let page = lab.operator().get("/").answer();
    assert!(!page.text().contains("<script"), "{}", page.text());
    assert!(page.text().contains("&lt;script&gt;"), "{}", page.text());
}

#[test]
fn operators_may_only_look() {
    let lab = Lab::new(table_with(&json!({}), &[]));
    assert_eq!(lab.operator().post("/status", "{}").answer().status, 405);
    assert_eq!(lab.operator().get("/v1/models").answer().status, 404);
    let answer = lab
        .operator()
        .send("GET /status HTTP/1.1\r\nHost: rebound.example\r\n\r\n")
        .answer();
    assert_eq!(answer.status, 403);
}
