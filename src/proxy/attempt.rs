//! One try at one server, up to the moment from which there is no way back: the first content.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::alarm::{Patience, TooLate};
use super::answer::decimal;
use super::deployment::Deployment;
use super::error::{Refusal, Speech};
use super::forward::{Context, Payload, retry_after};
use super::framing::Piece;
use super::judge::{Judge, Meaning, usage_in};
use super::record::Record;
use super::served::path;
use super::sse::Splitter;
use super::upstream::{Failure, Reply};
use crate::routes::Endpoint;

/// The most that is held back until content comes, or an answer is whole.
const MOST_HELD: usize = 64 * 1024;

/// Request headers that a server may need, beside those that we write.
const PASSED: &[&str] = &[
    "accept",
    "anthropic-version",
    "anthropic-beta",
    "openai-beta",
    "idempotency-key",
    "traceparent",
    "tracestate",
];

/// An answer from which on there is no way back.
pub(super) enum Begun {
    /// All of it is here.
    Whole(Reply, Bytes),
    /// A part of it.
    Part(Reply, Vec<Bytes>),
    /// A stream of events whose first content is here.
    Events(Box<Events>),
}

/// A stream of events that has begun.
pub(super) struct Events {
    pub(super) reply: Reply,
    pub(super) splitter: Splitter,
    pub(super) judge: Judge,
    pub(super) speech: Option<Speech>,
    /// What was held back, ready to be sent.
    pub(super) held: Vec<Bytes>,
}

/// What a server said in place of an answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// A try that gave no answer.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a consequence of its own"
)]
pub(super) struct Miss {
    /// What the client is told when nobody else answers.
    pub(super) refusal: Refusal,
    /// What the server said, when that is what the client is told.
    pub(super) said: Option<Said>,
    /// How long the server asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// True when the same server may be asked again.
    pub(super) same_again: bool,
    /// True when nobody else is to be asked: the request itself is at fault, or our keys are.
    pub(super) is_final: bool,
    /// True when it speaks against the server.
    pub(super) is_fault: bool,
    /// True when an operator should know.
    pub(super) is_alarm: bool,
    /// True when the server may have worked for it.
    pub(super) was_sent: bool,
    /// The word for logs.
    pub(super) word: &'static str,
}

impl Miss {
    /// A refusal of our own.
    pub(super) fn ours(refusal: Refusal, word: &'static str) -> Self {
        Self {
            refusal,
            said: None,
            retry_after: None,
            same_again: false,
            is_final: false,
            is_fault: false,
            is_alarm: false,
            was_sent: false,
            word,
        }
    }

    fn of(failure: Failure, deployment: &Deployment) -> Self {
        let id = &deployment.id;
        let refusal = match failure {
            Failure::Name => Refusal::new(
                503,
                "upstream_name_not_found",
                format!("the host of `{id}` cannot be found just now; try again later"),
            ),
            Failure::Forbidden => Refusal::new(
                502,
                "upstream_address_forbidden",
                format!(
                    "the host of `{id}` has an address that no server of the platform can have"
                ),
            ),
            Failure::Connect => Refusal::new(
                502,
                "upstream_unreachable",
                format!("`{id}` cannot be reached; try again later"),
            ),
            Failure::Exhausted => Refusal::new(
                503,
                "overloaded",
                "the gateway has no room for another connection; try again in a moment",
            )
            .retry_after(Some(1)),
            Failure::Tls => Refusal::new(
                502,
                "upstream_tls",
                format!("`{id}` could not prove who it is"),
            ),
            Failure::Timeout => Refusal::new(
                504,
                "upstream_timeout",
                format!("`{id}` did not answer in time; try again later, or ask for less"),
            ),
            Failure::Lost => Refusal::new(
                502,
                "upstream_lost",
                format!("`{id}` closed the connection before it answered; try again"),
            ),
            Failure::Nonsense(what) => Refusal::new(
                502,
                "upstream_protocol",
                format!("`{id}` answered wrongly: {what}"),
            ),
        };
        let was_sent = matches!(
            failure,
            Failure::Timeout | Failure::Lost | Failure::Nonsense(_)
        );
        let same_again = matches!(failure, Failure::Connect | Failure::Lost);
        let is_alarm = matches!(failure, Failure::Forbidden | Failure::Tls);
        Self {
            same_again,
            is_alarm,
            was_sent,
            // What we have no room for is nobody else's fault.
            is_fault: failure != Failure::Exhausted,
            ..Self::ours(refusal, failure.word())
        }
    }
}

