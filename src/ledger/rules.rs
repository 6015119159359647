//! Promises that are broken, and a lock that cannot be trusted. A promise is no matter of taste, so none of these can be allowed: the owner says what is meant by a `[[migration]]`, `[[moved]]` or `[[retired]]` entry.

use crate::diagnostic::{Rule, Severity};

/// A rule about the platform; its examples stand beside the lock that both have.
macro_rules! promise {
    ($ident:ident, $severity:ident, $name:literal, $summary:literal, $why:literal) => {
        pub(super) static $ident: Rule = Rule {
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            why: $why,
            bad: include_str!(concat!("examples/", $name, ".bad.toml")),
            good: include_str!(concat!("examples/", $name, ".good.toml")),
        };
    };
}

/// A rule about the lock itself; its examples are locks.
macro_rules! lock {
    ($ident:ident, $severity:ident, $name:literal, $summary:literal, $why:literal) => {
        pub(super) static $ident: Rule = Rule {
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            why: $why,
            bad: include_str!(concat!("examples/", $name, ".bad.lock")),
            good: GOOD_LOCK,
        };
    };
}

/// The lock of the smallest platform.
const GOOD_LOCK: &str = include_str!("examples/good.lock");

/// Every rule of this room, sorted by name.
pub static RULES: &[&Rule] = &[
    &CHANGED_PORT,
    &CONFLICTED_LOCK,
    &CONTESTED_PORT,
    &EDITED_LOCK_LINE,
    &IDLE_MIGRATION,
    &MISSING_LOCK,
    &NEWER_LOCK,
    &REUSED_PORT,
    &REVIVED_HANDLE,
    &TRUNCATED_LOCK,
    &UNKNOWN_LOCK_LINE,
    &UNSORTED_LOCK,
    &VANISHED_HANDLE,
];

promise!(
    CHANGED_PORT,
    Error,
    "changed-port",
    "something has another port than it was given",
    "Whoever wrote the old port down, in a client, a firewall or a bookmark, calls into the void, or calls what comes there next. When it is meant, a `[[migration]]` says why, when and by whom."
);
promise!(
    REUSED_PORT,
    Error,
    "reused-port",
    "something takes a port that belonged to something else",
    "Whoever still has the old owner's port reaches another program, and nothing tells them. A port that was given away is not given again, unless a `[[migration]]` of the new owner says so; what only has a new name is told by a `[[moved]]` entry."
);
promise!(
    VANISHED_HANDLE,
    Error,
    "vanished-handle",
    "a public handle is gone that was not deprecated or retired",
    "Programs that use the name fail at their next request. A handle is deprecated with a successor first, so that its users can follow, or retired with a reason by a `[[retired]]` entry."
);
promise!(
    REVIVED_HANDLE,
    Warning,
    "revived-handle",
    "a retired handle is there again",
    "Programs that were never changed begin to use it again, and it may mean another model now. The next build takes it as meant."
);
promise!(
    IDLE_MIGRATION,
    Warning,
    "idle-migration",
    "a migration is about a port that was never given",
    "It excuses nothing, and is most likely a slip in the name or the number."
);
lock!(
    CONTESTED_PORT,
    Warning,
    "contested-port",
    "the lock gives one port to two owners",
    "Two branches gave the same port away and were merged. What platform.toml says now holds, and the next build writes it."
);
lock!(
    CONFLICTED_LOCK,
    Error,
    "conflicted-lock",
    "a merge conflict in the lock is not resolved",
    "Until it is, nobody can tell which promises hold."
);
lock!(
    EDITED_LOCK_LINE,
    Error,
    "edited-lock-line",
    "a line of the lock was changed by hand",
    "The lock is the memory that platform.toml is held against. Changed to fit, it would let a broken promise pass."
);
lock!(
    NEWER_LOCK,
    Error,
    "newer-lock",
    "the lock was written by a newer version",
    "This version would forget what it does not understand."
);
lock!(
    TRUNCATED_LOCK,
    Error,
    "truncated-lock",
    "the beginning or the end of the lock is missing",
    "What is lost may have been promises, and a build would forget them for good."
);
lock!(
    UNKNOWN_LOCK_LINE,
    Error,
    "unknown-lock-line",
    "a line of the lock is none that we write",
    "It was written by hand or damaged, and may have been a promise."
);
lock!(
    UNSORTED_LOCK,
    Note,
    "unsorted-lock",
    "the lines of the lock are not in order",
    "A merge leaves it so; it means the same, and the next build sorts it."
);

/// A lock that should be there and is not; raised by whoever looks for the file.
pub static MISSING_LOCK: Rule = Rule {
    name: "missing-lock",
    severity: Severity::Warning,
    summary: "the platform was built before, and its lock is not there",
    why: "Without it nothing remembers which ports and handles were given. After `homelab build` it is there; if it was deleted, restore it from version control instead, since a new one has no tombstones.",
    bad: "# there is no platform.lock beside platform.toml, and generated/ is there\n",
    good: GOOD_LOCK,
};
