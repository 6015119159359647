//! P012-P030: whom a head names, what it asks for, and which of its fields go on in either direction.

use serde_json::json;

use super::client::{Answer, chat};
use super::lab::{Lab, Start, route, table};
use super::upstream::{ANSWER, Do, Upstream, json, json_with};

fn lab_with(server: &Upstream) -> Lab {
    Lab::new(table(&[route("m", &[server.address], &[])]))
}

fn good() -> Upstream {
    Upstream::always(vec![json(200, ANSWER)])
}

/// The same with a key that clients must show, and one that the server is shown.
fn locked(server: &Upstream) -> Lab {
    let mut all = table(&[route("m", &[server.address], &[])]);
    all["master_key"] = json!("MASTER");
    all["routes"][0]["deployments"][0]["key"] = json!("SERVER_KEY");
    Start::new(all)
        .env("MASTER", "sk-master")
        .env("SERVER_KEY", "sk-of-the-server")
        .run()
}

fn ask(lab: &Lab, bytes: impl AsRef<[u8]>) -> Answer {
    lab.client().send(bytes).answer()
}

#[test]
fn p012_hosts_that_are_none_are_refused_before_anything_else() {
    let server = good();
    let lab = locked(&server);
    for fields in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host:\r\n",
        "Host: user@a\r\n",
        "Host: a/b\r\n",
        "Host: a?b\r\n",
        "Host: a#b\r\n",
        "Host: a,b\r\n",
        "Host: a, b\r\n",
        "Host: a b\r\n",
        "Host: a:b\r\n",
        "Host: a:\r\n",
        "Host: a:99999\r\n",
        "Host: a:1:2\r\n",
        "Host: [::1\r\n",
        "Host: [a]\r\n",
        "Host: http://a\r\n",
        "Host: a%00\r\n",
        "Host: a\\b\r\n",
    ] {
        let answer = ask(&lab, format!("GET /v1/models HTTP/1.1\r\n{fields}\r\n"));
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, "bad_request"),
            "{fields}"
        );
        lab.assert_alive();
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn p013_an_absolute_target_names_the_host_of_the_request() {
    let lab = lab_with(&good());
    for target in [
        "http://evil.example/v1/models",
        "http://localhost:81/v1/models",
        "http://localhost@evil/v1/models",
        "http://evil?@localhost/v1/models",
        "http:///v1/models",
        "ftp://localhost/v1/models",
        "HTTP://evil/v1/models",
    ] {
        let answer = ask(
            &lab,
            format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        );
        assert_eq!(answer.status, 400, "{target}");
        lab.assert_alive();
    }
    // The target does not open what the host closes.
    let answer = ask(
        &lab,
        "GET http://evil/v1/models HTTP/1.1\r\nHost: evil\r\n\r\n",
    );
    assert_eq!(answer.status, 403);
    for target in [
        "http://localhost/v1/models",
        "http://LOCALHOST/v1/models?a=b",
    ] {
        let answer = ask(
            &lab,
            format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        );
        assert_eq!(answer.status, 200, "{target}");
    }
}

#[test]
fn p014_a_path_has_one_spelling() {
    let server = good();
    let lab = lab_with(&server);
    for path in [
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/v1/./chat/completions",
        "/v1/x/../chat/completions",
        "/../v1/chat/completions",
        "/v1/%2e/chat/completions",
        "/v1/%2e%2e/v1/chat/completions",
        "/v1/chat%2fcompletions",
        "/v1/chat/completions%00",
        "/v1/chat/completions%20",
        "/v1\\chat\\completions",
        "/v1/chat/completions;x=y",
        "/v1;x/chat/completions",
        "/v1/chat/%c0%ae%c0%ae/completions",
        "/v1/Chat/Completions",
        "/V1/chat/completions",
        "/v1/chat/completions/",
        "/v1/v1/chat/completions",
        "/v1",
        "/",
        "/status",
        "/v1/status",
        "/v1/../status",
        "/v1/chat/completions/../../../status",
    ] {
        let answer = lab.client().post(path, &chat("m", false)).answer();
        assert_eq!(answer.status, 404, "{path}");
        let answer = lab.client().get(path).answer();
        assert!(matches!(answer.status, 404 | 405), "{path}");
        assert!(!answer.text().contains("last_errors"), "{path}");
    }
    for path in ["/v1/chat/completions#x", "v1/chat/completions", "*"] {
        let answer = lab.client().post(path, &chat("m", false)).answer();
        assert!(matches!(answer.status, 400 | 404 | 405), "{path}");
    }
    assert_eq!(server.connections(), 0);
    for path in [
        "/v1/chat/completions",
        "/chat/completions",
        "/v1/chat/completions?a=b/../c",
    ] {
        assert_eq!(
            lab.client().post(path, &chat("m", false)).answer().status,
            200,
            "{path}"
        );
    }
    // What the client wrote behind the path stays here.
    for seen in server.seen() {
        assert!(
            seen.head
                .starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
            "{}",
            seen.head
        );
    }
    lab.assert_alive();
}

