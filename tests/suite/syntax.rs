//! The text front end: what it accepts, what it refuses, and that it points at the right words.

use homelab::diagnostic::{Diagnostics, Source, Span};
use homelab::syntax::{self, DEFAULT_SIZE_LIMIT, Document, Form, Node, Path, Table, Value};
use proptest::prelude::*;

fn parse(text: &str) -> (Option<Document>, Vec<String>) {
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(&source, &mut diagnostics);
    let shown = diagnostics
        .iter()
        .map(|it| {
            let words = it.primary.as_ref().map_or("", |at| source.words(at.span));
            format!("{}: {} @ {words:?}", it.rule.name, it.message)
        })
        .collect();
    (document, shown)
}

fn errors(text: &str) -> Vec<String> {
    parse(text).1
}

/// The rules broken by a text.
fn rules(text: &str) -> Vec<String> {
    let name = |it: String| it.split(':').next().unwrap_or_default().to_owned();
    errors(text).into_iter().map(name).collect()
}

fn document(text: &str) -> Document {
    let (document, errors) = parse(text);
    assert_eq!(errors, Vec::<String>::new(), "{text}");
    document.expect("a document")
}

fn read_error(bytes: &[u8]) -> String {
    let error =
        syntax::read("platform.toml", bytes.to_vec(), DEFAULT_SIZE_LIMIT).expect_err("an error");
    format!(
        "{}: {}",
        error.diagnostic.rule.name, error.diagnostic.message
    )
}

fn read(bytes: &[u8]) -> Source {
    syntax::read("platform.toml", bytes.to_vec(), DEFAULT_SIZE_LIMIT).expect("readable")
}

fn path(keys: &[&str]) -> Path {
    keys.iter().fold(Path::new(), |path, key| path.key(*key))
}

#[test]
fn every_node_knows_its_words() {
    let text = "version = 1\n[hosts.nas]\ntitle = \"Store\" # x\naddress.lan = '10.0.0.1'\nports = [ 1, 2 ]\n[[approvals]]\nby = { name = \"A\" }\n[hosts]\n";
    let document = document(text);
    let words = |span: Span| document.source().words(span);
    let value = |keys: &[&str]| words(document.span(&path(keys)));
    assert_eq!(value(&["version"]), "1");
    assert_eq!(value(&["hosts", "nas"]), "[hosts.nas]");
    assert_eq!(value(&["hosts", "nas", "title"]), "\"Store\"");
    assert_eq!(value(&["hosts", "nas", "address"]), "address");
    assert_eq!(value(&["hosts", "nas", "address", "lan"]), "'10.0.0.1'");
    assert_eq!(value(&["hosts", "nas", "missing", "deep"]), "[hosts.nas]");
    assert_eq!(value(&["hosts"]), "[hosts]");
    assert_eq!(value(&["approvals"]), "[[approvals]]");
    let item = Path::new().key("approvals").index(0);
    assert_eq!(words(document.span(&item)), "[[approvals]]");
    assert_eq!(words(document.header_span(&item)), "approvals");
    let port = path(&["hosts", "nas", "ports"]).index(1);
    assert_eq!(words(document.span(&port)), "2");
    assert_eq!(words(document.key_span(&path(&["hosts", "nas"]))), "nas");
    assert_eq!(
        words(document.header_span(&path(&["hosts", "nas"]))),
        "hosts.nas"
    );
    let by = item.key("by");
    assert_eq!(words(document.span(&by)), "{ name = \"A\" }");
    assert_eq!(words(document.key_span(&by)), "by");
    let forms: Vec<_> = ["nas"]
        .iter()
        .map(|key| document.node(&path(&["hosts", key])).expect("present"))
        .map(|node| node.as_table().expect("present").form())
        .collect();
    assert_eq!(forms, [Form::Header]);
}

