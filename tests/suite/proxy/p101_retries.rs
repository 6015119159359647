//! P101-P120: what is tried again, where, how often, and who is left alone for how long.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, chat};
use super::lab::{Lab, Start, deployment, route, table, table_with};
use super::upstream::{ANSWER, Do, PATIENCE, Upstream, json, json_with};
#[cfg(target_os = "linux")]
use crate::tools;

fn good() -> Upstream {
    Upstream::always(vec![json(200, ANSWER)])
}

fn lab_of(policy: &Value, servers: &[SocketAddr]) -> Lab {
    Lab::new(table_with(policy, &[route("m", servers, &[])]))
}

fn error(code: &str) -> String {
    format!(r#"{{"error":{{"message":"said","type":"x","code":"{code}"}}}}"#)
}

#[test]
fn p101_how_long_a_server_asks_to_be_left_alone() {
    // What is asked for is kept, up to a limit.
    for (asked, least, most) in [
        ("30", 29, 30),
        ("1000000000", 290, 300),
        ("99999999999999999999", 290, 300),
        ("Fri, 31 Dec 2999 23:59:59 GMT", 290, 300),
    ] {
        let server = Upstream::always(vec![json_with(
            429,
            &format!("Retry-After: {asked}\r\n"),
            "{}",
        )]);
        let lab = lab_of(&json!({}), &[server.address]);
        assert_eq!(lab.client().chat("m").status, 429, "{asked}");
        let answer = lab.client().chat("m");
        assert_eq!(
            (answer.status, &*answer.code()),
            (503, "all_deployments_cooling"),
            "{asked}"
        );
        let told: u64 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!((least..=most).contains(&told), "{asked}: {told}");
        assert_eq!(server.seen().len(), 1, "{asked}");
        lab.assert_alive();
    }
    // What is no time, or is over, is as if it had not been said.
    for asked in [
        "-5",
        "soon",
        "1.5",
        "",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "0",
    ] {
        let server = Upstream::new(vec![
            vec![json_with(429, &format!("Retry-After: {asked}\r\n"), "{}")],
            vec![json(200, ANSWER)],
        ]);
        let lab = lab_of(&json!({"retry_after_ms": 1}), &[server.address]);
        assert_eq!(lab.client().chat("m").status, 200, "{asked}");
        assert_eq!(server.seen().len(), 2, "{asked}");
        lab.assert_alive();
    }
}

#[test]
fn p102_too_many_requests_and_no_word_of_when() {
    let busy = vec![json(429, "{}")];
    let server = Upstream::new(vec![
        busy.clone(),
        busy.clone(),
        busy,
        vec![json(200, ANSWER)],
    ]);
    let lab = lab_of(
        &json!({"retries": 3, "retry_after_ms": 2}),
        &[server.address],
    );
    assert_eq!(lab.client().chat("m").status, 200);
    assert_eq!(server.seen().len(), 4);
    assert_eq!(lab.wait_for(|it| it["status"] == 200)["attempts"], 4);
    lab.assert_alive();
}

#[test]
fn p103_retries_are_a_part_of_what_is_under_way() {
    const CLIENTS: usize = 40;
    let failing = vec![vec![Do::Wait, json(500, "{}")]; CLIENTS];
    let server = Upstream::new(failing.into_iter().chain([vec![Do::UntilClosed]]).collect());
    let policy = json!({"retries": 2, "retry_after_ms": 1, "allowed_fails": 1000});
    let lab = lab_of(&policy, &[server.address]);
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| lab.client()).collect();
    for client in &mut clients {
        client.post("/v1/chat/completions", &chat("m", false));
    }
    server.wait_for(CLIENTS);
    for _ in 0..CLIENTS {
        server.go();
    }
    // Those that may not try again end; those that do hang where they are.
    let start = Instant::now();
    let ended = |lab: &Lab| lab.log().iter().filter(|it| it["status"] == 502).count();
    while ended(&lab) < CLIENTS - CLIENTS / 5 {
        assert!(start.elapsed() < PATIENCE, "{}", ended(&lab));
        std::thread::yield_now();
    }
    let again = server.seen().len() - CLIENTS;
    assert!((1..=CLIENTS / 5).contains(&again), "{again}");
    drop(clients);
    // And no request makes more tries than one and those that the policy allows.
    let server = Upstream::always(vec![json(500, "{}")]);
    let lab = lab_of(&policy, &[server.address]);
    assert_eq!(lab.client().chat("m").status, 502);
    assert_eq!(server.seen().len(), 3);
    lab.assert_alive();
}

