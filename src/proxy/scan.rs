//! Reads a JSON body once, strictly and without a tree: where `model` stands, whether it streams, and that every reader will see the same.

use std::borrow::Cow;
use std::ops::Range;

use wide::u8x16;

/// The deepest that values may lie in each other.
const DEEPEST: usize = 128;

/// The most fields of the outermost object.
const MOST_FIELDS: usize = 1000;

/// The longest name of a model.
const LONGEST_MODEL: usize = 512;

/// Fields of which a second one would be read by some servers and not by others.
const ONCE: &[&str] = &[
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "user",
    "tools",
    "tool_choice",
    "messages",
    "input",
    "prompt",
    "system",
    "instructions",
    "temperature",
    "response_format",
];

/// Fields by which other gateways let a client choose where its request goes and with which key.
const REDIRECTING: &[&str] = &[
    "api_base",
    "base_url",
    "api_key",
    "api_version",
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "model_list",
    "mock_response",
    "mock_tool_calls",
    "mock_timeout",
    "mock_testing_fallbacks",
    "mock_testing_context_fallbacks",
    "mock_testing_content_policy_fallbacks",
    "mock_testing_rate_limit_error",
    "custom_llm_provider",
    "provider",
    "litellm_params",
    "litellm_credential_name",
    "extra_headers",
    "extra_body",
    "organization",
    "deployment_id",
    "specific_deployment",
    "use_in_pass_through",
    "aws_access_key_id",
    "aws_secret_access_key",
    "vertex_credentials",
    "azure_ad_token",
];

