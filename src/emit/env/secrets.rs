//! What is still to be filled in on a host: every secret with its files, and other values that only the owner knows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::emit::escape::{markdown_code, markdown_text};
use crate::emit::{Artifact, EmitError, Template};
use crate::platform::{Host, HostId, Platform, Secret, SecretId, Service, Value, Variable};

static PAGE: Template = Template::markdown(include_str!("secrets.md.j2"));

/// The list of each host where something is to be filled in.
pub(super) fn lists(platform: &Platform) -> Result<Vec<Artifact>, EmitError> {
    let mut users: BTreeMap<SecretId, Vec<Row>> = BTreeMap::new();
    let mut others: BTreeMap<HostId, Vec<Other>> = BTreeMap::new();
    for service in platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
    {
        for variable in &service.env {
            let row = || Row::of(platform, service, variable);
            match &variable.value {
                Value::Secret(id) => users.entry(*id).or_default().push(row()),
                Value::FillIn(words) => {
                    others
                        .entry(service.host)
                        .or_default()
                        .push(Other { row: row(), words });
                }
                _ => {}
            }
        }
    }
    let mut secrets: BTreeMap<HostId, Vec<Entry>> = BTreeMap::new();
    for (id, rows) in &users {
        let mut by_host: BTreeMap<HostId, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_host.entry(row.host_id).or_default().push(row);
        }
        // Every host's list has the first of those that are not its own, so these are nearly always the same.
        let most = by_host.values().map(Vec::len).max().unwrap_or_default();
        let first = rows.iter().take(ELSEWHERE + most);
        let first: Vec<_> = first.map(|it| (it.host_id, it.line(true))).collect();
        for (host, here) in by_host {
            let elsewhere = first.iter().filter(|(at, _)| *at != host);
            let elsewhere: Vec<&str> = elsewhere
                .map(|(_, line)| line.as_str())
                .take(ELSEWHERE)
                .collect();
            let more = rows.len() - here.len() - elsewhere.len();
            let entry = Entry::of(&platform[*id], &here, &elsewhere, more);
            secrets.entry(host).or_default().push(entry);
        }
    }
    let mut artifacts = Vec::new();
    for host in &platform.hosts {
        let secrets = secrets.remove(&host.id).unwrap_or_default();
        let others = others.remove(&host.id).unwrap_or_default();
        if !secrets.is_empty() || !others.is_empty() {
            artifacts.push(page(host, secrets, others)?);
        }
    }
    Ok(artifacts)
}

fn page<'a>(
    host: &'a Host,
    secrets: Vec<Entry<'a>>,
    others: Vec<Other<'a>>,
) -> Result<Artifact, EmitError> {
    let artifact = format!("env/{}/secrets.md", host.name);
    let page = Page {
        host: &host.name,
        folder: format!("generated/env/{}/", host.name),
        title: &host.title,
        secrets,
        others,
    };
    let text = PAGE
        .render(&page)
        .map_err(|error| EmitError::of(&artifact, error))?;
    Ok(Artifact::new(artifact, text))
}

#[derive(Serialize)]
struct Page<'a> {
    host: &'a str,
    folder: String,
    title: &'a str,
    secrets: Vec<Entry<'a>>,
    others: Vec<Other<'a>>,
}

/// A secret that this host needs.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    title: &'a str,
    command: Option<&'a str>,
    obtain: Option<&'a str>,
    /// The places on this host, then the first ones on other hosts: rows of a table, ready to print, for there may be thousands.
    rows: String,
    /// How many further places there are on other hosts.
    more: usize,
}

/// How many places on other hosts are listed; each host's own list has them all.
const ELSEWHERE: usize = 20;

impl<'a> Entry<'a> {
    fn of(secret: &'a Secret, here: &[&Row], elsewhere: &[&str], more: usize) -> Self {
        let here: Vec<String> = here.iter().map(|it| it.line(false)).collect();
        let rows = here.iter().map(String::as_str);
        let rows: Vec<&str> = rows.chain(elsewhere.iter().copied()).collect();
        Self {
            name: &secret.name,
            title: &secret.title,
            command: secret.command.as_deref(),
            obtain: secret.obtain.as_deref(),
            rows: rows.join("\n"),
            more,
        }
    }
}

/// A value that is no secret and that only the owner knows.
#[derive(Serialize)]
struct Other<'a> {
    row: Row<'a>,
    words: &'a str,
}

/// A variable in a file.
#[derive(Clone, Serialize)]
struct Row<'a> {
    #[serde(skip)]
    host_id: HostId,
    host: &'a str,
    service: &'a str,
    file: Option<&'a str>,
    variable: &'a str,
    required: bool,
}

impl<'a> Row<'a> {
    fn of(platform: &'a Platform, service: &'a Service, variable: &'a Variable) -> Self {
        Self {
            host_id: service.host,
            host: &platform[service.host].name,
            service: &service.name,
            file: service.env_file.as_deref(),
            variable: &variable.name,
            required: variable.required,
        }
    }

    /// The row as Markdown, with the host where that is another one.
    fn line(&self, is_elsewhere: bool) -> String {
        let file = self.file.map(markdown_code);
        let mut cells = file.unwrap_or_else(|| "no env file is named".to_owned());
        if is_elsewhere {
            cells.push_str(" on ");
            cells.push_str(&markdown_code(self.host));
        }
        let (variable, service) = (markdown_code(self.variable), markdown_text(self.service));
        let required = if self.required { "yes" } else { "no" };
        [
            "| ", &cells, " | ", &variable, " | ", &service, " | ", required, " |",
        ]
        .concat()
    }
}