#[test]
fn p015_methods_that_are_not_served() {
    let server = good();
    let lab = lab_with(&server);
    for line in [
        "CONNECT localhost:80",
        "CONNECT /v1/models",
        "TRACE /v1/models",
        "TRACE /v1/chat/completions",
        "BREW /v1/models",
        "BREW /nowhere",
        "get /v1/models",
        "DELETE /v1/models",
        "PUT /v1/chat/completions",
        "GET /v1/chat/completions",
        "POST /v1/models",
        "OPTIONS *",
    ] {
        let answer = ask(&lab, format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let is_star = line.ends_with('*');
        assert!(
            answer.status == 405 || (is_star && answer.status == 404),
            "{line}: {answer:?}"
        );
        assert!(is_star || answer.field("allow").is_some(), "{line}");
        lab.assert_alive();
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn p016_no_upgrade_is_a_tunnel() {
    let server = good();
    let lab = lab_with(&server);
    for upgrade in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    ] {
        let mut client = lab.client();
        client
            .post_with("/v1/chat/completions", upgrade, &chat("m", false))
            .send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nEXTRA");
        assert_eq!(client.answer().status, 200);
        // The extra bytes are read as what they are here: no request.
        assert!(matches!(client.answer().status, 400 | 505));
        assert!(client.is_closed());
        let mut client = lab.client();
        client.send(format!(
            "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n\u{1}\u{2}\r\n\r\n"
        ));
        assert_eq!(client.answer().status, 200);
        assert_eq!(client.answer().status, 400);
        lab.assert_alive();
    }
    for seen in server.seen() {
        assert!(seen.field("upgrade").is_none() && seen.field("http2-settings").is_none());
        assert!(!seen.text().contains("EXTRA"));
    }
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn p017_leave_to_send_a_body() {
    let server = good();
    let lab = lab_with(&server);
    let body = chat("m", false);
    let head = |version: &str, expect: &str| {
        format!(
            "POST /v1/chat/completions {version}\r\nHost: localhost\r\nContent-Type: application/json\r\n{expect}Content-Length: {}\r\n\r\n",
            body.len()
        )
    };
    for expect in ["Expect: 100-continue\r\n", "expect: 100-Continue\r\n"] {
        let mut client = lab.client();
        client.send(head("HTTP/1.1", expect));
        assert!(client.head().starts_with("HTTP/1.1 100 "));
        assert_eq!(client.send(&body).answer().status, 200);
        assert_eq!(client.chat("m").status, 200);
    }
    // Who does not wait is not told to go on.
    let mut client = lab.client();
    client.send(format!(
        "{}{body}",
        head("HTTP/1.1", "Expect: 100-continue\r\n")
    ));
    assert_eq!(client.answer().status, 200);
    // HTTP/1.0 knows no preliminary answers.
    let mut client = lab.client();
    client
        .send(head("HTTP/1.0", "Expect: 100-continue\r\n"))
        .send(&body);
    assert_eq!(client.answer().status, 200);
    for expect in [
        "Expect: 200-ok\r\n",
        "Expect: 100-continue, x\r\n",
        "Expect: 100-continue\r\nExpect: x\r\n",
        "Expect: x\r\nExpect: 100-continue\r\n",
        "Expect:\r\n",
    ] {
        let mut client = lab.client();
        client.send(head("HTTP/1.1", expect));
        let answer = client.answer();
        assert_eq!(
            (answer.status, &*answer.code()),
            (417, "expectation"),
            "{expect}"
        );
        assert!(client.is_closed());
    }
    // A refusal comes before the leave, and what follows is no request.
    let mut client = lab.client();
    client.send(
        head("HTTP/1.1", "Expect: 100-continue\r\n").replace("application/json", "text/plain"),
    );
    assert_eq!(client.answer().status, 415);
    client.get("/v1/models");
    assert!(client.is_closed());
    assert!(server.seen().iter().all(|it| it.field("expect").is_none()));
    lab.assert_alive();
}

#[test]
fn p018_what_follows_a_bad_request_is_not_executed() {
    let server = good();
    let lab = lab_with(&server);
    let mut client = lab.client();
    for _ in 0..3 {
        client.post("/v1/chat/completions", &chat("m", false));
    }
    client.send("GET / HTTP/1.1\r\n\r\n");
    for _ in 0..3 {
        client.post("/v1/chat/completions", &chat("m", false));
    }
    for _ in 0..3 {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!(client.answer().status, 400);
    assert!(client.is_closed());
    lab.assert_alive();
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn p019_bodies_that_nobody_asked_for() {
    let server = good();
    let lab = lab_with(&server);
    let smuggled = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        chat("m", false).len(),
        chat("m", false)
    );
    for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 405)] {
        for (fields, body) in [
            (
                format!("Content-Length: {}\r\n", smuggled.len()),
                smuggled.clone(),
            ),
            (
                "Transfer-Encoding: chunked\r\n".to_owned(),
                format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len()),
            ),
        ] {
            let mut client = lab.client();
            client.send(format!(
                "{method} /v1/models HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}"
            ));
            let head = client.head();
            assert_eq!(head[9..12].parse(), Ok(status), "{head}");
            if method == "OPTIONS" {
                client.until("}}");
            } else if method == "GET" {
                client.until("]");
                client.until("}");
            }
            // The next request is the next one that was sent.
            let answer = client.get("/v1/models/nobody").answer();
            assert_eq!(answer.code(), "model_not_found", "{method} {fields}");
        }
    }
    assert_eq!(server.connections(), 0);
    lab.assert_alive();
}

#[test]
fn p020_an_early_answer_leaves_no_body_behind() {
    let server = good();
    let lab = locked(&server);
    let smuggled = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // Little is read and forgotten: the connection stays.
    let mut client = lab.client();
    client.post("/v1/chat/completions", &smuggled.repeat(100));
    assert_eq!(client.answer().status, 401);
    assert_eq!(client.get("/health/liveness").answer().status, 200);
    // Much is not: the connection ends, and nothing of it is taken for a request.
    let mut client = lab.client();
    client.post("/v1/chat/completions", &smuggled.repeat(4000));
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.field("connection")),
        (401, Some("close"))
    );
    assert!(client.is_closed());
    // What was announced and does not come is not waited for.
    let mut client = lab.client();
    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n",
    );
    assert_eq!(client.answer().status, 401);
    assert!(client.is_closed());
    assert_eq!(server.connections(), 0);
    lab.assert_alive();
}

