//! Colours for code, worked out when the site is made: strings, comments, keys, numbers and words of a few languages.

use crate::emit::escape::html_text;

/// How a language writes what is worth a colour.
struct Language {
    /// What begins a comment that ends with its line.
    comment: Option<&'static str>,
    /// The quotes of its strings.
    quotes: &'static [char],
    /// Words with a meaning of their own.
    words: &'static [&'static str],
    /// What ends a key: `name =` or `name:`.
    key_end: Option<char>,
}

const TOML: Language = Language {
    comment: Some("#"),
    quotes: &['"', '\''],
    words: &["true", "false"],
    key_end: Some('='),
};
const YAML: Language = Language {
    comment: Some("#"),
    quotes: &['"', '\''],
    words: &["true", "false", "null"],
    key_end: Some(':'),
};
const JSON: Language = Language {
    comment: None,
    quotes: &['"'],
    words: &["true", "false", "null"],
    key_end: None,
};
const SHELL: Language = Language {
    comment: Some("#"),
    quotes: &['"', '\''],
    words: &[
        "if", "then", "else", "fi", "for", "do", "done", "while", "case", "esac", "exit", "export",
        "cd", "exec",
    ],
    key_end: None,
};
const PYTHON: Language = Language {
    comment: Some("#"),
    quotes: &['"', '\''],
    words: &[
        "import", "from", "def", "return", "for", "in", "if", "else", "None", "True", "False",
        "print",
    ],
    key_end: None,
};
const RUST: Language = Language {
    comment: Some("//"),
    quotes: &['"'],
    words: &[
        "fn", "let", "pub", "use", "struct", "enum", "impl", "match", "for", "in", "if", "else",
        "return", "mod", "static", "const",
    ],
    key_end: None,
};

fn language(name: &str) -> Option<&'static Language> {
    Some(match name {
        "toml" => &TOML,
        "yaml" | "yml" => &YAML,
        "json" | "jsonc" => &JSON,
        "sh" | "bash" | "shell" | "console" => &SHELL,
        "python" | "py" => &PYTHON,
        "rust" => &RUST,
        _ => return None,
    })
}

/// Returns code as HTML with a `span` around what has a colour; in a language we do not know, the text alone.
pub(super) fn highlight(name: &str, code: &str) -> String {
    let Some(language) = language(name) else {
        return html_text(code).into_owned();
    };
    let mut html = String::with_capacity(code.len() * 2);
    for line in code.split_inclusive('\n') {
        highlight_line(language, line, &mut html);
    }
    html
}

fn highlight_line(language: &Language, line: &str, html: &mut String) {
    let mut rest = line;
    let mut at_start = true;
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(language, rest, at_start);
        let (token, after) = rest.split_at(length.max(first.len_utf8()));
        match class {
            Some(class) => {
                html.push_str("<span class=\"");
                html.push_str(class);
                html.push_str("\">");
                html.push_str(&html_text(token));
                html.push_str("</span>");
            }
            None => html.push_str(&html_text(token)),
        }
        at_start &= token.trim().is_empty() || token == "-";
        rest = after;
    }
}

/// The class of what stands first in `rest`, and how long it is.
fn token(language: &Language, rest: &str, at_start: bool) -> (Option<&'static str>, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    if language.comment.is_some_and(|it| rest.starts_with(it)) {
        return (Some("hl-comment"), rest.trim_end_matches('\n').len());
    }
    if language.quotes.contains(&first) {
        return (Some("hl-string"), string_length(rest, first));
    }
    let word = rest.len() - rest.trim_start_matches(is_word).len();
    if word == 0 {
        let other = rest.len() - rest.trim_start_matches(|it: char| it.is_whitespace()).len();
        return (None, other.max(first.len_utf8()));
    }
    let text = &rest[..word];
    let is_key = at_start
        && language
            .key_end
            .is_some_and(|end| rest[word..].trim_start_matches(' ').starts_with(end));
    if is_key {
        (Some("hl-key"), word)
    } else if language.words.contains(&text) {
        (Some("hl-word"), word)
    } else if text
        .bytes()
        .all(|it| it.is_ascii_digit() || b"._".contains(&it))
    {
        (Some("hl-number"), word)
    } else {
        (None, word)
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
}

/// The length of a string with its quotes; to the end of the line when it is not closed there.
fn string_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if character == quote => return at + character.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_strings_and_comments_have_colours() {
        assert_eq!(
            highlight("toml", "port = 4000 # main\nname = \"a\\\"b\"\n"),
            "<span class=\"hl-key\">port</span> = <span class=\"hl-number\">4000</span> <span class=\"hl-comment\"># main</span>\n<span class=\"hl-key\">name</span> = <span class=\"hl-string\">&quot;a\\&quot;b&quot;</span>\n"
        );
    }

    #[test]
    fn c086_code_is_text_in_every_language() {
        for name in [
            "toml", "sh", "json", "python", "rust", "yaml", "nothing", "",
        ] {
            let html = highlight(
                name,
                "</code><script>alert('1')</script> ' \" # é\u{301}\n'",
            );
            assert!(!html.contains("<script"), "{html}");
        }
    }
}
