//! What looks like a secret: known prefixes, random words under a name that says so, credentials in URLs, and passwords that everybody knows.

use std::ops::Range;

/// Beginnings that only keys have: the prefix, what may follow, and how much of it at least.
static PREFIXES: &[(&str, Alphabet, usize)] = &[
    ("sk-", Alphabet::Words, 20),
    ("sk_live_", Alphabet::Plain, 16),
    ("rk_live_", Alphabet::Plain, 16),
    ("ghp_", Alphabet::Plain, 36),
    ("gho_", Alphabet::Plain, 36),
    ("ghu_", Alphabet::Plain, 36),
    ("ghs_", Alphabet::Plain, 36),
    ("ghr_", Alphabet::Plain, 36),
    ("github_pat_", Alphabet::Words, 22),
    ("glpat-", Alphabet::Words, 20),
    ("hf_", Alphabet::Plain, 30),
    ("gsk_", Alphabet::Plain, 40),
    ("pplx-", Alphabet::Plain, 40),
    ("nvapi-", Alphabet::Words, 40),
    ("xoxb-", Alphabet::Words, 20),
    ("xoxp-", Alphabet::Words, 20),
    ("xoxa-", Alphabet::Words, 20),
    ("xoxr-", Alphabet::Words, 20),
    ("xoxs-", Alphabet::Words, 20),
    ("xapp-", Alphabet::Words, 20),
    ("AKIA", Alphabet::Upper, 16),
    ("ASIA", Alphabet::Upper, 16),
    ("AIza", Alphabet::Words, 35),
    ("tskey-", Alphabet::Words, 20),
    ("npm_", Alphabet::Plain, 36),
    ("pypi-AgEI", Alphabet::Words, 40),
    ("dop_v1_", Alphabet::Plain, 40),
    ("AGE-SECRET-KEY-1", Alphabet::Upper, 40),
];

#[derive(Clone, Copy)]
enum Alphabet {
    /// Letters and digits.
    Plain,
    /// Letters, digits, `-` and `_`.
    Words,
    /// Upper case letters and digits.
    Upper,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Plain => byte.is_ascii_alphanumeric(),
            Self::Words => byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_',
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

/// Passwords that programs ship with or that guides are full of.
static DEFAULTS: &[&str] = &[
    "admin",
    "administrator",
    "adminadmin",
    "admin123",
    "change-me",
    "change_me",
    "changeme",
    "changeit",
    "dbpassword9090",
    "default",
    "grafana",
    "guest",
    "letmein",
    "litellm",
    "litellm_password",
    "llmpassword9090",
    "minioadmin",
    "mysecretpassword",
    "pass",
    "passw0rd",
    "password",
    "password123",
    "postgres",
    "qwerty",
    "redis",
    "replaceme",
    "root",
    "secret",
    "sk-1234",
    "test",
    "toor",
    "ultrasecretkey",
    "123456",
    "12345678",
    "1234",
];

/// The most of a word that is looked at for a key inside it, so that a long one costs no more than its length.
const BURIED: usize = 512;

/// Keys in a text that their beginning gives away, and private keys.
pub fn known_keys(text: &str) -> Vec<Range<usize>> {
    keys(text, true)
}

/// Keys that begin inside another word: no reader would swear to them, but a report need not show them either.
fn buried_keys(text: &str) -> Vec<Range<usize>> {
    keys(text, false)
}

/// Both, in the order of the text: what no output shows.
pub fn any_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = [known_keys(text), buried_keys(text)].concat();
    found.sort_by_key(|it| it.start);
    found
}

