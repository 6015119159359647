//! Bodies taken off a connection as they arrive: by length, by chunks, or up to the end.

use bytes::{Buf, Bytes, BytesMut};

use super::head::{Framing, is_token};

/// The longest line of a chunk size with its extension.
const LONGEST_SIZE_LINE: usize = 256;

/// The most bytes of trailers.
const MOST_TRAILERS: usize = 8 * 1024;

/// A body that is not framed as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramingError;

/// What the buffer holds of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Data(Bytes),
    /// Nothing yet.
    More,
    /// Its end.
    End,
}

/// Takes a body off a buffer, piece by piece.
#[derive(Debug)]
pub struct Body {
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Length(u64),
    Close,
    Size,
    Chunk(u64),
    ChunkEnd,
    Trailers(usize),
    End,
    /// What was wrong once stays wrong: the rest is nobody's.
    Broken,
}

impl Body {
    /// A body that is framed in this way.
    pub fn new(framing: Framing) -> Self {
        Self {
            state: match framing {
                Framing::Length(length) => State::Length(length),
                Framing::Chunked => State::Size,
                Framing::Close => State::Close,
            },
        }
    }

    /// True when all of it was taken.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::End | State::Length(0))
    }

    /// How many bytes are left, when that is known.
    pub fn left(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            _ => None,
        }
    }

    /// How many bytes are certain to come: what is left of the length, or of the chunk.
    pub fn announced(&self) -> u64 {
        match self.state {
            State::Length(left) | State::Chunk(left) => left,
            _ => 0,
        }
    }

    /// Notes that so many bytes were taken by somebody else.
    pub fn took(&mut self, count: u64) {
        if let State::Length(left) = &mut self.state {
            *left = left.saturating_sub(count);
        }
    }

    /// True when the end of the connection is its end.
    pub fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::Close)
    }

    /// Notes that the connection has ended, which is its end too.
    pub fn end(&mut self) {
        if let State::Close = self.state {
            self.state = State::End;
        }
    }

    /// The next piece.
    pub fn take(&mut self, buffer: &mut BytesMut) -> Result<Piece, FramingError> {
        let piece = self.step(buffer);
        if piece.is_err() {
            self.state = State::Broken;
        }
        piece
    }

    fn step(&mut self, buffer: &mut BytesMut) -> Result<Piece, FramingError> {
        loop {
            match self.state {
                State::Broken => return Err(FramingError),
                State::End | State::Length(0) => return Ok(Piece::End),
                _ if buffer.is_empty() => return Ok(Piece::More),
                State::Close => return Ok(Piece::Data(std::mem::take(buffer).freeze())),
                State::Length(left) => {
                    let data = some(buffer, left);
                    self.state = State::Length(left - data.len() as u64);
                    return Ok(Piece::Data(data));
                }
                State::Chunk(0) => self.state = State::ChunkEnd,
                State::Chunk(left) => {
                    let data = some(buffer, left);
                    self.state = State::Chunk(left - data.len() as u64);
                    return Ok(Piece::Data(data));
                }
                State::ChunkEnd => {
                    if buffer[0] != b'\r' || buffer.get(1).is_some_and(|it| *it != b'\n') {
                        return Err(FramingError);
                    }
                    if buffer.len() < 2 {
                        return Ok(Piece::More);
                    }
                    buffer.advance(2);
                    self.state = State::Size;
                }
                State::Size => {
                    let Some(line) = line(buffer, LONGEST_SIZE_LINE)? else {
                        return Ok(Piece::More);
                    };
                    self.state = match size(&line)? {
                        0 => State::Trailers(0),
                        size => State::Chunk(size),
                    };
                }
                State::Trailers(taken) => {
                    let Some(line) = line(buffer, MOST_TRAILERS - taken)? else {
                        return Ok(Piece::More);
                    };
                    // They are dropped: whatever they say came too late to be believed.
                    self.state = if line.is_empty() {
                        State::End
                    } else if is_field(&line) {
                        State::Trailers(taken + line.len())
                    } else {
                        return Err(FramingError);
                    };
                }
            }
        }
    }
}

