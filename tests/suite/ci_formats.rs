//! The formats for services that run checks: each against its schema and its limits.

use std::path::Path;

use homelab::cli::report::{self, Format, Style};
use homelab::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity, Source, Span};
use serde_json::{Value, json};

use crate::tools;

static RULE: Rule = Rule {
    name: "test-rule",
    severity: Severity::Error,
    summary: "a thing is wrong",
    why: "Because it is 100% wrong.",
    bad: "a = 1\n",
    good: "a = 2\n",
};

static OTHER: Rule = Rule {
    name: "other-rule",
    severity: Severity::Warning,
    summary: "another thing is odd",
    why: "It surprises.",
    bad: "",
    good: "",
};

fn render(format: Format, source: &Source, diagnostics: &Diagnostics) -> String {
    report::render(format, source, diagnostics, &Style::default())
}

fn parsed(format: Format, source: &Source, diagnostics: &Diagnostics) -> Value {
    serde_json::from_str(&render(format, source, diagnostics)).expect("it is JSON")
}

/// One of each: two places and a fix, a hidden character, a secret, and one without a place.
fn some(name: &str) -> (Source, Diagnostics) {
    let text = "[hosts.nas]\nport = \"4000\"\nkey = \"hunter22\"\nlast = 1\n";
    let source = Source::new(name, text);
    let at = |words: &str| {
        let start = text.find(words).expect("the words are there");
        Span::new(start, start + words.len())
    };
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(Diagnostic::new(&RULE, "about the file: 100%, all of it"));
    diagnostics.push(
        Diagnostic::new(&RULE, "`port` must be an integer")
            .primary(at("\"4000\""), "this is a string")
            .secondary(at("nas"), "of this host")
            .help("write it without quotes")
            .fix(Fix {
                title: "write `4000`".into(),
                safe: true,
                edits: vec![Edit {
                    span: at("\"4000\""),
                    text: "4000".into(),
                }],
            }),
    );
    let secret = at("\"hunter22\"");
    diagnostics.push(
        Diagnostic::new(&OTHER, "a password in plain sight\u{202e}")
            .primary(secret, "here")
            .mask(secret),
    );
    let mut note = Diagnostic::new(&OTHER, "the end").primary(at("last = 1\n"), "two lines");
    note.severity = Severity::Note;
    diagnostics.push(note);
    (source, diagnostics)
}

fn many(count: usize) -> (Source, Diagnostics) {
    let text = "x = 1\n".repeat(count);
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    for at in 0..count {
        let found = Diagnostic::new(&RULE, "wrong");
        diagnostics.push(found.primary(Span::new(at * 6, at * 6 + 1), "here"));
    }
    (source, diagnostics)
}

fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    let errors = validator.iter_errors(value);
    errors
        .map(|it| format!("{} at {}", it, it.instance_path()))
        .collect()
}

/// The official schema, from a package that ships it.
fn sarif_schema() -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/node/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        tools::skip("no schema of SARIF below target/node; tests/setup brings it");
        return None;
    };
    // A stray bracket in a pattern, which only JavaScript takes for a letter.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    Some(serde_json::from_str(&text).expect("the schema is JSON"))
}

#[test]
fn the_shapes_are_stable() {
    let (source, diagnostics) = some("lab/platform.toml");
    for (name, format) in [
        ("sarif", Format::Sarif),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
    ] {
        let out = render(format, &source, &diagnostics).replace(
            &format!("\"semanticVersion\": \"{}\"", env!("CARGO_PKG_VERSION")),
            "\"semanticVersion\": \"VERSION\"",
        );
        insta::assert_snapshot!(name, out);
    }
}

