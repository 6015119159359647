//! The configuration of a LiteLLM proxy: what it says, includes and all, and what LiteLLM will make of it.
//!
//! LiteLLM takes almost anything in silence. What it drops, ignores and refuses is data of one release (`backend::litellm_keys`), so these checks answer without starting it.

mod carry;
mod carry_settings;
mod credentials;
mod deployment;
mod names;
mod settings;
mod variables;

use super::report::Findings;
use super::rules;
use super::tree::{Entry, Node, Style};
use super::yaml::Yaml;
use crate::backend::litellm_keys::{self, Section};
use crate::diagnostic::{Diagnostic, Span};

pub(super) use carry::{Carrying, carry};
pub(super) use credentials::{diagnostic as credential_finding, scan as scan_credentials};
pub(super) use deployment::Deployment;
use names::Names;

/// A value, and the file that it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct In<'a> {
    /// The number of the file.
    pub(super) file: usize,
    /// The value.
    pub(super) node: &'a Node,
}

/// A configuration as LiteLLM sees it: the file itself and what it includes, in the order in which they are joined.
#[derive(Debug)]
pub(super) struct Config<'a> {
    /// The root of each file.
    pub(super) files: Vec<In<'a>>,
}

impl<'a> Config<'a> {
    /// What a section holds: of lists all, of anything else the last one.
    pub(super) fn section(&self, name: &str) -> Vec<In<'a>> {
        let mut found: Vec<In<'a>> = Vec::new();
        for file in &self.files {
            let Some(node) = file.node.at(name) else {
                continue;
            };
            let both_lists = node.is_list() && found.last().is_some_and(|it| it.node.is_list());
            if !both_lists {
                found.clear();
            }
            found.push(In {
                file: file.file,
                node,
            });
        }
        found
    }

    /// A section that is a map.
    pub(super) fn map(&self, name: &str) -> Option<In<'a>> {
        self.section(name).pop().filter(|it| it.node.is_map())
    }

    /// A setting of a section.
    pub(super) fn setting(&self, section: Section, name: &str) -> Option<In<'a>> {
        let map = self.map(section.name())?;
        let node = map.node.at(name)?;
        Some(In {
            file: map.file,
            node,
        })
    }

    /// The deployments.
    pub(super) fn deployments(&self) -> Vec<Deployment<'a>> {
        let lists = self.section("model_list");
        let entries = lists
            .iter()
            .flat_map(|list| list.node.items().iter().map(|node| (list.file, node)));
        entries
            .map(|(file, node)| Deployment::new(file, node))
            .collect()
    }
}

/// What else is known about the place where LiteLLM runs.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Variables that env files and the like set; nothing when no such file was given.
    pub(super) variables: Option<std::collections::BTreeSet<String>>,
}

/// True when a file looks like a configuration of LiteLLM.
pub(super) fn is_config(root: &Node) -> bool {
    let has = |key: &str| root.at(key).is_some();
    let models = root.at("model_list").is_some_and(|it| {
        it.is_null()
            || it.items().is_empty()
            || it
                .items()
                .iter()
                .any(|it| it.at("litellm_params").is_some() || it.at("model_name").is_some())
    });
    models
        || has("litellm_settings")
        || has("router_settings")
        || (has("general_settings") && !has("services"))
        || (has("include") && root.at("include").is_some_and(Node::is_list) && !has("services"))
        || root
            .at("mcp_servers")
            .is_some_and(|it| it.is_map() && root.entries().len() == 1)
        || has("environment_variables")
}

/// True when a text that cannot be read was most likely meant as such a configuration.
pub(super) fn looks_like_config(text: &str) -> bool {
    let words = [
        "model_list:",
        "litellm_settings:",
        "litellm_params:",
        "router_settings:",
        "general_settings:",
    ];
    words.iter().any(|it| text.contains(it))
}

/// Checks a configuration.
pub(super) fn check<'a>(
    config: &Config<'a>,
    surroundings: &Surroundings,
    findings: &mut Findings,
) -> Vec<Deployment<'a>> {
    for file in &config.files {
        top(*file, findings);
        super::words::check(*file, findings);
    }
    replaced_sections(config, findings);
    let mut deployments = config.deployments();
    for deployment in &mut deployments {
        deployment.check(config, findings);
    }
    deployment::duplicate_ids(&deployments, findings);
    let names = Names::of(config, &deployments);
    names::check(config, &names, &deployments, findings);
    settings::check(config, findings);
    settings::lone_cooldown(config, &deployments, findings);
    variables::check(config, surroundings, findings);
    for file in &config.files {
        credentials::check(*file, findings);
    }
    deployments
}