fn keys(text: &str, begin_words: bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        // Most places are ruled out by their first two letters, and nearly all of these by a look at a table.
        if BEGINNINGS[usize::from(pair[0])] & bit(pair[1]) != 0
            && may_begin(pair[0], pair[1])
            && begin_words != at.checked_sub(1).is_some_and(|it| is_word(bytes[it]))
            && found.last().is_none_or(|it| it.end <= at)
        {
            let end = if begin_words || pair == b"--" {
                text.len()
            } else {
                text.floor_char_boundary(at + BURIED)
            };
            found.extend(key_at(&text[..end], at));
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    Alphabet::Words.has(byte)
}

/// For each first letter, those that may follow it, by their last five bits.
static BEGINNINGS: [u32; 256] = {
    let mut table = [0; 256];
    let mut one = 0_u8;
    while one < u8::MAX {
        let mut two = 0_u8;
        while two < u8::MAX {
            if may_begin(one, two) {
                table[one as usize] |= bit(two);
            }
            two += 1;
        }
        one += 1;
    }
    table
};

const fn bit(byte: u8) -> u32 {
    1 << (byte & 31)
}

const fn may_begin(one: u8, two: u8) -> bool {
    matches!(
        (one, two),
        (b's' | b'r', b'k')
            | (b'g', b'h' | b'i' | b'l' | b's')
            | (b'h', b'f')
            | (b'p', b'p' | b'y')
            | (b'n', b'v' | b'p')
            | (b'x', b'o' | b'a')
            | (b'A', b'K' | b'S' | b'I' | b'G')
            | (b't', b's')
            | (b'd', b'o')
            | (b'e', b'y')
            | (b'-', b'-')
    )
}

fn key_at(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = &text.as_bytes()[at..];
    if bytes.starts_with(b"-----BEGIN ") {
        return private_key(text, at);
    }
    if bytes.starts_with(b"eyJ") {
        return web_token(text, at);
    }
    for (prefix, alphabet, least) in PREFIXES {
        if prefix.as_bytes()[0] != bytes[0] || !bytes.starts_with(prefix.as_bytes()) {
            continue;
        }
        let length = bytes[prefix.len()..]
            .iter()
            .take_while(|it| alphabet.has(**it))
            .count();
        let tail = &text[at + prefix.len()..at + prefix.len() + length];
        let ends = !bytes
            .get(prefix.len() + length)
            .is_some_and(|it| Alphabet::Words.has(*it));
        let exact = !matches!(alphabet, Alphabet::Upper) || *least != 16 || length == 16;
        if length >= *least && exact && ends && is_random(tail) {
            return Some(at..at + prefix.len() + length);
        }
    }
    None
}

fn private_key(text: &str, at: usize) -> Option<Range<usize>> {
    let head = &text.as_bytes()[at..text.len().min(at + 64)];
    if !head.windows(11).any(|it| it == b"PRIVATE KEY") {
        return None;
    }
    let rest = &text[at..];
    let end = rest.find("-----END").map_or(rest.len(), |end| {
        let tail = &rest[end..];
        end + tail.find(['\n', '"', '\'']).unwrap_or(tail.len())
    });
    Some(at..at + end)
}

/// A JSON web token: three parts, of which the first two begin like an object.
fn web_token(text: &str, at: usize) -> Option<Range<usize>> {
    let length = text[at..]
        .bytes()
        .take_while(|it| Alphabet::Words.has(*it) || *it == b'.')
        .count();
    let parts: Vec<&str> = text[at..at + length].split('.').collect();
    let plain = parts.len() == 3 && parts[1].starts_with("eyJ") && parts[2].len() >= 20;
    plain.then(|| at..at + length)
}

/// True when a part of a word looks drawn at random: long enough, with digits or cases mixed, and no letter that comes again and again.
fn is_random(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    if ["xxxx", "example", "your", "0000", "placeholder", "redacted"]
        .iter()
        .any(|it| lower.contains(it))
    {
        return false;
    }
    let mixed = |part: &str| {
        part.bytes().any(|it| it.is_ascii_digit())
            && part.bytes().any(|it| it.is_ascii_alphabetic())
    };
    let whole = mixed(word)
        && word.len() >= 32
        && word.bytes().any(|it| it.is_ascii_uppercase())
        && word.bytes().any(|it| it.is_ascii_lowercase())
        && entropy(word) >= 4.0;
    // One key in a thousand has no digit. In words of CamelCase far fewer letters are large.
    let upper = word.bytes().filter(u8::is_ascii_uppercase).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let drawn = letters >= 24
        && (letters * 7 / 20..letters * 13 / 20).contains(&upper)
        && entropy(word) >= 4.0;
    whole
        || drawn
        || word
            .split(['-', '_'])
            .any(|part| part.len() >= 10 && mixed(part) && entropy(part) >= 2.7)
}

/// Bits of information in each character of a word, by how often each comes.
fn entropy(word: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in word.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let Ok(length) = u32::try_from(word.len()) else {
        return 0.0;
    };
    let length = f64::from(length.max(1));
    counts
        .iter()
        .filter(|it| **it > 0)
        .map(|it| f64::from(*it) / length)
        .map(|share| -share * share.log2())
        .sum()
}

/// What a name says that its value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// A password: any text there is one.
    Password,
    /// A key or token: a text that looks drawn at random is one.
    Key,
}

