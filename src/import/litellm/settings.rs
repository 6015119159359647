//! The three sections of settings: keys that are unknown, misplaced, dead, or keep LiteLLM from starting.

use std::collections::BTreeMap;

use super::super::report::Findings;
use super::super::rules;
use super::super::tree::{Entry, KeyValue, Node, Value};
use super::names::FALLBACKS;
use super::{Config, Deployment, In, ignored};
use crate::backend::litellm_keys::{self, Section, SettingKey};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// Settings of `general_settings` that LiteLLM takes in `router_settings` for a reason to end.
const FATAL_IN_ROUTER: &[&str] = &["health_check_concurrency", "health_check_interval"];

/// Settings that LiteLLM takes from holders of a licence only.
pub(super) const ENTERPRISE: &[&str] = &["allowed_ips"];

pub(super) fn check(config: &Config<'_>, findings: &mut Findings) {
    for section in [Section::Router, Section::Litellm, Section::General] {
        let Some(map) = config.map(section.name()) else {
            continue;
        };
        for entry in map.node.entries() {
            if entry.key_value == KeyValue::Text {
                key(section, map.file, entry, findings);
            }
        }
        text_keys(map, findings);
    }
    if let Some(strategy) = config.setting(Section::Router, "routing_strategy") {
        routing_strategy(strategy, findings);
    }
    for (name, kind) in POLICIES {
        if let Some(policy) = config.setting(Section::Router, name) {
            self::policy(policy, kind, findings);
        }
    }
    if let Some(alias) = config.setting(Section::Router, "model_group_alias")
        && !alias.node.is_map()
        && !alias.node.is_null()
    {
        let message = format!(
            "`model_group_alias` is {}, and LiteLLM needs a map",
            alias.node.noun()
        );
        refuse(
            alias.file,
            alias.node.span,
            message,
            "no map",
            "write `alias: name`",
            findings,
        );
    }
    if let Some(map) = config.setting(Section::Router, "model_group_retry_policy") {
        for entry in map.node.entries() {
            let node = &entry.node;
            policy(
                In {
                    file: map.file,
                    node,
                },
                "retry_policy",
                findings,
            );
        }
    }
    for deployment in config.deployments() {
        for place in [deployment.params(), deployment.info()]
            .into_iter()
            .flatten()
        {
            if let Some(node) = place.at("allowed_fails_policy") {
                policy(
                    In {
                        file: deployment.file,
                        node,
                    },
                    "allowed_fails_policy",
                    findings,
                );
            }
        }
    }
    if let Some(servers) = config.map("mcp_servers") {
        for entry in servers
            .node
            .entries()
            .iter()
            .filter(|it| it.key.contains('-'))
        {
            refuse(
                servers.file,
                entry.key_span,
                format!("an MCP server cannot be called `{}`", entry.key),
                "LiteLLM separates server and tool by `-`",
                &format!("write `{}`", entry.key.replace('-', "_")),
                findings,
            );
        }
    }
}

/// Reports names that are no text: LiteLLM checks that of its settings, at any depth, and ends.
fn text_keys(map: In<'_>, findings: &mut Findings) {
    for entry in map.node.entries() {
        if entry.key_value == KeyValue::Other {
            refuse(
                map.file,
                entry.key_span,
                format!("the key `{}` is no text in YAML 1.1", entry.key),
                "LiteLLM takes only texts for names, and ends",
                "put it in quotes",
                findings,
            );
        }
        for node in std::iter::once(&entry.node).chain(entry.node.items()) {
            text_keys(
                In {
                    file: map.file,
                    node,
                },
                findings,
            );
        }
    }
}

const POLICIES: &[(&str, &str)] = &[
    ("retry_policy", "retry_policy"),
    ("allowed_fails_policy", "allowed_fails_policy"),
];

fn key(section: Section, file: usize, entry: &Entry, findings: &mut Findings) {
    let name = entry.key.as_str();
    let known = section.keys().contains(&name);
    if section == Section::General && ENTERPRISE.contains(&name) && !entry.node.is_null() {
        refuse(
            file,
            entry.key_span,
            format!("`{name}` is for holders of a licence"),
            "without LITELLM_LICENSE LiteLLM ends here",
            "take it out, and let a firewall do it",
            findings,
        );
    }
    if known {
        return;
    }
    let found = match section.key(name) {
        SettingKey::Known => return,
        SettingKey::Elsewhere(home) => {
            findings.refused |= is_fatal(section, entry);
            misplaced(section, home, entry)
        }
        // A field of ours stands for a setting of some section; of which, the lists know.
        SettingKey::Written(_) => match home(section, name) {
            Some(home) => misplaced(section, home, entry),
            None => return,
        },
        SettingKey::Unknown(near) => {
            if litellm_keys::listed("top").contains(&name) {
                Diagnostic::new(
                    &rules::MISPLACED_SETTING,
                    format!("`{name}` is a section of its own"),
                )
                .primary(entry.key_span, format!("not read in `{}`", section.name()))
                .help("move it to the left edge")
            } else {
                ignored(
                    name,
                    entry.key_span,
                    near,
                    &format!("`{}` has no", section.name()),
                )
            }
        }
    };
    findings.push(file, found);
}

fn is_fatal(section: Section, entry: &Entry) -> bool {
    section == Section::Router && FATAL_IN_ROUTER.contains(&entry.key.as_str())
}