#[test]
fn p023_heads_that_are_too_large() {
    let server = good();
    let lab = lab_with(&server);
    let head = |fields: &str| format!("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    assert_eq!(ask(&lab, head(&"A: b\r\n".repeat(99))).status, 200);
    for fields in [
        "A: b\r\n".repeat(100),
        format!("A: {}\r\n", "b".repeat(64 * 1024)),
        format!("{}: b\r\n", "A".repeat(64 * 1024)),
        format!("A: {}\r\n", "b".repeat(1_000_000)),
        "A: b\r\n".repeat(170_000),
    ] {
        let mut client = lab.client();
        let answer = client.send(head(&fields)).answer();
        assert_eq!((answer.status, &*answer.code()), (431, "headers_too_large"));
        lab.assert_alive();
    }
    let target = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a".repeat(70_000)
    );
    assert_eq!(ask(&lab, target).status, 431);
    lab.assert_alive();
}

#[test]
fn p024_a_server_that_lies_about_its_answer() {
    let whole = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    for said in [
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{whole}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n{whole}"),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Type: application/json\r\n\r\n{ANSWER}"
        ),
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\nContent-Type: application/json\r\n\r\n{ANSWER}"
        ),
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(1000)
            + "HTTP/1.1 200 OK\r\n"
            + &whole,
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\n{whole}"
        ),
        format!("HTTP/2.0 200 OK\r\n{whole}"),
        format!("HTTP/1.1 2000 OK\r\n{whole}"),
        format!("HTTP/1.1 099 OK\r\n{whole}"),
        format!("ICY 200 OK\r\n{whole}"),
        format!("HTTP/1.1 200 OK\nContent-Type: application/json\n\n{ANSWER}"),
        format!("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n{whole}"),
        format!("HTTP/1.1 200 OK\r\nX y: a\r\n{whole}"),
        format!("HTTP/1.1 200 OK\r\n{}{whole}", "A: b\r\n".repeat(200)),
        format!("HTTP/1.1 200 OK\r\nA: {}\r\n{whole}", "b".repeat(100_000)),
        "<html>".to_owned() + &"a".repeat(100_000),
    ] {
        let server = Upstream::always(vec![Do::Send(said.clone().into_bytes()), Do::UntilClosed]);
        let lab = lab_with(&server);
        let answer = lab.client().chat("m");
        let shown = &said[..said.len().min(200)];
        assert_eq!(
            (answer.status, &*answer.code()),
            (502, "upstream_protocol"),
            "{shown}"
        );
        server.closed();
        lab.assert_alive();
    }
    // A few preliminary answers are none of the client's business.
    let server = Upstream::always(vec![
        Do::Send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_vec()),
        json(200, ANSWER),
    ]);
    assert_eq!(lab_with(&server).client().chat("m").text(), ANSWER);
}

