//! HTTP/2: many requests over one connection, each on a stream of its own.
//!
//! Frames, header compression and flow control are the work of the `h2` crate. Here a stream becomes what the rest of the proxy knows: a connection for one request (`stream`), whose head is read by the same strict parser as that of HTTP/1.1 (`head`). `server` takes the streams of clients, `meter` ends connections that cost more than they ask for, and `client` keeps connections to servers.

mod client;
mod head;
mod meter;
mod server;
mod stream;

pub(super) use client::{Session, Sessions};
pub(super) use server::connection;
pub(super) use stream::Http2Stream;

/// What a connection begins with on which HTTP/2 is spoken without being agreed on before, as far as it looks like the head of a request.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// The begin of a connection whose first line was read as that of a request.
pub(super) fn whole_preface(rest: &[u8]) -> bytes::BytesMut {
    [PREFACE, rest].concat().as_slice().into()
}

/// Its name where protocols are agreed on with TLS.
pub(super) const ALPN: &[u8] = b"h2";
