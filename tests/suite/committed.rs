//! What is made from the code and committed is what the code makes now.

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::manifest;

#[test]
fn the_schema_is_what_the_types_say() {
    let committed = include_str!("../../schema/platform.schema.json");
    assert!(
        committed == manifest::schema_text(&compile::schema()),
        "schema/platform.schema.json is stale: run `cargo run -- schema > schema/platform.schema.json`"
    );
}

#[test]
fn the_shapes_are_what_the_types_say() {
    let made = manifest::shape::table_text(&compile::checked_schema());
    if std::env::var_os("HOMELAB_WRITE").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/shapes.rs");
        std::fs::write(file, made).expect("the file can be written");
        return;
    }
    assert!(
        include_str!("../../schema/shapes.rs") == made,
        "schema/shapes.rs is stale: run `HOMELAB_WRITE=1 cargo test --test suite committed`"
    );
}

#[test]
fn the_repos_platform_holds_to_the_schema() {
    let text = include_str!("../../platform.toml");
    let value: toml::Value = toml::from_str(text).expect("it is TOML");
    let value = serde_json::to_value(value).expect("it has no dates");
    let schema = serde_json::to_value(compile::schema()).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|it| it.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_same_text_gives_the_same_bytes() {
    let build = || {
        let source = Source::new("platform.toml", include_str!("../../platform.toml"));
        let platform = compile::check(&source, None)
            .platform
            .expect("the repo's platform is sound");
        compile::emit(&platform, &homelab::ledger::claims(&platform)).expect("it can be written")
    };
    assert!(build() == build());
}

#[test]
fn every_generated_file_is_committed() {
    let source = Source::new("platform.toml", include_str!("../../platform.toml"));
    let platform = compile::check(&source, None)
        .platform
        .expect("the repo's platform is sound");
    let artifacts =
        compile::emit(&platform, &homelab::ledger::claims(&platform)).expect("it can be written");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let stale: Vec<&str> = artifacts
        .iter()
        .filter(|it| {
            std::fs::read_to_string(root.join(&it.path)).ok().as_deref() != Some(it.text.as_str())
        })
        .map(|it| it.path.as_str())
        .collect();
    assert_eq!(stale, Vec::<&str>::new(), "run `cargo run -- build`");
}

#[test]
fn every_generated_file_of_the_examples_is_committed() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(examples).expect("examples") {
        let folder = entry.expect("an example").path();
        let text = std::fs::read_to_string(folder.join("platform.toml")).expect("a platform");
        let source = Source::new("platform.toml", &text);
        let platform = compile::check(&source, None).platform.expect("it is sound");
        let artifacts = compile::emit(&platform, &homelab::ledger::claims(&platform))
            .expect("it can be written");
        let read = |path: &str| std::fs::read_to_string(folder.join("generated").join(path)).ok();
        let stale: Vec<&str> = artifacts
            .iter()
            .filter(|it| read(&it.path).as_deref() != Some(it.text.as_str()))
            .map(|it| it.path.as_str())
            .collect();
        let name = folder.display();
        assert_eq!(stale, Vec::<&str>::new(), "run `homelab build` in {name}");
        seen += 1;
    }
    assert!(seen >= 1);
}

#[test]
fn rules_have_names_of_their_own() {
    let names: Vec<&str> = compile::rules().map(|rule| rule.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names.len(), sorted.len());
    for rule in compile::rules() {
        let kebab = rule
            .name
            .chars()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-');
        assert!(kebab, "{}", rule.name);
        assert!(
            !rule.why.is_empty() && !rule.summary.is_empty(),
            "{}",
            rule.name
        );
    }
}
