//! Text of the reader made safe to show: nothing in it moves a cursor, changes a colour or hides.

use crate::syntax;

/// Writes a character so that it can be seen: `^[` for escape, `<U+202E>` for what has no caret form. A tab stays in a line of code, where it takes room, and nowhere else.
pub(super) fn visible(character: char) -> Option<String> {
    match character {
        '\0'..='\u{1f}' => {
            let letter = char::from(character as u8 + b'@');
            Some(format!("^{letter}"))
        }
        '\u{7f}' => Some("^?".to_owned()),
        _ if is_deceptive(character) => Some(format!("<U+{:04X}>", u32::from(character))),
        _ => None,
    }
}

/// A message, label or name on one line with nothing hidden in it.
pub(in crate::cli) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match visible(character) {
            Some(shown) => out.push_str(&shown),
            None => out.push(character),
        }
    }
    out
}

/// Breaks a text into lines of this many columns; a word that is longer stays whole.
pub(in crate::cli) fn wrap(text: &str, room: usize) -> String {
    let mut out = String::new();
    let mut columns = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if columns > 0 && columns + 1 + length > room {
            out.push('\n');
            columns = 0;
        } else if columns > 0 {
            out.push(' ');
            columns += 1;
        }
        out.push_str(word);
        columns += length;
    }
    out
}

/// True for characters that change how the text around them is shown, or cannot be seen.
pub(super) fn is_deceptive(character: char) -> bool {
    character.is_control()
        || syntax::is_invisible(character)
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn c093_controls_are_shown_as_carets() {
        assert_eq!(line("a\u{1b}[31mb\u{7}\0\u{7f}"), "a^[[31mb^G^@^?");
        assert_eq!(line("\u{202e}x\u{200b}\u{9b}"), "<U+202E>x<U+200B><U+009B>");
        assert_eq!(line("a\nb\tc"), "a^Jb^Ic");
        assert_eq!(line("naïve — 日本"), "naïve — 日本");
    }
}
