//! The shape of a document against the types of `manifest`: every mistake, at the words to change.

use homelab::diagnostic::{Diagnostics, Source};
use homelab::manifest::{Manifest, shape};
use homelab::syntax;
use proptest::prelude::*;

const PLATFORM: &str = r#"
version = 1
name = "lab"

[policy]
gateway = "litellm"

[networks.lan]
kind = "lan"

[hosts.nas]
os = "linux"
addresses = { lan = "192.168.1.71" }

[services.litellm]
kind = "litellm"
host = "nas"
port = 4000
env = { LOG = "DEBUG", PORT = 4000, KEY = { secret = "key" } }
"#;

fn check(text: &str) -> Vec<String> {
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(&source, &mut diagnostics).expect("a document");
    assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
    let fits = shape::check(&document, &mut diagnostics);
    assert_eq!(fits, diagnostics.is_empty());
    let manifest = document.root_node().deserialize::<Manifest>();
    if fits {
        manifest.expect("what has the right shape deserialises");
    }
    diagnostics
        .iter()
        .map(|it| {
            let words = it.primary.as_ref().map_or("", |at| source.words(at.span));
            let help = it.help.as_ref().map(|it| format!(" ({it})"));
            format!(
                "{}: {} @ {words}{}",
                it.rule.name,
                it.message,
                help.unwrap_or_default()
            )
        })
        .collect()
}

/// What is found when these lines follow the platform above, in the table of its service.
fn with(lines: &str) -> Vec<String> {
    check(&format!("{PLATFORM}{lines}\n"))
}

/// The one thing found when one line of the platform above is another.
fn instead(line: &str, other: &str) -> String {
    assert!(PLATFORM.contains(line), "{line}");
    let found = check(&PLATFORM.replace(line, other));
    assert_eq!(found.len(), 1, "{other} {found:?}");
    found.into_iter().next().unwrap_or_default()
}

#[test]
fn a_platform_has_the_right_shape() {
    assert_eq!(check(PLATFORM), Vec::<String>::new());
}

#[test]
fn c030_unknown_keys_offer_the_near_one() {
    assert_eq!(
        with("bnid = \"all\""),
        ["unknown-key: `bnid` is no key here @ bnid (did you mean `bind`?)"]
    );
    // The near name that is there already is no help.
    assert_eq!(
        instead("os = \"linux\"", "os = \"linux\"\noss = \"linux\"")
            .split(" @ ")
            .next(),
        Some("unknown-key: `oss` is no key here")
    );
    assert_eq!(
        instead("kind = \"lan\"", "kind = \"lan\"\ncolour = \"red\""),
        "unknown-key: `colour` is no key here @ colour (the keys here are `kind`, `notes` and `title`)"
    );
    assert_eq!(
        with("[servces.x]\nkind = 1"),
        ["unknown-key: `servces` is no key here @ servces (did you mean `services`?)"]
    );
}

#[test]
fn a_number_is_put_in_quotes_only_where_that_is_a_word() {
    assert_eq!(
        instead("port = 4000\n", "notes = 5\n"),
        "wrong-type: `notes` must be a string, not an integer @ 5 (write `\"5\"`)"
    );
    assert_eq!(
        instead(
            "port = 4000\n",
            "[gateway]\ntimeout = 300\n[services.o]\nkind = \"ollama\"\nhost = \"nas\"\n"
        ),
        "wrong-type: `timeout` must be a length of time, not an integer @ 300 (write a whole number and `ms`, `s`, `m`, `h`, `d`, such as `300s` or `5m`)"
    );
    assert_eq!(
        instead("os = \"linux\"\n", "os = 7\n"),
        "wrong-type: `os` must be a string, not an integer @ 7"
    );
}