#[test]
fn sarif_holds_to_its_official_schema() {
    let Some(schema) = sarif_schema() else {
        return;
    };
    for name in ["platform.toml", "a b/ü.toml", "/srv/platform.toml"] {
        let (source, diagnostics) = some(name);
        let sarif = parsed(Format::Sarif, &source, &diagnostics);
        assert_eq!(errors(&schema, &sarif), Vec::<String>::new(), "{name}");
    }
    let nothing = parsed(
        Format::Sarif,
        &Source::new("platform.toml", ""),
        &Diagnostics::new(),
    );
    assert_eq!(errors(&schema, &nothing), Vec::<String>::new());
    assert_eq!(nothing["runs"][0]["results"], json!([]));
    // A schema that lets everything through would prove nothing.
    assert!(!errors(&schema, &json!({ "version": "2.1.0" })).is_empty());
}

#[test]
fn every_rule_of_the_program_fits_sarif() {
    let Some(schema) = sarif_schema() else {
        return;
    };
    let source = Source::new("platform.toml", "x = 1\n");
    let mut diagnostics = Diagnostics::new();
    for rule in homelab::compile::rules() {
        diagnostics.push(Diagnostic::new(rule, "found").primary(Span::new(0, 1), "here"));
    }
    let sarif = parsed(Format::Sarif, &source, &diagnostics);
    assert_eq!(errors(&schema, &sarif), Vec::<String>::new());
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), homelab::compile::rules().count());
    for result in run["results"].as_array().expect("results") {
        let at = result["ruleIndex"].as_u64().expect("an index");
        let rule = &rules[usize::try_from(at).expect("small")];
        assert_eq!(rule["id"], result["ruleId"]);
        let tags = rule["properties"]["tags"].as_array().expect("tags");
        assert!(tags.len() <= 10);
    }
}

#[test]
fn sarif_keeps_the_gravest_and_says_how_many_there_are() {
    let (source, mut diagnostics) = many(25_000);
    let mut note = Diagnostic::new(&OTHER, "a note").primary(Span::new(0, 1), "");
    note.severity = Severity::Note;
    diagnostics.push(note);
    diagnostics.sort();
    let sarif = parsed(Format::Sarif, &source, &diagnostics);
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 25_000);
    assert!(results.iter().all(|it| it["level"] == "error"));
    let said = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(
        said,
        "the 25000 gravest of 25001 findings; GitHub takes no more"
    );
    if let Some(schema) = sarif_schema() {
        let mut short = sarif.clone();
        short["runs"][0]["results"] = json!(results[..10]);
        assert_eq!(errors(&schema, &short), Vec::<String>::new());
    }
}

#[test]
fn a_result_has_no_more_places_than_github_takes() {
    let source = Source::new("platform.toml", "x = 1\n");
    let mut found = Diagnostic::new(&RULE, "wrong").primary(Span::new(0, 1), "here");
    for _ in 0..2_000 {
        found = found.secondary(Span::new(0, 1), "and here");
    }
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(found);
    let sarif = parsed(Format::Sarif, &source, &diagnostics);
    let related = &sarif["runs"][0]["results"][0]["relatedLocations"];
    assert_eq!(related.as_array().map(Vec::len), Some(999));
}

fn fingerprints(text: &str, words: &str, masked: bool) -> Vec<String> {
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    for (start, _) in text.match_indices(words) {
        let span = Span::new(start, start + words.len());
        let found = Diagnostic::new(&RULE, "wrong").primary(span, "here");
        diagnostics.push(if masked { found.mask(span) } else { found });
    }
    let of = |format, path: &str| -> Vec<String> {
        let value = parsed(format, &source, &diagnostics);
        let list = match format {
            Format::Sarif => value["runs"][0]["results"].clone(),
            _ => value,
        };
        let list = list.as_array().expect("a list").clone();
        list.iter()
            .map(|it| it.pointer(path).and_then(Value::as_str).expect("one"))
            .map(str::to_owned)
            .collect()
    };
    let sarif = of(
        Format::Sarif,
        "/partialFingerprints/primaryLocationLineHash",
    );
    assert_eq!(sarif, of(Format::Gitlab, "/fingerprint"));
    sarif
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let text = "[a]\nport = 1\n[b]\nport = 1\nport = 1\n";
    let before = fingerprints(text, "port", false);
    let moved = format!("# a comment\n\nversion = 1\n{text}last = 1\n");
    assert_eq!(before, fingerprints(&moved, "port", false));
    // Indented or behind another table, it is still the same finding.
    let indented = "[new]\nx = 1\n[a]\n  port = 1\r\n[b]\nport = 1\nport = 1\n";
    assert_eq!(before, fingerprints(indented, "port", false));
    let mut unique = before.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 3, "{before:?}");
}

