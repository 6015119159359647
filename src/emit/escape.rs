//! One function for each text format: how a value is written so that the format's reader gives it back unchanged.
//!
//! A function that always succeeds returns text; one that meets values its format cannot carry returns [`Unwritable`]. None of them ever puts the value into the error: it may be a secret.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// A value that a format cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwritable {
    /// What was to be written, such as "an argument of a systemd command".
    pub what: &'static str,
    /// Why it cannot be, such as "it has a line break".
    pub why: &'static str,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} cannot be written: {}", self.what, self.why)
    }
}

impl Error for Unwritable {}

/// Returns a word for a POSIX shell (and bash 3.2, and zsh), in single quotes only when it needs them.
///
/// Grammar: POSIX.1-2024, shell command language, 2.2 "Quoting": between single quotes every character is itself and there is no way to write a single quote, which is therefore closed, escaped and opened again. The traps:
/// - Only for a place where a whole word may stand. Inside double quotes, a here-document or backticks the single quotes are text and protect nothing.
/// - A word that starts with `-` is still an option to the command: put `--` before it.
/// - What is not ASCII is quoted because bash 3.2 on macOS takes the bytes 0x85 and 0xA0 for blanks.
/// - `NAME=value` as the first word would be an assignment, so a word with `=` is quoted unless it starts with `-`.
pub fn shell_word(text: &str) -> Result<Cow<'_, str>, Unwritable> {
    let signs = Signs::of(text);
    let quoted = if text.starts_with('-') {
        Signs::QUOTED
    } else {
        Signs::QUOTED | Signs::EQUALS
    };
    if !text.is_empty() && !signs.have(quoted) {
        return Ok(Cow::Borrowed(text));
    }
    refuse_controls("a shell word", text)?;
    let mut quoted = String::with_capacity(text.len() + 2);
    for (at, part) in text.split('\'').enumerate() {
        quoted.push_str(if at > 0 { r"'\''" } else { "'" });
        quoted.push_str(part);
    }
    quoted.push('\'');
    Ok(Cow::Owned(quoted))
}

/// Returns the whole value of a systemd setting that is read as one text: `Description=`, `WorkingDirectory=`, `EnvironmentFile=`.
///
/// Grammar: systemd.syntax(7) and, for `%`, the section "Specifiers" of systemd.unit(5). The traps:
/// - There are no quotes and no escapes here, so a trailing backslash would swallow the next line of the unit, and blanks at either end would be lost: such values cannot be written.
/// - A setting that takes a list of words or a command wants [`systemd_words`] or [`systemd_command`].
pub fn systemd_value(text: &str) -> Result<Cow<'_, str>, Unwritable> {
    let what = "a value of a systemd unit";
    refuse_controls(what, text)?;
    if text.ends_with('\\') {
        let why = "it ends in a backslash, which would swallow the next line";
        return Err(Unwritable { what, why });
    }
    if text.trim_matches([' ', '\t']) != text {
        let why = "it has blanks at its ends, which would be lost";
        return Err(Unwritable { what, why });
    }
    Ok(double(text, &['%']))
}

/// Returns one word of a systemd setting that takes a list of words: `ReadWritePaths=`, `Environment=`.
///
/// Grammar: systemd.syntax(7), "Quoting": C escapes inside double quotes, and `%` doubled as everywhere. `$` is not special in these settings, so it stays single.
pub fn systemd_word(text: &str) -> Result<Cow<'_, str>, Unwritable> {
    refuse_controls("a word of a systemd unit", text)?;
    Ok(systemd_quoted(double(text, &['%'])))
}

/// Returns a list of words for one systemd setting.
pub fn systemd_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<String, Unwritable> {
    let words: Result<Vec<_>, _> = words.into_iter().map(systemd_word).collect();
    Ok(words?.join(" "))
}

/// Returns an assignment for `Environment=`: one word, `NAME=value`.
///
/// Grammar: systemd.exec(5), `Environment=`. Any user of the host may read it with `systemctl show`: never for a secret.
pub fn systemd_environment(name: &str, value: &str) -> Result<String, Unwritable> {
    let what = "an environment assignment of a systemd unit";
    check_variable_name(what, name)?;
    refuse_controls(what, value)?;
    let assignment = [name, "=", value].concat();
    Ok(systemd_quoted(double(&assignment, &['%'])).into_owned())
}

