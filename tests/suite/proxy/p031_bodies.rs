//! P031-P051: bodies that two readers could understand differently, that are too much, or that try to lead a request elsewhere.

use std::fmt::Write;

use serde_json::json;

use super::client::{Answer, chat};
use super::lab::{Lab, Start, route, table};
use super::upstream::{ANSWER, Do, Upstream, json, json_with};
use crate::tools;

/// A proxy with one server.
struct Room {
    server: Upstream,
    lab: Lab,
}

impl Room {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(arguments: &[&str]) -> Self {
        let server = Upstream::always(vec![json(200, ANSWER)]);
        let lab = Start::new(table(&[route("m", &[server.address], &[])]))
            .arguments(arguments)
            .run();
        Self { server, lab }
    }

    fn post(&self, body: &str) -> Answer {
        self.lab
            .client()
            .post("/v1/chat/completions", body)
            .answer()
    }

    /// Any bytes with any fields, and their length.
    fn send(&self, fields: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.lab.client().send(head).send(body).answer()
    }

    /// The body is refused so, no server hears of it, and the proxy lives.
    fn refuses(&self, body: &str, status: u16, code: &str) {
        let answer = self.post(body);
        let shown = &body[..body.len().min(200)];
        assert_eq!((answer.status, &*answer.code()), (status, code), "{shown}");
        assert_eq!(self.server.connections(), 0, "{shown}");
        self.lab.assert_alive();
    }

    /// The body reaches the server with nothing changed but the model's name.
    fn passes(&self, body: &str) {
        let before = self.server.seen().len();
        let answer = self.post(body);
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        let seen = self.server.wait_for(before + 1).remove(before);
        assert_eq!(seen.text(), body.replacen("\"m\"", "\"real-model\"", 1));
        self.lab.assert_alive();
    }
}

