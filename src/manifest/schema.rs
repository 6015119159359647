//! The JSON schema of `platform.toml`, made from the types and from the names that other rooms know.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Manifest, word};
use crate::backend;
use crate::diagnostic::Rule;

/// The JSON schema of `platform.toml`; `rules` are those whose level the owner may set.
pub fn schema<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Schema {
    let mut schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<Manifest>();
    name_rules(&mut schema, rules);
    if let Some(kind) = field(&mut schema, "Service", "kind") {
        let names = backend::KINDS.iter().map(|it| Value::from(it.name));
        kind.insert("examples".to_owned(), names.collect());
    }
    if let Some(definitions) = schema.get_mut("definitions").and_then(Value::as_object_mut) {
        definitions.values_mut().for_each(add_example);
    }
    schema
}

/// The same schema as the types give it, for the shape check: rewriting it in the words of draft 7 takes a third of the time and changes nothing that the check reads.
pub fn plain_schema<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Schema {
    let mut settings = SchemaSettings::draft07();
    settings.transforms.clear();
    let mut schema = settings.into_generator().into_root_schema_for::<Manifest>();
    name_rules(&mut schema, rules);
    schema
}

/// The schema as the text that `schema/platform.schema.json` and `homelab schema` have.
pub fn schema_text(schema: &Schema) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

/// The schema of a field of a type.
fn field<'s>(schema: &'s mut Schema, of: &str, name: &str) -> Option<&'s mut Map<String, Value>> {
    let definitions = schema.get_mut("definitions")?;
    let properties = definitions.get_mut(of)?.get_mut("properties")?;
    properties.get_mut(name)?.as_object_mut()
}

/// Writes the names of rules where the owner says something about one.
fn name_rules<'a>(schema: &mut Schema, rules: impl IntoIterator<Item = &'a Rule>) {
    let rules: Vec<&Rule> = rules.into_iter().collect();
    if let Some(levels) = field(schema, "Lint", "levels") {
        name_levels(levels, &rules);
    }
    if let Some(rule) = field(schema, "Exception", "rule") {
        let names = rules
            .iter()
            .map(|it| json!({ "description": it.summary, "type": "string", "const": it.name }));
        rule.remove("type");
        rule.insert("oneOf".to_owned(), names.collect());
    }
}

/// Makes each rule a key of its own, so that a misspelt one is noticed and editors offer them.
fn name_levels(levels: &mut Map<String, Value>, rules: &[&Rule]) {
    let Some(setting) = levels.insert("additionalProperties".to_owned(), json!(false)) else {
        return;
    };
    let properties: Map<String, Value> = rules
        .iter()
        .map(|rule| {
            let property = json!({ "description": rule.summary, "allOf": [setting] });
            (rule.name.to_owned(), property)
        })
        .collect();
    levels.insert("properties".to_owned(), Value::Object(properties));
}

/// Shows editors a word of its form.
fn add_example(definition: &mut Value) {
    let kind = definition.get("x-homelab-kind").and_then(Value::as_str);
    let example = kind.and_then(word::kind).map(|it| it.example);
    if let (Some(example), Some(definition)) = (example, definition.as_object_mut()) {
        definition.insert("examples".to_owned(), json!([example]));
    }
}
