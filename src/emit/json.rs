//! JSON, as a file for people to read or as a line of a `.jsonl` file.

use serde::Serialize;

/// Returns JSON over several lines, two blanks to a level, with a newline at the end.
///
/// Fields keep their order. U+2028, U+2029 and `<` stay as they are: that is valid JSON, but not to be pasted into a script.
///
/// # Panics
///
/// When the value's own `Serialize` fails or a map has keys that are no text: a mistake in an emitter's types, whatever the reader wrote.
pub fn to_json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect(PLAIN);
    text.push('\n');
    text
}

/// Returns JSON on one line, with a newline at the end, for a `.jsonl` file.
///
/// # Panics
///
/// As [`to_json`].
pub fn to_json_line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect(PLAIN);
    text.push('\n');
    text
}

const PLAIN: &str = "an artifact's types are plain structs, lists and maps with text keys";

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Port {
        name: &'static str,
        number: u64,
    }

    #[test]
    fn fields_keep_their_order_and_integers_their_digits() {
        let port = Port {
            name: "a\"b",
            number: u64::MAX,
        };
        assert_eq!(
            to_json_line(&port),
            "{\"name\":\"a\\\"b\",\"number\":18446744073709551615}\n"
        );
        assert_eq!(
            to_json(&port),
            "{\n  \"name\": \"a\\\"b\",\n  \"number\": 18446744073709551615\n}\n"
        );
    }
}
