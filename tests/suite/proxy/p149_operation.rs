//! P149-P160: signals, ends, what is written where, and a start into a platform that is not there yet.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::client::{Client, chat};
use super::lab::{Lab, Start, route, table, table_with};
use super::upstream::{
    ANSWER, Do, PATIENCE, Upstream, chunk, json, stream_head, token, whole_stream,
};
use crate::tools;

#[test]
fn p149_a_hundred_reloads_at_once_are_a_few() {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let all = |name: &str| table(&[route(name, &[server.address], &[])]);
    let lab = Lab::new(all("m"));
    for _ in 0..100 {
        lab.signal(Signal::HUP);
    }
    lab.reload(&all("n"));
    // Signals that come while a table is taken are one: what counts is that the last table is there.
    let start = Instant::now();
    while lab.client().chat("n").status != 200 {
        assert!(start.elapsed() < PATIENCE);
    }
    let reloads = lab
        .log()
        .iter()
        .filter(|it| it["event"] == "reloaded")
        .count();
    assert!((1..=60).contains(&reloads), "{reloads}");
    lab.assert_alive();
}

#[test]
fn p150_an_end_takes_nothing_new_and_says_goodbye() {
    let server = Upstream::always(vec![Do::Wait, json(200, ANSWER)]);
    let mut lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut idle = lab.client();
    assert_eq!(idle.get("/v1/models").answer().status, 200);
    let mut busy = lab.client();
    busy.post("/v1/chat/completions", &chat("m", false));
    server.wait_for(1);
    lab.signal(Signal::TERM);
    lab.wait_for_event("draining");
    assert!(idle.is_closed());
    let start = Instant::now();
    while TcpStream::connect(lab.address).is_ok() {
        assert!(
            start.elapsed() < PATIENCE,
            "new connections are still taken"
        );
    }
    server.go();
    let answer = busy.answer();
    assert_eq!(
        (answer.text(), answer.field("connection")),
        (ANSWER, Some("close"))
    );
    assert!(busy.is_closed());
    assert_eq!(lab.child.wait().unwrap().code(), Some(0));
}

#[test]
fn p152_what_has_come_when_the_end_begins_is_answered() {
    const EACH: usize = 150;
    let server = Upstream::always(vec![json(200, ANSWER)]);
    for threads in ["1", "2"] {
        let mut start = Start::new(table(&[route("m", &[server.address], &[])]));
        start.arguments = vec!["--threads".to_owned(), threads.to_owned()];
        let mut lab = start.run();
        let mut clients: Vec<Client> = (0..EACH).map(|_| lab.client()).collect();
        for client in &mut clients {
            assert_eq!(client.get("/v1/models").answer().status, 200);
        }
        // Requests on connections that are kept, on new ones and a part of one, a connection that says nothing yet, and the signal: all of it is there at the same instant.
        lab.signal(Signal::STOP);
        clients.extend((0..EACH).map(|_| lab.client()));
        for client in &mut clients {
            client.post("/v1/chat/completions", &chat("m", false));
        }
        let mut part = lab.client();
        part.send("GET /v1/models HT");
        let mut silent = lab.client();
        lab.signal(Signal::TERM);
        lab.signal(Signal::CONT);
        for (at, client) in clients.iter_mut().enumerate() {
            let answer = client.answer();
            assert_eq!((answer.status, answer.text()), (200, ANSWER), "{at}");
            assert!(client.is_closed());
        }
        lab.wait_for_event("draining");
        part.send("TP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = part.answer();
        assert_eq!(
            (answer.status, answer.field("connection")),
            (200, Some("close"))
        );
        // Nobody waits long for one that never says a word.
        assert!(silent.is_closed());
        assert_eq!(lab.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn p151_signals_that_come_twice_or_mean_nothing() {
    let server = Upstream::always(vec![stream_head(), chunk(&token("a")), Do::UntilClosed]);
    let mut lab = Start::new(table(&[route("m", &[server.address], &[])]))
        .arguments(&["--grace", "600"])
        .run();
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until(&token("a"));
    lab.signal(Signal::PIPE);
    lab.assert_alive();
    lab.signal(Signal::HUP);
    lab.wait_for_event("reloaded");
    lab.assert_alive();
    lab.signal(Signal::TERM);
    lab.wait_for_event("draining");
    lab.signal(Signal::INT);
    // Nobody waits ten minutes for it.
    client.until("shutting_down");
    assert_eq!(lab.child.wait().unwrap().code(), Some(0));
    server.closed();
}

#[cfg(target_os = "linux")]
#[test]
fn p158_it_writes_no_file() {
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
        "trace=open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat,truncate",
        "-o",
        calls.to_str().unwrap(),
    ];
    let server = Upstream::new(vec![
        vec![json(200, ANSWER)],
        vec![json(500, "{}")],
        whole_stream(),
    ]);
    let all = table(&[route("m", &[server.address], &[])]);
    let mut lab = Start::new(all.clone()).under(&watch).run();
    assert_eq!(lab.client().chat("m").status, 200);
    assert_eq!(lab.client().stream("m").status, 200);
    lab.client().send("garbage\r\n\r\n").answer();
    lab.reload(&all);
    let _ = lab.status();
    lab.signal(Signal::TERM);
    assert!(lab.child.wait().unwrap().success());
    let calls = std::fs::read_to_string(&calls).unwrap();
    assert!(calls.contains("routes.json"), "it watches nothing: {calls}");
    for call in calls.lines() {
        let is_read = call.contains("O_RDONLY")
            || call.contains("resumed")
            || call.contains("+++")
            || call.contains("---");
        let is_nothing = ["/dev/null", "/dev/tty"].iter().any(|it| call.contains(it));
        assert!(is_read || is_nothing, "{call}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn p159_no_core_file_and_no_louder_log() {
    let server = Upstream::always(vec![json(500, "{}")]);
    let mut all = table_with(
        &json!({"retries": 0}),
        &[route("m", &[server.address], &[])],
    );
    all["master_key"] = json!("MASTER");
    all["routes"][0]["deployments"][0]["key"] = json!("SERVER_KEY");
    let lab = Start::new(all)
        .env("MASTER", "sk-master-canary")
        .env("SERVER_KEY", "sk-server-canary")
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .run();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", lab.child.id())).unwrap();
    let core = limits
        .lines()
        .find(|it| it.starts_with("Max core file size"))
        .unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    let key = "Authorization: Bearer sk-master-canary\r\n";
    let answer = lab
        .client()
        .post_with("/v1/chat/completions", key, &chat("m", false))
        .answer();
    assert_eq!(answer.status, 502);
    lab.wait_for(|it| it["status"] == 502);
    let told =
        serde_json::to_string(&lab.log()).unwrap() + &lab.status().to_string() + answer.text();
    assert!(!told.contains("canary"), "{told}");
    lab.assert_alive();
}

#[test]
fn p160_it_starts_before_the_servers_do() {
    let nobody = Upstream::nobody();
    let lab = Lab::new(table_with(
        &json!({"allowed_fails": 0, "cooldown_ms": 100}),
        &[route("m", &[nobody], &[])],
    ));
    lab.assert_alive();
    assert_eq!(lab.client().get("/v1/models").answer().status, 200);
    assert_eq!(lab.client().chat("m").code(), "upstream_unreachable");
    // As soon as the server is there it is used.
    let server = Upstream::at(nobody, vec![vec![json(200, ANSWER)]]);
    let start = Instant::now();
    while lab.client().chat("m").status != 200 {
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    drop(server);
    lab.assert_alive();
}
