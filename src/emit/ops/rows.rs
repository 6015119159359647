//! Rows of a script's table, ready to print: there may be tens of thousands, and a template goes through such a loop word by word.

use minijinja::value::Value;

use crate::emit::EmitError;
use crate::emit::escape::shell_word;

/// A table being written.
pub(super) struct Rows {
    /// The first script that has the table, to be named when a value cannot be written.
    script: &'static str,
    text: String,
}

impl Rows {
    /// An empty table of a script.
    pub(super) fn of(script: &'static str) -> Self {
        Self {
            script,
            text: String::new(),
        }
    }

    /// The rows of several tables, one after the other.
    pub(super) fn joined(script: &'static str, tables: &[Self]) -> Self {
        let texts = tables.iter().map(|it| it.text.as_str());
        let texts: Vec<&str> = texts.filter(|it| !it.is_empty()).collect();
        Self {
            script,
            text: texts.join("\n"),
        }
    }

    /// Adds a row: the command that takes it, and the words it is given, each quoted as a shell needs it.
    pub(super) fn add(&mut self, command: &str, words: &[&str]) -> Result<(), EmitError> {
        self.add_lines(command, &[words])
    }

    /// Adds a row over several lines.
    pub(super) fn add_lines(&mut self, command: &str, lines: &[&[&str]]) -> Result<(), EmitError> {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str("  ");
        self.text.push_str(command);
        for (at, words) in lines.iter().enumerate() {
            if at > 0 {
                self.text.push_str(" \\\n   ");
            }
            for word in *words {
                let word = shell_word(word)
                    .map_err(|source| EmitError::Unwritable(self.script.to_owned(), source))?;
                self.text.push(' ');
                self.text.push_str(&word);
            }
        }
        Ok(())
    }

    /// The rows as a template prints them, without the last line's end; false in a condition when there are none.
    pub(super) fn finish(self) -> Value {
        Value::from_safe_string(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_lines_go_on() {
        let mut rows = Rows::of("ops/a.sh");
        rows.add("host", &["nas", "", "a b"]).unwrap();
        rows.add_lines("probe", &[&["it's"], &["$x", "7"]]).unwrap();
        let error = rows.add("host", &["two\nlines"]).unwrap_err();
        assert_eq!(error.to_string(), "`ops/a.sh` cannot be written");
        let mut rows = Rows::of("ops/a.sh");
        assert!(!rows.finish().is_true());
        rows = Rows::of("ops/a.sh");
        rows.add("host", &["nas", "", "a b"]).unwrap();
        rows.add_lines("probe", &[&["it's"], &["$x", "7"]]).unwrap();
        let text = "  host nas '' 'a b'\n  probe 'it'\\''s' \\\n    '$x' 7";
        assert_eq!(rows.finish().as_str(), Some(text));
    }
}
