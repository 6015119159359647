//! The models that a server offers by its own list: a registry, or what its API answers.

use super::draft::Fields;
use super::lists::registry_facts;
use super::recognise::{self, Format};
use super::toml::Toml;
use super::tree::Node;
use super::write;
use crate::diagnostic::{Diagnostics, Source};
use crate::manifest::word;
use crate::syntax::{Table, Value};

/// A model in a list.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The name that its server knows it by.
    pub id: String,
    /// Its port, where the list says one.
    pub port: Option<u16>,
    /// The service that has it, where the list says so.
    pub service: Option<String>,
    /// The host that it is on, where the list says so.
    pub host: Option<String>,
    /// True when the server itself passes what it is asked on to the internet.
    pub leaves: bool,
    /// What else the list says, as fields of platform.toml.
    facts: Fields,
    /// True when these facts are told the server, and not worked out by it.
    told: bool,
}

impl Offered {
    /// The text of a model of this name in platform.toml.
    pub fn model(&self, name: &str, service: &str, port: Option<u16>) -> String {
        let mut fields = self.facts.clone();
        fields.insert("service", Toml::text(service));
        fields.extend(port.map(|it| ("port", Toml::Integer(i64::from(it)))));
        if name != self.id {
            fields.insert("served_as", Toml::text(&self.id));
        }
        write::model(name, &fields)
    }

    /// The text of a handle of this name that leads to a model.
    pub fn handle(name: &str, model: &str) -> String {
        write::handle(name, model)
    }

    /// Where the list says something else than a model in platform.toml: the field, what the file says, and what the list does.
    pub fn differing(&self, model: &Table) -> Vec<(&'static str, String, String)> {
        let facts = self.facts.iter().filter(|_| self.told);
        facts
            .filter_map(|(field, fact)| {
                let written = &model.get(field)?.node.value;
                if is(fact, written) {
                    return None;
                }
                let mut offered = String::new();
                fact.write(&mut offered);
                Some((*field, said(written), offered))
            })
            .collect()
    }
}

fn is(fact: &Toml, written: &Value) -> bool {
    match (fact, written) {
        (Toml::Text(fact), Value::String(written)) => fact == written,
        (Toml::Integer(fact), Value::Integer(written)) => fact == written,
        (Toml::Boolean(fact), Value::Boolean(written)) => fact == written,
        _ => false,
    }
}

fn said(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::String(it) => Toml::text(it.as_str()).write(&mut text),
        Value::Integer(it) => Toml::Integer(*it).write(&mut text),
        Value::Boolean(it) => Toml::Boolean(*it).write(&mut text),
        other => text.push_str(other.noun()),
    }
    text
}

/// The models in a list; why there are none, when it is no list that we know.
pub fn offers(list: &Source) -> Result<Vec<Offered>, String> {
    let mut found = Diagnostics::new();
    let Some(parsed) = recognise::read(list, &mut found) else {
        let why = found.iter().next().map(|it| match &it.primary {
            Some(label) => format!("{}: {}", it.message, label.text),
            None => it.message.clone(),
        });
        return Err(why.unwrap_or_else(|| "it cannot be read".to_owned()));
    };
    let root = &parsed.root;
    let models = || root.at("models").map_or(&[][..], Node::items).iter();
    let data = || root.at("data").map_or(&[][..], Node::items).iter();
    let is_empty = |key: &str| {
        root.at(key)
            .is_some_and(|it| it.is_list() && it.items().is_empty())
    };
    let offers = match parsed.format {
        Format::MlxRegistry => models().filter_map(of_registry).collect(),
        Format::OllamaTags => models().filter_map(of_ollama).collect(),
        Format::Models => data().filter_map(of_openai).collect(),
        _ if data().any(|it| it.text_at("id").is_some()) => data().filter_map(of_openai).collect(),
        _ if is_empty("models") || is_empty("data") => Vec::new(),
        _ => return Err("it is no list of models: a registry.json, /api/tags, /v1/models or what `ollama list` prints is read".to_owned()),
    };
    Ok(offers)
}

fn of_registry(row: &Node) -> Option<Offered> {
    let port = row.at("port").and_then(Node::as_integer);
    let port = port.and_then(|it| u16::try_from(it).ok());
    Some(Offered {
        id: row.text_at("model_id")?.to_owned(),
        port: port.filter(|it| *it > 0),
        service: row.text_at("service").map(str::to_owned),
        host: row.text_at("host").map(str::to_owned),
        leaves: false,
        facts: registry_facts(row),
        told: true,
    })
}

