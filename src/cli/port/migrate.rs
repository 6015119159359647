//! `homelab port migrate`: the new port and the reason for it, written into platform.toml.
//!
//! The text is edited where the words stand, by the spans that every value carries, and not written anew: comments, order and spacing cannot change, and no second TOML library is needed.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal};

use crate::cli::arguments::PortMigrate;
use crate::cli::output::{Change, Difference};
use crate::cli::{End, file, input, terminal};
use crate::diagnostic::{Source, Span, near_name};
use crate::ledger::{Lock, State};
use crate::platform::{Owner, Platform};
use crate::syntax::{Document, Entry, Node, Table, Value};

pub(super) fn run(arguments: &PortMigrate) -> End {
    let input = &arguments.input;
    let Some(reading) = input::load(input) else {
        return End::Failed;
    };
    let (Some(document), Some(platform), Some(lock)) = (
        &reading.checked.document,
        &reading.checked.platform,
        &reading.lock,
    ) else {
        return input::show(input, reading).end;
    };
    let nothing = Lock::default();
    let known = lock.promises.known.as_ref().unwrap_or(&nothing);
    let Some(date) = arguments.when.or_else(|| input::day(input)) else {
        terminal::complain(
            "this machine does not know what day it is",
            Some("say it with `--when 2026-11-21`"),
        );
        return End::Failed;
    };
    let change = match Migration::find(arguments, platform, known) {
        Ok(change) => change,
        Err(end) => return end,
    };
    let Some(text) = change.write(arguments, document, &date.to_string()) else {
        let message = format!(
            "cannot find where the port of `{}` is written",
            arguments.owner
        );
        terminal::complain(
            &message,
            Some("write the new port and a `[[migration]]` entry by hand"),
        );
        return End::Failed;
    };
    let source = Source::new(reading.source.name(), text);
    let Some(after) = input::with_lock(input, source) else {
        return End::Failed;
    };
    if after.end != End::Well {
        terminal::complain(
            "with this change platform.toml would have errors; nothing is written",
            None,
        );
        return input::show(input, after).end;
    }
    apply(arguments, &reading.source, &after.source, change.from)
}

/// Shows the change, asks where somebody can answer, and writes it.
fn apply(arguments: &PortMigrate, before: &Source, after: &Source, from: Option<u16>) -> End {
    let difference = Difference {
        path: before.name().to_owned(),
        change: Change::Text {
            disk: before.text().as_bytes().to_vec(),
            built: after.text().to_owned(),
        },
    };
    let mut shown = difference.diff().unwrap_or_default();
    if let Some(from) = from {
        also(&mut shown, before, from);
    }
    if !terminal::say(&shown) {
        return End::Failed;
    }
    if arguments.dry_run {
        return End::Well;
    }
    if !arguments.yes && !agreed() {
        terminal::note("nothing was written");
        return End::Well;
    }
    match file::replace(&arguments.input.platform, Some(before.text()), after.text()) {
        Ok(_) => {
            if input::talks(&arguments.input) {
                terminal::say("written; `homelab build` makes the rest of it\n");
            }
            End::Well
        }
        Err(error) => {
            terminal::complain(&format!("cannot write `{}`: {error}", before.name()), None);
            End::Failed
        }
    }
}