#[test]
fn c031_wrong_types_say_what_to_write() {
    let port = |other: &str| instead("port = 4000\n", &format!("port = {other}\n"));
    assert_eq!(
        port("\"4000\""),
        "wrong-type: `port` must be an integer, not a string @ \"4000\" (write `4000` without quotes)"
    );
    assert_eq!(
        port("4000.0"),
        "wrong-type: `port` must be an integer, not a float @ 4000.0 (write `4000`)"
    );
    assert_eq!(
        port("true"),
        "wrong-type: `port` must be an integer, not a boolean @ true"
    );
    assert_eq!(
        port("2026-01-01"),
        "wrong-type: `port` must be an integer, not a date @ 2026-01-01"
    );
    assert_eq!(
        port("[]"),
        "wrong-type: `port` must be an integer, not an array @ []"
    );
    assert_eq!(
        instead("host = \"nas\"", "host = 4090"),
        "wrong-type: `host` must be a name, not an integer @ 4090 (write `\"4090\"`)"
    );
    assert_eq!(
        with("calls = \"searxng\""),
        [
            "wrong-type: `calls` must be an array, not a string @ \"searxng\" (write `[\"searxng\"]`)"
        ]
    );
    assert_eq!(
        with("calls = [1, \"a\", [2]]"),
        [
            "wrong-type: an item of `calls` must be a name, not an integer @ 1 (write `\"1\"`)",
            "wrong-type: an item of `calls` must be a name, not an array @ [2]"
        ]
    );
    assert_eq!(
        with("run = 1"),
        ["wrong-type: `run` must be a table, not an integer @ 1"]
    );
}

#[test]
fn c032_ports_outside_their_range() {
    for port in ["0", "-1", "65536", "99999"] {
        let found = instead("port = 4000\n", &format!("port = {port}\n"));
        assert_eq!(
            found,
            format!("out-of-range: `port` must be between 1 and 65535, not {port} @ {port}")
        );
    }
}

#[test]
fn c033_integers_of_every_notation_are_accepted() {
    for port in ["4_000", "0xFA0", "0o7640"] {
        let text = PLATFORM.replace("port = 4000\n", &format!("port = {port}\n"));
        assert_eq!(check(&text), Vec::<String>::new());
    }
}

#[test]
fn c035_numbers_that_json_readers_change() {
    let parameter = |value: &str| {
        with(&format!(
            "[handles.a]\nmodel = \"m\"\nparameters = {{ temperature = {value} }}"
        ))
    };
    for value in ["9007199254740993", "-9007199254740993", "nan", "inf"] {
        assert!(parameter(value)[0].starts_with("out-of-range: "), "{value}");
    }
    assert_eq!(parameter("0.7"), Vec::<String>::new());
    assert_eq!(parameter("[1, { a = \"b\" }]"), Vec::<String>::new());
    assert_eq!(
        parameter("2026-01-01"),
        [
            "wrong-type: `temperature` must be a string, an integer, a number, a boolean, an array or a table, not a date @ 2026-01-01"
        ]
    );
}

#[test]
fn c037_to_c049_words_of_a_kind_say_what_is_wrong() {
    assert_eq!(
        with("run = { restart_delay = \"5\" }"),
        [
            "malformed-word: `5` is not a length of time: it has no unit @ \"5\" (write a whole number and `ms`, `s`, `m`, `h`, `d`, such as `300s` or `5m`)"
        ]
    );
    assert_eq!(
        instead("\"192.168.1.71\"", "\"127.1\""),
        "malformed-word: `127.1` is not an IP address: it is an old notation that programs read differently @ \"127.1\" (write `127.0.0.1`)"
    );
    assert_eq!(
        instead("[networks.lan]", "[networks.My_Lan]"),
        "malformed-word: `My_Lan` is not a name: it has `M` in it @ My_Lan (write `my-lan`)"
    );
    assert_eq!(
        instead("LOG =", "LD_PRELOAD ="),
        "malformed-word: `LD_PRELOAD` is not the name of a variable: it is a variable that the system gives a meaning of its own @ LD_PRELOAD"
    );
    assert_eq!(
        with("approval = { reason = \"x\", by = \"me\", when = 2026-11-21 }"),
        Vec::<String>::new()
    );
    assert_eq!(
        with("approval = { reason = \"x\", by = \"me\", when = \"2026-02-30\" }"),
        ["malformed-word: `2026-02-30` is not a day: there is no such day @ \"2026-02-30\""]
    );
}

#[test]
fn a_misspelt_key_is_not_missing_as_well() {
    assert_eq!(
        instead("host = \"nas\"", "hots = \"nas\""),
        "unknown-key: `hots` is no key here @ hots (did you mean `host`?)"
    );
}