/// True for a line with a name and a colon behind it.
fn is_field(line: &[u8]) -> bool {
    memchr::memchr(b':', line).is_some_and(|at| at > 0 && line[..at].iter().copied().all(is_token))
}

fn some(buffer: &mut BytesMut, left: u64) -> Bytes {
    let length = usize::try_from(left).map_or(buffer.len(), |it| it.min(buffer.len()));
    // What is taken whole is shared with nobody.
    if length == buffer.len() {
        return std::mem::take(buffer).freeze();
    }
    buffer.split_to(length).freeze()
}

/// A line without its CR LF, when it is there.
fn line(buffer: &mut BytesMut, longest: usize) -> Result<Option<Bytes>, FramingError> {
    let Some(end) = memchr::memchr2(b'\r', b'\n', buffer) else {
        return if buffer.len() > longest {
            Err(FramingError)
        } else {
            Ok(None)
        };
    };
    if end > longest || buffer[end] == b'\n' {
        return Err(FramingError);
    }
    match buffer.get(end + 1) {
        None => Ok(None),
        Some(b'\n') => {
            let line = buffer.split_to(end).freeze();
            buffer.advance(2);
            if line.iter().all(|it| matches!(it, b'\t' | b' '..=b'~')) {
                Ok(Some(line))
            } else {
                Err(FramingError)
            }
        }
        Some(_) => Err(FramingError),
    }
}

/// The size at the start of a line: hexadecimal digits, then nothing or an extension.
fn size(line: &[u8]) -> Result<u64, FramingError> {
    let digits = line.iter().take_while(|it| it.is_ascii_hexdigit()).count();
    let is_alone = matches!(line.get(digits), None | Some(b';'));
    if digits == 0 || digits > 16 || !is_alone {
        return Err(FramingError);
    }
    let text = std::str::from_utf8(&line[..digits]).map_err(|_| FramingError)?;
    u64::from_str_radix(text, 16).map_err(|_| FramingError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], step: usize) -> Result<(Vec<u8>, bool), FramingError> {
        let mut body = Body::new(Framing::Chunked);
        let (mut buffer, mut data) = (BytesMut::new(), Vec::new());
        for part in text.chunks(step) {
            buffer.extend_from_slice(part);
            while let Piece::Data(bytes) = body.take(&mut buffer)? {
                data.extend_from_slice(&bytes);
            }
        }
        Ok((data, body.is_done()))
    }

    #[test]
    fn chunks_are_joined_at_any_split() {
        let text = b"3;a=b\r\nabc\r\n00a\r\n0123456789\r\n0\r\nHost: x\r\n\r\n";
        for step in 1..text.len() {
            assert_eq!(all(text, step), Ok((b"abc0123456789".to_vec(), true)));
        }
    }

    #[test]
    fn p005_p006_p008_sizes_and_ends_that_are_none() {
        for text in [
            "0x3\r\nabc\r\n",
            "+3\r\nabc\r\n",
            "3_\r\nabc\r\n",
            " 3\r\nabc\r\n",
            "3 \r\nabc\r\n",
            "-1\r\n",
            "\r\n",
            "00000000000000003\r\nabc\r\n",
            "3\nabc\r\n",
            "3;\rx\r\nabc\r\n",
            "3;\u{1}\r\nabc\r\n",
            "3\r\nabcd\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "0\r\nno field\r\n\r\n",
            "0\r\n: a\r\n\r\n",
        ] {
            assert_eq!(all(text.as_bytes(), 1), Err(FramingError), "{text:?}");
        }
        let long = format!("3;{}\r\n", "a".repeat(64 * 1024));
        assert_eq!(all(long.as_bytes(), 1000), Err(FramingError));
    }
}