/// What the last word of a name says: of a variable, a flag or a parameter.
pub fn promise(name: &str) -> Option<Promise> {
    let before = name
        .bytes()
        .rposition(|it| matches!(it, b'_' | b'-' | b'.' | b' '));
    let last = &name[before.map_or(0, |it| it + 1)..];
    let mut lower = [0; LONGEST_PROMISE];
    let lower = lower.get_mut(..last.len())?;
    lower.copy_from_slice(last.as_bytes());
    lower.make_ascii_lowercase();
    match &*lower {
        b"password" | b"passwd" | b"passphrase" | b"pwd" => Some(Promise::Password),
        b"key" | b"apikey" | b"token" | b"secret" | b"pat" | b"credential" | b"credentials" => {
            Some(Promise::Key)
        }
        _ => None,
    }
}

/// The length of the longest word that says so.
const LONGEST_PROMISE: usize = "credentials".len();

/// True for names that mean what they say: fields of ours such as `key` and `token` name other things.
pub fn is_telling(name: &str) -> bool {
    promise(name) == Some(Promise::Password)
        || name.contains(['_', '-'])
        || name.bytes().any(|it| it.is_ascii_uppercase())
}

/// True when everybody knows this password.
pub fn is_default(word: &str) -> bool {
    DEFAULTS.iter().any(|it| it.eq_ignore_ascii_case(word))
}

/// True when a text under such a name is the secret itself, and not a path, a placeholder or a word that means none.
pub fn is_literal(promise: Promise, word: &str) -> bool {
    let empty = [
        "",
        "none",
        "null",
        "false",
        "true",
        "empty",
        "dummy",
        "unused",
        "not-needed",
        "no-key",
    ];
    let lower = word.to_ascii_lowercase();
    if empty.contains(&lower.as_str()) || is_default(word) || is_placeholder(word) {
        return false;
    }
    if word.starts_with(['/', '.', '~']) || word.starts_with("ssh-") || word.contains("://") {
        return false;
    }
    match promise {
        Promise::Password => !word.contains(' ') && word.len() >= 4,
        Promise::Key => is_random_value(word),
    }
}

/// True when a word is too random to be a name: the test behind names that only say "key".
pub fn is_random_value(word: &str) -> bool {
    let token = |it: u8| it.is_ascii_alphanumeric() || b"-_+/=.".contains(&it);
    word.len() >= 16
        && word.bytes().all(token)
        && word.bytes().filter(u8::is_ascii_digit).count() >= 3
        && word.split(['-', '_', '.', '/']).any(|it| it.len() >= 12)
        && entropy(word) >= 3.2
}

fn is_placeholder(word: &str) -> bool {
    word.contains(['<', '>', '$', '{', '*', '%', '…']) || word.starts_with("os.environ/")
}

