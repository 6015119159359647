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

/// Adds a text as a string of JSON. Nearly all need no escape, which is seen at a glance.
pub fn push_string(json: &mut String, text: &str) {
    let is_odd = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // All bytes are looked at, which takes less than to stop at the first.
    if text.bytes().fold(false, |odd, it| odd | is_odd(it)) {
        json.push_str(&serde_json::to_string(text).expect(PLAIN));
    } else {
        json.extend(["\"", text, "\""]);
    }
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
    fn a_string_is_as_the_library_writes_it() {
        let all = (0..=0x7ff).filter_map(char::from_u32);
        for text in all
            .map(String::from)
            .chain(["", "plain", "in \"it\""].map(String::from))
        {
            let mut json = "1".to_owned();
            push_string(&mut json, &text);
            assert_eq!(json, format!("1{}", serde_json::to_string(&text).unwrap()));
        }
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
