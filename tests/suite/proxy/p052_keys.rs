//! P052-P064: who is let in, what guessing costs, and that nothing secret or hostile stands in what we write down.

use serde_json::json;

use super::client::{Answer, chat};
use super::lab::{Lab, Start, route, table};
use super::upstream::{ANSWER, Upstream, json, whole_stream};

const KEY: &str = "sk-master-0123456789abcdef";

struct Door {
    server: Upstream,
    lab: Lab,
}

impl Door {
    fn new() -> Self {
        let server = Upstream::always(vec![json(200, ANSWER)]);
        let mut all = table(&[route("m", &[server.address], &[])]);
        all["master_key"] = json!("MASTER");
        let lab = Start::new(all).env("MASTER", KEY).run();
        Self { server, lab }
    }

    fn ask(&self, fields: &str) -> Answer {
        self.lab
            .client()
            .post_with("/v1/chat/completions", fields, &chat("m", false))
            .answer()
    }

    fn refuses(&self, fields: &str, statuses: &[u16]) -> Answer {
        let answer = self.ask(fields);
        assert!(
            statuses.contains(&answer.status),
            "{fields:.100}: {answer:?}"
        );
        assert_eq!(self.server.connections(), 0, "{fields:.100}");
        self.lab.assert_alive();
        answer
    }
}

#[test]
fn p052_no_key_and_too_many() {
    let door = Door::new();
    for fields in [
        "",
        "Authorization:\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer \r\n",
        "X-Api-Key:\r\n",
    ] {
        let answer = door.refuses(fields, &[401]);
        assert_eq!(answer.field("www-authenticate"), Some("Bearer"));
    }
    let two = [
        format!("Authorization: Bearer {KEY}\r\nAuthorization: Bearer {KEY}\r\n"),
        format!("Authorization: Bearer wrong\r\nAuthorization: Bearer {KEY}\r\n"),
        format!("Authorization: Bearer {KEY}\r\nX-Api-Key: {KEY}\r\n"),
        format!("X-Api-Key: {KEY}\r\nApi-Key: wrong\r\n"),
    ];
    for fields in two {
        assert_eq!(door.refuses(&fields, &[400]).code(), "ambiguous_key");
    }
    for query in ["api_key", "key", "access_token", "authorization"] {
        let answer = door
            .lab
            .client()
            .post(
                &format!("/v1/chat/completions?{query}={KEY}"),
                &chat("m", false),
            )
            .answer();
        assert_eq!(answer.status, 401, "{query}");
    }
    assert_eq!(door.server.connections(), 0);
    for fields in [
        format!("Authorization: bearer {KEY}\r\n"),
        format!("x-api-key: {KEY}\r\n"),
    ] {
        assert_eq!(door.ask(&fields).status, 200);
    }
}

#[test]
fn p053_p055_every_wrong_key_is_told_the_same() {
    let door = Door::new();
    let near = format!("{}0", &KEY[..KEY.len() - 1]);
    let keys = [
        "Bearer unknown".to_owned(),
        format!("Bearer {near}"),
        format!("Bearer {}", &KEY[..KEY.len() - 1]),
        format!("Bearer {KEY}0"),
        format!("Bearer {}", KEY.to_uppercase()),
        format!("Bearer {KEY} {KEY}"),
        format!("Bearer {KEY},"),
        "Bearer sk-".to_owned(),
        format!("Basic {KEY}"),
        KEY.to_owned(),
        format!("Bearer\t{KEY}"),
        format!("Bearer {}", "a".repeat(1000)),
        format!("Bearer {}", "a".repeat(60_000)),
    ];
    let mut bodies: Vec<Vec<u8>> = keys
        .iter()
        .map(|it| {
            door.refuses(&format!("Authorization: {it}\r\n"), &[401])
                .body
        })
        .collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[test]
fn p054_a_very_long_key_is_not_read() {
    let door = Door::new();
    door.refuses(
        &format!("Authorization: Bearer {}\r\n", "a".repeat(1024 * 1024)),
        &[431],
    );
    door.refuses(
        &format!("Authorization: Bearer {KEY}{}\r\n", "a".repeat(1024)),
        &[401],
    );
}

#[test]
fn p059_pages_for_operators_are_not_for_clients() {
    let door = Door::new();
    let key = format!("Authorization: Bearer {KEY}\r\n");
    for path in [
        "/status",
        "/admin",
        "/v1/status",
        "/key/generate",
        "/config",
        "/debug",
        "/reload",
        "/",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = door
                .lab
                .client()
                .send(format!(
                    "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n"
                ))
                .answer();
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
    // Nor is the other listener open to more than this machine.
    for address in ["0.0.0.0:0", "[::]:0"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_homelab"))
            .args([
                "proxy",
                "--listen",
                "127.0.0.1:0",
                "--admin",
                address,
                "--table",
            ])
            .arg(door.lab.table())
            .env_clear()
            .env("MASTER", KEY)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("open to the network"), "{said}");
    }
    // Operators' pages change nothing.
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = door
            .lab
            .operator()
            .send(format!(
                "{method} /status HTTP/1.1\r\nHost: localhost\r\n\r\n"
            ))
            .answer();
        assert_eq!(answer.status, 405);
    }
    door.lab.assert_alive();
}

