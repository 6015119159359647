//! P001-P011: framing that two readers could understand differently is refused before a server hears of it.

use super::client::{Client, chat};
use super::lab::{Lab, route, table};
use super::upstream::{ANSWER, Do, Upstream, json};

/// A proxy with one server that would answer, and must not be asked.
struct Fortress {
    server: Upstream,
    lab: Lab,
}

impl Fortress {
    fn new() -> Self {
        let server = Upstream::always(vec![json(200, ANSWER)]);
        let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
        Self { server, lab }
    }

    /// Sends bytes: the answer has one of the statuses, the connection ends, no server was reached, and the proxy lives.
    fn refuses(&self, statuses: &[u16], bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        let mut client = self.lab.client();
        let answer = client.send(bytes).answer();
        assert!(statuses.contains(&answer.status), "{shown:?}: {answer:?}");
        assert!(!answer.code().is_empty());
        assert_eq!(answer.field("connection"), Some("close"), "{shown:?}");
        assert!(client.is_closed(), "{shown:?}");
        assert_eq!(self.server.connections(), 0, "{shown:?}");
        self.lab.assert_alive();
    }

    /// The same for a chat with these fields and this body.
    fn refuses_chat(&self, statuses: &[u16], fields: &str, body: &str) {
        self.refuses(statuses, post("HTTP/1.1", fields, body));
    }
}

fn post(version: &str, fields: &str, body: &str) -> String {
    format!(
        "POST /v1/chat/completions {version}\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}\r\n{body}"
    )
}

/// A chat as one chunk.
fn chunked(line_end: &str) -> String {
    let body = chat("m", false);
    format!("{:x}{line_end}{body}\r\n0\r\n\r\n", body.len())
}

#[test]
fn p001_a_length_beside_chunks() {
    let fortress = Fortress::new();
    let body = chunked("\r\n");
    let length = body.len();
    for fields in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("Transfer-Encoding: chunked\r\nX: y\r\ncontent-LENGTH: {length}\r\n"),
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding: identity\r\nContent-Length: 4\r\n".to_owned(),
    ] {
        fortress.refuses_chat(&[400], &fields, &body);
    }
}

#[test]
fn p002_two_lengths() {
    let fortress = Fortress::new();
    let body = chat("m", false);
    let length = body.len();
    for fields in [
        format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
        format!("Content-Length: 0\r\nX: y\r\ncontent-length: {length}\r\n"),
        format!("Content-Length: {length}, {length}\r\n"),
        format!("Content-Length: {length},\r\n"),
    ] {
        fortress.refuses_chat(&[400], &fields, &body);
    }
}

#[test]
fn p003_lengths_that_are_none() {
    let fortress = Fortress::new();
    for value in [
        "+5",
        "-0",
        "-1",
        "0x5",
        "5_0",
        "5.0",
        "5e1",
        "",
        "5 0",
        "\"5\"",
        "18446744073709551616",
        "99999999999999999999",
        "9999999999999999999",
        "5;",
    ] {
        fortress.refuses_chat(&[400, 413], &format!("Content-Length: {value}\r\n"), "{}");
    }
    // An octal number is read as a decimal one by all, or not at all.
    fortress.refuses_chat(&[400], "Content-Length: 0o17\r\n", "{}");
}

#[test]
fn p004_transfer_codings_that_readers_disagree_about() {
    let fortress = Fortress::new();
    let body = chunked("\r\n");
    for fields in [
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: x-chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding: \u{c}chunked\r\n",
        "Transfer-Encoding: chunked\0\r\n",
        "Transfer-Encoding: chu\tnked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer_Encoding: chunked\r\n",
        "Content_Length: 3\r\n",
        " Transfer-Encoding: chunked\r\n",
    ] {
        fortress.refuses_chat(&[400, 501], fields, &body);
    }
    fortress.refuses(
        &[400],
        post("HTTP/1.0", "Transfer-Encoding: chunked\r\n", &body),
    );
}

