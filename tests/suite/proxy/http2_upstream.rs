//! HTTP/2 to servers: many requests over one connection, and what becomes of them when it ends.

use h2::Reason;
use serde_json::json;

use super::client::{Client, chat};
use super::http2_server::{Do, Server};
use super::lab::{Lab, Start, deployment, table};
use super::tls::Authority;
use super::upstream::{ANSWER, DONE, finish, token};

const CHAT: &str = "/v1/chat/completions";

fn whole() -> Vec<Do> {
    let head = Do::Head(200, "application/json");
    vec![head, Do::Send(ANSWER.into()), Do::End]
}

fn stream(then: &[Do]) -> Vec<Do> {
    let begun = [
        Do::Head(200, "text/event-stream"),
        Do::Send(token("a").into()),
    ];
    [&begun, then].concat()
}

/// A server that speaks HTTP/2, and a proxy before it; nothing where there is no `openssl`.
fn start(script: Vec<Vec<Do>>) -> Option<(Server, Lab, Authority)> {
    let authority = Authority::new()?;
    authority.vouch("server", 1);
    let (certificate, key) = (authority.path("server.pem"), authority.path("server.key"));
    let server = Server::new(&certificate, &key, script);
    let mut to = deployment("m-0", server.address, 0);
    to["base_url"] = json!(format!("https://localhost:{}/v1", server.address.port()));
    to["endpoints"] = json!(["/chat/completions", "/embeddings"]);
    let route = json!({"name": "m", "handle": "m", "internal": false, "mode": "chat", "deployments": [to], "fallbacks": []});
    let lab = Start::new(table(&[route]))
        .env("SSL_CERT_FILE", &authority.path("ca.pem"))
        .run();
    // The proxy reads what it believes when it first asks.
    Some((server, lab, authority))
}

#[test]
fn requests_share_a_connection() {
    let Some((server, lab, _authority)) = start(vec![whole(), [vec![Do::Wait], whole()].concat()])
    else {
        return;
    };
    let answer = lab.client().chat("m");
    assert_eq!((answer.status, answer.text()), (200, ANSWER));
    assert_eq!(answer.field("content-type"), Some("application/json"));
    let mut clients: Vec<Client> = (0..20).map(|_| lab.client()).collect();
    for client in &mut clients {
        client.post(CHAT, &chat("m", false));
    }
    // All are there before one is answered, and all on the connection of the first.
    let seen = server.wait_for(21);
    server.go(20);
    for client in &mut clients {
        assert_eq!(client.answer().text(), ANSWER);
    }
    assert!(seen.iter().all(|it| it.connection == 0));
    assert_eq!(server.connections(), 1);
    let Some(seen) = seen.first() else { return };
    assert_eq!(seen.head.uri.path(), "/v1/chat/completions");
    assert_eq!(seen.head.headers["content-type"], "application/json");
    assert_eq!(
        String::from_utf8_lossy(&seen.body),
        chat("m", false).replace("\"m\"", "\"real-model\"")
    );
    lab.assert_alive();
}

#[test]
fn streams_come_as_they_are_made() {
    let rest = [token("b"), finish(), DONE.to_owned()].concat();
    let Some((server, lab, _authority)) = start(vec![stream(&[
        Do::Wait,
        Do::Send(rest.clone().into()),
        Do::End,
    ])]) else {
        return;
    };
    let mut client = lab.client();
    for _ in 0..3 {
        client.post(CHAT, &chat("m", true));
        client.until(&token("a"));
        server.go(1);
        client.until(&rest);
        client.until("0\r\n\r\n");
    }
    assert_eq!(server.connections(), 1);
    lab.assert_alive();
}

#[test]
fn p087_a_client_that_goes_ends_its_stream_alone() {
    let script = vec![
        whole(),
        stream(&[Do::UntilReset]),
        vec![Do::UntilReset],
        whole(),
    ];
    let Some((server, lab, _authority)) = start(script) else {
        return;
    };
    assert_eq!(lab.client().chat("m").status, 200);
    let mut client = lab.client();
    client.post(CHAT, &chat("m", true));
    client.until(&token("a"));
    drop(client);
    assert_eq!(server.reset(), Reason::CANCEL);
    let mut client = lab.client();
    client.post(CHAT, &chat("m", false));
    server.wait_for(3);
    drop(client);
    lab.wait_for(|it| it["status"] == 499);
    assert_eq!(lab.client().chat("m").status, 200);
    assert_eq!(server.connections(), 1);
    lab.assert_alive();
}

