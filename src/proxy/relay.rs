//! An answer on its way back: as it came, piece by piece, and never looking complete when it is not.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::alarm::TooLate;
use super::answer::{decimal, reason};
use super::attempt::{self, Begun, Events, Said};
use super::connection::{Connection, Stream};
use super::deployment::Deployment;
use super::error::{Refusal, Speech};
use super::forward::{Context, Payload};
use super::framing::Piece;
use super::judge::{self, Meaning};
use super::record::Record;
use super::upstream::{self, Reply};

/// How long more events are waited for once a stream has said why it stopped.
const AFTER_FINISH: Duration = Duration::from_millis(900);

/// Fields of an answer that a client may see.
const SHOWN: &[&str] = &["content-type", "content-disposition", "cache-control"];

/// How an answer ended for the client.
pub(super) enum Relayed {
    /// It was told all there is; `true` when the connection can be used again.
    Whole(bool),
    /// It has gone, or must think that we have.
    Gone,
}

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Length(usize),
    Chunks,
    /// With the stream of HTTP/2.
    Stream,
    Close,
}

impl Ending {
    /// How the end of a body is told whose length is not known.
    fn unknown(client: &Connection, context: &Context<'_>) -> Self {
        match context.request.modern {
            _ if client.is_http2() => Self::Stream,
            true => Self::Chunks,
            false => Self::Close,
        }
    }
}

/// Sends an answer that has begun.
pub(super) async fn relay(
    client: &mut Connection,
    context: &Context<'_>,
    payload: &Payload<'_>,
    deployment: &Arc<Deployment>,
    (begun, answered): (Begun, Instant),
    record: &mut Record,
) -> Relayed {
    match begun {
        Begun::Whole(reply, whole) => {
            let status = reply.head.status;
            let body = &whole[..];
            let head = head_of(
                client,
                context,
                status,
                shown(&reply),
                Ending::Length(body.len()),
                record,
            );
            upstream::finish(&context.worker.pool, &deployment.origin, reply, answered);
            record.status = status;
            record.bytes_out += body.len() as u64;
            written(
                &client
                    .write(&[&head, body], context.worker.shared.limits.write)
                    .await,
                context,
            )
        }
        Begun::Part(reply, held) => {
            Box::pin(part(client, context, deployment, reply, held, record)).await
        }
        Begun::Events(events) => {
            Box::pin(stream(
                client, context, payload, deployment, *events, record,
            ))
            .await
        }
    }
}

/// Sends what a server said in place of an answer.
pub(super) async fn said(
    client: &mut Connection,
    context: &Context<'_>,
    said: &Said,
    retry_after: Option<u64>,
    record: &mut Record,
) -> Relayed {
    let wait = retry_after.map(|it| it.to_string());
    let wait = wait.as_ref().map(|it| ("retry-after", it.as_bytes()));
    let fields = std::iter::once(("content-type", &b"application/json"[..])).chain(wait);
    let head = head_of(
        client,
        context,
        said.status,
        fields,
        Ending::Length(said.body.len()),
        record,
    );
    record.status = said.status;
    record.bytes_out += said.body.len() as u64;
    written(
        &client
            .write(&[&head, &said.body], context.worker.shared.limits.write)
            .await,
        context,
    )
}

fn written(wrote: &std::io::Result<()>, context: &Context<'_>) -> Relayed {
    match wrote {
        Ok(()) => Relayed::Whole(keeps(context)),
        Err(_) => Relayed::Gone,
    }
}

/// True when the connection to the client can be used again.
fn keeps(context: &Context<'_>) -> bool {
    context.request.keep_alive && !context.worker.is_draining()
}

fn shown(reply: &Reply) -> impl Iterator<Item = (&'static str, &[u8])> {
    let fields = &reply.head.fields;
    let named = |name: &'static &'static str| {
        let values = fields.find(name.as_bytes());
        values.map(move |value| (*name, value))
    };
    SHOWN
        .iter()
        .flat_map(named)
        .filter(|(_, value)| value.is_ascii())
}

