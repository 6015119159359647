//! What a client is told when it gets no answer: always in OpenAI's shape, with a code that stays.

use serde::Serialize;

/// An answer that says what is wrong and what the client can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The code, which programs may rely on.
    pub code: &'static str,
    /// What is wrong, and what can be done.
    pub message: String,
    /// The field of the request that is wrong.
    pub param: Option<String>,
    /// After how many seconds another try makes sense.
    pub retry_after: Option<u64>,
    /// The methods that would do.
    pub allow: Option<&'static str>,
}

impl Refusal {
    /// A refusal with a status, a code and a message.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            param: None,
            retry_after: None,
            allow: None,
        }
    }

    /// Names the field that is wrong.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.retry_after = seconds;
        self
    }

    /// The kind of error, in OpenAI's words.
    pub fn kind(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        }
    }

    /// The body.
    pub fn body(&self) -> Vec<u8> {
        to_json(&Body {
            error: self.words(),
        })
    }

    /// The event that ends a stream, in the words of the API that streams.
    pub fn event(&self, speech: Speech) -> Vec<u8> {
        let (name, data) = match speech {
            Speech::Chat => (
                "",
                to_json(&Body {
                    error: self.words(),
                }),
            ),
            Speech::Messages => (
                "event: error\n",
                to_json(&Event {
                    kind: "error",
                    error: Some(self.words()),
                    code: None,
                    message: None,
                    param: None,
                }),
            ),
            Speech::Responses => (
                "event: error\n",
                to_json(&Event {
                    kind: "error",
                    error: None,
                    code: Some(self.code),
                    message: Some(&self.message),
                    param: self.param.as_deref(),
                }),
            ),
        };
        [name.as_bytes(), b"data: ", &data, b"\n\n"].concat()
    }

    fn words(&self) -> Words<'_> {
        Words {
            message: &self.message,
            kind: self.kind(),
            param: self.param.as_deref(),
            code: self.code,
        }
    }
}

/// The API in whose words a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// OpenAI's chat and text completions, and whatever else streams.
    Chat,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's responses.
    Responses,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Words<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: &'a str,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Words<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings can be written as JSON")
}
