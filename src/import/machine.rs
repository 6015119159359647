//! Files that say what runs on a machine: Compose services, systemd units, launchd property lists.

use std::collections::BTreeMap;

use super::draft::{Draft, Fields, Service, network, plain_name};
use super::litellm::In;
use super::mcp::environment;
use super::report::Findings;
use super::rules;
use super::toml::Toml;
use super::tree::{Entry, Node, Value};
use super::unit::words;
use crate::backend;
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::word;
use crate::syntax::secrets;

/// Words of a command or an image, and the kind of program that they mean.
const KINDS: &[(&str, &str)] = &[
    ("open-webui", "open-webui"),
    ("mlx-openai-server", "mlx"),
    ("litellm", "litellm"),
    ("optillm", "optillm"),
    ("searxng", "searxng"),
    ("searx.webapp", "searxng"),
    ("home-assistant", "home-assistant"),
    ("ollama/ollama", "ollama"),
    ("bin/ollama", "ollama"),
];

fn kind_of(words: &str) -> &'static str {
    let known = KINDS.iter().find(|(word, _)| words.contains(word));
    // A server of MLX needs a range of ports, which no unit tells.
    known
        .map(|(_, kind)| *kind)
        .filter(|it| *it != "mlx")
        .unwrap_or("generic")
}

/// The kind whose image this is, else what its words mean.
fn kind_of_image(image: &str) -> &'static str {
    let plain = |it: &str| {
        let it = it.strip_prefix("docker.io/").unwrap_or(it);
        it.strip_prefix("library/").unwrap_or(it).to_owned()
    };
    let last = image.rfind('/').map_or(0, |it| it + 1);
    let end = image[last..]
        .find([':', '@'])
        .map_or(image.len(), |it| last + it);
    let repository = plain(&image[..end]);
    let mut kinds = backend::KINDS.iter();
    let known = kinds.find(|kind| {
        kind.container
            .is_some_and(|it| plain(it.image) == repository)
    });
    known.map_or_else(|| kind_of(image), |kind| kind.name)
}

/// A service of a Compose project: what each of its files says of it, overrides last.
struct Layers<'a>(Vec<(usize, &'a Entry)>);

impl<'a> Layers<'a> {
    /// What the files say under a key, each with its number.
    fn all(&self, key: &'static str) -> impl Iterator<Item = (usize, &'a Node)> {
        let layers = self.0.iter();
        layers.filter_map(move |(file, entry)| Some((*file, entry.node.at(key)?)))
    }

