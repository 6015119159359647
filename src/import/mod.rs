//! Foreign files: what is wrong with them, and the platform that they describe.
//!
//! A file is told by what it holds, read as the program reads it that it was written for, and becomes a tree in which every value knows its place. Nothing here touches the disk: `cli` reads the files, and says which of those they name are there. A literal secret is never copied: its place is masked, and a name stands in its stead.

mod draft;
mod existing;
mod litellm;
mod mcp;
mod report;
mod rules;
mod scalar;
mod toml;
mod tree;
mod words;
mod write;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Source, Span};
use crate::syntax::Document;

use draft::Draft;
use litellm::{Carrying, Config, In, Surroundings};
use report::Findings;
use tree::Node;

pub use draft::Options;
pub use report::Report;
pub use rules::RULES;

/// What may be asked about the disk that the files came from.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The file that another one names, by the name that the other is shown under.
    pub read: &'a dyn Fn(&str, &str) -> Option<Source>,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("World")
    }
}

/// Files that were read, and what is wrong with their text.
#[derive(Debug, Default)]
struct Files {
    findings: Findings,
    roots: Vec<(usize, Node)>,
    includes: Vec<(usize, Vec<usize>)>,
}

/// What is wrong with files, and what LiteLLM would make of them.
#[derive(Debug)]
pub struct Checked {
    /// What was found, file by file.
    pub reports: Vec<Report>,
    /// What LiteLLM would make of its configuration, when one is among the files.
    pub gateway: Option<Verdict>,
}

/// What LiteLLM makes of its configuration.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// False when it refuses to start.
    pub starts: bool,
    /// How many deployments the files declare.
    pub declared: usize,
    /// The names of those that it keeps.
    pub live: Vec<String>,
}

/// A platform made of files.
#[derive(Debug)]
pub struct Imported {
    /// What was found, file by file, and what could not be carried over.
    pub checked: Checked,
    /// The text of a platform.toml.
    pub text: String,
    /// What the owner must look at, in words.
    pub notes: Vec<String>,
}

/// Reports what is wrong with files, each in its own text.
pub fn check(sources: &[Source], world: World<'_>) -> Checked {
    let mut files = Files::default();
    for source in sources {
        files.add(source, world);
    }
    let gateway = files.check(None);
    Checked {
        reports: files.findings.finish(),
        gateway,
    }
}

/// Makes a platform of files, or adds them to one that is there.
pub fn import(
    sources: &[Source],
    options: &Options,
    into: Option<&Document>,
    world: World<'_>,
) -> Imported {
    let mut files = Files::default();
    for source in sources {
        files.add(source, world);
    }
    let mut draft = Draft::new(options);
    let present = into.map(|document| existing::read(document, &mut draft));
    let gateway = files.check(Some(&mut draft));
    draft.gateway_service();
    if present.is_none() {
        draft.fill_addresses();
    }
    for left in &draft.left {
        files.findings.push(
            left.file,
            Diagnostic::new(
                &rules::NOT_CARRIED_OVER,
                format!("{} is not carried over", left.what),
            )
            .primary(left.span, left.why),
        );
    }
    let text = match (&present, into) {
        (Some(present), Some(document)) => {
            let before = document.source().text().trim_end();
            let added = write::addition(&draft, present);
            if added.is_empty() {
                document.source().text().to_owned()
            } else {
                format!("{before}\n\n{added}")
            }
        }
        _ => write::platform(&draft),
    };
    Imported {
        text,
        notes: draft.notes,
        checked: Checked {
            reports: files.findings.finish(),
            gateway,
        },
    }
}

impl Files {
    fn add(&mut self, source: &Source, world: World<'_>) {
        let file = self.findings.add(source.clone());
        let Some(yaml) = yaml::read(source, self.findings.of(file)) else {
            self.findings.unreadable = true;
            return self.credentials(file);
        };
        let Some(root) = yaml.documents.first().cloned() else {
            return self.unrecognised(file);
        };
        if !litellm::is_config(&root) {
            return self.unrecognised(file);
        }
        litellm::check_text(file, &yaml, &mut self.findings);
        let included = self.include(file, source, &root, world);
        self.roots.push((file, root));
        self.includes.push((file, included));
    }

