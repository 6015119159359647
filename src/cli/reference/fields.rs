//! The page about the fields of `platform.toml`, made from its schema: a section for each table.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use serde_json::{Map, Value};

use crate::compile;
use crate::manifest::word;

/// The pages by file: services have one of their own, for they have as many fields as all the rest.
pub(super) fn pages() -> [(String, String); 2] {
    let schema = compile::schema();
    let schema = schema.as_value();
    let begun = |title: &str, other: &str| {
        format!(
            "# {title}\n\n{}\n\n`homelab schema` prints the same for editors. `NAME` stands for a name that you choose. {other}\n",
            super::MADE
        )
    };
    let mut page = begun(
        "Fields of platform.toml",
        "What stands below `services` has [a page of its own](fields-services.md).",
    );
    let mut of_services = begun(
        "Fields of a service",
        "The rest of the file is on [another page](fields.md).",
    );
    let mut reference = Reference {
        schema,
        seen: BTreeMap::new(),
        waiting: VecDeque::new(),
        inside: Vec::new(),
    };
    reference.section(&mut page, "", schema);
    while let Some((path, name)) = reference.waiting.pop_front() {
        if let Some(definition) = reference.definition(&name) {
            let page = if file(&path) == FILE {
                &mut page
            } else {
                &mut of_services
            };
            reference.section(page, &path, definition);
        }
    }
    [
        (FILE.to_owned(), page),
        (OF_SERVICES.to_owned(), of_services),
    ]
}

const FILE: &str = "fields.md";
const OF_SERVICES: &str = "fields-services.md";

/// The page that a path's section is on.
fn file(path: &str) -> &'static str {
    if path.starts_with("services") {
        OF_SERVICES
    } else {
        FILE
    }
}

struct Reference<'s> {
    schema: &'s Value,
    /// Definitions that have a section, or will have one, and the path it is under.
    seen: BTreeMap<String, String>,
    /// Definitions still to be written, each with the path where it was first met.
    waiting: VecDeque<(String, String)>,
    /// Definitions that are being told in place.
    inside: Vec<String>,
}