#[test]
fn p031_two_models() {
    let room = Room::new();
    for body in [
        r#"{"model":"m","model":"n"}"#,
        r#"{"model":"n","model":"m"}"#,
        r#"{"model":"m","messages":[],"model":"m"}"#,
        r#"{"model":"m","mo\u0064el":"n"}"#,
        r#"{"mo\u0064el":"n","model":"m"}"#,
        r#"{"\u006d\u006f\u0064\u0065\u006c":"n","\u006dodel":"m"}"#,
        r#"{"\u006Dodel":"n","model":"m"}"#,
    ] {
        room.refuses(body, 400, "duplicate_key");
    }
    room.passes(r#"{"\u006dodel":"m","a":{"model":"x","model":"y"}}"#);
}

#[test]
fn p032_models_in_another_case() {
    let room = Room::new();
    for name in ["Model", "MODEL", "mODEL", "\\u004dodel"] {
        room.refuses(
            &format!(r#"{{"{name}":"n","model":"m"}}"#),
            400,
            "duplicate_key",
        );
        room.refuses(
            &format!(r#"{{"model":"m","{name}":"n"}}"#),
            400,
            "duplicate_key",
        );
        room.refuses(&format!(r#"{{"{name}":"m"}}"#), 400, "missing_model");
    }
    for body in [
        "{}",
        r#"{"model ":"m"}"#,
        r#"{"":"m"}"#,
        r#"{"x":{"model":"m"}}"#,
    ] {
        room.refuses(body, 400, "missing_model");
    }
}

#[test]
fn p033_fields_that_stand_twice() {
    let room = Room::new();
    for (name, value) in [
        ("stream", "true"),
        ("stream_options", "{}"),
        ("max_tokens", "1"),
        ("max_completion_tokens", "1"),
        ("n", "1"),
        ("user", "\"a\""),
        ("tools", "[]"),
        ("tool_choice", "\"none\""),
        ("messages", "[]"),
        ("temperature", "1"),
    ] {
        room.refuses(
            &format!(r#"{{"model":"m","{name}":{value},"{name}":{value}}}"#),
            400,
            "duplicate_key",
        );
        let (first, rest) = name.split_at(1);
        let escaped = format!("\\u{:04x}{rest}", u32::from(first.as_bytes()[0]));
        room.refuses(
            &format!(r#"{{"{escaped}":{value},"model":"m","{name}":{value}}}"#),
            400,
            "duplicate_key",
        );
    }
}

#[test]
fn p034_models_that_are_none() {
    let room = Room::new();
    let long = format!("\"{}\"", "a".repeat(4096));
    for value in [
        "null",
        "1",
        "true",
        "[\"m\"]",
        "{\"m\":1}",
        "\"\"",
        &long,
        "\"a\\u0000\"",
        "\"a\\nb\"",
        "\"a\\u007fb\"",
        "\"../m\"",
        "\"a/../m\"",
        "\"..\\\\m\"",
        "\"..\"",
    ] {
        room.refuses(&format!(r#"{{"model":{value}}}"#), 400, "invalid_type");
    }
}

#[test]
fn p035_names_that_only_look_like_one() {
    let room = Room::new();
    for name in [
        "\u{43c}",
        "m\u{200b}",
        "\u{feff}m",
        "m ",
        " m",
        "M",
        "\u{ff4d}",
        "m\u{301}",
        "m\\u200d",
        "\\u202em",
        "m.",
        "m/",
        "./m",
    ] {
        let answer = room.post(&format!(r#"{{"model":"{name}"}}"#));
        assert_eq!(
            (answer.status, &*answer.code()),
            (404, "model_not_found"),
            "{name}"
        );
        let message = answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.is_ascii(), "{message}");
        room.lab.assert_alive();
    }
    assert_eq!(room.server.connections(), 0);
}

#[test]
fn p036_lists_in_lists() {
    let room = Room::new();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = |levels: usize| {
            format!(
                r#"{{"model":"m","x":{}1{}}}"#,
                open.repeat(levels),
                close.repeat(levels)
            )
        };
        room.refuses(&deep(100_000), 400, "body_too_complex");
        room.refuses(&deep(128), 400, "body_too_complex");
        room.refuses(&"[".repeat(1_000_000), 400, "body_too_complex");
    }
    let levels = 127;
    room.passes(&format!(
        r#"{{"model":"m","x":{}1{}}}"#,
        "[".repeat(levels),
        "]".repeat(levels)
    ));
}

#[test]
fn p037_numbers_go_on_as_they_are_written() {
    let room = Room::new();
    for number in [
        "1e999999",
        "-0",
        "-0.0",
        "18446744073709551616",
        "1.10",
        "0.1e-7",
        "1E+2",
        "123456789012345678901234567890.5",
    ] {
        room.passes(&format!(
            r#"{{"model":"m","temperature":{number} , "n": {number}}}"#
        ));
    }
    room.passes(&format!(
        r#"{{"model":"m","seed":{}}}"#,
        "7".repeat(10_000_000)
    ));
    for number in ["01", "+1", ".5", "1.", "1e", "0x1", "1_0", "--1", "-"] {
        let answer = room.post(&format!(r#"{{"model":"m","n":{number}}}"#));
        assert_eq!(answer.code(), "invalid_json", "{number}");
    }
}

#[test]
fn p038_what_is_no_text() {
    let room = Room::new();
    for body in [
        &b"{\"model\":\"m\",\"user\":\"\xff\"}"[..],
        b"{\"model\":\"m\xc3\"}",
        b"{\"model\":\"m\",\"\xc0\xaf\":1}",
        b"{\"model\":\"m\",\"x\":\"\xed\xa0\x80\"}",
        b"{\"model\":\"m\",\"x\":\"\xf4\x90\x80\x80\"}",
        b"{\"model\":\"m\",\"x\":\"\\ud800\"}",
        b"{\"model\":\"m\",\"x\":\"\\udc00\\ud800\"}",
        b"{\"model\":\"m\",\"\\ud83d\":1}",
        b"{\"model\":\"\\ud83d\"}",
        b"{\"model\":\"m\",\"x\":\"a\0b\"}",
        b"{\"model\":\"m\",\"x\":\"a\nb\"}",
    ] {
        let answer = room.send("Content-Type: application/json\r\n", body);
        let shown = String::from_utf8_lossy(body);
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, "invalid_json"),
            "{shown}"
        );
        room.lab.assert_alive();
    }
    assert_eq!(room.server.connections(), 0);
    room.passes(r#"{"model":"m","x":"\ud83d\ude00 é \u0000"}"#);
}

#[test]
fn p039_what_is_json_for_some() {
    let room = Room::new();
    for body in [
        "\u{feff}{\"model\":\"m\"}",
        r#"{"model":"m"}{"model":"m"}"#,
        "{\"model\":\"m\"}\n{\"model\":\"m\"}",
        r#"{"model":"m"} x"#,
        "{\"model\":\"m\"}\0",
        r#"{"model":"m",}"#,
        r#"{"model":"m","x":NaN}"#,
        r#"{"model":"m","x":-Infinity}"#,
        r#"{"model":"m","x":undefined}"#,
        r#"{"model":"m" /* c */}"#,
        "{\"model\":\"m\" // c\n}",
        r"{'model':'m'}",
        r#"{model:"m"}"#,
        r#"{"model":"m","x":True}"#,
        r#"{"model":"m","x":"\x41"}"#,
        "",
        " ",
        r#"{"model":"m""#,
    ] {
        room.refuses(body, 400, "invalid_json");
    }
    for body in ["[]", "\"m\"", "null", "1", r#"[{"model":"m"}]"#] {
        room.refuses(body, 400, "invalid_json");
    }
}

#[test]
fn p040_compressed_bodies() {
    let room = Room::new();
    for coding in [
        "gzip",
        "br",
        "zstd",
        "deflate",
        "x-gzip",
        "gzip, identity",
        "identity, gzip",
        "",
    ] {
        let answer = room.send(
            &format!("Content-Type: application/json\r\nContent-Encoding: {coding}\r\n"),
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
        );
        assert_eq!(
            (answer.status, &*answer.code()),
            (415, "content_encoding"),
            "{coding}"
        );
        room.lab.assert_alive();
    }
    let answer = room.send(
        "Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n",
        chat("m", false).as_bytes(),
    );
    assert_eq!(answer.status, 415);
    assert_eq!(room.server.connections(), 0);
    let answer = room.send(
        "Content-Type: application/json\r\nContent-Encoding: identity\r\n",
        chat("m", false).as_bytes(),
    );
    assert_eq!(answer.status, 200);
    assert!(
        room.server.wait_for(1)[0]
            .field("content-encoding")
            .is_none()
    );
}

#[test]
fn p041_content_types() {
    let room = Room::new();
    for kind in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: application/json, text/plain\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
        "Content-Type: application/json; charset=utf-16\r\n",
        "Content-Type: application/json; charset=latin1\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=b\r\n",
        "Content-Type:\r\n",
    ] {
        let answer = room.send(kind, chat("m", false).as_bytes());
        assert_eq!(
            (answer.status, &*answer.code()),
            (415, "content_type"),
            "{kind}"
        );
        room.lab.assert_alive();
    }
    let utf16: Vec<u8> = chat("m", false)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        room.send("Content-Type: application/json\r\n", &utf16)
            .status,
        400
    );
    assert_eq!(room.server.connections(), 0);
    for kind in [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        let answer = room.send(
            &format!("Content-Type: {kind}\r\n"),
            chat("m", false).as_bytes(),
        );
        assert_eq!(answer.status, 200, "{kind}");
    }
}

#[test]
fn p042_bodies_that_are_too_large() {
    let room = Room::with(&["--max-body", "100000"]);
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    // By its length it is refused before it comes, with or without asking for leave.
    for fields in [
        "Content-Length: 100001\r\n",
        "Content-Length: 9999999999999\r\n",
        "Content-Length: 100001\r\nExpect: 100-continue\r\n",
    ] {
        let mut client = room.lab.client();
        let answer = client.send(format!("{head}{fields}\r\n")).answer();
        assert_eq!((answer.status, &*answer.code()), (413, "body_too_large"));
        assert!(client.is_closed());
        room.lab.assert_alive();
    }
    // By its chunks when they have become too many, or say that they will.
    for size in ["186a1", "ffffffff", "ffffffffffffffff"] {
        let mut client = room.lab.client();
        let answer = client
            .send(format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{size}\r\n"
            ))
            .answer();
        assert_eq!(
            (answer.status, &*answer.code()),
            (413, "body_too_large"),
            "{size}"
        );
        assert!(client.is_closed());
        room.lab.assert_alive();
    }
    let chunk = format!("3e8\r\n{}\r\n", " ".repeat(1000));
    let mut client = room.lab.client();
    client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"));
    let answer = client.send(chunk.repeat(101)).answer();
    assert_eq!((answer.status, &*answer.code()), (413, "body_too_large"));
    assert_eq!(room.server.connections(), 0);
    let rest = format!(r#"{{"model":"m","x":"{}"}}"#, "a".repeat(99_980));
    assert_eq!(room.post(&rest[..]).status, 200);
    room.lab.assert_alive();
}

#[cfg(target_os = "linux")]
#[test]
fn p043_a_large_image_needs_little_more_than_itself() {
    let room = Room::new();
    room.passes(&chat("m", false));
    let before = room.lab.peak_memory();
    let mut body = String::from(
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,"#,
    );
    body.extend(std::iter::repeat_n("QUJD", 50_000_000 / 4));
    body.push_str("\"}}]}]}");
    room.passes(&body);
    let grown = room.lab.peak_memory().saturating_sub(before);
    assert!(
        grown <= body.len() + 1024 * 1024,
        "{grown} for {}",
        body.len()
    );
}

#[test]
fn p044_fields_that_would_lead_elsewhere() {
    let room = Room::new();
    let evil = Upstream::always(vec![json(200, ANSWER)]);
    for name in [
        "api_base",
        "base_url",
        "api_key",
        "api_version",
        "fallbacks",
        "mock_response",
        "custom_llm_provider",
        "provider",
        "model_list",
        "litellm_params",
        "extra_headers",
        "extra_body",
        "\\u0061pi_base",
    ] {
        for value in [
            format!("\"http://{}\"", evil.address),
            "null".to_owned(),
            "{}".to_owned(),
        ] {
            room.refuses(
                &format!(r#"{{"model":"m","{name}":{value}}}"#),
                400,
                "forbidden_field",
            );
            room.refuses(
                &format!(r#"{{"{name}":{value},"model":"m"}}"#),
                400,
                "forbidden_field",
            );
        }
    }
    // Deeper down they are content.
    room.passes(r#"{"model":"m","metadata":{"api_base":"x"}}"#);
    for field in [
        "X-Api-Base: http://evil\r\n",
        "X-Litellm-Api-Key: evil\r\n",
        "X-Homelab-Upstream: evil\r\n",
    ] {
        let answer = room
            .lab
            .client()
            .post_with("/v1/chat/completions", field, &chat("m", false))
            .answer();
        assert_eq!(answer.status, 200);
    }
    assert!(
        room.server
            .seen()
            .iter()
            .all(|it| !it.head.contains("evil"))
    );
    assert_eq!(evil.connections(), 0);
}

#[test]
fn p044_forms_that_would_lead_elsewhere() {
    let room = Room::new();
    for name in [
        "api_base",
        "base_url",
        "api_key",
        "fallbacks",
        "mock_response",
    ] {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nhttp://evil\r\n--b--\r\n"
        );
        let head = format!(
            "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = room.lab.client().send(head).send(&body).answer();
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, "forbidden_field"),
            "{name}"
        );
        room.lab.assert_alive();
    }
    assert_eq!(room.server.connections(), 0);
}

#[test]
fn p045_templates_are_text() {
    let room = Room::new();
    for text in [
        "{{ 7*7 }}",
        "${7*7}",
        "{% for x in y %}",
        "#{7*7}",
        "<%= 7*7 %>",
        "$(id)",
        "${jndi:ldap://evil/a}",
        "%s%n",
        "os.environ/SERVER_KEY",
    ] {
        room.passes(&format!(
            r#"{{"model":"m","user":"{text}","messages":[{{"content":"{text}"}}]}}"#
        ));
        let answer = room.post(&format!(r#"{{"model":"{text}"}}"#));
        assert_eq!(answer.status, 404, "{text}");
        assert!(!answer.text().contains("49"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn p046_no_payload_starts_a_program() {
    let Some(strace) = tools::program("strace") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let calls = folder.path().join("calls");
    let watch = [
        strace.to_str().unwrap(),
        "-D",
        "-f",
        "-qq",
        "-e",
        "trace=execve,execveat,fork,vfork,clone,clone3",
        "-o",
        calls.to_str().unwrap(),
    ];
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Start::new(table(&[route("m", &[server.address], &[])]))
        .under(&watch)
        .run();
    let room = Room { server, lab };
    for text in [
        "; id",
        "`id`",
        "$(id)",
        "| sh",
        "& calc.exe",
        "--help",
        "file:///bin/sh",
    ] {
        room.passes(&format!(
            r#"{{"model":"m","mcp_servers":[{{"command":"{text}","args":["{text}"]}}],"tools":[{{"type":"mcp","server_url":"stdio:{text}","command":["sh","-c","{text}"]}}]}}"#
        ));
    }
    // The watcher is ahead of what it watches: each call waits until it is written down.
    let calls = std::fs::read_to_string(&calls).unwrap();
    let started = calls.lines().filter(|it| it.contains("exec")).count();
    assert_eq!(started, 1, "the proxy alone: {calls}");
    let forks = calls.lines().filter(|it| {
        it.contains("fork")
            || (it.contains("clone") && !it.contains("CLONE_THREAD") && !it.contains("resumed"))
    });
    assert_eq!(forks.count(), 0, "{calls}");
    assert!(
        calls.contains("CLONE_THREAD"),
        "it watches nothing: {calls}"
    );
}

#[test]
fn p048_ids_in_paths() {
    let room = Room::new();
    for id in [
        "../x", "..%2fx", "a?b=c", "a%3fb", "a#b", "a%23b", "a/b/c", "%2e%2e", "a%0d%0ab", "", ".",
    ] {
        for prefix in ["/v1/models/", "/v1/search/"] {
            let answer = room.lab.client().get(&format!("{prefix}{id}")).answer();
            assert!(
                matches!(answer.status, 400 | 404 | 405),
                "{prefix}{id}: {answer:?}"
            );
        }
        room.lab.assert_alive();
    }
    assert_eq!(
        room.lab.client().get("/v1/models/m?x=../y").answer().status,
        200
    );
    assert_eq!(room.server.connections(), 0);
}

#[test]
fn p049_a_redirect_is_not_followed() {
    let elsewhere = Upstream::always(vec![json(200, ANSWER)]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!(
            "Location: http://{}/v1/chat/completions\r\n",
            elsewhere.address
        );
        let server = Upstream::always(vec![json_with(status, &location, "{}")]);
        let mut all = table(&[route("m", &[server.address], &[])]);
        all["routes"][0]["deployments"][0]["key"] = json!("SERVER_KEY");
        let lab = Start::new(all).env("SERVER_KEY", "sk-of-the-server").run();
        let answer = lab.client().chat("m");
        assert_eq!(
            (answer.status, &*answer.code()),
            (502, "upstream_redirect"),
            "{status}"
        );
        assert!(answer.field("location").is_none());
        assert_eq!(server.seen().len(), 1);
        lab.assert_alive();
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn p050_a_name_that_leads_to_this_machine() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let port = server.address.port();
    // These are names, not addresses, and the system finds loopback for them.
    for name in ["127.1", "2130706433", "0x7f000001", "0"] {
        let mut all = table(&[route("m", &[server.address], &[])]);
        all["routes"][0]["deployments"][0]["base_url"] = json!(format!("http://{name}:{port}/v1"));
        let lab = Lab::new(all);
        let answer = lab.client().chat("m");
        assert!(
            matches!(
                &*answer.code(),
                "upstream_address_forbidden" | "upstream_name_not_found"
            ),
            "{name}: {answer:?}"
        );
        lab.assert_alive();
    }
    assert_eq!(server.connections(), 0);
    // One that is declared to be this machine may lead there.
    let mut all = table(&[route("m", &[server.address], &[])]);
    all["routes"][0]["deployments"][0]["base_url"] = json!(format!("http://localhost:{port}/v1"));
    assert_eq!(Lab::new(all).client().chat("m").status, 200);
}

#[test]
fn p051_a_million_fields() {
    let room = Room::new();
    let mut body = String::from(r#"{"model":"m""#);
    for number in 0..1_000_000 {
        let _ = write!(body, ",\"k{number}\":1");
    }
    body.push('}');
    room.refuses(&body, 400, "body_too_complex");
    // As many inside are content, in time that grows with them and no faster.
    let inner = body.replacen(r#""model":"m","#, "", 1);
    room.passes(&format!(r#"{{"model":"m","x":{inner}}}"#));
}

#[test]
fn p048_no_id_of_a_client_becomes_a_path() {
    let server = Upstream::always(vec![Do::Close]);
    let mut all = table(&[route("m", &[server.address], &[])]);
    all["search_tools"] = json!([{"name": "web", "provider": "searxng", "base_url": format!("http://{}", server.address)}]);
    let lab = Lab::new(all);
    let answer = lab
        .client()
        .post(
            "/v1/search/web",
            r#"{"query":"a&format=html#x ../\r\nHost: evil"}"#,
        )
        .answer();
    assert_eq!(answer.status, 502);
    let head = server.wait_for(1).remove(0).head;
    assert!(head.starts_with("GET /search?q=a%26format%3Dhtml%23x%20..%2F%0D%0AHost%3A%20evil&format=json HTTP/1.1\r\n"), "{head}");
    lab.assert_alive();
}
