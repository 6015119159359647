//! `homelab port`: who has which port, which is free, and changing one on purpose.

mod migrate;

use std::fmt::Write as _;

use serde::Serialize;

use super::arguments::{Format, Input, Port, PortCommand, PortList, PortNext};
use super::{End, input, terminal};
use crate::diagnostic::near_name;
use crate::ledger::{Claim, Key, Lock, State};
use crate::platform::{Platform, PortRange, Service};

pub(super) fn run(arguments: &Port) -> End {
    match &arguments.command {
        PortCommand::List(arguments) => list(arguments),
        PortCommand::Next(arguments) => next(arguments),
        PortCommand::Migrate(arguments) => migrate::run(arguments),
    }
}

/// A platform, what was promised before it, and what is with it.
struct Ports {
    platform: Platform,
    known: Lock,
    now: Lock,
}

/// Reads the platform and its lock; where one of them cannot be used, shows why.
fn read(input: &Input) -> Result<Ports, End> {
    let reading = input::load(input).ok_or(End::Failed)?;
    let is_usable = reading
        .lock
        .as_ref()
        .is_some_and(|it| it.promises.next.is_some());
    if !is_usable {
        input::show(input, reading);
        return Err(End::Found);
    }
    let promises = reading.lock.map(|it| it.promises).unwrap_or_default();
    match (reading.checked.platform, promises.next) {
        (Some(platform), Some(now)) => Ok(Ports {
            platform,
            known: promises.known.unwrap_or_default(),
            now,
        }),
        _ => Err(End::Found),
    }
}

/// Refuses a host that is not there, with the near name.
fn unknown_host(ports: &Ports, host: Option<&str>) -> Option<End> {
    let host = host?;
    let known = || {
        let of_lock = ports.now.ports.keys().map(|key| key.host.as_str());
        of_lock.chain(ports.platform.hosts.iter().map(|it| it.name.as_str()))
    };
    if known().any(|it| it == host) {
        return None;
    }
    let help = near_name(host, known()).map(|near| format!("did you mean `{near}`?"));
    terminal::complain(&format!("there is no host `{host}`"), help.as_deref());
    Some(End::Failed)
}

fn list(arguments: &PortList) -> End {
    let ports = match read(&arguments.input) {
        Ok(ports) => ports,
        Err(end) => return end,
    };
    if let Some(end) = unknown_host(&ports, arguments.host.as_deref()) {
        return end;
    }
    let rows: Vec<Row> = ports
        .now
        .ports
        .iter()
        .filter(|(key, _)| arguments.host.as_ref().is_none_or(|host| *host == key.host))
        .map(|(key, claim)| Row::of(key, claim, &ports.known))
        .collect();
    let text = match arguments.input.format {
        // A list of ports is no report of findings: the formats of code forges show it as people see it.
        Format::Full | Format::Sarif | Format::Github | Format::Gitlab => table(&rows),
        Format::Concise => rows.iter().fold(String::new(), |mut text, row| {
            let _ = writeln!(text, "{}", row.cells().join("\t"));
            text
        }),
        Format::Json => json(&List {
            version: 1,
            ports: rows,
        }),
    };
    said(&text)
}

/// The answer of `homelab port list --format json`: fields may be added, none changes or goes.
#[derive(Serialize)]
struct List<'a> {
    version: u32,
    ports: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    host: &'a str,
    port: u16,
    protocol: &'a str,
    address: &'a str,
    state: &'a str,
    kind: &'a str,
    owner: &'a str,
    name: &'a str,
}

impl<'a> Row<'a> {
    fn of(key: &'a Key, claim: &'a Claim, known: &Lock) -> Self {
        let is_new = claim.state == State::Held && !known.ports.contains_key(key);
        Self {
            host: &key.host,
            port: key.port,
            protocol: "tcp",
            address: &claim.address,
            state: if is_new { "new" } else { claim.state.word() },
            kind: key.owner.noun(),
            owner: key.owner.name(),
            name: &claim.name,
        }
    }

