//! What a file is, by what it holds.

use super::json;
use super::litellm;
use super::plist;
use super::rules;
use super::tree::{Entry, KeyValue, Node, Value};
use super::unit;
use super::yaml::{self, Yaml};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::syntax;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A configuration of LiteLLM.
    Litellm,
    /// Services of Docker Compose.
    Compose,
    /// A systemd unit or drop-in.
    Unit,
    /// A launchd property list.
    Plist,
    /// Variables, one a line.
    Env,
    /// The registry of MLX models.
    MlxRegistry,
    /// `/v1/models` of an OpenAI-compatible server.
    Models,
    /// `/api/tags` of Ollama, or what `ollama list` prints.
    OllamaTags,
    /// MCP servers as a client keeps them.
    McpClient,
    /// llama-swap's configuration.
    LlamaSwap,
    /// OptiLLM's `proxy_config.yaml`.
    Optillm,
    /// Rows of a registry, one JSON object a line.
    Rows,
    /// Nobody knows.
    Unknown,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    /// What it is.
    pub(super) format: Format,
    /// What it holds.
    pub(super) root: Node,
    /// More of a YAML text.
    pub(super) yaml: Option<Yaml>,
}

/// Reads a text as what it is; nothing when it cannot be read, which is reported.
pub(super) fn read(source: &Source, diagnostics: &mut Diagnostics) -> Option<Parsed> {
    let text = source.text();
    let start = text.trim_start();
    let parsed = |format, root| {
        Some(Parsed {
            format,
            root,
            yaml: None,
        })
    };
    if start.starts_with('<') {
        return match plist::read(text) {
            Ok(root) => parsed(Format::Plist, root),
            Err((at, what)) => unreadable(source, diagnostics, at, &what, "no property list"),
        };
    }
    if let Some(root) = rows(text) {
        return parsed(Format::Rows, root);
    }
    if start.starts_with(['{', '[']) && !is_section(start) || start.starts_with("//") {
        return match json::read(text) {
            Ok(root) => parsed(of_json(&root), root),
            Err((at, what)) => unreadable(source, diagnostics, at, what, "no JSON"),
        };
    }
    if let Some(root) = ollama_list(text) {
        return parsed(Format::OllamaTags, root);
    }
    if first_line(text).is_some_and(is_section) {
        if text.contains("[mcp_servers.") {
            let document = syntax::parse(source, diagnostics)?;
            let root = of_toml(document.root_node());
            return parsed(Format::McpClient, root);
        }
        let root = unit::read(text);
        let known = ["Unit", "Service", "Install", "Container"];
        let is_unit = known.iter().any(|it| root.at(it).is_some());
        return parsed(
            if is_unit {
                Format::Unit
            } else {
                Format::Unknown
            },
            root,
        );
    }
    if let Some(root) = variables(text) {
        return parsed(Format::Env, root);
    }
    let mut yaml = yaml::read(source, diagnostics)?;
    let root = if yaml.documents.is_empty() {
        Node::new(Value::Null, Span::default())
    } else {
        yaml.documents.swap_remove(0)
    };
    Some(Parsed {
        format: of_yaml(&root),
        root,
        yaml: Some(yaml),
    })
}

fn unreadable(
    source: &Source,
    diagnostics: &mut Diagnostics,
    at: usize,
    what: &str,
    noun: &str,
) -> Option<Parsed> {
    let text = source.text();
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|it| text.is_char_boundary(*it))
        .unwrap_or(0);
    let end = text[at..]
        .chars()
        .next()
        .map_or(at, |it| at + it.len_utf8());
    diagnostics.push(
        Diagnostic::new(&rules::BROKEN_FILE, format!("this is {noun}"))
            .primary(Span::new(at, end), what),
    );
    None
}

fn first_line(text: &str) -> Option<&str> {
    text.lines()
        .map(str::trim)
        .find(|it| !it.is_empty() && !it.starts_with(['#', ';']))
}

fn is_section(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim();
    let inner = line.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    inner.is_some_and(|it| {
        it.starts_with(|it: char| it.is_ascii_alphabetic())
            && it
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"_.-\"".contains(&it))
    })
}

fn of_json(root: &Node) -> Format {
    let has = |key: &str| root.at(key).is_some();
    let items = |key: &str| root.at(key).map_or(&[][..], Node::items);
    if has("mcpServers")
        || root.at("servers").is_some_and(Node::is_map)
        || root.at("mcp").is_some_and(Node::is_map)
    {
        Format::McpClient
    } else if items("models").iter().any(|it| it.at("model_id").is_some()) {
        Format::MlxRegistry
    } else if items("models")
        .iter()
        .any(|it| it.at("name").is_some() && (it.at("digest").is_some() || it.at("size").is_some()))
    {
        Format::OllamaTags
    } else if root.text_at("object") == Some("list") && has("data") {
        Format::Models
    } else if litellm::is_config(root) {
        Format::Litellm
    } else {
        Format::Unknown
    }
}