    /// Keys in a text that cannot be read as anything: no report may show them.
    fn credentials(&mut self, file: usize) {
        for found in litellm::scan_credentials(self.findings.source(file), None) {
            self.findings.push(file, litellm::credential_finding(found));
        }
    }

    fn unrecognised(&mut self, file: usize) {
        self.credentials(file);
        self.findings.push(
            file,
            Diagnostic::new(&rules::UNRECOGNISED_FILE, "nobody knows what this file is")
                .help("`homelab import --help` lists what can be read"),
        );
    }

    /// Reads what a configuration includes, and what that includes.
    fn include(
        &mut self,
        file: usize,
        source: &Source,
        root: &Node,
        world: World<'_>,
    ) -> Vec<usize> {
        let mut numbers = Vec::new();
        let mut pending: Vec<(usize, String, Node)> =
            vec![(file, source.name().to_owned(), root.clone())];
        let mut seen: BTreeSet<String> = BTreeSet::from([source.name().to_owned()]);
        let mut at = 0;
        while at < pending.len() && numbers.len() < 100 {
            let (from, name, node) = pending[at].clone();
            at += 1;
            let Some(list) = node.at("include") else {
                continue;
            };
            if !list.is_list() {
                self.findings.push(
                    from,
                    Diagnostic::new(&rules::REFUSED_SETTING, "`include` is a list of paths")
                        .primary(list.span, "no list"),
                );
            }
            for item in list.items() {
                let Some(path) = item.as_text() else {
                    self.findings.push(
                        from,
                        Diagnostic::new(&rules::REFUSED_SETTING, "`include` is a list of paths")
                            .primary(item.span, "no path"),
                    );
                    continue;
                };
                let Some(included) = (world.read)(&name, path) else {
                    self.findings.push(
                        from,
                        Diagnostic::new(
                            &rules::REFUSED_SETTING,
                            format!("the included file `{path}` cannot be read"),
                        )
                        .primary(item.span, "not there, or not readable")
                        .help("paths are relative to the file that includes"),
                    );
                    continue;
                };
                if !seen.insert(included.name().to_owned()) {
                    continue;
                }
                let number = self.findings.add(included.clone());
                let Some(yaml) = yaml::read(&included, self.findings.of(number)) else {
                    self.findings.unreadable = true;
                    self.credentials(number);
                    continue;
                };
                litellm::check_text(number, &yaml, &mut self.findings);
                if let Some(root) = yaml.documents.first().cloned() {
                    pending.push((number, included.name().to_owned(), root.clone()));
                    self.roots.push((number, root));
                    numbers.push(number);
                }
            }
        }
        numbers
    }

    /// Checks each configuration, and puts it into a draft where there is one.
    fn check(&mut self, mut draft: Option<&mut Draft>) -> Option<Verdict> {
        let surroundings = Surroundings::default();
        let mut verdict: Option<Verdict> = None;
        for (file, included) in &self.includes {
            let of = |number: &usize| {
                let root = self.roots.iter().find(|(it, _)| it == number);
                root.map(|(file, node)| In { file: *file, node })
            };
            let files: Vec<In<'_>> = std::iter::once(file)
                .chain(included)
                .filter_map(of)
                .collect();
            let config = Config { files };
            let deployments = litellm::check(&config, &surroundings, &mut self.findings);
            let verdict = verdict.get_or_insert_default();
            verdict.declared += deployments.len();
            let live = deployments.iter().filter(|it| !it.is_dropped);
            verdict
                .live
                .extend(live.filter_map(|it| it.name).map(str::to_owned));
            if let Some(draft) = draft.as_deref_mut() {
                let dropped = deployments.iter().filter(|it| it.is_dropped);
                let dropped: BTreeSet<(usize, Span)> =
                    dropped.map(|it| (it.file, it.node.span)).collect();
                let credentials = config.files.iter().map(|it| {
                    (
                        it.file,
                        litellm::scan_credentials(self.findings.source(it.file), Some(it.node)),
                    )
                });
                let carrying = Carrying {
                    dropped: &dropped,
                    credentials: &credentials.collect(),
                    values: &BTreeMap::new(),
                };
                litellm::carry(&config, &carrying, draft);
            }
        }
        if self.findings.unreadable {
            verdict.get_or_insert_default();
        }
        let mut verdict = verdict?;
        verdict.starts = !self.findings.refuses();
        verdict.live.sort_unstable();
        Some(verdict)
    }
}
