//! The head of a request or an answer, read strictly: what two readers could understand differently is refused.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};
use smol_str::{SmolStr, StrExt};

/// The most header fields of one head.
const MOST_FIELDS: usize = 100;

/// The most bytes of one head.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// Why a head was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadError {
    /// It is no HTTP, or HTTP that readers disagree about.
    Malformed(&'static str),
    /// It has too many fields or bytes.
    TooLarge,
    /// It speaks a version of HTTP that is not spoken here.
    Version,
    /// It announces a transfer coding that is not known here.
    Coding,
    /// It is the begin of HTTP/2, of which only the first line looks like a head.
    Preface,
}

/// How the body behind a head ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes.
    Length(u64),
    /// With the last chunk.
    Chunked,
    /// With the connection, or the stream of HTTP/2: answers, and of requests only those of HTTP/2.
    Close,
}

/// The header fields of a head.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    bytes: Bytes,
    places: Vec<Place>,
    /// A bit for each name that is there, by its key: most names that are asked for are not.
    present: u64,
}

/// Where a field stands: a head is short enough for these numbers.
#[derive(Debug, Clone, Copy)]
struct Place {
    key: u16,
    name: u32,
    colon: u32,
    value: u32,
    end: u32,
}

impl Fields {
    /// The value of the only field with this name; the first of several.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.find(name.as_bytes()).next().map(text_of)
    }

    /// The values of all fields with this name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.find(name.as_bytes()).map(text_of)
    }

    /// Names and values in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.iter().map(|it| {
            (
                text_of(it.name(&self.bytes)),
                text_of(it.value(&self.bytes)),
            )
        })
    }

    /// The values of all fields with this name, without a look at whether they are text.
    pub(super) fn find<'a, 'n>(
        &'a self,
        name: &'n [u8],
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let (key, bytes) = (key(name), &self.bytes[..]);
        let is_it = move |it: &&Place| it.key == key && it.name(bytes).eq_ignore_ascii_case(name);
        let may_be = self.present & bit(key) != 0;
        let places: &[Place] = if may_be { &self.places } else { &[] };
        places.iter().filter(is_it).map(move |it| it.value(bytes))
    }

    fn only<'a>(&'a self, name: &'a str) -> Result<Option<&'a [u8]>, HeadError> {
        let mut values = self.find(name.as_bytes());
        let value = values.next();
        match values.next() {
            Some(_) => Err(HeadError::Malformed("a field stands twice")),
            None => Ok(value),
        }
    }
}

impl Place {
    fn name<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.name as usize..self.colon as usize]
    }

    fn value<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.value as usize..self.end as usize]
    }
}

/// Differs for most names that differ, and for no two that are the same but for case.
fn key(name: &[u8]) -> u16 {
    let first = name.first().map_or(0, |it| it | 0x20);
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    u16::from_be_bytes([length, first])
}

/// The place of a key among 64.
fn bit(key: u16) -> u64 {
    let [length, first] = key.to_be_bytes();
    1 << (length.wrapping_mul(7).wrapping_add(first) % 64)
}

/// Text of which it is known that it is one.
pub(super) fn text_of(bytes: &[u8]) -> &str {
    // What is no text was refused when the fields were read.
    std::str::from_utf8(bytes).unwrap_or("")
}

/// The head of a request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: SmolStr,
    /// The path, without its query.
    pub path: SmolStr,
    /// True for HTTP/1.1, false for HTTP/1.0.
    pub modern: bool,
    /// The host that was asked for, without its port; nothing for HTTP/1.0.
    pub host: Option<SmolStr>,
    /// Its fields.
    pub fields: Fields,
    /// How its body ends.
    pub framing: Framing,
    /// True when the connection may be used again.
    pub keep_alive: bool,
}

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its fields.
    pub fields: Fields,
    /// How its body ends.
    pub framing: Framing,
    /// True when the connection may be used again.
    pub keep_alive: bool,
}