#[test]
fn p060_a_flood_of_wrong_keys_is_limited() {
    let door = Door::new();
    let wrong = |number: usize| {
        format!(
            "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong-{number}\r\n\r\n"
        )
    };
    let mut client = door.lab.client();
    let mut count = |status: u16, all: std::ops::Range<usize>| {
        all.map(|it| client.send(wrong(it)).answer())
            .filter(|it| it.status == status)
            .inspect(|it| {
                if status == 429 {
                    assert_eq!(it.code(), "too_many_wrong_keys");
                    assert!(it.field("retry-after").is_some());
                }
            })
            .count()
    };
    let _ = count(401, 0..500);
    #[cfg(target_os = "linux")]
    let before = door.lab.resident_memory();
    assert!(count(429, 500..2500) >= 1500);
    #[cfg(target_os = "linux")]
    assert!(door.lab.resident_memory() < before + 1024 * 1024);
    // Whoever has the right key is served all the same.
    assert_eq!(
        door.ask(&format!("Authorization: Bearer {KEY}\r\n")).status,
        200
    );
    // A flood is counted, and does not fill the log.
    door.lab.wait_for(|it| it["status"] == 200);
    assert!(
        door.lab
            .log()
            .iter()
            .filter(|it| it["status"] == 429)
            .count()
            == 0
    );
    assert!(
        door.lab
            .log()
            .iter()
            .filter(|it| it["status"] == 401)
            .count()
            < 500
    );
    door.lab.assert_alive();
}

#[test]
fn p061_nothing_secret_is_written_down() {
    const PROMPT: &str = "canary-of-a-prompt";
    let server = Upstream::new(vec![
        vec![json(200, ANSWER)],
        whole_stream(),
        vec![json(
            500,
            r#"{"error":{"message":"canary-of-a-prompt sk-server-canary"}}"#,
        )],
        vec![json(
            400,
            r#"{"error":{"message":"wrong: sk-server-canary"}}"#,
        )],
        vec![json(401, "sk-server-canary")],
    ]);
    let mut all = table(&[route("m", &[server.address], &[])]);
    all["master_key"] = json!("MASTER");
    all["policy"] = json!({"retries": 0, "allowed_fails": 100});
    all["routes"][0]["deployments"][0]["key"] = json!("SERVER_KEY");
    all["routes"][0]["deployments"][0]["parameters"] = json!({"secret": {"env": "PARAMETER"}});
    let lab = Start::new(all)
        .env("MASTER", KEY)
        .env("SERVER_KEY", "sk-server-canary")
        .env("PARAMETER", "canary-of-a-parameter")
        .run();
    let mut told = String::new();
    for (number, key) in [KEY, KEY, KEY, KEY, KEY, "sk-guess-canary"]
        .into_iter()
        .enumerate()
    {
        let body = format!(
            r#"{{"model":"m","messages":[{{"content":"{PROMPT}"}}],"user":"{PROMPT}","stream":{}}}"#,
            number == 1
        );
        let fields =
            format!("Authorization: Bearer {key}\r\nUser-Agent: {PROMPT}\r\nCookie: {PROMPT}\r\n");
        let answer = lab
            .client()
            .post_with("/v1/chat/completions", &fields, &body)
            .answer();
        if number != 2 {
            told += answer.text();
        }
        told += &answer.head;
    }
    let unknown = lab
        .client()
        .post_with(
            "/v1/chat/completions",
            &format!("Authorization: Bearer {KEY}\r\n"),
            r#"{"model":"m","messages":"canary-of-a-prompt""#,
        )
        .answer();
    told += unknown.text();
    lab.wait_for(|it| it["error"] == "invalid_json");
    told += &serde_json::to_string(&lab.log()).unwrap();
    told += &lab.status().to_string();
    told += lab.operator().get("/").answer().text();
    told += lab.operator().get("/metrics").answer().text();
    for canary in [KEY, "canary"] {
        assert!(!told.contains(canary), "{canary} in {told}");
    }
    assert_eq!(server.seen().len(), 5);
    lab.assert_alive();
}

