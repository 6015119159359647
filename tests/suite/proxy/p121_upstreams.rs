//! P121-P128: servers that cannot be found, reached, believed or kept, and ways to them that are slow, cut and sliced.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::chat;
use super::lab::{Lab, Start, route, table, table_with};
use super::upstream::{
    ANSWER, DONE, Do, Upstream, chunk, finish, json, last_chunk, stream_head, token, whole_stream,
};
use crate::tools;

fn good() -> Upstream {
    Upstream::always(vec![json(200, ANSWER)])
}

/// A table whose first server is at this URL, and the second one is well.
fn beside(url: &str, other: SocketAddr) -> serde_json::Value {
    let mut all = table_with(
        &json!({"connect_timeout_ms": 300, "timeout_ms": 5000}),
        &[
            route("m", &[other, other], &[]),
            route("alone", &[other], &[]),
        ],
    );
    all["routes"][1]["deployments"][0]["base_url"] = json!(url);
    all["routes"][0]["deployments"][0]["base_url"] = json!(url);
    all
}

/// An address where connections are neither taken nor refused, and what keeps it so.
fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(0).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
    let waiting: Vec<TcpStream> = std::iter::from_fn(fill).take(64).collect();
    assert!(waiting.len() < 64, "the system takes every connection");
    (address, listener, waiting)
}

#[test]
fn p121_a_name_that_is_not_found() {
    let other = good();
    let lab = Lab::new(beside("http://nobody.invalid:1/v1", other.address));
    let start = Instant::now();
    let answer = lab.client().chat("alone");
    assert_eq!(
        (answer.status, &*answer.code()),
        (503, "upstream_name_not_found")
    );
    // Two seconds for each of its tries, with room for a busy machine.
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(
        lab.client().chat("m").field("x-homelab-deployment"),
        Some("m-1")
    );
    lab.assert_alive();
}

#[test]
fn p122_a_server_that_cannot_be_reached() {
    let other = good();
    let (hole, _listener, _waiting) = black_hole();
    for address in [Upstream::nobody(), hole] {
        let lab = Lab::new(beside(&format!("http://{address}/v1"), other.address));
        let answer = lab.client().chat("m");
        assert_eq!(
            (answer.status, answer.field("x-homelab-deployment")),
            (200, Some("m-1")),
            "{address}"
        );
        let answer = lab.client().chat("alone");
        assert_eq!(
            (answer.status, &*answer.code()),
            (502, "upstream_unreachable"),
            "{address}"
        );
        lab.assert_alive();
    }
    // One that takes the connection and resets it.
    let reset = Upstream::always(vec![Do::Reset]);
    let lab = Lab::new(beside(
        &format!("http://{}/v1", reset.address),
        other.address,
    ));
    assert_eq!(lab.client().chat("m").status, 200);
    assert_eq!(lab.client().chat("alone").code(), "upstream_lost");
    lab.assert_alive();
}

/// What `openssl ca` must be told to sign one certificate by itself.
const AUTHORITY: &str = "[ca]\ndefault_ca = it\n[it]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\npolicy = names\nx509_extensions = more\n[names]\ncommonName = supplied\n[more]\nbasicConstraints = critical,CA:FALSE\nsubjectAltName = DNS:";

/// A key and a certificate for a name up to a year, made for this test alone, and left in the folder.
fn certificate(folder: &Path, name: &str, year: u32) -> Option<Arc<rustls::ServerConfig>> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let openssl = tools::program("openssl")?;
    std::fs::create_dir(folder).unwrap();
    std::fs::write(folder.join("index"), "").unwrap();
    std::fs::write(folder.join("ca"), format!("{AUTHORITY}{name}\n")).unwrap();
    let end = format!("{year}0101000000Z");
    for words in [
        &[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=lab",
            "-keyout",
            "key",
            "-out",
            "request",
        ][..],
        &[
            "ca",
            "-selfsign",
            "-batch",
            "-notext",
            "-config",
            "ca",
            "-in",
            "request",
            "-keyfile",
            "key",
            "-startdate",
            "20000101000000Z",
            "-enddate",
            &end,
            "-out",
            "cert",
        ],
    ] {
        let made = Command::new(&openssl)
            .args(words)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    let (key, cert) = (folder.join("key"), folder.join("cert"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&cert).unwrap()],
            PrivateKeyDer::from_pem_file(&key).unwrap(),
        )
        .unwrap();
    Some(Arc::new(config))
}

