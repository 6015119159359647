//! What is still to be filled in on a host: every secret with its files, and other values that only the owner knows.

use serde::Serialize;

use crate::emit::{Artifact, EmitError, Template};
use crate::platform::{Host, Platform, Secret, Service, Value, Variable};

static PAGE: Template = Template::markdown(include_str!("secrets.md.j2"));

/// The list of a host; nothing when there is nothing to fill in.
pub(super) fn list(platform: &Platform, host: &Host) -> Result<Option<Artifact>, EmitError> {
    let here: Vec<_> = installed(platform)
        .filter(|it| it.0.host == host.id)
        .collect();
    let secrets: Vec<_> = platform
        .secrets
        .iter()
        .filter_map(|secret| Entry::of(platform, host, secret))
        .collect();
    let others: Vec<_> = here
        .iter()
        .filter_map(|(service, variable)| match &variable.value {
            Value::FillIn(words) => Some((Row::of(platform, service, variable), words.as_str())),
            _ => None,
        })
        .map(|(row, words)| Other { row, words })
        .collect();
    if secrets.is_empty() && others.is_empty() {
        return Ok(None);
    }
    let artifact = format!("env/{}/secrets.md", host.name);
    let page = Page {
        host: &host.name,
        title: &host.title,
        secrets,
        others,
    };
    let text = PAGE
        .render(&page)
        .map_err(|error| EmitError::of(&artifact, error))?;
    Ok(Some(Artifact::new(artifact, text)))
}

/// Every variable of every service that is set up.
fn installed(platform: &Platform) -> impl Iterator<Item = (&Service, &Variable)> {
    platform
        .services
        .iter()
        .filter(|it| platform.is_installed(it))
        .flat_map(|service| service.env.iter().map(move |variable| (service, variable)))
}

#[derive(Serialize)]
struct Page<'a> {
    host: &'a str,
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
    rows: Vec<Row<'a>>,
    /// Where else the same value belongs.
    elsewhere: Vec<Row<'a>>,
}

impl<'a> Entry<'a> {
    fn of(platform: &'a Platform, host: &Host, secret: &'a Secret) -> Option<Self> {
        let users = installed(platform).filter(|(_, it)| it.value == Value::Secret(secret.id));
        let (here, elsewhere): (Vec<_>, Vec<_>) = users.partition(|(it, _)| it.host == host.id);
        if here.is_empty() {
            return None;
        }
        let rows = |users: Vec<(&'a Service, &'a Variable)>| {
            let rows = users.into_iter();
            rows.map(|(service, variable)| Row::of(platform, service, variable))
                .collect()
        };
        Some(Self {
            name: &secret.name,
            title: &secret.title,
            command: secret.command.as_deref(),
            obtain: secret.obtain.as_deref(),
            rows: rows(here),
            elsewhere: rows(elsewhere),
        })
    }
}

/// A value that is no secret and that only the owner knows.
#[derive(Serialize)]
struct Other<'a> {
    row: Row<'a>,
    words: &'a str,
}

/// A variable in a file.
#[derive(Serialize)]
struct Row<'a> {
    host: &'a str,
    service: &'a str,
    file: Option<&'a str>,
    variable: &'a str,
    required: bool,
}

impl<'a> Row<'a> {
    fn of(platform: &'a Platform, service: &'a Service, variable: &'a Variable) -> Self {
        Self {
            host: &platform[service.host].name,
            service: &service.name,
            file: service.env_file.as_deref(),
            variable: &variable.name,
            required: variable.required,
        }
    }
}