#[test]
fn no_fingerprint_is_made_of_a_secret() {
    let one = fingerprints("key = \"hunter22\"\n", "\"hunter22\"", true);
    let other = fingerprints("key = \"hunter33\"\n", "\"hunter33\"", true);
    assert_eq!(one, other);
}

#[test]
fn gitlab_holds_to_its_documented_shape() {
    // The fields and words of GitLab's page on the Code Quality report format.
    let schema = json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": { "type": "string", "minLength": 1 },
                "check_name": { "type": "string", "minLength": 1 },
                "fingerprint": { "type": "string", "minLength": 1 },
                "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": { "type": "string", "pattern": "^[^./\\\\][^\\\\]*$" },
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": { "begin": { "type": "integer", "minimum": 1 } }
                        }
                    }
                }
            }
        }
    });
    let (source, diagnostics) = some("lab/platform.toml");
    let report = parsed(Format::Gitlab, &source, &diagnostics);
    assert_eq!(errors(&schema, &report), Vec::<String>::new());
    assert_eq!(report.as_array().map(Vec::len), Some(4));
    let nothing = parsed(Format::Gitlab, &source, &Diagnostics::new());
    assert_eq!(nothing, json!([]));
}

#[test]
fn github_commands_are_escaped_and_read_back() {
    let (source, diagnostics) = some("a,b:100%/platform.toml");
    let out = render(Format::Github, &source, &diagnostics);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 5, "{out}");
    assert_eq!(
        lines[0],
        "::error file=a%2Cb%3A100%25/platform.toml,title=test-rule::about the file: 100%25, all of it"
    );
    assert_eq!(
        lines[1],
        "::error file=a%2Cb%3A100%25/platform.toml,line=2,endLine=2,col=8,endColumn=14,title=test-rule::`port` must be an integer%0Ahelp: write it without quotes"
    );
    assert!(lines[2].starts_with("::warning ") && lines[3].starts_with("::notice "));
    assert!(!lines[3].contains("col="), "{}", lines[3]);
    assert_eq!(lines[4], "2 errors, 1 warning, 1 note");
    assert_eq!(render(Format::Github, &source, &Diagnostics::new()), "");
}

#[test]
fn github_gets_ten_of_each_level_and_the_totals() {
    let (source, mut diagnostics) = many(10_000);
    for at in 0..13 {
        let mut warning = Diagnostic::new(&OTHER, "odd").primary(Span::new(at, at), "");
        warning.severity = Severity::Warning;
        diagnostics.push(warning);
    }
    let out = render(Format::Github, &source, &diagnostics);
    assert_eq!(out.matches("::error ").count(), 10);
    assert_eq!(out.matches("::warning ").count(), 10);
    assert!(
        out.ends_with(
            "9993 more are not annotated: GitHub shows 10 of each level\n10000 errors, 13 warnings\n"
        ),
        "{out}"
    );
}

#[test]
fn c021_ten_thousand_do_not_take_the_square_of_the_time_of_one() {
    let (source, diagnostics) = many(10_000);
    for format in [Format::Sarif, Format::Github, Format::Gitlab] {
        let start = std::time::Instant::now();
        let out = render(format, &source, &diagnostics);
        assert!(!out.is_empty());
        // Without optimisation and on a busy machine it takes seconds; the square would take minutes.
        assert!(start.elapsed().as_secs() < 60, "{format:?}");
    }
}
