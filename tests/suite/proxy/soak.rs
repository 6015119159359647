//! Hours in miniature: requests, faults of every sort and reloads at once, after which memory and descriptors are what they were.
//!
//! `HOMELAB_SOAK_SECONDS` says for how long: a few seconds when it is unset, two minutes in `tests/run`, an hour by hand.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::chat;
use super::lab::{Lab, route, table_with};
use super::load::footprint;
use super::upstream::{
    ANSWER, DONE, Do, PATIENCE, Upstream, chunk, finish, json, json_with, last_chunk, stream_head,
    token, whole_stream,
};
use crate::tools;

/// How long it takes when nobody says.
const USUAL: u64 = 6;

/// How many clients ask at once.
const CLIENTS: usize = 6;

fn length() -> Duration {
    let said = std::env::var("HOMELAB_SOAK_SECONDS").ok();
    Duration::from_secs(said.map_or(USUAL, |it| it.parse().expect("a number of seconds")))
}

/// A server that works, and one for each way of not working.
fn servers() -> Vec<Upstream> {
    let stalls = vec![stream_head(), chunk(&token("a")), Do::UntilClosed];
    let big = "x".repeat(200_000);
    let scripts = [
        vec![json(200, ANSWER)],
        vec![Do::Close],
        vec![Do::Reset],
        vec![json(503, "{}")],
        vec![json_with(429, "Retry-After: 0\r\n", "{}")],
        vec![stream_head(), Do::Close],
        vec![stream_head(), chunk(&token("a")), Do::Reset],
        vec![
            Do::Send(
                b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\nno".to_vec(),
            ),
            Do::Close,
        ],
        vec![Do::Send(vec![0xff; 4000]), Do::Close],
        vec![json(200, &big)],
        vec![
            stream_head(),
            chunk(&token(&big)),
            chunk(&finish()),
            chunk(DONE),
            last_chunk(),
        ],
        stalls,
    ];
    let mut servers: Vec<Upstream> = scripts.into_iter().map(Upstream::always).collect();
    servers.push(Upstream::always(whole_stream()));
    servers
}

fn routes(servers: &[Upstream], more: bool) -> serde_json::Value {
    // Stalls and cooldowns are short, so that many fit.
    let policy = json!({"idle_timeout_ms": 100, "stream_timeout_ms": 500, "cooldown_ms": 50, "retry_after_ms": 1, "retries": 1});
    let mut all: Vec<_> = servers
        .iter()
        .enumerate()
        .map(|(at, it)| route(&format!("m{at:02}"), &[it.address], &[]))
        .collect();
    all.push(route("gone", &[Upstream::nobody()], &["m00"]));
    if more {
        all.push(route("more", &[servers[0].address], &[]));
    }
    table_with(&policy, &all)
}

/// One client's life: every server in turn, in clear and streamed, and every third time it goes before the end.
fn client(lab: &Lab, names: &[String], first: usize, over: &AtomicBool, asked: &AtomicUsize) {
    for number in first.. {
        if over.load(SeqCst) {
            return;
        }
        let name = &names[number % names.len()];
        let streamed = number % 2 == 0;
        let mut client = lab.client();
        match number % 6 {
            0 => {
                // It goes while the server thinks, or in the midst of the answer.
                client.post("/v1/chat/completions", &chat(name, streamed));
            }
            1 => {
                client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"model\":");
            }
            2 => {
                client.send("GET / HTTP/9.9\r\n\r\n");
                assert!(client.head().starts_with("HTTP/1.1 "));
            }
            _ => {
                client.post("/v1/chat/completions", &chat(name, streamed));
                client.answer();
            }
        }
        asked.fetch_add(1, SeqCst);
    }
}

/// Waits until all that was under way is over, and says what is left.
fn settled(lab: &Lab) -> (u64, usize) {
    let start = Instant::now();
    while lab.status()["in_flight"] != 0 {
        assert!(start.elapsed() < PATIENCE, "{}", lab.status());
        thread::sleep(Duration::from_millis(20));
    }
    footprint(lab)
}

#[test]
#[cfg(target_os = "linux")]
fn a_soak_with_faults_leaves_memory_and_descriptors_flat() {
    let servers = servers();
    let lab = Lab::new(routes(&servers, false));
    let names: Vec<String> = (0..servers.len())
        .map(|at| format!("m{at:02}"))
        .chain(["gone".to_owned(), "none".to_owned()])
        .collect();
    let asked = AtomicUsize::new(0);
    let mut more = false;
    let mut part = |time: Duration| {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for first in 0..CLIENTS {
                let (lab, names, over, asked) = (&lab, &names, &over, &asked);
                scope.spawn(move || client(lab, names, first * 7, over, asked));
            }
            let start = Instant::now();
            while start.elapsed() < time {
                more = !more;
                lab.reload(&routes(&servers, more));
                thread::sleep(Duration::from_millis(200));
                // What was told of so far is enough: the log of an hour is long.
                lab.forget();
                servers.iter().for_each(Upstream::forget);
            }
            over.store(true, SeqCst);
        });
        settled(&lab)
    };
    let time = length();
    // Buffers and pools have their size after the first third.
    let early = part(time / 3);
    let late = part(time * 2 / 3);
    lab.assert_alive();
    let count = asked.load(SeqCst);
    tools::note(&format!(
        "{} s, {count} requests; memory {} KiB and {} descriptors after a third, {} KiB and {} at the end",
        time.as_secs(),
        early.0,
        early.1,
        late.0,
        late.1
    ));
    assert!(count > 50, "{count}");
    assert!(late.0 <= early.0 + early.0 / 4 + 2048, "{early:?} {late:?}");
    assert!(late.1 <= early.1 + 32, "{early:?} {late:?}");
}
