//! A connection of a client: one request after another, each read strictly and answered in order.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use smol_str::SmolStr;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, timeout};

use super::alarm::{Alarm, TooLate};
use super::answer::{self, Answer, Manner};
use super::caught::{Panicked, caught};
use super::connection::Connection;
use super::error::Refusal;
use super::forward::{Context, End, Payload, forward};
use super::guesses;
use super::head::{self, HeadError, Request, text_of};
use super::http2;
use super::incoming::Incoming;
use super::keys::{Denied, Key};
use super::local;
use super::multipart;
use super::record::Record;
use super::scan::{self, ScanError};
use super::served::{self, Served};
use super::worker::{Counted, Worker};
use crate::routes::Endpoint;

/// How much more is read and thrown away of a connection that ends, so that the answer is not lost with it.
const MOST_LINGERED: u64 = 16 * 1024 * 1024;

/// How long a new connection may take for its first word when the end has begun.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// The code of a refusal for want of the right key.
const WRONG_KEY: &str = "invalid_api_key";

/// Serves a connection until it ends.
pub(super) async fn connection(worker: Rc<Worker>, mut client: Connection) {
    let mut is_first = true;
    let alarm = Alarm::default();
    let mut since = Instant::now();
    let drained = worker.draining.notified();
    let mut drained = pin!(drained);
    drained.as_mut().enable();
    loop {
        let waiting = Waiting {
            alarm: &alarm,
            since,
            is_first,
            drained: drained.as_mut(),
        };
        let (request, arrived) = match next_head(&worker, &mut client, waiting).await {
            Next::Request(request, arrived) => (request, arrived),
            Next::Preface if is_first => {
                let ahead = http2::whole_preface(&client.buffer);
                return Box::pin(http2::connection(Rc::clone(&worker), client.stream, ahead)).await;
            }
            Next::Preface => {
                refuse_head(&worker, &mut client, HeadError::Version).await;
                return Box::pin(linger(&mut client)).await;
            }
            Next::Refused(refusal) => {
                refuse(&worker, &mut client, refusal).await;
                return Box::pin(linger(&mut client)).await;
            }
            Next::Nothing => return,
        };
        is_first = false;
        let asked = Asked {
            request: &request,
            arrived,
            alarm: &alarm,
        };
        let (then, end) = exchange(&worker, &mut client, asked).await;
        since = end;
        match then {
            Then::Next => {}
            Then::Linger => return Box::pin(linger(&mut client)).await,
            Then::Close => return,
        }
    }
}

/// What becomes of a connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Next,
    /// The answer must be seen although the rest of the request was not read.
    Linger,
    Close,
}

/// A request that is to be answered.
#[derive(Clone, Copy)]
struct Asked<'a> {
    request: &'a Request,
    /// When its head was there.
    arrived: Instant,
    /// The timer of whoever waits for it.
    alarm: &'a Alarm,
}

/// Answers the one request of a stream of HTTP/2.
pub(super) async fn request(worker: &Rc<Worker>, client: &mut Connection, request: &Request) {
    // Nothing else comes on a stream, so that it is done with whatever should become of it.
    let asked = Asked {
        request,
        arrived: Instant::now(),
        alarm: &Alarm::default(),
    };
    let _ = exchange(worker, client, asked).await;
}

/// Waits for the first bytes of a request; false when none come. When the end has begun, what has come by then is a request, and a connection that is new has a moment for it.
async fn begins(worker: &Worker, client: &mut Connection, waiting: Waiting<'_, '_>) -> bool {
    let limits = &worker.shared.limits;
    if !worker.is_draining() {
        let end = waiting.since + limits.keep_alive;
        let fill = pin!(client.fill_head());
        tokio::select! {
            biased;
            filled = waiting.alarm.before(end, fill) => {
                return matches!(filled, Ok(Ok(1..)));
            }
            () = waiting.drained => {}
        }
    }
    let patience = match (client.holds_bytes(), waiting.is_first) {
        (true, _) => limits.head,
        (false, true) => FIRST_WORD.min(limits.head),
        (false, false) => return false,
    };
    matches!(timeout(patience, client.fill_head()).await, Ok(Ok(1..)))
}

