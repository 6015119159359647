//! Connections to servers that speak HTTP/2: each carries many requests at once.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::IoSlice;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::header::{AUTHORIZATION, CONNECTION, HOST};
use http::{HeaderName, HeaderValue, Request, Response};

use super::meter::Meter;
use super::stream::{Http2Stream, Outgoing};
use crate::proxy::connection::{Connection, Stream};
use crate::proxy::framing::Body;
use crate::proxy::head::{self, Answer, Framing};
use crate::proxy::upstream::{Failure, Reply, Sent};

/// How much a server may send ahead on one stream; the connection has room for as much on as many streams as it may have, so that one client that reads slowly holds up no other.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 128 * STREAM_WINDOW;

/// How much of a request waits in our memory for a server that reads slowly.
const MOST_UNSENT: usize = 64 * 1024;

/// The most bytes of fields that are unpacked.
const MOST_UNPACKED: u32 = 64 * 1024;

/// The open connections of one worker, by origin.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Sessions(RefCell<Vec<(Arc<str>, Session)>>);

/// One connection.
#[derive(Debug, Clone)]
pub(in crate::proxy) struct Session {
    send: SendRequest<Bytes>,
    state: Rc<State>,
}

#[derive(Debug)]
struct State {
    /// How many requests it carries.
    streams: Cell<usize>,
    /// When that changed last.
    since: Cell<Instant>,
    /// True when it carries no more requests.
    closed: Cell<bool>,
}

/// A request on a connection, as long as it is there.
#[derive(Debug)]
pub(super) struct Use(Rc<State>);

impl Use {
    fn new(state: &Rc<State>) -> Self {
        state.streams.set(state.streams.get() + 1);
        Self(Rc::clone(state))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.0.streams.set(self.0.streams.get() - 1);
        self.0.since.set(Instant::now());
    }
}

impl Sessions {
    /// A connection with room for another request.
    pub(in crate::proxy) fn take(&self, origin: &str) -> Option<Session> {
        let mut sessions = self.0.borrow_mut();
        sessions.retain(|(_, it)| !it.state.closed.get());
        let has_room = |it: &Session| it.state.streams.get() < it.send.current_max_send_streams();
        let found = sessions
            .iter()
            .find(|(of, it)| **of == *origin && has_room(it));
        found.map(|(_, it)| it.clone())
    }

    /// Closes what nobody used for so long.
    pub(in crate::proxy) fn sweep(&self, kept_for: Duration) {
        self.0.borrow_mut().retain(|(_, it)| {
            let is_used = it.state.streams.get() > 0 || it.state.since.get().elapsed() < kept_for;
            is_used && !it.state.closed.get()
        });
    }

    /// Begins to speak HTTP/2 on a connection, and keeps it for others.
    pub(in crate::proxy) async fn open(
        &self,
        origin: &Arc<str>,
        stream: Stream,
    ) -> Result<Session, Failure> {
        let mut builder = h2::client::Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(MOST_UNSENT)
            .max_header_list_size(MOST_UNPACKED);
        let (send, connection) = builder
            .handshake::<_, Bytes>(stream)
            .await
            .map_err(|_| Failure::Connect)?;
        let state = Rc::new(State {
            streams: Cell::new(0),
            since: Cell::new(Instant::now()),
            closed: Cell::new(false),
        });
        let driven = Rc::clone(&state);
        tokio::task::spawn_local(async move {
            // Those whose requests are on it hear of its end themselves.
            let _ = connection.await;
            driven.closed.set(true);
        });
        let session = Session { send, state };
        let mut sessions = self.0.borrow_mut();
        sessions.push((Arc::clone(origin), session.clone()));
        Ok(session)
    }
}

impl Session {
    /// Lets it end with the requests that it carries now.
    pub(in crate::proxy) fn retire(&self) {
        self.state.closed.set(true);
    }

