//! What operators do and see: reloads, the drain, health, metrics, the pages; and what is answered without a model.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::client::chat;
use super::lab::{Lab, Start, route, table, table_with};
use super::upstream::{ANSWER, DONE, Do, Upstream, chunk, held_stream, json, stream_head, token};

fn slow_stream() -> Upstream {
    Upstream::always(held_stream())
}

#[test]
fn p146_p148_a_reload_swaps_the_table_and_cuts_nothing() {
    let server = slow_stream();
    let lab = Lab::new(table(&[route("old", &[server.address], &[])]));
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("old", true));
    client.until(&token("a"));
    lab.reload(&table(&[route("new", &[server.address], &[])]));
    assert_eq!(lab.client().chat("old").status, 404);
    server.go();
    client.until(DONE);
    assert_eq!(lab.client().get("/v1/models/new").answer().status, 200);
}

#[test]
fn p147_a_table_that_is_none_is_refused_and_the_old_one_stays() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    for wrong in ["", "{", "{\"version\": 2}"] {
        std::fs::write(lab.table(), wrong).unwrap();
        lab.signal(Signal::HUP);
    }
    lab.wait_for_event("reload_refused");
    assert_eq!(lab.client().chat("m").status, 200);
    assert!(
        lab.metric("homelab_proxy_reloads_refused_total")
            .is_some_and(|it| it >= 1.0)
    );
}

#[test]
fn p150_a_signal_to_stop_finishes_what_is_under_way() {
    let server = slow_stream();
    let mut lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    lab.signal(Signal::TERM);
    lab.wait_for_event("draining");
    server.go();
    client.until(DONE);
    assert!(lab.child.wait().unwrap().success());
    lab.wait_for_event("stopped");
}

#[test]
fn p150_p151_what_does_not_end_in_time_is_told_so() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let mut lab = Start::new(table(&[route("m", &[server.address], &[])]))
        .arguments(&["--grace", "0"])
        .run();
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    lab.signal(Signal::TERM);
    client.until("shutting_down");
    assert!(lab.child.wait().unwrap().success());
}

#[test]
fn p157_what_is_missing_is_named_and_nothing_is_served() {
    let mut all = table(&[route("m", &[Upstream::nobody()], &[])]);
    all["master_key"] = json!("LAB_KEY");
    all["routes"][0]["deployments"][0]["key"] = json!("SERVER_KEY");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routes.json");
    std::fs::write(&file, all.to_string()).unwrap();
    for arguments in [&["--check"][..], &["--listen", "127.0.0.1:0"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_homelab"))
            .args(["proxy", "--table"])
            .arg(&file)
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && said.contains("LAB_KEY, SERVER_KEY"),
            "{said}"
        );
    }
}

#[test]
fn p059_p064_operators_pages_are_elsewhere_and_for_this_machine() {
    let lab = Lab::new(table(&[route("m", &[Upstream::nobody()], &[])]));
    assert_eq!(lab.client().get("/status").answer().status, 404);
    assert_eq!(lab.client().chat("m").code(), "upstream_unreachable");
    let status = lab.status();
    assert_eq!(status["routes"][0]["deployments"][0]["id"], "m-0");
    assert_eq!(status["last_errors"][0]["deployment"], "m-0");
    assert!(lab.operator().get("/").answer().text().contains("m-0"));
    for fields in [
        "Host: evil.example\r\n",
        "Host: localhost\r\nOrigin: http://evil.example\r\n",
    ] {
        for mut client in [lab.client(), lab.operator()] {
            let answer = client
                .send(format!("GET /v1/models HTTP/1.1\r\n{fields}\r\n"))
                .answer();
            assert_eq!(answer.status, 403, "{fields}");
        }
    }
}

#[test]
fn a_search_is_put_to_searxng() {
    let found = r#"{"results":[{"title":"A","url":"http://a","content":"about a","publishedDate":null,"pubdate":"2026"},{"title":"B","url":"http://b"}]}"#;
    let server = Upstream::always(vec![json(200, found)]);
    let mut all = table(&[route("m", &[Upstream::nobody()], &[])]);
    all["search_tools"] = json!([{"name": "web", "provider": "searxng", "base_url": format!("http://{}", server.address)}]);
    let lab = Lab::new(all);
    let answer = lab
        .client()
        .post("/v1/search/web", r#"{"query":"a b&c","max_results":1}"#)
        .answer();
    assert_eq!(
        answer.json(),
        json!({"object": "search", "results": [{"title": "A", "url": "http://a", "snippet": "about a", "date": "2026", "last_updated": null}]})
    );
    assert!(
        server.seen()[0]
            .head
            .starts_with("GET /search?q=a%20b%26c&format=json HTTP/1.1\r\n")
    );
    assert_eq!(
        lab.client()
            .post("/v1/search/none", "{\"query\":\"a\"}")
            .answer()
            .code(),
        "search_tool_not_found"
    );
}

#[test]
fn a_form_has_its_model_replaced() {
    let server = Upstream::always(vec![json(200, "{\"text\":\"hello\"}")]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let form = |model: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"model\"\r\n\r\n\u{1}m\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--b--\r\n"
        )
    };
    let body = form("m");
    let head = format!(
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = lab.client().send(head).send(&body).answer();
    assert_eq!(answer.status, 200);
    let seen = server.wait_for(1).remove(0);
    assert_eq!(seen.text(), form("real-model"));
    assert_eq!(
        seen.field("content-type"),
        Some("multipart/form-data; boundary=b")
    );
}

#[test]
fn endpoint_not_supported_names_those_that_are() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let mut chat_only = route("chat", &[server.address], &[]);
    chat_only["deployments"][0]["endpoints"] = json!(["/chat/completions"]);
    let lab = Lab::new(table(&[
        chat_only,
        route("vectors", &[server.address], &[]),
    ]));
    let answer = lab
        .client()
        .post("/embeddings", r#"{"model":"chat","input":"a"}"#)
        .answer();
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "endpoint_not_supported")
    );
    assert!(answer.text().contains("vectors"));
}

#[test]
fn p111_p113_one_that_failed_is_left_alone_and_comes_back() {
    let flapping = Upstream::always(vec![json(500, "{}")]);
    let good = Upstream::always(vec![json(200, ANSWER)]);
    let policy = json!({"cooldown_ms": 1500, "allowed_fails": 1});
    let lab = Lab::new(table_with(
        &policy,
        &[route("m", &[flapping.address, good.address], &[])],
    ));
    for _ in 0..15 {
        assert_eq!(lab.client().chat("m").status, 200);
    }
    assert!(flapping.seen().len() <= 4, "{}", flapping.seen().len());
    flapping.now(vec![vec![json(200, ANSWER)]]);
    let start = Instant::now();
    while lab.client().chat("m").field("x-homelab-deployment") != Some("m-0") {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "it does not come back"
        );
    }
}

#[test]
fn p018_pipelined_requests_are_answered_in_order() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut client = lab.client();
    client
        .get("/v1/models")
        .post("/v1/chat/completions", &chat("m", false))
        .send("BAD\r\n\r\n")
        .get("/v1/models");
    assert!(client.answer().text().contains("\"list\""));
    assert_eq!(client.answer().text(), ANSWER);
    assert_eq!(client.answer().status, 400);
    assert!(client.is_closed());
}