#[test]
fn missing_keys_are_one_message_for_one_table() {
    assert_eq!(
        with("approval = { by = \"me\" }"),
        ["missing-key: `approval` lacks the keys `reason` and `when` @ { by = \"me\" }"]
    );
    assert_eq!(
        check("name = \"lab\"\nhosts = {}\nservices = {}\npolicy = { gateway = \"a\" }\n"),
        ["missing-key: the file lacks the key `version` @ "]
    );
}

#[test]
fn words_of_a_list_offer_the_near_one() {
    assert_eq!(
        instead("os = \"linux\"", "os = \"Linux\""),
        "unknown-word: `os` cannot be `Linux` @ \"Linux\" (did you mean `linux`? The words are `linux`, `macos` and `windows`)"
    );
    assert_eq!(
        instead("os = \"linux\"", "os = \"bsd\""),
        "unknown-word: `os` cannot be `bsd` @ \"bsd\" (the words are `linux`, `macos` and `windows`)"
    );
}

#[test]
fn alternatives_are_chosen_by_type_so_that_messages_stay_specific() {
    assert_eq!(
        with("[services.litellm.ports.api]\nnumbr = 1"),
        ["unknown-key: `numbr` is no key here @ numbr (did you mean `number`?)"]
    );
    assert_eq!(
        with("[services.litellm.ports]\napi = 70000"),
        ["out-of-range: `api` must be between 1 and 65535, not 70000 @ 70000"]
    );
    assert_eq!(
        with("[services.litellm.ports]\napi = \"4000\""),
        [
            "wrong-type: `api` must be an integer or a table, not a string @ \"4000\" (write `4000` without quotes)"
        ]
    );
    assert_eq!(
        instead("{ secret = \"key\" }", "{ secrt = \"key\" }"),
        "unknown-key: `secrt` is no key here @ secrt (did you mean `secret`?)"
    );
    assert_eq!(
        instead("{ secret = \"key\" }", "1.5"),
        "wrong-type: `KEY` must be a string, an integer, a boolean or a table, not a float @ 1.5"
    );
}

#[test]
fn below_a_syntax_error_nothing_is_called_missing() {
    let text = PLATFORM.replace("host = \"nas\"", "host = nas");
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(&source, &mut diagnostics).expect("a document");
    assert_eq!(diagnostics.len(), 1);
    assert!(shape::check(&document, &mut diagnostics));
}

#[test]
fn every_rule_is_broken_by_its_bad_example_alone() {
    assert!(shape::RULES.is_sorted_by_key(|it| it.name));
    for rule in shape::RULES {
        assert_eq!(check(rule.good), Vec::<String>::new(), "{}", rule.name);
        // No type has a limit on lengths yet.
        if !rule.bad.is_empty() {
            let found = check(rule.bad);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].starts_with(&format!("{}: ", rule.name)),
                "{found:?}"
            );
        }
    }
}

/// Values of every type, right and wrong.
fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "1",
        "0",
        "-5",
        "70000",
        "1.5",
        "nan",
        "true",
        "\"a\"",
        "\"nas\"",
        "\"linux\"",
        "\"5s\"",
        "\"16GB\"",
        "\"\"",
        "2026-01-01",
        "[]",
        "[\"a\"]",
        "[1, { a = 1 }]",
        "{}",
        "{ env = \"A\" }",
        "{ a = { b = [] } }",
    ])
}

/// Keys of every table, and some of none.
fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "kind",
        "host",
        "port",
        "ports",
        "state",
        "env",
        "run",
        "health",
        "title",
        "calls",
        "bind",
        "approval",
        "x",
        "layer",
        "endpoints",
        "profiles",
        "pins",
        "managed_by",
        "os",
        "memory",
        "volumes",
        "addresses",
        "init",
        "model",
        "models",
        "parameters",
        "timeout",
        "fallbacks",
        "deprecated",
        "service",
        "mode",
        "capabilities",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// `check` asserts that what has the right shape deserialises.
    #[test]
    fn what_has_the_right_shape_deserialises(
        section in prop::sample::select(vec!["services.b", "hosts.b", "handles.b", "models.b", "mcp.b", "gateway", "ops", "policy.optimiser"]),
        entries in prop::collection::btree_map(key(), value(), 0..6),
    ) {
        let lines: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let lines = lines.join("\n");
        with(&format!("[{section}]\n{lines}"));
    }
}