/// What PyYAML and the loader make of a text beyond its values: several documents and unknown tags.
pub(super) fn check_text(file: usize, yaml: &Yaml, findings: &mut Findings) {
    if let [_, second, ..] = yaml.starts.as_slice() {
        findings.push(
            file,
            Diagnostic::new(
                &rules::YAML_SYNTAX,
                "the file has several documents, and LiteLLM reads one",
            )
            .primary(*second, "the second begins here")
            .help("join them, or put the others into files of their own and `include` them"),
        );
    }
    for tag in &yaml.tags {
        findings.push(
            file,
            Diagnostic::new(&rules::YAML_SYNTAX, "LiteLLM knows no tags of YAML")
                .primary(*tag, "has a tag")
                .help("take the tag out"),
        );
    }
}

fn top(file: In<'_>, findings: &mut Findings) {
    let known = litellm_keys::listed("top");
    for entry in file.node.entries() {
        let key = entry.key.as_str();
        // Where anchors are kept: everybody's habit, and no setting.
        let shelf = entry.node.style == Style::Anchored
            || key.starts_with(['x', '.', '_'])
                && key.len() > 1
                && (key.starts_with("x-") || key.starts_with(['.', '_']));
        let holds_anchors = shelf
            || entry
                .node
                .items()
                .iter()
                .any(|it| it.style == Style::Anchored)
            || entry
                .node
                .entries()
                .iter()
                .any(|it| it.node.style == Style::Anchored);
        if known.contains(&key) {
            wrong_sort(file.file, entry, findings);
            continue;
        }
        if holds_anchors {
            continue;
        }
        let sections = [Section::General, Section::Litellm, Section::Router];
        let home = sections.into_iter().find(|it| it.keys().contains(&key));
        findings.push(
            file.file,
            match home {
                Some(home) => Diagnostic::new(
                    &rules::MISPLACED_SETTING,
                    format!("`{key}` does not stand on its own"),
                )
                .primary(entry.key_span, "ignored here")
                .help(format!("move it into `{}`", home.name())),
                None => ignored(
                    key,
                    entry.key_span,
                    litellm_keys::near(known, key),
                    "LiteLLM has no section",
                ),
            },
        );
    }
}

/// A section that is not what the loader goes through.
fn wrong_sort(file: usize, entry: &Entry, findings: &mut Findings) {
    let (fits, wanted) = match entry.key.as_str() {
        "model_list" | "include" | "guardrails" | "search_tools" => {
            (entry.node.is_list(), "a list")
        }
        "litellm_settings" | "general_settings" | "environment_variables" | "mcp_servers" => {
            (entry.node.is_map(), "a map")
        }
        _ => return,
    };
    if fits || entry.node.is_null() {
        return;
    }
    findings.push(
        file,
        Diagnostic::new(
            &rules::REFUSED_SETTING,
            format!(
                "`{}` is {}, and LiteLLM needs {wanted}",
                entry.key,
                entry.node.noun()
            ),
        )
        .primary(entry.key_span, format!("needs {wanted}")),
    );
}

/// The finding for a key that LiteLLM does not read.
fn ignored(key: &str, span: Span, near: Option<&str>, what: &str) -> Diagnostic {
    Diagnostic::new(&rules::IGNORED_SETTING, format!("{what} `{key}`"))
        .primary(span, "ignored without a word")
        .help(near.map_or_else(
            || "take it out".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ))
}

/// A map of an included file takes the place of the whole map before it.
fn replaced_sections(config: &Config<'_>, findings: &mut Findings) {
    for (at, file) in config.files.iter().enumerate() {
        for entry in file.node.entries() {
            let later = config.files[at + 1..]
                .iter()
                .find_map(|it| it.node.at(&entry.key));
            let Some(later) = later.filter(|it| !(it.is_list() && entry.node.is_list())) else {
                continue;
            };
            if later.is_map() && entry.node.is_map() && entry.key != "include" {
                findings.push(
                    file.file,
                    Diagnostic::new(
                        &rules::IGNORED_SETTING,
                        format!("an included file has `{}` too", entry.key),
                    )
                    .primary(
                        entry.key_span,
                        "all of this is thrown away: maps are not joined",
                    )
                    .help("keep the section in one file"),
                );
            }
        }
    }
}