/// What a body says that matters here.
#[derive(Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The name of the model.
    pub model: Cow<'a, str>,
    /// Where its value stands, with its quotes.
    pub model_at: Range<usize>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// True when it asks for one answer, as it does when it says nothing.
    pub single: bool,
    /// True when it offers tools.
    pub tools: bool,
    /// The names of all outermost fields.
    pub fields: Vec<Cow<'a, str>>,
    /// Where the first field begins.
    pub first_at: usize,
}

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanError {
    /// It is no JSON; the byte at which that shows.
    Json(usize, &'static str),
    /// It is no object.
    NotObject,
    /// A field stands twice.
    Duplicate(String),
    /// A field that would redirect the request.
    Redirecting(String),
    /// It has too many fields, or they lie too deep.
    TooMuch(&'static str),
    /// It names no model.
    NoModel,
    /// A field has a value of the wrong type.
    Type(&'static str, &'static str),
}

/// Reads a body.
pub fn scan(body: &[u8]) -> Result<Found<'_>, ScanError> {
    let mut reader = Reader::new(body);
    let found = read(&mut reader);
    // What is read to its end without a byte beyond ASCII needs no second look.
    if found.is_err() || reader.beyond_ascii {
        std::str::from_utf8(body)
            .map_err(|error| ScanError::Json(error.valid_up_to(), "it is not UTF-8"))?;
    }
    found
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<Found<'a>, ScanError> {
    let body = reader.text;
    reader.blank();
    if reader.peek() != Some(b'{') {
        reader.value(0)?;
        reader.end()?;
        return Err(ScanError::NotObject);
    }
    let mut found = Found {
        model: Cow::Borrowed(""),
        model_at: 0..0,
        stream: false,
        single: true,
        tools: false,
        fields: Vec::with_capacity(16),
        first_at: reader.at + 1,
    };
    let mut wrong = None;
    reader.object(1, |reader, name, value| {
        let name =
            unescape(body, name).ok_or(ScanError::Json(reader.at, "a field name is no text"))?;
        if found.fields.len() == MOST_FIELDS {
            return Err(ScanError::TooMuch("fields"));
        }
        // What is wrong with the meaning is said only of what is JSON to its end.
        if let Err(error) = found.take(body, &name, value) {
            wrong.get_or_insert(error);
        }
        found.fields.push(name);
        Ok(())
    })?;
    reader.end()?;
    match wrong {
        // A name in another case is a second one only beside the first.
        Some(ScanError::Duplicate(name))
            if found.model_at.is_empty() && name.eq_ignore_ascii_case("model") =>
        {
            Err(ScanError::NoModel)
        }
        Some(error) => Err(error),
        None if found.model_at.is_empty() => Err(ScanError::NoModel),
        None => Ok(found),
    }
}

/// True when the text is one JSON value, as deep as is allowed.
pub fn is_json(text: &[u8]) -> bool {
    let mut reader = Reader::new(text);
    reader.blank();
    let is_json = reader.value(0).and_then(|()| reader.end()).is_ok();
    is_json && (!reader.beyond_ascii || std::str::from_utf8(text).is_ok())
}

/// Reads the outermost fields of the object that a text begins with, without a look at what follows it; false when there is none.
pub(super) fn fields(text: &[u8], mut field: impl FnMut(&[u8], &[u8])) -> bool {
    let mut reader = Reader::new(text);
    let is_object = reader.peek() == Some(b'{');
    is_object
        && reader
            .object(1, |_, name, value| {
                field(&text[name.start + 1..name.end - 1], &text[value]);
                Ok(())
            })
            .is_ok()
}

impl<'a> Found<'a> {
    fn take(&mut self, text: &'a [u8], name: &str, value: Range<usize>) -> Result<(), ScanError> {
        let raw = &text[value.clone()];
        if name.len() <= 40 {
            if ONCE.contains(&name) && self.fields.iter().any(|it| it == name) {
                return Err(ScanError::Duplicate(name.to_owned()));
            }
            if REDIRECTING.contains(&name) {
                return Err(ScanError::Redirecting(name.to_owned()));
            }
        }
        match name {
            "model" => {
                let model = raw
                    .starts_with(b"\"")
                    .then(|| unescape(text, value.clone()))
                    .flatten();
                let model = model.ok_or(ScanError::Type("model", "a string"))?;
                if model.is_empty()
                    || model.len() > LONGEST_MODEL
                    || model.chars().any(char::is_control)
                    || model.split(['/', '\\']).any(|it| it == "..")
                {
                    return Err(ScanError::Type("model", "the name of a model"));
                }
                self.model = model;
                self.model_at = value;
            }
            "stream" => {
                self.stream = match raw {
                    b"true" => true,
                    b"false" | b"null" => false,
                    _ => return Err(ScanError::Type("stream", "true or false")),
                }
            }
            "n" => self.single = matches!(raw, b"1" | b"null"),
            "tools" => self.tools = raw.starts_with(b"[") && raw[1..].trim_ascii_start() != b"]",
            _ if name.eq_ignore_ascii_case("model") => {
                return Err(ScanError::Duplicate(name.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The text of a string with its quotes; nothing when an escape is a lone surrogate, or what stands there is no text.
fn unescape(text: &[u8], at: Range<usize>) -> Option<Cow<'_, str>> {
    let raw = std::str::from_utf8(&text[at.start + 1..at.end - 1]).ok()?;
    if raw.contains('\\') {
        return serde_json::from_slice::<String>(&text[at])
            .ok()
            .map(Cow::Owned);
    }
    Some(Cow::Borrowed(raw))
}

/// Writes a text as JSON.
pub(super) fn quote(out: &mut Vec<u8>, text: &str) {
    if plain(text.as_bytes()) < text.len() {
        // Nothing that is written to memory fails.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// True for the second byte of an escape that has but two.
fn is_short_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

/// True for what means something in a string: a quote, a backslash or a control character.
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// What a block of 64 bytes has in it.
struct Marks {
    /// A bit for each byte that means something in a string.
    special: u64,
    beyond_ascii: bool,
}

fn marks(block: &[u8; 64]) -> Marks {
    let mut marks = Marks {
        special: 0,
        beyond_ascii: false,
    };
    let (parts, _) = block.as_chunks();
    for (at, part) in parts.iter().enumerate() {
        let part = u8x16::new(*part);
        let is = |byte| part.simd_eq(u8x16::splat(byte));
        // The lesser of a byte and the last control character is the byte when it is one.
        let is_control = part.min(u8x16::splat(0x1f)).simd_eq(part);
        let special = is(b'"') | is(b'\\') | is_control;
        marks.special |= u64::from(special.to_bitmask()) << (at * 16);
        marks.beyond_ascii |= part.to_bitmask() != 0;
    }
    marks
}

/// How many bytes stand before the first that means something in a string.
fn plain(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = text[at..].first_chunk::<8>() {
        let found = specials(u64::from_le_bytes(*word));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += word.len();
    }
    let rest = text[at..].iter().position(|it| is_special(*it));
    rest.map_or(text.len(), |it| at + it)
}

/// The highest bit of each byte that means something in a string; above the lowest such byte others may be marked too.
fn specials(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, bound: u8| word.wrapping_sub(EACH * u64::from(bound)) & !word;
    let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    (below(word, 0x20) | is(b'"') | is(b'\\')) & (EACH << 7)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// True when a string has a byte beyond ASCII in it; nothing else may have one.
    beyond_ascii: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            beyond_ascii: false,
        }
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, ScanError> {
        Err(ScanError::Json(self.at, what))
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<(), ScanError> {
        self.blank();
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.wrong("something follows the value")
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), ScanError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.object(depth + 1, |_, _, _| Ok(())),
            Some(b'[') => self.array(depth + 1),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.wrong("a value is expected"),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), ScanError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.wrong("a value is expected")
    }

    fn object(
        &mut self,
        depth: usize,
        mut field: impl FnMut(&Self, Range<usize>, Range<usize>) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        if depth > DEEPEST {
            return Err(ScanError::TooMuch("levels"));
        }
        self.at += 1;
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return self.wrong("a field name is expected");
            }
            self.string()?;
            let name = start..self.at;
            self.blank();
            if self.peek() != Some(b':') {
                return self.wrong("a colon is expected");
            }
            self.at += 1;
            self.blank();
            let start = self.at;
            self.value(depth)?;
            let value = start..self.at;
            field(self, name, value)?;
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong("a comma or the end of the object is expected"),
            }
            self.blank();
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), ScanError> {
        if depth > DEEPEST {
            return Err(ScanError::TooMuch("levels"));
        }
        self.at += 1;
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong("a comma or the end of the list is expected"),
            }
            self.blank();
        }
    }

    fn string(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        // Most strings are short: names of fields, above all.
        if let Some(word) = self.text[self.at..].first_chunk() {
            self.beyond_ascii |= !word.is_ascii();
            let end = specials(u64::from_le_bytes(*word)).trailing_zeros() as usize / 8;
            if word.get(end) == Some(&b'"') {
                self.at += end + 1;
                return Ok(());
            }
        }
        while let Some(block) = self.text[self.at..].first_chunk() {
            if self.block(block)? {
                return Ok(());
            }
        }
        self.beyond_ascii |= !self.text[self.at..].is_ascii();
        loop {
            self.at += plain(&self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return self.wrong("a control character stands in a string"),
                None => return self.wrong("a string has no end"),
            }
        }
    }

    /// Reads a block of a string; true when the string ends in it.
    fn block(&mut self, block: &[u8; 64]) -> Result<bool, ScanError> {
        let start = self.at;
        let Marks {
            special: mut found,
            beyond_ascii,
        } = marks(block);
        self.beyond_ascii |= beyond_ascii;
        while found != 0 {
            let offset = found.trailing_zeros() as usize;
            self.at = start + offset;
            match (block[offset], block.get(offset + 1)) {
                (b'"', _) => {
                    self.at += 1;
                    return Ok(true);
                }
                // The second byte of an escape means nothing more.
                (b'\\', Some(second)) if is_short_escape(*second) => found &= !(3 << offset),
                (b'\\', _) => {
                    self.escape()?;
                    let read = self.at - start;
                    if read >= block.len() {
                        return Ok(false);
                    }
                    found &= u64::MAX << read;
                }
                _ => return self.wrong("a control character stands in a string"),
            }
        }
        self.at = start + block.len();
        Ok(false)
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        match self.text.get(self.at + 1) {
            Some(second) if is_short_escape(*second) => self.at += 2,
            Some(b'u') => match self.unit(self.at) {
                Some(0xD800..=0xDBFF) => {
                    if !matches!(self.unit(self.at + 6), Some(0xDC00..=0xDFFF)) {
                        return self.wrong("half of a surrogate pair stands alone");
                    }
                    self.at += 12;
                }
                Some(0xDC00..=0xDFFF) => {
                    return self.wrong("half of a surrogate pair stands alone");
                }
                Some(_) => self.at += 6,
                None => return self.wrong("an escape is none"),
            },
            _ => return self.wrong("an escape is none"),
        }
        Ok(())
    }

    /// The code unit that is written here as `\u….`
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit: u16, it| {
            let digit = char::from(*it).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        let count = self.text[self.at..]
            .iter()
            .take_while(|it| it.is_ascii_digit())
            .count();
        if count == 0 {
            return self.wrong("a digit is expected");
        }
        self.at += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> Found<'_> {
        scan(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
    }

    #[test]
    fn whatever_stands_anywhere_in_a_string_is_seen() {
        for length in 0..80 {
            assert_eq!(plain(&vec![b'a'; length]), length);
            for at in 0..length {
                for byte in 0..=255 {
                    let mut text = vec![if at % 2 == 0 { 0x80 } else { b'!' }; length];
                    text[at] = byte;
                    let found = if is_special(byte) { at } else { length };
                    assert_eq!(plain(&text), found);
                    if let Some(block) = text.first_chunk() {
                        assert_eq!(
                            marks(block).special,
                            1_u64
                                .checked_shl(u32::try_from(found).unwrap())
                                .unwrap_or(0)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_model_is_found_at_the_top_only() {
        let text = r#"{"messages":[{"model":"no"}], "model" : "a\u002fb" ,"stream":true}"#;
        let found = ok(text);
        assert_eq!(found.model, "a/b");
        assert_eq!(&text[found.model_at.clone()], r#""a\u002fb""#);
        assert!(found.stream && found.single && !found.tools);
    }

    #[test]
    fn p031_to_p034_names_and_values_that_are_refused() {
        for text in [
            r#"{"model":"a","model":"b"}"#,
            r#"{"model":"a","mo\u0064el":"b"}"#,
            r#"{"mo\u0064el":"a","model":"b"}"#,
            r#"{"model":"a","Model":"b"}"#,
            r#"{"MODEL":"a"}"#,
            r#"{"model":"a","stream":true,"stream":false}"#,
            r#"{"model":"a","messages":[],"messages":[]}"#,
            r#"{"model":null}"#,
            r#"{"model":1}"#,
            r#"{"model":["a"]}"#,
            r#"{"model":""}"#,
            r#"{"model":"a\u0000"}"#,
            r#"{"model":"../a"}"#,
            r#"{"model":"a","stream":"true"}"#,
            r#"{"model":"a","api_base":"http://x"}"#,
            "{}",
            "[]",
        ] {
            assert!(scan(text.as_bytes()).is_err(), "{text}");
        }
        let long = format!(r#"{{"model":"{}"}}"#, "a".repeat(4096));
        assert!(scan(long.as_bytes()).is_err());
    }

    #[test]
    fn p036_to_p039_what_is_no_json_for_everybody() {
        for text in [
            "\u{feff}{\"model\":\"a\"}",
            r#"{"model":"a"}{"model":"a"}"#,
            r#"{"model":"a"} x"#,
            r#"{"model":"a",}"#,
            r#"{"model":"a","x":NaN}"#,
            r#"{"model":"a" /* c */}"#,
            r#"{"model":"a","x":"\ud800"}"#,
            r#"{"model":"a","x":"\udc00"}"#,
            r#"{"model":"a","x":01}"#,
            "{\"model\":\"a\",\"x\":\"\n\"}",
        ] {
            assert!(scan(text.as_bytes()).is_err(), "{text}");
        }
        assert!(scan(b"{\"model\":\"\xff\"}").is_err());
        let deep = format!(r#"{{"model":"a","x":{}"#, "[".repeat(100_000));
        assert_eq!(scan(deep.as_bytes()), Err(ScanError::TooMuch("levels")));
        ok(r#"{"model":"a","x":[1e999999,-0,18446744073709551616,0.5E-3]}"#);
    }
}
