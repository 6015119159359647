//! Many at once: reloads under load, streams that idle by the thousand, and streams that are dropped together.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Client, chat};
use super::clients::script;
use super::lab::{Lab, Start, route, table, table_with};
use super::supervised::{Notified, reload};
use super::upstream::{
    ANSWER, DONE, Do, PATIENCE, Upstream, chunk, held_stream, json, stream_head, token,
};
use crate::tools;

/// How often the table is swapped while requests are under way.
const RELOADS: usize = 1000;

/// How many streams idle at once.
const IDLE: usize = 10_000;

/// What they may take of memory, in kibibytes.
const MOST_MEMORY: u64 = 160 * 1024;

#[test]
fn p146_a_thousand_reloads_fail_no_request_and_cut_no_stream() {
    let quick = Upstream::always(vec![json(200, ANSWER)]);
    let slow = Upstream::always(held_stream());
    let routes = |more: &str| {
        table(&[
            route("m", &[quick.address], &[]),
            route("slow", &[slow.address], &[]),
            route(more, &[quick.address], &[]),
        ])
    };
    let systemd = Notified::new();
    let lab = Start::new(routes("even"))
        .env("NOTIFY_SOCKET", &systemd.name())
        .run();
    systemd.until("READY=1");
    let mut streams: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = lab.client();
            client.post("/v1/chat/completions", &chat("slow", true));
            client.until(&token("a"));
            client
        })
        .collect();
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = lab.client();
                while !over.load(SeqCst) {
                    let answer = client.chat("m");
                    assert_eq!((answer.status, answer.text()), (200, ANSWER));
                    answered.fetch_add(1, SeqCst);
                }
            });
        }
        let swapping = || {
            for number in 0..RELOADS {
                let more = if number % 2 == 0 { "odd" } else { "even" };
                reload(&lab, &systemd, &routes(more));
            }
        };
        let swapped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(swapping));
        over.store(true, SeqCst);
        assert!(swapped.is_ok(), "a reload was not told of");
    });
    for client in &mut streams {
        slow.go();
        client.until(DONE);
    }
    let status = lab.status();
    assert!(
        status["reloads"].as_u64() >= Some(RELOADS as u64),
        "{status}"
    );
    assert_eq!(status["reloads_refused"], 0);
    assert!(answered.load(SeqCst) > 100, "{answered:?}");
    // The table that is left is the last one. The proxy looks at the file by itself too, so what was told last may have been of that, with our last signal still on its way.
    let start = Instant::now();
    while lab.client().get("/v1/models/even").answer().status != 200 {
        assert!(
            start.elapsed() < PATIENCE,
            "the last table was never served"
        );
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(lab.client().get("/v1/models/odd").answer().status, 404);
}

/// Lets this process open as many files as it ever may, and says how many that is.
fn open_more_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let enough = Some(3 * IDLE as u64);
    let more = |maximum| {
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: maximum,
                maximum,
            },
        )
    };
    // Only some may raise what the system set; the others have that.
    if maximum.is_some_and(|it| Some(it) < enough) && more(enough).is_err() || maximum.is_none() {
        let _ = more(maximum);
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

async fn idle_stream(proxy: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(proxy).await.expect("it takes us");
    let body = chat("m", true);
    let length = body.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut seen, event) = (Vec::new(), token("a"));
    while !seen.windows(event.len()).any(|it| it == event.as_bytes()) {
        let count = stream.read_buf(&mut seen).await.unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&seen));
    }
    stream
}

/// Memory and descriptors of a process: kibibytes, and a count.
pub(super) fn footprint(lab: &Lab) -> (u64, usize) {
    let files = format!("/proc/{}/fd", lab.child.id());
    let files = std::fs::read_dir(files).expect("its descriptors");
    (lab.memory("VmRSS:") as u64 / 1024, files.count())
}

#[test]
#[cfg(target_os = "linux")]
fn p098_ten_thousand_idle_streams_fit_in_160_mib() {
    let Some(python) = tools::program("python3") else {
        return;
    };
    // The proxy needs two for each stream, and some for itself.
    let most = usize::try_from((open_more_files() - 100) / 2).unwrap_or(IDLE);
    let count = IDLE.min(most / 100 * 100);
    if count < IDLE {
        tools::tell(&format!("files for no more than {count} streams"));
    }
    let mut server = Command::new(python)
        .arg(script("idle_server.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], line.trim().parse().unwrap()));
    let lab = Lab::new(table(&[route("m", &[address], &[])]));
    let before = footprint(&lab);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut streams = Vec::with_capacity(count);
        while streams.len() < count {
            // No more at once than the backlog of a listener takes.
            let some: Vec<_> = (0..100)
                .map(|_| tokio::spawn(idle_stream(lab.address)))
                .collect();
            for stream in some {
                streams.push(stream.await.expect("a stream that idles"));
            }
        }
        let (memory, files) = footprint(&lab);
        tools::note(&format!(
            "{memory} KiB and {files} descriptors with {count} streams, {} KiB before",
            before.0
        ));
        assert!(files >= 2 * count, "{files} descriptors");
        assert!(memory * IDLE as u64 / (count as u64) < MOST_MEMORY);
        drop(streams);
    });
    // All that they took is given back, the calls to the server too.
    let start = Instant::now();
    while footprint(&lab).1 > before.1 + 50 {
        assert!(start.elapsed() < PATIENCE * 3, "{:?}", footprint(&lab));
        thread::sleep(Duration::from_millis(20));
    }
    lab.assert_alive();
    let _ = server.kill();
    let _ = server.wait();
}

#[test]
fn p090_thirty_streams_of_five_mebibytes_dropped_at_once_leave_it_ready() {
    let event = token(&"x".repeat(8 * 1024));
    let mut script = vec![stream_head()];
    script.extend((0..640).map(|_| chunk(&event)));
    script.push(Do::UntilClosed);
    let server = Upstream::always(script);
    let good = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table_with(
        &json!({"cooldown_ms": 60_000, "allowed_fails": 1}),
        &[
            route("m", &[server.address], &[]),
            route("n", &[good.address], &[]),
        ],
    ));
    let together = Arc::new(std::sync::Barrier::new(30));
    let clients: Vec<_> = (0..30)
        .map(|_| {
            let (mut client, together) = (lab.client(), Arc::clone(&together));
            thread::spawn(move || {
                client.post("/v1/chat/completions", &chat("m", true));
                client.until("xxxxxxxx");
                together.wait();
                drop(client);
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let start = Instant::now();
    assert_eq!(lab.client().get("/health/readiness").answer().status, 200);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert_eq!(lab.client().chat("n").status, 200);
    // That clients went is no failure of the server, which is asked again.
    let mut client = lab.client();
    client.post("/v1/chat/completions", &chat("m", true));
    client.until("xxxxxxxx");
    assert_eq!(lab.status()["routes"][0]["deployments"][0]["cooldowns"], 0);
}