#[test]
fn p062_names_of_strangers_are_no_labels() {
    let door = Door::new();
    let key = format!("Authorization: Bearer {KEY}\r\n");
    let lines = |lab: &Lab| {
        lab.operator()
            .get("/metrics")
            .answer()
            .text()
            .lines()
            .count()
    };
    let mut client = door.lab.client();
    let mut strangers = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let body = chat(&format!("nobody-{number}"), false);
            let answer = client
                .post_with("/v1/chat/completions", &key, &body)
                .answer();
            assert_eq!(answer.status, 404);
            for line in [format!("GET /nowhere/{number}"), format!("M{number} /")] {
                client
                    .send(format!("{line} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n"))
                    .answer();
            }
        }
    };
    strangers(0..2);
    let before = lines(&door.lab);
    strangers(2..200);
    assert_eq!(lines(&door.lab), before);
    assert!(
        !door
            .lab
            .operator()
            .get("/metrics")
            .answer()
            .text()
            .contains("nobody")
    );
    door.lab.assert_alive();
}

#[test]
fn p063_hostile_text_breaks_no_line_of_the_log() {
    let door = Door::new();
    let evil = "\\u001b[31mred\\r\\n{\\\"event\\\":\\\"forged\\\"}";
    let fields = format!(
        "Authorization: Bearer {KEY}\r\nUser-Agent: \"}},{{\"event\":\"forged\"}}\r\nX-Request-Id: a\"b\r\n"
    );
    for body in [
        format!(r#"{{"model":"{evil}"}}"#),
        format!(r#"{{"model":"m","user":"{evil}"}}"#),
        format!(r#"{{"model":"m","{evil}":1}}"#),
    ] {
        door.lab
            .client()
            .post_with("/v1/chat/completions", &fields, &body)
            .answer();
    }
    door.lab
        .client()
        .post_with("/v1/chat/completions", &fields, r#"{"model":"last"}"#)
        .answer();
    door.lab.wait_for(|it| it["status"] == 404);
    for line in door.lab.log() {
        assert!(
            line["not json"].is_null() && line["event"] != "forged",
            "{line}"
        );
        assert!(!line.to_string().contains("red"), "{line}");
    }
    door.lab.assert_alive();
}

#[test]
fn p064_no_page_of_a_browser_uses_a_proxy_without_keys() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let body = chat("m", false);
    for fields in [
        "Host: evil.example\r\n",
        "Host: localhost.evil.example\r\n",
        "Host: 10.0.0.1\r\n",
        "Host: localhost\r\nOrigin: http://evil.example\r\n",
        "Host: localhost\r\nOrigin: null\r\n",
        "Host: localhost\r\nOrigin: http://localhost.evil.example\r\n",
        "Host: localhost\r\nOrigin: http://localhost@evil.example\r\n",
        "Host: localhost\r\nOrigin: http://127.0.0.1.evil.example\r\n",
        "Host: localhost\r\nOrigin: file://\r\n",
        "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
    ] {
        let answer = lab
            .client()
            .send(format!(
                "POST /v1/chat/completions HTTP/1.1\r\n{fields}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
            .answer();
        assert_eq!(
            (answer.status, &*answer.code()),
            (403, "foreign_page"),
            "{fields}"
        );
        assert!(
            !answer.head.to_ascii_lowercase().contains("access-control"),
            "{fields}"
        );
        lab.assert_alive();
    }
    assert_eq!(server.connections(), 0);
    // What a browser asks first is not answered with leave.
    let answer = lab
        .client()
        .send("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n")
        .answer();
    assert!(answer.status >= 400 && !answer.head.to_ascii_lowercase().contains("access-control"));
    for fields in [
        "Host: 127.0.0.1:4000\r\n",
        "Host: [::1]\r\n",
        "Host: localhost\r\nOrigin: http://localhost:3000\r\n",
    ] {
        let answer = lab
            .client()
            .send(format!("GET /v1/models HTTP/1.1\r\n{fields}\r\n"))
            .answer();
        assert_eq!(answer.status, 200, "{fields}");
    }
}