/// Tries a deployment until content has come.
pub(super) async fn attempt(
    context: &Context<'_>,
    payload: &Payload<'_>,
    deployment: &Arc<Deployment>,
    patience: Patience<'_>,
    record: &mut Record,
) -> Result<Begun, Miss> {
    let policy = &context.served.policy;
    let pool = &context.worker.pool;
    let head = head(context, payload, deployment, record);
    let mut parts: Vec<&[u8]> = Vec::with_capacity(5 + deployment.parameters.len() * 2);
    parts.push(&head);
    body(payload, deployment, &mut parts);
    let sent = pool
        .exchange(
            &deployment.url,
            &deployment.origin,
            &parts,
            policy.connect,
            patience,
        )
        .await;
    let reply = sent.map_err(|failure| Miss::of(failure, deployment))?;
    let begun = async {
        if reply.head.status / 100 != 2 {
            return Err(Box::pin(refused(reply, context, deployment)).await);
        }
        begin(reply, context, payload, record)
            .await
            .map_err(|failure| Miss::of(failure, deployment))
    };
    // What is waited for stays where it is: moving a future costs as much as it is large.
    match patience.wait(std::pin::pin!(begun)).await {
        Ok(begun) => begun,
        Err(TooLate) => Err(Miss::of(Failure::Timeout, deployment)),
    }
}

fn head(
    context: &Context<'_>,
    payload: &Payload<'_>,
    deployment: &Deployment,
    record: &Record,
) -> Vec<u8> {
    let fields = &context.request.fields;
    let mut head = Vec::with_capacity(512);
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|it| head.extend_from_slice(it));
    let kind = fields.find(b"content-type").next();
    let mut number = [0; 20];
    let length = decimal(&mut number, length(payload, deployment) as u64);
    add(&[
        b"POST ",
        deployment.url.path.as_bytes(),
        path(context.endpoint).as_bytes(),
        &deployment.opening,
        b"content-type: ",
        kind.unwrap_or(b"application/json"),
        b"\r\ncontent-length: ",
        length,
        b"\r\nx-request-id: ",
        record.id.as_bytes(),
        b"\r\n",
    ]);
    for name in PASSED.iter().map(|it| it.as_bytes()) {
        for value in fields.find(name) {
            add(&[name, b": ", value, b"\r\n"]);
        }
    }
    add(&[b"\r\n"]);
    head
}

/// The body in parts: as it came, but for the model's name and the fields that are added.
fn body<'a>(payload: &'a Payload<'_>, deployment: &'a Deployment, parts: &mut Vec<&'a [u8]>) {
    let model = &payload.model_at;
    if payload.is_json {
        parts.push(&payload.body[..payload.first_at]);
        for fragment in added(payload, deployment) {
            parts.push(fragment);
            parts.push(b",");
        }
        parts.push(&payload.body[payload.first_at..model.start]);
        parts.push(&deployment.model);
    } else {
        parts.push(&payload.body[..model.start]);
        parts.push(deployment.model_name.as_bytes());
    }
    parts.push(&payload.body[model.end..]);
}

/// The fields that a deployment adds to a request.
pub(super) fn added<'a>(
    payload: &'a Payload<'_>,
    deployment: &'a Deployment,
) -> impl Iterator<Item = &'a [u8]> {
    let is_new = |name: &str| !payload.fields.iter().any(|it| it == name);
    deployment
        .parameters
        .iter()
        .filter(move |(name, _)| is_new(name))
        .map(|(_, fragment)| fragment.as_slice())
}

fn length(payload: &Payload<'_>, deployment: &Deployment) -> usize {
    let rest = payload.body.len() - payload.model_at.len();
    if payload.is_json {
        rest + deployment.model.len()
            + added(payload, deployment)
                .map(|it| it.len() + 1)
                .sum::<usize>()
    } else {
        rest + deployment.model_name.len()
    }
}