/// Says what is wrong with a head.
pub(super) async fn refuse_head(worker: &Worker, client: &mut Connection, error: HeadError) {
    refuse(worker, client, refused_head(error)).await;
}

/// Says why there will be no answer; nothing else is said on this connection.
async fn refuse(worker: &Worker, client: &mut Connection, refusal: Refusal) {
    let record = Record::new(worker, None, Instant::now());
    let manner = Manner {
        modern: true,
        keep: false,
        head_only: false,
    };
    let patience = worker.shared.limits.write;
    let _ = answer::write(
        client,
        &refusal.into(),
        record.id.as_str(),
        manner,
        patience,
    )
    .await;
}

/// How a connection waits for a request.
struct Waiting<'a, 'w> {
    alarm: &'a Alarm,
    /// Since when.
    since: Instant,
    is_first: bool,
    /// Ready when the end has begun.
    drained: Pin<&'a mut Notified<'w>>,
}

/// What comes next on a connection.
enum Next {
    /// A request, and when it was there.
    Request(Request, Instant),
    /// The begin of HTTP/2.
    Preface,
    Refused(Refusal),
    Nothing,
}

async fn next_head(worker: &Worker, client: &mut Connection, waiting: Waiting<'_, '_>) -> Next {
    let limits = &worker.shared.limits;
    let _waits = Counted::new(&worker.waiting);
    let alarm = waiting.alarm;
    if client.buffer.is_empty() && !begins(worker, client, waiting).await {
        return Next::Nothing;
    }
    let mut arrived = Instant::now();
    let end = arrived + limits.head;
    loop {
        match head::request(&mut client.buffer, &mut client.seen) {
            Ok(Some(request)) => return Next::Request(request, arrived),
            Ok(None) => {}
            Err(HeadError::Preface) => return Next::Preface,
            Err(error) => return Next::Refused(refused_head(error)),
        }
        match alarm.before(end, pin!(client.fill_head())).await {
            Ok(Ok(1..)) => arrived = Instant::now(),
            Ok(_) => return Next::Nothing,
            Err(TooLate) => {
                return Next::Refused(Refusal::new(
                    408,
                    "request_timeout",
                    "the head of the request did not come in time",
                ));
            }
        }
    }
}

fn refused_head(error: HeadError) -> Refusal {
    match error {
        HeadError::Malformed(what) => Refusal::new(
            400,
            "bad_request",
            format!("the request is no HTTP that everybody reads the same: {what}"),
        ),
        HeadError::TooLarge => Refusal::new(
            431,
            "headers_too_large",
            "the head of the request has too many fields or bytes",
        ),
        HeadError::Version | HeadError::Preface => Refusal::new(
            505,
            "http_version",
            "HTTP/2 is spoken here from the first byte of a connection on, and beside it only HTTP/1.1 and HTTP/1.0",
        ),
        HeadError::Coding => Refusal::new(
            501,
            "transfer_encoding",
            "the only transfer coding that is understood is `chunked`",
        ),
    }
}

/// Answers one request; what becomes of the connection, and when that was. A panic while it is answered is an answer of its own, and nobody else's trouble.
async fn exchange(
    worker: &Rc<Worker>,
    client: &mut Connection,
    asked: Asked<'_>,
) -> (Then, Instant) {
    let request = asked.request;
    let theirs = request.fields.find(b"x-request-id").next();
    let mut record = Record::new(worker, theirs, asked.arrived);
    let mut body = Incoming::new(worker, request);
    worker.active.set(worker.active.get() + 1);
    worker.metrics.in_flight.fetch_add(1, Relaxed);
    // In a box: whatever wraps a future holds its room twice, for each of ten thousand idle streams.
    let respond = Box::pin(respond(worker, client, asked, &mut body, &mut record));
    let result = caught(respond).await;
    worker.active.set(worker.active.get() - 1);
    worker.metrics.in_flight.fetch_sub(1, Relaxed);
    let end = result.unwrap_or_else(|Panicked| {
        worker.metrics.panics.fetch_add(1, Relaxed);
        record.error = Some("panic");
        if record.status == 0 {
            End::Refused(Refusal::new(
                500,
                "internal",
                "the gateway made a mistake with this request; others are not affected",
            ))
        } else {
            End::Gone
        }
    });
    let then = finish(worker, client, request, body, end, &mut record).await;
    (then, record.end(worker))
}