/// Returns an argument of `ExecStart=` and its kin.
///
/// Grammar: systemd.service(5), "Command lines". The traps:
/// - `$` is expanded even inside quotes, so it is doubled; a word that is only `$X` would even be split.
/// - `%` is a specifier, so it is doubled, also inside quotes.
/// - A lone `;` separates commands unless quoted.
pub fn systemd_argument(text: &str) -> Result<Cow<'_, str>, Unwritable> {
    refuse_controls("an argument of a systemd command", text)?;
    Ok(systemd_quoted(double(text, &['%', '$'])))
}

/// Returns a whole command for `ExecStart=`: the program's absolute path, then its arguments.
///
/// The program is stricter than an argument: systemd reads `@ - : + !` before it as flags (so the path must be absolute), and expands variables in the arguments but not in the path (so no `$`, which could be written neither single nor doubled).
pub fn systemd_command<'a>(argv: impl IntoIterator<Item = &'a str>) -> Result<String, Unwritable> {
    let what = "a systemd command";
    let mut argv = argv.into_iter();
    let program = argv.next().unwrap_or_default();
    if !program.starts_with('/') {
        let why = "its program is not an absolute path";
        return Err(Unwritable { what, why });
    }
    if program.contains('$') {
        let why = "its program has a `$` in its path";
        return Err(Unwritable { what, why });
    }
    let mut line = systemd_argument(program)?.into_owned();
    for argument in argv {
        line.push(' ');
        line.push_str(&systemd_argument(argument)?);
    }
    Ok(line)
}

/// Returns a word of a Quadlet setting that takes words: `Exec=`, `Environment=`, `PodmanArgs=`.
///
/// Quadlet reads the words as systemd would, C escapes and all, and writes them into an `ExecStart=`, which systemd reads: so `%` and `$` are doubled for the second reader, and a line break may stand as `\n`. The traps:
/// - Quadlet quotes a word only for what is in it, so an empty one is lost and a lone `;` would separate commands.
pub fn quadlet_word(text: &str) -> Result<String, Unwritable> {
    let what = "a word of a Quadlet file";
    if text.is_empty() || text == ";" {
        let why = "Quadlet hands on no empty word and no lone `;`";
        return Err(Unwritable { what, why });
    }
    refuse_controls(what, &text.replace('\n', " "))?;
    let doubled = double(text, &['%', '$']);
    Ok(systemd_quoted(doubled).replace('\n', "\\n"))
}

/// Returns words for one Quadlet setting.
pub fn quadlet_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<String, Unwritable> {
    let words: Result<Vec<_>, _> = words.into_iter().map(quadlet_word).collect();
    Ok(words?.join(" "))
}

/// Returns the value of a Quadlet setting that is taken whole: `Image=`, `Volume=`. Quadlet makes one word of it, which systemd reads once more.
pub fn quadlet_value(text: &str) -> Result<String, Unwritable> {
    let value = systemd_value(text)?;
    Ok(value.replace('$', "$$"))
}

/// Returns a value for an env file that systemd, `sh` and Docker Compose all read alike.
///
/// Grammars: `EnvironmentFile=` of systemd.exec(5) (its parser is `env-file.c`), a shell's `. file`, and the dotenv parser of compose-go. No escape means the same to all three, so there are only three shapes: bare words, single quotes when there is something to protect and no single quote, double quotes when there is a single quote and nothing that double quotes would expand. The traps:
/// - systemd reads `'a'b'c'` otherwise than a shell: quotes are only quotes at the start. A value is quoted whole or not at all.
/// - Compose takes a backslash before the closing quote for an escape.
/// - Compose cuts a bare value at `#`, and a shell expands `~` in one.
/// - `docker run --env-file` knows no quotes at all: [`env_file_value_is_bare`] tells whether it may read the file too.
pub fn env_file_value(text: &str) -> Result<Cow<'_, str>, Unwritable> {
    let what = "a value of an env file";
    refuse_controls(what, text)?;
    if env_file_value_is_bare(text) {
        return Ok(Cow::Borrowed(text));
    }
    if text.ends_with('\\') {
        let why = "it ends in a backslash, which Docker Compose reads otherwise than a shell";
        return Err(Unwritable { what, why });
    }
    if !text.contains('\'') {
        return Ok(Cow::Owned(["'", text, "'"].concat()));
    }
    if text.contains(['"', '$', '`', '\\']) {
        let why = "it has a single quote and one of `\" $ \\` or a backtick, and no quoting of these means the same to systemd, a shell and Docker Compose";
        return Err(Unwritable { what, why });
    }
    Ok(Cow::Owned(format!("\"{text}\"")))
}