/// The bytes of a head; none where it goes another way than the body.
fn head_of<'a>(
    client: &mut Connection,
    context: &Context<'_>,
    status: u16,
    fields: impl Iterator<Item = (&'static str, &'a [u8])>,
    ending: Ending,
    record: &'a Record,
) -> Vec<u8> {
    if let Stream::Http2(stream) = &mut client.stream {
        let own = [
            ("x-request-id", record.id.as_bytes()),
            ("x-homelab-deployment", record.deployment.as_bytes()),
        ];
        let own = own.into_iter().filter(|(_, value)| !value.is_empty());
        let length = match ending {
            Ending::Length(length) => Some(length as u64),
            _ => None,
        };
        stream.begin(status, fields.chain(own), length, false);
        return Vec::new();
    }
    let mut head = Vec::with_capacity(384);
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|it| head.extend_from_slice(it));
    add(&[if context.request.modern {
        b"HTTP/1.1 "
    } else {
        b"HTTP/1.0 "
    }]);
    let mut number = [0; 20];
    add(&[decimal(&mut number, u64::from(status)), b" "]);
    add(&[reason(status).as_bytes(), b"\r\n"]);
    for (name, value) in fields {
        add(&[name.as_bytes(), b": ", value, b"\r\n"]);
    }
    match ending {
        Ending::Length(length) => {
            let length = decimal(&mut number, length as u64);
            add(&[b"content-length: ", length, b"\r\n"]);
        }
        Ending::Chunks => add(&[b"transfer-encoding: chunked\r\n"]),
        Ending::Stream | Ending::Close => {}
    }
    add(&[b"x-request-id: ", record.id.as_bytes(), b"\r\n"]);
    if !record.deployment.is_empty() {
        let deployment = record.deployment.as_bytes();
        add(&[b"x-homelab-deployment: ", deployment, b"\r\n"]);
    }
    let connection = match (
        ending == Ending::Close || !keeps(context),
        context.request.modern,
    ) {
        (true, _) => "connection: close\r\n",
        (false, true) => "",
        (false, false) => "connection: keep-alive\r\n",
    };
    head.extend_from_slice(connection.as_bytes());
    head.extend_from_slice(b"\r\n");
    head
}

/// Writes pieces in the way that the head has announced.
struct Writer<'a> {
    client: &'a mut Connection,
    ending: Ending,
    patience: Duration,
    head: Vec<u8>,
}

impl Writer<'_> {
    async fn write(&mut self, pieces: &[Bytes], is_last: bool) -> std::io::Result<()> {
        let size: usize = pieces.iter().map(Bytes::len).sum();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(pieces.len() + 4);
        let head = std::mem::take(&mut self.head);
        parts.push(&head);
        let mut line = [0; 20];
        let line = size_line(&mut line, size);
        let is_chunk = self.ending == Ending::Chunks && size > 0;
        if is_chunk {
            parts.push(line);
        }
        parts.extend(pieces.iter().map(|it| &it[..]));
        if is_chunk {
            parts.push(b"\r\n");
        }
        if is_last && self.ending == Ending::Chunks {
            parts.push(b"0\r\n\r\n");
        }
        self.client.write(&parts, self.patience).await?;
        if let (true, Stream::Http2(stream)) = (is_last, &mut self.client.stream) {
            stream.end();
        }
        Ok(())
    }
}

/// The line before a chunk of this size.
fn size_line(room: &mut [u8; 20], size: usize) -> &[u8] {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1) as usize;
    for (at, place) in room[..digits].iter_mut().enumerate() {
        *place = b"0123456789abcdef"[size >> ((digits - 1 - at) * 4) & 15];
    }
    room[digits..digits + 2].copy_from_slice(b"\r\n");
    &room[..digits + 2]
}