/// Writes what is left to write, and decides what becomes of the connection.
async fn finish(
    worker: &Worker,
    client: &mut Connection,
    request: &Request,
    mut body: Incoming,
    end: End,
    record: &mut Record,
) -> Then {
    let refusal = match end {
        End::Gone => {
            if record.status == 0 {
                record.status = 499;
                record.error.get_or_insert("client_gone");
            }
            return Then::Close;
        }
        End::Answered(keep) => {
            return if keep && body.body.is_done() {
                Then::Next
            } else if body.body.is_done() {
                Then::Close
            } else {
                Then::Linger
            };
        }
        End::Refused(refusal) => refusal,
    };
    record.status = refusal.status;
    record.error.get_or_insert(refusal.code);
    if client.broken {
        return Then::Close;
    }
    // What is left of a small body is read, so that the connection can stay; not when its sender waits for leave to send it.
    let is_left = !body.body.is_done() && (body.continues || body.drain(client).await.is_none());
    let may_stay = !matches!(refusal.status, 408 | 413 | 503) || body.body.is_done();
    let keep = request.keep_alive && !is_left && may_stay && !worker.is_draining();
    let manner = Manner {
        modern: request.modern,
        keep,
        head_only: request.method == "HEAD",
    };
    let answer: Answer = refusal.into();
    record.bytes_out += answer.body.len() as u64;
    let wrote = answer::write(
        client,
        &answer,
        record.id.as_str(),
        manner,
        worker.shared.limits.write,
    )
    .await;
    match (wrote, keep) {
        (Ok(()), true) => Then::Next,
        (Ok(()), false) => Then::Linger,
        (Err(_), _) => Then::Close,
    }
}

/// Closes our side and reads a little more, for closing with unread bytes would throw the answer away.
async fn linger(client: &mut Connection) {
    use tokio::io::AsyncWriteExt;
    let _ = client.stream.shutdown().await;
    let mut left = MOST_LINGERED;
    let drain = async {
        loop {
            client.buffer.clear();
            match client.fill().await {
                Ok(0) | Err(_) => return,
                Ok(read) => left = left.saturating_sub(read as u64),
            }
            if left == 0 {
                return;
            }
        }
    };
    let _ = timeout(Duration::from_secs(1), drain).await;
}

/// Answers a request, or says why not.
async fn respond(
    worker: &Rc<Worker>,
    client: &mut Connection,
    Asked { request, alarm, .. }: Asked<'_>,
    body: &mut Incoming,
    record: &mut Record,
) -> End {
    let served = worker.served();
    let key = match admit(&served, request, record) {
        Ok(key) => key,
        Err(refusal) if refusal.code == WRONG_KEY => {
            return End::Refused(guessed(worker, client, refusal, record));
        }
        Err(refusal) => return End::Refused(refusal),
    };
    let mut expected = request.fields.values("expect");
    if !expected.all(|it| it.eq_ignore_ascii_case("100-continue")) {
        return End::Refused(Refusal::new(
            417,
            "expectation",
            "the only expectation that is met is `100-continue`",
        ));
    }
    let path = request
        .path
        .strip_prefix("/v1")
        .filter(|it| it.starts_with('/'))
        .unwrap_or(&request.path);
    let Some(endpoint) = served::endpoint(path) else {
        let answer = local_answer(worker, &served, client, request, path, key, body, record);
        return Box::pin(answer).await;
    };
    record.endpoint = served::path(endpoint);
    if request.method != "POST" {
        return End::Refused(method_not_allowed("POST"));
    }
    if let Err(refusal) = check_coding(request) {
        return End::Refused(refusal);
    }
    let context = Context {
        alarm,
        worker,
        served: &served,
        request,
        key,
        endpoint,
    };
    if endpoint == Endpoint::AudioTranscriptions {
        return Box::pin(upload(&context, client, body, record)).await;
    }
    if !has_kind(request, "application/json") {
        return End::Refused(Refusal::new(
            415,
            "content_type",
            "the body must be JSON in UTF-8: send `content-type: application/json`",
        ));
    }
    let bytes = match body.read(worker, client, request).await {
        Ok(bytes) => bytes,
        Err(end) => return end,
    };
    record.bytes_in = bytes.len() as u64;
    let found = match scan::scan(&bytes) {
        Ok(found) => found,
        Err(error) => return End::Refused(refused_body(error)),
    };
    record.stream = found.stream;
    let route = match open(&served, &found.model, key, record) {
        Ok(route) => route,
        Err(refusal) => return End::Refused(refusal),
    };
    let payload = Payload {
        body: &bytes,
        model_at: found.model_at.clone(),
        is_json: true,
        first_at: found.first_at,
        fields: &found.fields,
        stream: found.stream,
        single: found.single,
        tools: found.tools,
    };
    forward(&context, client, &payload, route, record).await
}

