//! Names of every sort, and paths.

use super::Flaw;

/// Names that file systems, browsers or shells keep for themselves.
const RESERVED: &[&str] = &[
    "aux",
    "con",
    "constructor",
    "nul",
    "prn",
    "prototype",
    "com0",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "lpt0",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
    "__proto__",
    "hasownproperty",
    "tostring",
    "valueof",
];

/// Variables that change which program runs or how a shell reads the next line.
const RESERVED_VARIABLES: &[&str] = &[
    "BASH_ENV",
    "CDPATH",
    "ENV",
    "GLOBIGNORE",
    "HOME",
    "IFS",
    "PATH",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "SHELL",
    "SHELLOPTS",
    "BASHOPTS",
    "NODE_OPTIONS",
    "PERL5OPT",
    "RUBYOPT",
    "USER",
    "LOGNAME",
    "PWD",
    "UID",
    "EUID",
];

pub(super) fn check_name(word: &str) -> Result<(), Flaw> {
    only(word, "lower case letters, digits and `-`", |it| {
        it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-'
    })
    .map_err(|flaw| suggest(flaw, word, '-'))?;
    separated(word, '-')?;
    at_most(word, 63)?;
    not_reserved(word)
}

pub(super) fn check_key(word: &str) -> Result<(), Flaw> {
    not_reserved(word)?;
    only(word, "lower case letters, digits and `_`", |it| {
        it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_'
    })
    .map_err(|flaw| suggest(flaw, word, '_'))?;
    separated(word, '_')?;
    if word.starts_with(|it: char| it.is_ascii_digit()) {
        return Err(Flaw::new("it begins with a digit"));
    }
    at_most(word, 63)
}

pub(super) fn check_handle(word: &str) -> Result<(), Flaw> {
    only(
        word,
        "letters, digits and `.`, `_`, `-`, `:`, `/`, `@`, `+`",
        |it| it.is_ascii_alphanumeric() || "._:/@+-".contains(it),
    )?;
    if !word.starts_with(|it: char| it.is_ascii_alphanumeric()) {
        return Err(Flaw::new("it does not begin with a letter or digit"));
    }
    if word
        .split('/')
        .any(|it| it.is_empty() || it == "." || it == "..")
    {
        return Err(Flaw::new(
            "a part between its slashes is empty, `.` or `..`",
        ));
    }
    at_most(word, 200)?;
    not_reserved(word)
}

pub(super) fn check_user(word: &str) -> Result<(), Flaw> {
    no_option(word)?;
    only(word, "lower case letters, digits, `_` and `-`", |it| {
        it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_' || it == '-'
    })?;
    if word.starts_with(|it: char| it.is_ascii_digit()) {
        return Err(Flaw::new("it begins with a digit, as an id would"));
    }
    at_most(word, 32)
}

pub(super) fn check_env_name(word: &str) -> Result<(), Flaw> {
    only(word, "letters, digits and `_`", |it| {
        it.is_ascii_alphanumeric() || it == '_'
    })
    .map_err(|flaw| {
        if !word.is_ascii() || word.contains(' ') {
            return flaw;
        }
        let mended = word.replace(|it: char| !it.is_ascii_alphanumeric(), "_");
        flaw.instead(mended)
    })?;
    if word.starts_with(|it: char| it.is_ascii_digit()) {
        return Err(Flaw::new("it begins with a digit"));
    }
    if RESERVED_VARIABLES.contains(&word) || word.starts_with("LD_") || word.starts_with("DYLD_") {
        return Err(Flaw::new(
            "it is a variable that the system gives a meaning of its own",
        ));
    }
    at_most(word, 255)
}

/// The name of a systemd unit without `.service`, which also names files and folders of ours.
pub(super) fn check_unit(word: &str) -> Result<(), Flaw> {
    no_option(word)?;
    if let Some(name) = word.strip_suffix(".service") {
        return Err(Flaw::new("it ends in `.service`, which is added").instead(name));
    }
    check_file_name(word, "letters, digits and `.`, `_`, `-`, `:`", "._:-")?;
    // With `.service` it is a file name of 255 bytes.
    at_most(word, 247)
}