/// Takes the head of a request off the buffer; nothing when it is not there yet.
pub fn request(buffer: &mut BytesMut, seen: &mut usize) -> Result<Option<Request>, HeadError> {
    let Some(bytes) = whole(buffer, seen)? else {
        return Ok(None);
    };
    let (line, fields) = fields(bytes, true)?;
    let line = &fields.bytes[line];
    let mut words = line.split(|it| *it == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(HeadError::Malformed("the request line has not three words"));
    };
    let modern = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        b"HTTP/2.0" if is_preface(line, &fields) => return Err(HeadError::Preface),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            return Err(HeadError::Version);
        }
        _ => return Err(HeadError::Malformed("the version is none")),
    };
    if method.is_empty() || !method.iter().copied().all(is_token) {
        return Err(HeadError::Malformed("the method is none"));
    }
    let method = text(method)?;
    let target = text(target)?;
    if target.is_empty() || !target.bytes().all(is_of_target) {
        return Err(HeadError::Malformed("the target is none"));
    }
    let authority = match fields.only("host")? {
        None if modern => return Err(HeadError::Malformed("there is no host")),
        authority => authority,
    };
    let authority = authority.map(text_of);
    let host = authority.map(host_name).transpose()?;
    let path = path(method, target, authority)?;
    let method = SmolStr::new(method);
    let framing = match transfer_coding(&fields)? {
        Some(_) if !modern => return Err(HeadError::Malformed("HTTP/1.0 knows no chunks")),
        Some(framing) => framing,
        None => Framing::Length(length(&fields)?.unwrap_or(0)),
    };
    Ok(Some(Request {
        keep_alive: keep_alive(&fields, modern),
        method,
        path,
        modern,
        host,
        fields,
        framing,
    }))
}

/// Takes the head of an answer off the buffer; nothing when it is not there yet.
pub fn answer(buffer: &mut BytesMut, seen: &mut usize) -> Result<Option<Answer>, HeadError> {
    let Some(bytes) = whole(buffer, seen)? else {
        return Ok(None);
    };
    let (line, fields) = fields(bytes, false)?;
    let line = &fields.bytes[line];
    let (modern, rest) = match line.split_at_checked(9) {
        Some((b"HTTP/1.1 ", rest)) => (true, rest),
        Some((b"HTTP/1.0 ", rest)) => (false, rest),
        _ => return Err(HeadError::Malformed("the status line is none")),
    };
    let status = match rest {
        [a, b, c] | [a, b, c, b' ', ..] if [a, b, c].iter().all(|it| it.is_ascii_digit()) => {
            u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
        }
        _ => return Err(HeadError::Malformed("the status is none")),
    };
    if !(100..=599).contains(&status) {
        return Err(HeadError::Malformed("the status is none"));
    }
    let framing = match transfer_coding(&fields)? {
        _ if status < 200 || status == 204 || status == 304 => Framing::Length(0),
        Some(_) if !modern => return Err(HeadError::Malformed("HTTP/1.0 knows no chunks")),
        Some(framing) => framing,
        None => length(&fields)?.map_or(Framing::Close, Framing::Length),
    };
    Ok(Some(Answer {
        status,
        keep_alive: keep_alive(&fields, modern) && framing != Framing::Close,
        fields,
        framing,
    }))
}

/// True for the first line of HTTP/2, alone.
fn is_preface(line: &[u8], fields: &Fields) -> bool {
    line == b"PRI * HTTP/2.0" && fields.places.is_empty()
}

/// The bytes up to and with the empty line. A line that ends otherwise than with CR LF is refused as soon as it is seen.
fn whole(buffer: &mut BytesMut, seen: &mut usize) -> Result<Option<Bytes>, HeadError> {
    let mut at = *seen;
    while let Some(found) = memchr::memchr2(b'\r', b'\n', &buffer[at..]) {
        let end = at + found;
        if end >= MOST_BYTES {
            return Err(HeadError::TooLarge);
        }
        match (buffer[end], buffer.get(end + 1)) {
            (b'\r', Some(b'\n')) => {}
            (b'\r', None) => {
                *seen = end;
                return Ok(None);
            }
            _ => return Err(HeadError::Malformed("a line ends without CR LF")),
        }
        if end == 0 {
            return Err(HeadError::Malformed("the head begins with an empty line"));
        }
        if end >= 2 && buffer[end - 2..end] == *b"\r\n" {
            *seen = 0;
            // A copy: a part of the buffer would keep all of it for as long as the request or its answer takes, which is most of what an idle stream took (`p098` in the tests).
            let head = Bytes::copy_from_slice(&buffer[..end + 2]);
            buffer.advance(end + 2);
            return Ok(Some(head));
        }
        at = end + 2;
    }
    *seen = buffer.len();
    if buffer.len() > MOST_BYTES {
        return Err(HeadError::TooLarge);
    }
    Ok(None)
}

