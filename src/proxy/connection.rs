//! A connection with what was read from it and not used yet, in clear or over TLS.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::alarm::within;
use super::http2::{self, Http2Stream};
use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// How much one read takes at most.
const ROOM: usize = 64 * 1024;

/// How much is read at most while the head of a request is waited for.
const HEAD_ROOM: usize = 16 * 1024;

thread_local! {
    /// Where reads go before it is known how much has come: one place that stays in the processor's cache, and no room for connections that wait.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; ROOM].into());
}

/// Parts that are together no longer than this are put together before they are written: the system looks at each part, and to copy so little costs less.
const JOINED: usize = 8 * 1024;

/// The most that is read ahead of the request that is being answered.
const MOST_AHEAD: usize = 64 * 1024;

/// A way to the other side.
#[derive(Debug)]
pub(super) enum Stream {
    /// In clear.
    Plain(TcpStream),
    /// Over TLS.
    Tls(Box<tokio_rustls::TlsStream<TcpStream>>),
    /// One of many streams on a connection of HTTP/2.
    Http2(Box<Http2Stream>),
}

impl Stream {
    /// The address of the other side, when it is still known.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        let stream = match self {
            Self::Plain(it) => it,
            Self::Tls(it) => it.get_ref().0,
            Self::Http2(it) => return it.peer(),
        };
        stream.peer_addr().ok().map(|it| it.ip().to_canonical())
    }

    /// True when HTTP/2 was agreed on.
    pub(super) fn speaks_http2(&self) -> bool {
        match self {
            Self::Tls(it) => {
                let (_, session) = it.get_ref();
                session.alpn_protocol() == Some(http2::ALPN)
            }
            _ => false,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(it) => Pin::new(it).poll_read(cx, buf),
            Self::Tls(it) => Pin::new(it).poll_read(cx, buf),
            Self::Http2(it) => Pin::new(it).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(it) => Pin::new(it).poll_write(cx, buf),
            Self::Tls(it) => Pin::new(it).poll_write(cx, buf),
            Self::Http2(it) => Pin::new(it).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(it) => Pin::new(it).poll_write_vectored(cx, parts),
            Self::Tls(it) => Pin::new(it).poll_write_vectored(cx, parts),
            Self::Http2(it) => Pin::new(it).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(it) => Pin::new(it).poll_flush(cx),
            Self::Tls(it) => Pin::new(it).poll_flush(cx),
            Self::Http2(it) => Pin::new(it).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(it) => Pin::new(it).poll_shutdown(cx),
            Self::Tls(it) => Pin::new(it).poll_shutdown(cx),
            Self::Http2(it) => Pin::new(it).poll_shutdown(cx),
        }
    }
}

