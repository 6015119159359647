//! Streams of events: any split gives the same ones, none loses a byte, and each is judged without a panic.

use bytes::Bytes;
use homelab::proxy::error::Speech;
use homelab::proxy::judge::Judge;
use homelab::proxy::sse::{self, Splitter};

use crate::wire::parts;

/// Streams that are whole.
pub const WHOLE: &[&str] = &[
    "data: {\"choices\":[{\"delta\":{\"content\":\"é\"},\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
    ": ping\r\n\r\nevent: message_start\r\nid: 1\r\ndata: {\"type\":\"message_start\",\r\ndata: \"x\":1}\r\n\r\nevent: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n",
    "data: {\"type\":\"response.output_text.delta\"}\r\rretry: 5\rdata\r\rdata: {\"error\":{\"message\":\"x\"}}\r\r",
];

/// Pieces of them, and of what is none.
pub const PIECES: &[&str] = &[
    "data: ",
    "data:",
    "data",
    "event: error",
    "id: 1",
    "retry: 1",
    ":",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\r",
    "\r\n\r\n",
    "\n\r",
    "[DONE]",
    "{\"choices\":[]}",
    "{\"error\":{}}",
    "{\"usage\":",
    "{\"type\":\"error\"}",
    "\u{feff}",
    "é",
    "\u{2028}",
    "\0",
    " ",
];

/// True when there was an event, or what is wrong with how it was read.
pub fn judge(bytes: &[u8], cuts: &[usize]) -> Result<bool, String> {
    let (whole, rest) = split(&[bytes])?;
    let (cut, cut_rest) = split(&parts(bytes, cuts))?;
    let data = |all: &[Bytes], rest: &Bytes| -> Vec<Option<Vec<u8>>> {
        let of = |it: &Bytes| sse::data(it).map(std::borrow::Cow::into_owned);
        // An event may begin with the LF of the one before, and a lone one is none.
        let all = all.iter().map(of).filter(Option::is_some);
        all.chain([of(rest)]).collect()
    };
    if data(&whole, &rest) != data(&cut, &cut_rest) {
        return Err(format!("cut at {cuts:?} it is {cut:?}, not {whole:?}"));
    }
    for (events, rest) in [(&whole, &rest), (&cut, &cut_rest)] {
        let mut joined = events.concat();
        joined.extend_from_slice(rest);
        let lost_line_end = joined.len() + 1 == bytes.len() && bytes.ends_with(b"\r\n");
        if joined != bytes && !(lost_line_end && bytes.starts_with(&joined)) {
            return Err(format!(
                "cut at {cuts:?} it loses bytes: {events:?} {rest:?}"
            ));
        }
    }
    for speech in [
        None,
        Some(Speech::Chat),
        Some(Speech::Messages),
        Some(Speech::Responses),
    ] {
        let read = |events: &[Bytes]| {
            let mut judge = Judge::new(speech);
            let _: Vec<_> = events.iter().map(|it| judge.read(it)).collect();
            (
                judge.finished,
                judge.done,
                judge.malformed,
                judge.usage,
                judge.content,
            )
        };
        if read(&whole) != read(&cut) {
            return Err(format!("cut at {cuts:?} it means something else"));
        }
    }
    Ok(!whole.is_empty())
}

fn split(parts: &[&[u8]]) -> Result<(Vec<Bytes>, Bytes), String> {
    let mut splitter = Splitter::default();
    let mut events = Vec::new();
    for part in parts {
        splitter.push(part, part.len() as u64);
        while let Some(event) = splitter.next_event().map_err(|_| "it is too long")? {
            events.push(event);
        }
    }
    Ok((events, splitter.rest()))
}
