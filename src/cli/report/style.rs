//! What the reader's terminal can show.

use std::io::IsTerminal;

/// What may be used to show findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Colours.
    pub colour: bool,
    /// Characters outside ASCII for lines and arrows.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    /// What a file or a pipe gets.
    fn default() -> Self {
        Self {
            colour: false,
            unicode: true,
            width: 100,
        }
    }
}

impl Style {
    /// The style for a stream of this program, with a width of the reader's choice or the terminal's own.
    pub fn of(stream: &(impl IsTerminal + std::os::fd::AsFd), width: Option<usize>) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let of_terminal = || terminal_size::terminal_size_of(stream.as_fd());
        let width = width
            .or_else(|| of_terminal().map(|(width, _)| usize::from(width.0)))
            .or_else(|| variable("COLUMNS").parse().ok());
        Self::from_facts(
            stream.is_terminal(),
            &variable("TERM"),
            !variable("NO_COLOR").is_empty(),
            width,
        )
    }

    fn from_facts(terminal: bool, term: &str, no_color: bool, width: Option<usize>) -> Self {
        let dumb = term == "dumb";
        Self {
            colour: terminal && !dumb && !no_color,
            unicode: !dumb,
            width: width.unwrap_or(Self::default().width).clamp(20, 200),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Style;

    #[test]
    fn c122_colours_are_for_terminals_that_want_them() {
        let colour =
            |terminal, term, no_color| Style::from_facts(terminal, term, no_color, None).colour;
        assert!(colour(true, "xterm-256color", false));
        assert!(!colour(false, "xterm-256color", false));
        assert!(!colour(true, "dumb", false));
        assert!(!colour(true, "xterm-256color", true));
        assert!(!Style::from_facts(true, "dumb", false, None).unicode);
        assert_eq!(Style::from_facts(true, "", false, Some(5)).width, 20);
        assert_eq!(Style::from_facts(true, "", false, Some(100_000)).width, 200);
    }
}
