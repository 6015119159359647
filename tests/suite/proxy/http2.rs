//! HTTP/2: the same requests with the same answers, many of them side by side.

use std::process::Command;

use bytes::Bytes;
use h2::Reason;
use rustix::process::Signal;

use super::client::chat;
use super::http2_client::{Http2, JSON, run};
use super::lab::{Start, route, table};
use super::upstream::{
    ANSWER, DONE, Do, Upstream, chunk, finish, held_stream, json, last_chunk, stream_head, token,
    whole_stream,
};
use crate::tools;

const CHAT: &str = "/v1/chat/completions";

fn start(server: &Upstream) -> Start {
    Start::new(table(&[route("m", &[server.address], &[])]))
}

#[test]
fn requests_are_answered_side_by_side() {
    let server = Upstream::always(vec![Do::Wait, json(200, ANSWER)]);
    let lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut asked = Vec::new();
        for _ in 0..100 {
            asked.push(client.post(CHAT, &chat("m", false)).await);
        }
        // All of them are with the server before the first is answered.
        let all = tokio::task::spawn_blocking(move || (server.wait_for(100), server));
        let (seen, server) = all.await.unwrap();
        assert!(seen.iter().all(|it| it.text().contains("real-model")));
        for _ in 0..100 {
            server.go();
        }
        for asked in asked {
            let answer = asked.whole().await;
            assert_eq!((answer.status, &*answer.body), (200, ANSWER.as_bytes()));
            let length = answer.fields["content-length"].to_str().unwrap();
            assert_eq!(length, ANSWER.len().to_string());
            assert_eq!(answer.fields["x-homelab-deployment"], "m-0");
            assert!(!answer.fields.contains_key("connection"));
        }
    });
    lab.wait_for(|it| it["endpoint"] == "/chat/completions" && it["status"] == 200);
    lab.assert_alive();
}

#[test]
fn a_stream_comes_as_it_is_made() {
    let server = Upstream::always(vec![
        stream_head(),
        chunk(&token("a")),
        Do::Wait,
        chunk(&token("b")),
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]);
    let lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut begun = client.post(CHAT, &chat("m", true)).await.begun().await;
        assert_eq!(begun.fields["content-type"], "text/event-stream");
        begun.until(&token("a")).await;
        server.go();
        let rest = begun.rest().await.unwrap();
        assert_eq!(rest, [&token("b"), &finish(), DONE].concat().as_bytes());
        assert!(!begun.fields.contains_key("transfer-encoding"));
    });
    lab.assert_alive();
}

#[test]
fn p087_a_stream_that_is_given_up_ends_at_the_server_too() {
    let server = Upstream::new(vec![
        vec![stream_head(), chunk(&token("a")), Do::UntilClosed],
        vec![Do::UntilClosed],
        whole_stream(),
    ]);
    let lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut asked = client.post(CHAT, &chat("m", true)).await;
        let (head, body) = (&mut asked.answer).await.unwrap().into_parts();
        assert_eq!(head.status, 200);
        asked.body.send_reset(Reason::CANCEL);
        drop(body);
        let server = tokio::task::spawn_blocking(move || {
            server.closed();
            server
        });
        let server = server.await.unwrap();
        // The same before the first word.
        let mut asked = client.post(CHAT, &chat("m", false)).await;
        let server = tokio::task::spawn_blocking(move || {
            server.wait_for(2);
            server
        });
        let server = server.await.unwrap();
        asked.body.send_reset(Reason::CANCEL);
        let server = tokio::task::spawn_blocking(move || {
            server.closed();
            server
        });
        let _server = server.await.unwrap();
        lab.wait_for(|it| it["status"] == 499 && it["error"] == "client_gone");
        // The connection is as good as before.
        let answer = client.post(CHAT, &chat("m", true)).await.whole().await;
        assert!(answer.body.ends_with(DONE.as_bytes()));
    });
    lab.assert_alive();
}

#[test]
fn p087_all_streams_of_a_connection_end_with_it() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        for _ in 0..3 {
            let asked = client.post(CHAT, &chat("m", true)).await;
            let mut begun = asked.begun().await;
            begun.until(&token("a")).await;
            std::mem::forget(begun);
        }
        client.driver.abort();
    });
    for _ in 0..3 {
        server.closed();
    }
    lab.assert_alive();
}