async fn begin(
    reply: Reply,
    context: &Context<'_>,
    payload: &Payload<'_>,
    record: &mut Record,
) -> Result<Begun, Failure> {
    let fields = &reply.head.fields;
    let kind = fields.find(b"content-type").next().unwrap_or_default();
    let kind = kind.split(|it| *it == b';').next().unwrap_or_default();
    let kind = kind.trim_ascii();
    let is_events = kind.eq_ignore_ascii_case(b"text/event-stream");
    let coding = fields.find(b"content-encoding").next();
    if coding.is_some_and(|it| !it.eq_ignore_ascii_case(b"identity")) {
        return Err(Failure::Nonsense(
            "it compressed what it was asked to leave as it is",
        ));
    }
    // One that says nothing of its answer has always been taken for one that means JSON.
    let is_json = kind.is_empty()
        || kind.eq_ignore_ascii_case(b"application/json")
        || (kind.last_chunk()).is_some_and(|it: &[u8; 5]| it.eq_ignore_ascii_case(b"+json"));
    match (is_events, payload.stream) {
        (false, _) if !is_json && is_json_only(context.endpoint) => {
            Err(Failure::Nonsense("it answered something that is no JSON"))
        }
        (true, false) if is_json_only(context.endpoint) => Err(Failure::Nonsense(
            "it streamed what was not asked to be streamed",
        )),
        (false, true) if is_json && is_json_only(context.endpoint) => Err(Failure::Nonsense(
            "it did not stream what was asked to be streamed",
        )),
        (true, _) => {
            let speech = match context.endpoint {
                Endpoint::ChatCompletions | Endpoint::Completions => Some(Speech::Chat),
                Endpoint::Messages => Some(Speech::Messages),
                Endpoint::Responses => Some(Speech::Responses),
                _ => None,
            };
            first_content(reply, speech).await
        }
        (false, _) => whole(reply, is_json, record).await,
    }
}

/// True for endpoints that answer with JSON, or with events of JSON.
fn is_json_only(endpoint: Endpoint) -> bool {
    !matches!(
        endpoint,
        Endpoint::AudioSpeech | Endpoint::AudioTranscriptions | Endpoint::ImagesGenerations
    )
}

/// Reads a JSON answer to its end, unless it is large: until it is whole, another server may still be asked.
async fn whole(mut reply: Reply, is_json: bool, record: &mut Record) -> Result<Begun, Failure> {
    let mut held = Held::default();
    loop {
        match reply
            .body
            .take(&mut reply.connection.buffer)
            .map_err(|_| Failure::Nonsense("its body is not framed"))?
        {
            Piece::Data(bytes) => {
                held.add(bytes);
                if held.len() > MOST_HELD || !is_json {
                    return Ok(Begun::Part(reply, vec![held.all()]));
                }
            }
            Piece::End => {
                let held = held.all();
                record.usage = usage_in(&held);
                return Ok(Begun::Whole(reply, held));
            }
            Piece::More => match reply.connection.fill().await {
                Ok(0) if reply.body.ends_with_connection() => {
                    reply.reusable = false;
                    return Ok(Begun::Whole(reply, held.all()));
                }
                Ok(0) | Err(_) => return Err(Failure::Lost),
                Ok(_) => {}
            },
        }
    }
}

/// An answer that is held back: mostly it is one piece, which stays where it is.
#[derive(Default)]
struct Held {
    first: Bytes,
    /// All of it, once there are more.
    joined: Vec<u8>,
}

impl Held {
    fn add(&mut self, bytes: Bytes) {
        if self.len() == 0 {
            self.first = bytes;
            return;
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&self.first);
        }
        self.joined.extend_from_slice(&bytes);
    }

    fn len(&self) -> usize {
        self.first.len().max(self.joined.len())
    }

    fn all(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.into()
        }
    }
}