/// A password in a URL, and where it stands: `scheme://user:password@host`.
pub fn url_password(text: &str) -> Option<Range<usize>> {
    // Most texts have no colon. All bytes are looked at, many at once.
    let is_colon = |byte: u8| byte == b':';
    if !text.bytes().fold(false, |found, it| found | is_colon(it)) {
        return None;
    }
    let (scheme, after) = text.split_once("://")?;
    let word = |it: char| it.is_ascii_alphanumeric() || it == '+' || it == '-' || it == '.';
    let named = scheme.rsplit(|it| !word(it)).next()?;
    if named.is_empty() {
        return None;
    }
    let end = after
        .find(|it: char| matches!(it, '/' | '?' | '#' | '"') || it.is_whitespace())
        .unwrap_or(after.len());
    let (user, _) = after[..end].rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    let start = scheme.len() + 3 + name.len() + 1;
    (!password.is_empty() && !is_placeholder(password)).then(|| start..start + password.len())
}

/// Values in a text that stand behind a name and `=` or `:`, with what the name says.
pub fn assignments(text: &str) -> impl Iterator<Item = (Promise, Range<usize>)> {
    text.match_indices(['=', ':']).filter_map(|(at, _)| {
        let head = text[..at].trim_end();
        let name_start = head
            .rfind(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '-'))
            .map_or(0, |it| {
                it + head[it..].chars().next().map_or(1, char::len_utf8)
            });
        let promise = promise(&head[name_start..])?;
        let tail = &text[at + 1..];
        let start = at + 1 + (tail.len() - tail.trim_start().len());
        // No secret is longer, and a text of nothing but colons must not be read again from each.
        let length: usize = text[start..]
            .chars()
            .take(512)
            .take_while(|it| {
                !it.is_whitespace() && !matches!(it, '&' | ';' | ',' | '"' | '\'' | ')')
            })
            .map(char::len_utf8)
            .sum();
        (length > 0).then(|| (promise, start..start + length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_by_their_beginning() {
        let canary = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
        let found = known_keys(&format!("a {canary}."));
        assert_eq!(found.first(), Some(&(2..2 + canary.len())));
        let letters = concat!("sk", "-gWMFKgmbQADtCcKWfzLCCfHrLGXSwBarmjkycdKn");
        assert_eq!(known_keys(letters).len(), 1);
        for innocent in [
            "sk-ThisIsOnlyTheNameOfSomeVeryLongClassInJava",
            "sk-learn-and-all-that-stuff-of-old",
            "sk-your-key-here-0123456789abcdef",
            "task-9f86d081884c7d659a2feaa0c55ad015",
            "hf_hub_download",
            "AKIAIOSFODNN7EXAMPLE",
            "tskey-auth",
        ] {
            assert!(known_keys(innocent).is_empty(), "{innocent}");
        }
    }

    #[test]
    fn every_prefix_may_begin_a_key() {
        let beginnings = PREFIXES.iter().map(|(prefix, ..)| *prefix);
        for beginning in beginnings.chain(["-----BEGIN ", "eyJ"]) {
            let bytes = beginning.as_bytes();
            assert!(may_begin(bytes[0], bytes[1]), "{beginning}");
        }
        for (one, two) in (0..=u8::MAX).flat_map(|one| (0..=u8::MAX).map(move |two| (one, two))) {
            let ruled_out = BEGINNINGS[usize::from(one)] & bit(two) == 0;
            assert!(!(ruled_out && may_begin(one, two)), "{one} {two}");
        }
    }

    #[test]
    fn urls_with_passwords_are_found() {
        assert_eq!(url_password("redis://:abc@h/0"), Some(9..12));
        assert_eq!(url_password("postgres://u:abc@h"), Some(13..16));
        assert_eq!(url_password("http://h:80/a@b:c"), None);
        assert_eq!(url_password("http://user@h"), None);
        assert_eq!(url_password("postgres://u:${PW}@h"), None);
    }

    #[test]
    fn names_say_what_their_values_are() {
        assert_eq!(
            promise("GF_SECURITY_ADMIN_PASSWORD"),
            Some(Promise::Password)
        );
        assert_eq!(promise("--api-key"), Some(Promise::Key));
        for name in ["MAX_TOKENS", "HF_TOKEN_PATH", "KEYBOARD", "KEY_FILE"] {
            assert_eq!(promise(name), None, "{name}");
        }
    }
}