#[test]
fn p128_what_a_server_has_not_looked_at_is_sent_again() {
    for second in [
        vec![Do::Reset(Reason::REFUSED_STREAM)],
        // Nobody tells the client when the connection ends between two requests, or under one.
        [whole(), vec![Do::GoAway]].concat(),
        [whole(), vec![Do::HangUp]].concat(),
        vec![Do::HangUp],
    ] {
        let Some((server, lab, _authority)) = start(vec![whole(), second.clone(), whole()]) else {
            return;
        };
        let mut client = lab.client();
        for _ in 0..4 {
            let answer = client.chat("m");
            assert_eq!((answer.status, answer.text()), (200, ANSWER), "{second:?}");
        }
        assert_eq!(server.connections(), 2, "{second:?}");
        assert!(lab.log().iter().all(|it| it["attempts"] != 2), "{second:?}");
        lab.assert_alive();
    }
}

#[test]
fn p070_a_stream_that_is_reset_does_not_look_complete() {
    let reset = Do::Reset(Reason::INTERNAL_ERROR);
    let script = vec![vec![reset.clone()], whole(), stream(&[reset]), whole()];
    let Some((server, lab, _authority)) = start(script) else {
        return;
    };
    // Before the first word it is tried again.
    assert_eq!(lab.client().chat("m").status, 200);
    lab.wait_for(|it| it["attempts"] == 2);
    let answer = lab.client().stream("m");
    let text = answer.text();
    assert!(
        text.contains("upstream_stream_cut") && !text.contains(DONE),
        "{text}"
    );
    assert_eq!(lab.client().chat("m").status, 200);
    assert_eq!(server.connections(), 1);
    lab.assert_alive();
}

#[test]
fn large_bodies_and_answers_come_whole() {
    let long = format!("{{\"data\":\"{}\"}}", "a".repeat(5_000_000));
    let head = Do::Head(200, "application/json");
    let answer = vec![head, Do::Send(long.clone().into()), Do::End];
    let Some((server, lab, _authority)) = start(vec![answer]) else {
        return;
    };
    let body = format!(
        "{{\"model\":\"m\",\"input\":\"{}\"}}",
        "b".repeat(3_000_000)
    );
    let answer = lab.client().post("/v1/embeddings", &body).answer();
    assert!(
        answer.whole && answer.body == long.as_bytes(),
        "{}",
        answer.body.len()
    );
    let seen = server.wait_for(1);
    assert_eq!(seen[0].body.len(), body.len() + "real-model".len() - 1);
    lab.assert_alive();
}

#[cfg(target_os = "linux")]
#[test]
fn p091_a_slow_reader_holds_up_no_other_stream_of_its_connection() {
    let event = token(&"a".repeat(60_000));
    let large: Vec<u8> = event.repeat(150).into_bytes();
    let end = [finish(), DONE.to_owned()].concat();
    let streamed = stream(&[Do::Send(large), Do::Send(end.into()), Do::End]);
    let Some((server, lab, _authority)) = start(vec![whole(), streamed.clone(), streamed, whole()])
    else {
        return;
    };
    assert_eq!(lab.client().chat("m").status, 200);
    let before = lab.peak_memory();
    let mut slow: Vec<Client> = (0..2).map(|_| lab.client()).collect();
    for client in &mut slow {
        client.post(CHAT, &chat("m", true));
        client.until(&token("a"));
    }
    server.wait_for(3);
    for _ in 0..50 {
        assert_eq!(lab.client().chat("m").status, 200);
    }
    let grown = lab.peak_memory().saturating_sub(before);
    assert!(grown < 6 * 1024 * 1024, "{grown} for two that do not read");
    for client in &mut slow {
        assert_eq!(client.until(DONE).matches("data: ").count(), 152);
    }
    assert_eq!(server.connections(), 1);
    lab.assert_alive();
}
