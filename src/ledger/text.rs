//! The text of `platform.lock`: written here, and read with everything wrong with it.
//!
//! ```text
//! # platform.lock version 1: …
//! handle qwen3:8b live #5d41402a
//! handle qwen2 deprecated qwen3:8b #7d793037
//! handle llama retired "its licence ended" #69faab62
//! port mini 3000/tcp all tombstone service open-webui #b1946ac9
//! port mini 3100/tcp all held service open-webui #591785b7
//! # end of platform.lock
//! ```

use sha2::{Digest, Sha256};

use super::claim::{Claim, HandleState, Key, Lock, State};
use super::rules;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::platform::Owner;

/// The version of this format.
const VERSION: u32 = 1;
/// How the first line begins; the version follows, then words for people.
const FIRST: &str = "# platform.lock version ";
/// The last line. It says nothing but that the file is whole.
const LAST: &str = "# end of platform.lock";
const RESTORE: &str = "restore the file from version control: `git restore platform.lock`";

impl Lock {
    /// The text of the file: the same claims are the same bytes.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{FIRST}{VERSION}: every port and public handle that was ever given. Written by `homelab build`; commit it, and change platform.toml instead.\n"
        );
        for (name, state) in &self.handles {
            push(&mut text, &handle_line(name, state));
        }
        for (key, claim) in &self.ports {
            push(&mut text, &port_line(key, claim));
        }
        text.push_str(LAST);
        text.push('\n');
        text
    }
}

/// The line of a handle, without its digest.
pub(super) fn handle_line(name: &str, state: &HandleState) -> String {
    match state {
        HandleState::Live => ["handle ", name, " live"].concat(),
        HandleState::Deprecated(successor) => format!("handle {name} deprecated {successor}"),
        HandleState::Retired(reason) => {
            // JSON's quotes keep a reason of several lines on one.
            let reason = serde_json::Value::String(reason.clone());
            format!("handle {name} retired {reason}")
        }
    }
}

/// The line of a port, without its digest.
pub(super) fn port_line(key: &Key, claim: &Claim) -> String {
    [
        "port ",
        &key.host,
        " ",
        &key.port.to_string(),
        "/tcp ",
        &claim.address,
        " ",
        claim.state.word(),
        " ",
        key.owner.noun(),
        " ",
        &claim.owner_text(&key.owner),
    ]
    .concat()
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push_str(" #");
    text.extend(digest(line));
    text.push('\n');
}

/// What tells a line that we wrote from one that somebody changed: the first four bytes of its SHA-256.
fn digest(line: &str) -> [char; 8] {
    let digest = Sha256::digest(line.as_bytes());
    std::array::from_fn(|at| {
        let byte = u32::from(digest[at / 2]);
        let half = if at % 2 == 0 { byte >> 4 } else { byte & 0xf };
        char::from_digit(half, 16).expect("four bits are a digit")
    })
}

/// Reads a lock and reports all that is wrong with it; with an error, what is returned is not all that was promised.
pub fn read(source: &Source, diagnostics: &mut Diagnostics) -> Lock {
    let mut lock = Lock::default();
    let lines = lines(source);
    if report_conflict(&lines, diagnostics) {
        return lock;
    }
    let Some(body) = body(&lines, diagnostics) else {
        return lock;
    };
    let mut order = Order::default();
    for (span, line) in body {
        let Some((words, written)) = line.rsplit_once(" #") else {
            diagnostics.push(unknown_line(*span));
            continue;
        };
        let Some(item) = parse(words, *span) else {
            diagnostics.push(unknown_line(*span));
            continue;
        };
        if !written.chars().eq(digest(words)) {
            diagnostics.push(
                Diagnostic::new(
                    &rules::EDITED_LOCK_LINE,
                    "a line of the lock was changed by hand",
                )
                .primary(*span, "its digest belongs to other words")
                .help(format!(
                    "{RESTORE}; what is meant to change is said in platform.toml, by `homelab port migrate` or a `[[migration]]`, `[[moved]]` or `[[retired]]` entry"
                )),
            );
            continue;
        }
        order.next(&item, *span);
        match item {
            Item::Handle(name, state) => lock.add_handle(name, state),
            Item::Port(key, claim) => lock.add(key, claim),
        }
    }
    diagnostics.extend(order.findings);
    lock
}

/// The lines that are not blank, each with its place.
fn lines(source: &Source) -> Vec<(Span, &str)> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in source.text().split_inclusive('\n') {
        let words = line.trim_end();
        if !words.is_empty() {
            lines.push((Span::new(start, start + words.len()), words));
        }
        start += line.len();
    }
    lines
}

/// Reports a merge conflict: one finding for the whole file, since nothing in it can be trusted.
fn report_conflict(lines: &[(Span, &str)], diagnostics: &mut Diagnostics) -> bool {
    let is_marker = |line: &str| {
        ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
            .iter()
            .any(|marker| line.starts_with(marker))
    };
    let mut markers = lines.iter().filter(|(_, line)| is_marker(line));
    let Some((first, _)) = markers.next() else {
        return false;
    };
    let mut diagnostic = Diagnostic::new(
        &rules::CONFLICTED_LOCK,
        "a merge conflict in the lock is not resolved",
    )
    .primary(*first, "begins here")
    .help("delete the marker lines and keep the lines of both sides: what both branches promised holds, and `homelab build` puts it in order. With `platform.lock merge=union` in .gitattributes git does it");
    for (span, _) in markers.take(3) {
        diagnostic = diagnostic.secondary(*span, "and goes on here");
    }
    diagnostics.push(diagnostic);
    true
}