#[test]
fn p104_a_request_that_was_lost_after_it_was_sent() {
    for loss in [Do::Close, Do::Reset] {
        let server = Upstream::new(vec![vec![loss.clone()], vec![json(200, ANSWER)]]);
        let lab = lab_of(&json!({"retry_after_ms": 1}), &[server.address]);
        assert_eq!(lab.client().chat("m").status, 200);
        let line = lab.wait_for(|it| it["status"] == 200);
        assert_eq!(
            (&line["attempts"], &line["maybe_billed"]),
            (&json!(2), &json!(true))
        );
        // Without leave it is not.
        let server = Upstream::new(vec![vec![loss], vec![json(200, ANSWER)]]);
        let lab = lab_of(&json!({"retries": 0}), &[server.address]);
        let answer = lab.client().chat("m");
        assert_eq!((answer.status, &*answer.code()), (502, "upstream_lost"));
        assert_eq!(server.seen().len(), 1);
        lab.assert_alive();
    }
}

#[test]
fn p105_p106_p107_what_is_wrong_with_the_request_is_wrong_everywhere() {
    let other = good();
    for (status, code, told, shown) in [
        (400, "theirs", 400, "theirs"),
        (404, "theirs", 404, "theirs"),
        (422, "theirs", 422, "theirs"),
        (
            400,
            "context_length_exceeded",
            400,
            "context_length_exceeded",
        ),
        (
            413,
            "context_length_exceeded",
            413,
            "context_length_exceeded",
        ),
        (400, "content_filter", 400, "content_filter"),
        (401, "theirs", 502, "upstream_auth"),
        (403, "theirs", 502, "upstream_auth"),
    ] {
        let server = Upstream::always(vec![json(status, &error(code))]);
        let lab = Lab::new(table(&[
            route("m", &[server.address, other.address], &["n"]),
            route("n", &[other.address], &[]),
        ]));
        for stream in [false, true] {
            let answer = lab
                .client()
                .post("/v1/chat/completions", &chat("m", stream))
                .answer();
            assert_eq!(
                (answer.status, &*answer.code()),
                (told, shown),
                "{status} {code}"
            );
        }
        assert_eq!(server.seen().len(), 2);
        // An operator sees what only an operator can mend.
        let errors = lab.status()["last_errors"].as_array().unwrap().len();
        assert_eq!(errors, if told == 502 { 2 } else { 0 }, "{status}");
        lab.assert_alive();
    }
    assert_eq!(other.connections(), 0);
}

#[test]
fn p107_an_answer_that_was_filtered_is_an_answer() {
    let filtered = ANSWER.replace("\"stop\"", "\"content_filter\"");
    let server = Upstream::always(vec![json(200, &filtered)]);
    let other = good();
    let lab = Lab::new(table(&[
        route("m", &[server.address], &["n"]),
        route("n", &[other.address], &[]),
    ]));
    assert_eq!(lab.client().chat("m").text(), filtered);
    assert_eq!(other.connections(), 0);
    lab.assert_alive();
}

#[test]
fn p108_a_silent_server_costs_its_limit_once() {
    for before in [vec![], vec![Do::Send(b"HTTP/1.1 200 OK\r\n".to_vec())]] {
        let silent = Upstream::always(before.into_iter().chain([Do::UntilClosed]).collect());
        let other = good();
        let lab = Lab::new(table_with(
            &json!({"timeout_ms": 300}),
            &[
                route("m", &[silent.address], &["n"]),
                route("n", &[other.address], &[]),
            ],
        ));
        assert_eq!(lab.client().chat("m").text(), ANSWER);
        silent.closed();
        assert_eq!(silent.seen().len(), 1);
        // When nobody is left the client is told so in time.
        let lab = lab_of(&json!({"timeout_ms": 300}), &[silent.address]);
        let start = Instant::now();
        let answer = lab.client().chat("m");
        assert_eq!((answer.status, &*answer.code()), (504, "upstream_timeout"));
        assert!(start.elapsed() < Duration::from_secs(5));
        lab.assert_alive();
    }
}

