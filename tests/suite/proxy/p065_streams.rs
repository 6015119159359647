//! P065-P086: streams that are cut, stalled, stuffed, malformed or served in odd slices, and what a client sees of that.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Answer, chat};
use super::lab::{Lab, Start, route, table, table_with};
use super::upstream::{
    ANSWER, DONE, Do, Upstream, chunk, finish, json, json_with, last_chunk, stream_head, token,
    whole_stream,
};

fn lab_with(server: &Upstream) -> Lab {
    Lab::new(table(&[route("m", &[server.address], &[])]))
}

/// A server that streams these chunks and the last one.
fn streams(chunks: &[&str]) -> Upstream {
    let chunks = chunks.iter().map(|it| chunk(it));
    Upstream::always(
        [stream_head()]
            .into_iter()
            .chain(chunks)
            .chain([last_chunk()])
            .collect(),
    )
}

/// The error in the last event, which must be the last thing that came.
fn last_error(answer: &Answer) -> Value {
    assert!(!answer.text().contains("[DONE]"), "{}", answer.text());
    let event = answer.text().trim_end().rsplit("\n\n").next().unwrap();
    let data = event.strip_prefix("data: ").expect("an event with data");
    let value: Value = serde_json::from_str(data).expect("it is JSON");
    assert!(value["error"]["message"].is_string(), "{value}");
    value["error"]["code"].clone()
}

fn whole() -> String {
    [token("a"), token("b"), finish(), DONE.to_owned()].concat()
}

#[test]
fn p065_slices_of_any_size_make_the_same_events() {
    let events = [
        ": hello\n\n".to_owned(),
        token("é€😀"),
        "data: {\"choices\":[\r\ndata: {\"delta\":{\"content\":\"x\"}}]}\r\n\r\n".to_owned(),
        "id: 1\rdata: {\"choices\":[{\"delta\":{\"content\":\"y\"}}]}\r\r".to_owned(),
        finish(),
        DONE.to_owned(),
    ]
    .concat();
    for slice in [1, 2, 3, 7, 64, 1000] {
        let chunks: Vec<u8> = events
            .as_bytes()
            .chunks(slice)
            .flat_map(|it| {
                let mut chunk = format!("{:x}\r\n", it.len()).into_bytes();
                chunk.extend_from_slice(it);
                chunk.extend_from_slice(b"\r\n");
                chunk
            })
            .collect();
        // Every byte in a write of its own, or all of them in one.
        let pause = if slice == 1 { 1 } else { chunks.len() };
        let server = Upstream::always(vec![
            stream_head(),
            Do::Drip(chunks, pause, Duration::ZERO),
            last_chunk(),
        ]);
        let lab = lab_with(&server);
        let answer = lab.client().stream("m");
        assert_eq!(answer.text(), events, "{slice}");
        assert!(answer.whole);
        lab.assert_alive();
    }
}

#[test]
fn p066_events_keep_every_byte() {
    let first = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    for odd in [
        ": a comment\n\n",
        ":\n\n",
        "id: 7\nretry: 100\nevent: x\ndata: {\"a\":\ndata: 1}\n\n",
        "data:{\"choices\":[]}\r\n\r\n",
        "data: {\"choices\":[]}\r\r",
        "unknown: field\ndata: {}\n\n",
        "\n",
        "data: {\"a\":\"\u{2028}\"}\n\n",
    ] {
        let text = format!("{first}{odd}{}{DONE}", finish());
        let server = streams(&[&text]);
        let lab = lab_with(&server);
        assert_eq!(lab.client().stream("m").text(), text, "{odd:?}");
        lab.assert_alive();
    }
    // The last blank line may be missing where the stream ends in order: it is given back.
    let server = streams(&[&token("a"), &finish(), "data: [DONE]"]);
    let text = lab_with(&server).client().stream("m").text().to_owned();
    assert_eq!(text, [token("a"), finish(), DONE.to_owned()].concat());
}

#[test]
fn p067_a_death_before_the_head() {
    for death in [
        vec![Do::Close],
        vec![Do::Reset],
        vec![Do::Send(b"HTTP/1.1 2".to_vec()), Do::Close],
        vec![Do::Send(b"HTTP/1.1 200 OK\r\nContent-".to_vec()), Do::Reset],
    ] {
        // The same server is asked again, or another one.
        let server = Upstream::new(vec![death.clone(), whole_stream()]);
        let lab = lab_with(&server);
        assert_eq!(lab.client().stream("m").text(), whole());
        let bad = Upstream::always(death);
        let good = Upstream::always(whole_stream());
        let lab = Lab::new(table(&[
            route("m", &[bad.address], &["n"]),
            route("n", &[good.address], &[]),
        ]));
        assert_eq!(lab.client().stream("m").text(), whole());
        lab.assert_alive();
    }
}