fn of_ollama(row: &Node) -> Option<Offered> {
    let name = row.text_at("name").or(row.text_at("model"))?;
    let leaves = ["remote_host", "remote_model"]
        .iter()
        .any(|it| row.text_at(it).is_some_and(|it| !it.is_empty()));
    let mut facts = Fields::new();
    if let Some(details) = row.at("details") {
        let count = details.text_at("parameter_size");
        let count = count.filter(|it| word::PARAMETER_COUNT.check(it).is_ok());
        facts.extend(count.map(|it| ("parameters", Toml::text(it))));
        let level = details.text_at("quantization_level");
        let level = level.filter(|it| !it.is_empty() && *it != "unknown");
        let level = level.map(|it| ("quantisation", Toml::text(it.to_ascii_lowercase())));
        facts.extend(level);
        // Ollama has no word for what a model does, but no model of this family chats.
        if details
            .text_at("family")
            .is_some_and(|it| it.ends_with("bert"))
        {
            facts.insert("mode", Toml::text("embedding"));
        }
    }
    Some(Offered {
        // It knows a model without a tag as its latest.
        id: name.strip_suffix(":latest").unwrap_or(name).to_owned(),
        port: None,
        service: None,
        host: None,
        leaves: leaves || name.ends_with("-cloud") || name.ends_with(":cloud"),
        facts,
        told: false,
    })
}

fn of_openai(row: &Node) -> Option<Offered> {
    let length = row.at("max_model_len").and_then(Node::as_integer);
    let length = length.filter(|it| *it > 0);
    Some(Offered {
        id: row.text_at("id")?.to_owned(),
        port: None,
        service: None,
        host: None,
        leaves: false,
        facts: length
            .map(|it| ("context_length", Toml::Integer(it)))
            .into_iter()
            .collect(),
        told: false,
    })
}

/// True when a text can be the name of a model.
pub fn is_model_name(name: &str) -> bool {
    word::HANDLE.check(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax;

    fn read(text: &str) -> Result<Vec<Offered>, String> {
        offers(&Source::new("list", text))
    }

    fn ids(text: &str) -> Vec<String> {
        let offers = read(text).unwrap().into_iter();
        offers.map(|it| it.id).collect()
    }

    #[test]
    fn every_sort_of_list_is_read() {
        let registry =
            r#"{"version": 1, "models": [{"model_id": "a", "port": 8100}, {"port": 1}]}"#;
        assert_eq!(ids(registry), ["a"]);
        assert_eq!(
            ids("NAME ID SIZE\nqwen3:8b 500a 5 GB\nx:latest 1 2 GB\n"),
            ["qwen3:8b", "x"]
        );
        assert_eq!(ids(r#"{"object": "list", "data": [{"id": "b"}]}"#), ["b"]);
        assert_eq!(ids(r#"{"data": [{"id": "b"}, 1]}"#), ["b"]);
        assert!(ids(r#"{"models": []}"#).is_empty());
        for none in [
            "",
            "{",
            "[]",
            "{\"a\": 1}",
            "<html>",
            "model_list: []",
            "\u{0}",
        ] {
            assert!(read(none).is_err(), "{none:?}");
        }
    }

    #[test]
    fn what_ollama_says_becomes_facts() {
        let text = r#"{"models": [{"name": "nomic-embed-text:latest", "size": 1, "details": {"family": "nomic-bert", "parameter_size": "137M", "quantization_level": "F16"}}, {"name": "gpt-oss:120b-cloud", "size": 1, "remote_host": "https://ollama.com:443"}]}"#;
        let offers = read(text).unwrap();
        assert_eq!(
            offers[0].model("nomic-embed-text", "ollama", None),
            "[models.nomic-embed-text]\nservice = \"ollama\"\nmode = \"embedding\"\nparameters = \"137M\"\nquantisation = \"f16\"\n"
        );
        assert!(!offers[0].leaves && offers[1].leaves);
    }

    #[test]
    fn a_registry_that_says_something_else_is_told() {
        let offers =
            read(r#"{"models": [{"model_id": "a", "port": 1, "repo_id": "x/b", "boot": true}]}"#)
                .unwrap();
        let file = Source::new("platform.toml", "[models.a]\nrepo = \"x/a\"\nboot = true\n");
        let document = syntax::parse(&file, &mut Diagnostics::new()).unwrap();
        let models = document
            .root()
            .get("models")
            .unwrap()
            .node
            .as_table()
            .unwrap();
        let model = models.get("a").unwrap().node.as_table().unwrap();
        let differing = offers[0].differing(model);
        assert_eq!(
            differing,
            [("repo", "\"x/a\"".to_owned(), "\"x/b\"".to_owned())]
        );
    }
}
