//! The text before it is TOML: its encoding, its size, and characters that deceive or break.

use super::rules;
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Source, Span};

/// How large a file may be unless told otherwise: 16 MiB.
pub const DEFAULT_SIZE_LIMIT: u64 = 16 << 20;

/// How many keys and values a text may have; a platform of ten thousand services has half a million.
pub(super) const MOST_VALUES: usize = 1_500_000;

/// How many mistakes of the text are kept before the rest is not looked at.
pub(super) const MOST_ERRORS: usize = 20_000;

/// Bytes that are no text, with what can be shown of them.
#[derive(Debug)]
pub struct Unreadable {
    /// The text up to where it breaks.
    pub source: Source,
    /// Why it breaks.
    pub diagnostic: Diagnostic,
}

/// Turns the bytes of a file into a text, or says why they are none. A byte order mark at the start is left out.
pub fn read(
    name: impl Into<String>,
    bytes: Vec<u8>,
    limit: u64,
) -> Result<Source, Box<Unreadable>> {
    let name = name.into();
    let unreadable = |name, shown, diagnostic| {
        let source = Source::new(name, shown);
        Err(Box::new(Unreadable { source, diagnostic }))
    };
    if let Some(diagnostic) = oversized(bytes.len() as u64, limit) {
        return unreadable(name, String::new(), diagnostic);
    }
    if let Some(encoding) = other_encoding(&bytes) {
        let diagnostic = Diagnostic::new(
            &rules::UTF16_TEXT,
            format!("the file is {encoding}, not UTF-8"),
        )
        .primary(Span::default(), "seen in its first bytes")
        .help("save it as UTF-8 without a byte order mark");
        return unreadable(name, String::new(), diagnostic);
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok(Source::new(name, text))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            let wrong = bytes[at];
            bytes.truncate(at);
            let shown = String::from_utf8(bytes).unwrap_or_default();
            let diagnostic = Diagnostic::new(
                &rules::INVALID_UTF8,
                format!("byte {at} is 0x{wrong:02X}, which is not UTF-8 here"),
            )
            .primary(
                Span::new(shown.len(), shown.len()),
                "the text can be read up to here",
            )
            .help("save the file as UTF-8");
            unreadable(name, shown, diagnostic)
        }
    }
}

/// The finding for a file of `size` bytes when at most `limit` are allowed; asked before the file is read.
pub fn oversized(size: u64, limit: u64) -> Option<Diagnostic> {
    // Places in a text are 32 bits wide.
    let limit = limit.min(u32::MAX.into());
    (size > limit).then(|| {
        Diagnostic::new(
            &rules::OVERSIZED_FILE,
            format!("the file has {size} bytes, and at most {limit} are read"),
        )
        .help("check that it is the right file; `--max-size` raises the limit")
    })
}

/// The name of the encoding when the bytes are plainly text in another one than UTF-8.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] => Some("UTF-32 (little endian)"),
        [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32 (big endian)"),
        [0xFF, 0xFE, ..] => Some("UTF-16 (little endian)"),
        [0xFE, 0xFF, ..] => Some("UTF-16 (big endian)"),
        // Without a mark: ASCII letters have a zero beside each of them.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some("UTF-16 (little endian)"),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some("UTF-16 (big endian)"),
        _ => None,
    }
}

/// Reports every character that may not stand anywhere in a text.
pub(super) fn check(source: &Source, diagnostics: &mut Diagnostics) {
    let text = source.text();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = next_suspect(&bytes[at..]) {
        at += offset;
        let character = text[at..].chars().next().unwrap_or_default();
        let start = at;
        at += character.len_utf8();
        if character == '\r' && bytes.get(at) == Some(&b'\n') {
            continue;
        }
        let Some(rule) = forbidden(character) else {
            continue;
        };
        // A run of the same character is one mistake.
        while text[at..].starts_with(character) {
            at += character.len_utf8();
        }
        diagnostics.push(finding(rule, character, Span::new(start, at)));
        if diagnostics.len() >= MOST_ERRORS {
            return;
        }
    }
}

/// Where the next byte is that may begin a forbidden character. Most pieces of a text have none, which is seen many bytes at a time.
fn next_suspect(bytes: &[u8]) -> Option<usize> {
    const PIECE: usize = 64;
    let is_odd = |piece: &[u8; PIECE]| {
        let odd = |it: &u8| (*it < b' ' && *it != b'\n') || *it >= 0x7F;
        piece.iter().fold(false, |any, it| any | odd(it))
    };
    let (pieces, _) = bytes.as_chunks::<PIECE>();
    let plain = pieces.iter().take_while(|it| !is_odd(it)).count() * PIECE;
    let suspect = bytes[plain..]
        .iter()
        .position(|byte| SUSPECT[*byte as usize]);
    Some(plain + suspect?)
}