#[test]
fn p024_bytes_behind_an_answer_are_nobodys_answer() {
    let forged =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n\"forged\"";
    // In one write, so that they are there when the answer is: what crosses with a request is an answer to it, for all that anybody can tell.
    let Do::Send(mut both) = json(200, ANSWER) else {
        unreachable!("it sends");
    };
    both.extend_from_slice(forged.as_bytes());
    let server = Upstream::always(vec![Do::Send(both)]);
    let lab = lab_with(&server);
    let mut client = lab.client();
    for count in 1..=5 {
        assert_eq!(client.chat("m").text(), ANSWER);
        assert!(server.wait_for(count).len() >= count);
    }
    // None of these connections was used twice with the forgery in it.
    assert_eq!(server.connections(), 5);
    lab.assert_alive();
}

#[test]
fn p025_names_that_are_told_back_split_no_head() {
    let server = good();
    let lab = lab_with(&server);
    for model in [
        "a\\r\\nSet-Cookie: x=y",
        "a\\u000d\\u000aX: y",
        "a\\u0085b",
        "a\\u2028b",
        "\\u001b[31m",
    ] {
        let answer = lab
            .client()
            .post("/v1/chat/completions", &chat(model, false))
            .answer();
        assert!(matches!(answer.status, 400 | 404), "{model}");
        assert!(
            answer.text().is_ascii() && !answer.head.contains("Set-Cookie"),
            "{model}"
        );
        assert_eq!(
            answer.head.lines().filter(|it| it.starts_with('X')).count(),
            0
        );
    }
    for path in [
        "/v1/models/a%0d%0aSet-Cookie:%20x",
        "/v1/search/a%0d%0aX:%20y",
    ] {
        let answer = lab.client().get(path).answer();
        assert!(matches!(answer.status, 404 | 405), "{path}");
        assert!(!answer.head.contains("Set-Cookie") && !answer.head.contains("X: y"));
    }
    for id in ["a b", "a\tb", "a;b", "<b>", &"a".repeat(65)] {
        let answer = ask(
            &lab,
            format!("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {id}\r\n\r\n"),
        );
        assert_ne!(answer.field("x-request-id"), Some(id));
    }
    lab.assert_alive();
    assert_eq!(server.connections(), 0);
}

#[test]
fn p026_a_client_cannot_strip_our_fields() {
    let server = good();
    let lab = locked(&server);
    let strip = "Authorization: Bearer sk-master\r\nConnection: close, authorization, content-length, host, content-type, x-request-id, user-agent\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: close\r\n";
    let answer = lab
        .client()
        .post_with("/v1/chat/completions", strip, &chat("m", false))
        .answer();
    assert_eq!(answer.status, 200);
    let seen = server.wait_for(1).remove(0);
    assert_eq!(seen.field("authorization"), Some("Bearer sk-of-the-server"));
    for name in [
        "host",
        "content-type",
        "content-length",
        "x-request-id",
        "user-agent",
    ] {
        assert!(seen.field(name).is_some(), "{name}");
    }
    for name in ["connection", "keep-alive", "te", "proxy-connection"] {
        assert!(seen.field(name).is_none(), "{name}");
    }
    lab.assert_alive();
}