/// Reads a stream up to its first content. Until then it may fail without a trace.
async fn first_content(mut reply: Reply, speech: Option<Speech>) -> Result<Begun, Failure> {
    let mut splitter = Splitter::default();
    let mut judge = Judge::new(speech);
    let mut held = Vec::new();
    let mut size = 0;
    loop {
        while let Some(event) = splitter
            .next_event()
            .map_err(|_| Failure::Nonsense("an event never ends"))?
        {
            let meaning = judge.read(&event);
            if meaning == Meaning::Failed {
                return Err(Failure::Nonsense("its stream begins with an error"));
            }
            if meaning == Meaning::Malformed {
                continue;
            }
            size += event.len();
            held.push(event);
            let has_begun = matches!(meaning, Meaning::Content | Meaning::Done);
            if has_begun || size > MOST_HELD {
                return Ok(Begun::Events(Box::new(Events {
                    reply,
                    splitter,
                    judge,
                    speech,
                    held,
                })));
            }
        }
        match reply
            .body
            .take(&mut reply.connection.buffer)
            .map_err(|_| Failure::Nonsense("its body is not framed"))?
        {
            Piece::Data(bytes) => splitter.push(&bytes, reply.body.announced()),
            Piece::End => return Err(Failure::Lost),
            Piece::More => {
                if matches!(reply.connection.fill().await, Ok(0) | Err(_)) {
                    return Err(Failure::Lost);
                }
            }
        }
    }
}

/// Reads what a server says in place of an answer, and what follows from it.
async fn refused(mut reply: Reply, context: &Context<'_>, deployment: &Arc<Deployment>) -> Miss {
    let status = reply.head.status;
    let mut body = Vec::new();
    while body.len() <= MOST_HELD {
        match reply.body.take(&mut reply.connection.buffer) {
            Ok(Piece::Data(bytes)) => body.extend_from_slice(&bytes),
            Ok(Piece::More) => {
                if matches!(reply.connection.fill().await, Ok(0) | Err(_)) {
                    break;
                }
            }
            Ok(Piece::End) | Err(_) => break,
        }
    }
    let asked = reply.head.fields.value("retry-after").and_then(retry_after);
    if reply.body.is_done() {
        context
            .worker
            .pool
            .keep(&deployment.origin, reply, Instant::now());
    }
    let id = &deployment.id;
    let (refusal, word) = match status {
        300..=399 => (
            Refusal::new(
                502,
                "upstream_redirect",
                format!("`{id}` wants to send the request elsewhere, which is not done"),
            ),
            "redirect",
        ),
        401 | 403 => (
            Refusal::new(
                502,
                "upstream_auth",
                format!(
                    "`{id}` does not accept the gateway's key; its owner must set the right one"
                ),
            ),
            "auth",
        ),
        429 => (
            Refusal::new(
                429,
                "upstream_rate_limited",
                format!("`{id}` has too much to do; try again later"),
            ),
            "rate_limited",
        ),
        400..=499 => (
            Refusal::new(
                status,
                "upstream_refused",
                format!("`{id}` refused the request with status {status}"),
            ),
            "refused",
        ),
        _ => (
            Refusal::new(
                502,
                "upstream_failed",
                format!("`{id}` failed with status {status}; try again later"),
            ),
            "failed",
        ),
    };
    let is_ours = matches!(status, 300..=399 | 401 | 403);
    let again = matches!(status, 408 | 429) || status >= 500;
    let seconds = asked.map(|it| it.as_secs() + u64::from(it.subsec_nanos() > 0));
    Miss {
        said: (!is_ours && is_error(&body) && !tells_key(&body, deployment))
            .then_some(Said { status, body }),
        retry_after: asked.filter(|_| matches!(status, 429 | 503)),
        same_again: again,
        is_final: !again,
        is_fault: again,
        is_alarm: is_ours,
        was_sent: status >= 500,
        ..Miss::ours(refusal.retry_after(seconds.filter(|_| again)), word)
    }
}

/// True when a server repeats the key that it was shown, as some do to say that it is wrong.
fn tells_key(body: &[u8], deployment: &Deployment) -> bool {
    deployment
        .authorization
        .strip_prefix(b"authorization: Bearer ")
        .is_some_and(|it| memchr::memmem::find(body, it.trim_ascii_end()).is_some())
}

/// True for an error in OpenAI's shape.
fn is_error(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Shape {
        error: Words,
    }
    #[derive(serde::Deserialize)]
    struct Words {
        message: String,
    }
    serde_json::from_slice::<Shape>(body).is_ok_and(|it| !it.error.message.is_empty())
}
