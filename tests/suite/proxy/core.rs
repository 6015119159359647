//! The thinnest line through everything: chat, streams, errors, retries, keys, models.

use serde_json::json;

use super::client::chat;
use super::lab::{Lab, Start, route, table, table_with};
use super::upstream::{
    ANSWER, DONE, Do, Upstream, chunk, finish, held_stream, json, json_with, last_chunk,
    stream_head, token, whole_stream,
};

#[test]
fn a_chat_reaches_the_server_byte_for_byte_but_for_the_model() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut client = lab.client();
    let body = r#" { "x" : [1,2.50,{"model":"no"}], "mo\u0064el" : "m", "unknown":"é" } "#;
    let answer = client.post("/v1/chat/completions", body).answer();
    assert_eq!((answer.status, answer.text()), (200, ANSWER));
    let seen = server.wait_for(1).remove(0);
    assert_eq!(seen.text(), body.replace(r#""m""#, r#""real-model""#));
    assert!(
        seen.head
            .starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{}",
        seen.head
    );
    // The connections on both sides are used again.
    assert_eq!(client.chat("m").status, 200);
    assert_eq!(server.connections(), 1);
    let line = lab.wait_for(|it| it["status"] == 200);
    assert_eq!(
        (&line["handle"], &line["deployment"], &line["prompt_tokens"]),
        (&json!("m"), &json!("m-0"), &json!(3))
    );
}

#[test]
fn a_stream_comes_back_event_for_event() {
    let server = Upstream::always(whole_stream());
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut client = lab.client();
    for _ in 0..2 {
        let answer = client.stream("m");
        assert_eq!(
            answer.text(),
            [token("a"), token("b"), finish(), DONE.to_owned()].concat()
        );
        assert!(answer.whole);
        assert_eq!(answer.field("content-type"), Some("text/event-stream"));
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_token_is_not_held_back() {
    let server = Upstream::always(held_stream());
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    server.go();
    client.until(DONE);
}

#[test]
fn p070_a_stream_that_dies_after_content_says_so() {
    for end in [Do::Close, Do::Reset, last_chunk()] {
        let server = Upstream::always(vec![
            stream_head(),
            chunk(&token("a")),
            chunk("data: {\"cho"),
            end,
            Do::Close,
        ]);
        let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
        let answer = lab.client().stream("m");
        let rest = answer
            .text()
            .strip_prefix(&token("a"))
            .expect("the content came");
        let event: serde_json::Value =
            serde_json::from_str(rest.strip_prefix("data: ").unwrap().trim()).unwrap();
        assert_eq!(event["error"]["code"], "upstream_stream_cut");
        assert_eq!(server.seen().len(), 1);
        lab.assert_alive();
    }
}

#[test]
fn p067_p068_a_death_before_content_is_tried_elsewhere() {
    for death in [
        vec![Do::Close],
        vec![Do::Reset],
        vec![stream_head(), Do::Close],
        vec![json(503, "{}")],
    ] {
        let bad = Upstream::always(death);
        let good = Upstream::always(whole_stream());
        let lab = Lab::new(table(&[route("m", &[bad.address, good.address], &[])]));
        let answer = lab.client().stream("m");
        assert_eq!(
            answer.text(),
            [token("a"), token("b"), finish(), DONE.to_owned()].concat()
        );
        assert_eq!(answer.field("x-homelab-deployment"), Some("m-1"));
    }
}

#[test]
fn p122_a_fallback_answers_for_one_that_cannot_be_reached() {
    let good = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[
        route("m", &[Upstream::nobody()], &["n"]),
        route("n", &[good.address], &[]),
    ]));
    assert_eq!(lab.client().chat("m").text(), ANSWER);
}

#[test]
fn p105_what_the_server_says_of_the_request_is_passed_on() {
    let said = r#"{"error":{"message":"too long","type":"x","code":"context_length_exceeded"}}"#;
    let server = Upstream::new(vec![vec![json(400, said)], vec![json(401, said)]]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let answer = lab.client().chat("m");
    assert_eq!((answer.status, answer.text()), (400, said));
    let answer = lab.client().chat("m");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (502, "upstream_auth")
    );
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn p101_retry_after_is_honoured() {
    let server = Upstream::always(vec![json_with(429, "Retry-After: 30\r\n", "{}")]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let answer = lab.client().chat("m");
    assert_eq!(
        (answer.status, answer.field("retry-after")),
        (429, Some("30"))
    );
    // P112: until then nobody asks it.
    let answer = lab.client().chat("m");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "all_deployments_cooling")
    );
    assert!(answer.field("retry-after").is_some());
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn p075_a_stall_is_told_at_its_limit() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let policy = json!({"idle_timeout_ms": 300});
    let lab = Lab::new(table_with(&policy, &[route("m", &[server.address], &[])]));
    let answer = lab.client().stream("m");
    assert!(
        answer.text().contains("upstream_stalled"),
        "{}",
        answer.text()
    );
    server.closed();
}

#[test]
fn p087_p088_a_client_that_goes_takes_the_upstream_with_it() {
    for before in [vec![], vec![stream_head(), chunk(&token("a"))]] {
        let streams = !before.is_empty();
        let server = Upstream::always(before.into_iter().chain([Do::UntilClosed]).collect());
        let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
        let mut client = lab.client();
        client.post("/v1/chat/completions", &chat("m", true));
        server.wait_for(1);
        if streams {
            client.until(&token("a"));
        }
        drop(client);
        server.closed();
        lab.assert_alive();
    }
}

#[test]
fn p031_to_p044_bodies_that_are_refused() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    for (body, code) in [
        (r#"{"model":"m","model":"n"}"#, "duplicate_key"),
        (r#"{"MODEL":"m"}"#, "missing_model"),
        (r#"{"messages":[]}"#, "missing_model"),
        (r#"{"model":1}"#, "invalid_type"),
        (r#"{"model":"m""#, "invalid_json"),
        (
            r#"{"model":"m","api_base":"http://evil"}"#,
            "forbidden_field",
        ),
    ] {
        let answer = lab.client().post("/v1/chat/completions", body).answer();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{body}"
        );
    }
    let answer = lab.client().chat("nobody");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "model_not_found")
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn keys_open_what_they_may() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let mut inner = route("inner", &[server.address], &[]);
    inner["internal"] = json!(true);
    inner["callers"] = json!(["optimiser"]);
    let mut all = table(&[
        route("m", &[server.address], &[]),
        route("n", &[server.address], &[]),
        inner,
    ]);
    all["master_key"] = json!("MASTER");
    let digest = |key: &str| {
        use sha2::Digest;
        let bytes: [u8; 32] = sha2::Sha256::digest(key).into();
        bytes.map(|it| format!("{it:02x}")).concat()
    };
    let keys = format!(
        "phone sha256:{} handles=m\nopt sha256:{} service=optimiser # calls back\n",
        digest("phone-key"),
        digest("opt-key")
    );
    let lab = Start::new(all).env("MASTER", "sk-master").keys(&keys).run();
    let ask = |key: &str, model: &str| {
        let field = if key.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {key}\r\n")
        };
        lab.client()
            .post_with("/v1/chat/completions", &field, &chat(model, false))
            .answer()
            .status
    };
    assert_eq!(
        [ask("", "m"), ask("wrong", "m"), ask("sk-maste", "m")],
        [401, 401, 401]
    );
    assert_eq!(
        [ask("sk-master", "m"), ask("sk-master", "inner")],
        [200, 200]
    );
    assert_eq!(
        [
            ask("phone-key", "m"),
            ask("phone-key", "n"),
            ask("phone-key", "inner")
        ],
        [200, 404, 404]
    );
    assert_eq!([ask("opt-key", "inner"), ask("opt-key", "m")], [200, 200]);
    let models = lab
        .client()
        .send("GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer phone-key\r\n\r\n")
        .answer()
        .json();
    assert_eq!(models["data"].as_array().unwrap().len(), 1);
    assert_eq!(models["data"][0]["id"], "m");
    // P029: no key of a client reaches a server.
    assert!(
        server
            .seen()
            .iter()
            .all(|it| it.field("authorization").is_none())
    );
}