/// True when [`env_file_value`] needs no quotes, so that `docker run --env-file` reads it too.
pub fn env_file_value_is_bare(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_./:@%+=,-".contains(&byte))
}

/// Returns a line of an env file: `NAME=value`.
pub fn env_file_assignment(name: &str, value: &str) -> Result<String, Unwritable> {
    check_variable_name("an assignment of an env file", name)?;
    Ok(format!("{name}={}", env_file_value(value)?))
}

/// Returns text between two XML tags, as in a property list.
///
/// Grammar: XML 1.0, 2.4 "Character Data" and 2.2 "Characters". The traps:
/// - `>` is escaped too, for `]]>` may not stand in text.
/// - A parser turns a carriage return into a newline unless it is written by its number.
/// - Most control characters cannot be written at all, not even by number.
pub fn xml_text(text: &str) -> Result<Cow<'_, str>, Unwritable> {
    let what = "a text in XML";
    let mut escaped = String::new();
    for (position, character) in text.char_indices() {
        let written: &str = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\r' => "&#13;",
            '\u{85}' => "&#133;",
            '\u{2028}' => "&#8232;",
            '\u{2029}' => "&#8233;",
            '\t' | '\n' => "",
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let why = "it has a character that XML forbids";
                return Err(Unwritable { what, why });
            }
            _ => "",
        };
        replace(&mut escaped, text, position, character, written);
    }
    Ok(finish(escaped, text))
}

/// Returns text that Markdown shows as it is, on one line: for a paragraph, a heading or a cell of a table.
///
/// Grammar: `CommonMark` 0.31, "Backslash escapes" (any ASCII punctuation may be escaped), and GFM for tables and `~`. The traps:
/// - A pipe ends a cell even where nothing else does, and a newline ends a row, so a line break becomes a blank.
/// - At the start of a line `-`, `+`, `=` and `1.` make lists, rules and headings.
/// - A `$` makes mathematics on some sites.
pub fn markdown_text(text: &str) -> Cow<'_, str> {
    let signs = Signs::of(text);
    // Nearly every text begins with a letter, and then has nothing that means anything.
    let begins_plain = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    if begins_plain && signs.are_one_line(text) && !signs.have(Signs::MARK) {
        return Cow::Borrowed(text);
    }
    let line = one_line(text);
    let mut escaped = String::with_capacity(line.len());
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mut start = 0;
    for (position, byte) in line.bytes().enumerate() {
        let special = match byte {
            b'\\' | b'`' | b'*' | b'_' | b'[' | b']' | b'<' | b'>' | b'&' | b'|' | b'~' | b'!'
            | b'#' | b'$' => true,
            b'-' | b'+' | b'=' | b':' => position == 0,
            b'.' | b')' => position == digits && digits > 0,
            _ => false,
        };
        if special {
            escaped.push_str(&line[start..position]);
            escaped.push('\\');
            start = position;
        }
    }
    escaped.push_str(&line[start..]);
    Cow::Owned(escaped)
}

/// Returns a code span of Markdown that shows the text as it is, on one line.
///
/// The fence is longer than any run of backticks inside, and a blank keeps a backtick at an end off the fence (`CommonMark` 0.31, "Code spans"). A pipe ends a cell even inside a code span, and escaping it there means different things inside and outside of a table, so text with one becomes an HTML element.
pub fn markdown_code(text: &str) -> String {
    let mut span = String::with_capacity(text.len() + 2);
    // A string takes whatever is written to it.
    let _ = write_markdown_code(text, &mut span);
    span
}