/// Speaks TLS with whoever comes: reads a head, writes the bytes, and ends in order or not.
fn serve_tls(config: Arc<rustls::ServerConfig>, said: &'static str, in_order: bool) -> SocketAddr {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut both = rustls::Stream::new(&mut tls, &mut stream);
            let mut seen = Vec::new();
            let mut part = [0; 4096];
            while !seen.ends_with(b"}") {
                match both.read(&mut part) {
                    Ok(read @ 1..) => seen.extend_from_slice(&part[..read]),
                    _ => break,
                }
            }
            if seen.ends_with(b"}") {
                let _ = both.write_all(said.as_bytes());
                if in_order {
                    tls.send_close_notify();
                    let _ = tls.write_tls(&mut stream);
                }
            }
        }
    });
    address
}

#[test]
fn p123_a_server_that_cannot_prove_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let said: &'static str = Box::leak(
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ANSWER}", ANSWER.len()).into_boxed_str(),
    );
    let closing = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let at = |name: &str| folder.path().join(name);
    let Some(right) = certificate(&at("right"), "localhost", 2999) else {
        return;
    };
    let wrong = certificate(&at("wrong"), "other.example", 2999).unwrap();
    let over = certificate(&at("over"), "localhost", 2001).unwrap();
    let stranger = certificate(&at("stranger"), "localhost", 2999).unwrap();
    let trusted: Vec<u8> = ["right", "wrong", "over"]
        .iter()
        .flat_map(|it| std::fs::read(at(it).join("cert")).unwrap())
        .collect();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, trusted).unwrap();
    let lab = |address: SocketAddr| {
        let url = format!("https://localhost:{}/v1", address.port());
        let mut all = table_with(&json!({"retries": 0}), &[route("m", &[address], &[])]);
        all["routes"][0]["deployments"][0]["base_url"] = json!(url);
        all["routes"][0]["deployments"][0]["key"] = json!("SERVER_KEY");
        Start::new(all)
            .env("SERVER_KEY", "sk-of-the-server")
            .env("SSL_CERT_FILE", roots.to_str().unwrap())
            .run()
    };
    assert_eq!(
        lab(serve_tls(Arc::clone(&right), said, true))
            .client()
            .chat("m")
            .text(),
        ANSWER
    );
    for config in [wrong, over, stranger] {
        let lab = lab(serve_tls(config, said, true));
        let answer = lab.client().chat("m");
        assert_eq!((answer.status, &*answer.code()), (502, "upstream_tls"));
        assert_eq!(lab.status()["last_errors"].as_array().unwrap().len(), 1);
        lab.assert_alive();
    }
    // A server without TLS is not spoken to in clear.
    let plain = Upstream::hasty(vec![vec![json(200, ANSWER)]]);
    let of_plain = lab(plain.address);
    let answer = of_plain
        .client()
        .post("/v1/chat/completions", &chat("m", false))
        .answer();
    assert!(
        matches!(&*answer.code(), "upstream_tls" | "upstream_unreachable"),
        "{answer:?}"
    );
    assert!(plain.seen().is_empty());
    // An end that anybody on the way could have made is a cut.
    let streamed = lab(serve_tls(Arc::clone(&right), closing, false))
        .client()
        .stream("m");
    assert!(
        streamed.text().contains("upstream_stream_cut"),
        "{}",
        streamed.text()
    );
    let unframed = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"choices\":[]}";
    let answer = lab(serve_tls(Arc::clone(&right), unframed, false))
        .client()
        .chat("m");
    assert_eq!((answer.status, &*answer.code()), (502, "upstream_lost"));
    let answer = lab(serve_tls(right, unframed, true)).client().chat("m");
    assert_eq!(answer.text(), "{\"choices\":[]}");
}

#[test]
fn p124_a_kept_connection_that_was_closed_meanwhile() {
    for end in [Do::Close, Do::Reset] {
        // Closed while it was idle, and closed when the next request came.
        for script in [
            vec![vec![json(200, ANSWER), end.clone()]],
            vec![
                vec![json(200, ANSWER)],
                vec![end.clone()],
                vec![json(200, ANSWER)],
            ],
        ] {
            let server = Upstream::new(script);
            let lab = Lab::new(table_with(
                &json!({"retries": 0}),
                &[route("m", &[server.address], &[])],
            ));
            for _ in 0..2 {
                assert_eq!(lab.client().chat("m").text(), ANSWER);
            }
            for line in lab.log().iter().filter(|it| it["handle"] == "m") {
                assert_eq!(line["attempts"], 1);
            }
            lab.assert_alive();
        }
        // Once it has begun to answer it is not asked again.
        let server = Upstream::new(vec![
            vec![json(200, ANSWER)],
            vec![Do::Send(b"HTTP/1.1 200".to_vec()), end],
        ]);
        let lab = Lab::new(table_with(
            &json!({"retries": 0}),
            &[route("m", &[server.address], &[])],
        ));
        assert_eq!(lab.client().chat("m").text(), ANSWER);
        assert_eq!(lab.client().chat("m").code(), "upstream_lost");
        assert_eq!(server.seen().len(), 2);
        lab.assert_alive();
    }
}