impl<'s> Reference<'s> {
    fn definition(&self, name: &str) -> Option<&'s Value> {
        self.schema.get("definitions")?.get(name)
    }

    /// What a table may hold; more than one when it may have several forms.
    fn section(&mut self, page: &mut String, path: &str, schema: &'s Value) {
        let title = if path.is_empty() {
            "The file".to_owned()
        } else {
            format!("`{path}`")
        };
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {title}\n\n{}\n", words(schema));
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |it| it.iter().filter_map(Value::as_str).collect());
        page.push_str("\n| key | value | |\n| --- | --- | --- |\n");
        for (key, field) in properties {
            let path = match path {
                "" => key.clone(),
                _ => format!("{path}.{key}"),
            };
            let needed = if required.contains(&key.as_str()) {
                " **Required.**"
            } else {
                ""
            };
            let value = self.value(field, &path).replace('|', "\\|");
            let _ = writeln!(
                page,
                "| `{key}` | {value} | {}{needed} |",
                words(field).replace('|', "\\|")
            );
        }
    }

    /// The values that a field may have, in words.
    fn value(&mut self, schema: &'s Value, path: &str) -> String {
        let Some(object) = schema.as_object() else {
            return "anything".to_owned();
        };
        if let Some(name) = reference(object) {
            return self.referred(name, path);
        }
        for alternatives in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(alternatives)) = object.get(alternatives) {
                return self.one_of(alternatives, path);
            }
        }
        if let Some(Value::String(only)) = object.get("const") {
            return format!("`{only}`");
        }
        if let Some(Value::Array(listed)) = object.get("enum") {
            let listed: Vec<String> = listed
                .iter()
                .filter_map(Value::as_str)
                .map(|it| format!("`{it}`"))
                .collect();
            return listed.join(", ");
        }
        let kind = object.get("x-homelab-kind").and_then(Value::as_str);
        if let Some(kind) = kind.and_then(word::kind) {
            return format!("{}, such as `{}`", kind.noun, kind.example);
        }
        let types = match object.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(only)) => vec![only.as_str()],
            _ => Vec::new(),
        };
        let types: Vec<String> = types
            .into_iter()
            .filter(|it| *it != "null")
            .map(|it| self.of_type(it, object, path))
            .collect();
        if types.is_empty() {
            "anything".to_owned()
        } else {
            types.join(" or ")
        }
    }

    fn of_type(&mut self, name: &str, schema: &'s Map<String, Value>, path: &str) -> String {
        match name {
            "string" => "text".to_owned(),
            "integer" | "number" => number(name, schema),
            "boolean" => "`true` or `false`".to_owned(),
            "array" => {
                let items = schema.get("items");
                let items = items.map_or_else(
                    || "anything".to_owned(),
                    |it| self.value(it, &format!("{path}[]")),
                );
                format!("list of {items}")
            }
            _ => self.table(schema, path),
        }
    }

    fn table(&mut self, schema: &'s Map<String, Value>, path: &str) -> String {
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let first = properties.values().next();
            let value =
                first.map_or_else(String::new, |it| self.value(it, &format!("{path}.NAME")));
            return format!("table by name, each {value}");
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others = patterns.and_then(|it| it.values().next());
        let others = others.or(schema
            .get("additionalProperties")
            .filter(|it| it.is_object()));
        match others {
            Some(value) => {
                let value = self.value(value, &format!("{path}.NAME"));
                format!("table by name, each {value}")
            }
            None => "table".to_owned(),
        }
    }

    fn one_of(&mut self, alternatives: &'s [Value], path: &str) -> String {
        let mut values: Vec<String> = Vec::new();
        for alternative in alternatives {
            if alternative.get("type").and_then(Value::as_str) == Some("null") {
                continue;
            }
            let value = self.value(alternative, path);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        // A long list of names is what its own page is for.
        if values.len() > 16 {
            return "the name of a [rule](rules.md)".to_owned();
        }
        let is_words = values.iter().all(|it| it.starts_with('`'));
        values.join(if is_words { ", " } else { " or " })
    }

    /// A definition: in place when it is a word or a choice, with a section of its own when it is a table.
    fn referred(&mut self, name: &str, path: &str) -> String {
        let Some(definition) = self.definition(name) else {
            return "anything".to_owned();
        };
        if definition.get("properties").is_none() {
            // A value may hold values of its own sort without end.
            if self.inside.iter().any(|it| it == name) {
                return "more such values".to_owned();
            }
            self.inside.push(name.to_owned());
            let value = self.value(definition, path);
            self.inside.pop();
            return value;
        }
        let place = self.seen.entry(name.to_owned()).or_insert_with(|| {
            self.waiting.push_back((path.to_owned(), name.to_owned()));
            path.to_owned()
        });
        let page = if file(place) == file(path) {
            ""
        } else {
            file(place)
        };
        format!("[`{place}`]({page}#{})", anchor(place))
    }
}

fn reference(schema: &Map<String, Value>) -> Option<&str> {
    let target = schema.get("$ref")?.as_str()?;
    target.strip_prefix("#/definitions/")
}

fn number(name: &str, schema: &Map<String, Value>) -> String {
    let noun = if name == "integer" {
        "whole number"
    } else {
        "number"
    };
    let limit = |key: &str| schema.get(key).filter(|it| it.is_number());
    match (limit("minimum"), limit("maximum")) {
        (Some(least), Some(greatest)) if least == greatest => format!("`{least}`"),
        (Some(least), Some(greatest)) => format!("{noun} from {least} to {greatest}"),
        (Some(least), None) => format!("{noun} from {least}"),
        _ => noun.to_owned(),
    }
}

/// The anchor that a title gets: only letters, digits, `-` and `_` stay.
fn anchor(title: &str) -> String {
    let stays = |it: &char| it.is_alphanumeric() || matches!(it, '-' | '_');
    title.to_lowercase().chars().filter(stays).collect()
}

/// The description of a schema, on one line.
fn words(schema: &Value) -> String {
    let words = schema.get("description").and_then(Value::as_str);
    words.unwrap_or_default().replace('\n', " ")
}