    /// The text that holds: the last one.
    fn text(&self, key: &'static str) -> Option<&'a str> {
        self.all(key).filter_map(|(_, it)| it.as_text()).last()
    }
}

/// Puts a Compose project into a draft: its files in the order in which each is laid over those before.
pub(super) fn compose(files: &[In<'_>], draft: &mut Draft) {
    let mut services: Vec<(&str, Layers<'_>)> = Vec::new();
    for file in files {
        for entry in file.node.at("services").map_or(&[][..], Node::entries) {
            match services.iter_mut().find(|(name, _)| *name == entry.key) {
                Some((_, layers)) => layers.0.push((file.file, entry)),
                None => services.push((&entry.key, Layers(vec![(file.file, entry)]))),
            }
        }
    }
    for (name, layers) in &services {
        compose_service(name, layers, draft);
    }
    for file in files {
        let named = ["services", "version", "name"];
        let others = file.node.entries().iter();
        for entry in others.filter(|it| !named.contains(&it.key.as_str())) {
            draft.leave(
                file.file,
                entry.key_span,
                format!("section `{}`", entry.key),
                "a container is taken as it runs; what makes it stays in this file",
            );
        }
    }
}

fn compose_service(key: &str, layers: &Layers<'_>, draft: &mut Draft) {
    let (file, first) = layers.0[0];
    let what = format!("service `{key}`");
    let name = plain_name(key);
    if name != key && draft.services.contains_key(&name) || word::NAME.check(&name).is_err() {
        let why = "another has this name, or no service can have it";
        return draft.leave(file, first.key_span, what, why);
    }
    let image = layers.text("image").unwrap_or_default();
    // An override adds to the ports, and may say one again.
    let mut ports: Vec<(String, Option<u16>, Option<u16>)> = Vec::new();
    for port in layers
        .all("ports")
        .flat_map(|(_, it)| it.items())
        .map(published)
    {
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    let first_port = ports
        .iter()
        .find_map(|(bind, port, _)| Some((bind.clone(), (*port)?)));
    let mut fields = Fields::from([("managed_by", Toml::text("external"))]);
    match first_port.as_ref().map(|(bind, _)| bind.as_str()) {
        None | Some("127.0.0.1" | "localhost" | "::1") => {}
        Some(_) => _ = fields.insert("bind", Toml::text("all")),
    }
    if !image.is_empty() && !image.contains('$') {
        fields.insert("notes", Toml::text(format!("Runs in a container: {image}")));
    }
    let port = first_port.map(|(_, port)| port);
    let mut env = BTreeMap::new();
    for (file, node) in layers.all("environment") {
        env.extend(variables(file, &what, Some(node), draft));
    }
    let service = Service {
        // One that is published nowhere has not the port that its kind would have.
        kind: port.map_or_else(|| kind_of(image), |_| kind_of_image(image)),
        host: draft.here.clone(),
        port,
        fields,
        env,
    };
    let taken = port.is_some_and(|it| draft.port_is_taken(&service.host, it));
    if taken || draft.services.contains_key(&name) {
        let why = "its name or its port is taken already";
        return draft.leave(file, first.key_span, what, why);
    }
    draft.knows_service(&name, service);
    let inner = ports
        .iter()
        .filter_map(|(_, outer, inner)| Some(((*inner)?, (*outer)?)))
        .collect();
    let names = [Some(key), layers.text("container_name")];
    draft.knows_container(names.into_iter().flatten(), &inner);
    let known = ["image", "ports", "environment", "container_name"];
    for (at, (file, entry)) in layers.0.iter().enumerate() {
        let others = entry.node.entries().iter().map(|it| it.key.as_str());
        let mut others: Vec<&str> = others.filter(|it| !known.contains(it)).collect();
        if at == 0 && ports.len() > 1 {
            others.push("further ports");
        }
        if !others.is_empty() {
            draft.leave(
                *file,
                entry.key_span,
                format!("{} of {what}", others.join(", ")),
                "a container is taken as it runs; what makes it stays in this file",
            );
        }
    }
}

/// Where a port is published: the address, the port outside and the one inside.
fn published(node: &Node) -> (String, Option<u16>, Option<u16>) {
    let number = |it: &str| {
        it.split('/')
            .next()
            .and_then(|it| it.trim().parse::<u16>().ok())
            .filter(|it| *it > 0)
    };
    if node.is_map() {
        let of = |key: &str| {
            node.at(key)
                .and_then(Node::as_integer)
                .and_then(|it| u16::try_from(it).ok())
        };
        return (
            node.text_at("host_ip").unwrap_or_default().to_owned(),
            of("published"),
            of("target"),
        );
    }
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    };
    let mut parts = text.rsplitn(3, ':');
    let inner = parts.next().and_then(number);
    let outer = parts.next().and_then(number);
    let bind = parts
        .next()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    (bind, outer, inner)
}

/// An environment as a map, or as a list of `NAME=value`.
fn variables(
    file: usize,
    what: &str,
    node: Option<&Node>,
    draft: &mut Draft,
) -> BTreeMap<String, Toml> {
    let mut env = BTreeMap::new();
    let Some(node) = node else {
        return env;
    };
    let mut take = |name: &str, span: Span, value: &Node, draft: &mut Draft| {
        if word::ENV_NAME.check(name).is_err() {
            draft.leave(
                file,
                span,
                format!("the variable `{name}` of {what}"),
                "the system gives it a meaning of its own, or it is no name",
            );
        } else {
            env.insert(name.to_owned(), environment(name, value, draft));
        }
    };
    for entry in node.entries() {
        take(&entry.key, entry.key_span, &entry.node, draft);
    }
    for item in node.items() {
        let text = item.as_text().unwrap_or_default();
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        take(name, item.span, &Node::text(value, item.span), draft);
    }
    env
}

/// Reports mounts of files that are not there; whether one is, the caller knows.
pub(super) fn missing_mounts(file: In<'_>, exists: &dyn Fn(&str) -> bool, findings: &mut Findings) {
    for entry in file.node.at("services").map_or(&[][..], Node::entries) {
        for mount in entry.node.at("volumes").map_or(&[][..], Node::items) {
            let source = match &mount.value {
                Value::Text(text) => text.split(':').next().unwrap_or_default(),
                _ if mount.text_at("type") == Some("bind") => {
                    mount.text_at("source").unwrap_or_default()
                }
                _ => "",
            };
            // A folder may be meant to be made; a file with an ending is meant to be read.
            let is_file = source
                .rsplit('/')
                .next()
                .is_some_and(|it| it.trim_start_matches('.').contains('.'));
            let is_here = source.starts_with("./") || source.starts_with("../");
            if is_here && is_file && !source.contains('$') && !exists(source) {
                findings.push(
                    file.file,
                    Diagnostic::new(
                        &rules::MISSING_MOUNT,
                        format!("`{}` mounts `{source}`, which is not there", entry.key),
                    )
                    .primary(mount.span, "Docker makes an empty folder of this name")
                    .help("write the path as it is seen from this file, or put the file there"),
                );
            }
        }
    }
}

/// What a unit or a property list says of a program.
struct Program {
    name: String,
    command: Vec<String>,
    span: Span,
    fields: Fields,
    env: BTreeMap<String, Toml>,
    /// True for what is laid over a unit, and holds where both say something.
    is_drop_in: bool,
}

/// Directives that every unit has, and that a unit made from platform.toml gets again.
const UNIT: &[&str] = &[
    "After",
    "Description",
    "Documentation",
    "StartLimitBurst",
    "StartLimitIntervalSec",
    "Wants",
];
const INSTALL: &[&str] = &["WantedBy"];

/// Puts a systemd unit into a draft.
pub(super) fn unit(file: In<'_>, file_name: &str, draft: &mut Draft, findings: &mut Findings) {
    let Some(service) = file.node.at("Service") else {
        return draft.leave(
            file.file,
            file.node.span,
            "the unit",
            "it starts no program",
        );
    };
    let here = draft.here.clone();
    let os = draft
        .hosts
        .entry(here)
        .or_default()
        .os
        .get_or_insert("linux");
    if *os != "linux" {
        return draft.leave(
            file.file,
            file.node.span,
            "the unit",
            "property lists of macOS come from this machine: import it apart, with `--on`",
        );
    }
    let one = |section: &str, key: &str| {
        let directive = file.node.at(section).and_then(|it| it.at(key));
        directive
            .and_then(|it| it.items().last())
            .and_then(|it| Some((it.as_text()?.to_owned(), it.span)))
    };
    let mut fields = Fields::from([("managed_by", Toml::text("systemd"))]);
    let mut env = BTreeMap::new();
    let what = format!("unit `{file_name}`");
    for item in service.at("Environment").map_or(&[][..], Node::items) {
        for pair in words(item.as_text().unwrap_or_default()) {
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            if word::ENV_NAME.check(name).is_err() {
                draft.leave(
                    file.file,
                    item.span,
                    format!("a variable of {what}"),
                    "the system gives it a meaning of its own, or it is no name",
                );
            } else {
                let value = environment(name, &Node::text(value, item.span), draft);
                env.insert(name.to_owned(), value);
            }
        }
    }
    let text = |fields: &mut Fields,
                key: &'static str,
                value: Option<(String, Span)>,
                fits: &dyn Fn(&str) -> bool| {
        if let Some((value, _)) = value.filter(|(it, _)| fits(it)) {
            fields.insert(key, Toml::text(value));
        }
    };
    let path = |it: &str| it.starts_with('/') && word::PATH.check(it).is_ok() && !it.contains('%');
    text(&mut fields, "title", one("Unit", "Description"), &|it| {
        !it.contains('%') && !it.chars().any(char::is_control) && it.len() < 200
    });
    text(
        &mut fields,
        "run.directory",
        one("Service", "WorkingDirectory"),
        &path,
    );
    text(&mut fields, "run.user", one("Service", "User"), &|it| {
        word::USER.check(it).is_ok()
    });
    let env_file = one("Service", "EnvironmentFile")
        .map(|(it, span)| (it.trim_start_matches('-').to_owned(), span));
    text(&mut fields, "env_file", env_file, &path);
    text(
        &mut fields,
        "run.restart",
        one("Service", "Restart"),
        &|it| ["always", "on-failure", "no"].contains(&it),
    );
    let (command, span) = one("Service", "ExecStart").unwrap_or_default();
    let stem = unit_name(file_name);
    if stem != plain_name(&stem) || word::NAME.check(&stem).is_err() {
        draft.notes.push(format!(
            "the unit {file_name}: its service has another name"
        ));
    }
    let known = [
        "Environment",
        "EnvironmentFile",
        "ExecStart",
        "Restart",
        "User",
        "WorkingDirectory",
        "Type",
    ];
    let others = service
        .entries()
        .iter()
        .map(|it| it.key.as_str())
        .filter(|it| !known.contains(it));
    let others: Vec<&str> = others.collect();
    let around = [("Unit", UNIT), ("Install", INSTALL)]
        .into_iter()
        .flat_map(|(section, usual)| {
            let directives = file.node.at(section).map_or(&[][..], Node::entries);
            let mut keys = directives.iter().map(|it| it.key.as_str());
            std::iter::from_fn(move || keys.find(|it| !usual.contains(it)))
        });
    let others: Vec<&str> = others.into_iter().chain(around).collect();
    if !others.is_empty() {
        draft.leave(
            file.file,
            service.span,
            format!("{} of {what}", others.join(", ")),
            "the unit that is made from platform.toml decides it",
        );
    }
    let program = Program {
        name: plain_name(&stem),
        command: words(&command),
        span,
        fields,
        env,
        is_drop_in: is_drop_in(file_name),
    };
    place(file.file, &what, program, draft, findings);
}

/// True for a file that is laid over a unit.
pub(super) fn is_drop_in(file_name: &str) -> bool {
    let folder = file_name.rsplit('/').nth(1);
    folder.is_some_and(|it| it.ends_with(".service.d"))
}

/// The name of a unit: of a drop-in, the one that it belongs to.
fn unit_name(file_name: &str) -> String {
    let mut parts = file_name.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let folder = parts.next().and_then(|it| it.strip_suffix(".service.d"));
    let stem = last
        .trim_end_matches(".service")
        .trim_end_matches(".conf")
        .trim_end_matches(".container");
    folder.unwrap_or(stem).to_owned()
}

/// Puts a launchd property list into a draft.
pub(super) fn plist(file: In<'_>, draft: &mut Draft, findings: &mut Findings) {
    let label = file.node.text_at("Label").unwrap_or_default().to_owned();
    let what = format!("job `{label}`");
    let here = draft.here.clone();
    let os = draft
        .hosts
        .entry(here)
        .or_default()
        .os
        .get_or_insert("macos");
    if *os != "macos" {
        return draft.leave(
            file.file,
            file.node.span,
            what,
            "units of Linux come from this machine: import it apart, with `--on`",
        );
    }
    let mut fields = Fields::from([("managed_by", Toml::text("launchd"))]);
    let is_label = !label.is_empty()
        && label
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b".-_".contains(&it));
    if is_label {
        fields.insert("run.label", Toml::text(&label));
    }
    if let Some(user) = file
        .node
        .text_at("UserName")
        .filter(|it| word::USER.check(it).is_ok())
    {
        fields.insert("run.user", Toml::text(user));
    }
    if let Some(path) = file
        .node
        .text_at("WorkingDirectory")
        .filter(|it| it.starts_with('/') && word::PATH.check(it).is_ok())
    {
        fields.insert("run.directory", Toml::text(path));
    }
    let env = variables(
        file.file,
        &what,
        file.node.at("EnvironmentVariables"),
        draft,
    );
    let arguments = file.node.at("ProgramArguments");
    let command: Vec<String> = arguments
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(Node::as_text)
        .map(str::to_owned)
        .collect();
    let span = arguments.map_or(file.node.span, |it| {
        it.items().first().map_or(it.span, |it| it.span)
    });
    let known = [
        "Label",
        "UserName",
        "WorkingDirectory",
        "EnvironmentVariables",
        "ProgramArguments",
        "RunAtLoad",
        "KeepAlive",
    ];
    let others = file
        .node
        .entries()
        .iter()
        .map(|it| it.key.as_str())
        .filter(|it| !known.contains(it));
    let others: Vec<&str> = others.collect();
    if !others.is_empty() {
        draft.leave(
            file.file,
            file.node.entries().first().map_or(span, |it| it.key_span),
            format!("{} of {what}", others.join(", ")),
            "the daemon that is made from platform.toml decides it",
        );
    }
    let name = plain_name(label.rsplit('.').next().unwrap_or_default());
    let program = Program {
        name,
        command,
        span,
        fields,
        env,
        is_drop_in: false,
    };
    place(file.file, &what, program, draft, findings);
}

/// Puts a program on this machine: its kind, port and address are read from its command.
fn place(file: usize, what: &str, program: Program, draft: &mut Draft, findings: &mut Findings) {
    let Program {
        name,
        command,
        span,
        mut fields,
        mut env,
        is_drop_in,
    } = program;
    let value_of = |flags: &[&str]| {
        command.iter().enumerate().find_map(|(at, word)| {
            flags
                .iter()
                .find_map(|flag| match word.strip_prefix(flag)? {
                    "" => command.get(at + 1).cloned(),
                    rest => rest.strip_prefix('=').map(str::to_owned),
                })
        })
    };
    let kind = kind_of(&command.join(" "));
    let listen = match env.get("OLLAMA_HOST") {
        Some(Toml::Text(it)) => Some(it.trim_start_matches("http://").to_owned()),
        _ => None,
    };
    let listen = listen.map(|it| match it.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().ok()),
        None => (it, None),
    });
    let (host, port) = listen.unwrap_or_else(|| {
        let host = value_of(&["--host", "--listen", "--rest_bind_address"]).unwrap_or_default();
        (
            host,
            value_of(&["--port", "-p", "--rest_port"]).and_then(|it| it.parse().ok()),
        )
    });
    let port: Option<u16> = port.filter(|it| *it != 0);
    let faces_network = bind(file, span, &host, draft, findings);
    if faces_network {
        draft.leave(
            file,
            span,
            format!("the address that {what} listens on"),
            NOT_APPROVED,
        );
    }
    // Where it listens is said by fields of the service.
    env.remove("OLLAMA_HOST");
    let secret = command
        .iter()
        .any(|it| !secrets::known_keys(it).is_empty() || secrets::url_password(it).is_some());
    let odd = command
        .iter()
        .any(|it| it.contains(['%', '$']) || it.chars().any(char::is_control));
    if secret || odd {
        draft.leave(
            file,
            span,
            format!("the command of {what}"),
            "it has a secret, a variable or a specifier in it: write `run.command` by hand",
        );
    } else if kind == "generic" && faces_network {
        draft.leave(
            file,
            span,
            format!("the command of {what}"),
            "it says the address: write `run.command` with another one",
        );
    } else if kind == "generic" && !command.is_empty() {
        fields.insert("run.command", Toml::texts(command.iter().cloned()));
    } else if !command.is_empty() {
        draft.leave(
            file,
            span,
            format!("the command of {what}"),
            "its kind has one of its own; write `run.command` to keep yours",
        );
    }
    let service = Service {
        kind,
        host: draft.here.clone(),
        port,
        fields,
        env,
    };
    if let Some(there) = draft.services.get_mut(&name) {
        there.env.extend(service.env);
        for (key, value) in service.fields {
            if is_drop_in {
                there.fields.insert(key, value);
            } else {
                there.fields.entry(key).or_insert(value);
            }
        }
        there.port = service.port.or(there.port);
        return;
    }
    if word::NAME.check(&name).is_err()
        || port.is_some_and(|it| draft.port_is_taken(&service.host, it))
    {
        return draft.leave(
            file,
            span,
            what.to_owned(),
            "no service can have its name, or its port is taken already",
        );
    }
    draft.knows_service(&name, service);
}