#[test]
fn p109_a_shorter_cooldown_does_not_end_a_longer_one() {
    // Both are under way at once; the second to fail asks for less.
    let server = Upstream::new(vec![
        vec![Do::Wait, json_with(429, "Retry-After: 60\r\n", "{}")],
        vec![Do::Wait, json_with(429, "Retry-After: 1\r\n", "{}")],
    ]);
    let lab = lab_of(&json!({}), &[server.address]);
    let mut clients = [lab.client(), lab.client()];
    for (number, client) in clients.iter_mut().enumerate() {
        client.post("/v1/chat/completions", &chat("m", false));
        server.wait_for(number + 1);
    }
    server.go();
    server.go();
    for client in &mut clients {
        assert_eq!(client.answer().status, 429);
    }
    let told: u64 = lab
        .client()
        .chat("m")
        .field("retry-after")
        .unwrap()
        .parse()
        .unwrap();
    assert!(told > 50, "{told}");
    lab.assert_alive();
}

#[test]
fn p111_p118_one_request_finds_out_whether_a_server_is_back() {
    let bad = Upstream::new(vec![
        vec![json(500, "{}")],
        vec![Do::Wait, json(200, ANSWER)],
        vec![json(200, ANSWER)],
    ]);
    let other = good();
    let policy = json!({"allowed_fails": 0, "cooldown_ms": 300});
    let lab = lab_of(&policy, &[bad.address, other.address]);
    assert_eq!(
        lab.client().chat("m").field("x-homelab-deployment"),
        Some("m-1")
    );
    // Not before its time: no request goes there while it is left alone.
    let start = Instant::now();
    let mut probing = None;
    while bad.seen().len() < 2 {
        assert!(start.elapsed() < PATIENCE);
        let before = other.seen().len();
        let mut client = lab.client();
        client.post("/v1/chat/completions", &chat("m", false));
        // Either it is answered at once by the other, or it is the one that probes.
        while bad.seen().len() < 2 && other.seen().len() == before {
            std::thread::yield_now();
            assert!(start.elapsed() < PATIENCE);
        }
        if bad.seen().len() == 2 {
            probing = Some(client);
        } else {
            assert_eq!(client.answer().status, 200);
        }
    }
    assert!(
        start.elapsed() >= Duration::from_millis(200),
        "{:?}",
        start.elapsed()
    );
    // While that one waits the crowd goes elsewhere.
    for _ in 0..20 {
        assert_eq!(
            lab.client().chat("m").field("x-homelab-deployment"),
            Some("m-1")
        );
    }
    assert_eq!(bad.seen().len(), 2);
    bad.go();
    assert_eq!(
        probing.unwrap().answer().field("x-homelab-deployment"),
        Some("m-0")
    );
    assert_eq!(
        lab.client().chat("m").field("x-homelab-deployment"),
        Some("m-0")
    );
    lab.assert_alive();
}

#[test]
fn p112_when_all_are_left_alone_the_first_to_be_back_is_told() {
    let one = Upstream::always(vec![json_with(429, "Retry-After: 60\r\n", "{}")]);
    let two = Upstream::always(vec![json_with(503, "Retry-After: 10\r\n", "{}")]);
    let lab = lab_of(&json!({}), &[one.address, two.address]);
    assert!(lab.client().chat("m").status >= 429);
    let answer = lab.client().chat("m");
    assert_eq!(
        (answer.status, &*answer.code()),
        (503, "all_deployments_cooling")
    );
    let told: u64 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((9..=10).contains(&told), "{told}");
    assert_eq!((one.seen().len(), two.seen().len()), (1, 1));
    lab.assert_alive();
}