/// The lines between the first and the last one; nothing when this program cannot read them.
fn body<'l, 's>(
    lines: &'l [(Span, &'s str)],
    diagnostics: &mut Diagnostics,
) -> Option<&'l [(Span, &'s str)]> {
    let version = lines.first().and_then(|(span, line)| {
        let rest = line.strip_prefix(FIRST)?;
        let digits = rest.split_once(':').map_or(rest, |(digits, _)| digits);
        Some((*span, digits.trim().parse::<u32>().ok()?))
    });
    if let Some((span, version)) = version.filter(|(_, version)| *version > VERSION) {
        diagnostics.push(
            Diagnostic::new(
                &rules::NEWER_LOCK,
                format!("the lock has version {version}, and this `homelab` reads {VERSION}"),
            )
            .primary(span, "written by a newer `homelab`")
            .help("use that version here too"),
        );
        return None;
    }
    let ends = lines.last().is_some_and(|(_, line)| *line == LAST);
    match (version, ends) {
        (Some(_), true) => Some(&lines[1..lines.len() - 1]),
        (Some(_), false) => {
            let span = lines.last().map_or(Span::default(), |(span, _)| *span);
            diagnostics.push(
                Diagnostic::new(&rules::TRUNCATED_LOCK, "the end of the lock is missing")
                    .primary(span, format!("`{LAST}` should stand after this"))
                    .help(format!(
                        "{RESTORE}; promises may have stood in what is lost"
                    )),
            );
            None
        }
        (None, _) => {
            let span = lines.first().map_or(Span::default(), |(span, _)| *span);
            diagnostics.push(
                Diagnostic::new(&rules::TRUNCATED_LOCK, "the beginning of the lock is missing")
                    .primary(span, format!("`{FIRST}{VERSION}` should stand before this"))
                    .help(format!(
                        "{RESTORE}. When it is no lock of ours, or all of it is lost, delete it: `homelab build` makes a new one, which remembers nothing of what is gone"
                    )),
            );
            None
        }
    }
}

fn unknown_line(span: Span) -> Diagnostic {
    Diagnostic::new(
        &rules::UNKNOWN_LOCK_LINE,
        "a line of the lock is none that `homelab` writes",
    )
    .primary(span, "cannot be read")
    .help(format!("delete the line, or {RESTORE}"))
}

/// What a line says.
enum Item {
    Handle(String, HandleState),
    Port(Key, Claim),
}

fn parse(words: &str, span: Span) -> Option<Item> {
    let (what, rest) = words.split_once(' ')?;
    match what {
        "handle" => {
            let (name, rest) = rest.split_once(' ')?;
            let state = match rest.split_once(' ') {
                None if rest == "live" => HandleState::Live,
                Some(("deprecated", successor)) => HandleState::Deprecated(successor.to_owned()),
                Some(("retired", reason)) => {
                    HandleState::Retired(serde_json::from_str(reason).ok()?)
                }
                _ => return None,
            };
            Some(Item::Handle(name.to_owned(), state))
        }
        "port" => {
            let words: Vec<&str> = rest.split(' ').collect();
            let [host, port, address, state, noun, owner] = words[..] else {
                return None;
            };
            let state = match state {
                "held" => State::Held,
                "tombstone" => State::Tombstone,
                _ => return None,
            };
            // A model's id may have a colon; a service's name has none.
            let (owner, name) = match (noun, owner.split_once(':')) {
                ("model", _) => (Owner::Model(owner.to_owned()), "main"),
                ("service", Some((owner, name))) => (Owner::Service(owner.to_owned()), name),
                ("service", None) => (Owner::Service(owner.to_owned()), "main"),
                _ => return None,
            };
            let key = Key {
                host: host.to_owned(),
                port: port.strip_suffix("/tcp")?.parse().ok()?,
                owner,
            };
            let claim = Claim {
                address: address.to_owned(),
                name: name.to_owned(),
                state,
                span,
            };
            Some(Item::Port(key, claim))
        }
        _ => None,
    }
}

/// Watches the order of the lines; one remark for a file is enough.
#[derive(Default)]
struct Order {
    last: Option<(u8, String, u16, String)>,
    findings: Diagnostics,
}

impl Order {
    fn next(&mut self, item: &Item, span: Span) {
        let this = match item {
            Item::Handle(name, _) => (0, name.clone(), 0, String::new()),
            Item::Port(key, _) => {
                let owner = [key.owner.noun(), " ", key.owner.name()].concat();
                (1, key.host.clone(), key.port, owner)
            }
        };
        if self.findings.is_empty() && self.last.as_ref().is_some_and(|last| *last >= this) {
            self.findings.push(
                Diagnostic::new(
                    &rules::UNSORTED_LOCK,
                    "the lines of the lock are not in order, as after a merge",
                )
                .primary(span, "belongs before the line above, or repeats one")
                .help("nothing is lost: `homelab build` puts them in order"),
            );
        }
        self.last = Some(this);
    }
}