/// Writes what [`markdown_code`] returns.
pub fn write_markdown_code(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    let signs = Signs::of(text);
    if signs.are_one_line(text) && !signs.have(Signs::FENCE) {
        out.write_char('`')?;
        out.write_str(text)?;
        return out.write_char('`');
    }
    let line = one_line(text);
    if line.is_empty() {
        return Ok(());
    }
    if line.contains('|') {
        let line = markdown_text(&line).replace("\\|", "&#124;");
        return write!(out, "<code>{line}</code>");
    }
    let longest = line.split(|character| character != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0) + 1);
    let apart = line.starts_with('`') || line.ends_with('`');
    let blank = if apart { " " } else { "" };
    write!(out, "{fence}{blank}{line}{blank}{fence}")
}

/// Returns text for HTML, between tags or inside a quoted attribute.
///
/// Grammar: HTML Living Standard, 13.1 "Writing HTML documents". The traps:
/// - Not for the inside of `<script>` or `<style>`, where entities are not read.
/// - An attribute must still be quoted, and one that holds a URL needs its scheme checked first.
/// - Control characters are errors in HTML and become U+FFFD.
pub fn html_text(text: &str) -> Cow<'_, str> {
    let mut escaped = String::new();
    for (position, character) in text.char_indices() {
        let written = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            // Old browsers end an attribute at a backtick.
            '`' => "&#96;",
            '\t' | '\n' => "",
            _ if character.is_control() || is_bidi(character) => "\u{fffd}",
            _ => "",
        };
        replace(&mut escaped, text, position, character, written);
    }
    finish(escaped, text)
}

/// Returns a TOML string with its quotes.
///
/// Grammar: TOML 1.0, basic strings, which read every escape that JSON writes.
pub fn toml_string(text: &str) -> Result<String, Unwritable> {
    refuse_controls("a TOML string", text)?;
    Ok(serde_json::Value::String(text.to_owned()).to_string())
}

/// Returns a TOML key, bare where it can be.
pub fn toml_key(text: &str) -> Result<String, Unwritable> {
    let is_bare = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    if !text.is_empty() && text.chars().all(is_bare) {
        return Ok(text.to_owned());
    }
    toml_string(text)
}

/// Returns text for a comment that ends with its line (`# …`, `; …`).
///
/// Line breaks (also those that only YAML 1.1 and JavaScript know) and tabs become blanks, control and bidi characters go, and so do backslashes at the end: systemd before 254 continues a comment of an env file after one.
pub fn comment_line(text: &str) -> Cow<'_, str> {
    let is_lost = ['\\', ' '];
    match one_line(text) {
        Cow::Borrowed(line) => Cow::Borrowed(line.trim_end_matches(is_lost)),
        Cow::Owned(mut line) => {
            line.truncate(line.trim_end_matches(is_lost).len());
            Cow::Owned(line)
        }
    }
}

/// Returns text for an XML or HTML comment, on one line: `--` may not stand in one, nor a `-` at its end.
pub fn xml_comment(text: &str) -> Cow<'_, str> {
    // Without `<` and `>` nothing can open or close a comment inside it, as `<!-->` would.
    let text = text.replace(['<', '>', '\u{fffe}', '\u{ffff}'], " ");
    let mut line = comment_line(&text).into_owned();
    while line.contains("--") {
        line = line.replace("--", "- -");
    }
    // What is cut off may bare a backslash again.
    let line = line.trim_start_matches(['-', ' ']);
    let line = line.trim_end_matches(['-', ' ', '\\']);
    Cow::Owned(line.to_owned())
}

/// Which kinds of bytes a text has, found in one pass: pages are made of millions of short texts, of which nearly none has a sign that means something.
#[derive(Clone, Copy)]
struct Signs(u8);

impl Signs {
    /// A byte that is no printable ASCII.
    const OTHER: u8 = 1;
    /// A blank.
    const BLANK: u8 = 2;
    /// One that Markdown takes for its own anywhere in a line.
    const MARK: u8 = 4;
    /// One that a code span of Markdown cannot simply hold.
    const FENCE: u8 = 8;
    /// One that a shell does not take for itself outside of quotes.
    const QUOTED: u8 = 16;
    /// An equals sign.
    const EQUALS: u8 = 32;

