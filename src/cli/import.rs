//! `homelab import`: what is wrong with foreign files, and the platform that they describe.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, Severity, Source};
use crate::import::{self, Report, Verdict, World};
use crate::syntax;

use super::arguments::{Format, Import};
use super::{End, input, place, report, terminal};

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
    let read = |from: &str, path: &str| disk.beside(from, path);
    let checked = import::check(sources, World { read: &read });
    let mut reports = checked.reports;
    for no_text in unreadable {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(no_text.diagnostic);
        let source = no_text.source;
        reports.push(Report {
            source,
            diagnostics,
        });
    }
    let end = show(arguments, &reports);
    if let Some(verdict) = &checked.gateway
        && end != End::Failed
        && !arguments.quiet
        && !report::Format::from(arguments.format).is_document()
        && arguments.format == Format::Full
    {
        terminal::say(&words(verdict));
    }
    end
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
fn show(arguments: &Import, reports: &[Report]) -> End {
    let pairs: Vec<(&Source, &Diagnostics)> = reports
        .iter()
        .map(|it| (&it.source, &it.diagnostics))
        .collect();
    let format = report::Format::from(arguments.format);
    let mut text = report::render_all(format, &pairs, &terminal::style());
    let has = |severity| pairs.iter().any(|(_, it)| it.count(severity) > 0);
    if text.is_empty() && !arguments.quiet {
        text = match pairs.as_slice() {
            [(source, _)] => format!(
                "nothing is wrong with {}\n",
                report::plain::line(source.name())
            ),
            files => format!("nothing is wrong with these {} files\n", files.len()),
        };
    }
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

    /// A file that another one names.
    fn beside(&self, from: &str, path: &str) -> Option<Source> {
        let folder = self.paths.borrow().get(from)?.parent()?.to_owned();
        self.read(&folder.join(path)).ok()?.ok()
    }
}
