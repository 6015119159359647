//! P021-P022 on HTTP/2: frames that are none, and too many of those that are.

use super::http2_client::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEAD, HEADERS, Http2, PING, RST_STREAM, Raw,
    SETTINGS, WINDOW_UPDATE, frame, packed, preface, run,
};
use super::lab::{Lab, route, table};
use super::upstream::{ANSWER, Do, Upstream, json};

/// The reason of a connection that ends because of a flood.
const ENHANCE_YOUR_CALM: Option<u32> = Some(11);

/// How much a flood may cost.
#[cfg(target_os = "linux")]
const MOST: usize = 32 * 1024 * 1024;

fn start() -> (Upstream, Lab) {
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    (server, lab)
}

fn head(stream: u32, flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | flags, stream, &packed(fields))
}

/// Sends a part again and again, each time for another stream, until the proxy hangs up; returns the reason that it gives.
fn flood(lab: &Lab, first: &[u8], part: impl Fn(u32) -> Vec<u8>) -> Option<u32> {
    let mut raw = Raw::new(lab.address);
    raw.send(first);
    let mut stream = 1;
    // 64 MiB at most, in pieces that are worth a call.
    for _ in 0..1024 {
        let mut piece = Vec::new();
        while piece.len() < 64 * 1024 {
            piece.extend(part(stream));
            stream += 2;
        }
        if !raw.send(&piece) {
            break;
        }
    }
    raw.end()
}

#[test]
fn p021_streams_that_are_no_requests_end_alone() {
    let (server, lab) = start();
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        HEAD.iter().chain(more).copied().collect()
    };
    let without = |name: &str| -> Vec<(&str, &str)> {
        HEAD.iter().copied().filter(|it| it.0 != name).collect()
    };
    let mut raw = Raw::new(lab.address);
    let mut stream = 1;
    for fields in [
        with(&[("connection", "close")]),
        with(&[("transfer-encoding", "chunked")]),
        with(&[("upgrade", "h2c")]),
        with(&[("te", "gzip")]),
        with(&[(":status", "200")]),
        with(&[(":path", "/again")]),
        without(":path"),
        without(":scheme"),
        without(":method"),
    ] {
        raw.send(&head(stream, END_STREAM, &fields));
        let reset = loop {
            let (kind, on, payload) = raw
                .frame()
                .unwrap_or_else(|| panic!("only the stream ends: {fields:?}"));
            if on == stream {
                break (kind, payload);
            }
        };
        assert_eq!(reset, (RST_STREAM, vec![0, 0, 0, 1]), "{fields:?}");
        stream += 2;
    }
    assert!(server.seen().is_empty());
    lab.assert_alive();
}

#[test]
fn p021_a_length_that_is_not_kept_reaches_no_server() {
    let (server, lab) = start();
    let body = br#"{"model":"m","messages":[]}"#;
    for length in ["5", "100"] {
        let fields = [HEAD, &[("content-length", length)]].concat();
        let mut raw = Raw::new(lab.address);
        raw.send(&head(1, 0, &fields));
        raw.send(&frame(DATA, END_STREAM, 1, body));
        loop {
            match raw.frame() {
                Some((RST_STREAM, 1, reason)) => break assert_eq!(reason, [0, 0, 0, 1]),
                Some((HEADERS, 1, _)) => panic!("it was answered"),
                Some(_) => {}
                None => break,
            }
        }
        lab.assert_alive();
    }
    assert!(server.seen().is_empty());
}

#[test]
fn p022_bytes_that_are_no_frames_end_the_connection() {
    let (server, lab) = start();
    let after = |bytes: Vec<u8>| [preface(), bytes].concat();
    for (case, bytes) in [
        ("preface", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec()),
        (
            "no settings",
            [
                &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
                &frame(DATA, 0, 1, b"a"),
            ]
            .concat(),
        ),
        ("too long", after(frame(PING, 0, 0, &vec![0; 20_000]))),
        ("data on no stream", after(frame(DATA, 0, 0, b"a"))),
        ("data on an idle stream", after(frame(DATA, 0, 7, b"a"))),
        ("an even stream", after(head(2, END_STREAM, HEAD))),
        (
            "fields that are none",
            after(frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff; 40])),
        ),
        (
            "no continuation",
            after(
                [
                    frame(HEADERS, 0, 1, &packed(HEAD)),
                    frame(PING, 0, 0, &[0; 8]),
                ]
                .concat(),
            ),
        ),
        (
            "settings of odd length",
            after(frame(SETTINGS, 0, 0, &[0; 7])),
        ),
        (
            "a window too large",
            after(frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff])),
        ),
        (
            "an older stream",
            after([head(5, END_STREAM, HEAD), head(3, END_STREAM, HEAD)].concat()),
        ),
        (
            "a name with capitals",
            after(head(1, END_STREAM, &[HEAD, &[("Accept", "x")]].concat())),
        ),
        ("a push", after(frame(5, END_HEADERS, 1, &[0, 0, 0, 2]))),
    ] {
        let mut raw = Raw::silent(lab.address);
        raw.send(&bytes);
        let reason = raw.end();
        assert_ne!(reason, Some(0), "{case}");
        lab.assert_alive();
    }
    assert!(server.seen().iter().all(|it| it.head.starts_with("POST ")));
}

