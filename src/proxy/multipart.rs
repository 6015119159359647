//! Reads a form with files: where its one `model` stands, and whether it streams.

use std::ops::Range;

use super::error::Refusal;

/// What a form says that matters here.
#[derive(Debug, PartialEq, Eq)]
pub struct Form<'a> {
    /// The name of the model.
    pub model: &'a str,
    /// Where it stands.
    pub model_at: Range<usize>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
}

/// The most parts of a form.
const MOST_PARTS: usize = 100;

/// The boundary that a content type names.
pub fn boundary(kind: &str) -> Option<String> {
    let mut parts = kind.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut boundaries = parts.filter_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"').to_owned())
    });
    let boundary = boundaries.next()?;
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&it);
    let is_one = !boundary.is_empty() && boundary.len() <= 70 && boundary.bytes().all(is_plain);
    (is_one && boundaries.next().is_none()).then_some(boundary)
}

/// Reads a form.
pub fn scan<'a>(body: &'a [u8], boundary: &str) -> Result<Form<'a>, Refusal> {
    let wrong = |what: &str| {
        Refusal::new(
            400,
            "invalid_form",
            format!("the form cannot be read: {what}"),
        )
    };
    let delimiter = format!("\r\n--{boundary}");
    let delimiter = memchr::memmem::Finder::new(delimiter.as_bytes());
    // The first one may stand without a line before it; nothing else may.
    if !body
        .strip_prefix(b"--")
        .is_some_and(|it| it.starts_with(boundary.as_bytes()))
    {
        return Err(wrong("it does not begin with its boundary"));
    }
    let mut at = 2 + boundary.len();
    let mut model = None;
    let mut stream = None;
    for _ in 0..MOST_PARTS {
        match body.get(at..at + 2) {
            Some(b"--") => {
                let model_at: Range<usize> = model.ok_or_else(|| {
                    Refusal::new(400, "missing_model", "the field `model` is missing")
                        .param("model")
                })?;
                let model = std::str::from_utf8(&body[model_at.clone()])
                    .ok()
                    .filter(|it| {
                        !it.is_empty()
                            && it.len() <= 512
                            && !it.chars().any(char::is_control)
                            && !it.split(['/', '\\']).any(|it| it == "..")
                    });
                let model = model.ok_or_else(|| {
                    Refusal::new(
                        400,
                        "invalid_type",
                        "the field `model` must be the name of a model",
                    )
                    .param("model")
                })?;
                return Ok(Form {
                    model,
                    model_at,
                    stream: stream.unwrap_or(false),
                });
            }
            Some(b"\r\n") => at += 2,
            _ => return Err(wrong("a boundary is followed by something else")),
        }
        let head = memchr::memmem::find(&body[at..], b"\r\n\r\n")
            .ok_or_else(|| wrong("a part has no head"))?;
        let start = at + head + 4;
        // A part without a body still has the line end of its boundary.
        let end = delimiter
            .find(&body[start - 2..])
            .ok_or_else(|| wrong("a part has no end"))?
            + start
            - 2;
        let name = name(&body[at..at + head]).ok_or_else(|| wrong("a part has no name"))?;
        let value = start..end.max(start);
        match name.to_ascii_lowercase().as_str() {
            "model" if name != "model" || model.is_some() => {
                return Err(Refusal::new(
                    400,
                    "duplicate_key",
                    "the field `model` stands twice, or in another case",
                )
                .param("model"));
            }
            "model" => model = Some(value),
            "stream" => {
                let before = stream.replace(body[value].eq_ignore_ascii_case(b"true"));
                if before.is_some() {
                    let what = "the field `stream` stands twice";
                    return Err(Refusal::new(400, "duplicate_key", what).param("stream"));
                }
            }
            field @ ("api_base"
            | "base_url"
            | "api_key"
            | "api_version"
            | "fallbacks"
            | "mock_response"
            | "custom_llm_provider"
            | "provider") => {
                return Err(Refusal::new(
                    400,
                    "forbidden_field",
                    format!("the field `{field}` is not the client's to set; leave it out"),
                )
                .param(field));
            }
            _ => {}
        }
        at = end + 4 + boundary.len();
    }
    Err(wrong("it has too many parts"))
}

/// The name that the head of a part gives; nothing when there is none, or more than one.
fn name(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let mut disposition = None;
    for line in head.split("\r\n") {
        let (field, value) = line.split_once(':')?;
        if field.eq_ignore_ascii_case("content-disposition")
            && disposition.replace(value.trim()).is_some()
        {
            return None;
        }
    }
    let mut rest = disposition?.strip_prefix("form-data")?;
    let mut name = None;
    while let Some(next) = rest.trim_start().strip_prefix(';') {
        let (parameter, after) = next.trim_start().split_once('=')?;
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            quoted_text(quoted)?
        } else {
            let end = after.find(';').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        if parameter.trim().eq_ignore_ascii_case("name") && name.replace(value).is_some() {
            return None;
        }
        rest = after;
    }
    rest.trim().is_empty().then_some(name).flatten()
}

fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(parts: &[(&str, &str)]) -> String {
        let parts = parts.iter().map(|(name, value)| {
            format!("--b\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n")
        });
        parts.chain(["--b--\r\n".to_owned()]).collect()
    }

    #[test]
    fn the_model_is_found_in_its_part() {
        let text = form(&[
            (
                "name=\"file\"; filename=\"a\\\"; name=x\"",
                "\r\n--bad name=\"model\"",
            ),
            ("name=\"model\"", "whisper"),
            ("name=stream", "true"),
        ]);
        let found = scan(text.as_bytes(), "b");
        // `--bad` begins like the boundary, so this is no form.
        assert!(found.is_err());
        let text = form(&[
            ("name=\"file\"; filename=\"a\\\"; name=x\"", "\u{0}\r\n--"),
            ("name=\"model\"", "whisper"),
            ("name=stream", "true"),
        ]);
        let found = scan(text.as_bytes(), "b").unwrap();
        assert_eq!((found.model, found.stream), ("whisper", true));
        assert_eq!(&text[found.model_at], "whisper");
        for parts in [
            &[("name=\"model\"", "a"), ("name=\"model\"", "b")][..],
            &[("name=\"Model\"", "a")],
            &[("name=\"model\"", "")],
            &[("name=\"x\"", "")],
            &[("name=\"model\"; name=\"x\"", "a")],
        ] {
            assert!(scan(form(parts).as_bytes(), "b").is_err());
        }
        assert_eq!(
            boundary("multipart/form-data; boundary=\"a b\""),
            Some("a b".to_owned())
        );
        assert_eq!(boundary("application/json"), None);
    }
}