#[test]
fn large_bodies_come_whole_with_a_length_and_without() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = start(&server).run();
    let body = chat("m", false).replace("hi", &"a".repeat(3_000_000));
    let length = body.len().to_string();
    run(async {
        let mut client = Http2::new(lab.address).await;
        for fields in [&[JSON, ("content-length", &length)][..], &[JSON]] {
            let mut asked = client.ask("POST", CHAT, fields).await;
            asked.send(body.as_bytes()).await;
            assert_eq!(asked.whole().await.status, 200);
        }
    });
    for seen in server.seen() {
        assert_eq!(seen.text(), body.replace("\"m\"", "\"real-model\""));
    }
    // A form with a file goes the same way.
    let form = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRIFF\r\n--x--\r\n";
    run(async {
        let mut client = Http2::new(lab.address).await;
        let kind = ("content-type", "multipart/form-data; boundary=x");
        let mut asked = client
            .ask("POST", "/v1/audio/transcriptions", &[kind])
            .await;
        asked.send(form.as_bytes()).await;
        assert_eq!(asked.whole().await.status, 200);
    });
    let seen = server.seen();
    assert_eq!(
        seen[2].text(),
        form.replace("\r\nm\r\n", "\r\nreal-model\r\n")
    );
    lab.assert_alive();
}

#[test]
fn large_answers_come_whole() {
    let long = format!("{{\"data\":\"{}\"}}", "a".repeat(5_000_000));
    let server = Upstream::always(vec![json(200, &long)]);
    let lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let asked = client.post("/v1/embeddings", r#"{"model":"m"}"#).await;
        let answer = asked.whole().await;
        assert!(answer.body == long.as_bytes(), "{}", answer.body.len());
    });
    // One that is cut is not taken for whole.
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n";
    let part = format!("{head}{}", "a".repeat(100_000)).into_bytes();
    server.now(vec![vec![Do::Send(part), Do::Close]]);
    run(async {
        let mut client = Http2::new(lab.address).await;
        let asked = client.post("/v1/embeddings", r#"{"model":"m"}"#).await;
        let mut begun = asked.begun().await;
        assert_eq!(begun.status, 200);
        assert!(begun.rest().await.is_err());
    });
    lab.assert_alive();
}

#[test]
fn what_is_refused_is_refused_in_the_same_words() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = start(&server)
        .keys("master sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n")
        .run();
    let key = ("authorization", "Bearer test");
    let none = chat("nobody", false);
    let long = format!("{{\"model\":\"m\",\"x\":\"{}\"}}", "a".repeat(40_000));
    for (method, path, fields, body) in [
        ("POST", CHAT, &[JSON, key][..], none.as_str()),
        ("POST", CHAT, &[JSON, key], "{\"model\":1}"),
        (
            "POST",
            CHAT,
            &[JSON, key],
            "{\"model\":\"m\",\"api_base\":\"x\"}",
        ),
        ("POST", CHAT, &[JSON, key], "no json"),
        ("POST", CHAT, &[JSON], "{}"),
        ("POST", CHAT, &[JSON, key, key], "{}"),
        ("POST", CHAT, &[key, ("content-type", "text/plain")], "{}"),
        ("POST", CHAT, &[key, ("content-type", "text/plain")], &long),
        (
            "POST",
            CHAT,
            &[key, JSON, ("content-encoding", "gzip")],
            "x",
        ),
        ("POST", CHAT, &[key, JSON, ("expect", "more")], "{}"),
        ("GET", CHAT, &[key], ""),
        ("POST", "/v1/models", &[key], "{}"),
        ("GET", "/v1/models/none", &[key], ""),
        ("GET", "/nothing", &[key], ""),
        ("DELETE", "/v1/models", &[key], ""),
        ("BREW", "/v1/models", &[key], ""),
        ("TRACE", "/", &[key], ""),
    ] {
        let mut lines = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in fields {
            lines = format!("{lines}{name}: {value}\r\n");
        }
        let length = body.len();
        let mut first = lab.client();
        first.send(format!("{lines}Content-Length: {length}\r\n\r\n{body}"));
        let first = first.answer();
        let second = run(async {
            let mut client = Http2::new(lab.address).await;
            let mut asked = client.ask(method, path, fields).await;
            asked.send(body.as_bytes()).await;
            asked.whole().await
        });
        let case = format!("{method} {path} {fields:?}");
        assert!(first.status >= 400, "{case}");
        assert_eq!(second.status, first.status, "{case}");
        assert_eq!(
            String::from_utf8_lossy(&second.body),
            String::from_utf8_lossy(&first.body),
            "{case}"
        );
        for name in ["content-type", "allow", "www-authenticate", "retry-after"] {
            let second = second.fields.get(name).map(|it| it.to_str().unwrap());
            assert_eq!(second, first.field(name), "{case} {name}");
        }
    }
    assert!(server.seen().is_empty());
    lab.assert_alive();
}