/// Sends an answer of any kind that is not whole yet.
async fn part(
    client: &mut Connection,
    context: &Context<'_>,
    deployment: &Arc<Deployment>,
    mut reply: Reply,
    mut pieces: Vec<Bytes>,
    record: &mut Record,
) -> Relayed {
    let ending = match reply.head.framing {
        super::head::Framing::Length(length) => {
            Ending::Length(usize::try_from(length).unwrap_or(usize::MAX))
        }
        _ => Ending::unknown(client, context),
    };
    let head = head_of(
        client,
        context,
        reply.head.status,
        shown(&reply),
        ending,
        record,
    );
    record.status = reply.head.status;
    let patience = context.worker.shared.limits.write;
    let mut writer = Writer {
        client,
        ending,
        patience,
        head,
    };
    loop {
        record.bytes_out += pieces.iter().map(|it| it.len() as u64).sum::<u64>();
        if writer.write(&pieces, reply.body.is_done()).await.is_err() {
            return Relayed::Gone;
        }
        if reply.body.is_done() {
            break;
        }
        pieces.clear();
        match reply.body.take(&mut reply.connection.buffer) {
            Ok(Piece::Data(bytes)) => pieces.push(bytes),
            Ok(Piece::End) => {}
            Ok(Piece::More) => {
                let end = Instant::now() + context.served.policy.idle;
                let fill = pin!(reply.connection.fill());
                let filled = tokio::select! {
                    filled = context.alarm.before(end, fill) => filled,
                    () = writer.client.gone() => return Relayed::Gone,
                };
                match filled {
                    Ok(Ok(0)) if reply.body.ends_with_connection() => {
                        return match writer.write(&[], true).await {
                            Ok(()) => Relayed::Whole(ending != Ending::Close && keeps(context)),
                            Err(_) => Relayed::Gone,
                        };
                    }
                    // What is missing cannot be said any more: the client must see that the end is missing.
                    Err(_) | Ok(Ok(0) | Err(_)) => {
                        record.error = Some("cut");
                        return Relayed::Gone;
                    }
                    Ok(Ok(_)) => {}
                }
            }
            Err(_) => {
                record.error = Some("nonsense");
                return Relayed::Gone;
            }
        }
    }
    upstream::finish(
        &context.worker.pool,
        &deployment.origin,
        reply,
        Instant::now(),
    );
    Relayed::Whole(ending != Ending::Close && keeps(context))
}

