//! How findings look: snapshots over `tests/cases/diagnostics`, and that nothing in a file can harm the terminal.

use std::fs;
use std::path::Path;

use homelab::cli::report::{self, Format, Style};
use homelab::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Source, Span};
use homelab::manifest::shape;
use homelab::syntax::{self, DEFAULT_SIZE_LIMIT};
use proptest::prelude::*;

static RULE: Rule = Rule {
    name: "test-rule",
    severity: Severity::Error,
    summary: "",
    why: "",
    bad: "",
    good: "",
};

const FORMATS: [Format; 6] = [
    Format::Full,
    Format::Concise,
    Format::Json,
    Format::Sarif,
    Format::Github,
    Format::Gitlab,
];

/// The text of a case and what the front end finds in it.
fn findings(name: &str, bytes: Vec<u8>) -> (Source, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let source = match syntax::read(name, bytes, DEFAULT_SIZE_LIMIT) {
        Ok(source) => source,
        Err(unreadable) => {
            diagnostics.push(unreadable.diagnostic);
            return (unreadable.source, diagnostics);
        }
    };
    if let Some(document) = syntax::parse(&source, &mut diagnostics) {
        shape::check(&document, &mut diagnostics);
    }
    diagnostics.sort();
    (source, diagnostics)
}

fn cases() -> Vec<(String, Source, Diagnostics)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/diagnostics");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|it| it.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let case = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let bytes = fs::read(&path).expect("a case");
            let (source, diagnostics) = findings("platform.toml", bytes);
            assert!(!diagnostics.is_empty(), "{case}");
            (case, source, diagnostics)
        })
        .collect()
}

fn style(width: usize) -> Style {
    Style {
        width,
        ..Style::default()
    }
}

#[test]
fn every_case_looks_right_to_people() {
    for (case, source, diagnostics) in cases() {
        let full = report::render(Format::Full, &source, &diagnostics, &style(80));
        insta::assert_snapshot!(format!("full-{case}"), full);
        let concise = report::render(Format::Concise, &source, &diagnostics, &style(80));
        insta::assert_snapshot!(format!("concise-{case}"), concise);
    }
}

#[test]
fn json_has_the_documented_shape() {
    let source = Source::new(
        "platform.toml",
        "a = 1\nport = \"4000\"\nb = \"\u{1b}é\u{202e}\"\n",
    );
    let mut diagnostics = Diagnostics::new();
    let fix = homelab::diagnostic::Fix {
        title: "write `4000`".into(),
        safe: true,
        edits: vec![homelab::diagnostic::Edit {
            span: Span::new(13, 19),
            text: "4000".into(),
        }],
    };
    let found = Diagnostic::new(&RULE, "`port` must be an integer")
        .primary(Span::new(13, 19), "this is a string")
        .secondary(Span::new(0, 1), "see here \u{202e}")
        .help("write it without quotes")
        .fix(fix);
    diagnostics.push(found);
    diagnostics.push(Diagnostic::new(&RULE, "about the file"));
    let json = report::render(Format::Json, &source, &diagnostics, &Style::default());
    insta::assert_snapshot!(json);
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        value["diagnostics"][0]["labels"][1]["text"],
        "see here \u{202e}"
    );
}

#[test]
fn c021_the_first_fifty_are_shown_and_all_are_counted() {
    let text = "port = x\n".repeat(10_000);
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    syntax::parse(&source, &mut diagnostics);
    for at in 0..7 {
        let mut warning = Diagnostic::new(&RULE, "a warning").primary(Span::new(at, at), "");
        warning.severity = Severity::Warning;
        diagnostics.push(warning);
    }
    diagnostics.sort();
    for format in [Format::Full, Format::Concise] {
        let out = report::render(format, &source, &diagnostics, &Style::default());
        let end: Vec<_> = out.lines().rev().take(2).collect();
        assert_eq!(end, ["10000 errors, 7 warnings", "… and 9957 more"]);
        // Errors go before warnings when there is no room for both.
        assert!(!out.contains("a warning"));
        assert_eq!(out.matches("toml-syntax").count(), 50);
    }
    let json = report::render(Format::Json, &source, &diagnostics, &Style::default());
    assert_eq!(json.matches("\"rule\"").count(), 10_007);
}

