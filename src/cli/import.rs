//! `homelab import`: what is wrong with foreign files, and the platform that they describe.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, Severity, Source};
use crate::import::{self, Checked, Imported, Options, Report, Verdict, World};
use crate::manifest::word as kind;
use crate::syntax::{self, Document};

use super::arguments::{Format, Import};
use super::{End, file, input, place, report, terminal};

pub(super) fn run(arguments: &Import) -> End {
    let disk = Disk::new(arguments);
    let mut sources = Vec::new();
    let mut unreadable = Vec::new();
    for path in &arguments.files {
        match disk.read(path) {
            Ok(Ok(source)) => sources.push(source),
            Ok(Err(no_text)) => unreadable.push(*no_text),
            Err(error) => {
                let path = path.display();
                terminal::complain(&format!("cannot read `{path}`: {error}"), None);
                return End::Failed;
            }
        }
    }
    let unreadable = unreadable.into_iter().map(|no_text| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(no_text.diagnostic);
        Report {
            source: no_text.source,
            diagnostics,
        }
    });
    let unreadable: Vec<Report> = unreadable.collect();
    let read = |from: &str, path: &str| disk.beside(from, path);
    let exists = |from: &str, path: &str| disk.has(from, path);
    let world = World {
        read: &read,
        exists: &exists,
    };
    if arguments.check {
        let mut checked = import::check(&sources, world);
        checked.reports.extend(unreadable);
        return show(arguments, &checked);
    }
    make(arguments, &sources, unreadable, world)
}

/// Makes a platform and writes it, or shows it.
fn make(arguments: &Import, sources: &[Source], unreadable: Vec<Report>, world: World<'_>) -> End {
    let Some(options) = options(arguments) else {
        return End::Failed;
    };
    let before = match arguments.into.as_deref().map(existing) {
        Some(Err(end)) => return end,
        Some(Ok(before)) => before,
        None => None,
    };
    let document = before.as_ref().map(|(_, document)| document);
    let mut imported = import::import(sources, &options, document, world);
    imported.checked.reports.extend(unreadable);
    let lost = imported.checked.reports.iter().any(|it| {
        let broken = [
            "broken-file",
            "yaml-syntax",
            "unrecognised-file",
            "invalid-utf8",
            "utf16-text",
            "oversized-file",
        ];
        it.diagnostics
            .iter()
            .any(|it| broken.contains(&it.rule.name))
    });
    let end = if lost { End::Found } else { End::Well };
    let Some(into) = &arguments.into else {
        terminal::note(told(arguments, &imported).trim_end());
        return if terminal::say(&imported.text) {
            end
        } else {
            End::Failed
        };
    };
    if !terminal::say(&told(arguments, &imported)) {
        return End::Failed;
    }
    let text = before.as_ref().map(|(source, _)| source.text());
    match file::replace(into, text, &imported.text) {
        Ok(changed) => {
            if !arguments.quiet {
                let what = if changed {
                    "written; `homelab lint` checks it"
                } else {
                    "nothing to add"
                };
                terminal::note(&format!("{}: {what}", into.display()));
            }
            end
        }
        Err(error) => {
            terminal::complain(&format!("cannot write `{}`: {error}", into.display()), None);
            End::Failed
        }
    }
}

/// The platform that is there already; nothing when there is none.
fn existing(path: &Path) -> Result<Option<(Source, Document)>, End> {
    let bytes = match input::bytes(path, syntax::DEFAULT_SIZE_LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            terminal::complain(&format!("cannot read `{}`: {error}", path.display()), None);
            return Err(End::Failed);
        }
    };
    let mut diagnostics = Diagnostics::new();
    let source = syntax::read(
        path.display().to_string(),
        bytes,
        syntax::DEFAULT_SIZE_LIMIT,
    );
    let document = source.ok().and_then(|source| {
        let document = syntax::parse(&source, &mut diagnostics)?;
        Some((source, document))
    });
    match document {
        Some(found) if !diagnostics.has_errors() => Ok(Some(found)),
        _ => {
            let message = format!(
                "`{}` has mistakes, so nothing is added to it",
                path.display()
            );
            terminal::complain(&message, Some("`homelab lint` shows them"));
            Err(End::Failed)
        }
    }
}

/// What the owner says about machines; nothing when it is no such thing, which was said then.
fn options(arguments: &Import) -> Option<Options> {
    let mut options = Options {
        here: arguments.on.clone(),
        hosts: Vec::new(),
    };
    for word in &arguments.host {
        let pair = word.split_once('=').filter(|(name, address)| {
            kind::NAME.check(name).is_ok() && kind::ADDRESS.check(address).is_ok()
        });
        let Some((name, address)) = pair else {
            let help = "write `--host nas=192.0.2.10`";
            terminal::complain(&format!("`{word}` is no name with an address"), Some(help));
            return None;
        };
        options.hosts.push((name.to_owned(), address.to_owned()));
    }
    if let Some(on) = options
        .here
        .as_deref()
        .filter(|it| kind::NAME.check(it).is_err())
    {
        terminal::complain(&format!("`{on}` is no name of a host"), None);
        return None;
    }
    Some(options)
}

