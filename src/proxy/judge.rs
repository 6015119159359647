//! What the events of a stream mean: whether anything was said yet, and whether it is all there.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::Speech;
use super::scan;
use super::sse;

/// Made once: a search is short, and making ready for it is not.
static FINISH_REASON: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new("\"finish_reason\""));
static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"usage\""));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"error\""));

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A comment, or fields without data.
    Nothing,
    /// It comes before any content: another server may still be asked.
    Preamble,
    /// Content, or something that is not known.
    Content,
    /// The end.
    Done,
    /// The server says that it failed.
    Failed,
    /// It is no JSON.
    Malformed,
}

/// Reads the events of one stream.
#[derive(Debug)]
pub struct Judge {
    speech: Option<Speech>,
    /// True when the server has said why it stopped.
    pub finished: bool,
    /// True when the end was said.
    pub done: bool,
    /// How many events were no JSON.
    pub malformed: u64,
    /// Prompt and completion tokens, as far as the server told them.
    pub usage: Option<(u64, u64)>,
    /// True when content was seen.
    pub content: bool,
}

impl Judge {
    /// A judge for streams in this speech; without one any event is content.
    pub fn new(speech: Option<Speech>) -> Self {
        Self {
            speech,
            finished: false,
            done: false,
            malformed: 0,
            usage: None,
            content: false,
        }
    }

    /// What an event is.
    pub fn read(&mut self, event: &[u8]) -> Meaning {
        let Some(data) = sse::data(event) else {
            return Meaning::Nothing;
        };
        let meaning = match self.speech {
            None => Meaning::Content,
            Some(Speech::Chat) => self.chat(&data),
            Some(Speech::Messages) => self.typed(&data, messages),
            Some(Speech::Responses) => self.typed(&data, responses),
        };
        match meaning {
            Meaning::Content => self.content = true,
            Meaning::Done => self.done = true,
            Meaning::Malformed => self.malformed += 1,
            _ => {}
        }
        meaning
    }

    fn chat(&mut self, data: &[u8]) -> Meaning {
        if data.trim_ascii() == b"[DONE]" {
            return Meaning::Done;
        }
        if !scan::is_json(data) {
            return Meaning::Malformed;
        }
        if let Some(reason) = after(data, &FINISH_REASON) {
            self.finished |= !reason.starts_with(b"null");
        }
        if let Some(usage) = after(data, &USAGE) {
            self.usage = usage_of(usage).or(self.usage);
        }
        let may_fail = ERROR.find(data).is_some();
        if self.content && !may_fail {
            return Meaning::Content;
        }
        let Ok(chunk) = serde_json::from_slice::<Chunk>(data) else {
            return Meaning::Content;
        };
        if chunk.error.is_some_and(|it| !it.is_null()) {
            return Meaning::Failed;
        }
        match chunk.choices {
            Some(choices) if !choices.iter().any(Choice::says_something) => Meaning::Preamble,
            _ => Meaning::Content,
        }
    }

    fn typed(&mut self, data: &[u8], meaning: fn(&str) -> Meaning) -> Meaning {
        if !scan::is_json(data) {
            return Meaning::Malformed;
        }
        if let Some(usage) = after(data, &USAGE) {
            self.usage = usage_of(usage).or(self.usage);
        }
        let Ok(event) = serde_json::from_slice::<Typed>(data) else {
            return Meaning::Content;
        };
        let meaning = meaning(&event.kind);
        self.finished |= meaning == Meaning::Done;
        meaning
    }
}

fn messages(kind: &str) -> Meaning {
    match kind {
        "message_start" | "content_block_start" | "ping" => Meaning::Preamble,
        "message_stop" => Meaning::Done,
        "error" => Meaning::Failed,
        _ => Meaning::Content,
    }
}

fn responses(kind: &str) -> Meaning {
    match kind {
        "response.created"
        | "response.queued"
        | "response.in_progress"
        | "response.output_item.added"
        | "response.content_part.added" => Meaning::Preamble,
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
            Meaning::Done
        }
        "error" => Meaning::Failed,
        _ => Meaning::Content,
    }
}