#[test]
fn a_node_deserialises_without_copies_of_the_tree() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(untagged)]
    enum Text {
        Literal(String),
        Env { env: String },
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Os {
        Linux,
        MacOs,
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Host {
        os: Os,
        port: u16,
        weight: f64,
        texts: Vec<Text>,
        title: Option<String>,
        until: Option<String>,
    }
    let document = document(
        "os = 'mac_os'\nport = 0xFA0\nweight = 1\ntexts = ['a', { env = 'B' }]\nuntil = 2026-01-02\n",
    );
    let host: Host = document.root_node().deserialize().expect("fits");
    let expected = Host {
        os: Os::MacOs,
        port: 4000,
        weight: 1.0,
        texts: vec![Text::Literal("a".into()), Text::Env { env: "B".into() }],
        title: None,
        until: Some("2026-01-02".into()),
    };
    assert_eq!(host, expected);
    let error = document
        .root_node()
        .deserialize::<std::collections::BTreeMap<String, u16>>();
    let span = error.expect_err("an error").span.expect("a place");
    assert_eq!(document.source().words(span), "'mac_os'");
}

#[test]
fn c001_byte_order_mark() {
    assert_eq!(read(b"\xEF\xBB\xBFa = 1\n").text(), "a = 1\n");
    assert_eq!(rules("a = 1\n# \u{feff}\n"), ["byte-order-mark"]);
    assert_eq!(rules("a = 1\n\u{feff}b = 2\n"), ["byte-order-mark"]);
}

#[test]
fn c002_utf16() {
    for text in [
        &b"\xFF\xFEa\0 \0=\0"[..],
        b"\xFE\xFF\0a\0 ",
        b"a\0 \0=\0",
        b"\0a\0 \0=",
        b"\xFF\xFE\0\0a\0\0\0",
    ] {
        let message = read_error(text);
        assert!(
            message.starts_with("utf16-text: the file is UTF-"),
            "{message}"
        );
    }
}

#[test]
fn c003_crlf_means_the_same() {
    let text = "[a]\nb = \"\"\"\none\ntwo\\\n  three\"\"\"\nc = '''\nx\ny'''\n";
    let unix = document(text);
    let windows = document(&text.replace('\n', "\r\n"));
    for key in ["b", "c"] {
        let of = |it: &Document| match &it.node(&path(&["a", key])).expect("present").value {
            Value::String(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(of(&unix), of(&windows));
    }
}

#[test]
fn c004_lone_carriage_return() {
    assert_eq!(rules("a = 1\rb = 2\n"), ["carriage-return"]);
    assert_eq!(rules("# x\ry\na = 1\n"), ["carriage-return"]);
    assert_eq!(rules("a = '''x\ry'''\n"), ["carriage-return"]);
}

#[test]
fn c005_nul() {
    assert_eq!(rules("a = 'x\0y'\n"), ["control-character"]);
    assert_eq!(rules("# \0\na = 1\n"), ["control-character"]);
    assert_eq!(
        errors("a = \"x\\u0000y\"\n"),
        ["control-character: U+0000 (NUL) may not stand here @ \"\\\\u0000\""]
    );
}

#[test]
fn c006_broken_utf8() {
    for (bytes, at) in [
        (&b"a = '\xC0\x80'"[..], 5),
        (b"ab = '\xE2\x82'", 6),
        (b"a = '\xED\xA0\x80'", 5),
        (b"a = 1 # \xFF", 8),
    ] {
        let message = read_error(bytes);
        assert!(
            message.starts_with(&format!("invalid-utf8: byte {at} is 0x")),
            "{message}"
        );
    }
}

#[test]
fn c007_control_characters() {
    for escape in [
        "\\u001b",
        "\\e",
        "\\u0007",
        "\\b",
        "\\f",
        "\\r",
        "\\u007f",
        "\\u0080",
        "\\x1b",
        "\\U0000009f",
    ] {
        assert_eq!(
            rules(&format!("a = \"x{escape}y\"\n")),
            ["control-character"],
            "{escape}"
        );
    }
    assert_eq!(rules("a = 'x\u{1b}[31m'\n"), ["control-character"]);
    assert_eq!(rules("a = '\u{9b}'\n"), ["control-character"]);
    assert_eq!(rules("\"a\\nb\" = 1\n"), ["control-character"]);
    document("a = \"x\\ny\\tz\"\n");
}

#[test]
fn c008_unicode_line_ends() {
    document("a = 'x\u{85}\u{2028}\u{2029}'\n");
    assert_eq!(rules("\"a\u{85}\" = 1\n"), ["control-character"]);
    assert_eq!(rules("\"a\u{2028}\" = 1\n"), ["non-ascii-key"]);
}

#[test]
fn c009_bidirectional_controls() {
    for text in [
        "a = 1 # \u{202e}\n",
        "a = '\u{2066}'\n",
        "a = \"\\u202e\"\n",
        "\"\u{200f}\" = 1\n",
    ] {
        let found = rules(text);
        assert!(
            found.contains(&"bidirectional-control".to_owned()),
            "{text:?} {found:?}"
        );
    }
}

#[test]
fn c010_invisible_characters_in_keys() {
    assert_eq!(
        errors("[hosts.\"n\u{200b}as\"]\n"),
        [
            "invisible-character: a key may not contain U+200B (zero width space) @ \"\\\"n\\u{200b}as\\\"\""
        ]
    );
    assert_eq!(rules("\"a\\u00ad\" = 1\n"), ["invisible-character"]);
    document("a = 'family: \u{1f468}\u{200d}\u{1f469}'\n");
}

#[test]
fn c011_letters_of_other_scripts_in_keys() {
    let found = errors("[handles.\"mlx-\u{430}\"]\n");
    assert!(found[0].contains("U+0430 (Cyrillic"), "{found:?}");
    assert_eq!(found.len(), 1);
}

#[test]
fn c012_keys_equal_after_normalisation() {
    // Keys are ASCII, so both places are refused.
    assert_eq!(
        rules("\"\u{e9}\" = 1\n\"e\u{301}\" = 2\n"),
        ["non-ascii-key"; 2]
    );
}

#[test]
fn c015_nothing_declared() {
    for text in ["", "\n\n", "# only a comment\n", "  \t"] {
        assert_eq!(rules(text), ["empty-platform"]);
    }
}

#[test]
fn c016_size_limit() {
    let error = syntax::read("platform.toml", vec![b'#'; 101], 100).expect_err("an error");
    assert_eq!(error.diagnostic.rule.name, "oversized-file");
    assert!(syntax::oversized(16 << 20, DEFAULT_SIZE_LIMIT).is_none());
    assert!(syntax::oversized((16 << 20) + 1, DEFAULT_SIZE_LIMIT).is_some());
}

/// Runs with so little stack that recursion over the input would overflow it.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    // Frames of an unoptimised build are about twice as large.
    let kibibytes = if cfg!(debug_assertions) { 512 } else { 256 };
    std::thread::Builder::new()
        .stack_size(kibibytes << 10)
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no panic");
}

#[test]
fn c018_deep_nesting() {
    on_a_small_stack(|| {
        let arrays = format!("a = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(rules(&arrays), ["deep-nesting"]);
        let unclosed = format!("a = {}", "[".repeat(100_000));
        assert!(rules(&unclosed).contains(&"deep-nesting".to_owned()));
        let tables = format!(
            "a = {}1{}\n",
            "{ b = ".repeat(100_000),
            " }".repeat(100_000)
        );
        assert_eq!(rules(&tables), ["deep-nesting"]);
        let dotted = format!(
            "a = {}1{}\n",
            "{ b.c.d.e.f.g = ".repeat(60),
            " }".repeat(60)
        );
        assert_eq!(rules(&dotted), ["deep-nesting"]);
        let deepest = format!("a = {}{}\n", "[".repeat(64), "]".repeat(64));
        document(&deepest);
    });
}

#[test]
fn c019_long_dotted_keys() {
    on_a_small_stack(|| {
        let key = vec!["a"; 10_000].join(".");
        assert_eq!(rules(&format!("{key} = 1\n")), ["deep-nesting"]);
        assert_eq!(rules(&format!("[{key}]\nx = 1\n")), ["deep-nesting"]);
        assert_eq!(rules(&format!("a = {{ {key} = 1 }}\n")), ["deep-nesting"]);
    });
}

#[test]
fn c020_oversized_values() {
    let text = "x".repeat(10 << 20);
    assert_eq!(rules(&format!("a = '{text}'\n")), ["oversized-value"]);
    assert_eq!(rules(&format!("{text} = 1\n")), ["oversized-value"]);
    let number = "1".repeat(1_000_000);
    assert_eq!(rules(&format!("a = {number}\n")), ["oversized-value"]);
    assert_eq!(rules(&format!("a = {number}.5\n")), ["oversized-value"]);
    for message in errors(&format!("a = {}\n", "q".repeat(10 << 20))) {
        let message = message.split(" @ ").next().expect("present");
        assert!(message.chars().count() <= 200, "{message}");
    }
}

#[test]
fn c021_ten_thousand_errors() {
    let text = "a = \n".repeat(10_000);
    assert_eq!(errors(&text).len(), 10_000);
    // Beyond reason the rest is not looked at, and the reader is told.
    let found = rules(&"= \n".repeat(100_000));
    assert_eq!(found.len(), 20_001);
    assert_eq!(found.last().expect("present"), "too-many-errors");
}

#[test]
fn c025_merge_conflict() {
    let text = "[a]\n<<<<<<< HEAD\nb = 1\n||||||| base\nb = 0\n=======\nb = 2\n>>>>>>> other\nc = 1\n<<<<<<< HEAD\n=======\n>>>>>>> x\n";
    assert_eq!(
        errors(text),
        [
            "merge-conflict-marker: a merge conflict is not resolved @ \"<<<<<<< HEAD\"",
            "merge-conflict-marker: a merge conflict is not resolved @ \"<<<<<<< HEAD\""
        ]
    );
    // A file of nothing but markers is told within bounds.
    assert!(errors(&"<<<<<<<\n=======\n".repeat(100_000)).len() <= 20_001);
    document("note = '''\n<<<<<<< HEAD\n=======\n>>>>>>> x\n'''\n");
}

#[test]
fn c028_duplicates_show_both_places() {
    let cases = [
        ("a = 1\na = 2\n", "a", 0, 6),
        ("[a]\nx = 1\n[a]\n", "a", 1, 11),
        ("[a]\nb.c = 1\n[a.b]\n", "b", 4, 15),
        ("a.b = 1\na.b = 2\n", "b", 2, 10),
        ("a = 1\na.b = 2\n", "a", 0, 6),
        ("a = { b = 1 }\n[a.c]\n", "a", 0, 15),
        ("[[a]]\n[a]\n", "a", 2, 7),
        ("a = [1]\n[[a]]\n", "a", 0, 10),
        ("t = { k = 1, k = 2 }\n", "k", 6, 13),
        ("a = { b.c = 1 }\na.b.d = 2\n", "a", 0, 16),
    ];
    for (text, key, first, second) in cases {
        let source = Source::new("x", text);
        let mut diagnostics = Diagnostics::new();
        syntax::parse(&source, &mut diagnostics);
        let found: Vec<_> = diagnostics.iter().collect();
        assert_eq!(found.len(), 1, "{text} {found:?}");
        assert_eq!(found[0].rule.name, "duplicate-key");
        let primary = found[0].primary.as_ref().expect("present").span;
        let secondary = found[0].secondary[0].span;
        assert_eq!((primary.start, secondary.start), (second, first), "{text}");
        assert_eq!(source.words(primary), key);
        assert_eq!(source.words(secondary), key);
    }
}

#[test]
fn c033_integers_of_every_notation() {
    for number in ["4_000", "0xFA0", "0o7640", "4000", "+4000"] {
        let document = document(&format!("port = {number}\n"));
        let value = &document.node(&path(&["port"])).expect("present").value;
        assert!(matches!(value, Value::Integer(4000)), "{number}");
    }
}

#[test]
fn c035_numbers_too_large() {
    assert_eq!(rules("a = 9223372036854775808\n"), ["toml-syntax"]);
    assert_eq!(rules("a = 1e309\n"), ["toml-syntax"]);
    assert_eq!(rules("a = 2026-02-30\n"), ["toml-syntax"]);
}

#[test]
fn several_mistakes_are_one_message_each_and_the_rest_is_read() {
    let text = "a = nas\n[b\nc = 1\nd = [1 2]\n[e]\nf = \"x\nok = 1\ng\nh = { i = }\n[e]\nj = 1\n";
    let (document, found) = parse(text);
    insta::assert_snapshot!(found.join("\n"));
    let document = document.expect("the rest");
    assert!(document.is_damaged());
    assert!(document.node(&path(&["b", "c"])).is_some());
    assert!(document.node(&path(&["e", "ok"])).is_some());
    assert!(document.node(&path(&["a"])).is_none());
}

#[test]
fn every_rule_is_broken_by_its_bad_example_alone() {
    for rule in syntax::RULES {
        assert_eq!(errors(rule.good), Vec::<String>::new(), "{}", rule.name);
        // Those without an example are about bytes that a string cannot hold.
        if !rule.bad.is_empty() {
            assert_eq!(rules(rule.bad), [rule.name]);
        }
    }
    assert!(syntax::RULES.is_sorted_by_key(|it| it.name));
}

/// Pieces that make TOML, near-TOML and nonsense.
fn toml_soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "c",
        ".",
        ".",
        "=",
        " = ",
        "1",
        "'x'",
        "\"y\"",
        "\"\"\"",
        "'''",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        ",",
        "\n",
        "\n",
        "\n[a]\n",
        "\n[a.b]\n",
        "\n[[c]]\n",
        "\na.b = 1\n",
        "#",
        "\r\n",
        "\\u0041",
        "é",
        "true",
        "1979-05-27",
        "1.5",
        "\n<<<<<<< a\n",
        "\u{feff}",
        "\0",
        " ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|it| it.concat())
}

/// The tree as the `toml` crate sees it.
fn by_the_toml_crate(text: &str) -> Option<serde_json::Value> {
    toml::from_str::<serde_json::Value>(text).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_never_panic_and_every_span_is_inside(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(source) = syntax::read("x", bytes, DEFAULT_SIZE_LIMIT) {
            check_spans(&source);
        }
    }

    #[test]
    fn toml_soup_never_panics_and_every_span_is_inside(text in toml_soup()) {
        check_spans(&Source::new("x", text));
    }

    #[test]
    fn what_is_accepted_means_what_the_toml_crate_says(text in toml_soup()) {
        let (document, errors) = parse(&text);
        let theirs = by_the_toml_crate(&text);
        if errors.is_empty() {
            let ours = document.expect("no errors").root_node().deserialize::<serde_json::Value>();
            let strip = |it: serde_json::Value| it.to_string().replace("\\r\\n", "\\n");
            // The crate has dates as a table with a name of its own.
            if !text.contains("1979") {
                prop_assert_eq!(strip(ours.expect("JSON")), strip(theirs.expect("theirs")));
            }
        } else if errors.iter().all(|it| it.starts_with("toml-syntax") || it.starts_with("duplicate")) {
            prop_assert!(theirs.is_none(), "{:?}", errors);
        }
    }
}

fn check_spans(source: &Source) {
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(source, &mut diagnostics);
    for found in &diagnostics {
        let labels = found.primary.iter().chain(&found.secondary);
        labels.for_each(|label| is_inside(source, label.span));
        let edits = found.fix.iter().flat_map(|fix| &fix.edits);
        edits.for_each(|edit| is_inside(source, edit.span));
    }
    if let Some(document) = document {
        check_nodes(source, document.root_node());
    }
}

fn check_nodes(source: &Source, node: &Node) {
    is_inside(source, node.span());
    for item in node.as_array().into_iter().flatten() {
        check_nodes(source, item);
    }
    for entry in node.as_table().into_iter().flat_map(Table::entries) {
        is_inside(source, entry.key_span());
        check_nodes(source, &entry.node);
    }
}

fn is_inside(source: &Source, span: Span) {
    let text = source.text();
    assert!(text.get(span.start..span.end).is_some(), "{span:?}");
}