#[test]
fn p068_a_death_before_the_first_event() {
    for death in [
        vec![stream_head(), Do::Close],
        vec![stream_head(), Do::Reset],
        vec![stream_head(), last_chunk()],
        vec![stream_head(), chunk(": ping\n\n"), Do::Close],
        vec![stream_head(), chunk("data: {\"cho"), Do::Close],
        vec![
            stream_head(),
            chunk("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"),
            Do::Reset,
        ],
    ] {
        let bad = Upstream::always(death);
        let good = Upstream::always(whole_stream());
        let lab = Lab::new(table(&[route("m", &[bad.address, good.address], &[])]));
        let answer = lab.client().stream("m");
        assert_eq!(answer.text(), whole());
        assert_eq!(answer.field("x-homelab-deployment"), Some("m-1"));
        lab.assert_alive();
    }
}

#[test]
fn p069_an_error_event_before_content() {
    let preamble =
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    for error in [
        "data: {\"error\":{\"message\":\"out of memory\"}}\n\n",
        "event: error\ndata: {\"error\":{\"message\":\"x\"}}\n\n",
        "data: {\"error\":\"text\"}\n\n",
    ] {
        let bad = streams(&[preamble, error]);
        let good = Upstream::always(whole_stream());
        let lab = Lab::new(table(&[route("m", &[bad.address, good.address], &[])]));
        assert_eq!(lab.client().stream("m").text(), whole(), "{error}");
        lab.assert_alive();
    }
    // After content there is no way back: what the server says is passed on, and nothing after it.
    let server = streams(&[
        &token("a"),
        "data: {\"error\":{\"message\":\"x\",\"code\":\"theirs\"}}\n\n",
        &token("b"),
        DONE,
    ]);
    let lab = lab_with(&server);
    let answer = lab.client().stream("m");
    assert_eq!(last_error(&answer), "theirs");
    assert!(!answer.text().contains("\"b\""));
}

