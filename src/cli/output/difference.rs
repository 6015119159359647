//! What differs between the tree on the disk and the tree as built, and how it is shown.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

use super::disk::Kind;

/// Lines of unchanged text shown around a change.
const CONTEXT: usize = 3;
/// The most lines shown of one file.
const MOST_LINES: usize = 400;
/// The longest that the smallest diff is looked for; after it any diff will do.
const PATIENCE: Duration = Duration::from_millis(500);

/// One place where the disk and the build differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path below the root.
    pub path: String,
    /// What differs.
    pub change: Change,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The build has it, the disk has not.
    Missing,
    /// We wrote it once; the build has it no longer.
    Stale,
    /// The text differs.
    Text {
        /// What is on the disk.
        disk: Vec<u8>,
        /// What was built.
        built: String,
    },
    /// It should be executable and is not, or the other way round.
    Mode {
        /// How it should be.
        executable: bool,
    },
    /// No file, here or in place of a folder above.
    InTheWay {
        /// Where, below the root.
        at: String,
        /// What it is.
        kind: Kind,
    },
    /// A build was interrupted; the next one finishes or undoes it.
    Interrupted,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.change {
            Change::Missing => write!(f, "`{path}` is missing"),
            Change::Stale => write!(f, "`{path}` is no longer made"),
            Change::Text { .. } => write!(f, "`{path}` differs"),
            Change::Mode { executable: true } => write!(f, "`{path}` is not executable"),
            Change::Mode { executable: false } => write!(f, "`{path}` is executable"),
            Change::InTheWay { at, kind } => write!(f, "`{path}` cannot be: `{at}` is {kind}"),
            Change::Interrupted => f.write_str("an interrupted build was left half done"),
        }
    }
}

impl Difference {
    /// The changed lines as a unified diff, or nothing when no text differs.
    ///
    /// The disk's side is shown with care: what looks like a secret is hidden, since the file may be an env file that somebody filled in, and what a terminal would obey is spelled out.
    pub fn diff(&self) -> Option<String> {
        let Change::Text { disk, built } = &self.change else {
            return None;
        };
        let disk = String::from_utf8_lossy(disk);
        let path = &self.path;
        let mut shown = format!("--- {path} (on disk)\n+++ {path} (as built)\n");
        let diff = TextDiff::configure()
            .algorithm(Algorithm::Myers)
            .timeout(PATIENCE)
            .diff_lines(disk.as_ref(), built.as_str());
        let mut lines = 0;
        for group in diff.grouped_ops(CONTEXT) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            let old = range(first.old_range().start, last.old_range().end);
            let new = range(first.new_range().start, last.new_range().end);
            let _ = writeln!(shown, "@@ -{old} +{new} @@");
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                lines += 1;
                if lines > MOST_LINES {
                    shown.push_str("… and more\n");
                    return Some(shown);
                }
                let line = change.value().trim_end_matches('\n');
                let (sign, line) = match change.tag() {
                    ChangeTag::Equal => (' ', Cow::Borrowed(line)),
                    ChangeTag::Insert => ('+', Cow::Borrowed(line)),
                    ChangeTag::Delete => ('-', hide_secret(line, path)),
                };
                let _ = writeln!(shown, "{sign}{}", Visible(&line));
                if change.missing_newline() {
                    shown.push_str("\\ no newline at the end\n");
                }
            }
        }
        Some(shown)
    }
}

/// A range of lines as the unified format writes it: from 1, or the line before an empty one.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// Hides the value of an assignment in an env file, and elsewhere that of a name that tells of a secret.
fn hide_secret<'a>(line: &'a str, path: &str) -> Cow<'a, str> {
    const TELLING: [&str; 6] = ["key", "token", "secret", "passw", "credential", "auth"];
    let is_env = path.contains(".env") && !line.starts_with('#');
    // Without a name it may be a later line of a long value.
    let (name, value) = line.split_at(line.find(['=', ':']).map_or(0, |at| at + 1));
    let lower = name.to_lowercase();
    if value.trim().is_empty() || !(is_env || TELLING.iter().any(|word| lower.contains(word))) {
        return Cow::Borrowed(line);
    }
    Cow::Owned(format!("{name} (hidden)"))
}

/// A line with everything spelled out that a terminal would obey or a reader not see.
struct Visible<'a>(&'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\t' => f.write_char(letter),
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {
                write!(f, "{}", letter.escape_unicode())
            }
            _ if letter.is_control() => write!(f, "{}", letter.escape_unicode()),
            _ => f.write_char(letter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, disk: &str, built: &str) -> String {
        let difference = Difference {
            path: path.to_owned(),
            change: Change::Text {
                disk: disk.as_bytes().to_vec(),
                built: built.to_owned(),
            },
        };
        let diff = difference.diff().unwrap();
        diff.split_once(" (as built)\n").unwrap().1.to_owned()
    }

    fn lines(lines: impl Iterator<Item = String>) -> String {
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn a_diff_shows_the_changed_lines_with_some_around() {
        let disk = lines((1..=20).map(|line| format!("line {line}")));
        let built = disk.replace("line 10\n", "line ten\n");
        assert_eq!(
            check("a", &disk, &built),
            "@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+line ten\n line 11\n line 12\n line 13\n"
        );
        assert_eq!(check("a", "", "x\n"), "@@ -0,0 +1 @@\n+x\n");
        assert_eq!(
            check("a", "x", "x\n"),
            "@@ -1 +1 @@\n-x\n\\ no newline at the end\n+x\n"
        );
    }

    #[test]
    fn c097_a_diff_shows_no_secret_of_the_disk() {
        let shown = check(
            "env/nas/llm.env",
            "LITELLM=sk-canary\nX=1\n",
            "LITELLM=\nX=1\n",
        );
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(
            shown,
            "@@ -1,2 +1,2 @@\n-LITELLM= (hidden)\n+LITELLM=\n X=1\n"
        );
        let shown = check(
            "litellm/router.yaml",
            "  master_key: sk-canary\n",
            "  master_key: os.environ/K\n",
        );
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_diff_is_safe_for_a_terminal() {
        let shown = check("a", "\u{1b}]0;x\u{7}\r\u{202e}y\n", "\tz\n");
        assert_eq!(
            shown,
            "@@ -1,2 +1 @@\n-\\u{1b}]0;x\\u{7}\\u{d}\n-\\u{202e}y\n+\tz\n"
        );
    }

    #[test]
    fn a_long_diff_is_cut() {
        let disk = "a\n".repeat(100_000);
        let built = lines((0..100_000).map(|line| line.to_string()));
        assert!(check("a", &disk, &built).ends_with("… and more\n"));
    }
}
