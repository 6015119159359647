//! What both sides know of HTTP and of the clock.

use std::io::{self, Write};

use memchr::memmem;

/// The time since some moment, in nanoseconds; the same clock for everybody on this machine.
pub fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Writes as much as a socket takes now, and returns how much that was.
pub fn send(stream: &mut impl Write, bytes: &[u8]) -> Result<usize, String> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected
                ) =>
            {
                break;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(sent)
}

/// How a body is framed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    Length(usize),
    Chunked,
}

/// The length of a head and the framing of the body behind it, once the head is whole.
pub fn head(bytes: &[u8]) -> Option<(usize, Framing)> {
    let end = memmem::find(bytes, b"\r\n\r\n")? + 4;
    let mut framing = Framing::Length(0);
    for line in bytes[..end].split(|it| *it == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|it| *it == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            framing = Framing::Length(number(value));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            framing = Framing::Chunked;
        }
    }
    Some((end, framing))
}

/// What chunks hold.
pub fn unframed(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = memmem::find(bytes, b"\r\n") {
        let digits = String::from_utf8_lossy(&bytes[..end]);
        let length = usize::from_str_radix(digits.trim(), 16).unwrap_or(0);
        let rest = &bytes[end + 2..];
        body.extend_from_slice(&rest[..length.min(rest.len())]);
        bytes = rest.get(length + 2..).unwrap_or_default();
    }
    body
}

/// The decimal number at the start of some bytes.
pub fn number(bytes: &[u8]) -> usize {
    let digits = bytes.iter().take_while(|it| it.is_ascii_digit());
    digits.fold(0, |sum, it| sum * 10 + usize::from(it - b'0'))
}

/// The number behind a word.
pub fn number_after(bytes: &[u8], word: &str) -> Option<usize> {
    let at = memmem::find(bytes, word.as_bytes())? + word.len();
    Some(number(bytes[at..].trim_ascii_start()))
}

/// Whether a connection can read on: what a turn of reading ended with.
pub enum Read {
    Some,
    Blocked,
    Closed,
}

/// Reads once into free room at the end of a buffer, whose used length is `len`.
pub fn read(stream: &mut impl std::io::Read, buffer: &mut Vec<u8>, len: &mut usize) -> Read {
    if buffer.len() < *len + 16 * 1024 {
        buffer.resize((*len + 64 * 1024).next_power_of_two(), 0);
    }
    match stream.read(&mut buffer[*len..]) {
        Ok(0) => Read::Closed,
        Ok(count) => {
            *len += count;
            Read::Some
        }
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Read::Blocked,
        Err(_) => Read::Closed,
    }
}
