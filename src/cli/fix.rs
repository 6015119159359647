//! `homelab lint --fix`: what findings offer to mend, written into the file.
//!
//! Fixes are edits of single words, so comments and order stay. Those that touch the same words come in later passes, each of which reads the text anew, until none is left.

use crate::diagnostic::{Diagnostics, Source, mend};
use crate::syntax;

use super::arguments::Lint;
use super::input::Reading;
use super::output::{Change, Difference};
use super::{End, file, input, pages, terminal};

/// After so many passes the fixes undo each other, which would be a mistake of ours.
const MOST_PASSES: usize = 50;

/// Mends the file, then shows what is left.
pub(super) fn run(arguments: &Lint) -> End {
    let Some(before) = input::load(&arguments.input) else {
        return End::Failed;
    };
    let source = before.source.clone();
    let hidden = hidden(&before);
    let Some((after, fixed)) = mended(arguments, before) else {
        return End::Failed;
    };
    if arguments.diff {
        return show(&source, hidden, &after);
    }
    if fixed > 0
        && let Err(error) = write(arguments, &source, &after.source)
    {
        let message = format!("cannot write `{}`: {error}", source.name());
        terminal::complain(&message, Some("nothing was changed"));
        return End::Failed;
    }
    let mut after = input::miss_lock(after);
    if pages::hold(&arguments.input, &arguments.pages, &mut after).is_none() {
        return End::Failed;
    }
    let after = input::show(&arguments.input, after);
    if fixed > 0 && !arguments.input.quiet {
        let what = terminal::counted(fixed, "finding");
        let text = format!("{what} fixed in {}\n", source.name());
        input::show_beside(&arguments.input, &text);
    }
    hint(arguments, &after.checked.diagnostics);
    after.end
}

/// Says to people which findings a command would mend.
pub(super) fn hint(arguments: &Lint, found: &Diagnostics) {
    if !input::talks(&arguments.input) {
        return;
    }
    let count = |safe| {
        let fixes = found.iter().filter_map(|it| it.fix.as_ref());
        fixes.filter(|it| it.safe == safe).count()
    };
    let text = match (count(true), count(false)) {
        (0, 0) => return,
        (safe, 0) => format!("{safe} can be fixed with `--fix`\n"),
        (0, rash) => format!("{rash} can be fixed with `--unsafe-fixes`\n"),
        (safe, rash) => {
            format!("{safe} can be fixed with `--fix`, {rash} more with `--unsafe-fixes`\n")
        }
    };
    terminal::say(&text);
}

/// The file with every fix in it, and how many findings that mended; nothing when something stood in the way, which was said.
fn mended(arguments: &Lint, mut reading: Reading) -> Option<(Reading, usize)> {
    let mut fixed = 0;
    for _ in 0..MOST_PASSES {
        let offered = reading.checked.diagnostics.iter();
        let offered = offered
            .filter_map(|it| it.fix.as_ref())
            .filter(|it| it.safe || arguments.unsafe_fixes);
        let pass = mend(reading.source.text(), offered);
        if pass.applied == 0 {
            return Some((reading, fixed));
        }
        let source = Source::new(reading.source.name(), pass.text);
        let next = input::with_lock(&arguments.input, source)?;
        if broken(&next.checked.diagnostics) > broken(&reading.checked.diagnostics) {
            return give_up("with the fixes the file would be no TOML");
        }
        fixed += pass.applied;
        reading = next;
    }
    give_up("the fixes undo each other")
}

fn give_up(why: &str) -> Option<(Reading, usize)> {
    let help = "this is a mistake of homelab, not yours: please report it with the file";
    terminal::complain(&format!("{why}; nothing was written"), Some(help));
    None
}

/// How much of a text cannot be read.
fn broken(found: &Diagnostics) -> usize {
    let is_syntax = |name| syntax::RULES.iter().any(|rule| rule.name == name);
    found.iter().filter(|it| is_syntax(it.rule.name)).count()
}

fn write(arguments: &Lint, before: &Source, after: &Source) -> std::io::Result<bool> {
    file::replace(&arguments.input.platform, Some(before.text()), after.text())
}

/// Shows what would change.
fn show(before: &Source, disk: String, after: &Reading) -> End {
    let built = hidden(after);
    if before.text() == after.source.text() {
        return after.end;
    }
    let difference = Difference {
        path: before.name().to_owned(),
        change: Change::Text {
            disk: disk.into_bytes(),
            built,
        },
    };
    if terminal::say(&difference.diff().unwrap_or_default()) {
        End::Found
    } else {
        End::Failed
    }
}

/// The text without the words that no report shows.
pub(super) fn hidden(reading: &Reading) -> String {
    let mut text = reading.source.text().to_owned();
    let masked = reading.checked.diagnostics.iter();
    let mut masked: Vec<_> = masked.flat_map(|it| &it.masked).collect();
    masked.sort_by_key(|it| std::cmp::Reverse((it.start, it.end)));
    let mut after = text.len();
    for span in masked {
        // Where two overlap, the later one is hidden already.
        let end = span.end.min(after);
        if span.start < end {
            text.replace_range(span.start..end, "****");
            after = span.start;
        }
    }
    text
}