#[test]
fn p005_chunk_sizes_that_are_none() {
    let fortress = Fortress::new();
    let body = chat("m", false);
    let size = body.len();
    for line in [
        format!("0x{size:x}"),
        format!("+{size:x}"),
        format!("-{size:x}"),
        format!("{size:x}_"),
        format!(" {size:x}"),
        format!("{size:x} "),
        format!("\t{size:x}"),
        format!("{size:x}\t;x"),
        format!("{size:017x}"),
        format!("fffffffffffffffff{size:x}"),
        "ffffffffffffffff".to_owned(),
        String::new(),
        "g".to_owned(),
    ] {
        fortress.refuses_chat(
            &[400, 413],
            "Transfer-Encoding: chunked\r\n",
            &format!("{line}\r\n{body}\r\n0\r\n\r\n"),
        );
    }
}

#[test]
fn p006_chunk_extensions() {
    let fortress = Fortress::new();
    let body = chat("m", false);
    let size = body.len();
    for extension in [
        ";\rx".to_owned(),
        ";\nx".to_owned(),
        ";a\u{1}b".to_owned(),
        ";a\0b".to_owned(),
        ";é".to_owned(),
        format!(";{}", "a".repeat(64 * 1024)),
    ] {
        fortress.refuses_chat(
            &[400],
            "Transfer-Encoding: chunked\r\n",
            &format!("{size:x}{extension}\r\n{body}\r\n0\r\n\r\n"),
        );
    }
    // One that is well-formed is not passed on.
    let answer = fortress
        .lab
        .client()
        .send(post(
            "HTTP/1.1",
            "Transfer-Encoding: chunked\r\n",
            &chunked(";a=\"b\"\r\n"),
        ))
        .answer();
    assert_eq!(answer.status, 200);
    let seen = fortress.server.wait_for(1).remove(0);
    assert_eq!(seen.text(), body.replace("\"m\"", "\"real-model\""));
    assert_eq!(seen.field("transfer-encoding"), None);
}

#[test]
fn p007_line_ends_that_are_none() {
    let fortress = Fortress::new();
    let body = chat("m", false);
    let good = post(
        "HTTP/1.1",
        &format!("Content-Length: {}\r\n", body.len()),
        &body,
    );
    for bytes in [
        good.replace("\r\n", "\n"),
        good.replace("\r\n", "\r"),
        good.replacen("\r\n", "\n", 1),
        good.replacen("localhost\r\n", "localhost\n", 1),
        good.replacen("localhost\r\n", "localhost\r", 1),
        good.replacen("\r\n\r\n", "\r\n\n", 1),
        good.replacen("\r\n\r\n", "\n\r\n", 1),
        good.replacen("localhost\r\n", "localhost\r\r\n", 1),
        format!("\r\n{good}"),
        format!("\n{good}"),
    ] {
        fortress.refuses(&[400], bytes);
    }
    for chunks in [
        format!("{:x}\n{body}\r\n0\r\n\r\n", body.len()),
        format!("{:x}\r\n{body}\n0\r\n\r\n", body.len()),
        format!("{:x}\r\n{body}\r\n0\n\n", body.len()),
        format!("{:x}\r{body}\r\n0\r\n\r\n", body.len()),
        format!("{:x}\r\n{body}\r\n0\r\nA: b\n\r\n", body.len()),
    ] {
        fortress.refuses_chat(&[400], "Transfer-Encoding: chunked\r\n", &chunks);
    }
}

#[test]
fn p008_chunks_that_end_wrongly() {
    let fortress = Fortress::new();
    let body = chat("m", false);
    let size = body.len();
    for chunks in [
        // The end is missing.
        format!("{size:x}\r\n{body}0\r\n\r\n"),
        // The data is longer than its size, and shorter.
        format!("{:x}\r\n{body}\r\n0\r\n\r\n", size - 1),
        format!("{:x}\r\n{body}\r\n0\r\n\r\n", size + 1),
        format!("{size:x}\r\n{body}\r\n0\r\nbroken\u{1}\r\n\r\n"),
    ] {
        fortress.refuses_chat(&[400, 408], "Transfer-Encoding: chunked\r\n", &chunks);
    }
    // The client ends too early: nobody is there to be answered, and nobody is asked.
    for cut in [1, size / 2, size + 2, size + 5] {
        let chunks = format!("{size:x}\r\n{body}\r\n0\r\n\r\n");
        let head = post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "");
        let mut client = fortress.lab.client();
        client.send(head).send(&chunks[..cut]);
        client.half_close();
        ends_without_success(&mut client);
        let mut client = fortress.lab.client();
        client.send(post(
            "HTTP/1.1",
            &format!("Content-Length: {size}\r\n"),
            &body[..cut.min(size - 1)],
        ));
        client.half_close();
        ends_without_success(&mut client);
        fortress.lab.assert_alive();
    }
    assert_eq!(fortress.server.connections(), 0);
}