/// A stream and its unread bytes.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    /// What was read and not used.
    pub(super) buffer: BytesMut,
    /// How far the buffer was searched for the end of a head.
    pub(super) seen: usize,
    /// True when a write did not complete: nothing more may be written.
    pub(super) broken: bool,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            seen: 0,
            broken: false,
        }
    }

    /// The address of the other side, when it is still known.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.stream.peer()
    }

    /// True when this is one stream of many on its connection.
    pub(super) fn is_http2(&self) -> bool {
        matches!(self.stream, Stream::Http2(_))
    }

    /// Reads what has arrived into the buffer; zero is the end.
    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        poll_fn(|cx| self.poll_fill(cx, ROOM)).await
    }

    /// The same for the begin of a request: what comes behind a short body finds its place without a stop here.
    pub(super) async fn fill_head(&mut self) -> io::Result<usize> {
        poll_fn(|cx| self.poll_fill(cx, HEAD_ROOM)).await
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<io::Result<usize>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut read = ReadBuf::new(&mut scratch[..room]);
            if Pin::new(&mut self.stream)
                .poll_read(cx, &mut read)?
                .is_pending()
            {
                // Ten thousand idle streams have no buffers.
                if self.buffer.is_empty() {
                    self.buffer = BytesMut::new();
                }
                return Poll::Pending;
            }
            let read = read.filled();
            if self.buffer.is_empty() {
                // What was there before may be in use elsewhere, so its room is not ours to fill.
                self.buffer = BytesMut::from(read);
            } else {
                self.buffer.extend_from_slice(read);
            }
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Ends when the other side has gone. What it sends meanwhile is kept for later.
    pub(super) async fn gone(&mut self) {
        if let Stream::Http2(stream) = &mut self.stream {
            return stream.gone().await;
        }
        loop {
            if self.buffer.len() > MOST_AHEAD {
                return std::future::pending().await;
            }
            if matches!(self.fill().await, Ok(0) | Err(_)) {
                return;
            }
        }
    }

    /// True when something of the other side is here, even if the runtime has not heard of it yet.
    pub(super) fn holds_bytes(&self) -> bool {
        let stream = match &self.stream {
            Stream::Plain(it) => it,
            Stream::Tls(it) => it.get_ref().0,
            Stream::Http2(_) => return false,
        };
        let mut room = [MaybeUninit::uninit()];
        matches!(SockRef::from(stream).peek(&mut room), Ok(1..))
    }

    /// True when the other side has neither closed nor said anything unasked.
    pub(super) fn is_quiet(&mut self) -> bool {
        if !self.buffer.is_empty() || self.broken {
            return false;
        }
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.poll_fill(&mut cx, ROOM).is_pending()
    }

    /// Writes all parts one after another; fails when the other side takes nothing for so long.
    pub(super) async fn write(&mut self, parts: &[&[u8]], patience: Duration) -> io::Result<()> {
        let mut from = Position::default();
        self.broken = true;
        while !from.is_end(parts) {
            let wrote = within(patience, poll_fn(|cx| self.poll_parts(cx, parts, from))).await;
            from = from.after(parts, wrote.map_err(|_| io::ErrorKind::TimedOut)??);
        }
        self.flush().await?;
        self.broken = false;
        Ok(())
    }

    /// Writes all parts, but ends with `false` when the other side answers before it has taken all.
    pub(super) async fn write_unless_answered(&mut self, parts: &[&[u8]]) -> io::Result<bool> {
        let mut from = Position::default();
        self.broken = true;
        while !from.is_end(parts) {
            let step = poll_fn(|cx| match self.poll_parts(cx, parts, from) {
                Poll::Ready(wrote) => Poll::Ready(wrote.map(Some)),
                Poll::Pending => match ready!(self.poll_fill(cx, ROOM)) {
                    Ok(0) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                    Ok(_) => Poll::Ready(Ok(None)),
                    Err(error) => Poll::Ready(Err(error)),
                },
            });
            match step.await? {
                Some(wrote) => from = from.after(parts, wrote),
                None => return Ok(false),
            }
        }
        self.flush().await?;
        self.broken = false;
        Ok(true)
    }

    async fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(_) | Stream::Http2(_) => Ok(()),
            Stream::Tls(it) => it.flush().await,
        }
    }

    fn poll_parts(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[&[u8]],
        from: Position,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); 16];
        let (mut count, mut length) = (0, 0);
        for (index, part) in parts.iter().enumerate().skip(from.part) {
            let part = if index == from.part {
                &part[from.byte..]
            } else {
                part
            };
            if part.is_empty() {
                continue;
            }
            slices[count] = IoSlice::new(part);
            length += part.len();
            count += 1;
            if count == slices.len() {
                break;
            }
        }
        let slices = &slices[..count];
        let stream = Pin::new(&mut self.stream);
        let wrote = match slices {
            [whole] => stream.poll_write(cx, whole),
            parts if length <= JOINED => SCRATCH.with_borrow_mut(|scratch| {
                let mut at = 0;
                for part in parts {
                    scratch[at..at + part.len()].copy_from_slice(part);
                    at += part.len();
                }
                stream.poll_write(cx, &scratch[..at])
            }),
            parts => stream.poll_write_vectored(cx, parts),
        };
        match ready!(wrote) {
            Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            wrote => Poll::Ready(wrote),
        }
    }
}

/// How far parts were written.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    part: usize,
    byte: usize,
}

impl Position {
    fn is_end(self, parts: &[&[u8]]) -> bool {
        parts
            .iter()
            .enumerate()
            .skip(self.part)
            .all(|(index, part)| {
                if index == self.part {
                    part.len() == self.byte
                } else {
                    part.is_empty()
                }
            })
    }

    fn after(mut self, parts: &[&[u8]], mut wrote: usize) -> Self {
        while let Some(part) = parts.get(self.part) {
            let left = part.len() - self.byte;
            if wrote < left {
                self.byte += wrote;
                break;
            }
            wrote -= left;
            self = Self {
                part: self.part + 1,
                byte: 0,
            };
        }
        self
    }
}