    const KINDS: [u8; 256] = {
        let mut kinds = [Self::OTHER | Self::QUOTED; 256];
        let mut byte = b' ';
        while byte <= b'~' {
            kinds[byte as usize] = match byte {
                b' ' => Self::BLANK | Self::QUOTED,
                b'`' | b'|' => Self::MARK | Self::FENCE | Self::QUOTED,
                b'_' => Self::MARK,
                b'\\' | b'*' | b'[' | b']' | b'<' | b'>' | b'&' | b'~' | b'!' | b'#' | b'$' => {
                    Self::MARK | Self::QUOTED
                }
                b'"' | b'\'' | b'(' | b')' | b';' | b'?' | b'^' | b'{' | b'}' => Self::QUOTED,
                b'=' => Self::EQUALS,
                _ => 0,
            };
            byte += 1;
        }
        kinds
    };

    fn of(text: &str) -> Self {
        let kinds = text.bytes().map(|byte| Self::KINDS[usize::from(byte)]);
        Self(kinds.fold(0, |all, kind| all | kind))
    }

    fn have(self, kind: u8) -> bool {
        self.0 & kind != 0
    }

    /// True when the text whose they are is one line that [`one_line`] leaves as it is.
    fn are_one_line(self, text: &str) -> bool {
        let blanks_apart = !self.have(Self::BLANK) || are_blanks_apart(text.as_bytes());
        !text.is_empty() && !self.have(Self::OTHER) && blanks_apart
    }
}

/// True when no blank begins or ends a text, or follows another.
fn are_blanks_apart(text: &[u8]) -> bool {
    let is_blank = |byte: &u8| *byte == b' ';
    let ends = [text.first(), text.last()];
    let next = text.get(1..).unwrap_or_default();
    // Here and below all bytes are looked at, many at once, which takes less than to stop at the first.
    let doubled = (text.iter().zip(next)).fold(false, |doubled, (one, other)| {
        doubled | (is_blank(one) & is_blank(other))
    });
    !doubled && !ends.into_iter().flatten().any(is_blank)
}

/// True for a text of printable ASCII alone.
fn is_printable(text: &str) -> bool {
    let odd = |byte: u8| !(b' '..=b'~').contains(&byte);
    !text.bytes().fold(false, |found, it| found | odd(it))
}

/// Folds all white space to single blanks and drops what a reader could not see.
fn one_line(text: &str) -> Cow<'_, str> {
    // Nearly every text is plain already.
    if !text.is_empty() && is_printable(text) && are_blanks_apart(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        // U+0085, U+2028 and U+2029 are white space, and so is the tab.
        if character.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if !character.is_control() && !is_bidi(character) && character != '\u{feff}' {
            line.push(character);
        }
    }
    line.truncate(line.trim_end().len());
    Cow::Owned(line)
}

/// True for the characters that reorder what a reader sees (Trojan Source).
pub(crate) fn is_bidi(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Refuses control characters but the tab, and code points that are no characters: systemd does not take a line with one for UTF-8.
fn refuse_controls(what: &'static str, text: &str) -> Result<(), Unwritable> {
    if is_printable(text) {
        return Ok(());
    }
    let refused = |it: &char| it.is_control() && *it != '\t' || is_noncharacter(*it);
    let why = match text.chars().find(refused) {
        None => return Ok(()),
        // The usual one, so it is named.
        Some('\n' | '\r') => "it has a line break",
        Some(it) if it.is_control() => "it has a control character",
        Some(_) => "it has a code point that Unicode keeps for no character",
    };
    Err(Unwritable { what, why })
}

fn is_noncharacter(character: char) -> bool {
    let code = u32::from(character);
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

fn check_variable_name(what: &'static str, name: &str) -> Result<(), Unwritable> {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let valid = name.bytes().next().is_some_and(letter)
        && name
            .bytes()
            .all(|byte| letter(byte) || byte.is_ascii_digit());
    let why = "its name is not one a variable can have";
    if valid {
        Ok(())
    } else {
        Err(Unwritable { what, why })
    }
}

/// Doubles the given characters.
fn double<'a>(text: &'a str, characters: &[char]) -> Cow<'a, str> {
    if !text.contains(characters) {
        return Cow::Borrowed(text);
    }
    let mut doubled = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if characters.contains(&character) {
            doubled.push(character);
        }
        doubled.push(character);
    }
    Cow::Owned(doubled)
}

