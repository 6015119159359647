//! Words to people: what a command says on standard output, and what went wrong on standard error.
//!
//! A reader who closed the pipe wants no more, so a failed write ends nothing and says nothing.

use std::error::Error;
use std::io::{self, Write};

use super::report::Style;

/// Writes to standard output; false when nothing more can be written there.
pub(super) fn say(text: &str) -> bool {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::BrokenPipe {
                complain(&format!("cannot write to standard output: {error}"), None);
            }
            false
        }
    }
}

/// Writes a complaint about the world to standard error, with what one can do.
pub(super) fn complain(message: &str, help: Option<&str>) {
    let style = Style::of(&io::stderr(), None);
    let (bold, end) = if style.colour {
        ("\u{1b}[1;31m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{bold}error:{end} {message}\n");
    if let Some(help) = help {
        text.push_str("  help: ");
        text.push_str(help);
        text.push('\n');
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// An error with all its causes, on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// The style of standard output.
pub(super) fn style() -> Style {
    Style::of(&io::stdout(), None)
}

/// `1 file`, `3 files`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Writes a remark to standard error.
pub(super) fn note(message: &str) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{message}\n").as_bytes());
}

/// Says that another build goes first.
pub(super) fn waits_for(holder: &str) {
    note(&format!("waiting for another build: {holder}"));
}

/// Asks something on standard error, and leaves the line open for the answer.
pub(super) fn ask(question: &str) {
    let mut err = io::stderr().lock();
    let _ = err
        .write_all(question.as_bytes())
        .and_then(|()| err.flush());
}
