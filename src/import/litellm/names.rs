//! The names that clients can ask for, and everything that points to one: aliases and fallbacks.

use std::collections::{BTreeMap, BTreeSet};

use super::super::report::Findings;
use super::super::rules;
use super::super::tree::{Entry, Node, Value};
use super::deployment::not_text;
use super::{Config, Deployment, In};
use crate::backend::litellm_keys::Section;
use crate::diagnostic::{Diagnostic, Source, Span, near_name};

/// The names that a configuration offers.
#[derive(Debug)]
pub(in crate::import) struct Names {
    live: BTreeSet<String>,
    dropped: BTreeSet<String>,
    aliases: BTreeSet<String>,
    wildcards: Vec<String>,
    /// True when more may come from a database.
    open: bool,
}

impl Names {
    pub(super) fn of(config: &Config<'_>, deployments: &[Deployment<'_>]) -> Self {
        let mut names = Self {
            live: BTreeSet::new(),
            dropped: BTreeSet::new(),
            aliases: BTreeSet::new(),
            wildcards: Vec::new(),
            open: config
                .setting(Section::General, "store_model_in_db")
                .is_some_and(|it| it.node.value != Value::Boolean(false)),
        };
        for deployment in deployments {
            let Some(name) = deployment.name else {
                continue;
            };
            if deployment.is_dropped {
                names.dropped.insert(name.to_owned());
                continue;
            }
            if name.contains('*') {
                names.wildcards.push(name.to_owned());
            }
            names.live.insert(name.to_owned());
            let id = deployment.info().and_then(|it| it.text_at("id"));
            names.live.extend(id.map(str::to_owned));
        }
        for group in config
            .setting(Section::Router, "routing_groups")
            .iter()
            .flat_map(|it| it.node.items())
        {
            names
                .live
                .extend(group.text_at("group_name").map(str::to_owned));
        }
        if let Some(aliases) = config.setting(Section::Router, "model_group_alias") {
            names
                .aliases
                .extend(aliases.node.entries().iter().map(|it| it.key.clone()));
        }
        names
    }

    /// Whether requests for a name find a model.
    pub(in crate::import) fn has(&self, name: &str) -> bool {
        self.open || self.live.contains(name) || self.aliases.contains(name) || self.matches(name)
    }

    fn matches(&self, name: &str) -> bool {
        self.wildcards.iter().any(|pattern| {
            let (head, tail) = pattern.split_once('*').unwrap_or((pattern, ""));
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        })
    }

    fn near<'a>(&'a self, name: &str) -> Option<&'a str> {
        near_name(
            name,
            self.live.iter().chain(&self.aliases).map(String::as_str),
        )
    }
}

/// Settings that are lists of fallbacks.
pub(in crate::import) const FALLBACKS: &[&str] = &[
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
];

pub(super) fn check(
    config: &Config<'_>,
    names: &Names,
    deployments: &[Deployment<'_>],
    findings: &mut Findings,
) {
    let commented: Vec<BTreeMap<String, Span>> = config
        .files
        .iter()
        .map(|it| commented_out(findings.source(it.file)))
        .collect();
    let of_file = |file: usize| {
        let at = config.files.iter().position(|it| it.file == file);
        at.map(|at| &commented[at])
    };
    let mut pointer = Pointer {
        names,
        deployments,
        commented: &of_file,
        findings,
    };
    if let Some(aliases) = config.setting(Section::Router, "model_group_alias") {
        pointer.aliases(aliases);
    }
    for section in [Section::Router, Section::Litellm] {
        for name in FALLBACKS {
            if let Some(list) = config.setting(section, name) {
                pointer.fallbacks(list, name);
            }
        }
        if let Some(list) = config.setting(section, "default_fallbacks") {
            for target in list.node.items() {
                pointer.target(
                    list.file,
                    target,
                    &rules::DANGLING_FALLBACK,
                    "a default fallback",
                );
            }
        }
    }
    if let Some(map) = config.setting(Section::Router, "model_group_retry_policy") {
        for entry in map.node.entries() {
            if !names.has(&entry.key) {
                pointer.dangling(
                    map.file,
                    &entry.key,
                    entry.key_span,
                    &rules::DANGLING_FALLBACK,
                    "a retry policy",
                );
            }
        }
    }
}

struct Pointer<'a, 'b> {
    names: &'a Names,
    deployments: &'a [Deployment<'a>],
    commented: &'a dyn Fn(usize) -> Option<&'b BTreeMap<String, Span>>,
    findings: &'a mut Findings,
}

impl Pointer<'_, '_> {
    fn aliases(&mut self, aliases: In<'_>) {
        for entry in aliases.node.entries() {
            match &entry.node.value {
                Value::Text(_) => self.target(
                    aliases.file,
                    &entry.node,
                    &rules::DANGLING_ALIAS,
                    "an alias",
                ),
                Value::Map(_) => {
                    if let Some(model) = entry.node.at("model") {
                        self.target(aliases.file, model, &rules::DANGLING_ALIAS, "an alias");
                    }
                }
                Value::List(items) => self.list(aliases.file, entry, items),
                _ => self.no_text(aliases.file, &entry.node, "the model of an alias"),
            }
        }
    }