#[test]
fn c122_twenty_columns_are_enough() {
    for (case, source, diagnostics) in cases() {
        for width in [20, 30, 60, 80, 120] {
            let out = report::render(Format::Full, &source, &diagnostics, &style(width));
            for line in out.lines() {
                // The name of a rule is one word and is not broken.
                let is_rule = diagnostics.iter().any(|it| it.rule.name == line);
                let columns = line.chars().count();
                assert!(is_rule || columns <= width, "{case} {width}: {line}");
            }
        }
    }
}

#[test]
fn twenty_columns_look_right() {
    let (_, source, diagnostics) = cases()
        .into_iter()
        .find(|it| it.0 == "duplicate-table")
        .expect("the case");
    let out = report::render(Format::Full, &source, &diagnostics, &style(20));
    insta::assert_snapshot!(out);
}

#[test]
fn colours_are_there_when_asked_for_and_ascii_without_unicode() {
    let (_, source, diagnostics) = cases().remove(0);
    let colour = Style {
        colour: true,
        ..style(80)
    };
    let coloured = report::render(Format::Full, &source, &diagnostics, &colour);
    assert!(coloured.contains("\u{1b}["));
    let ascii = Style {
        unicode: false,
        ..style(80)
    };
    let plain = report::render(Format::Full, &source, &diagnostics, &ascii);
    assert!(plain.is_ascii(), "{plain}");
}

#[test]
fn c020_and_c093_long_and_hostile_names_stay_on_their_line() {
    let name = format!("{}\u{1b}]0;x\u{7}.toml", "d/".repeat(500));
    let source = Source::new(name, "a = 1");
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(
        Diagnostic::new(&RULE, "m\u{1b}[31m\nnext")
            .primary(Span::new(5, 5), "l\u{9b}\u{202e}")
            .help("h\u{8}"),
    );
    for format in FORMATS {
        let out = report::render(format, &source, &diagnostics, &style(80));
        let bad = out
            .chars()
            .find(|it| *it != '\n' && it.is_control() || *it == '\u{202e}');
        assert_eq!(bad, None, "{out}");
    }
}

#[test]
fn c050_secret_words_are_shown_by_no_report() {
    let text = "a = \"http://me:hunter2é@nas\"\nb = 1\n";
    let source = Source::new("platform.toml", text);
    let mut diagnostics = Diagnostics::new();
    let found = Diagnostic::new(&RULE, "it holds a password").primary(Span::new(4, 29), "here");
    diagnostics.push(found.mask(Span::new(4, 29)));
    diagnostics.push(Diagnostic::new(&RULE, "another").primary(Span::new(30, 31), "the next line"));
    for format in FORMATS {
        for width in [20, 80] {
            let out = report::render(format, &source, &diagnostics, &style(width));
            assert!(!out.contains("unter2"), "{out}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Any text, any labels: it is shown, in every format and width, with nothing in it that a terminal obeys.
    #[test]
    fn any_finding_about_any_text_can_be_shown(
        text in "([a-zé日\u{1b}\u{202e}\t]{0,30}(\n|\r\n|)){0,12}",
        places in prop::collection::vec((0usize..400, 0usize..60), 0..4),
        width in 20usize..120,
    ) {
        let floor = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let spans: Vec<_> = places.iter().map(|(start, length)| Span::new(floor(*start), floor(start + length))).collect();
        let mut found = Diagnostic::new(&RULE, "something is wrong with this");
        for (at, span) in spans.iter().enumerate() {
            found = if at == 0 { found.primary(*span, "this is where") } else { found.secondary(*span, "and this is another place that has to do with it") };
        }
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(found);
        let source = Source::new("platform.toml", text.clone());
        for format in FORMATS {
            let out = report::render(format, &source, &diagnostics, &style(width));
            prop_assert!(!out.contains("Failed to read"), "{out}");
            let bad = out.chars().find(|it| *it != '\n' && (it.is_control() || *it == '\u{202e}'));
            prop_assert_eq!(bad, None);
        }
    }
}