/// True for the chunk of a chat that tells what was used and nothing else.
pub fn is_usage_alone(event: &[u8]) -> bool {
    let Some(data) = sse::data(event) else {
        return false;
    };
    after(&data, &USAGE).is_some_and(|it| it.starts_with(b"{"))
        && serde_json::from_slice::<Chunk>(&data)
            .is_ok_and(|it| it.error.is_none() && it.choices.is_some_and(|it| it.is_empty()))
}

/// What follows the last field of this name.
fn after<'a>(data: &'a [u8], name: &Finder<'static>) -> Option<&'a [u8]> {
    // Forwards, for that way many bytes are looked at together.
    let at = name.find_iter(data).last()?;
    let rest = data[at + name.needle().len()..].trim_ascii_start();
    Some(rest.strip_prefix(b":")?.trim_ascii_start())
}

/// Prompt and completion tokens of a usage object that begins here.
pub fn usage_of(text: &[u8]) -> Option<(u64, u64)> {
    let (mut prompt, mut completion) = (None, None);
    let is_whole = scan::fields(text, |name, value| match name {
        b"prompt_tokens" => prompt = number(value),
        b"input_tokens" => prompt = prompt.or(number(value)),
        b"completion_tokens" => completion = number(value),
        b"output_tokens" => completion = completion.or(number(value)),
        _ => {}
    });
    let is_told = is_whole && (prompt.is_some() || completion.is_some());
    is_told.then(|| (prompt.unwrap_or(0), completion.unwrap_or(0)))
}

/// A number of tokens; nothing for anything else.
fn number(digits: &[u8]) -> Option<u64> {
    let digit = |number: u64, it: &u8| {
        let digit = char::from(*it).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    };
    digits.iter().try_fold(0, digit)
}

/// The usage that a whole answer tells.
pub(super) fn usage_in(answer: &[u8]) -> Option<(u64, u64)> {
    usage_of(after(answer, &USAGE)?)
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct Chunk {
    error: Option<Value>,
    choices: Option<Vec<Choice>>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<serde_json::Map<String, Value>>,
    text: Option<String>,
    finish_reason: Option<IgnoredAny>,
}

impl Choice {
    fn says_something(&self) -> bool {
        let is_something = |value: &Value| match value {
            Value::Null => false,
            Value::String(it) => !it.is_empty(),
            Value::Array(it) => !it.is_empty(),
            _ => true,
        };
        let delta = || {
            self.delta
                .iter()
                .flatten()
                .any(|(name, it)| name != "role" && is_something(it))
        };
        self.finish_reason.is_some()
            || self.text.as_ref().is_some_and(|it| !it.is_empty())
            || delta()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_chat_are_told_apart() {
        let mut judge = Judge::new(Some(Speech::Chat));
        let mut read = |data: &str| judge.read(format!("data: {data}\n\n").as_bytes());
        assert_eq!(
            read(
                r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#
            ),
            Meaning::Preamble
        );
        assert_eq!(read(r#"{"error":{"message":"x"}}"#), Meaning::Failed);
        assert_eq!(
            read(r#"{"choices":[{"delta":{"content":"a"}}]}"#),
            Meaning::Content
        );
        assert_eq!(
            read(r#"{"choices":[{"delta":{"content":"\"error\""}}]}"#),
            Meaning::Content
        );
        assert_eq!(read(r#"{"choices":"#), Meaning::Malformed);
        assert_eq!(
            read(
                r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#
            ),
            Meaning::Content
        );
        assert_eq!(read("[DONE]"), Meaning::Done);
        assert_eq!(judge.read(b": ping\n\n"), Meaning::Nothing);
        assert!(judge.finished && judge.done);
        assert_eq!((judge.malformed, judge.usage), (1, Some((3, 4))));
    }
}