/// Asks on a terminal; without one nobody could answer, and the command itself is the answer.
fn agreed() -> bool {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return true;
    }
    terminal::say("write it? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Names the lines where the old number stands as well: nobody but the owner knows whether it is the port.
fn also(shown: &mut String, source: &Source, port: u16) {
    let number = port.to_string();
    let is_it = |line: &str| {
        let mut words = line.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        words.any(|word| word == number)
    };
    let lines: Vec<String> = source
        .text()
        .lines()
        .enumerate()
        .filter(|(_, line)| is_it(line))
        .map(|(at, _)| (at + 1).to_string())
        .collect();
    // The port itself is one of them.
    if lines.len() > 1 {
        let _ = writeln!(
            shown,
            "{number} stands on lines {} of the old text: look at each",
            lines.join(", ")
        );
    }
}

/// What is to be changed.
struct Migration {
    owner: Owner,
    /// The host of its port, where that is not the one it is on now.
    host: Option<String>,
    /// The port it was given.
    from: Option<u16>,
    /// The name of the port.
    name: String,
    /// The port that stands in the file.
    written: u16,
}

impl Migration {
    fn find(arguments: &PortMigrate, platform: &Platform, known: &Lock) -> Result<Self, End> {
        let Holder { owner, host, ports } = holder(arguments, platform)?;
        let (name, written) = match (&arguments.port, ports.as_slice()) {
            (None, [one]) => one.clone(),
            (Some(name), _) if ports.iter().any(|(it, _)| it == name) => {
                let found = ports.iter().find(|(it, _)| it == name);
                found.cloned().unwrap_or_default()
            }
            _ => {
                let names: Vec<&str> = ports.iter().map(|(name, _)| name.as_str()).collect();
                let message = format!("`{}` has {} single ports", arguments.owner, names.len());
                let help = format!("name one with `--port`: {}", names.join(", "));
                terminal::complain(&message, (!names.is_empty()).then_some(&help));
                return Err(End::Failed);
            }
        };
        // What was given counts, not what the file says by now.
        let given = known.ports.iter().find(|(key, claim)| {
            key.owner == owner && claim.name == name && claim.state == State::Held
        });
        let (old_host, from) = match given {
            Some((key, _)) => ((key.host != host).then(|| key.host.clone()), key.port),
            None => (None, written),
        };
        if from == arguments.to && old_host.is_none() {
            let message = format!("`{}` has port {from} already", arguments.owner);
            terminal::complain(&message, None);
            return Err(End::Failed);
        }
        Ok(Self {
            owner,
            host: old_host,
            from: Some(from),
            name,
            written,
        })
    }

    /// The text with the change in it; nothing when the place of the port is not found.
    fn write(&self, arguments: &PortMigrate, document: &Document, date: &str) -> Option<String> {
        let mut text = document.source().text().to_owned();
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut edits = Vec::new();
        if self.written != arguments.to {
            edits.push(self.port_edit(document, arguments.to)?);
        }
        edits.push(self.entry_edit(arguments, document, date));
        // From the end to the beginning, so that each place is still where it was.
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        for (span, new) in edits {
            text.replace_range(span.start..span.end, &new.replace('\n', line_end));
        }
        Some(text)
    }

    fn port_edit(&self, document: &Document, to: u16) -> Option<(Span, String)> {
        let table = match &self.owner {
            Owner::Service(_) => "services",
            Owner::Model(_) => "models",
        };
        let entry = document.root().get(table)?.node.as_table()?;
        let entry = entry.get(self.owner.name())?;
        let its = entry.node.as_table()?;
        if let Some(node) = number(its, &self.name) {
            return Some((node.span(), to.to_string()));
        }
        // Its kind says the port, not the file: the line goes right below the header.
        let source = document.source();
        let header = source.words(entry.node.span()).starts_with('[');
        header.then(|| {
            let end = line_end(source, entry.node.span().end);
            (Span::new(end, end), format!("\nport = {to}"))
        })
    }

    /// The entry behind the last of its kind, else at the end.
    fn entry_edit(
        &self,
        arguments: &PortMigrate,
        document: &Document,
        date: &str,
    ) -> (Span, String) {
        let source = document.source();
        let last = document
            .root()
            .get("migration")
            .and_then(|it| it.node.as_array())
            .and_then(<[Node]>::last);
        let (at, before) = match last.map(end_of) {
            Some(end) => (line_end(source, end), "\n\n"),
            None if source.text().ends_with('\n') => (source.text().len(), "\n"),
            None => (source.text().len(), "\n\n"),
        };
        let after = if last.is_some() { "" } else { "\n" };
        let mut entry = format!("{before}[[migration]]\n");
        let noun = self.owner.noun();
        let _ = writeln!(entry, "{noun} = {}", quoted(self.owner.name()));
        if let Some(host) = &self.host {
            let _ = writeln!(entry, "host = {}", quoted(host));
        }
        if let Some(from) = self.from {
            let _ = writeln!(entry, "from = {from}");
        }
        let _ = writeln!(entry, "to = {}", arguments.to);
        let _ = writeln!(entry, "reason = {}", quoted(&arguments.reason));
        let _ = writeln!(entry, "when = \"{date}\"");
        let _ = write!(entry, "by = {}{after}", quoted(&arguments.by));
        (Span::new(at, at), entry)
    }
}

/// Who is meant.
struct Holder {
    owner: Owner,
    /// The host it is on.
    host: String,
    /// Its single ports by name.
    ports: Vec<(String, u16)>,
}

fn holder(arguments: &PortMigrate, platform: &Platform) -> Result<Holder, End> {
    let name = &arguments.owner;
    if let Some(service) = platform.services.find(name) {
        let ports = service.ports.iter();
        let ports = ports.map(|it| (it.name.clone(), it.number)).collect();
        let host = platform[service.host].name.clone();
        let owner = Owner::Service(name.clone());
        return Ok(Holder { owner, host, ports });
    }
    let slot = platform.models.find(name).and_then(|model| {
        let service = &platform[model.service];
        let port = model.port.filter(|_| service.kind.one_model_per_port)?;
        Some((service, port))
    });
    if let Some((service, port)) = slot {
        let host = platform[service.host].name.clone();
        let ports = vec![("main".to_owned(), port)];
        let owner = Owner::Model(name.clone());
        return Ok(Holder { owner, host, ports });
    }
    let services = platform.services.iter().map(|it| it.name.as_str());
    let known = services.chain(platform.models.iter().map(|it| it.name.as_str()));
    let help = match near_name(name, known) {
        Some(near) if near != name => format!("did you mean `{near}`?"),
        _ => "`homelab port list` shows who has one".to_owned(),
    };
    let message = format!("no service or model `{name}` has a port of its own");
    terminal::complain(&message, Some(&help));
    Err(End::Failed)
}

/// The number of a port in the table of its owner, where it is written.
fn number<'t>(its: &'t Table, name: &str) -> Option<&'t Node> {
    let named = its
        .get("ports")
        .and_then(|it| it.node.as_table())
        .and_then(|it| it.get(name))
        .map(|it| &it.node);
    let node = match named {
        Some(Node {
            value: Value::Table(table),
            ..
        }) => table.get("number").map(|it: &Entry| &it.node),
        Some(node) => Some(node),
        None if name == "main" => its.get("port").map(|it| &it.node),
        None => None,
    };
    node.filter(|it| matches!(it.value, Value::Integer(_)))
}

/// The last byte of a table and of everything in it.
fn end_of(node: &Node) -> usize {
    let inner = node.as_table().map_or(&[][..], Table::entries);
    let ends = inner.iter().map(|it| end_of(&it.node));
    ends.max().unwrap_or(0).max(node.span().end)
}

fn line_end(source: &Source, at: usize) -> usize {
    let line = source.line(source.position(at).line);
    line.map_or(source.text().len(), |line| line.end)
}

/// A string as TOML and JSON both write it.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