#[test]
fn p125_an_answer_before_the_upload_is_over() {
    let said = r#"{"error":{"message":"too large for me","type":"x","code":"theirs"}}"#;
    let body = format!(r#"{{"model":"m","x":"{}"}}"#, "a".repeat(30_000_000));
    for close in [false, true] {
        let mut script = vec![json(413, said)];
        script.push(if close { Do::Close } else { Do::Wait });
        let server = Upstream::hasty(vec![script]);
        let lab = Lab::new(table_with(
            &json!({"retries": 0}),
            &[route("m", &[server.address], &[])],
        ));
        let answer = lab.client().post("/v1/chat/completions", &body).answer();
        assert_eq!((answer.status, &*answer.code()), (413, "theirs"));
        server.go();
        server.now(vec![vec![json(200, ANSWER), Do::Close]]);
        // A connection with half an upload on it is not used again.
        assert_eq!(lab.client().chat("m").status, 200);
        assert_eq!(server.connections(), 2);
        lab.assert_alive();
    }
}

#[test]
fn p126_ways_that_are_slow_cut_and_sliced() {
    let whole = [token("a"), token("b"), finish(), DONE.to_owned()].concat();
    let stream = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}\r\n\r\n{whole}",
        whole.len()
    );
    let plain = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{ANSWER}",
        ANSWER.len()
    );
    let ms = Duration::from_millis;
    // Late, slow and in slices: every byte comes.
    for (slice, pause) in [(1, ms(0)), (7, ms(1)), (100, ms(20)), (1000, ms(50))] {
        for (answer, streams) in [(&stream, true), (&plain, false)] {
            let server =
                Upstream::always(vec![Do::Drip(answer.clone().into_bytes(), slice, pause)]);
            let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
            let got = lab
                .client()
                .post("/v1/chat/completions", &chat("m", streams))
                .answer();
            assert_eq!(got.text(), if streams { &whole } else { ANSWER }, "{slice}");
            assert!(got.whole && server.seen().len() == 1);
            lab.assert_alive();
        }
    }
    // Cut at any byte, in order or not: never looks whole, and never asked twice after content.
    for at in (1..stream.len()).step_by(17) {
        for end in [Do::Close, Do::Reset] {
            let cut = vec![Do::Send(stream.as_bytes()[..at].to_vec()), end];
            let server = Upstream::new(vec![cut, whole_stream()]);
            let lab = Lab::new(table_with(
                &json!({"retry_after_ms": 1}),
                &[route("m", &[server.address], &[])],
            ));
            let got = lab.client().stream("m");
            let sent = &stream[stream.find("\r\n\r\n").unwrap() + 4..];
            let came = at.saturating_sub(stream.len() - sent.len());
            let had_content = came >= token("a").len();
            if !had_content {
                assert_eq!((got.text(), server.seen().len()), (&*whole, 2), "{at}");
            } else if got.text().ends_with(DONE) {
                // The server had said why it stopped: only `[DONE]` was missing.
                assert!(
                    came >= whole.len() - DONE.len() && got.text() == whole,
                    "{at}"
                );
            } else {
                assert!(
                    got.text().contains("upstream_stream_cut"),
                    "{at}: {}",
                    got.text()
                );
                assert_eq!(server.seen().len(), 1, "{at}");
            }
        }
    }
    for at in (1..plain.len()).step_by(29) {
        let cut = vec![Do::Send(plain.as_bytes()[..at].to_vec()), Do::Reset];
        let server = Upstream::always(cut);
        let lab = Lab::new(table_with(
            &json!({"retries": 0}),
            &[route("m", &[server.address], &[])],
        ));
        let got = lab.client().chat("m");
        assert_eq!((got.status, &*got.code()), (502, "upstream_lost"), "{at}");
    }
}

#[test]
fn p127_a_family_of_addresses_that_leads_nowhere() {
    // `localhost` is both families on most machines, and this server has one of them.
    let server = good();
    let lab = Lab::new(beside(
        &format!("http://localhost:{}/v1", server.address.port()),
        Upstream::nobody(),
    ));
    let answer = lab.client().chat("alone");
    assert_eq!(answer.status, 200, "{}", answer.text());
    lab.assert_alive();
}

