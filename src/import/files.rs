//! The files of one import: read, checked, and put into a draft in the order in which they help each other.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::litellm::{self, Carrying, Config, In, Surroundings};
use super::recognise::{self, Format, Parsed};
use super::report::Findings;
use super::tree::{Entry, Node, Url, Value};
use super::{Verdict, World, lists, machine, mcp, rules, yaml};
use crate::backend::litellm_keys;
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::manifest::word;

/// How many files one configuration may include.
const INCLUDES: usize = 100;

/// The files of one import.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// What was found in them.
    pub(super) findings: Findings,
    parsed: Vec<(usize, Parsed)>,
    included: BTreeMap<usize, Vec<(usize, Node)>>,
    /// Where deployments stand that LiteLLM drops.
    dropped: BTreeSet<(usize, Span)>,
}

impl Files {
    /// Reads each text as what it is, and what a configuration of LiteLLM includes.
    pub(super) fn read(sources: &[Source], world: World<'_>) -> Self {
        let mut files = Self::default();
        for source in sources {
            let file = files.findings.add(source.clone());
            let Some(parsed) = recognise::read(source, files.findings.of(file)) else {
                // No report may show a key in a text that cannot be read as anything.
                files.credentials(file, None);
                let broken = litellm::looks_like_config(source.text());
                files.findings.unreadable |= broken;
                continue;
            };
            if parsed.format == Format::Unknown {
                files.findings.push(
                    file,
                    Diagnostic::new(&rules::UNRECOGNISED_FILE, "nobody knows what this file is")
                        .help("`homelab import --help` lists what can be read"),
                );
            }
            if parsed.format == Format::Litellm {
                if let Some(yaml) = &parsed.yaml {
                    litellm::check_text(file, yaml, &mut files.findings);
                }
                let included = files.include(file, source, &parsed.root, world);
                files.included.insert(file, included);
            } else {
                files.credentials(file, Some(&parsed));
            }
            files.parsed.push((file, parsed));
        }
        files
    }

    /// Reports keys and passwords. An env file is where they belong: there they are only masked.
    fn credentials(&mut self, file: usize, parsed: Option<&Parsed>) {
        if parsed.is_some_and(|it| it.format == Format::Env) {
            return;
        }
        let root = parsed.map(|it| &it.root);
        for found in litellm::scan_credentials(self.findings.source(file), root) {
            self.findings.push(file, litellm::credential_finding(found));
        }
    }

    /// Reads what a configuration includes, and what that includes.
    fn include(
        &mut self,
        file: usize,
        source: &Source,
        root: &Node,
        world: World<'_>,
    ) -> Vec<(usize, Node)> {
        let mut included: Vec<(usize, Node)> = Vec::new();
        let mut seen = BTreeSet::from([source.name().to_owned()]);
        let mut pending = vec![(file, source.name().to_owned(), root.clone())];
        let mut at = 0;
        while at < pending.len() && included.len() < INCLUDES {
            let (from, name, node) = pending[at].clone();
            at += 1;
            let Some(list) = node.at("include") else {
                continue;
            };
            if !list.is_list() {
                self.refuse(from, list.span, "`include` is a list of paths", "no list");
            }
            for item in list.items() {
                let Some(path) = item.as_text() else {
                    self.refuse(from, item.span, "`include` is a list of paths", "no path");
                    continue;
                };
                let Some(found) = (world.read)(&name, path) else {
                    let message = format!("the included file `{path}` cannot be read");
                    self.refuse(from, item.span, &message, "not there, or not readable");
                    continue;
                };
                if !seen.insert(found.name().to_owned()) {
                    continue;
                }
                let number = self.findings.add(found.clone());
                let Some(yaml) = yaml::read(&found, self.findings.of(number)) else {
                    self.findings.unreadable = true;
                    self.credentials(number, None);
                    continue;
                };
                litellm::check_text(number, &yaml, &mut self.findings);
                if let Some(root) = yaml.documents.into_iter().next() {
                    pending.push((number, found.name().to_owned(), root.clone()));
                    included.push((number, root));
                }
            }
        }
        included
    }