/// The finding that `character` stands at `span`, where `rule` does not want it.
pub(super) fn finding(rule: &'static Rule, character: char, span: Span) -> Diagnostic {
    let name = describe(character);
    let diagnostic = match rule.name {
        "carriage-return" => Diagnostic::new(rule, "a carriage return stands without a line feed"),
        "byte-order-mark" => {
            Diagnostic::new(rule, "a byte order mark (U+FEFF) stands inside the text")
        }
        _ => Diagnostic::new(rule, format!("{name} may not stand here")),
    };
    let instead = match rule.name {
        "carriage-return" => Some("\n"),
        "control-character" | "byte-order-mark" | "bidirectional-control" => Some(""),
        _ => None,
    };
    diagnostic
        .primary(span, name)
        .fix_if(instead.map(|it| Fix {
            title: "leave it out".to_owned(),
            safe: false,
            edits: vec![Edit {
                span,
                text: it.to_owned(),
            }],
        }))
        .help(if rule.name == "carriage-return" {
            "end lines with a line feed"
        } else {
            "delete it"
        })
}

/// The rule against a character that may stand nowhere, plain or escaped. Line ends and tabs may.
pub(super) fn forbidden(character: char) -> Option<&'static Rule> {
    match character {
        // U+0085 is a control by its category and a line end to YAML 1.1; text may have it, and emitters escape it.
        '\t' | '\n' | '\u{85}' => None,
        '\r' => Some(&rules::CARRIAGE_RETURN),
        _ if character.is_control() => Some(&rules::CONTROL_CHARACTER),
        '\u{feff}' => Some(&rules::BYTE_ORDER_MARK),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(&rules::BIDIRECTIONAL_CONTROL)
        }
        _ => None,
    }
}

/// The rule against a character that may not stand in a key or another identifier.
pub(super) fn forbidden_in_key(character: char) -> Option<&'static Rule> {
    match character {
        ' '..='~' => None,
        '\t' | '\n' | '\r' | '\u{85}' => Some(&rules::CONTROL_CHARACTER),
        _ if is_invisible(character) => Some(&rules::INVISIBLE_CHARACTER),
        _ => Some(forbidden(character).unwrap_or(&rules::NON_ASCII_KEY)),
    }
}

/// True for characters that take no room or show as nothing.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// A character as a reader can see and look it up: ``U+0430 (`а`, Cyrillic)``.
pub fn describe(character: char) -> String {
    let point = format!("U+{:04X}", u32::from(character));
    let name = match character {
        '\0' => "NUL",
        '\t' => "tab",
        '\n' => "line feed",
        '\r' => "carriage return",
        '\u{7}' => "bell",
        '\u{1b}' => "escape",
        '\u{7f}' => "delete",
        '\u{ad}' => "soft hyphen",
        '\u{200b}' => "zero width space",
        '\u{200c}' => "zero width non-joiner",
        '\u{200d}' => "zero width joiner",
        '\u{2060}' => "word joiner",
        '\u{feff}' => "byte order mark",
        '\u{85}' => "next line",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        _ if character.is_control() => "control character",
        _ if is_invisible(character) => "invisible character",
        _ if forbidden(character).is_some() => "bidirectional control",
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => {
            return format!("{point} (Greek `{character}`)");
        }
        '\u{400}'..='\u{52f}' => return format!("{point} (Cyrillic `{character}`)"),
        '\u{300}'..='\u{36f}' => "combining mark",
        _ => return format!("{point} (`{character}`)"),
    };
    format!("{point} ({name})")
}

/// First bytes of characters that may be forbidden; all others are passed over without decoding.
static SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = byte != b'\t' as usize && byte != b'\n' as usize;
        byte += 1;
    }
    table[0x7F] = true;
    // C1 controls, U+061C, general punctuation, the byte order mark.
    table[0xC2] = true;
    table[0xD8] = true;
    table[0xE2] = true;
    table[0xEF] = true;
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_forbidden_character_is_suspect() {
        for character in '\0'..=char::MAX {
            if forbidden(character).is_some() {
                let first = character.to_string().as_bytes()[0];
                assert!(SUSPECT[first as usize], "{character:?}");
            }
        }
    }

    #[test]
    fn characters_are_described() {
        assert_eq!(describe('\u{430}'), "U+0430 (Cyrillic `\u{430}`)");
        assert_eq!(describe('\0'), "U+0000 (NUL)");
        assert_eq!(describe('\u{202e}'), "U+202E (bidirectional control)");
    }
}