/// Sends on a form with a file.
async fn upload(
    context: &Context<'_>,
    client: &mut Connection,
    body: &mut Incoming,
    record: &mut Record,
) -> End {
    let kind = context
        .request
        .fields
        .value("content-type")
        .unwrap_or_default();
    let Some(boundary) = multipart::boundary(kind) else {
        return End::Refused(Refusal::new(
            415,
            "content_type",
            "the body must be a form: send `content-type: multipart/form-data` with its boundary",
        ));
    };
    let bytes = match body.read(context.worker, client, context.request).await {
        Ok(bytes) => bytes,
        Err(end) => return end,
    };
    record.bytes_in = bytes.len() as u64;
    let form = match multipart::scan(&bytes, &boundary) {
        Ok(form) => form,
        Err(refusal) => return End::Refused(refusal),
    };
    record.stream = form.stream;
    let route = match open(context.served, form.model, context.key, record) {
        Ok(route) => route,
        Err(refusal) => return End::Refused(refusal),
    };
    let payload = Payload {
        body: &bytes,
        model_at: form.model_at.clone(),
        is_json: false,
        first_at: 0,
        fields: &[],
        stream: form.stream,
        single: true,
        tools: false,
    };
    forward(context, client, &payload, route, record).await
}

/// The route that a name leads to, when the key opens it.
fn open(
    served: &Served,
    model: &str,
    key: Option<&Key>,
    record: &mut Record,
) -> Result<usize, Refusal> {
    let unknown = || {
        let shown: String = model
            .chars()
            .take(100)
            .flat_map(char::escape_default)
            .collect();
        Refusal::new(404, "model_not_found", format!("there is no model `{shown}` here, or this key does not open it; `GET /v1/models` lists those that are")).param("model")
    };
    let at = served.route(model).ok_or_else(unknown)?;
    let route = &served.routes[at];
    record.handle = route.name.clone();
    if key.is_some_and(|key| !key.opens(route)) {
        record.handle = SmolStr::default();
        return Err(unknown());
    }
    Ok(at)
}

/// Who asks: checked before the path is looked at, but for what is open to all.
fn admit<'a>(
    served: &'a Served,
    request: &Request,
    record: &mut Record,
) -> Result<Option<&'a Key>, Refusal> {
    if local::is_open(&request.path) {
        return Ok(None);
    }
    if served.keys.is_empty() {
        return if local::is_from_here(request) {
            Ok(None)
        } else {
            Err(Refusal::new(
                403,
                "foreign_page",
                "without a key only programs on this machine are served, and no web pages from elsewhere",
            ))
        };
    }
    match served.keys.admit(request) {
        Ok(key) => {
            record.key = key.map(|it| it.name.clone());
            Ok(key)
        }
        Err(Denied::Ambiguous) => Err(Refusal::new(
            400,
            "ambiguous_key",
            "the request shows more than one key",
        )),
        Err(Denied::Missing | Denied::Wrong) => Err(Refusal::new(
            401,
            WRONG_KEY,
            "the key is missing or wrong: send `authorization: Bearer KEY`",
        )),
    }
}

/// What one is told who shows a wrong key again and again: no more than that. A right key is served all the same, for many may come from one address.
fn guessed(worker: &Worker, client: &Connection, refusal: Refusal, record: &mut Record) -> Refusal {
    let peer = client.peer();
    if peer.is_none_or(|it| worker.guesses.borrow_mut().allows(it, Instant::now())) {
        return refusal;
    }
    record.is_flood = true;
    Refusal::new(
        429,
        "too_many_wrong_keys",
        "wrong keys come from this address again and again; try again later, with the right one",
    )
    .retry_after(Some(guesses::PAUSE.as_secs()))
}