/// A launchd label, which is also the name of a file.
pub(super) fn check_label(word: &str) -> Result<(), Flaw> {
    no_option(word)?;
    if let Some(label) = word.strip_suffix(".plist") {
        return Err(Flaw::new("it ends in `.plist`, which is added").instead(label));
    }
    check_file_name(word, "letters, digits and `.`, `_`, `-`", "._-")?;
    at_most(word, 249)
}

fn check_file_name(word: &str, allowed: &str, marks: &str) -> Result<(), Flaw> {
    only(word, allowed, |it| {
        it.is_ascii_alphanumeric() || marks.contains(it)
    })?;
    if word.starts_with('.') || word.ends_with('.') || word.contains("..") {
        return Err(Flaw::new("a part between its dots is empty"));
    }
    not_reserved(word)
}

pub(super) fn check_path(word: &str) -> Result<(), Flaw> {
    no_option(word)?;
    if word.split('/').any(|it| it == "..") {
        return Err(Flaw::new("it has a `..` in it").help("write where it leads to"));
    }
    if word.starts_with('~') {
        return Err(Flaw::new("only a shell knows what `~` is").help("write the whole path"));
    }
    if word.contains('\\') {
        return Err(
            Flaw::new("it has a backslash in it").help("parts of a path are separated by `/`")
        );
    }
    if word.split('/').any(|it| it.len() > 255) {
        return Err(Flaw::new("a part of it has more than 255 bytes"));
    }
    at_most(word, 1023)
}

/// A word that begins with a dash is an option to whatever program it is passed to.
pub(super) fn no_option(word: &str) -> Result<(), Flaw> {
    if word.starts_with('-') {
        return Err(Flaw::new(
            "it begins with `-`, as an option of a command does",
        ));
    }
    Ok(())
}

pub(super) fn at_most(word: &str, limit: usize) -> Result<(), Flaw> {
    if word.len() > limit {
        return Err(Flaw::new(format!(
            "it has {} bytes, and at most {limit} are allowed",
            word.len()
        )));
    }
    Ok(())
}

/// Refuses the first character outside the allowed ones, by name.
pub(super) fn only(
    word: &str,
    allowed: &str,
    is_allowed: impl Fn(char) -> bool,
) -> Result<(), Flaw> {
    let Some(character) = word.chars().find(|it| !is_allowed(*it)) else {
        return Ok(());
    };
    let shown = match character {
        ' ' => "a space".to_owned(),
        '!'..='~' => format!("`{character}`"),
        _ => crate::syntax::describe(character),
    };
    Err(Flaw::new(format!("it has {shown} in it")).help(format!("it is made of {allowed}")))
}

fn separated(word: &str, separator: char) -> Result<(), Flaw> {
    if word.starts_with(separator) || word.ends_with(separator) {
        return Err(Flaw::new(format!("it begins or ends with `{separator}`")));
    }
    let followed = word.chars().skip(1);
    if word
        .chars()
        .zip(followed)
        .any(|it| it == (separator, separator))
    {
        let double = format!("{separator}{separator}");
        return Err(Flaw::new(format!("it has `{double}` in it")));
    }
    Ok(())
}

fn not_reserved(word: &str) -> Result<(), Flaw> {
    if word == "." || word == ".." || RESERVED.iter().any(|it| it.eq_ignore_ascii_case(word)) {
        return Err(Flaw::new(
            "file systems or browsers keep this name for themselves",
        ));
    }
    Ok(())
}

