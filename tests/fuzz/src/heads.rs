//! Requests: any split reads the same, and what the strict parser takes, httparse and hyper read the same way.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::BytesMut;
use homelab::proxy::framing::{Body, Piece};
use homelab::proxy::head::{self, Request};
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;

use crate::wire::parts;

/// Requests that are whole.
pub const WHOLE: &[&str] = &[
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"model\":\"m\"}",
    "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: a.b:80\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n",
    "GET /v1/models HTTP/1.1\r\nhost: [::1]:4000\r\nAccept: */*\r\nConnection: keep-alive\r\nX:\t a \t\r\n\r\n",
    "GET http://localhost/v1/models?x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n",
    "POST /x HTTP/1.0\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nEmpty:\r\nUpgrade: h2c\r\n\r\n",
];

/// Pieces of them, and of what is none.
pub const PIECES: &[&str] = &[
    "POST",
    "GET",
    "HEAD",
    "CONNECT",
    " ",
    "/",
    "/v1/x",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "Host: localhost\r\n",
    "Host: a\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 0\r\n",
    "content-length:3\r\n",
    "Content-Length: 3, 3\r\n",
    "Content-Length: +3\r\n",
    "Content-Length: 03\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer_Encoding: chunked\r\n",
    "Connection: close\r\n",
    "X: y\r\n",
    " folded\r\n",
    ":",
    ";",
    ",",
    "\t",
    "\0",
    "\u{b}",
    "é",
    "%2e",
    "..",
    "#",
    "?",
    "@",
    "0\r\n\r\n",
    "3\r\nabc\r\n",
    "0003\r\n",
    "3;a=b\r\n",
    "ffffffffffffffff\r\n",
    "0x3\r\n",
    "abc",
    "http://",
    "https://b",
    "*",
    "\"",
    "<",
    "{",
    "|",
    "^",
    "`",
];

/// What a reader makes of bytes: the head, its body, and whether that ended.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    head: String,
    body: Vec<u8>,
    whole: bool,
}

/// True when the request was taken, or what is wrong with that.
pub fn judge(bytes: &[u8], cuts: &[usize]) -> Result<bool, String> {
    let whole = ours(&[bytes]);
    let split = ours(&parts(bytes, cuts));
    // A request may break two rules; which one is told first is no matter.
    if whole.as_ref().map(|it| &it.1) != split.as_ref().map(|it| &it.1) {
        return Err(format!("cut at {cuts:?} it is {split:?}, not {whole:?}"));
    }
    let Some((request, read)) = whole else {
        return Ok(false);
    };
    parsed(bytes, &request)?;
    served(bytes, &request, &read)?;
    Ok(true)
}

/// What we make of it; nothing when it is refused, or not all there.
fn ours(parts: &[&[u8]]) -> Option<(Request, Read)> {
    let (mut buffer, mut seen) = (BytesMut::new(), 0);
    let mut request: Option<(Request, Body)> = None;
    let mut data = Vec::new();
    let mut whole = false;
    for part in parts {
        buffer.extend_from_slice(part);
        if request.is_none() {
            let head = head::request(&mut buffer, &mut seen).ok()?;
            request = head.map(|it| (it.clone(), Body::new(it.framing)));
        }
        let Some((_, body)) = &mut request else {
            continue;
        };
        loop {
            match body.take(&mut buffer) {
                Ok(Piece::Data(bytes)) => data.extend_from_slice(&bytes),
                Ok(Piece::More) => break,
                Ok(Piece::End) => {
                    whole = true;
                    break;
                }
                Err(_) => return None,
            }
        }
    }
    let (request, _) = request?;
    let head = format!("{} {} {:?}", request.method, request.path, request.framing);
    let body = data;
    Some((request, Read { head, body, whole }))
}

/// Whether httparse sees the same words and fields.
fn parsed(bytes: &[u8], ours: &Request) -> Result<(), String> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut theirs = httparse::Request::new(&mut fields);
    let parsed = theirs.parse(bytes);
    let Ok(httparse::Status::Complete(length)) = parsed else {
        return Err(format!("httparse says {parsed:?}"));
    };
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
    if end.map(|it| it + 4) != Some(length) {
        return Err(format!("httparse ends the head at {length}, not {end:?}"));
    }
    if theirs.method != Some(&ours.method) || theirs.version != Some(u8::from(ours.modern)) {
        return Err(format!(
            "httparse reads {:?} {:?}",
            theirs.method, theirs.version
        ));
    }
    let theirs: Vec<(&str, &[u8])> = theirs
        .headers
        .iter()
        .map(|it| (it.name, it.value))
        .collect();
    let ours: Vec<(&str, &[u8])> = ours
        .fields
        .iter()
        .map(|it| (it.0, it.1.as_bytes()))
        .collect();
    if theirs != ours {
        return Err(format!("httparse reads {theirs:?}, not {ours:?}"));
    }
    Ok(())
}

/// Whether a server of hyper hears the same request and body.
fn served(bytes: &[u8], request: &Request, ours: &Read) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let heard = runtime.block_on(hear(bytes));
    let Some((method, path, body)) = heard else {
        return Err("hyper does not take it".to_owned());
    };
    if method != request.method {
        return Err(format!("hyper hears {method}"));
    }
    // Without a path these are answered by their method.
    if method != "CONNECT" && path != request.path {
        return Err(format!("hyper hears the path {path}, not {}", request.path));
    }
    match body {
        Some(body) if ours.whole && body == ours.body => Ok(()),
        None if !ours.whole => Ok(()),
        // Behind CONNECT hyper reads no body.
        _ if method == "CONNECT" => Ok(()),
        other => Err(format!("hyper hears the body {other:?}, not {ours:?}")),
    }
}

/// The first request that hyper hears: method, path, and the body when it came to its end.
async fn hear(bytes: &[u8]) -> Option<(String, String, Option<Vec<u8>>)> {
    let (mut client, server) = tokio::io::duplex(bytes.len().max(1024) * 2);
    client.write_all(bytes).await.ok()?;
    client.shutdown().await.ok()?;
    let heard = Rc::new(RefCell::new(None));
    let hearing = Rc::clone(&heard);
    let service =
        hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let hearing = Rc::clone(&hearing);
            async move {
                let (head, body) = request.into_parts();
                let first = hearing.borrow().is_none();
                if first {
                    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
                    *hearing.borrow_mut() = Some((method, path, None));
                    if let Ok(body) = body.collect().await
                        && let Some(heard) = hearing.borrow_mut().as_mut()
                    {
                        heard.2 = Some(body.to_bytes().to_vec());
                    }
                }
                Ok::<_, std::convert::Infallible>(hyper::Response::new(String::new()))
            }
        });
    let serving = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(hyper_util::rt::TokioIo::new(server), service);
    let _ = serving.await;
    heard.take()
}
