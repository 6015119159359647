//! The rules about gateways, routes, limits, capacity, secrets, conventions and supply: what owners really wrote is found, and what only looks like it is not.

use homelab::cli::report::{Format, Style, render};
use homelab::compile::check;
use homelab::diagnostic::{Diagnostic, Diagnostics, Source, mend};

use crate::lint::findings;

/// What is found in a text, as rule and words, without the order.
fn expect(text: &str, expected: &[&str]) {
    let mut found = findings(text);
    found.sort();
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn checked(text: &str) -> (Source, Diagnostics) {
    let source = Source::new("platform.toml", text);
    let today = "2026-11-21".parse().ok();
    let diagnostics = check(&source, today).diagnostics;
    (source, diagnostics)
}

#[test]
fn kheti_trap_3_a_fourth_model_and_models_that_ollama_cannot_serve() {
    expect(
        include_str!("../cases/lint/kheti-ollama.toml"),
        &[
            "aged-model-id @ claude",
            "default-context @ ollama",
            "gpu-memory-overcommitted @ true",
            "too-many-boot-models @ true",
            "unserved-mode @ \"audio-transcription\"",
            "unserved-mode @ \"image-generation\"",
        ],
    );
}

#[test]
fn c050_c094_c100_kheti_trap_5_secrets_and_default_credentials_are_found() {
    expect(
        include_str!("../cases/lint/kheti-credentials.toml"),
        &[
            "literal-secret @ Zq81mLx7Rt2vWc9bKd4e",
            "literal-secret @ hf_QWERTYnotreal8s7d6f5g4h3j2k1l0ZpYxW",
            "literal-secret @ \"sk-kheti-4f1d0a7be29c6358d1f0b7a4\"",
            "default-credential @ litellm_password",
            "literal-secret @ r3disPa55",
            "literal-secret @ a9",
            "literal-secret @ Zq81mLx7Rt2vWc9bKd4e",
            "literal-secret @ \"hunter22\"",
            "default-credential @ \"admin\"",
        ],
    );
}

#[test]
fn c094_no_report_shows_a_secret() {
    let (source, diagnostics) = checked(include_str!("../cases/lint/kheti-credentials.toml"));
    let secrets = [
        "Zq81mLx7Rt2vWc9bKd4e",
        "hf_QWERTY",
        "4f1d0a7be29c6358d1f0b7a4",
        "r3disPa55",
        "hunter22",
    ];
    for format in [Format::Full, Format::Concise, Format::Json] {
        let report = render(format, &source, &diagnostics, &Style::default());
        for secret in secrets {
            assert!(!report.contains(secret), "{format:?} shows {secret}");
        }
    }
}

#[test]
fn c100_a_secret_in_the_place_of_a_host_is_not_shown() {
    let secret = concat!("sk-", "4f1d0a7be29c6358d1f0b7a4");
    let text = homelab::lint::rules().next().expect("a rule").good;
    let text = text.replace("host = \"pi\"", &format!("host = \"{secret}\""));
    let (source, diagnostics) = checked(&text);
    let rules: Vec<&str> = diagnostics.iter().map(|it| it.rule.name).collect();
    assert!(rules.contains(&"unknown-name") && rules.contains(&"literal-secret"));
    for format in [Format::Full, Format::Concise, Format::Json] {
        let report = render(format, &source, &diagnostics, &Style::default());
        assert!(!report.contains(secret), "{format:?}: {report}");
    }
}

#[test]
fn addresses_that_the_platform_knows_are_named() {
    expect(
        include_str!("../cases/lint/homelab-addresses.toml"),
        &[
            "system-python @ \"/usr/bin/python3\"",
            "empty-slot-url @ \"http://192.168.1.72:8109/v1/models\"",
            "literal-platform-url @ \"http://127.0.0.1:8888/search?q=ping\"",
            "optimiser-elsewhere @ \"--base-url=http://192.168.1.72:8102/v1\"",
            "reversed-setting @ true",
            "reversed-setting @ \"True\"",
            "backend-called-directly @ \"http://mini:4000/v1;http://192.168.1.72:8102/v1\"",
            "backend-called-directly @ \"mlx\"",
            "backend-called-directly @ { url = \"optillm-proxy\", path = \"/v1\" }",
            "literal-platform-url @ \"http://127.0.0.1:8888\"",
            "trailing-slash @ { url = \"litellm-orch\", path = \"/v1/\" }",
        ],
    );
}

#[test]
fn versions_that_must_not_run_are_found() {
    expect(
        include_str!("../cases/lint/supply.toml"),
        &[
            "known-bad-version @ \"==1.82.8\"",
            "known-bad-version @ \"litellm[proxy]==1.82.7\"",
            "contradicting-pin @ \"optillm==0.3.4\"",
            "contradicting-pin @ \"transformers>=5\"",
        ],
    );
}

#[test]
fn words_that_only_look_random_are_no_secrets() {
    expect(include_str!("../cases/lint/innocent.toml"), &[]);
}

#[test]
fn c096_one_key_for_two_providers() {
    let rule = homelab::lint::rules().find(|it| it.name == "key-for-two-providers");
    let text = rule.expect("the rule is there").bad;
    expect(text, &["key-for-two-providers @ { secret = \"cloud\" }"]);
}

/// The text after the fix of a finding.
fn mended(source: &Source, diagnostic: &Diagnostic) -> Option<String> {
    let fix = diagnostic.fix.as_ref()?;
    let mended = mend(source.text(), [fix]);
    assert_eq!(mended.applied, 1, "{}", diagnostic.message);
    Some(mended.text)
}

#[test]
fn fixes_leave_nothing_of_their_finding() {
    let fixtures = [
        include_str!("../cases/lint/homelab-addresses.toml"),
        include_str!("../cases/lint/supply.toml"),
    ];
    let examples = homelab::compile::rules().map(|it| it.bad);
    for text in fixtures.into_iter().chain(examples) {
        let (source, diagnostics) = checked(text);
        for diagnostic in &diagnostics {
            let Some(text) = mended(&source, diagnostic) else {
                continue;
            };
            let (_, left) = checked(&text);
            let name = diagnostic.rule.name;
            let count = |found: &Diagnostics| {
                let same = found.iter().filter(|it| it.rule.name == name);
                same.count()
            };
            assert_eq!(count(&left) + 1, count(&diagnostics), "{name}:\n{text}");
            // What stopped the check may have hidden more; a rule of `lint` hides nothing.
            if homelab::lint::rules().any(|it| it.name == name) {
                assert!(left.len() < diagnostics.len(), "{name}:\n{text}");
            }
        }
    }
}

#[test]
fn every_fix_of_an_example_leads_to_a_file_without_one() {
    let mut with_fix = 0;
    for rule in homelab::compile::rules() {
        let mut text = rule.bad.to_owned();
        for pass in 0.. {
            let (_, found) = checked(&text);
            let fixes: Vec<_> = found.iter().filter_map(|it| it.fix.as_ref()).collect();
            if fixes.is_empty() {
                break;
            }
            with_fix += usize::from(pass == 0);
            assert!(pass < 10, "the fixes of {} undo each other", rule.name);
            let mended = mend(&text, fixes);
            assert!(mended.applied > 0, "{}", rule.name);
            text = mended.text;
        }
    }
    assert!(with_fix >= 15, "only {with_fix} rules offer a fix");
}