    fn cells(&self) -> [String; 5] {
        let owner = match self.name {
            "main" => format!("{} {}", self.kind, self.owner),
            name => format!("{} {}:{name}", self.kind, self.owner),
        };
        [
            self.host.to_owned(),
            self.port.to_string(),
            self.address.to_owned(),
            self.state.to_owned(),
            owner,
        ]
    }
}

fn table(rows: &[Row<'_>]) -> String {
    let head = ["HOST", "PORT", "ADDRESS", "STATE", "OWNER"].map(str::to_owned);
    let cells: Vec<[String; 5]> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    cells.iter().fold(String::new(), |mut text, row| {
        let [host, port, address, state, owner] = row;
        let [a, b, c, d] = widths;
        let _ = writeln!(
            text,
            "{host:<a$}  {port:>b$}  {address:<c$}  {state:<d$}  {owner}"
        );
        text
    })
}

fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value)
        .expect("strings and numbers under string keys are always JSON");
    text.push('\n');
    text
}

fn said(text: &str) -> End {
    if terminal::say(text) {
        End::Well
    } else {
        End::Failed
    }
}

fn next(arguments: &PortNext) -> End {
    let ports = match read(&arguments.input) {
        Ok(ports) => ports,
        Err(end) => return end,
    };
    let host = arguments.host.as_deref();
    if let Some(end) = unknown_host(&ports, host) {
        return end;
    }
    let (service, range) = match one_range(&ports.platform, host, arguments.range.as_deref()) {
        Ok(found) => found,
        Err(end) => return end,
    };
    let host = &ports.platform[service.host].name;
    let Some(port) = (range.first..=range.last).find(|port| !ports.now.taken(host, *port)) else {
        let (name, first, last) = (&range.name, range.first, range.last);
        let message = format!("every port of range `{name}` ({first}-{last}) was given");
        let help = "`homelab port list` shows to whom; ports that are given up do not become free";
        terminal::complain(&message, Some(help));
        return End::Found;
    };
    if arguments.input.format == Format::Json {
        return said(&json(&Free {
            version: 1,
            host,
            service: &service.name,
            range: &range.name,
            port,
        }));
    }
    said(&format!("{port}\n"))
}

/// The answer of `homelab port next --format json`.
#[derive(Serialize)]
struct Free<'a> {
    version: u32,
    host: &'a str,
    service: &'a str,
    range: &'a str,
    port: u16,
}

/// The one range that is meant, or a complaint with those there are.
fn one_range<'p>(
    platform: &'p Platform,
    host: Option<&str>,
    name: Option<&str>,
) -> Result<(&'p Service, &'p PortRange), End> {
    let all = platform
        .services
        .iter()
        .filter(|it| host.is_none_or(|host| platform[it.host].name == host))
        .flat_map(|service| service.ranges.iter().map(move |range| (service, range)));
    let all: Vec<(&Service, &PortRange)> = all.collect();
    let is_meant = |service: &Service, range: &PortRange| match name {
        None => true,
        Some(name) => name == range.name || name == format!("{}:{}", service.name, range.name),
    };
    let mut meant = all
        .iter()
        .filter(|(service, range)| is_meant(service, range));
    if let (Some(found), None) = (meant.next(), meant.next()) {
        return Ok(*found);
    }
    let names: Vec<String> = all
        .iter()
        .map(|(service, range)| {
            let host = &platform[service.host].name;
            format!("{}:{} on {host}", service.name, range.name)
        })
        .collect();
    let message = match name {
        None if all.is_empty() => "no service has a range of ports".to_owned(),
        None => "there are several ranges of ports".to_owned(),
        Some(name) => format!("`{name}` is not the name of one range of ports"),
    };
    let help = if names.is_empty() {
        "a service gets one by `ports = { models = { range = \"8100-8119\" } }`".to_owned()
    } else {
        format!("name one with `--range`: {}", names.join(", "))
    };
    terminal::complain(&message, Some(&help));
    Err(End::Failed)
}