#[test]
fn p042_a_body_that_is_too_large_is_refused_and_its_sender_sees_why() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = start(&server).arguments(&["--max-body", "100000"]).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        for fields in [&[JSON, ("content-length", "1000000")][..], &[JSON]] {
            let mut asked = client.ask("POST", CHAT, fields).await;
            let _ = asked.part(&vec![b'a'; 1_000_000]).await;
            let _ = asked.body.send_data(Bytes::new(), true);
            let answer = asked.whole().await;
            assert_eq!((answer.status, &*answer.code()), (413, "body_too_large"));
        }
        assert_eq!(client.get("/v1/models").await.status, 200);
    });
    assert!(server.seen().is_empty());
    lab.assert_alive();
}

#[test]
fn p091_a_slow_reader_holds_up_nobody_else() {
    // Far more than all that may wait on the way.
    let event = token(&"a".repeat(60_000));
    let large: Vec<u8> = format!("{:x}\r\n{event}\r\n", event.len())
        .repeat(250)
        .into_bytes();
    let server = Upstream::always(vec![
        stream_head(),
        Do::Send(large),
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]);
    let lab = start(&server).run();
    lab.assert_alive();
    let before = lab.peak_memory();
    run(async {
        // Room for more than one stream: what a client leaves no room for it does not get.
        let mut builder = h2::client::Builder::new();
        builder.initial_connection_window_size(1024 * 1024);
        let mut client = Http2::with(lab.address, &builder).await;
        let mut slow = client.post(CHAT, &chat("m", true)).await.begun().await;
        let first = slow.piece().await.unwrap().unwrap();
        server.now(vec![vec![json(200, ANSWER)]]);
        // On the same connection.
        for _ in 0..50 {
            let answer = client.post(CHAT, &chat("m", false)).await.whole().await;
            assert_eq!(answer.status, 200);
        }
        let grown = lab.peak_memory().saturating_sub(before);
        assert!(
            grown < 4 * 1024 * 1024,
            "{grown} for one that does not read"
        );
        // When it reads on, nothing is missing.
        let rest = slow.rest().await.unwrap();
        let length = first.len() + rest.len();
        assert_eq!(length, 250 * event.len() + finish().len() + DONE.len());
    });
    lab.assert_alive();
}

#[test]
fn p092_a_reader_that_never_reads_is_given_up() {
    let large: Vec<u8> = chunk_bytes(&token(&"a".repeat(60_000))).repeat(20);
    let server = Upstream::always(vec![stream_head(), Do::Send(large), Do::UntilClosed]);
    let lab = start(&server).arguments(&["--write-timeout", "0.5"]).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let asked = client.post(CHAT, &chat("m", true)).await;
        let begun = asked.begun().await;
        let server = tokio::task::spawn_blocking(move || server.closed());
        server.await.unwrap();
        drop(begun);
        assert_eq!(client.get("/v1/models").await.status, 200);
    });
    lab.assert_alive();
}

fn chunk_bytes(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

#[test]
fn p093_p094_what_comes_slowly_or_not_at_all_is_not_waited_for() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let limits = ["--body-timeout", "0.3", "--keep-alive", "0.3"];
    let lab = start(&server).arguments(&limits).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut asked = client.ask("POST", CHAT, &[JSON]).await;
        asked.part(b"{").await.unwrap();
        let answer = asked.whole().await;
        assert_eq!((answer.status, &*answer.code()), (408, "body_timeout"));
        // Without a request the connection ends, in order.
        client.driver.await.unwrap().unwrap();
    });
    lab.assert_alive();
}