/// Runs that test where `localhost` is both families.
#[cfg(target_os = "linux")]
fn again_with_both_families() {
    let inside = "HOMELAB_TEST_INSIDE";
    assert!(
        std::env::var_os(inside).is_none(),
        "the names are as before"
    );
    let Some(unshare) = tools::program("unshare") else {
        return;
    };
    let hosts = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&hosts, "::1 localhost\n127.0.0.1 localhost\n").unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(&unshare);
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec"]);
        command.args(["mount --bind \"$1\" /etc/hosts\nshift\nexec \"$@\"", "sh"]);
        command.arg(hosts.path()).args(words).env(inside, "1");
        command.output().unwrap()
    };
    let tried = run(&["true"]);
    if !tried.status.success() {
        let why = String::from_utf8_lossy(&tried.stderr);
        return tools::tell(&format!("no names of its own: {}", why.trim()));
    }
    let this = std::env::current_exe().unwrap();
    let name = "proxy::p121_upstreams::p127_an_address_that_swallows_everything";
    let output = run(&[this.to_str().unwrap(), "--exact", name, "--nocapture"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{error}"
    );
    tools::note(error.trim());
}

/// An address of the other family that takes no connection and refuses none, and the port it has: a listener whose queue is full lets every packet fall.
#[cfg(target_os = "linux")]
fn ipv6_hole() -> Option<(Vec<socket2::Socket>, u16)> {
    let new = || socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::STREAM, None).ok();
    let listener = new()?;
    let any = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 0));
    listener.bind(&any.into()).ok()?;
    listener.listen(0).ok()?;
    let address = listener.local_addr().ok()?;
    let mut held = vec![listener];
    for _ in 0..4 {
        let one = new()?;
        one.set_nonblocking(true).ok()?;
        let _ = one.connect(&address);
        held.push(one);
    }
    let address = address.as_socket()?;
    let tried = TcpStream::connect_timeout(&address, Duration::from_millis(300));
    let is_hole = tried.is_err_and(|it| it.kind() == std::io::ErrorKind::TimedOut);
    is_hole.then_some((held, address.port()))
}

#[cfg(target_os = "linux")]
#[test]
fn p127_an_address_that_swallows_everything() {
    use std::net::ToSocketAddrs;
    let mut families = ("localhost", 1).to_socket_addrs().unwrap();
    if !families.any(|it| it.is_ipv6()) {
        return again_with_both_families();
    }
    // The port must be free in the family that answers, too.
    let (held, port) = (0..100)
        .find_map(|_| ipv6_hole().filter(|it| TcpListener::bind(("127.0.0.1", it.1)).is_ok()))
        .expect("a full queue lets packets fall");
    let server = Upstream::at(
        SocketAddr::from(([127, 0, 0, 1], port)),
        vec![vec![json(200, ANSWER)]],
    );
    let mut all = table_with(
        &json!({"retries": 0, "connect_timeout_ms": 10_000}),
        &[route("m", &[server.address], &[])],
    );
    all["routes"][0]["deployments"][0]["base_url"] = json!(format!("http://localhost:{port}/v1"));
    let lab = Lab::new(all);
    let answer = lab.client().chat("m");
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The other family is asked while the first one is still waited for, and not when that is over.
    let line = lab.wait_for(|it| it["handle"] == "m");
    assert_eq!(line["attempts"], 1);
    let took = line["micros"].as_u64().unwrap();
    assert!(took < 10_000_000, "{took}");
    tools::note(&format!("the other family answered after {took} us"));
    drop(held);
    lab.assert_alive();
}

#[test]
fn p128_an_idle_connection_that_the_server_gives_up() {
    let late = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = Upstream::new(vec![
        vec![
            json(200, ANSWER),
            Do::Send(late.as_bytes().to_vec()),
            Do::Close,
        ],
        vec![json(200, ANSWER)],
        // This one crosses with the next request.
        vec![Do::Send(late.as_bytes().to_vec()), Do::Close],
        vec![json(200, ANSWER)],
    ]);
    let lab = Lab::new(table_with(
        &json!({"retries": 0}),
        &[route("m", &[server.address], &[])],
    ));
    let mut client = lab.client();
    for _ in 0..3 {
        assert_eq!(client.chat("m").text(), ANSWER);
    }
    lab.assert_alive();
    // The same for a stream.
    server.now(vec![
        vec![
            stream_head(),
            chunk(&token("a")),
            chunk(&finish()),
            chunk(DONE),
            last_chunk(),
        ],
        vec![Do::Close],
        whole_stream(),
    ]);
    for _ in 0..2 {
        assert!(client.stream("m").text().ends_with(DONE));
    }
}