fn home(section: Section, name: &str) -> Option<Section> {
    let others = [Section::General, Section::Router, Section::Litellm];
    let mut others = others.into_iter().filter(|it| *it != section);
    others.find(|it| it.keys().contains(&name))
}

fn misplaced(section: Section, home: Section, entry: &Entry) -> Diagnostic {
    let fatal = is_fatal(section, entry);
    let mut found = Diagnostic::new(
        &rules::MISPLACED_SETTING,
        format!("`{}` does not belong into `{}`", entry.key, section.name()),
    )
    .primary(
        entry.key_span,
        if fatal {
            "LiteLLM does not start with it here"
        } else {
            "not read here"
        },
    )
    .help(format!("move it into `{}`", home.name()));
    if fatal {
        found.severity = Severity::Error;
    }
    found
}

fn refuse(
    file: usize,
    span: Span,
    message: String,
    label: &str,
    help: &str,
    findings: &mut Findings,
) {
    findings.push(
        file,
        Diagnostic::new(&rules::REFUSED_SETTING, message)
            .primary(span, label)
            .help(help),
    );
}

fn routing_strategy(strategy: In<'_>, findings: &mut Findings) {
    let known = litellm_keys::listed("routing_strategy");
    let Some(word) = strategy.node.as_text() else {
        return;
    };
    if known.contains(&word) || word.starts_with("os.environ/") {
        return;
    }
    let help = litellm_keys::near(known, word).map_or_else(
        || format!("write one of {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    refuse(
        strategy.file,
        strategy.node.span,
        format!("LiteLLM has no routing strategy `{word}`"),
        "it ends here",
        &help,
        findings,
    );
}

/// A policy: known errors, and whole numbers.
fn policy(policy: In<'_>, kind: &'static str, findings: &mut Findings) {
    let known = litellm_keys::listed(kind);
    for entry in policy.node.entries() {
        if !known.contains(&entry.key.as_str()) {
            let near = litellm_keys::near(known, &entry.key);
            findings.push(
                policy.file,
                Diagnostic::new(
                    &rules::DEAD_RETRY_KEY,
                    format!("`{kind}` has no `{}`", entry.key),
                )
                .primary(entry.key_span, "taken, and never looked at")
                .help(near.map_or_else(
                    || format!("it knows {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                )),
            );
        } else if !matches!(
            entry.node.value,
            Value::Integer(_) | Value::Null | Value::Boolean(_)
        ) && entry.node.as_integer().is_none()
            && !matches!(entry.node.value, Value::Float(it) if it.fract() == 0.0)
            && !entry
                .node
                .as_text()
                .is_some_and(|it| it.starts_with("os.environ/"))
        {
            refuse(
                policy.file,
                entry.node.span,
                format!(
                    "`{}` is {}, and LiteLLM takes a whole number",
                    entry.key,
                    entry.node.noun()
                ),
                "no whole number",
                "write how often",
                findings,
            );
        }
    }
}

/// Reports settings by which failures lock out a model that has nothing else.
pub(super) fn lone_cooldown(
    config: &Config<'_>,
    deployments: &[Deployment<'_>],
    findings: &mut Findings,
) {
    let setting = |name: &str| config.setting(Section::Router, name);
    let number = |it: &Node| match it.value {
        Value::Integer(number) => Some(number),
        _ => None,
    };
    if setting("disable_cooldowns").is_some_and(|it| it.node.value == Value::Boolean(true))
        || setting("cooldown_time").is_some_and(|it| number(it.node) == Some(0))
    {
        return;
    }
    let cause = setting("allowed_fails")
        .filter(|it| number(it.node).is_some_and(|it| it != 3))
        .or_else(|| setting("allowed_fails_policy").filter(|it| !it.node.entries().is_empty()));
    let Some(cause) = cause else {
        return;
    };
    let saved = |name: &str| {
        [Section::Router, Section::Litellm]
            .into_iter()
            .any(|section| {
                let listed = |it: &str| {
                    config.setting(section, it).is_some_and(|list| {
                        let keys = list.node.items().iter().flat_map(Node::entries);
                        keys.into_iter().any(|it| it.key == name || it.key == "*")
                    })
                };
                config
                    .setting(section, "default_fallbacks")
                    .is_some_and(|it| !it.node.items().is_empty())
                    || FALLBACKS.iter().take(1).any(|it| listed(it))
            })
    };
    let mut groups: BTreeMap<&str, (usize, &Deployment<'_>)> = BTreeMap::new();
    for deployment in deployments.iter().filter(|it| !it.is_dropped) {
        if let Some(name) = deployment.name {
            groups.entry(name).or_insert((0, deployment)).0 += 1;
        }
    }
    let lone: Vec<&Deployment<'_>> = groups
        .iter()
        .filter(|(name, (count, _))| *count == 1 && !name.contains('*') && !saved(name))
        .map(|(_, (_, deployment))| *deployment)
        .collect();
    let Some(first) = lone.first() else {
        return;
    };
    let more = match lone.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut found = Diagnostic::new(
        &rules::LONE_DEPLOYMENT_COOLDOWN,
        format!(
            "a cooldown can lock out `{}`{more}",
            first.name.unwrap_or_default()
        ),
    )
    .primary(
        cause.node.span,
        "with this, even a lone deployment is left alone after failures",
    )
    .help("write `allowed_fails: 3`, or give the model a fallback");
    if first.file == cause.file {
        found = found.secondary(first.span(), "has one deployment and no fallback");
    }
    findings.push(cause.file, found);
}
