//! The schema as editors use it: it agrees with the program, explains itself, and the real taplo understands it.

use std::path::Path;
use std::process::{Command, Output};

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::lint;
use homelab::manifest::shape;
use serde_json::Value;

use crate::lint::findings;
use crate::tools;

fn schema() -> Value {
    serde_json::to_value(compile::schema()).expect("a schema is JSON")
}

/// A text as JSON, its days as text.
fn as_json(text: &str) -> Value {
    fn plain(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(day) => Value::String(day.to_string()),
            toml::Value::Array(items) => items.into_iter().map(plain).collect(),
            toml::Value::Table(table) => Value::Object(
                table
                    .into_iter()
                    .map(|(key, it)| (key, plain(it)))
                    .collect(),
            ),
            other => serde_json::to_value(other).expect("a plain value"),
        }
    }
    plain(toml::Value::Table(
        toml::from_str(text).expect("it is TOML"),
    ))
}

fn errors(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
    let value = as_json(text);
    let errors = validator.iter_errors(&value);
    errors.map(|it| it.to_string()).collect()
}

#[test]
fn the_schema_takes_whatever_the_program_takes() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    let mut seen = 0;
    let examples =
        compile::rules().flat_map(|rule| [(rule.name, rule.bad), (rule.name, rule.good)]);
    for (name, text) in examples.chain([("platform.toml", include_str!("../../platform.toml"))]) {
        let source = Source::new("platform.toml", text);
        if compile::check(&source, None).platform.is_some() {
            seen += 1;
            assert_eq!(errors(&validator, text), Vec::<String>::new(), "{name}");
        }
    }
    assert!(seen > compile::rules().count() / 2, "{seen} platforms");
    for lint in lint::LINTS {
        let good = Source::new("platform.toml", lint.rule.good);
        let platform = compile::check(&good, None).platform;
        assert!(platform.is_some(), "good example of {}", lint.rule.name);
    }
}

#[test]
fn the_schema_refuses_what_has_not_its_shape() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    for rule in shape::RULES.iter().filter(|it| !it.bad.is_empty()) {
        assert!(!errors(&validator, rule.bad).is_empty(), "{}", rule.name);
        assert_eq!(
            errors(&validator, rule.good),
            Vec::<String>::new(),
            "{}",
            rule.name
        );
    }
}

/// Calls `each` with the path and schema of every field.
fn fields(schema: &Value, path: &str, each: &mut dyn FnMut(&str, &Value)) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                for (name, field) in properties {
                    each(&format!("{path}.{name}"), field);
                }
            }
            for (key, value) in object {
                fields(value, &format!("{path}/{key}"), each);
            }
        }
        Value::Array(items) => {
            for item in items {
                fields(item, path, each);
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_says_what_it_is() {
    let mut silent = Vec::new();
    fields(&schema(), "", &mut |path, field| {
        let said = field.get("description").and_then(Value::as_str);
        if said.is_none_or(|it| {
            it.len() < 4 || !it.ends_with(['.', ',', ':']) && !path.contains("/levels")
        }) {
            silent.push(path.to_owned());
        }
    });
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn rules_are_known_by_name_where_levels_are_set() {
    let platform = include_str!("../../platform.toml");
    let level = |rule: &str| {
        format!("{platform}\n[lint.levels]\n{rule} = {{ level = \"warn\", reason = \"a test\" }}\n")
    };
    assert!(
        !platform.contains("[lint.levels]"),
        "add the lines elsewhere"
    );
    let of = |text: &str| {
        let source = Source::new("platform.toml", text);
        let checked = compile::check(&source, None);
        let found = checked
            .diagnostics
            .iter()
            .next()
            .expect("a finding")
            .clone();
        format!(
            "{}: {} ({})",
            found.rule.name,
            found.message,
            found.help.unwrap_or_default()
        )
    };
    assert_eq!(
        of(&level("expired-aproval")),
        "unknown-key: `expired-aproval` is no key here (did you mean `expired-approval`?)"
    );
    let exception =
        "[[lint.exceptions]]\nrule = \"expired-aproval\"\nat = \"services\"\nreason = \"a test\"\n";
    let found = of(&format!("{platform}\n{exception}"));
    assert!(
        found.starts_with("unknown-word: ") && found.contains("did you mean `expired-approval`?"),
        "{found}"
    );
    // What stops a platform from being built is nobody's to allow.
    assert!(of(&level("unknown-host")).starts_with("unknown-key"));
    assert_eq!(findings(&level("expired-approval")).len(), 1);
}

/// taplo itself; the schema is the committed one.
fn taplo(arguments: &[&str], file: &Path) -> Option<Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("target/node/taplo/dist/cli.js");
    if !script.is_file() {
        tools::skip("no taplo below target/node; tests/setup brings it");
        return None;
    }
    let node = tools::program("node")?;
    let mut command = Command::new(node);
    command
        .current_dir(root)
        .arg(script)
        .arg("lint")
        .args(arguments)
        .arg(file);
    Some(command.output().expect("taplo runs"))
}

#[test]
fn the_real_taplo_takes_the_platform_and_refuses_a_broken_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = format!(
        "file://{}",
        root.join("schema/platform.schema.json").display()
    );
    let with = ["--schema", schema.as_str()];
    let Some(good) = taplo(&with, &root.join("platform.toml")) else {
        return;
    };
    let said = String::from_utf8_lossy(&good.stderr).into_owned();
    assert!(good.status.success(), "{said}");
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("platform.toml");
    let text = include_str!("../../platform.toml").replacen("os = \"", "os = \"x", 1);
    std::fs::write(&broken, text).expect("writable");
    let bad = taplo(&with, &broken).expect("it was there");
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(!bad.status.success(), "{said}");
    // The first line of the file names the schema, so that editors need no setting.
    let first = include_str!("../../platform.toml").lines().next();
    assert_eq!(first, Some("#:schema ./schema/platform.schema.json"));
    let plain = taplo(&[], &root.join("platform.toml")).expect("it was there");
    assert!(
        plain.status.success(),
        "{}",
        String::from_utf8_lossy(&plain.stderr)
    );
}
