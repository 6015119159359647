//! The rules about the text itself. Without a text that can be read there is nothing to build, so none of them can be allowed.

use crate::diagnostic::{Rule, Severity};

/// The examples differ in the lines of one host.
macro_rules! example {
    ($host:literal) => {
        concat!(
            "version = 1\nname = \"lab\"\n\n[policy]\ngateway = \"litellm\"\n\n[services.litellm]\nkind = \"litellm\"\nhost = \"nas\"\nport = 4000\n\n",
            $host
        )
    };
}

const GOOD: &str = example!("[hosts.nas]\nos = \"linux\"\ntitle = \"Storage\"\n");

/// Every rule of this room, sorted by name.
pub static RULES: &[&Rule] = &[
    &BIDIRECTIONAL_CONTROL,
    &BYTE_ORDER_MARK,
    &CARRIAGE_RETURN,
    &CONTROL_CHARACTER,
    &DEEP_NESTING,
    &DUPLICATE_KEY,
    &EMPTY_PLATFORM,
    &INVALID_UTF8,
    &INVISIBLE_CHARACTER,
    &MERGE_CONFLICT_MARKER,
    &NON_ASCII_KEY,
    &OVERSIZED_FILE,
    &OVERSIZED_VALUE,
    &TOML_SYNTAX,
    &TOO_MANY_ERRORS,
    &TOO_MANY_VALUES,
    &UTF16_TEXT,
];

pub(super) static BIDIRECTIONAL_CONTROL: Rule = Rule {
    name: "bidirectional-control",
    severity: Severity::Error,
    summary: "a character turns the direction of the text around it",
    why: "A line with such a character reads differently from what it says, and a reviewer approves what is shown and not what is meant (Trojan Source). They are refused in comments too, since that is where they hide.",
    bad: example!("[hosts.nas]\nos = \"linux\"\ntitle = \"Storage\" # \u{202e}evil\n"),
    good: GOOD,
};

pub(super) static BYTE_ORDER_MARK: Rule = Rule {
    name: "byte-order-mark",
    severity: Severity::Error,
    summary: "a byte order mark stands inside the text",
    why: "At the very start it is harmless and skipped; elsewhere it is an invisible character that makes two equal words differ, usually left by joining two files.",
    bad: example!("[hosts.nas]\nos = \"linux\"\ntitle = \"\u{feff}Storage\"\n"),
    good: GOOD,
};

pub(super) static CARRIAGE_RETURN: Rule = Rule {
    name: "carriage-return",
    severity: Severity::Error,
    summary: "a carriage return does not end a line",
    why: "Lines end with a line feed, or with both. A lone carriage return shows as a line end in some editors and as nothing in others, so what looks like two lines may be one.",
    bad: example!("[hosts.nas]\nos = \"linux\"\rtitle = \"Storage\"\n"),
    good: GOOD,
};

pub(super) static CONTROL_CHARACTER: Rule = Rule {
    name: "control-character",
    severity: Severity::Error,
    summary: "a control character stands in the text, plain or escaped",
    why: "Control characters end strings in C programs, move the cursor of a terminal and cannot be written to XML. No name, path or note needs one; text may have line ends and tabs, keys may not.",
    bad: example!("[hosts.nas]\nos = \"linux\"\ntitle = \"Stor\\u0007age\"\n"),
    good: GOOD,
};

pub(super) static DEEP_NESTING: Rule = Rule {
    name: "deep-nesting",
    severity: Severity::Error,
    summary: "a value lies more than 64 levels deep",
    why: "Nothing in a platform is that deep; a file that is was made by accident or to exhaust its reader.",
    bad: example!(
        "[hosts.nas]\nos = \"linux\"\ntitle = \"Storage\"\nnotes = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
    ),
    good: GOOD,
};

pub(super) static DUPLICATE_KEY: Rule = Rule {
    name: "duplicate-key",
    severity: Severity::Error,
    summary: "a key or table is written twice",
    why: "Only one of them can hold, and nothing says which. A table is written in one place; a key has one value.",
    bad: example!("[hosts.nas]\nos = \"linux\"\ntitle = \"Storage\"\ntitle = \"Backup\"\n"),
    good: GOOD,
};