#[test]
fn p114_one_that_nobody_can_stand_in_for_is_not_left_alone() {
    let server = Upstream::new(vec![
        vec![json(500, "{}")],
        vec![json(503, "{}")],
        vec![json(200, ANSWER)],
    ]);
    let policy = json!({"retries": 0, "allowed_fails": 0, "cooldown_ms": 60_000});
    let lab = lab_of(&policy, &[server.address]);
    assert_eq!(lab.client().chat("m").code(), "upstream_failed");
    assert_eq!(lab.client().chat("m").code(), "upstream_failed");
    assert_eq!(lab.client().chat("m").status, 200);
    lab.assert_alive();
}

#[test]
fn p115_what_a_fallback_did_is_written_down_as_its_own() {
    let failed =
        r#"{"error":{"message":"x"},"usage":{"prompt_tokens":1000,"completion_tokens":1000}}"#;
    let bad = Upstream::always(vec![json(500, failed)]);
    let other = good();
    let lab = Lab::new(table_with(
        &json!({"retries": 0}),
        &[
            route("m", &[bad.address], &["n"]),
            route("n", &[other.address], &[]),
        ],
    ));
    let answer = lab.client().chat("m");
    assert_eq!(
        (answer.text(), answer.field("x-homelab-deployment")),
        (ANSWER, Some("n-0"))
    );
    let line = lab.wait_for(|it| it["status"] == 200);
    assert_eq!(
        (
            &line["handle"],
            &line["deployment"],
            &line["attempts"],
            &line["prompt_tokens"],
            &line["completion_tokens"]
        ),
        (&json!("m"), &json!("n-0"), &json!(2), &json!(3), &json!(4))
    );
    assert_eq!(lab.metric("homelab_proxy_fallbacks_total"), Some(1.0));
    lab.assert_alive();
}

#[test]
fn p116_a_fallback_that_the_key_does_not_open() {
    use sha2::Digest;
    let digest: [u8; 32] = sha2::Sha256::digest("phone-key").into();
    let digest = digest.map(|it| format!("{it:02x}")).concat();
    let bad = Upstream::always(vec![json(503, &error("theirs"))]);
    let (secret, open) = (good(), good());
    let all = table_with(
        &json!({"retries": 0}),
        &[
            route("m", &[bad.address], &["secret", "open"]),
            route("secret", &[secret.address], &[]),
            route("open", &[open.address], &[]),
        ],
    );
    for (handles, status) in [("m,open", 200), ("m", 503)] {
        let lab = Start::new(all.clone())
            .keys(&format!("phone sha256:{digest} handles={handles}\n"))
            .run();
        let key = "Authorization: Bearer phone-key\r\n";
        let answer = lab
            .client()
            .post_with("/v1/chat/completions", key, &chat("m", false))
            .answer();
        assert_eq!(answer.status, status, "{handles}");
        lab.assert_alive();
    }
    assert_eq!((secret.connections(), open.seen().len()), (0, 1));
}

#[test]
fn p117_fallbacks_in_a_diamond_and_in_a_ring() {
    let servers: BTreeMap<&str, Upstream> = ["m", "a", "b", "c"]
        .into_iter()
        .map(|it| (it, Upstream::always(vec![json(500, "{}")])))
        .collect();
    let all = |policy: &Value| {
        let to = |name: &str, next: &[&str]| route(name, &[servers[name].address], next);
        table_with(
            policy,
            &[
                to("m", &["a", "b"]),
                to("a", &["c"]),
                to("b", &["c", "m"]),
                to("c", &["a"]),
            ],
        )
    };
    let lab = Lab::new(all(&json!({"retries": 0})));
    assert_eq!(lab.client().chat("m").code(), "upstream_failed");
    for (name, server) in &servers {
        assert_eq!(server.seen().len(), 1, "{name}");
        server.now(vec![vec![Do::UntilClosed]]);
    }
    lab.assert_alive();
    // All together have the time that one request has.
    let lab = Lab::new(all(
        &json!({"retries": 0, "timeout_ms": 400, "deadline_ms": 600}),
    ));
    let start = Instant::now();
    let answer = lab.client().chat("m");
    assert_eq!(answer.status, 504);
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert!(
        servers
            .values()
            .map(|it| it.seen().len() - 1)
            .sum::<usize>()
            <= 2
    );
    lab.assert_alive();
}

