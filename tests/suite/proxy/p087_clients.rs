//! P087-P100: clients that go, stand still, come in crowds or vanish, and what it costs the others.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Client, chat};
use super::lab::{Lab, Start, route, table};
use super::upstream::{
    ANSWER, DONE, Do, PATIENCE, Upstream, chunk, finish, held_stream, json, last_chunk,
    stream_head, token,
};

fn lab_with(server: &Upstream) -> Lab {
    start_with(server, &[])
}

fn start_with(server: &Upstream, arguments: &[&str]) -> Lab {
    Start::new(table(&[route("m", &[server.address], &[])]))
        .arguments(arguments)
        .run()
}

fn good() -> Upstream {
    Upstream::always(vec![json(200, ANSWER)])
}

/// Waits until something holds that takes the proxy a moment.
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

fn nobody_is_served(lab: &Lab) {
    until("a request stays", || {
        let deployments = lab.status()["routes"][0]["deployments"][0]["in_flight"].clone();
        deployments == 0
    });
}

#[test]
fn p087_a_client_that_goes_in_the_middle() {
    for (path, body, before) in [
        ("/v1/chat/completions", chat("m", true), vec![stream_head(), chunk(&token("a"))]),
        (
            "/v1/responses",
            r#"{"model":"m","stream":true}"#.to_owned(),
            vec![stream_head(), chunk("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"content\"}\n\n")],
        ),
        (
            "/v1/messages",
            r#"{"model":"m","stream":true}"#.to_owned(),
            vec![stream_head(), chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"content\"}}\n\n")],
        ),
        (
            "/v1/audio/speech",
            r#"{"model":"m"}"#.to_owned(),
            vec![Do::Send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 1000\r\n\r\ncontent".to_vec())],
        ),
        (
            "/v1/embeddings",
            r#"{"model":"m"}"#.to_owned(),
            vec![Do::Send(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n\"content{}", "a".repeat(100_000)).into_bytes())],
        ),
    ] {
        let server = Upstream::always(before.into_iter().chain([Do::UntilClosed]).collect());
        let lab = lab_with(&server);
        let mut client = lab.client();
        client.post(path, &body);
        client.until("content");
        let start = Instant::now();
        drop(client);
        let took = server.closed().saturating_duration_since(start);
        // At once, and not at the next event or limit.
        assert!(took < Duration::from_secs(5), "{path}: {took:?}");
        nobody_is_served(&lab);
        lab.assert_alive();
    }
}

#[test]
fn p088_a_client_that_goes_before_the_first_word() {
    for before in [
        vec![],
        vec![stream_head()],
        vec![stream_head(), chunk(": ping\n\n")],
    ] {
        let server = Upstream::always(before.into_iter().chain([Do::UntilClosed]).collect());
        let lab = lab_with(&server);
        for stream in [false, true] {
            let mut client = lab.client();
            client.post("/v1/chat/completions", &chat("m", stream));
            server.wait_for(1 + usize::from(stream));
            drop(client);
            server.closed();
            nobody_is_served(&lab);
        }
        lab.wait_for(|it| it["status"] == 499 && it["error"] == "client_gone");
        lab.assert_alive();
    }
    // Also while it waits for another try.
    let server = Upstream::always(vec![json(500, "{}")]);
    let mut all = table(&[route("m", &[server.address], &[])]);
    all["policy"] = json!({"retry_after_ms": 8000, "retries": 5});
    let lab = Lab::new(all);
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", false));
    server.wait_for(1);
    drop(client);
    lab.wait_for(|it| it["error"] == "client_gone" || it["status"] == 499);
    nobody_is_served(&lab);
    lab.assert_alive();
}

#[test]
fn p089_a_client_that_closes_its_half_has_gone() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let lab = lab_with(&server);
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    client.half_close();
    server.closed();
    nobody_is_served(&lab);
    lab.assert_alive();
}

#[test]
fn p090_many_large_streams_dropped_at_once() {
    let large: Vec<u8> = chunk_bytes(&token(&"a".repeat(8000))).repeat(640);
    let server = Upstream::always(vec![stream_head(), Do::Send(large), Do::UntilClosed]);
    let lab = lab_with(&server);
    let mut clients: Vec<Client> = (0..30).map(|_| lab.client()).collect();
    for client in &mut clients {
        client.post("/v1/chat/completions", &chat("m", true));
    }
    for client in &mut clients {
        client.head();
    }
    drop(clients);
    for _ in 0..20 {
        lab.assert_alive();
    }
    nobody_is_served(&lab);
}

