//! Reads a JSON body once, strictly and without a tree: where `model` stands, whether it streams, and that every reader will see the same.

use std::borrow::Cow;
use std::ops::Range;

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
    let text = std::str::from_utf8(body)
        .map_err(|error| ScanError::Json(error.valid_up_to(), "it is not UTF-8"))?;
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
    };
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
            unescape(text, name).ok_or(ScanError::Json(reader.at, "a field name is no text"))?;
        if found.fields.len() == MOST_FIELDS {
            return Err(ScanError::TooMuch("fields"));
        }
        // What is wrong with the meaning is said only of what is JSON to its end.
        if let Err(error) = found.take(text, &name, value) {
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
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
    };
    reader.blank();
    reader.value(0).and_then(|()| reader.end()).is_ok()
}

impl<'a> Found<'a> {
    fn take(&mut self, text: &'a str, name: &str, value: Range<usize>) -> Result<(), ScanError> {
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
                    .starts_with('"')
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
                    "true" => true,
                    "false" | "null" => false,
                    _ => return Err(ScanError::Type("stream", "true or false")),
                }
            }
            "n" => self.single = matches!(raw, "1" | "null"),
            "tools" => self.tools = raw.starts_with('[') && raw[1..].trim_start() != "]",
            _ if name.eq_ignore_ascii_case("model") => {
                return Err(ScanError::Duplicate(name.to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The text of a string with its quotes; nothing when an escape is a lone surrogate.
fn unescape(text: &str, at: Range<usize>) -> Option<Cow<'_, str>> {
    let raw = &text[at.start + 1..at.end - 1];
    if raw.contains('\\') {
        return serde_json::from_str::<String>(&text[at])
            .ok()
            .map(Cow::Owned);
    }
    Some(Cow::Borrowed(raw))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
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
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &self.text[self.at..]) else {
                return self.wrong("a string has no end");
            };
            let stop = self.at + found;
            if let Some(control) = self.text[self.at..stop].iter().position(|it| *it < 0x20) {
                self.at += control;
                return self.wrong("a control character stands in a string");
            }
            self.at = stop;
            if self.text[stop] == b'"' {
                self.at += 1;
                return Ok(());
            }
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
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
