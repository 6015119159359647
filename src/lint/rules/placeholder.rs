//! A word stands in for a value that nobody has filled in.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, texts};
use crate::syntax::Document;

use super::literal_secret::within;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "placeholder",
        severity: Severity::Error,
        summary: "a word stands in for a value that nobody has filled in",
        why: "It is written to the hosts as it stands, and fails when it is used. A fact that is not known yet is left out: then it is listed as work to do, and no artifact has it.",
        bad: concat!(
            home!(),
            r#"
[services.watch]
kind = "generic"
host = "pi"
env = { UPSTREAM = "http://[TO_BE_CONFIGURED]:9100" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.watch]
kind = "generic"
host = "pi"
env = { UPSTREAM = { fill_in = "the URL of the meter" } }
"#
        ),
    },
    check: Check::Words(check),
};

/// Words that are written where something else is meant, in capitals as people write them.
static WORDS: &[&str] = &[
    "FILL_ME_IN",
    "FIXME",
    "REPLACE_ME",
    "REPLACEME",
    "TBC",
    "TBD",
    "TODO",
    "TO_BE_ADDED",
    "TO_BE_CONFIGURED",
    "TO_BE_DEFINED",
    "TO_BE_DETERMINED",
    "TO_BE_FILLED",
];

fn check(document: &Document, diagnostics: &mut Diagnostics) {
    texts::each(document, |text| {
        let Some(range) = place(text.text) else {
            return;
        };
        let word = &text.text[range.clone()];
        diagnostics.push(
            Diagnostic::new(&LINT.rule, format!("`{word}` stands in for a value"))
                .primary(
                    within(document, text.span, text.text, range),
                    "nobody has filled it in",
                )
                .help("write the value; or leave the field out, or write `{ fill_in = … }` for a variable, and it is listed as work to do"),
        );
    });
}

/// Where a placeholder stands.
fn place(text: &str) -> Option<Range<usize>> {
    // Most texts have no letter that one of these words begins with.
    let begins = |it: u8| matches!(it, b'F' | b'R' | b'T' | b'Y' | b'y');
    if !text.bytes().any(begins) {
        return None;
    }
    texts::words(text).find(|range| {
        let word = &text[range.clone()];
        // Such as `YOUR_API_KEY`, `<your-server>` and `sk-your-key-here`.
        let begins =
            |it: &[u8]| it.eq_ignore_ascii_case(b"your-") || it.eq_ignore_ascii_case(b"your_");
        let bytes = word.as_bytes();
        let yours = bytes.get(..5).is_some_and(begins)
            || bytes
                .windows(6)
                .any(|it| it.eq_ignore_ascii_case(b"-your-"));
        WORDS.contains(&word) || yours
    })
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn placeholders_are_told_from_words() {
        for text in [
            "[TO_BE_CONFIGURED]",
            "TBD",
            "http://YOUR_SERVER:80",
            "a <your-host> b",
            "sk-your-key-here",
        ] {
            assert!(place(text).is_some(), "{text}");
        }
        for text in ["todo", "http://yours:80", "TBDX", "", "the-yourself-app"] {
            assert!(place(text).is_none(), "{text}");
        }
    }
}