/// Offers the word in the form it should have had, where that is plain.
fn suggest(flaw: Flaw, word: &str, separator: char) -> Flaw {
    let mended: String = word
        .chars()
        .map(|it| match it {
            '_' | '-' | ' ' | '.' => separator,
            _ => it.to_ascii_lowercase(),
        })
        .collect();
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == separator;
    if mended.chars().all(plain) && separated(&mended, separator).is_ok() {
        flaw.instead(mended)
    } else {
        flaw
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ENV_NAME, HANDLE, KEY, Kind, LABEL, NAME, PATH, UNIT, USER};

    fn refused(kind: &Kind, words: &[&str]) {
        for word in words {
            assert!(kind.check(word).is_err(), "{} {word:?}", kind.name);
        }
    }

    fn accepted(kind: &Kind, words: &[&str]) {
        for word in words {
            assert_eq!(kind.check(word), Ok(()), "{} {word:?}", kind.name);
        }
    }

    #[test]
    fn names_say_what_is_wrong_with_them() {
        accepted(&NAME, &["nas", "litellm-orch", "pi5l", "4090"]);
        refused(&NAME, &["-a", "a-", "a--b", "ä", "n\u{430}s"]);
        let flaw = NAME.check("My_Host").expect_err("a flaw");
        assert_eq!(flaw.what, "it has `M` in it");
        assert_eq!(flaw.help.as_deref(), Some("write `my-host`"));
        accepted(&KEY, &["web_fetch", "a1"]);
        refused(&KEY, &["web-fetch", "_a", "a__b", "1a"]);
    }

    #[test]
    fn c011_letters_of_other_scripts_are_named() {
        let flaw = HANDLE.check("mlx-\u{430}").expect_err("a flaw");
        assert_eq!(flaw.what, "it has U+0430 (Cyrillic `\u{430}`) in it");
    }

    #[test]
    fn c039_long_names_are_refused() {
        accepted(&NAME, &[&"a".repeat(63)]);
        refused(&NAME, &[&"a".repeat(64)]);
        accepted(&HANDLE, &[&"a".repeat(200)]);
        refused(&HANDLE, &[&"a".repeat(201)]);
    }

    #[test]
    fn c040_reserved_names_are_refused() {
        refused(&NAME, &["con", "nul", "com1", "constructor", ".", ".."]);
        refused(&KEY, &["__proto__", "constructor"]);
        refused(&HANDLE, &["..", "CON", "a/../b", "__proto__"]);
    }

    #[test]
    fn c047_options_are_refused() {
        refused(&USER, &["-oProxyCommand=x", "Root", "0", "a b"]);
        refused(&NAME, &["-n"]);
        refused(&PATH, &["-rf"]);
        accepted(&USER, &["homelab", "_litellm", "node-exporter"]);
    }

    #[test]
    fn c095_variables_that_change_programs_are_refused() {
        refused(
            &ENV_NAME,
            &[
                "A-B",
                "1X",
                "PATH",
                "IFS",
                "LD_PRELOAD",
                "BASH_ENV",
                "DYLD_X",
            ],
        );
        accepted(&ENV_NAME, &["LITELLM_LOG", "http_proxy", "_X"]);
    }

    #[test]
    fn c074_names_of_units_that_leave_their_folder_are_refused() {
        accepted(&UNIT, &["ov-server", "litellm.orch", "a:b_c", "Ollama"]);
        refused(
            &UNIT,
            &[
                "a/b",
                "..",
                "../x",
                "a..b",
                ".a",
                "-a",
                "a@b",
                "a b",
                "a\\x2d",
                "a.service",
            ],
        );
        accepted(&UNIT, &[&"a".repeat(247)]);
        refused(&UNIT, &[&"a".repeat(248)]);
    }

    #[test]
    fn c078_labels_that_are_no_file_names_are_refused() {
        accepted(&LABEL, &["com.bebop.mlx-launch", "homelab.mlx"]);
        refused(
            &LABEL,
            &[
                "a/b",
                "a b",
                "..",
                "com..x",
                "-a",
                ".a",
                "com.x.plist",
                "a<b",
            ],
        );
    }

    #[test]
    fn paths_lead_where_they_say() {
        accepted(
            &PATH,
            &["/srv/models", "layer-gateway/litellm", "/a b/c", "."],
        );
        refused(&PATH, &["../x", "/a/../b", "~/x", "C:\\x"]);
    }
}
