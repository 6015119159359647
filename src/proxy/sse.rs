//! Cuts a stream of server-sent events where events end, however its bytes arrive.

use bytes::{Bytes, BytesMut};

/// The most bytes of one event.
pub(super) const LONGEST_EVENT: usize = 8 * 1024 * 1024;

/// The most room that is taken for what has not come yet.
const MOST_ROOM: usize = 64 * 1024;

/// An event that is longer than any is allowed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Keeps the bytes of an event until its end has come.
#[derive(Debug, Default)]
pub struct Splitter {
    pending: BytesMut,
    /// How far `pending` was read.
    at: usize,
    /// Where the line begins that is being read.
    line: usize,
    /// True after a CR, whose LF may still come.
    after_cr: bool,
}

impl Splitter {
    /// Adds bytes as they arrived, and takes room for those that are certain to follow: growing step by step copies them again and again.
    pub fn push(&mut self, bytes: &[u8], following: u64) {
        let following = usize::try_from(following).map_or(MOST_ROOM, |it| it.min(MOST_ROOM));
        self.pending.reserve(bytes.len() + following);
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole event with the empty line that ends it, byte for byte.
    pub fn next_event(&mut self) -> Result<Option<Bytes>, TooLong> {
        if self.after_cr && self.at < self.pending.len() {
            self.after_cr = false;
            if self.pending[self.at] == b'\n' {
                self.at += 1;
                self.line = self.at;
            }
        }
        while let Some(found) = memchr::memchr2(b'\r', b'\n', &self.pending[self.at..]) {
            let end = self.at + found;
            let is_empty = end == self.line;
            let mut next = end + 1;
            if self.pending[end] == b'\r' {
                match self.pending.get(next) {
                    Some(b'\n') => next += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            self.at = next;
            self.line = next;
            if is_empty {
                (self.at, self.line) = (0, 0);
                return Ok(Some(self.pending.split_to(next).freeze()));
            }
            if self.after_cr {
                break;
            }
        }
        if !self.after_cr {
            self.at = self.pending.len();
        }
        if self.pending.len() > LONGEST_EVENT {
            Err(TooLong)
        } else {
            Ok(None)
        }
    }

    /// What is left when the stream ends: an event without an empty line behind it.
    pub fn rest(&mut self) -> Bytes {
        (self.at, self.line, self.after_cr) = (0, 0, false);
        let rest = self.pending.split().freeze();
        // The LF of a CR that ended the last event is no event.
        if &rest[..] == b"\n" {
            Bytes::new()
        } else {
            rest
        }
    }
}

/// The data of an event: its `data` lines, joined. Nothing when it has none.
pub fn data(event: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
    // Nearly every event is one such line and nothing else.
    if let Some(line) = event.strip_prefix(b"data: ")
        && let Some(line) = line.strip_suffix(b"\n\n")
        && memchr::memchr2(b'\r', b'\n', line).is_none()
    {
        return Some(line.into());
    }
    let mut data: Option<std::borrow::Cow<'_, [u8]>> = None;
    for line in event.split(|it| matches!(it, b'\r' | b'\n')) {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[][..],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            _ => continue,
        };
        match &mut data {
            None => data = Some(value.into()),
            Some(data) => {
                let data = data.to_mut();
                data.push(b'\n');
                data.extend_from_slice(value);
            }
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &[u8], cuts: &[usize]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut splitter = Splitter::default();
        let mut events = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().copied().chain([text.len()]) {
            splitter.push(&text[from..cut], 0);
            from = cut;
            while let Some(event) = splitter.next_event().unwrap() {
                events.push(data(&event).unwrap_or_default().into_owned());
            }
        }
        let rest = splitter.rest();
        (events, rest.to_vec())
    }

    #[test]
    fn p065_p066_every_split_gives_the_same_events() {
        let text = "data: a\n\nevent: x\rdata: b\r\rdata: c\r\ndata: d\r\n\r\n: comment\n\nid: 1\nretry: 2\ndata:é\n\ndata: rest".as_bytes();
        let whole = events(text, &[]);
        assert_eq!(whole.1, b"data: rest");
        let data: Vec<&[u8]> = whole.0.iter().map(Vec::as_slice).collect();
        assert_eq!(data, [&b"a"[..], b"b", b"c\nd", b"", "é".as_bytes()]);
        for first in 0..text.len() {
            for second in first..text.len() {
                assert_eq!(events(text, &[first, second]), whole, "{first} {second}");
            }
        }
        let single: Vec<usize> = (1..text.len()).collect();
        assert_eq!(events(text, &single), whole);
    }

    #[test]
    fn p078_an_endless_event_is_refused() {
        let mut splitter = Splitter::default();
        splitter.push(&vec![b'a'; LONGEST_EVENT], 0);
        assert_eq!(splitter.next_event(), Ok(None));
        splitter.push(b"a", 0);
        assert_eq!(splitter.next_event(), Err(TooLong));
    }
}