/// The range of the first line, and the fields.
fn fields(bytes: Bytes, strict: bool) -> Result<(Range<usize>, Fields), HeadError> {
    let mut places = Vec::with_capacity(16);
    let mut present = 0;
    let first = memchr::memchr(b'\r', &bytes).unwrap_or(0);
    let mut at = first + 2;
    while at + 2 < bytes.len() {
        let end = at + memchr::memchr(b'\r', &bytes[at..]).unwrap_or(0);
        if end == at {
            break;
        }
        if places.len() == MOST_FIELDS {
            return Err(HeadError::TooLarge);
        }
        let length = bytes[at..end]
            .iter()
            .take_while(|it| is_token(**it))
            .count();
        let colon = at + length;
        if bytes[colon] != b':' || length == 0 {
            return Err(HeadError::Malformed("a field name is none"));
        }
        let name = &bytes[at..colon];
        if is_framing_twin(name) {
            return Err(HeadError::Malformed(
                "a field name only looks like one of framing",
            ));
        }
        let mut value = colon + 1..end;
        let is_blank = |it: u8| matches!(it, b' ' | b'\t');
        while value.start < value.end && is_blank(bytes[value.start]) {
            value.start += 1;
        }
        while value.start < value.end && is_blank(bytes[value.end - 1]) {
            value.end -= 1;
        }
        let is_text = |it: u8| matches!(it, b'\t' | b' '..=b'~') || (!strict && it >= 0x80);
        // All bytes are looked at, whatever the first ones are: so the compiler takes many at once.
        if bytes[value.clone()]
            .iter()
            .fold(false, |found, it| found | !is_text(*it))
        {
            return Err(HeadError::Malformed("a field value holds what is no text"));
        }
        let place = |it: usize| u32::try_from(it).map_err(|_| HeadError::TooLarge);
        let key = key(name);
        present |= bit(key);
        places.push(Place {
            key,
            name: place(at)?,
            colon: place(colon)?,
            value: place(value.start)?,
            end: place(value.end)?,
        });
        at = end + 2;
    }
    let fields = Fields {
        bytes,
        places,
        present,
    };
    Ok((0..first, fields))
}

/// True for `Transfer_Encoding` and its like, which some servers read as the real ones.
fn is_framing_twin(name: &[u8]) -> bool {
    let is = |real: &[u8]| {
        name.len() == real.len()
            && name.contains(&b'_')
            && name.iter().zip(real).all(|(it, real)| {
                let it = if *it == b'_' {
                    b'-'
                } else {
                    it.to_ascii_lowercase()
                };
                it == *real
            })
    };
    is(b"transfer-encoding") || is(b"content-length")
}

/// True for what the name of a method or a field is made of.
pub(super) fn is_token(byte: u8) -> bool {
    const TOKENS: [bool; 256] = {
        let mut tokens = [false; 256];
        let marks = b"!#$%&'*+-.^_`|~";
        let mut byte: u8 = 0;
        while byte < 0x80 {
            tokens[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let mut at = 0;
        while at < marks.len() {
            tokens[marks[at] as usize] = true;
            at += 1;
        }
        tokens
    };
    TOKENS[usize::from(byte)]
}

/// True for what a target may hold: no fragment, and nothing that some readers refuse and others quote.
fn is_of_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'#' | b'<' | b'>' | b'"' | b'`')
}

fn text(bytes: &[u8]) -> Result<&str, HeadError> {
    std::str::from_utf8(bytes).map_err(|_| HeadError::Malformed("the first line is no text"))
}

/// Whether the body is chunked. Only exactly `chunked`, once and without a length beside it, is understood the same by all.
fn transfer_coding(fields: &Fields) -> Result<Option<Framing>, HeadError> {
    let Some(coding) = fields.only("transfer-encoding")? else {
        return Ok(None);
    };
    if fields.find(b"content-length").next().is_some() {
        return Err(HeadError::Malformed("the body has a length and chunks"));
    }
    if coding.eq_ignore_ascii_case(b"chunked") {
        return Ok(Some(Framing::Chunked));
    }
    Err(HeadError::Coding)
}

fn length(fields: &Fields) -> Result<Option<u64>, HeadError> {
    let Some(value) = fields.only("content-length")? else {
        return Ok(None);
    };
    // So many digits are always a number.
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return Err(HeadError::Malformed("the length is none"));
    }
    let digit = |length, it: &u8| length * 10 + u64::from(it - b'0');
    Ok(Some(value.iter().fold(0, digit)))
}