/// Findings, then all that is not carried over, each once with how often it occurs.
fn told(arguments: &Import, imported: &Imported) -> String {
    let format = report::Format::from(arguments.format);
    let reports = &imported.checked.reports;
    if format.is_document() || format == report::Format::Github {
        let pairs: Vec<_> = reports
            .iter()
            .map(|it| (&it.source, &it.diagnostics))
            .collect();
        return report::render_all(format, &pairs, &terminal::style());
    }
    let mut text = String::new();
    let mut left = String::new();
    for found in reports {
        let mut serious = Diagnostics::new();
        let mut counts: Vec<(String, usize, usize)> = Vec::new();
        let mut places = HashMap::new();
        for diagnostic in &found.diagnostics {
            if diagnostic.rule.name != "not-carried-over" {
                serious.push(diagnostic.clone());
                continue;
            }
            let Some(label) = &diagnostic.primary else {
                continue;
            };
            let what = diagnostic.message.trim_end_matches(" is not carried over");
            let words = format!("{what}: {}", label.text);
            let at = *places.entry(words.clone()).or_insert(counts.len());
            if at == counts.len() {
                counts.push((words, found.source.position(label.span.start).line, 0));
            }
            counts[at].2 += 1;
        }
        text.push_str(&report::render(
            format,
            &found.source,
            &serious,
            &terminal::style(),
        ));
        for (words, line, count) in counts {
            let times = if count > 1 {
                format!(" ({count} times)")
            } else {
                String::new()
            };
            let name = report::plain::line(found.source.name());
            let words = report::plain::line(&words);
            // Writing to a string cannot fail.
            let _ = writeln!(left, "  {name}:{line}: {words}{times}");
        }
    }
    if !left.is_empty() && !arguments.quiet {
        text.push_str("not carried over:\n");
        text.push_str(&left);
    }
    if !imported.notes.is_empty() && !arguments.quiet {
        text.push_str("for you to look at:\n");
        for note in &imported.notes {
            let _ = writeln!(text, "  {}", report::plain::line(note));
        }
    }
    text
}

/// What LiteLLM makes of its configuration, in a line.
fn words(verdict: &Verdict) -> String {
    let count = terminal::counted(verdict.declared, "deployment");
    if !verdict.starts {
        return "LiteLLM does not start with this\n".to_owned();
    }
    match verdict.declared - verdict.live.len() {
        0 => format!("LiteLLM starts with {count}\n"),
        dropped => format!(
            "LiteLLM starts with {} of {count}: it drops {dropped}\n",
            verdict.live.len()
        ),
    }
}

/// Shows what was found, and decides how the command ends.
fn show(arguments: &Import, checked: &Checked) -> End {
    let pairs: Vec<(&Source, &Diagnostics)> = checked
        .reports
        .iter()
        .map(|it| (&it.source, &it.diagnostics))
        .collect();
    let format = report::Format::from(arguments.format);
    let mut text = report::render_all(format, &pairs, &terminal::style());
    if arguments.format == Format::Full && !arguments.quiet {
        if text.is_empty() {
            text = match pairs.as_slice() {
                [(source, _)] => format!(
                    "nothing is wrong with {}\n",
                    report::plain::line(source.name())
                ),
                files => format!("nothing is wrong with these {} files\n", files.len()),
            };
        }
        text.extend(checked.gateway.as_ref().map(words));
    }
    let has = |severity| pairs.iter().any(|(_, it)| it.count(severity) > 0);
    let shown = text.is_empty() || terminal::say(&text);
    let found = has(Severity::Error) || (arguments.deny_warnings && has(Severity::Warning));
    match (shown, found) {
        (_, true) => End::Found,
        (true, false) => End::Well,
        (false, false) => End::Failed,
    }
}

/// The files of this machine, by the names that they are shown under.
struct Disk {
    format: Format,
    limit: u64,
    paths: RefCell<HashMap<String, PathBuf>>,
}

impl Disk {
    fn new(arguments: &Import) -> Self {
        Self {
            format: arguments.format,
            limit: arguments.max_size,
            paths: RefCell::default(),
        }
    }

    fn read(&self, path: &Path) -> std::io::Result<Result<Source, Box<syntax::Unreadable>>> {
        let name = if self.format.names_repository() {
            place::in_repository(path)
        } else {
            path.display().to_string()
        };
        let bytes = input::bytes(path, self.limit)?;
        self.paths
            .borrow_mut()
            .insert(name.clone(), path.to_owned());
        Ok(syntax::read(name, bytes, self.limit))
    }

    /// Whether a path that a file names is there.
    fn has(&self, from: &str, path: &str) -> bool {
        let paths = self.paths.borrow();
        let folder = paths.get(from).and_then(|it| it.parent());
        folder.is_none_or(|it| it.join(path).exists())
    }

    /// A file that another one names.
    fn beside(&self, from: &str, path: &str) -> Option<Source> {
        let folder = self.paths.borrow().get(from)?.parent()?.to_owned();
        self.read(&folder.join(path)).ok()?.ok()
    }
}