    fn refuse(&mut self, file: usize, span: Span, message: &str, label: &str) {
        self.findings.push(
            file,
            Diagnostic::new(&rules::REFUSED_SETTING, message)
                .primary(span, label)
                .help("paths are relative to the file that includes"),
        );
    }

    /// The files of a format.
    fn of(&self, format: Format) -> Vec<In<'_>> {
        let files = self.parsed.iter().filter(|(_, it)| it.format == format);
        files
            .map(|(file, it)| In {
                file: *file,
                node: &it.root,
            })
            .collect()
    }

    fn configs(&self) -> Vec<Config<'_>> {
        let configs = self.of(Format::Litellm).into_iter();
        let with_included = configs.map(|main| {
            let included = self.included.get(&main.file).map_or(&[][..], Vec::as_slice);
            let included = included.iter().map(|(file, node)| In { file: *file, node });
            Config {
                files: std::iter::once(main).chain(included).collect(),
            }
        });
        with_included.collect()
    }

    /// Checks each configuration of LiteLLM, and the mounts of containers.
    pub(super) fn check(&mut self, world: World<'_>) -> Option<Verdict> {
        let mut findings = std::mem::take(&mut self.findings);
        let surroundings = self.surroundings();
        let mut verdict: Option<Verdict> = None;
        let mut dropped = BTreeSet::new();
        for config in self.configs() {
            let deployments = litellm::check(&config, &surroundings, &mut findings);
            let verdict = verdict.get_or_insert_default();
            verdict.declared += deployments.len();
            for deployment in &deployments {
                match deployment.name.filter(|_| !deployment.is_dropped) {
                    Some(name) => verdict.live.push(name.to_owned()),
                    None => _ = dropped.insert((deployment.file, deployment.node.span)),
                }
            }
        }
        for file in self.of(Format::Compose) {
            let name = findings.source(file.file).name().to_owned();
            let exists = |path: &str| (world.exists)(&name, path);
            machine::missing_mounts(file, &exists, &mut findings);
        }
        self.dropped = dropped;
        self.findings = findings;
        if self.findings.unreadable {
            verdict.get_or_insert_default();
        }
        let mut verdict = verdict?;
        verdict.starts = !self.findings.refuses();
        verdict.live.sort_unstable();
        Some(verdict)
    }

    /// The variables that env files and containers set, when there are such files.
    fn surroundings(&self) -> Surroundings {
        let env = self.of(Format::Env);
        let mut names = BTreeSet::new();
        for entry in env.iter().flat_map(|it| it.node.entries()) {
            names.insert(entry.key.clone());
        }
        for file in self.of(Format::Compose) {
            let services = file.node.at("services").map_or(&[][..], Node::entries);
            for node in services.iter().filter_map(|it| it.node.at("environment")) {
                names.extend(node.entries().iter().map(|it| it.key.clone()));
                let items = node.items().iter().filter_map(Node::as_text);
                names.extend(
                    items
                        .filter_map(|it| it.split('=').next())
                        .map(str::to_owned),
                );
            }
        }
        Surroundings {
            variables: (!env.is_empty()).then_some(names),
        }
    }

    /// Puts what runs on this machine into a draft: containers, units, property lists.
    pub(super) fn machines(&mut self, draft: &mut Draft) {
        let mut findings = std::mem::take(&mut self.findings);
        for project in projects(self.of(Format::Compose), &findings) {
            machine::compose(&project, draft);
        }
        let mut units = self.of(Format::Unit);
        units.sort_by_key(|it| machine::is_drop_in(findings.source(it.file).name()));
        for file in units {
            let name = findings.source(file.file).name().to_owned();
            machine::unit(file, &name, draft, &mut findings);
        }
        for file in self.of(Format::Plist) {
            machine::plist(file, draft, &mut findings);
        }
        self.findings = findings;
    }

    /// Puts everything else into a draft.
    pub(super) fn carry(&mut self, draft: &mut Draft) {
        for file in self.of(Format::MlxRegistry) {
            lists::mlx_registry(file, draft);
        }
        let values = self.values();
        for config in self.configs() {
            let credentials = config.files.iter().map(|it| {
                let source = self.findings.source(it.file);
                (it.file, litellm::scan_credentials(source, Some(it.node)))
            });
            let carrying = Carrying {
                dropped: &self.dropped,
                credentials: &credentials.collect(),
                values: &values,
            };
            litellm::carry(&config, &carrying, draft);
        }
        self.variables(&values, draft);
        for file in self.of(Format::Optillm) {
            lists::optillm(file, draft);
        }
        for file in self.of(Format::LlamaSwap) {
            lists::llama_swap(file, draft);
        }
        for file in self.of(Format::OllamaTags) {
            lists::ollama_tags(file, draft);
        }
        for file in self.of(Format::Models) {
            lists::models(file, draft);
        }
        for file in self.of(Format::McpClient) {
            mcp::client(file, draft);
        }
        let mut rows = self.of(Format::Rows);
        // Handles need their models, and these their services.
        rows.sort_by_key(|it| {
            let has = |key| it.node.items().iter().any(|it| it.at(key).is_some());
            (has("handle"), has("model"))
        });
        for file in rows {
            lists::rows(file, draft);
        }
        for file in self.of(Format::Unknown) {
            draft.leave(
                file.file,
                Span::default(),
                "the file",
                "nobody knows what it is",
            );
        }
    }

    /// Values of variables that are plainly addresses or models; of all others only the name is taken.
    fn values(&self) -> BTreeMap<String, String> {
        let entries = self
            .of(Format::Env)
            .into_iter()
            .flat_map(|it| it.node.entries());
        let plain = entries.filter_map(|entry| {
            let Value::Text(text) = &entry.node.value else {
                return None;
            };
            let is_url = Url::parse(text).is_some() && !text.contains(['?', '#']);
            let prefix = text.split_once('/').map(|(prefix, _)| prefix);
            let is_model = prefix.is_some_and(litellm_keys::is_provider) && !text.contains("://");
            (is_url || is_model).then(|| (entry.key.clone(), text.clone()))
        });
        plain.collect()
    }

    /// The variables of env files: by name, for the gateway when it is among the files.
    fn variables(&self, values: &BTreeMap<String, String>, draft: &mut Draft) {
        let has_gateway = !self.of(Format::Litellm).is_empty();
        let configs = self.configs();
        let deployments = configs.iter().flat_map(Config::deployments);
        let used: BTreeSet<&str> = deployments
            .filter_map(|it| it.params())
            .flat_map(|it| ["api_base", "base_url", "model"].map(|key| it.text_at(key)))
            .flatten()
            .filter_map(|it| it.strip_prefix("os.environ/"))
            .collect();
        for file in self.of(Format::Env) {
            for entry in file.node.entries() {
                if values.contains_key(&entry.key) && used.contains(entry.key.as_str()) {
                    continue;
                }
                let fits = word::ENV_NAME.check(&entry.key).is_ok();
                if !has_gateway || !fits || !draft.gateway_variable(&entry.key) {
                    let what = format!("the variable `{}`", entry.key);
                    draft.leave(
                        file.file,
                        entry.key_span,
                        what,
                        "nothing among the files says who reads it, or it is no name for one",
                    );
                }
            }
        }
    }
}

/// The Compose files of each folder, which are one project: those that say what a container is made of first, overrides behind them.
fn projects<'a>(files: Vec<In<'a>>, findings: &Findings) -> Vec<Vec<In<'a>>> {
    let mut projects: Vec<(String, Vec<In<'a>>)> = Vec::new();
    for file in files {
        let name = findings.source(file.file).name();
        let folder = name.rsplit_once('/').map_or("", |it| it.0);
        match projects.iter_mut().find(|(it, _)| it == folder) {
            Some((_, files)) => files.push(file),
            None => projects.push((folder.to_owned(), vec![file])),
        }
    }
    let is_override = |file: &In<'_>| {
        let services = file.node.at("services").map_or(&[][..], Node::entries);
        let makes = |it: &Entry| it.node.at("image").or(it.node.at("build")).is_some();
        findings.source(file.file).name().contains("override") || !services.iter().any(makes)
    };
    projects
        .into_iter()
        .map(|(_, mut files)| {
            files.sort_by_key(is_override);
            files
        })
        .collect()
}
