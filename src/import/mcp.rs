//! MCP servers, as LiteLLM and the known clients write them down.

use std::collections::BTreeMap;

use super::draft::{Draft, Fields, plain_name};
use super::litellm::In;
use super::toml::Toml;
use super::tree::{Node, Url, Value};
use crate::diagnostic::Span;
use crate::manifest::word;

/// What of a server is read.
const READ: &[&str] = &[
    "args",
    "auth_value",
    "authentication_token",
    "command",
    "description",
    "disabled",
    "enabled",
    "env",
    "environment",
    "headers",
    "httpUrl",
    "mcp_info",
    "name",
    "serverUrl",
    "static_headers",
    "transport",
    "type",
    "url",
];

/// Lists what is said of a server and has no place in platform.toml.
fn others(place: In<'_>, what: &str, draft: &mut Draft) {
    for entry in place.node.entries() {
        if READ.contains(&entry.key.as_str()) {
            continue;
        }
        draft.leave(
            place.file,
            entry.key_span,
            format!("`{}` of {what}", entry.key),
            "say it in platform.toml by hand, or leave it to the client",
        );
    }
}

/// Puts a server into a draft.
pub(super) fn server(
    name: &str,
    span: Span,
    place: In<'_>,
    through_gateway: bool,
    draft: &mut Draft,
) {
    let what = format!("MCP server `{name}`");
    let node = place.node;
    let key = plain_name(name).replace('-', "_");
    if word::KEY.check(&key).is_err() {
        return draft.leave(place.file, span, what, "no MCP server can have this name");
    }
    let purpose = node
        .text_at("description")
        .or(node.at("mcp_info").and_then(|it| it.text_at("description")));
    let purpose = purpose.map_or_else(
        || "Imported: say what it is for".to_owned(),
        |it| it.lines().next().unwrap_or_default().to_owned(),
    );
    let mut fields = Fields::from([("purpose", Toml::text(purpose))]);
    if through_gateway {
        fields.insert("through_gateway", Toml::Boolean(true));
    }
    others(place, &what, draft);
    let says = |key: &str, truth| node.at(key).and_then(Node::as_boolean) == Some(truth);
    if says("enabled", false) || says("disabled", true) {
        fields.insert("state", Toml::text("disabled"));
    }
    let url = ["url", "serverUrl", "httpUrl"]
        .iter()
        .find_map(|it| node.text_at(it));
    let transport = node.text_at("transport").or(node.text_at("type"));
    if let Some(url) = url {
        let Some(parsed) = Url::parse(url).filter(|it| !it.is_secure) else {
            return draft.leave(
                place.file,
                span,
                what,
                "a platform has services on its own hosts only, by plain HTTP",
            );
        };
        let Some((host, port)) = draft.place_of(&parsed) else {
            return draft.leave(
                place.file,
                span,
                what,
                "the address of its host is not known: import again with `--host NAME=ADDRESS`",
            );
        };
        let service = draft.service_at(&host, port, "generic", &plain_name(name));
        fields.insert("service", Toml::text(service));
        fields.insert(
            "path",
            Toml::text(if parsed.path.is_empty() {
                "/"
            } else {
                &parsed.path
            }),
        );
        fields.insert(
            "transport",
            Toml::text(if transport == Some("sse") {
                "sse"
            } else {
                "http"
            }),
        );
        for secret in [
            "headers",
            "static_headers",
            "authentication_token",
            "auth_value",
        ] {
            if let Some(entry) = node.entry(secret) {
                draft.leave(
                    place.file,
                    entry.key_span,
                    format!("`{secret}` of {what}"),
                    "say with `token` which variable holds its key",
                );
            }
        }
        draft.mcp.insert(key, (fields, BTreeMap::new()));
        return;
    }
    let Some(words) = command(node) else {
        return draft.leave(place.file, span, what, "it has neither a URL nor a command");
    };
    fields.insert("transport", Toml::text("stdio"));
    fields.insert("host", Toml::text(draft.here.clone()));
    let mut hidden = false;
    let words: Vec<String> = words
        .into_iter()
        .map(|it| {
            let secret = !crate::syntax::secrets::known_keys(&it).is_empty()
                || crate::syntax::secrets::url_password(&it).is_some();
            hidden |= secret;
            if secret { "SECRET".to_owned() } else { it }
        })
        .collect();
    if hidden {
        draft.leave(
            place.file,
            span,
            format!("a word of the command of {what}"),
            "it looks like a secret: give it by a variable",
        );
    }
    fields.insert("command", Toml::texts(words));
    let mut env = BTreeMap::new();
    // opencode has the longer word.
    let variables = [node.at("env"), node.at("environment")];
    let variables = variables.into_iter().flatten().flat_map(Node::entries);
    for entry in variables {
        if word::ENV_NAME.check(&entry.key).is_err() {
            draft.leave(
                place.file,
                entry.key_span,
                format!("the variable `{}` of {what}", entry.key),
                "the system gives it a meaning of its own",
            );
            continue;
        }
        env.insert(
            entry.key.clone(),
            environment(&entry.key, &entry.node, draft),
        );
    }
    draft.mcp.insert(key, (fields, env));
}

/// The value of a variable: as it stands where it plainly is no secret, else by name.
pub(super) fn environment(name: &str, node: &Node, draft: &mut Draft) -> Toml {
    use crate::syntax::secrets;
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) if secrets::promise(name).is_none() => {
            return Toml::Integer(*number);
        }
        Value::Boolean(truth) => return Toml::Boolean(*truth),
        _ => return draft.variable(name),
    };
    let plain = secrets::promise(name).is_none()
        && secrets::known_keys(&text).is_empty()
        && secrets::url_password(&text).is_none()
        && !secrets::is_random_value(&text)
        && secrets::assignments(&text).next().is_none()
        && !text.contains('$')
        && !text.contains("os.environ/")
        && !text.chars().any(char::is_control)
        && !text.is_empty();
    if plain {
        Toml::text(text)
    } else {
        draft.variable(name)
    }
}

fn command(node: &Node) -> Option<Vec<String>> {
    let mut words: Vec<String> = match node.at("command") {
        Some(it) if it.is_list() => it
            .items()
            .iter()
            .filter_map(Node::as_text)
            .map(str::to_owned)
            .collect(),
        Some(it) => vec![it.as_text()?.to_owned()],
        None => return None,
    };
    let arguments = node.at("args").map_or(&[][..], Node::items);
    words.extend(arguments.iter().filter_map(|it| match &it.value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }));
    (!words.is_empty()).then_some(words)
}

/// Puts the servers of a client's own file into a draft.
pub(super) fn client(file: In<'_>, draft: &mut Draft) {
    let maps = ["mcpServers", "servers", "mcp_servers", "mcp"];
    let found = maps
        .iter()
        .find_map(|it| file.node.entry(it).filter(|it| it.node.is_map()));
    let Some(servers) = found else {
        return;
    };
    for entry in servers.node.entries() {
        let place = In {
            file: file.file,
            node: &entry.node,
        };
        server(&entry.key, entry.key_span, place, false, draft);
    }
    for entry in file
        .node
        .entries()
        .iter()
        .filter(|it| it.key != servers.key)
    {
        draft.leave(
            file.file,
            entry.key_span,
            format!("`{}`", entry.key),
            "it is the client's own",
        );
    }
}