    /// Sends a request, which is written in the words of HTTP/1.1, and waits for the head of its answer.
    pub(in crate::proxy) async fn exchange(mut self, parts: &[&[u8]]) -> Result<Reply, Sent> {
        let place = Use::new(&self.state);
        let (head, body) = parts
            .split_first()
            .ok_or_else(|| never_sent(Failure::Connect))?;
        let request = request(head).ok_or_else(|| never_sent(Failure::Connect))?;
        let length = body.iter().map(|it| it.len()).sum();
        let ready = poll_fn(|cx| self.send.poll_ready(cx)).await;
        let asked = ready.and_then(|()| self.send.send_request(request, length == 0));
        let (mut answer, send) = asked.map_err(|_| {
            self.retire();
            never_sent(Failure::Connect)
        })?;
        let mut out = Outgoing::asking(send, length, Rc::new(Meter::new()));
        let begun = send_body(&mut answer, &mut out, body).await;
        let begun = begun.map_err(|error| self.judge(&error))?;
        let (head, receive) = begun.into_parts();
        let nonsense = |_| Sent {
            failure: Failure::Nonsense("its head is no HTTP"),
            answered: true,
        };
        let head = answer_of(&head, &receive).map_err(nonsense)?;
        let stream = Http2Stream::answered(receive, out, place);
        Ok(Reply {
            body: Body::new(head.framing),
            head,
            connection: Connection::new(Stream::Http2(Box::new(stream))),
            reusable: false,
        })
    }

    /// What an error means for the request: one that the server says it has not looked at was never sent.
    fn judge(&self, error: &h2::Error) -> Sent {
        if error.is_go_away() || error.is_io() {
            self.retire();
        }
        match error.reason() {
            Some(Reason::REFUSED_STREAM) if error.is_remote() => never_sent(Failure::Connect),
            Some(_) if error.is_go_away() && error.is_remote() => never_sent(Failure::Connect),
            reason => Sent {
                failure: Failure::Lost,
                answered: reason.is_some(),
            },
        }
    }
}

fn never_sent(failure: Failure) -> Sent {
    Sent {
        failure,
        answered: false,
    }
}

/// Sends the parts of a body in the server's pace, until it answers.
async fn send_body(
    answer: &mut ResponseFuture,
    out: &mut Outgoing,
    parts: &[&[u8]],
) -> Result<Response<RecvStream>, h2::Error> {
    let mut parts = parts.iter().copied().filter(|it| !it.is_empty());
    let mut part: &[u8] = &[];
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(begun) = Pin::new(&mut *answer).poll(cx) {
                return Poll::Ready(begun);
            }
            if part.is_empty() {
                match parts.next() {
                    Some(next) => part = next,
                    None => return Poll::Pending,
                }
            }
            match out.poll_send(cx, &[IoSlice::new(part)]) {
                Poll::Ready(Ok(count)) => part = &part[count..],
                // Why it takes no more is what its answer says.
                Poll::Ready(Err(_)) => {
                    part = &[];
                    while parts.next().is_some() {}
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

/// The head of a request that was written by us in the words of HTTP/1.1.
fn request(head: &[u8]) -> Option<Request<()>> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let fields = lines.filter_map(|it| it.split_once(": "));
    let mut request = Request::builder().method(method);
    let mut host = None;
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if name == HOST {
            host = Some(value);
        } else if name != CONNECTION {
            let mut value = HeaderValue::from_str(value).ok()?;
            // What is a secret stays out of the tables of the compression.
            value.set_sensitive(name == AUTHORIZATION || name.as_str().ends_with("-key"));
            request = request.header(name, value);
        }
    }
    request
        .uri(format!("https://{}{path}", host?))
        .body(())
        .ok()
}

/// The head of an answer, read by the parser of HTTP/1.1 as everything else is.
fn answer_of(head: &http::response::Parts, body: &RecvStream) -> Result<Answer, head::HeadError> {
    let mut text = BytesMut::with_capacity(512);
    text.put_slice(b"HTTP/1.1 ");
    text.put_slice(head.status.as_str().as_bytes());
    text.put_slice(b" \r\n");
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            text.put_slice(part);
        }
    }
    text.put_slice(b"\r\n");
    let answer = head::answer(&mut text, &mut 0)?;
    let mut answer = answer.ok_or(head::HeadError::Malformed("the head has no end"))?;
    if body.is_end_stream() {
        answer.framing = Framing::Length(0);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_http1_become_a_request() {
        let text = b"POST /v1/chat?a=b HTTP/1.1\r\nhost: api.example:8443\r\ncontent-length: 3\r\nauthorization: Bearer k: y\r\nconnection: close\r\n\r\n";
        let request = request(text).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://api.example:8443/v1/chat?a=b");
        let headers = request.headers();
        assert_eq!(headers.len(), 2);
        assert_eq!(headers["content-length"], "3");
        assert_eq!(headers["authorization"], "Bearer k: y");
        assert!(headers["authorization"].is_sensitive());
    }
}