fn check_coding(request: &Request) -> Result<(), Refusal> {
    let mut codings = request.fields.values("content-encoding");
    if codings.all(|it| it.eq_ignore_ascii_case("identity")) {
        return Ok(());
    }
    Err(Refusal::new(
        415,
        "content_encoding",
        "the body must not be compressed",
    ))
}

/// True when the body is of this kind, in UTF-8.
fn has_kind(request: &Request, kind: &str) -> bool {
    let mut values = request.fields.find(b"content-type");
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    if value == kind.as_bytes() {
        return true;
    }
    let value = text_of(value);
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|it| it.eq_ignore_ascii_case(kind))
        && parts.all(|it| match it.split_once('=') {
            Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => charset
                .trim()
                .trim_matches('"')
                .eq_ignore_ascii_case("utf-8"),
            _ => true,
        })
}

pub(super) fn method_not_allowed(allow: &'static str) -> Refusal {
    let mut refusal = Refusal::new(
        405,
        "method_not_allowed",
        format!("this path is asked with {allow}"),
    );
    refusal.allow = Some(allow);
    refusal
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is something else, and a struct for one call would only rename them"
)]
async fn local_answer(
    worker: &Rc<Worker>,
    served: &Served,
    client: &mut Connection,
    request: &Request,
    path: &str,
    key: Option<&Key>,
    body: &mut Incoming,
    record: &mut Record,
) -> End {
    let answer = if let Some(tool) = path
        .strip_prefix("/search/")
        .filter(|_| request.method == "POST")
    {
        record.endpoint = "/search";
        if let Err(refusal) = check_coding(request) {
            return End::Refused(refusal);
        }
        if !has_kind(request, "application/json") {
            return End::Refused(Refusal::new(
                415,
                "content_type",
                "the body must be JSON in UTF-8: send `content-type: application/json`",
            ));
        }
        let bytes = match body.read(worker, client, request).await {
            Ok(bytes) => Bytes::copy_from_slice(&bytes),
            Err(end) => return end,
        };
        record.bytes_in = bytes.len() as u64;
        tokio::select! {
            biased;
            answer = super::search::search(worker, served, tool, &bytes, record.id.as_str()) => answer,
            () = client.gone() => return End::Gone,
        }
    } else {
        local::answer(&worker.shared, served, request, path, key, record)
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return End::Refused(refusal),
    };
    // A body that nobody asked for is read and forgotten, or the connection ends.
    let is_read = body.body.is_done() || (!body.continues && body.drain(client).await.is_some());
    let keep = request.keep_alive && is_read && !worker.is_draining();
    let manner = Manner {
        modern: request.modern,
        keep,
        head_only: request.method == "HEAD",
    };
    record.status = answer.status;
    record.bytes_out = answer.body.len() as u64;
    match answer::write(
        client,
        &answer,
        record.id.as_str(),
        manner,
        worker.shared.limits.write,
    )
    .await
    {
        Ok(()) => End::Answered(keep),
        Err(_) => End::Gone,
    }
}

fn refused_body(error: ScanError) -> Refusal {
    match error {
        ScanError::Json(at, what) => Refusal::new(
            400,
            "invalid_json",
            format!("the body is no JSON: {what} at byte {at}"),
        ),
        ScanError::NotObject => Refusal::new(400, "invalid_json", "the body must be a JSON object"),
        ScanError::Duplicate(name) => Refusal::new(
            400,
            "duplicate_key",
            format!(
                "the field `{}` stands twice, or in another case",
                name.escape_default()
            ),
        )
        .param(name),
        ScanError::Redirecting(name) => Refusal::new(
            400,
            "forbidden_field",
            format!("the field `{name}` is not the client's to set; leave it out"),
        )
        .param(name),
        ScanError::TooMuch(what) => Refusal::new(
            400,
            "body_too_complex",
            format!("the body has too many {what}"),
        ),
        ScanError::NoModel => {
            Refusal::new(400, "missing_model", "the field `model` is missing").param("model")
        }
        ScanError::Type(name, kind) => Refusal::new(
            400,
            "invalid_type",
            format!("the field `{name}` must be {kind}"),
        )
        .param(name),
    }
}
