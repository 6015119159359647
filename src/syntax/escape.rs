//! Escapes in a basic string that stand for a character which may not be there.

use std::ops::Range;

use super::text;

/// The forbidden characters that the escapes of a raw basic string name, and where in it.
pub(super) fn forbidden(raw: &str) -> impl Iterator<Item = (char, Range<usize>)> {
    escapes(raw).filter(|(it, _)| *it == '\r' || text::forbidden(*it).is_some())
}

/// Every escape of a raw basic string that stands for one character.
fn escapes(raw: &str) -> impl Iterator<Item = (char, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + raw.get(at..)?.find('\\')?;
            let letter = *raw.as_bytes().get(start + 1)?;
            let digits = match letter {
                b'x' => 2,
                b'u' => 4,
                b'U' => 8,
                _ => 0,
            };
            let end = start + 2 + digits;
            // The parser has refused what is cut short; then the next escape is looked for.
            at = if raw.is_char_boundary(end) {
                end
            } else {
                start + 1
            };
            let character = match letter {
                b'b' => Some('\u{8}'),
                b'e' => Some('\u{1b}'),
                b'f' => Some('\u{c}'),
                b'r' => Some('\r'),
                b'x' | b'u' | b'U' => raw
                    .get(start + 2..end)
                    .and_then(|it| u32::from_str_radix(it, 16).ok())
                    .and_then(char::from_u32),
                _ => None,
            };
            if let Some(character) = character {
                return Some((character, start..end));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::forbidden;

    #[test]
    fn escapes_of_controls_are_found_where_they_stand() {
        let found: Vec<_> = forbidden(r#""a\u0007\\u0007\n\te\u202Ex\e\r""#).collect();
        assert_eq!(
            found,
            [
                ('\u{7}', 2..8),
                ('\u{202e}', 20..26),
                ('\u{1b}', 27..29),
                ('\r', 29..31)
            ]
        );
    }

    #[test]
    fn what_is_cut_short_is_passed_over() {
        for raw in ["\"\\", "\"\\u00", "\"\\u00é0\"", "\\U0011", "\\é"] {
            assert_eq!(forbidden(raw).count(), 0, "{raw}");
        }
    }
}