#[test]
fn p070_a_death_after_content_with_the_usage_so_far() {
    let usage = "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";
    let server = Upstream::always(vec![
        stream_head(),
        chunk(&token("a")),
        chunk(usage),
        Do::Reset,
    ]);
    let lab = lab_with(&server);
    let answer = lab.client().stream("m");
    assert!(answer.text().starts_with(&[&token("a"), usage].concat()));
    assert_eq!(last_error(&answer), "upstream_stream_cut");
    assert_eq!(answer.text().matches("\"error\"").count(), 1);
    let line = lab.wait_for(|it| it["error"] == "cut");
    assert_eq!(
        (&line["prompt_tokens"], &line["completion_tokens"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(server.seen().len(), 1);
    lab.assert_alive();
}

#[test]
fn p071_a_finish_reason_without_an_end() {
    for end in [last_chunk(), Do::Close, Do::Reset, Do::UntilClosed] {
        let server = Upstream::always(vec![
            stream_head(),
            chunk(&token("a")),
            chunk(&finish()),
            end,
        ]);
        let lab = lab_with(&server);
        let mut client = lab.client();
        client.post("/v1/chat/completions", &chat("m", true));
        client.until(&finish());
        let start = Instant::now();
        client.until(DONE);
        assert!(start.elapsed() < Duration::from_secs(5));
        assert!(client.until("0\r\n\r\n").starts_with("\r\n"));
        let line = lab.wait_for(|it| it["status"] == 200);
        assert!(line["error"].is_null(), "{line}");
        lab.assert_alive();
    }
}

#[test]
fn p072_an_end_without_a_finish_reason() {
    let server = streams(&[&token("a"), DONE]);
    let lab = lab_with(&server);
    let answer = lab.client().stream("m");
    assert_eq!(answer.text(), [token("a"), DONE.to_owned()].concat());
    lab.wait_for(|it| it["status"] == 200);
    assert_eq!(
        lab.metric("homelab_proxy_unfinished_streams_total"),
        Some(1.0)
    );
    lab.assert_alive();
}

#[test]
fn p073_what_follows_the_end() {
    for rest in [DONE, &token("late"), ": comment\n\n", "garbage"] {
        let server = Upstream::always(vec![
            stream_head(),
            chunk(&token("a")),
            chunk(&[&finish(), DONE, rest].concat()),
            chunk(rest),
            last_chunk(),
        ]);
        let lab = lab_with(&server);
        let mut client = lab.client();
        for _ in 0..2 {
            let answer = client.stream("m");
            assert_eq!(
                answer.text(),
                [token("a"), finish(), DONE.to_owned()].concat()
            );
            assert!(answer.whole);
        }
        // A server that goes on after its end is not trusted with another request on that connection.
        assert_eq!(server.connections(), 2, "{rest:?}");
        lab.assert_alive();
    }
}

#[test]
fn p074_a_malformed_event_is_left_out() {
    for broken in [
        "data: {\"choices\":[{\"del\n\n",
        "data: not json\n\n",
        "data: {\"a\":1}}\n\n",
        "data: \u{1}\n\n",
        "data:\n\n",
    ] {
        let server = streams(&[&token("a"), broken, &token("b"), &finish(), DONE]);
        let lab = lab_with(&server);
        let answer = lab.client().stream("m");
        assert_eq!(answer.text(), whole(), "{broken:?}");
        lab.wait_for(|it| it["status"] == 200);
        assert_eq!(
            lab.metric("homelab_proxy_malformed_events_total"),
            Some(1.0)
        );
        lab.assert_alive();
    }
}

#[test]
fn p075_a_stall_is_told_at_its_time() {
    let policy = json!({"idle_timeout_ms": 500});
    for before in ["", "data: {\"half"] {
        let mut actions = vec![stream_head(), chunk(&token("a"))];
        if !before.is_empty() {
            actions.push(chunk(before));
        }
        actions.push(Do::UntilClosed);
        let server = Upstream::always(actions);
        let lab = Lab::new(table_with(&policy, &[route("m", &[server.address], &[])]));
        let mut client = lab.client();
        client.post("/v1/chat/completions", &chat("m", true));
        client.until(&token("a"));
        let start = Instant::now();
        client.until("upstream_stalled");
        assert!(
            start.elapsed() > Duration::from_millis(250),
            "{:?}",
            start.elapsed()
        );
        server.closed();
        let line = lab.wait_for(|it| it["error"] == "stalled");
        assert_eq!(line["attempts"], 1);
        lab.assert_alive();
    }
}

#[test]
fn p076_a_slow_first_token_is_asked_for_elsewhere() {
    let policy = json!({"stream_timeout_ms": 300});
    for slow in [
        vec![Do::UntilClosed],
        vec![stream_head(), Do::UntilClosed],
        vec![stream_head(), chunk(": ping\n\n"), Do::UntilClosed],
    ] {
        let slow = Upstream::always(slow);
        let good = Upstream::always(whole_stream());
        let lab = Lab::new(table_with(
            &policy,
            &[route("m", &[slow.address, good.address], &[])],
        ));
        assert_eq!(lab.client().stream("m").text(), whole());
        slow.closed();
        lab.assert_alive();
    }
}

#[test]
fn p077_a_slow_stream_lives_while_it_moves() {
    let policy = json!({"idle_timeout_ms": 1000});
    let text = format!("{}{}{DONE}", token("slow"), finish());
    let bytes = format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len()).into_bytes();
    // Longer than the limit in all, never as long without a byte.
    let slices = bytes.len().div_ceil(25);
    let server = Upstream::always(vec![
        stream_head(),
        chunk(&token("a")),
        Do::Drip(bytes, slices, Duration::from_millis(60)),
    ]);
    let lab = Lab::new(table_with(&policy, &[route("m", &[server.address], &[])]));
    let answer = lab.client().stream("m");
    assert_eq!(answer.text(), [token("a"), text].concat());
    assert!(answer.whole);
    lab.assert_alive();
}

#[cfg(target_os = "linux")]
#[test]
fn p078_an_event_that_never_ends() {
    let endless = format!("data: {{\"choices\":\"{}", "a".repeat(16 * 1024 * 1024));
    let server = streams(&[&token("a"), &endless, &finish(), DONE]);
    let lab = lab_with(&server);
    lab.assert_alive();
    let before = lab.peak_memory();
    let answer = lab.client().stream("m");
    assert_eq!(last_error(&answer), "upstream_event_too_long");
    assert!(answer.text().len() < 1000);
    let grown = lab.peak_memory().saturating_sub(before);
    assert!(grown < 24 * 1024 * 1024, "{grown}");
    // Before content it is a failure like any other.
    let server = streams(&[&endless]);
    let good = Upstream::always(whole_stream());
    let lab = Lab::new(table(&[route("m", &[server.address, good.address], &[])]));
    assert_eq!(lab.client().stream("m").text(), whole());
    lab.assert_alive();
}

#[test]
fn p079_an_answer_of_the_other_kind() {
    let plain = Upstream::always(vec![json(200, ANSWER)]);
    let lab = lab_with(&plain);
    let answer = lab.client().stream("m");
    assert_eq!((answer.status, &*answer.code()), (502, "upstream_protocol"));
    lab.assert_alive();
    let streaming = Upstream::always(whole_stream());
    let lab = lab_with(&streaming);
    let answer = lab.client().chat("m");
    assert_eq!((answer.status, &*answer.code()), (502, "upstream_protocol"));
    assert_eq!(answer.field("content-type"), Some("application/json"));
    lab.assert_alive();
    // What is neither is not shown as if it were.
    for body in ["<html>busy</html>", "{\"choices\":"] {
        let server = Upstream::always(vec![Do::Send(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        )]);
        let lab = lab_with(&server);
        for stream in [false, true] {
            let answer = lab
                .client()
                .post("/v1/chat/completions", &chat("m", stream))
                .answer();
            assert_eq!(
                (answer.status, &*answer.code()),
                (502, "upstream_protocol"),
                "{body}"
            );
        }
        lab.assert_alive();
    }
}

#[test]
fn p080_a_compressed_stream() {
    let server = Upstream::always(vec![
        Do::Send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\x1f\x8b\x08\0\0\r\n".to_vec()),
        Do::UntilClosed,
    ]);
    let lab = lab_with(&server);
    let fields = "Accept-Encoding: gzip, br\r\n";
    let answer = lab
        .client()
        .post_with("/v1/chat/completions", fields, &chat("m", true))
        .answer();
    assert_eq!((answer.status, &*answer.code()), (502, "upstream_protocol"));
    let seen = server.wait_for(1).remove(0);
    assert_eq!(seen.field("accept-encoding"), Some("identity"));
    assert_eq!(
        seen.head
            .to_ascii_lowercase()
            .matches("accept-encoding")
            .count(),
        1
    );
    server.closed();
    lab.assert_alive();
}

#[test]
fn p081_a_silent_stream_is_kept_alive_between_events() {
    let half = token("b");
    let (one, two) = half.split_at(20);
    let server = Upstream::always(vec![
        stream_head(),
        chunk(&token("a")),
        chunk(one),
        Do::Wait,
        chunk(two),
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]);
    let lab = Start::new(table(&[route("m", &[server.address], &[])]))
        .arguments(&["--ping", "0.1"])
        .run();
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    client.until(": ping\n\n");
    client.until(": ping\n\n");
    server.go();
    // The half that came before them was held back with the other half.
    client.until(&token("b"));
    client.until(DONE);
    lab.assert_alive();
}

#[test]
fn p082_no_event_waits_for_the_next() {
    const COUNT: usize = 50;
    let events = (0..COUNT).flat_map(|it| [chunk(&token(&it.to_string())), Do::Wait]);
    let server = Upstream::always(
        [stream_head()]
            .into_iter()
            .chain(events)
            .chain([chunk(&finish()), chunk(DONE), last_chunk()])
            .collect(),
    );
    let lab = lab_with(&server);
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.head();
    for number in 0..COUNT {
        // The server sends the next one only when this one is there.
        let event = token(&number.to_string());
        let came = client.until(&event);
        assert_eq!(
            came,
            format!("{:x}\r\n{event}", event.len()).trim_start(),
            "{number}"
        );
        client.until("\r\n");
        server.go();
    }
    client.until(DONE);
    lab.assert_alive();
}

#[test]
fn p083_usage_that_was_asked_for_by_whom() {
    let usage =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
    let server = streams(&[&token("a"), &token("b"), &finish(), usage, DONE]);
    let lab = lab_with(&server);
    let asked = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
    let answer = lab.client().post("/v1/chat/completions", asked).answer();
    assert!(answer.text().contains(usage));
    let line = lab.wait_for(|it| it["status"] == 200);
    assert_eq!(line["completion_tokens"], 4);
    // The table asks for it: the log has it, and a client that did not ask does not.
    let mut all = table(&[route("m", &[server.address], &[])]);
    all["routes"][0]["deployments"][0]["parameters"] =
        json!({"stream_options": {"include_usage": true}});
    let lab = Lab::new(all);
    assert_eq!(lab.client().stream("m").text(), whole());
    let line = lab.wait_for(|it| it["status"] == 200);
    assert_eq!(line["completion_tokens"], 4);
    let answer = lab.client().post("/v1/chat/completions", asked).answer();
    assert!(answer.text().contains(usage));
    // Usage beside content stays, whoever asked.
    let beside = "data: {\"choices\":[{\"delta\":{\"content\":\"c\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
    server.now(vec![vec![
        stream_head(),
        chunk(beside),
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]]);
    assert!(lab.client().stream("m").text().contains(beside));
    lab.assert_alive();
}

#[test]
fn p084_what_we_do_not_know_is_passed_on_to_the_bit() {
    let events = [
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"},\"logprobs\":{\"content\":[{\"token\":\"x\",\"logprob\":-0.10}]}}]}\n\n",
        "data:  {  \"choices\" : [ { \"index\":2, \"delta\":{\"reasoning_content\":\"h\\u00e4\"} , \"finish_reason\" : \"stop\" } ] , \"x\":1e999 }\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}],\"system_fingerprint\":null}\n\n",
        "data: {\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}],\"timings\":{\"a\":0.10}}\n\n",
    ];
    let text = [&events.concat(), DONE].concat();
    let server = streams(&[&text]);
    let lab = lab_with(&server);
    let body = r#"{"model":"m","n":3,"logprobs":true,"stream":true,"tools":[{"type":"function"}]}"#;
    let answer = lab.client().post("/v1/chat/completions", body).answer();
    assert_eq!(answer.text(), text);
    lab.assert_alive();
}

#[test]
fn p085_old_clients_and_those_that_want_no_body() {
    let server = Upstream::always(whole_stream());
    let lab = lab_with(&server);
    let body = chat("m", true);
    let request = |fields: &str, body: &str| {
        format!(
            "POST /v1/chat/completions HTTP/1.0\r\nContent-Type: application/json\r\n{fields}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let answer = lab.client().send(request("", &body)).answer();
    assert!(
        answer.head.starts_with("HTTP/1.0 200 ") && answer.field("transfer-encoding").is_none()
    );
    assert_eq!(answer.text(), whole());
    // An answer with a length can keep the connection when that is asked for.
    server.now(vec![vec![json(200, ANSWER)]]);
    let mut client = lab.client();
    for _ in 0..2 {
        let answer = client
            .send(request("Connection: keep-alive\r\n", &chat("m", false)))
            .answer();
        assert_eq!(
            (answer.text(), answer.field("connection")),
            (ANSWER, Some("keep-alive"))
        );
    }
    let get = lab.client().get("/v1/models").answer();
    let mut client = lab.client();
    let head = client
        .send("HEAD /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .head();
    assert_eq!(
        super::upstream::field(&head, "content-length"),
        get.field("content-length")
    );
    // Nothing but the next answer follows it.
    assert_eq!(client.get("/v1/models").answer().body, get.body);
    let head = client
        .send("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .head();
    assert!(head.starts_with("HTTP/1.1 404 "));
    assert_eq!(client.get("/v1/models").answer().body, get.body);
    lab.assert_alive();
}

#[test]
fn p086_a_fallback_that_cannot_do_it_is_not_asked() {
    let said = r#"{"error":{"message":"busy","type":"x","code":"theirs"}}"#;
    let bad = Upstream::always(vec![json(503, said)]);
    let other = Upstream::always(vec![json(200, ANSWER)]);
    let mut with_tools = route("m", &[bad.address], &["n"]);
    with_tools["capabilities"] = json!(["tools"]);
    let mut all = table_with(
        &json!({"retries": 0}),
        &[with_tools, route("n", &[other.address], &[])],
    );
    let body = r#"{"model":"m","tools":[{"type":"function"}]}"#;
    let lab = Lab::new(all.clone());
    let answer = lab.client().post("/v1/chat/completions", body).answer();
    assert_eq!((answer.status, &*answer.code()), (503, "theirs"));
    assert_eq!(other.connections(), 0);
    // Without tools, or where they are no matter, it is.
    assert_eq!(lab.client().chat("m").status, 200);
    all["routes"][1]["capabilities"] = json!(["tools"]);
    let lab = Lab::new(all);
    assert_eq!(
        lab.client()
            .post("/v1/chat/completions", body)
            .answer()
            .status,
        200
    );
    lab.assert_alive();
}

#[test]
fn p082_an_answer_that_is_no_stream_is_not_held_back_either() {
    // Large answers and sound begin before they are whole.
    let server = Upstream::always(vec![json_with(200, "", "")]);
    server.now(vec![vec![
        Do::Send(
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 8\r\n\r\nabcd"
                .to_vec(),
        ),
        Do::Wait,
        Do::Send(b"efgh".to_vec()),
    ]]);
    let lab = lab_with(&server);
    let mut client = lab.client();
    client.post("/v1/audio/speech", r#"{"model":"m","input":"a"}"#);
    client.until("abcd");
    server.go();
    client.until("efgh");
    lab.assert_alive();
}