#[test]
fn p119_what_is_left_alone_is_timed_by_a_clock_that_nobody_sets() {
    // The wall clock is read for dates in `Retry-After` and for the log; nothing that waits asks it.
    for (file, text) in [
        (
            "deployment",
            include_str!("../../../src/proxy/deployment.rs"),
        ),
        ("pick", include_str!("../../../src/proxy/pick.rs")),
        ("upstream", include_str!("../../../src/proxy/upstream.rs")),
        ("attempt", include_str!("../../../src/proxy/attempt.rs")),
        ("relay", include_str!("../../../src/proxy/relay.rs")),
        ("serve", include_str!("../../../src/proxy/serve.rs")),
        ("guesses", include_str!("../../../src/proxy/guesses.rs")),
    ] {
        assert!(!text.contains("SystemTime"), "{file}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn p119_a_clock_that_is_set_ends_nothing_early_and_holds_nothing_up() {
    let Some(faketime) = tools::program("faketime") else {
        return;
    };
    let told = std::process::Command::new(faketime)
        .args(["-f", "+0", "env"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let preload = told.lines().find_map(|it| it.strip_prefix("LD_PRELOAD="));
    let preload = preload.expect("it fakes by what it loads");
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set = |to: &str| std::fs::write(&clock, to).unwrap();
    let lab = |wait: &str| {
        set("+0");
        let wait = format!("Retry-After: {wait}\r\n");
        let script = vec![vec![json_with(429, &wait, "{}")], vec![json(200, ANSWER)]];
        let server = Upstream::new(script);
        let policy = json!({"retries": 0});
        let start = Start::new(table_with(&policy, &[route("m", &[server.address], &[])]))
            .env("LD_PRELOAD", preload)
            .env("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())
            .env("FAKETIME_NO_CACHE", "1")
            // Setting a clock does not move the one that only runs.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
        (server, start.run())
    };
    let year = |lab: &Lab, status: u16| {
        let line = lab.wait_for(|it| it["status"] == status && it["handle"] == "m");
        line["time"].as_str().unwrap()[..4].parse::<i32>().unwrap()
    };
    // Two years later a minute is not over.
    let (server, late) = lab("60");
    assert_eq!(late.client().chat("m").status, 429);
    // The line is written behind the answer, and the clock is not set before.
    let before = year(&late, 429);
    set("+730d");
    assert_eq!(late.client().chat("m").code(), "all_deployments_cooling");
    assert_eq!(server.seen().len(), 1);
    assert_eq!(year(&late, 503) - before, 2, "the clock was not set");
    // Two years earlier a second is over in a second.
    let (_server, early) = lab("1");
    assert_eq!(early.client().chat("m").status, 429);
    let before = year(&early, 429);
    set("-730d");
    let start = Instant::now();
    while early.client().chat("m").status != 200 {
        assert!(start.elapsed() < PATIENCE);
    }
    assert_eq!(before - year(&early, 200), 2, "the clock was not set");
    early.assert_alive();
}

#[test]
fn p120_a_reload_keeps_who_is_left_alone() {
    let server = Upstream::always(vec![json_with(429, "Retry-After: 60\r\n", "{}")]);
    let all = table(&[route("m", &[server.address], &[])]);
    let lab = Lab::new(all.clone());
    assert_eq!(lab.client().chat("m").status, 429);
    let mut more = table(&[
        route("m", &[server.address], &[]),
        route("n", &[server.address], &[]),
    ]);
    lab.reload(&more);
    assert_eq!(lab.client().chat("m").code(), "all_deployments_cooling");
    assert_eq!(server.seen().len(), 1);
    // Another server under the same name is another one.
    let other = good();
    more["routes"][0]["deployments"][0] = deployment("m-0", other.address, 0);
    lab.reload(&more);
    assert_eq!(lab.client().chat("m").status, 200);
    lab.reload(&all);
    lab.assert_alive();
}