/// Why a stream stopped.
enum Stop {
    /// Its end was said.
    Done,
    /// The server ended it, in order or not.
    Ended(bool),
    /// The server said that it failed, in an event that was passed on.
    Told,
    /// It is given up.
    Given(Refusal, &'static str),
    /// The client has gone.
    Gone,
}

/// Sends a stream of events.
async fn stream(
    client: &mut Connection,
    context: &Context<'_>,
    payload: &Payload<'_>,
    deployment: &Arc<Deployment>,
    mut events: Events,
    record: &mut Record,
) -> Relayed {
    let ending = Ending::unknown(client, context);
    let fields = shown(&events.reply)
        .filter(|(name, _)| *name != "cache-control")
        .chain([("cache-control", &b"no-cache"[..])]);
    let head = head_of(
        client,
        context,
        events.reply.head.status,
        fields,
        ending,
        record,
    );
    record.status = events.reply.head.status;
    let mut writer = Writer {
        client,
        ending,
        patience: context.worker.shared.limits.write,
        head,
    };
    // What the table asks for and the client did not is for our log alone.
    let hides_usage = events.speech == Some(Speech::Chat)
        && attempt::added(payload, deployment).any(|it| it.starts_with(b"\"stream_options\":"));
    let stop = events_until(
        &mut writer,
        context,
        payload,
        &mut events,
        hides_usage,
        record,
    )
    .await;
    let metrics = &context.worker.metrics;
    let judge = &events.judge;
    record.usage = judge.usage;
    metrics.malformed_events.fetch_add(judge.malformed, Relaxed);
    let speech = events.speech;
    let cut = |what: &str| {
        Refusal::new(
            502,
            "upstream_stream_cut",
            format!(
                "`{}` {what}; what came before is not the whole answer",
                deployment.id
            ),
        )
    };
    let (last, is_whole) = match stop {
        Stop::Gone => return Relayed::Gone,
        Stop::Done => {
            if !judge.finished {
                metrics.unfinished_streams.fetch_add(1, Relaxed);
            }
            (Bytes::new(), true)
        }
        Stop::Told => {
            record.error = Some("told");
            (Bytes::new(), false)
        }
        Stop::Ended(_) if judge.finished && speech == Some(Speech::Chat) => {
            (Bytes::from_static(b"data: [DONE]\n\n"), true)
        }
        Stop::Ended(true) if speech.is_none() => (Bytes::new(), true),
        Stop::Ended(_) => {
            record.error = Some("cut");
            (
                cut("ended the stream too early")
                    .event(speech.unwrap_or(Speech::Chat))
                    .into(),
                false,
            )
        }
        Stop::Given(refusal, word) => {
            record.error = Some(word);
            (refusal.event(speech.unwrap_or(Speech::Chat)).into(), false)
        }
    };
    if !is_whole {
        metrics.cut_streams.fetch_add(1, Relaxed);
    }
    let wrote = writer.write(&[last], true).await;
    if is_whole {
        upstream::finish(
            &context.worker.pool,
            &deployment.origin,
            events.reply,
            Instant::now(),
        );
    }
    match wrote {
        Ok(()) => Relayed::Whole(is_whole && ending != Ending::Close && keeps(context)),
        Err(_) => Relayed::Gone,
    }
}

/// Sends events until there are no more. Only whole events are sent, so that whatever follows stands between two.
async fn events_until(
    writer: &mut Writer<'_>,
    context: &Context<'_>,
    payload: &Payload<'_>,
    events: &mut Events,
    hides_usage: bool,
    record: &mut Record,
) -> Stop {
    let idle = context.served.policy.idle;
    let cutoff = context.worker.cutoff.notified();
    let mut cutoff = pin!(cutoff);
    let mut out = std::mem::take(&mut events.held);
    let mut stop = events.judge.done.then_some(Stop::Done);
    let mut heard = Instant::now();
    let mut said = heard;
    loop {
        while stop.is_none() {
            match events.splitter.next_event() {
                Ok(Some(event)) => match events.judge.read(&event) {
                    Meaning::Malformed => {}
                    _ if hides_usage && judge::is_usage_alone(&event) => {}
                    meaning => {
                        out.push(event);
                        stop = match meaning {
                            Meaning::Done => Some(Stop::Done),
                            Meaning::Failed => Some(Stop::Told),
                            _ => None,
                        };
                    }
                },
                Ok(None) => break,
                Err(_) => {
                    stop = Some(Stop::Given(
                        Refusal::new(
                            502,
                            "upstream_event_too_long",
                            "the server sent an event that never ends; what came before is not the whole answer",
                        ),
                        "too_long",
                    ));
                }
            }
        }
        if stop.is_none() {
            // All pieces that have arrived are sent at once.
            match events.reply.body.take(&mut events.reply.connection.buffer) {
                Ok(Piece::Data(bytes)) => {
                    events.splitter.push(&bytes, events.reply.body.announced());
                    continue;
                }
                Ok(Piece::End) => {
                    rest(events, &mut out);
                    stop = Some(if events.judge.done {
                        Stop::Done
                    } else {
                        Stop::Ended(true)
                    });
                }
                Ok(Piece::More) => {}
                Err(_) => stop = Some(Stop::Ended(false)),
            }
        }
        if !out.is_empty() {
            record.bytes_out += out.iter().map(|it| it.len() as u64).sum::<u64>();
            if writer.write(&out, false).await.is_err() {
                return Stop::Gone;
            }
            out.clear();
        }
        if let Some(stop) = stop {
            return stop;
        }
        if context.worker.cut.get() {
            return shut();
        }
        let is_last_word =
            events.judge.finished && payload.single && events.speech == Some(Speech::Chat);
        let limit = if is_last_word {
            AFTER_FINISH.min(idle)
        } else {
            idle
        };
        let end = (heard + limit).min(said + context.worker.shared.limits.ping);
        let filled = {
            let fill = pin!(events.reply.connection.fill());
            tokio::select! {
                biased;
                filled = context.alarm.before(end, fill) => filled,
                () = writer.client.gone() => return Stop::Gone,
                () = &mut cutoff => return shut(),
            }
        };
        match filled {
            Ok(Ok(0)) if events.reply.body.ends_with_connection() => {
                rest(events, &mut out);
                stop = Some(if events.judge.done {
                    Stop::Done
                } else {
                    Stop::Ended(true)
                });
            }
            Ok(Ok(0) | Err(_)) => stop = Some(Stop::Ended(false)),
            Ok(Ok(_)) => {
                heard = Instant::now();
                said = heard;
            }
            Err(TooLate) if heard.elapsed() < limit => {
                said = Instant::now();
                out.push(Bytes::from_static(b": ping\n\n"));
            }
            Err(TooLate) if is_last_word => stop = Some(Stop::Ended(true)),
            Err(TooLate) => {
                stop = Some(Stop::Given(
                    Refusal::new(
                        504,
                        "upstream_stalled",
                        "the server fell silent in the middle of its answer; what came before is not the whole of it",
                    ),
                    "stalled",
                ));
            }
        }
    }
}

fn shut() -> Stop {
    Stop::Given(
        Refusal::new(
            503,
            "shutting_down",
            "the gateway is being stopped; try again in a moment",
        ),
        "shutdown",
    )
}

/// An event without an empty line behind it, at the end of a stream that ended in order.
fn rest(events: &mut Events, out: &mut Vec<Bytes>) {
    let rest = events.splitter.rest();
    if rest.is_empty() || events.judge.read(&rest) == Meaning::Malformed {
        return;
    }
    out.push(rest);
    out.push(Bytes::from_static(b"\n\n"));
}