/// Why a service that faced the network keeps to its host after an import.
const NOT_APPROVED: &str = "nobody has approved that it faces the network, so it keeps to loopback: write `bind` with an `approval` of who, when and why";

/// True when a program listens beyond its own host; whether the address is one of its machine is reported.
fn bind(file: usize, span: Span, host: &str, draft: &mut Draft, findings: &mut Findings) -> bool {
    if matches!(host, "" | "127.0.0.1" | "localhost" | "::1") {
        return false;
    }
    if word::ADDRESS.check(host).is_err() || matches!(host, "0.0.0.0" | "::") {
        return true;
    }
    let here = draft.here.clone();
    let foreign = |message: String| {
        Diagnostic::new(&rules::FOREIGN_BIND, message)
            .primary(span, "fails at every start")
            .help("write an address of its own machine, or 127.0.0.1")
    };
    match draft.host_at(host) {
        Some(owner) if owner != here => findings.push(
            file,
            foreign(format!(
                "a program of `{here}` listens on {host}, an address of `{owner}`"
            )),
        ),
        Some(_) => {}
        None => {
            let given = draft.is_given(&here);
            let machine = draft.hosts.entry(here.clone()).or_default();
            let network = network(host);
            if !machine.addresses.contains_key(network) {
                machine.addresses.insert(network, host.to_owned());
                draft.knows_address(host, &here);
            } else if given {
                let message =
                    format!("a program of `{here}` listens on {host}, which is no address of it");
                findings.push(file, foreign(message));
            }
        }
    }
    true
}
