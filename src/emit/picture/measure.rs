//! How wide a text is at most, whatever font the reader has, and what is shown of one that is too long.
//!
//! The pictures are laid out where no font is known, so widths are those of `DejaVu Sans`, which is wider than the sans-serif of every system we know. A text with a letter beyond ASCII is given its width in the picture (`textLength`), so that it keeps to it in any font.

use crate::emit::escape;

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Face {
    /// The running text.
    Plain,
    /// Names and headings.
    Bold,
    /// Ports, addresses and handles.
    Mono,
}

/// Thousandths of the size, from U+0020 to U+007E.
const PLAIN: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637,
    637, 637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632,
    576, 775, 752, 295, 295, 656, 558, 863, 749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686,
    611, 686, 391, 337, 391, 838, 500, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580,
    278, 975, 634, 612, 635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
];

/// The same for bold letters, with what the widest other bold font adds.
const BOLD: [u16; 95] = [
    359, 471, 537, 863, 717, 1032, 899, 316, 472, 472, 539, 863, 391, 428, 391, 377, 717, 717, 717,
    717, 717, 717, 717, 717, 717, 717, 412, 412, 863, 863, 863, 598, 1030, 797, 786, 756, 856, 705,
    705, 846, 862, 384, 384, 798, 657, 1026, 862, 877, 755, 877, 794, 743, 703, 837, 797, 1137,
    794, 747, 748, 472, 377, 472, 863, 515, 515, 695, 737, 611, 737, 699, 449, 737, 733, 353, 353,
    686, 353, 1073, 733, 709, 737, 737, 509, 614, 493, 733, 672, 952, 665, 672, 600, 733, 377, 733,
    863,
];

/// Returns the most pixels that a text takes.
pub(super) fn width(text: &str, face: Face, size: i32) -> i32 {
    let thousandths: i64 = text.chars().map(|it| i64::from(advance(it, face))).sum();
    let pixels = (thousandths * i64::from(size) + 999) / 1000;
    i32::try_from(pixels).unwrap_or(i32::MAX / 4)
}

/// True when the table knows every letter, so that no font makes the text wider than [`width`] says.
pub(super) fn is_certain(text: &str) -> bool {
    text.bytes().all(|it| (b' '..=b'~').contains(&it))
        || text
            .chars()
            .all(|it| it.is_ascii() || it == '…' || it == '·')
}

fn advance(letter: char, face: Face) -> u16 {
    let table = match face {
        Face::Plain => &PLAIN,
        Face::Mono if letter.is_ascii() => return 620,
        Face::Bold | Face::Mono => &BOLD,
    };
    match letter {
        ' '..='~' => table[letter as usize - 0x20],
        '·' => 391,
        '…' => 1030,
        // Latin, Greek, Cyrillic.
        '\u{a0}'..='\u{52f}' if letter.is_lowercase() => 760,
        '\u{a0}'..='\u{52f}' => 1000,
        '\u{1f000}'.. => 1400,
        _ => 1050,
    }
}

/// Returns a text on one line without what a reader cannot see or XML cannot carry.
pub(super) fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if letter.is_control() || escape::is_bidi(letter) || is_unwritable(letter) {
            line.push('\u{fffd}');
        } else {
            line.push(letter);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

fn is_unwritable(letter: char) -> bool {
    matches!(letter, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
}

/// Returns the text when it fits into so many pixels, else its beginning and end around an ellipsis: names differ at their ends.
pub(super) fn elide(text: &str, face: Face, size: i32, room: i32) -> String {
    if width(text, face, size) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let thousandths = i64::from(room.max(0)) * 1000 / i64::from(size.max(1));
    let mut left = thousandths - i64::from(advance('…', face));
    if left < 0 {
        return String::new();
    }
    // Two letters of the beginning for each one of the end, as long as they fit.
    let (mut head, mut tail) = (0, 0);
    while head + tail < letters.len() {
        let from_tail = tail < head / 2;
        let next = if from_tail {
            letters[letters.len() - 1 - tail]
        } else {
            letters[head]
        };
        left -= i64::from(advance(next, face));
        if left < 0 {
            break;
        }
        if from_tail { tail += 1 } else { head += 1 }
    }
    let begin: String = letters[..head].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{}…{}", begin.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_not_touched() {
        assert_eq!(elide("mini", Face::Bold, 13, 100), "mini");
    }

    #[test]
    fn beginning_and_end_of_a_long_name_are_kept() {
        let shown = elide("mlx-gpt-oss-120b-mxfp4-q4", Face::Mono, 10, 100);
        assert!(
            shown.starts_with("mlx-gpt") && shown.ends_with("-q4"),
            "{shown}"
        );
        assert!(width(&shown, Face::Mono, 10) <= 100);
    }

    #[test]
    fn nothing_is_shown_where_nothing_fits() {
        assert_eq!(elide("abc", Face::Plain, 12, 3), "");
        assert_eq!(elide("abc", Face::Plain, 12, -5), "");
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(
            clean(" a\u{0}b\u{202e}c\n\td\u{ffff} "),
            "a\u{fffd}b\u{fffd}c d\u{fffd}"
        );
    }
}
