//! The rules of shape. A file that breaks one cannot be read as a platform, so none of them can be allowed.

use crate::diagnostic::{Rule, Severity};

/// Every rule of shape, sorted by name.
pub static RULES: &[&Rule] = &[
    &MALFORMED_WORD,
    &MISSING_KEY,
    &OUT_OF_RANGE,
    &UNKNOWN_KEY,
    &UNKNOWN_WORD,
    &WRONG_LENGTH,
    &WRONG_TYPE,
];

/// The examples differ in one line of one service.
macro_rules! example {
    ($line:literal) => {
        concat!(
            "version = 1\nname = \"lab\"\n\n[policy]\ngateway = \"litellm\"\n\n[hosts.nas]\nos = \"linux\"\n\n[services.litellm]\nkind = \"litellm\"\nhost = \"nas\"\n",
            $line,
            "\n"
        )
    };
}

pub(super) static MALFORMED_WORD: Rule = Rule {
    name: "malformed-word",
    severity: Severity::Error,
    summary: "a name, duration, size, address, path or date is not written as one",
    why: "These words travel into units, scripts, URLs and file names, each with rules of its own. What is accepted here is accepted by all of them, and means the same to all of them.",
    bad: example!("port = 4000\n[services.litellm.run]\nrestart_delay = \"5\""),
    good: example!("port = 4000\n[services.litellm.run]\nrestart_delay = \"5s\""),
};

pub(super) static MISSING_KEY: Rule = Rule {
    name: "missing-key",
    severity: Severity::Error,
    summary: "a table lacks a key that it must have",
    why: "There is no default that would be right for everybody.",
    bad: "version = 1\nname = \"lab\"\n\n[policy]\ngateway = \"litellm\"\n\n[hosts.nas]\nos = \"linux\"\n\n[services.litellm]\nhost = \"nas\"\nport = 4000\n",
    good: example!("port = 4000"),
};

pub(super) static OUT_OF_RANGE: Rule = Rule {
    name: "out-of-range",
    severity: Severity::Error,
    summary: "a number is smaller or larger than it may be",
    why: "A port beyond 65535 does not exist, a negative timeout has no meaning, and integers beyond 2^53 change silently when JSON is read.",
    bad: example!("port = 65536"),
    good: example!("port = 4000"),
};

pub(super) static UNKNOWN_KEY: Rule = Rule {
    name: "unknown-key",
    severity: Severity::Error,
    summary: "a key has no meaning where it stands",
    why: "A misspelt key that is ignored leaves a default in place that nobody chose.",
    bad: example!("port = 4000\nbnid = \"loopback\""),
    good: example!("port = 4000\nbind = \"loopback\""),
};

pub(super) static UNKNOWN_WORD: Rule = Rule {
    name: "unknown-word",
    severity: Severity::Error,
    summary: "a value is none of the words that may stand there",
    why: "Where only a few words have a meaning, another one is a slip of the keyboard.",
    bad: example!("port = 4000\nstate = \"lvie\""),
    good: example!("port = 4000\nstate = \"live\""),
};

pub(super) static WRONG_LENGTH: Rule = Rule {
    name: "wrong-length",
    severity: Severity::Error,
    summary: "a text or list is longer or shorter than it may be",
    why: "What is too short says nothing, and what is too long is cut off or refused by those who read it.",
    bad: "",
    good: example!("port = 4000"),
};

pub(super) static WRONG_TYPE: Rule = Rule {
    name: "wrong-type",
    severity: Severity::Error,
    summary: "a value has another type than its key asks for",
    why: "A number in quotes is text, and guessing what was meant is right until it is not.",
    bad: example!("port = \"4000\""),
    good: example!("port = 4000"),
};
