//! What comes to the proxy over the wire, broken: requests, JSON bodies, streams of events, and HTTP/2.

use crate::random::Random;
use crate::{bodies, events, frames, heads};

/// A part of the proxy that reads what strangers send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Heads of requests and the bodies behind them, held to hyper and httparse.
    Head,
    /// JSON bodies, held to `serde_json`.
    Body,
    /// Streams of events, which any split must leave as they are.
    Stream,
    /// Frames of HTTP/2, sent to a running proxy.
    Frames,
    /// Heads that are sent to it over HTTP/1.1 and over HTTP/2.
    Fields,
}

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "head" => Some(Self::Head),
            "body" => Some(Self::Body),
            "stream" => Some(Self::Stream),
            "frames" => Some(Self::Frames),
            "fields" => Some(Self::Fields),
            _ => None,
        }
    }

    /// Bytes that are nearly what is expected.
    pub fn bytes(self, random: &mut Random) -> Vec<u8> {
        let (whole, pieces) = match self {
            Self::Head => (heads::WHOLE, heads::PIECES),
            Self::Body => (bodies::WHOLE, bodies::PIECES),
            Self::Stream => (events::WHOLE, events::PIECES),
            Self::Frames => return frames::bytes(random),
            Self::Fields => (frames::HEADS, frames::PIECES),
        };
        let mut bytes = random.of(whole).as_bytes().to_vec();
        if random.below(4) == 0 {
            bytes = (0..random.below(30))
                .flat_map(|_| random.of(pieces).as_bytes().to_vec())
                .collect();
        }
        for _ in 0..random.below(6) {
            mutate(&mut bytes, pieces, random);
        }
        bytes
    }

    /// True when the bytes were taken, or what is wrong with the answer to them.
    pub fn judge(self, bytes: &[u8], random: &mut Random) -> Result<bool, String> {
        let cuts = cuts(bytes.len(), random);
        match self {
            Self::Head => heads::judge(bytes, &cuts),
            Self::Body => bodies::judge(bytes),
            Self::Stream => events::judge(bytes, &cuts),
            Self::Frames => frames::judge(bytes, &cuts),
            Self::Fields => frames::judge_head(bytes),
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, pieces: &[&str], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    match random.below(7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => {
            bytes.remove(at);
        }
        2 => {
            let piece = random.of(pieces).as_bytes().to_vec();
            bytes.splice(at..at, piece);
        }
        3 => {
            // A piece of it once more, as smugglers do.
            let end = (at + random.below(40)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        4 => {
            let end = (at + random.below(20)).min(bytes.len());
            bytes.drain(at..end);
        }
        5 => {
            let odd = [0, 9, 10, 11, 13, 32, 0x7f, 0x80, 0xc0, 0xed, 0xff];
            bytes.insert(at, odd[random.below(odd.len())]);
        }
        _ => {
            let piece = random.of(pieces).as_bytes().to_vec();
            let end = (at + piece.len()).min(bytes.len());
            bytes.splice(at..end, piece);
        }
    }
}

/// Where bytes are cut, in order.
fn cuts(length: usize, random: &mut Random) -> Vec<usize> {
    let mut cuts: Vec<usize> = (0..random.below(5))
        .map(|_| random.below(length + 1))
        .collect();
    if random.below(20) == 0 {
        cuts = (0..length).collect();
    }
    cuts.sort_unstable();
    cuts
}

/// The parts between the cuts.
pub fn parts<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let mut from = 0;
    ends.map(|end| {
        let part = &bytes[from..end];
        from = end;
        part
    })
    .collect()
}