#[test]
fn p095_streams_count_as_connections_do() {
    let server = Upstream::always(vec![Do::Wait, json(200, ANSWER)]);
    let lab = start(&server).arguments(&["--max-connections", "5"]).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut asked = Vec::new();
        for _ in 0..4 {
            asked.push(client.post(CHAT, &chat("m", false)).await);
        }
        let one_more = client.ask("POST", CHAT, &[JSON]).await;
        assert_eq!(one_more.refused().await, Some(Reason::REFUSED_STREAM));
        for _ in 0..5 {
            server.go();
        }
        for asked in asked {
            assert_eq!(asked.whole().await.status, 200);
        }
        assert_eq!(
            client
                .post(CHAT, &chat("m", false))
                .await
                .whole()
                .await
                .status,
            200
        );
    });
    lab.assert_alive();
}

#[test]
fn p150_a_connection_is_told_to_go_when_the_end_has_come() {
    let server = Upstream::always(held_stream());
    let mut lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut idle = Http2::new(lab.address).await;
        assert_eq!(idle.get("/health/readiness").await.status, 200);
        let mut begun = client.post(CHAT, &chat("m", true)).await.begun().await;
        begun.until(&token("a")).await;
        lab.signal(Signal::TERM);
        // Who waits for nothing is sent away at once.
        idle.driver.await.unwrap().unwrap();
        server.go();
        let rest = begun.rest().await.unwrap();
        assert!(rest.ends_with(DONE.as_bytes()));
        client.driver.await.unwrap().unwrap();
    });
    assert!(lab.child.wait().unwrap().success());
}

#[test]
fn p150_a_stream_that_is_cut_says_so() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let mut lab = start(&server).arguments(&["--grace", "0"]).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let mut begun = client.post(CHAT, &chat("m", true)).await.begun().await;
        begun.until(&token("a")).await;
        lab.signal(Signal::TERM);
        let rest = begun.rest().await.unwrap();
        let rest = String::from_utf8(rest).unwrap();
        assert!(
            rest.contains("shutting_down") && !rest.contains(DONE),
            "{rest}"
        );
    });
    assert!(lab.child.wait().unwrap().success());
}

#[test]
fn a_client_may_wait_for_leave_to_send_its_body() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = start(&server).run();
    run(async {
        let mut client = Http2::new(lab.address).await;
        let fields = [JSON, ("expect", "100-continue")];
        let mut asked = client.ask("POST", CHAT, &fields).await;
        let told = std::future::poll_fn(|cx| asked.answer.poll_informational(cx)).await;
        assert_eq!(told.unwrap().unwrap().status(), 100);
        asked.send(chat("m", false).as_bytes()).await;
        assert_eq!(asked.whole().await.status, 200);
    });
    lab.assert_alive();
}

#[test]
fn curl_speaks_it_in_clear() {
    let Some(curl) = tools::program("curl") else {
        return;
    };
    let server = Upstream::new(vec![vec![json(200, ANSWER)], whole_stream()]);
    let lab = start(&server).run();
    let ask = |body: &str, kind: &str| {
        let output = Command::new(&curl)
            .args(["-sS", "--noproxy", "*", "--http2-prior-knowledge"])
            .args(["--max-time", "20", "-w", "\n%{http_version} %{http_code}"])
            .args(["-H", &format!("content-type: {kind}"), "-d", body])
            .arg(format!("http://{}{CHAT}", lab.address))
            .output()
            .unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let json = "application/json";
    assert_eq!(ask(&chat("m", false), json), format!("{ANSWER}\n2 200"));
    let said = ask(&chat("m", true), json);
    assert!(said.ends_with(&format!("{DONE}\n2 200")), "{said}");
    // A large body that is refused before it has come.
    let said = ask(&"a".repeat(120_000), "text/plain");
    assert!(
        said.contains("content_type") && said.ends_with("\n2 415"),
        "{said}"
    );
    lab.assert_alive();
}

#[test]
fn http2_begins_with_the_connection_or_not_at_all() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = start(&server).run();
    let mut client = lab.client();
    assert_eq!(client.chat("m").status, 200);
    let answer = client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").answer();
    assert_eq!((answer.status, &*answer.code()), (505, "http_version"));
    // An upgrade is no such begin either: the answer is one of HTTP/1.1.
    let mut client = lab.client();
    client.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
    assert_eq!(client.answer().status, 200);
    // The preface may come byte by byte.
    let mut raw = super::http2_client::Raw::silent(lab.address);
    for byte in super::http2_client::preface() {
        assert!(raw.send(&[byte]));
    }
    assert_eq!(
        raw.frame().map(|it| it.0),
        Some(super::http2_client::SETTINGS)
    );
    lab.assert_alive();
}