/// An early end is answered with 400 or 408, or not at all.
fn ends_without_success(client: &mut Client) {
    if !client.is_closed() {
        let status = client.answer().status;
        assert!(matches!(status, 400 | 408), "{status}");
    }
}

#[test]
fn p008_a_server_whose_chunks_end_wrongly_is_not_believed() {
    for chunks in [
        "5\r\nhello0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
    ] {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let server = Upstream::always(vec![
            Do::Send(format!("{head}{chunks}").into_bytes()),
            Do::UntilClosed,
        ]);
        let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
        let answer = lab.client().chat("m");
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (502, "upstream_protocol"),
            "{chunks:?}"
        );
        server.closed();
        lab.assert_alive();
    }
}

#[test]
fn p009_trailers_are_dropped() {
    let fortress = Fortress::new();
    let body = chat("m", false);
    let chunks = format!(
        "{:x}\r\n{body}\r\n0\r\nHost: evil\r\nAuthorization: Bearer evil\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX-Trailer: a\r\n\r\n",
        body.len()
    );
    let mut client = fortress.lab.client();
    let request = post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", &chunks);
    assert_eq!(client.send(&request).answer().status, 200);
    // Nothing of them is left on the connection.
    assert_eq!(client.chat("m").status, 200);
    for seen in fortress.server.wait_for(2) {
        assert_eq!(
            seen.field("host"),
            Some(&*fortress.server.address.to_string())
        );
        assert!(!seen.head.contains("evil") && seen.field("x-trailer").is_none());
        assert_eq!(seen.text(), body.replace("\"m\"", "\"real-model\""));
    }
    fortress.lab.assert_alive();
    // And those of a server do not reach the client.
    let server = Upstream::always(vec![Do::Send(
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{ANSWER}\r\n0\r\nSet-Cookie: a=b\r\n\r\n", ANSWER.len()).into_bytes(),
    )]);
    let lab = Lab::new(table(&[route("m", &[server.address], &[])]));
    let answer = lab.client().chat("m");
    assert_eq!(answer.text(), ANSWER);
    assert!(!answer.head.to_ascii_lowercase().contains("cookie"));
}

#[test]
fn p010_fields_that_are_none() {
    let fortress = Fortress::new();
    for line in [
        &b"X: a\r\n b\r\n"[..],
        b"X: a\r\n\tb\r\n",
        b"X : a\r\n",
        b"X\t: a\r\n",
        b": a\r\n",
        b"X\r\n",
        b"X Y: a\r\n",
        b"X(: a\r\n",
        b"X\xc3\xa9: a\r\n",
        b"X\0: a\r\n",
        b"X: a\0b\r\n",
        b"X: a\x01b\r\n",
        b"X: a\x7fb\r\n",
        b"X: a\x0bb\r\n",
        b"X: \xff\r\n",
        b"X: \xc3\xa9\r\n",
        b"\"X\": a\r\n",
        b"X@: a\r\n",
    ] {
        let body = chat("m", false);
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        fortress.refuses(
            &[400],
            [head.as_bytes(), line, b"\r\n", body.as_bytes()].concat(),
        );
    }
}

#[test]
fn p011_versions_that_are_not_spoken() {
    let fortress = Fortress::new();
    for line in [
        "GET /v1/models",
        "GET /v1/models HTTP/0.9",
        "GET /v1/models HTTP/1.2",
        "GET /v1/models HTTP/2.0",
        "GET /v1/models HTTP/3.0",
        "GET /v1/models http/1.1",
        "GET /v1/models HTTP/1",
        "GET /v1/models HTTP/1.",
        "GET /v1/models HTTP/1.10",
        "GET /v1/models HTTP/01.1",
        "GET /v1/models HTTP /1.1",
        "GET /v1/models  HTTP/1.1",
        "GET  /v1/models HTTP/1.1",
        " GET /v1/models HTTP/1.1",
        "GET /v1/models HTTP/1.1 ",
        "GET /v1/models ICY/1.1",
        "GET\t/v1/models\tHTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        fortress.refuses(&[400, 505], format!("{line}\r\nHost: localhost\r\n\r\n"));
    }
}
