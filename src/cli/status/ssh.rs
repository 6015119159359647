//! Looking at the files of another machine: one `ssh`, and a small script on its standard input that only reads.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::emit::escape::{comment_line, shell_word};
use crate::platform::{Host, Platform};
use crate::status::files::{Found, Unread, Wanted};
use crate::status::target;

/// How long a machine may take to be reached, and to answer.
const CONNECT: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that is read of what it says.
const LONGEST: u64 = 4 << 20;

/// What the other machine is told: Linux and macOS have different words for the same.
const SCRIPT: &str = r#"export LC_ALL=C
sum='sha256sum'
sha256sum </dev/null >/dev/null 2>&1 || sum='shasum -a 256'
look() {
  case $(ls -dL -- "$1" 2>&1 >/dev/null) in
    '') ;;
    *enied*) echo denied && return ;;
    *) echo missing && return ;;
  esac
  has=$(stat -L -c '%a %U %G' -- "$1" 2>/dev/null || stat -L -f '%Lp %Su %Sg' -- "$1" 2>/dev/null) || has='- - -'
  digest=$($sum <"$1" 2>/dev/null) || digest=-
  echo "file $has ${digest%% *}"
}
"#;

/// Looks at these files of a host.
pub(super) fn look<'a>(
    platform: &Platform,
    host: &Host,
    files: Vec<Wanted<'a>>,
) -> Result<Vec<(Wanted<'a>, Found)>, Unread> {
    let Some(target) = target(platform, host) else {
        return Err(Unread::Failed("it has no address and no name".to_owned()));
    };
    let answer = run(&target, script(&files)).map_err(Unread::Failed)?;
    let lines: Vec<&str> = answer.lines().collect();
    if lines.len() != files.len() {
        let words = format!("it said {} of {} lines", lines.len(), files.len());
        return Err(Unread::Failed(words));
    }
    let found = lines.into_iter().map(read);
    Ok(files.into_iter().zip(found).collect())
}

fn script(files: &[Wanted]) -> String {
    let mut script = SCRIPT.to_owned();
    for file in files {
        // What the shell cannot be told is a file that cannot be there.
        match shell_word(&file.install.path) {
            Ok(path) => {
                let _ = writeln!(script, "look {path}");
            }
            Err(_) => script.push_str("echo missing\n"),
        }
    }
    script
}

/// One line of the answer.
fn read(line: &str) -> Found {
    let words: Vec<&str> = line.split(' ').collect();
    let unknown = || Found::Unknown("its answer makes no sense".to_owned());
    match words[..] {
        ["missing"] => Found::Missing,
        ["denied"] => Found::Unknown("nobody could look: permission denied".to_owned()),
        ["file", mode, owner, group, digest] => {
            let Ok(mode) = u32::from_str_radix(mode, 8) else {
                return unknown();
            };
            Found::File {
                sha256: (digest.len() == 64).then(|| digest.to_owned()),
                mode,
                owner: Some((
                    comment_line(owner).into_owned(),
                    comment_line(group).into_owned(),
                )),
            }
        }
        _ => unknown(),
    }
}

/// Runs a script there, and returns what it says.
fn run(target: &str, script: String) -> Result<String, String> {
    let mut child = Command::new("ssh")
        .args(["-T", "-o", "BatchMode=yes", "-o"])
        .arg(format!("ConnectTimeout={CONNECT}"))
        .args(["--", target, "sh", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("ssh cannot be started: {error}"))?;
    let said = converse(&mut child, script);
    if said.is_none() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match said {
        None => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        Some((out, _)) if status.success() => Ok(out),
        Some((_, words)) => {
            let last = words.lines().rfind(|it| !it.trim().is_empty());
            let last = last.unwrap_or("ssh failed and said nothing");
            Err(comment_line(last).into_owned())
        }
    }
}

/// Hands the script over, and reads both streams until they end; nothing when that takes too long.
fn converse(child: &mut Child, script: String) -> Option<(String, String)> {
    let mut input = child.stdin.take()?;
    thread::spawn(move || {
        // It may end before it has read everything, which its exit code tells.
        let _ = input.write_all(script.as_bytes());
    });
    let (sender, receiver) = mpsc::channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|it| Box::new(it) as _),
        child.stderr.take().map(|it| Box::new(it) as _),
    ];
    for (at, stream) in streams.into_iter().enumerate() {
        let (sender, stream) = (sender.clone(), stream?);
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before a failure is what it said.
            let _ = stream.take(LONGEST).read_to_end(&mut bytes);
            let _ = sender.send((at, String::from_utf8_lossy(&bytes).into_owned()));
        });
    }
    let mut said = [String::new(), String::new()];
    for _ in 0..2 {
        let (at, text) = receiver.recv_timeout(PATIENCE).ok()?;
        said[at] = text;
    }
    let [out, words] = said;
    Some((out, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_understood_or_unknown() {
        assert_eq!(read("missing"), Found::Missing);
        let digest = "a".repeat(64);
        let file = read(&format!("file 644 root wheel {digest}"));
        let expected = Found::File {
            sha256: Some(digest),
            mode: 0o644,
            owner: Some(("root".to_owned(), "wheel".to_owned())),
        };
        assert_eq!(file, expected);
        for line in [
            "",
            "file",
            "file 9 a b c",
            "Welcome to Ubuntu",
            "file - - - -",
        ] {
            assert!(matches!(read(line), Found::Unknown(_)), "{line}");
        }
    }
}