fn of_yaml(root: &Node) -> Format {
    let services = root.at("services").map_or(&[][..], Node::entries);
    let models = root.at("models").map_or(&[][..], Node::entries);
    let providers = root.at("providers").map_or(&[][..], Node::items);
    if services.iter().any(|it| {
        ["image", "build", "container_name", "ports", "environment"]
            .iter()
            .any(|key| it.node.at(key).is_some())
    }) {
        Format::Compose
    } else if models
        .iter()
        .any(|it| it.node.at("cmd").is_some() || it.node.at("proxy").is_some())
    {
        Format::LlamaSwap
    } else if providers.iter().any(|it| it.at("base_url").is_some()) {
        Format::Optillm
    } else if litellm::is_config(root) {
        Format::Litellm
    } else {
        Format::Unknown
    }
}

/// One JSON object a line, at least one of them a row of a registry.
fn rows(text: &str) -> Option<Node> {
    let mut items = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if line.trim().is_empty() {
            continue;
        }
        if !line.starts_with('{') {
            return None;
        }
        let mut node = json::read(line.trim_end()).ok()?;
        shift(&mut node, start);
        items.push(node);
    }
    let is_row = |it: &Node| {
        ["handle", "service", "model"]
            .iter()
            .any(|key| it.text_at(key).is_some())
    };
    (!items.is_empty() && items.iter().all(is_row))
        .then(|| Node::new(Value::List(items), Span::new(0, text.len())))
}

fn shift(node: &mut Node, by: usize) {
    node.span = Span::new(node.span.start + by, node.span.end + by);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|it| shift(it, by)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key_span = Span::new(entry.key_span.start + by, entry.key_span.end + by);
                shift(&mut entry.node, by);
            }
        }
        _ => {}
    }
}

/// What `ollama list` prints, as `/api/tags` would say it.
fn ollama_list(text: &str) -> Option<Node> {
    let head = first_line(text)?;
    let columns: Vec<&str> = head.split_whitespace().collect();
    if !columns.starts_with(&["NAME", "ID", "SIZE"]) {
        return None;
    }
    let mut models = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(name) = line.split_whitespace().next().filter(|it| *it != "NAME") else {
            continue;
        };
        let start = start + (line.len() - line.trim_start().len());
        let span = Span::new(start, start + name.len());
        let entry = named("name", span, Node::text(name, span));
        models.push(Node::new(Value::Map(vec![entry]), span));
    }
    let whole = Span::new(0, text.len());
    let entry = named("models", whole, Node::new(Value::List(models), whole));
    Some(Node::new(Value::Map(vec![entry]), whole))
}

/// Lines such as `NAME=value`, and nothing else.
fn variables(text: &str) -> Option<Node> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let words = line.trim();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let (name, value) = words
            .strip_prefix("export ")
            .unwrap_or(words)
            .split_once('=')?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'_');
        if !is_name {
            return None;
        }
        let key_at = start + line.find(name)?;
        let value_at = key_at + name.len() + 1;
        let span = Span::new(value_at, value_at + value.len());
        let plain = value.trim();
        let quoted = |it: char| plain.len() > 1 && plain.starts_with(it) && plain.ends_with(it);
        let plain = if quoted('"') || quoted('\'') {
            &plain[1..plain.len() - 1]
        } else {
            plain
        };
        entries.push(named(
            name,
            Span::new(key_at, key_at + name.len()),
            Node::text(plain, span),
        ));
    }
    (!entries.is_empty()).then(|| Node::new(Value::Map(entries), Span::new(0, text.len())))
}

fn named(key: &str, key_span: Span, node: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        key_span,
        key_value: KeyValue::Text,
        node,
    }
}

fn of_toml(node: &syntax::Node) -> Node {
    let value = match &node.value {
        syntax::Value::String(text) => Value::Text(text.to_string()),
        syntax::Value::Integer(number) => Value::Integer(*number),
        syntax::Value::Float(number) => Value::Float(*number),
        syntax::Value::Boolean(truth) => Value::Boolean(*truth),
        syntax::Value::Array(items) => Value::List(items.iter().map(of_toml).collect()),
        syntax::Value::Table(table) => {
            let entries = table.entries().iter();
            Value::Map(
                entries
                    .map(|it| named(&it.key, it.key_span(), of_toml(&it.node)))
                    .collect(),
            )
        }
        syntax::Value::Datetime(_) => Value::Date,
    };
    Node::new(value, node.span())
}