pub(super) static EMPTY_PLATFORM: Rule = Rule {
    name: "empty-platform",
    severity: Severity::Error,
    summary: "the file declares nothing",
    why: "An empty platform would remove every artifact. It is nearly always a file that was cut short or a wrong path.",
    bad: "\n# Nothing yet.\n",
    good: GOOD,
};

pub(super) static INVALID_UTF8: Rule = Rule {
    name: "invalid-utf8",
    severity: Severity::Error,
    summary: "the file is not UTF-8",
    why: "TOML is UTF-8 throughout. Bytes that are not could only be guessed at, and a wrong guess would end up in units and scripts.",
    bad: "",
    good: GOOD,
};

pub(super) static INVISIBLE_CHARACTER: Rule = Rule {
    name: "invisible-character",
    severity: Severity::Error,
    summary: "a character in a key cannot be seen",
    why: "Two keys that look the same would differ. Zero-width characters and soft hyphens come along when text is copied from a web page.",
    bad: example!("[hosts.\"n\u{200b}as\"]\nos = \"linux\"\ntitle = \"Storage\"\n"),
    good: GOOD,
};

pub(super) static MERGE_CONFLICT_MARKER: Rule = Rule {
    name: "merge-conflict-marker",
    severity: Severity::Error,
    summary: "a merge conflict is not resolved",
    why: "Git wrote both versions into the file and waits for somebody to choose; until then it is neither.",
    bad: example!(
        "[hosts.nas]\nos = \"linux\"\n<<<<<<< HEAD\ntitle = \"Storage\"\n=======\ntitle = \"Backup\"\n>>>>>>> other\n"
    ),
    good: GOOD,
};

pub(super) static NON_ASCII_KEY: Rule = Rule {
    name: "non-ascii-key",
    severity: Severity::Error,
    summary: "a key has a character outside ASCII",
    why: "Keys become unit names, variables, labels and URLs, where such characters are not allowed; and letters of other scripts that look like ours make two names one to the eye.",
    bad: example!("[hosts.\"n\u{430}s\"]\nos = \"linux\"\ntitle = \"Storage\"\n"),
    good: GOOD,
};

pub(super) static OVERSIZED_FILE: Rule = Rule {
    name: "oversized-file",
    severity: Severity::Error,
    summary: "the file is larger than the limit",
    why: "A platform of ten thousand services has four megabytes. A file past the limit is most likely not the one that was meant.",
    bad: "",
    good: GOOD,
};

pub(super) static OVERSIZED_VALUE: Rule = Rule {
    name: "oversized-value",
    severity: Severity::Error,
    summary: "a key, number or text is longer than anything needs",
    why: "Consumers have limits of their own and meet them less gracefully: a text has up to 64 KiB, a key up to 255 bytes, a number up to 64 characters.",
    bad: example!(
        "[hosts.nas]\nos = \"linux\"\ntitle = \"Storage\"\nmemory = 10000000000000000000000000000000000000000000000000000000000000000\n"
    ),
    good: GOOD,
};

pub(super) static TOML_SYNTAX: Rule = Rule {
    name: "toml-syntax",
    severity: Severity::Error,
    summary: "a line is not TOML",
    why: "What does not parse has no meaning. The rest of the file is read all the same, so other mistakes show in the same run.",
    bad: example!("[hosts.nas]\nos = \"linux\"\ntitle = Storage\n"),
    good: GOOD,
};

pub(super) static TOO_MANY_ERRORS: Rule = Rule {
    name: "too-many-errors",
    severity: Severity::Error,
    summary: "so much is wrong that the rest was not looked at",
    why: "Past twenty thousand mistakes in its text a file is something else than a platform.",
    bad: "",
    good: GOOD,
};

pub(super) static TOO_MANY_VALUES: Rule = Rule {
    name: "too-many-values",
    severity: Severity::Error,
    summary: "there are more keys and values than any platform has",
    why: "Each takes memory in every step. Past a million and a half a file is something else than a platform, even where the limit of its size was raised.",
    bad: "",
    good: GOOD,
};

pub(super) static UTF16_TEXT: Rule = Rule {
    name: "utf16-text",
    severity: Severity::Error,
    summary: "the file is UTF-16 or UTF-32",
    why: "TOML is UTF-8 throughout. Some editors and shells on Windows write other encodings unless told not to.",
    bad: "",
    good: GOOD,
};
