//! One stream of HTTP/2: what is read from it and written to it is a body, in the pace that flow control allows.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::client::Use;
use super::meter::Meter;

/// A stream, seen as a connection that carries one request.
pub(in crate::proxy) struct Http2Stream {
    receive: RecvStream,
    /// What has come and was not taken yet.
    rest: Bytes,
    /// True when the other side has ended its body.
    is_ended: bool,
    out: Outgoing,
    peer: Option<IpAddr>,
    /// The connection to a server that carries it.
    _use: Option<Use>,
}

/// What goes out on a stream.
pub(super) struct Outgoing {
    send: Sending,
    /// How many bytes are still to be written, where that was said.
    left: Option<u64>,
    meter: Rc<Meter>,
}

/// How far our side has come.
enum Sending {
    /// The head of the answer is still to be sent.
    Head(SendResponse<Bytes>),
    /// The body is.
    Body(SendStream<Bytes>),
    /// Nothing is.
    Done,
}

impl std::fmt::Debug for Http2Stream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Http2Stream")
    }
}

impl Http2Stream {
    /// A request of a client.
    pub(super) fn asked(
        receive: RecvStream,
        respond: SendResponse<Bytes>,
        peer: Option<IpAddr>,
        meter: Rc<Meter>,
    ) -> Self {
        Self {
            is_ended: receive.is_end_stream(),
            receive,
            rest: Bytes::new(),
            out: Outgoing {
                send: Sending::Head(respond),
                left: None,
                meter,
            },
            peer,
            _use: None,
        }
    }

    /// The answer of a server, with what is still to be sent of the request.
    pub(super) fn answered(receive: RecvStream, out: Outgoing, held: Use) -> Self {
        Self {
            is_ended: receive.is_end_stream(),
            receive,
            rest: Bytes::new(),
            out,
            peer: None,
            _use: Some(held),
        }
    }

    /// The address of the other side, when it was known.
    pub(in crate::proxy) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Tells a client that waits for leave to send its body to go on.
    pub(in crate::proxy) fn go_on(&mut self) -> io::Result<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::CONTINUE;
        match &mut self.out.send {
            Sending::Head(respond) => respond.send_informational(response).map_err(lost),
            _ => Ok(()),
        }
    }

    /// Sends the head of an answer whose body has so many bytes, or ends with the stream. When that fails, so does all that is written behind it.
    pub(in crate::proxy) fn begin<'a>(
        &mut self,
        status: u16,
        fields: impl Iterator<Item = (&'static str, &'a [u8])>,
        length: Option<u64>,
        head_only: bool,
    ) {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let headers = response.headers_mut();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name, value);
            }
        }
        if let Some(length) = length {
            headers.insert(http::header::CONTENT_LENGTH, length.into());
        }
        let is_all = head_only || length == Some(0);
        if let Sending::Head(mut respond) = std::mem::replace(&mut self.out.send, Sending::Done) {
            match respond.send_response(response, is_all) {
                Ok(_) if is_all => {}
                Ok(body) => self.out.send = Sending::Body(body),
                // It stays as it was: there is no way to write a body.
                Err(_) => self.out.send = Sending::Head(respond),
            }
        }
        self.out.left = length;
    }

    /// Ends our side of the stream.
    pub(in crate::proxy) fn end(&mut self) {
        if let Sending::Body(body) = &mut self.out.send
            && body.send_data(Bytes::new(), true).is_ok()
        {
            self.out.send = Sending::Done;
        }
    }

    /// True when all was said from our side.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.out.send, Sending::Done)
    }

    /// Ends the stream at once, with whatever waits to be sent on it.
    pub(super) fn reset(&mut self) {
        match &mut self.out.send {
            Sending::Head(respond) => respond.send_reset(Reason::CANCEL),
            Sending::Body(body) => body.send_reset(Reason::CANCEL),
            Sending::Done => {}
        }
    }

    /// Reads what is left of a body that nobody wants, up to so many bytes: some clients take the end of the stream for that of the answer.
    pub(in crate::proxy) async fn linger(&mut self, most: usize) {
        let mut left = most.checked_sub(self.rest.len());
        while !self.is_ended && left.is_some() {
            let Some(Ok(data)) = self.receive.data().await else {
                return;
            };
            left = left.and_then(|it| it.checked_sub(data.len()));
            self.out.meter.carry(data.len());
            if (self.receive.flow_control())
                .release_capacity(data.len())
                .is_err()
            {
                return;
            }
        }
    }

    /// Ends when the other side has given up the stream, or has gone.
    pub(in crate::proxy) async fn gone(&mut self) {
        poll_fn(|cx| {
            // What comes is nobody's, but empty frames must not pile up.
            while !self.is_ended {
                match self.receive.poll_data(cx) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(_))) => return Poll::Ready(()),
                    Poll::Ready(None) => self.is_ended = true,
                    Poll::Pending => break,
                }
            }
            match &mut self.out.send {
                Sending::Head(respond) => respond.poll_reset(cx).map(|_| ()),
                Sending::Body(body) => body.poll_reset(cx).map(|_| ()),
                Sending::Done => Poll::Pending,
            }
        })
        .await;
    }
}

impl Outgoing {
    /// A request whose body has so many bytes.
    pub(super) fn asking(send: SendStream<Bytes>, length: usize, meter: Rc<Meter>) -> Self {
        let send = if length == 0 {
            Sending::Done
        } else {
            Sending::Body(send)
        };
        Self {
            send,
            left: Some(length as u64),
            meter,
        }
    }

    /// Sends as much of the parts as may be sent now.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Sending::Body(body) = &mut self.send else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let size: usize = parts.iter().map(|it| it.len()).sum();
        if size == 0 {
            return Poll::Ready(Ok(0));
        }
        body.reserve_capacity(size);
        while body.capacity() == 0 {
            match ready!(body.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(lost(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let count = body.capacity().min(size);
        let mut data = BytesMut::with_capacity(count);
        for part in parts {
            let part = &part[..part.len().min(count - data.len())];
            data.put_slice(part);
        }
        let left = self.left.map(|it| it.saturating_sub(count as u64));
        let is_all = left == Some(0);
        body.send_data(data.freeze(), is_all).map_err(lost)?;
        self.left = left;
        if is_all {
            self.send = Sending::Done;
        }
        self.meter.carry(count);
        Poll::Ready(Ok(count))
    }
}

fn lost(error: h2::Error) -> io::Error {
    io::Error::other(error)
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let it = self.get_mut();
        while it.rest.is_empty() && !it.is_ended {
            match ready!(it.receive.poll_data(cx)) {
                Some(data) => it.rest = data.map_err(lost)?,
                None => it.is_ended = true,
            }
        }
        let part = it.rest.split_to(it.rest.len().min(buf.remaining()));
        buf.put_slice(&part);
        it.out.meter.carry(part.len());
        // Only what was taken makes room for more.
        let released = it.receive.flow_control().release_capacity(part.len());
        Poll::Ready(released.map_err(lost))
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().out.poll_send(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().out.poll_send(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().end();
        Poll::Ready(Ok(()))
    }
}