fn chunk_bytes(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

#[cfg(target_os = "linux")]
#[test]
fn p091_a_slow_reader_slows_its_own_server_alone() {
    // Far more than all sockets on the way can hold.
    let large: Vec<u8> = chunk_bytes(&token(&"a".repeat(60_000))).repeat(700);
    let server = Upstream::always(vec![
        stream_head(),
        Do::Send(large),
        chunk(&finish()),
        chunk(DONE),
        last_chunk(),
    ]);
    let lab = lab_with(&server);
    lab.assert_alive();
    let before = lab.peak_memory();
    let mut slow = lab.client();
    slow.post("/v1/chat/completions", &chat("m", true));
    slow.until(&token(&"a".repeat(60_000)));
    server.now(vec![vec![json(200, ANSWER)]]);
    for _ in 0..50 {
        assert_eq!(lab.client().chat("m").status, 200);
    }
    let grown = lab.peak_memory().saturating_sub(before);
    assert!(
        grown < 3 * 1024 * 1024,
        "{grown} for one that does not read"
    );
    // When it reads on, nothing is missing.
    let rest = slow.until(DONE);
    assert_eq!(rest.matches("data: ").count(), 701);
    lab.assert_alive();
}

#[cfg(target_os = "linux")]
#[test]
fn p092_readers_that_never_read() {
    const READERS: usize = 8;
    let large: Vec<u8> = chunk_bytes(&token(&"a".repeat(60_000))).repeat(300);
    let server = Upstream::always(vec![stream_head(), Do::Send(large), Do::UntilClosed]);
    let lab = start_with(&server, &["--write-timeout", "0.5"]);
    lab.assert_alive();
    let before = lab.peak_memory();
    let mut readers: Vec<Client> = (0..READERS).map(|_| lab.client()).collect();
    for reader in &readers {
        // The system would take megabytes for them otherwise.
        let socket = socket2::SockRef::from(&reader.stream);
        socket.set_recv_buffer_size(16 * 1024).unwrap();
    }
    for reader in &mut readers {
        reader.post("/v1/chat/completions", &chat("m", true));
    }
    server.wait_for(READERS);
    nobody_is_served(&lab);
    let grown = lab.peak_memory().saturating_sub(before);
    assert!(grown < READERS * 512 * 1024, "{grown}");
    lab.assert_alive();
    drop(readers);
}

#[test]
fn p093_heads_that_come_slowly() {
    let server = good();
    let lab = start_with(&server, &["--head-timeout", "0.5"]);
    let mut slow: Vec<Client> = (0..200).map(|_| lab.client()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        client.send(&"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nA: b"[..20 + number % 20]);
    }
    // The others are served meanwhile.
    for _ in 0..20 {
        assert_eq!(lab.client().chat("m").status, 200);
    }
    for client in &mut slow {
        let answer = client.answer();
        assert_eq!((answer.status, &*answer.code()), (408, "request_timeout"));
        assert!(client.is_closed());
    }
    // A byte now and then does not make it longer.
    let mut client = lab.client();
    let start = Instant::now();
    client.stream.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while start.elapsed() < PATIENCE && is_open(&client.stream) {
        sent += usize::from(std::io::Write::write(&mut client.stream, b"G").is_ok());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(sent > 2 && start.elapsed() < PATIENCE, "{sent}");
    // And one that is idle is closed without a word.
    let lab = start_with(&server, &["--keep-alive", "0.3"]);
    assert!(lab.client().is_closed());
    let mut client = lab.client();
    assert_eq!(client.get("/v1/models").answer().status, 200);
    assert!(client.is_closed());
    lab.assert_alive();
}

/// True while the other side has neither closed nor answered.
fn is_open(stream: &TcpStream) -> bool {
    matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn p094_bodies_that_come_slowly() {
    let server = good();
    let lab = start_with(&server, &["--body-timeout", "0.4"]);
    for (fields, part) in [
        ("Content-Length: 1000\r\n", "{\"model\":"),
        ("Transfer-Encoding: chunked\r\n", "5\r\n{\"mo"),
        ("Transfer-Encoding: chunked\r\n", ""),
        ("Content-Length: 40000000\r\n", "{"),
    ] {
        let mut client = lab.client();
        client.send(format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}\r\n{part}"
        ));
        let answer = client.answer();
        assert_eq!(
            (answer.status, &*answer.code()),
            (408, "body_timeout"),
            "{fields}"
        );
        assert!(client.is_closed());
        lab.assert_alive();
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn p095_more_connections_than_there_may_be() {
    let server = good();
    let lab = start_with(&server, &["--max-connections", "10"]);
    let mut all: Vec<Client> = (0..30).map(|_| lab.client()).collect();
    for client in &mut all {
        client.get("/v1/models");
    }
    let mut count = 0;
    // Those that are in are served; one that leaves makes room for one that waits.
    for mut client in all {
        assert_eq!(client.answer().status, 200);
        count += 1;
    }
    assert_eq!(count, 30);
    // Operators are not shut out by a crowd.
    let crowd: Vec<Client> = (0..30).map(|_| lab.client()).collect();
    assert!(lab.status()["routes"].is_array());
    drop(crowd);
    let start = Instant::now();
    lab.assert_alive();
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[cfg(target_os = "linux")]
#[test]
fn p096_few_descriptors() {
    let server = Upstream::always(held_stream());
    let lab = Start::new(table(&[route("m", &[server.address], &[])]))
        .under(&["sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .run();
    let mut live = lab.client();
    live.post("/v1/chat/completions", &chat("m", true));
    live.until(&token("a"));
    let crowd: Vec<Client> = (0..200).map(|_| lab.client()).collect();
    // Nothing can be waited for here: what is measured is that nothing happens.
    let before = lab.ticks();
    std::thread::sleep(Duration::from_millis(500));
    let spent = lab.ticks() - before;
    assert!(spent <= 10, "{spent} ticks of 50");
    assert!(lab.status()["routes"].is_array(), "operators are let in");
    server.go();
    live.until(DONE);
    drop(crowd);
    lab.assert_alive();
    // Nobody was blamed for it.
    assert_eq!(lab.status()["last_errors"], json!([]));
}

#[cfg(target_os = "linux")]
#[test]
fn p097_peers_that_vanish_are_asked_for() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let lab = lab_with(&server);
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    // The system's own table says when a connection is asked whether it still lives.
    let hex = |it: std::net::SocketAddr| format!("0100007F:{:04X}", it.port());
    let (ours, theirs) = (hex(lab.address), hex(client.stream.local_addr().unwrap()));
    let Ok(rows) = std::fs::read_to_string("/proc/net/tcp") else {
        crate::tools::tell("the system has no table of connections");
        return;
    };
    let row = rows
        .lines()
        .map(|it| it.split_whitespace().collect::<Vec<_>>())
        .find(|it| it.get(1) == Some(&&*ours) && it.get(2) == Some(&&*theirs))
        .expect("the connection is in the table");
    let (kind, when) = row[5].split_once(':').unwrap();
    assert_eq!(kind, "02", "a timer of keep-alive: {row:?}");
    assert!(
        u64::from_str_radix(when, 16).unwrap() <= 30 * 100 + 100,
        "{row:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn p098_idle_streams_cost_little_and_leave_nothing() {
    const STREAMS: usize = 200;
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let lab = lab_with(&server);
    lab.assert_alive();
    let hold = || {
        let mut streams: Vec<Client> = (0..STREAMS).map(|_| lab.client()).collect();
        for client in &mut streams {
            client.post("/v1/chat/completions", &chat("m", true));
        }
        for client in &mut streams {
            client.until(&token("a"));
        }
        streams
    };
    let before = lab.resident_memory();
    let streams = hold();
    let grown = lab.resident_memory().saturating_sub(before);
    assert!(
        grown / STREAMS < 32 * 1024,
        "{} for each stream",
        grown / STREAMS
    );
    drop(streams);
    nobody_is_served(&lab);
    let after = lab.resident_memory();
    // The same again fits where the first ones were.
    drop(hold());
    nobody_is_served(&lab);
    assert!(lab.resident_memory() <= after + after / 10);
    lab.assert_alive();
}

#[cfg(target_os = "linux")]
#[test]
fn p100_what_does_not_fit_in_memory_is_turned_away() {
    let server = Upstream::always(vec![Do::Wait, json(200, ANSWER)]);
    let lab = start_with(&server, &["--max-buffered", "5000000"]);
    lab.assert_alive();
    let before = lab.peak_memory();
    let body = format!(r#"{{"model":"m","x":"{}"}}"#, "a".repeat(2_000_000));
    let mut held: Vec<Client> = (0..2).map(|_| lab.client()).collect();
    for client in &mut held {
        client.post("/v1/chat/completions", &body);
    }
    server.wait_for(2);
    for _ in 0..20 {
        let answer = lab.client().post("/v1/chat/completions", &body).answer();
        assert_eq!((answer.status, &*answer.code()), (503, "overloaded"));
        assert!(answer.field("retry-after").is_some());
        lab.assert_alive();
    }
    let grown = lab.peak_memory().saturating_sub(before);
    assert!(grown < 8_000_000, "{grown}");
    assert_eq!(server.seen().len(), 2);
    for client in &mut held {
        server.go();
        assert_eq!(client.answer().status, 200);
    }
    // What was given back is there for the next.
    server.go();
    assert_eq!(
        lab.client()
            .post("/v1/chat/completions", &body)
            .answer()
            .status,
        200
    );
    // Small requests always fit.
    server.go();
    assert_eq!(lab.client().chat("m").status, 200);
    lab.assert_alive();
}