    fn list(&mut self, file: usize, entry: &Entry, items: &[Node]) {
        let first = items.first().and_then(Node::as_text);
        self.findings.push(
            file,
            Diagnostic::new(
                &rules::LIST_VALUED_ALIAS,
                format!("the alias `{}` is given a list", entry.key),
            )
            .primary(entry.node.span, "an alias stands for one name")
            .help(match (items.len(), first) {
                (1, Some(name)) => format!("write `{name}` without brackets"),
                _ => "give several deployments the `model_name` instead".to_owned(),
            }),
        );
    }

    fn fallbacks(&mut self, list: In<'_>, name: &str) {
        if !list.node.is_list() {
            if !list.node.is_null() {
                self.refuse(
                    list.file,
                    list.node.span,
                    format!("`{name}` is a list of maps"),
                    "no list",
                );
            }
            return;
        }
        for item in list.node.items() {
            if !item.is_map() {
                self.refuse(
                    list.file,
                    item.span,
                    format!("an item of `{name}` is a map with one name"),
                    "no map",
                );
                continue;
            }
            if item.entries().len() != 1 {
                self.refuse(
                    list.file,
                    item.entries().get(1).map_or(item.span, |it| it.key_span),
                    format!("an item of `{name}` has {} names", item.entries().len()),
                    "LiteLLM takes one for each item",
                );
            }
            for entry in item.entries() {
                if entry.key != "*" && !self.names.has(&entry.key) && !self.is_short(&entry.key) {
                    self.dangling(
                        list.file,
                        &entry.key,
                        entry.key_span,
                        &rules::DANGLING_FALLBACK,
                        "a fallback",
                    );
                }
                for target in entry.node.items() {
                    self.target(list.file, target, &rules::DANGLING_FALLBACK, "a fallback");
                }
                if let Some(text) = entry.node.as_text() {
                    let (file, span) = (list.file, entry.node.span);
                    self.refuse(
                        file,
                        span,
                        format!("the fallbacks of `{}` are a text", entry.key),
                        "write a list: each letter would be a name",
                    );
                    let _ = text;
                }
            }
        }
    }

    /// A name without its provider is found too.
    fn is_short(&self, name: &str) -> bool {
        self.deployments
            .iter()
            .filter_map(|it| it.name)
            .any(|it| it.split_once('/').is_some_and(|(_, short)| short == name))
    }

    fn refuse(&mut self, file: usize, span: Span, message: String, label: &str) {
        self.findings.push(
            file,
            Diagnostic::new(&rules::REFUSED_SETTING, message)
                .primary(span, label)
                .help("write `- name: [first, second]`"),
        );
    }

    fn no_text(&mut self, file: usize, node: &Node, what: &str) {
        let mut found = not_text(self.findings.source(file).words(node.span), node, what);
        if found.rule.name == rules::DROPPED_DEPLOYMENT.name {
            found.rule = &rules::YAML_1_1_VALUE;
            found.severity = found.rule.severity;
        }
        self.findings.push(file, found);
    }

    fn target(
        &mut self,
        file: usize,
        target: &Node,
        rule: &'static crate::diagnostic::Rule,
        what: &str,
    ) {
        match &target.value {
            Value::Text(name) if self.names.has(name) || name.starts_with("os.environ/") => {}
            Value::Text(name) => self.dangling(file, name, target.span, rule, what),
            Value::Map(_) => {}
            _ => self.no_text(file, target, "the name of a model"),
        }
    }

    fn dangling(
        &mut self,
        file: usize,
        name: &str,
        span: Span,
        rule: &'static crate::diagnostic::Rule,
        what: &str,
    ) {
        let commented = (self.commented)(file).and_then(|it| it.get(name)).copied();
        let found = if let Some(comment) = commented {
            Diagnostic::new(
                &rules::COMMENTED_OUT_DEPLOYMENT,
                format!("{what} points to `{name}`, which is commented out"),
            )
            .primary(span, "leads nowhere")
            .secondary(comment, "switched off here")
            .help("take the comment away, or what points to it too")
        } else if self.names.dropped.contains(name) {
            Diagnostic::new(
                rule,
                format!("{what} points to `{name}`, which LiteLLM drops"),
            )
            .primary(span, "leads nowhere")
            .help("mend the deployment")
        } else {
            let near = self.names.near(name);
            Diagnostic::new(
                rule,
                format!("{what} points to `{name}`, which is not there"),
            )
            .primary(span, "no model has this name")
            .help(near.map_or_else(
                || "take it out, or add a deployment with this `model_name`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            ))
        };
        self.findings.push(file, found);
    }
}

/// The names of deployments that stand in comments.
fn commented_out(source: &Source) -> BTreeMap<String, Span> {
    let mut found = BTreeMap::new();
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let at = start;
        start += line.len();
        let Some(words) = line.trim_start().strip_prefix('#') else {
            continue;
        };
        let words = words.trim_start_matches([' ', '#', '\t', '-']);
        let Some(name) = words.strip_prefix("model_name:") else {
            continue;
        };
        let name = name.split(" #").next().unwrap_or_default();
        let name = name.trim().trim_matches(['"', '\'']);
        if !name.is_empty() {
            let indent = line.len() - line.trim_start().len();
            found.insert(
                name.to_owned(),
                Span::new(at + indent, at + line.trim_end().len()),
            );
        }
    }
    found
}