#[test]
fn p023_fields_that_are_too_many_or_too_long() {
    let (server, lab) = start();
    let long = "a".repeat(65 * 1024);
    for fields in [vec![("x", "y"); 101], vec![("x", &*long)]] {
        run(async {
            let mut client = Http2::new(lab.address).await;
            let mut asked = client.ask("POST", "/v1/chat/completions", &fields).await;
            asked.send(b"{}").await;
            let answer = asked.whole().await;
            assert_eq!((answer.status, &*answer.code()), (431, "headers_too_large"));
            assert_eq!(client.get("/v1/models").await.status, 200);
        });
    }
    // Beyond that they are not even unpacked.
    let large = [HEAD, &[("x", &*long); 10]].concat();
    let mut raw = Raw::new(lab.address);
    let block = packed(&large);
    let mut parts = block.chunks(16_000).peekable();
    raw.send(&frame(HEADERS, END_STREAM, 1, parts.next().unwrap()));
    while let Some(part) = parts.next() {
        let is_last = u8::from(parts.peek().is_none()) * END_HEADERS;
        raw.send(&frame(CONTINUATION, is_last, 1, part));
    }
    raw.end();
    assert!(server.seen().is_empty());
    lab.assert_alive();
}

/// Floods, while others ask how the proxy is. How long they wait is told and never a verdict, for a machine may be busy.
#[cfg(target_os = "linux")]
fn flood_beside_others(
    case: &str,
    lab: &Lab,
    first: &[u8],
    part: impl Fn(u32) -> Vec<u8>,
) -> Option<u32> {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    let (over, address) = (AtomicBool::new(false), lab.address);
    std::thread::scope(|scope| {
        let others = scope.spawn(|| {
            let mut waits = Vec::new();
            while waits.is_empty() || !over.load(Relaxed) {
                let start = std::time::Instant::now();
                let mut client = super::client::Client::new(address);
                assert_eq!(client.get("/health/readiness").answer().status, 200);
                waits.push(start.elapsed());
            }
            waits.sort_unstable();
            let at = |percent: usize| waits[(waits.len() - 1) * percent / 100];
            (at(50), at(99))
        });
        let reason = flood(lab, first, part);
        over.store(true, Relaxed);
        let (half, most) = others.join().expect("others are answered");
        let said = format!("{case}: others waited {half:?} (p50), {most:?} (p99)");
        crate::tools::note(&said);
        reason
    })
}

#[cfg(target_os = "linux")]
type Part<'a> = Box<dyn Fn(u32) -> Vec<u8> + 'a>;

#[cfg(target_os = "linux")]
#[test]
fn p022_floods_end_the_connection_and_cost_little() {
    let (_server, lab) = start();
    lab.assert_alive();
    let before = lab.peak_memory();
    let whole = |stream| head(stream, END_STREAM, HEAD);
    let reset = |stream| {
        [
            head(stream, 0, HEAD),
            frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]),
        ]
        .concat()
    };
    let bad_window = |stream| {
        [
            head(stream, 0, HEAD),
            frame(WINDOW_UPDATE, 0, stream, &[0; 4]),
        ]
        .concat()
    };
    // One long field that the table keeps, then named again and again.
    let mut bomb = vec![0x40];
    bomb.extend(packed(&[("x", &"a".repeat(4000))]).split_off(1));
    let bomb = [packed(HEAD), bomb, vec![0xbe; 12_000]].concat();
    let open = head(1, 0, HEAD);
    let floods: Vec<(&str, Vec<u8>, Part)> = vec![
        ("rapid reset", vec![], Box::new(reset)),
        ("made you reset", vec![], Box::new(bad_window)),
        ("ping", vec![], Box::new(|_| frame(PING, 0, 0, &[0; 8]))),
        (
            "settings",
            vec![],
            Box::new(|_| frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
        ),
        (
            "empty data",
            open.clone(),
            Box::new(|_| frame(DATA, 0, 1, b"")),
        ),
        ("priority", vec![], Box::new(|_| frame(2, 0, 3, &[0; 5]))),
        (
            "unknown",
            vec![],
            Box::new(|_| frame(0x77, 0, 0, &[0; 100])),
        ),
        (
            "windows",
            open,
            Box::new(|_| frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])),
        ),
        (
            "continuation",
            frame(HEADERS, 0, 1, &packed(HEAD)),
            Box::new(|_| frame(CONTINUATION, 0, 1, &packed(&[("x", "y")]))),
        ),
        (
            "empty continuation",
            frame(HEADERS, 0, 1, &packed(HEAD)),
            Box::new(|_| frame(CONTINUATION, 0, 1, b"")),
        ),
        (
            "bomb",
            vec![],
            Box::new(|stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, &bomb)),
        ),
        (
            "requests without end",
            frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]),
            Box::new(whole),
        ),
    ];
    for (case, first, part) in floods {
        let reason = flood_beside_others(case, &lab, &first, part);
        assert!(
            reason.is_none() || reason == ENHANCE_YOUR_CALM || reason == Some(1),
            "{case}: {reason:?}"
        );
        let grown = lab.peak_memory().saturating_sub(before);
        assert!(grown < MOST, "{case}: {grown}");
        lab.assert_alive();
    }
}

#[test]
fn p022_windows_of_one_byte_are_filled_byte_by_byte() {
    let server = Upstream::always(vec![Do::Wait, json(200, ANSWER)]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let mut raw = Raw::new(lab.address);
    raw.send(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 1]));
    raw.send(&head(1, 0, HEAD));
    raw.send(&frame(
        DATA,
        END_STREAM,
        1,
        br#"{"model":"m","messages":[]}"#,
    ));
    server.wait_for(1);
    server.go();
    let mut body = Vec::new();
    while body.len() < ANSWER.len() {
        if let (DATA, 1, data) = raw.frame().expect("it is answered") {
            assert_eq!(data.len(), 1);
            body.extend(data);
            lab.assert_alive();
            raw.send(&frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]));
        }
    }
    assert_eq!(body, ANSWER.as_bytes());
}