/// Puts a word into double quotes when systemd would not read it as one plain word.
fn systemd_quoted(word: Cow<'_, str>) -> Cow<'_, str> {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:,=@+%$-".contains(&byte);
    if !word.is_empty() && word.bytes().all(bare) {
        return word;
    }
    let mut quoted = String::with_capacity(word.len() + 8);
    quoted.push('"');
    for character in word.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\t' => quoted.push_str("\\t"),
            // Editors break the line at these; systemd does not.
            '\u{2028}' => quoted.push_str("\\u2028"),
            '\u{2029}' => quoted.push_str("\\u2029"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

/// Appends `written` in place of `character`; copies what came before at the first replacement only, so that text with nothing to escape is never copied.
fn replace(escaped: &mut String, text: &str, position: usize, character: char, written: &str) {
    if written.is_empty() {
        if !escaped.is_empty() {
            escaped.push(character);
        }
        return;
    }
    if escaped.is_empty() {
        escaped.reserve(text.len() + 16);
        escaped.push_str(&text[..position]);
    }
    escaped.push_str(written);
}

/// The escaped text, or the original one when nothing was escaped.
fn finish(escaped: String, text: &str) -> Cow<'_, str> {
    if escaped.is_empty() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(escaped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_when_it_must_be() {
        assert_eq!(shell_word("--port=4000").unwrap(), "--port=4000");
        assert_eq!(shell_word("A=b").unwrap(), "'A=b'");
        assert_eq!(shell_word("it's").unwrap(), r"'it'\''s'");
        assert_eq!(shell_word("").unwrap(), "''");
        for byte in b' '..=b'~' {
            let word = format!("x{}", char::from(byte));
            let bare = byte.is_ascii_alphanumeric() || b"_./:@%+,-".contains(&byte);
            assert_eq!(shell_word(&word).unwrap() == word, bare, "{word}");
        }
        assert_eq!(systemd_word("/srv/models").unwrap(), "/srv/models");
        assert_eq!(systemd_word("").unwrap(), "\"\"");
        assert_eq!(
            env_file_value("http://192.0.2.1:4000/v1").unwrap(),
            "http://192.0.2.1:4000/v1"
        );
        assert_eq!(env_file_value("").unwrap(), "");
    }

    #[test]
    fn a_command_is_a_line_of_words() {
        let line = systemd_command(["/bin/echo", "a b", "$X", "100%", ";"]).unwrap();
        assert_eq!(line, r#"/bin/echo "a b" $$X 100%% ";""#);
    }

    #[test]
    fn an_env_value_has_one_of_three_shapes() {
        assert_eq!(env_file_value("a").unwrap(), "a");
        assert_eq!(env_file_value("a $b").unwrap(), "'a $b'");
        assert_eq!(env_file_value("it's").unwrap(), "\"it's\"");
        assert!(env_file_value("it's $5").is_err());
    }

    #[test]
    fn an_error_never_tells_the_value() {
        let error = env_file_value("sk-secret\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a value of an env file cannot be written: it has a line break"
        );
    }

    #[test]
    fn text_with_nothing_to_escape_is_not_copied() {
        assert!(matches!(xml_text("plain\ttext"), Ok(Cow::Borrowed(_))));
        assert!(matches!(html_text("plain text"), Cow::Borrowed(_)));
        assert_eq!(xml_text("a < b & c").unwrap(), "a &lt; b &amp; c");
        assert_eq!(html_text("<a b='c'>"), "&lt;a b=&#39;c&#39;&gt;");
    }

    #[test]
    fn markdown_shows_its_text_as_it_is() {
        assert_eq!(markdown_text("a | b_c\n<d>"), r"a \| b\_c \<d\>");
        assert_eq!(markdown_text("- 1. a-b"), r"\- 1. a-b");
        assert_eq!(markdown_text("12. a"), r"12\. a");
        assert_eq!(markdown_code("a`b"), "``a`b``");
        assert_eq!(markdown_code("`a"), "`` `a ``");
        assert_eq!(markdown_code("a|b"), "<code>a&#124;b</code>");
    }
}
