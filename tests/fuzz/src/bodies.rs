//! JSON bodies: the fast scanner agrees with `serde_json` on what is valid, and on where `model` stands.

use homelab::proxy::scan::{self, ScanError};
use serde_json::Value;

/// Bodies that are whole.
pub const WHOLE: &[&str] = &[
    r#"{"model":"m","messages":[{"role":"user","content":"h\u00e9llo \ud83d\ude00"}],"stream":true,"n":1}"#,
    r#" { "a" : [ 1 , -0.5e+3 , true , null , { "model" : "x" } ] , "mo\u0064el" : "m" } "#,
    "{\"tools\":[{\"type\":\"function\"}],\"model\":\"a/b:c\",\"temperature\":0.70,\"é\":\"\\n\\\"\\\\\"}",
    r#"[[[[[[{}]]]]]]"#,
    r#"{"stream":false,"model":"m","x":18446744073709551616}"#,
];

/// Pieces of them, and of what is none.
pub const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\"model\"",
    "\"Model\"",
    "\"mo\\u0064el\"",
    "\"stream\"",
    "\"m\"",
    "\"\"",
    "true",
    "false",
    "null",
    "nul",
    "NaN",
    "0",
    "-",
    "01",
    "1.",
    ".5",
    "1e5",
    "1e999",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\x",
    "\\/",
    " ",
    "\n",
    "\t",
    "\u{b}",
    "\u{feff}",
    "/*",
    "é",
    "\u{2028}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
    "\"api_base\"",
    "\"messages\"",
    "'",
    "\0",
];

/// True when the body was taken, or what is wrong with that.
pub fn judge(bytes: &[u8]) -> Result<bool, String> {
    let parsed = serde_json::from_slice::<Value>(bytes);
    // A number that no machine holds is JSON all the same, and so is one level more than the parser's.
    let is_large = parsed.as_ref().is_err_and(|error| {
        let error = error.to_string();
        error.starts_with("number out of range") || error.starts_with("recursion limit exceeded")
    });
    if !is_large && scan::is_json(bytes) != parsed.is_ok() {
        return Err(format!(
            "the scanner says {}, the parser {parsed:?}",
            scan::is_json(bytes)
        ));
    }
    match (scan::scan(bytes), parsed) {
        (Ok(_), Err(error)) if !is_large => Err(format!("it was taken: {error}")),
        (Err(ScanError::Json(at, what)), Ok(_)) => Err(format!("it was refused: {what} at {at}")),
        (Ok(found), Ok(mut parsed)) => {
            if parsed["model"].as_str() != Some(&*found.model) {
                return Err(format!(
                    "the model is {}, not {}",
                    parsed["model"], found.model
                ));
            }
            if parsed["stream"].as_bool().unwrap_or(false) != found.stream {
                return Err("they differ on whether it streams".to_owned());
            }
            let at = found.model_at.clone();
            let spliced = [&bytes[..at.start], b"\"other\"", &bytes[at.end..]].concat();
            parsed["model"] = "other".into();
            match serde_json::from_slice::<Value>(&spliced) {
                Ok(again) if again == parsed => Ok(true),
                other => Err(format!("with another name it is {other:?}")),
            }
        }
        (Ok(_), _) => Ok(true),
        (Err(_), _) => Ok(false),
    }
}
