//! What the text formats promise: a value that was written comes back from the format's real reader, however nasty it is.
//!
//! The numbers in the names are those of the robustness catalogue that the project was planned with.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test says what is there, and need not be quick"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use homelab::emit::escape::{self, Unwritable};
use homelab::emit::json::{to_json, to_json_line};
use homelab::emit::yaml::to_yaml;
use homelab::emit::{Template, TemplateError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tools;

const READER: &str = include_str!("formats.py");

/// Texts that have broken one reader or another.
fn naughty() -> Vec<String> {
    serde_json::from_str(include_str!("../cases/naughty.json")).unwrap()
}

/// A text and what its reader must make of it.
struct Document {
    format: &'static str,
    text: String,
    expected: Value,
}

impl Document {
    fn new(format: &'static str, text: impl Into<String>, expected: impl Into<Value>) -> Self {
        let (text, expected) = (text.into(), expected.into());
        Self {
            format,
            text,
            expected,
        }
    }

    fn yaml(value: Value) -> Self {
        Self::new("yaml", to_yaml(&value), value)
    }

    /// The words in every place of a unit that takes any.
    fn unit(texts: &[String]) -> Self {
        let words: Vec<&str> = kept(texts, escape::systemd_word);
        let arguments: Vec<&str> = kept(texts, escape::systemd_argument);
        let titles: Vec<&str> = kept(texts, escape::systemd_value);
        let argv: Vec<&str> = ["/bin/echo"].into_iter().chain(arguments).collect();
        let mut text = String::from("[Unit]\n");
        for title in &titles {
            text += &format!("Description={}\n", escape::systemd_value(title).unwrap());
        }
        text += &format!(
            "[Service]\nExecStart={}\n",
            escape::systemd_command(argv.clone()).unwrap()
        );
        text += &format!(
            "ReadWritePaths={}\n",
            escape::systemd_words(words.clone()).unwrap()
        );
        let mut environment = Vec::new();
        for word in &words {
            text += &format!(
                "Environment={}\n",
                escape::systemd_environment("NAME", word).unwrap()
            );
            environment.push(vec![format!("NAME={word}")]);
        }
        let mut expected = json!({"Service.ExecStart": [argv], "Service.ReadWritePaths": [words]});
        if !titles.is_empty() {
            expected = json!({"Unit.Description": titles, "Service.ExecStart": [argv], "Service.ReadWritePaths": [words]});
        }
        if !environment.is_empty() {
            expected["Service.Environment"] = json!(environment);
        }
        Self::new("unit", text, expected)
    }
}

/// What Quadlet makes of the words of its files: an `ExecStart=` for systemd, with a word in quotes only where there are blanks, quotes, backslashes or controls.
fn by_quadlet(written: &str) -> String {
    let mut word = String::new();
    let inner = written
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'));
    let mut signs = inner.unwrap_or(written).chars();
    while let Some(sign) = signs.next() {
        match (inner, sign) {
            (Some(_), '\\') => match signs.next().unwrap() {
                'n' => word.push('\n'),
                't' => word.push('\t'),
                'u' => {
                    let digits: String = signs.by_ref().take(4).collect();
                    let number = u32::from_str_radix(&digits, 16).unwrap();
                    word.push(char::from_u32(number).unwrap());
                }
                sign => word.push(sign),
            },
            _ => word.push(sign),
        }
    }
    let special = |it: char| it.is_ascii() && (it.is_whitespace() || it.is_control());
    if !word.contains(|it| special(it) || "\"'\\".contains(it)) {
        return word;
    }
    let mut quoted = String::from("\"");
    for sign in word.chars() {
        match sign {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '"' | '\\' => quoted.extend(['\\', sign]),
            _ => quoted.push(sign),
        }
    }
    quoted + "\""
}

#[test]
fn words_of_quadlet_files_come_through_both_readers() {
    let mut texts = naughty();
    texts.extend(
        [
            "a\nb",
            "exec \"$0\" <<END\nkey \"${A-}\"\nEND\n",
            "100%",
            "$",
        ]
        .map(str::to_owned),
    );
    let kept: Vec<&String> = texts
        .iter()
        .filter(|it| escape::quadlet_word(it).is_ok())
        .collect();
    assert!(kept.len() > 100, "{}", kept.len());
    let mut line = String::from("[Service]\nExecStart=/bin/echo");
    let mut argv = vec!["/bin/echo".to_owned()];
    for text in kept {
        line += &format!(" {}", by_quadlet(&escape::quadlet_word(text).unwrap()));
        argv.push(text.clone());
    }
    let expected = json!({"Service.ExecStart": [argv]});
    check(&[Document::new("unit", line + "\n", expected)]).unwrap();
    for refused in ["", ";", "a\u{1}b"] {
        assert!(escape::quadlet_word(refused).is_err(), "{refused:?}");
    }
}

/// The texts that a format can carry.
fn kept<'a, T>(texts: &'a [String], escape: fn(&'a str) -> Result<T, Unwritable>) -> Vec<&'a str> {
    texts
        .iter()
        .map(String::as_str)
        .filter(|text| escape(text).is_ok())
        .collect()
}

/// Reads all documents in one Python and says which came back otherwise.
fn check(documents: &[Document]) -> Result<(), TestCaseError> {
    let Some(python) = tools::python() else {
        return Ok(());
    };
    let request = documents
        .iter()
        .map(|it| json!({"format": it.format, "text": it.text, "expected": it.expected}));
    let mut reader = Command::new(python)
        .args(["-X", "utf8", "-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = request.collect::<Value>().to_string();
    reader
        .stdin
        .take()
        .unwrap()
        .write_all(request.as_bytes())
        .unwrap();
    let output = reader.wait_with_output().unwrap();
    prop_assert!(output.status.success(), "the reader itself failed");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    for why in answer["skipped"].as_array().unwrap() {
        tools::skip(why.as_str().unwrap());
    }
    if let Some(failure) = answer["failures"].get(0) {
        let index = usize::try_from(failure["index"].as_u64().unwrap()).unwrap();
        let Document { format, text, .. } = &documents[index];
        prop_assert!(false, "{format}: {}\n{text}", failure["difference"]);
    }
    Ok(())
}

/// Each text as a value, as a key and in a list of lists.
fn check_yaml<'a>(texts: impl IntoIterator<Item = &'a str>) {
    let texts: Vec<&str> = texts.into_iter().collect();
    let keys: BTreeMap<&str, usize> = texts
        .iter()
        .zip(0..)
        .map(|(text, index)| (*text, index))
        .collect();
    let value = json!({"keys": keys, "lists": [texts, [texts]], "values": texts});
    read_as_yaml_12(&value).unwrap();
    check(&[Document::yaml(value)]).unwrap();
}

/// Reads the YAML of a value by the rules of YAML 1.2.
fn read_as_yaml_12(value: &Value) -> Result<(), TestCaseError> {
    let text = to_yaml(value);
    let read: Value = serde_saphyr::from_str(&text)
        .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    prop_assert_eq!(&read, value, "{}", text);
    Ok(())
}

/// The arguments come out of a shell as they went in.
fn check_shell(texts: &[&str]) -> Result<(), TestCaseError> {
    let words: Vec<_> = texts
        .iter()
        .map(|text| escape::shell_word(text).unwrap())
        .collect();
    let script = format!("printf '%s\\0' end {}\n", words.join(" "));
    let mut expected = String::from("end\0");
    for text in texts {
        expected += &format!("{text}\0");
    }
    for shell in ["sh", "bash"] {
        prop_assert_eq!(
            &run_shell(shell, &script),
            &expected,
            "{}: {}",
            shell,
            script
        );
    }
    Ok(())
}

fn run_shell(shell: &str, script: &str) -> String {
    let shell = tools::program(shell).expect("every machine that runs these tests has it");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script");
    std::fs::write(&file, script).unwrap();
    let output = Command::new(shell)
        .arg(&file)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The values come out of an env file as they went in, by systemd and by a shell.
fn check_env(texts: &[&str]) -> Result<(), TestCaseError> {
    let mut file = String::new();
    let mut script = String::new();
    let mut printed = String::new();
    let mut expected = BTreeMap::new();
    for (index, text) in texts.iter().enumerate() {
        let name = format!("V{index:04}");
        let line = escape::env_file_assignment(&name, text).unwrap();
        file += &format!("# {}\n{line}\n", escape::comment_line(text));
        script += &format!("printf '%s\\0' \"${name}\"\n");
        printed += &format!("{text}\0");
        expected.insert(name, *text);
    }
    let script = format!("cat >env <<'END OF FILE'\n{file}END OF FILE\nset -a\n. ./env\n{script}");
    prop_assert_eq!(&run_shell("sh", &script), &printed, "{}", file);
    check(&[Document::new("env", file, json!(expected))])
}

/// What Markdown and comments keep of a text: one line, and what can be seen.
fn visible(text: &str) -> String {
    let bidi = |it| matches!(it, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown =
        |it: &char| it.is_whitespace() || !(it.is_control() || bidi(*it) || *it == '\u{feff}');
    let text: String = text.chars().filter(shown).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text in every format that can carry it.
fn check_everywhere(texts: &[String]) -> Result<(), TestCaseError> {
    let mut documents = vec![Document::unit(texts)];
    documents.push(Document::yaml(json!(texts)));
    read_as_yaml_12(&json!(texts))?;
    documents.push(Document::new("json", to_json(&texts), json!(texts)));
    documents.push(Document::new("json", to_json_line(&texts), json!(texts)));
    for text in texts {
        if let Ok(escaped) = escape::xml_text(text) {
            documents.push(Document::new("plist", escaped, text.as_str()));
        }
        let comment = escape::xml_comment(text);
        documents.push(Document::new(
            "xml_comment",
            comment.as_ref(),
            json!([comment]),
        ));
        let shown: String = text
            .chars()
            .map(|it| if hidden_in_html(it) { '\u{fffd}' } else { it })
            .collect();
        let mut page = vec![
            json!(["p", ["title", shown]]),
            json!(["text", shown]),
            json!(["/p"]),
        ];
        page.retain(|it| *it != json!(["text", ""]));
        documents.push(Document::new("html", escape::html_text(text), json!(page)));
        let shown = visible(text);
        if !shown.is_empty() {
            documents.push(Document::new(
                "markdown",
                escape::markdown_text(text),
                shown.as_str(),
            ));
            documents.push(Document::new(
                "markdown",
                escape::markdown_code(text),
                shown,
            ));
        }
    }
    check(&documents)?;
    check_shell(&kept(texts, escape::shell_word))?;
    check_env(&kept(texts, escape::env_file_value))
}

fn hidden_in_html(character: char) -> bool {
    let bidi = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    bidi || character.is_control() && !"\t\n".contains(character)
}

/// Texts as strangers would make them: naughty ones, pieces of syntax, near-numbers, any characters.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "'", "\"", "\\", "$", "`", "%", "#", ": ", ":", "\n", " ", "---", "é", "\u{85}",
        "\u{2028}", "\t", "\r", "-", "=", ";", "&", "<", ">", "]]>", "*", "_", "[", "]", "(", ")",
        "|", "!", "~", "{", "}", "a", "1", "\0", "\u{1b}", ".",
    ]);
    prop_oneof![
        1 => prop::sample::select(naughty()),
        3 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        2 => "[-+.0-9_:eExXob~=<nyNOtrue]{0,9}",
        1 => prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
        1 => "[ -~]{0,30}",
    ]
}

/// Any JSON value whose texts and keys are hostile.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        hostile().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(hostile(), inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    // One case is one Python with hundreds of texts; failures are cheap enough to shrink.
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_texts_survive_every_format(texts in prop::collection::vec(hostile(), 0..200)) {
        check_everywhere(&texts)?;
    }

    #[test]
    fn any_value_survives_yaml(values in prop::collection::vec(value(), 0..60)) {
        check(&values.into_iter().map(Document::yaml).collect::<Vec<_>>())?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_survives_yaml_12(value in value()) {
        read_as_yaml_12(&value)?;
    }

    #[test]
    fn comments_are_one_line(text in hostile()) {
        for comment in [escape::comment_line(&text), escape::xml_comment(&text)] {
            let broken = comment.contains(|it: char| it.is_control() || ['\u{2028}', '\u{2029}'].contains(&it));
            prop_assert!(!broken, "{}", comment);
            prop_assert!(!comment.ends_with('\\'), "{}", comment);
        }
    }
}

#[test]
fn a_backslash_before_a_hyphen_does_not_end_a_comment() {
    for text in ["a\\-", "a\\--", "\\-\\ -"] {
        assert!(!escape::xml_comment(text).ends_with('\\'), "{text}");
    }
}

#[test]
fn c014_naughty_texts_survive_every_format() {
    check_everywhere(&naughty()).unwrap();
    check_yaml(naughty().iter().map(String::as_str));
}

#[test]
fn c060_words_that_yaml_11_takes_for_booleans() {
    check_yaml([
        "no", "NO", "No", "off", "OFF", "yes", "Yes", "on", "On", "y", "Y", "n", "N", "true",
        "False",
    ]);
}

#[test]
fn c061_texts_that_yaml_takes_for_numbers_dates_and_nothing() {
    check_yaml([
        "22:22",
        "1:20",
        "012",
        "0b11",
        "0x1F",
        "0o17",
        "1_000",
        "1.10",
        "~",
        "null",
        "Null",
        "2026-01-01",
        ".inf",
        ".nan",
        "+1",
        "=",
        "<<",
        "1e3",
        "-0",
        ".5",
        "5.",
        "_1",
        "",
    ]);
}

#[test]
fn c062_texts_that_begin_with_yaml_syntax() {
    check_yaml([
        "*a", "&a", "!a", "%a", "@a", "`a", "- a", "-", "? a", "{a}", "[a]", "|", "> a", "#a",
        "'a", "\"a", "a: b", "a #b",
    ]);
}

#[test]
fn c063_texts_of_several_lines() {
    check_yaml([
        "a\nb",
        "a\n",
        "\n\na\n\n",
        "  a\n    b",
        "---\na",
        "...\n",
        "\ta\tb",
        "a\r\nb",
        "a \n b ",
        "\n---\n",
    ]);
}

#[test]
fn c065_syntax_of_templates_and_variables_is_text() {
    let texts = ["{{ 7 * 7 }}", "{% if x %}", "${HOME}", "$HOME", "{# x #}"];
    check_yaml(texts);
    check_shell(&texts).unwrap();
    check_env(&texts).unwrap();
    let unit = Template::systemd("[Service]\nExecStart={{ argv | command }}\n")
        .render(&json!({"argv": ["/bin/a", texts[0], texts[2]]}));
    assert_eq!(
        unit.unwrap(),
        "[Service]\nExecStart=/bin/a \"{{ 7 * 7 }}\" \"$${HOME}\"\n"
    );
}

#[test]
fn c066_a_unit_takes_no_line_breaks() {
    for text in ["a\nb", "a\rb", "\n", "a\0", "a\u{1b}"] {
        assert!(escape::systemd_value(text).is_err(), "{text:?}");
        assert!(escape::systemd_word(text).is_err(), "{text:?}");
        assert!(escape::systemd_argument(text).is_err(), "{text:?}");
        assert!(escape::systemd_environment("A", text).is_err(), "{text:?}");
        let unit =
            Template::systemd("Description={{ it }}\nUser=me\n").render(&json!({"it": text}));
        assert!(
            matches!(unit, Err(TemplateError::Unwritable { line: Some(1), .. })),
            "{text:?}"
        );
    }
}

#[test]
fn c067_a_backslash_at_the_end_swallows_no_line() {
    assert!(escape::systemd_value("a\\").is_err());
    let texts = ["a\\", "\\", "a\\\\"].map(String::from);
    check(&[Document::unit(&texts)]).unwrap();
    assert_eq!(escape::systemd_argument("a\\").unwrap(), r#""a\\""#);
}

#[test]
fn c068_percent_is_doubled_in_every_place_of_a_unit() {
    let texts = ["%h", "%n", "%i", "%%", "100%", "a %h b"].map(String::from);
    check(&[Document::unit(&texts)]).unwrap();
    assert_eq!(escape::systemd_value("%h").unwrap(), "%%h");
}

#[test]
fn c069_dollar_is_doubled_in_arguments_only() {
    let texts = ["$HOME", "${X}", "$", "$$", "a$b", "a $b c"].map(String::from);
    check(&[Document::unit(&texts)]).unwrap();
    assert_eq!(escape::systemd_argument("$HOME").unwrap(), "$$HOME");
    assert_eq!(
        escape::systemd_environment("A", "$HOME").unwrap(),
        "A=$HOME"
    );
}

#[test]
fn c070_semicolons_are_quoted_and_prefixes_refused() {
    let texts = [";", "a;b", "\\;", "; b"].map(String::from);
    check(&[Document::unit(&texts)]).unwrap();
    for program in [
        "-/bin/a", "@/bin/a", "+/bin/a", "!/bin/a", "!!/bin/a", ":/bin/a", "|/bin/a", "a", "",
        "/bin/$a",
    ] {
        assert!(escape::systemd_command([program]).is_err(), "{program}");
    }
}

#[test]
fn c071_settings_inside_a_value_are_text() {
    let texts = [
        "[Service]",
        "User=root",
        "ExecStartPre=/bin/true",
        "a [Service] User=root",
    ]
    .map(String::from);
    check(&[Document::unit(&texts)]).unwrap();
}

#[test]
fn c072_arguments_with_quotes_escapes_and_blanks() {
    let texts = [
        "a b",
        "'a'",
        "\"a\"",
        "\\x41",
        "\\n",
        "a\tb",
        "",
        " ",
        "it's \"so\"",
        "\\",
        "é",
        "\u{2028}",
    ]
    .map(String::from);
    check(&[Document::unit(&texts)]).unwrap();
}

#[test]
fn c073_env_values_read_alike_or_refused() {
    check_env(&[
        "", "a", "a b", " a ", "a#b", "a #b", "it's", "\"a\"", "$HOME", "`id`", "C:\\a", "~",
        "a:~/b", "é", "a\tb", "!", "*",
    ])
    .unwrap();
    for (text, why) in [
        ("a\nb", "line break"),
        ("a\\", "backslash"),
        ("it's $5", "single quote"),
        ("it's \"so\"", "single quote"),
        ("\u{7}", "control character"),
    ] {
        let error = escape::env_file_value(text).unwrap_err();
        assert!(error.why.contains(why), "{error}");
    }
    assert!(escape::env_file_assignment("A-B", "a").is_err());
}

#[test]
fn c076_markup_in_a_property_list_is_text() {
    let texts = [
        "</string><key>",
        "&",
        "<",
        "]]>",
        "&amp;",
        "<!DOCTYPE a>",
        "<!-- -- -->",
        "a\r\nb",
        "--",
        "\u{85}",
    ];
    let documents = texts.map(|text| Document::new("plist", escape::xml_text(text).unwrap(), text));
    check(&documents).unwrap();
}

#[test]
fn c077_xml_takes_no_control_characters() {
    for text in [
        "\0", "\u{1}", "\u{8}", "\u{b}", "\u{1b}", "\u{fffe}", "\u{ffff}",
    ] {
        assert!(escape::xml_text(text).is_err(), "{text:?}");
    }
}

#[test]
fn c079_shell_syntax_is_text() {
    check_shell(&[
        "$(id)", "`id`", ";", "&&", "|", ">x", "<x", "'", "'; id; '", "\"", "\\", "$HOME", "", " ",
        "a=b", "#",
    ])
    .unwrap();
    for text in ["a\nb", "a\rb", "\0", "\u{1b}"] {
        assert!(escape::shell_word(text).is_err(), "{text:?}");
    }
}

#[test]
fn c080_text_in_a_comment_stays_on_its_line() {
    assert_eq!(
        escape::comment_line("a\nUser=root\u{85}b\u{2028}c\u{1b}[31m \\"),
        "a User=root b c[31m"
    );
    assert_eq!(escape::xml_comment("a --> <b> -- c --"), "a - - b - - c");
}

#[test]
fn c082_options_globs_and_tildes_are_words() {
    check_shell(&[
        "-n", "--", "*", "?", "[a-z]", "~", "~root", "!", "!!", "{a,b}",
    ])
    .unwrap();
}

#[test]
fn c084_json_stays_json() {
    let texts = json!(["\"", "\\", "\u{1}", "\u{2028}", "</script>", "\u{feff}", {"\"": null}]);
    let documents = [to_json(&texts), to_json_line(&texts)]
        .map(|text| Document::new("json", text, texts.clone()));
    assert_eq!(documents[1].text.matches('\n').count(), 1);
    check(&documents).unwrap();
}

#[test]
fn c086_markup_in_html_is_text() {
    let texts = [
        "</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "\" onclick=\"a",
        "' a='",
        "`",
        "&lt;",
    ];
    let documents = texts.map(|text| {
        Document::new(
            "html",
            escape::html_text(text),
            json!([["p", ["title", text]], ["text", text], ["/p"]]),
        )
    });
    check(&documents).unwrap();
}

#[test]
fn c089_markup_in_markdown_is_text() {
    let texts = [
        "a | b", "`", "``", "[a](b)", "<b>", "# a", "---", "1. a", "- a", "    a", "&copy;",
        "~~a~~", "> a", "a\\",
    ];
    let documents =
        texts.map(|text| Document::new("markdown", escape::markdown_text(text), text.trim()));
    check(&documents).unwrap();
}