fn keep_alive(fields: &Fields, modern: bool) -> bool {
    let says = |word: &str| {
        fields
            .values("connection")
            .flat_map(|it| it.split(','))
            .any(|it| it.trim().eq_ignore_ascii_case(word))
    };
    if modern {
        !says("close")
    } else {
        says("keep-alive") && !says("close")
    }
}

/// The host of an authority, whose port must be one.
fn host_name(authority: &str) -> Result<SmolStr, HeadError> {
    let wrong = HeadError::Malformed("the host is none");
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or(wrong)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| wrong)?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port),
                None if rest.is_empty() => None,
                None => return Err(wrong),
            };
            (address, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_name = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_' | b':');
    if host.is_empty() || host.len() > 253 || !host.bytes().all(is_name) {
        return Err(wrong);
    }
    if port.is_some_and(|it| {
        it.is_empty()
            || it.len() > 5
            || it.parse::<u16>().is_err()
            || !it.bytes().all(|it| it.is_ascii_digit())
    }) {
        return Err(wrong);
    }
    Ok(host.to_ascii_lowercase_smolstr())
}

/// The path of a target. An absolute one must name the host that the request names.
fn path(method: &str, target: &str, authority: Option<&str>) -> Result<SmolStr, HeadError> {
    let target = match target
        .strip_prefix("http://")
        .or_else(|| target.strip_prefix("https://"))
    {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            if authority.is_none_or(|it| !it.eq_ignore_ascii_case(&rest[..end])) {
                return Err(HeadError::Malformed("target and host differ"));
            }
            if end == rest.len() { "/" } else { &rest[end..] }
        }
        None => target,
    };
    let path = target.split('?').next().unwrap_or(target);
    // `CONNECT host:port` and `OPTIONS *` are answered by their method.
    let is_star = target == "*" && method == "OPTIONS";
    if !path.starts_with('/') && method != "CONNECT" && !is_star {
        return Err(HeadError::Malformed("the target is no path"));
    }
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Request>, HeadError> {
        request(&mut BytesMut::from(text), &mut 0)
    }

    fn refused(head: &str) {
        assert!(read(head).is_err(), "{head:?}");
    }

    #[test]
    fn p001_to_p004_framing_that_readers_disagree_about_is_refused() {
        for fields in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -0\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5_0\r\n",
            "Content-Length: \r\n",
            "Content-Length: 5 0\r\n",
            "Content-Length: 18446744073709551616\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: \u{b}chunked\r\n",
            "Transfer-Encoding: chunked\0\r\n",
            "Transfer_Encoding: chunked\r\n",
            "Transfer-Encoding:\r\n chunked\r\n",
        ] {
            refused(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        }
        refused("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    }

    #[test]
    fn p007_to_p012_lines_names_versions_and_hosts() {
        for head in [
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\rHost: a\r\r",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: é\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET / http/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost:\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
            "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS *? HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            refused(head);
        }
        assert_eq!(
            read("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")
                .unwrap()
                .unwrap()
                .host
                .as_deref(),
            Some("::1")
        );
    }

    #[test]
    fn p023_too_many_fields_or_bytes() {
        let many = "A: b\r\n".repeat(100);
        assert_eq!(
            read(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n")).unwrap_err(),
            HeadError::TooLarge
        );
        let long = "b".repeat(MOST_BYTES);
        assert_eq!(
            read(&format!("GET / HTTP/1.1\r\nHost: a\r\nA: {long}\r\n\r\n")).unwrap_err(),
            HeadError::TooLarge
        );
    }

    #[test]
    fn any_split_reads_the_same() {
        let text = "POST /v1/x?y=z HTTP/1.1\r\nHost: a:80\r\nContent-Length: 3\r\n\r\nabc";
        let (mut buffer, mut seen) = (BytesMut::new(), 0);
        let mut found = None;
        for byte in text.bytes() {
            buffer.extend_from_slice(&[byte]);
            if found.is_none() {
                found = request(&mut buffer, &mut seen).unwrap();
            }
        }
        let found = found.unwrap();
        assert_eq!(
            (found.path.as_str(), found.framing),
            ("/v1/x", Framing::Length(3))
        );
        assert_eq!(&buffer[..], b"abc");
    }
}