#[test]
fn p027_p028_p029_fields_of_a_client_that_stay_here() {
    let server = good();
    let lab = locked(&server);
    let fields = "Authorization: Bearer sk-master\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: evil\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nCookie: evil=1\r\nProxy-Authorization: Basic evil\r\nContent_Type: evil\r\nX_Request_Id: evil\r\nOpenAI_Beta: evil\r\nX-Evil: evil\r\nOpenAI-Organization: evil\r\nReferer: evil\r\nOrigin: http://localhost\r\n";
    let answer = lab
        .client()
        .post_with("/v1/chat/completions", fields, &chat("m", false))
        .answer();
    assert_eq!(answer.status, 200);
    let seen = server.wait_for(1).remove(0);
    for word in ["6.6.6.6", "evil", "sk-master", "origin"] {
        assert!(
            !seen.head.to_ascii_lowercase().contains(word),
            "{word}: {}",
            seen.head
        );
    }
    assert!(
        !seen
            .head
            .lines()
            .skip(1)
            .any(|it| it.split(':').next().is_some_and(|it| it.contains('_')))
    );
    lab.assert_alive();
    assert!(
        !serde_json::to_string(&lab.log())
            .unwrap()
            .contains("6.6.6.6")
    );
}

#[test]
fn p029_the_key_of_a_server_does_not_reach_a_client() {
    let leak = r#"{"error":{"message":"wrong key: sk-of-the-server","type":"x","code":"y"}}"#;
    for (status, fields, body) in [
        (
            200,
            "Authorization: Bearer sk-of-the-server\r\nX-Api-Key: sk-of-the-server\r\n",
            ANSWER,
        ),
        (401, "WWW-Authenticate: Bearer sk-of-the-server\r\n", leak),
        (403, "", leak),
        (400, "X-Debug: sk-of-the-server\r\n", leak),
        (500, "", leak),
        (302, "Location: http://evil/?key=sk-of-the-server\r\n", leak),
    ] {
        let server = Upstream::always(vec![json_with(status, fields, body)]);
        let lab = locked(&server);
        let key = "Authorization: Bearer sk-master\r\n";
        let answer = lab
            .client()
            .post_with("/v1/chat/completions", key, &chat("m", false))
            .answer();
        assert!(
            !answer.head.contains("sk-of") && !answer.text().contains("sk-of"),
            "{status}: {}",
            answer.text()
        );
        lab.assert_alive();
        let told = [
            lab.status().to_string(),
            serde_json::to_string(&lab.log()).unwrap(),
        ]
        .concat();
        assert!(!told.contains("sk-of"), "{told}");
    }
}

#[test]
fn p030_fields_of_a_server_that_a_client_does_not_see() {
    let fields = "Set-Cookie: a=b\r\nAlt-Svc: h3=\":443\"\r\nServer: nginx\r\nX-Powered-By: x\r\nStrict-Transport-Security: max-age=1\r\nAccess-Control-Allow-Origin: *\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nVia: 1.1 x\r\nContent-Security-Policy: x\r\nX-Latin: \u{e9}\r\nCache-Control: no-store\r\n";
    let server = Upstream::always(vec![json_with(200, fields, ANSWER)]);
    let lab = lab_with(&server);
    let answer = lab.client().chat("m");
    assert_eq!(answer.text(), ANSWER);
    let names: Vec<String> = answer
        .head
        .lines()
        .skip(1)
        .filter_map(|it| Some(it.split_once(':')?.0.to_ascii_lowercase()))
        .collect();
    for name in &names {
        assert!(
            [
                "content-type",
                "content-length",
                "cache-control",
                "x-request-id",
                "x-homelab-deployment"
            ]
            .contains(&name.as_str()),
            "{name}"
        );
    }
    assert!(names.contains(&"content-type".to_owned()));
    lab.assert_alive();
}
