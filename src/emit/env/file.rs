//! The env file of a service, as the owner finds it before the first start.

use serde::Serialize;

use crate::emit::process;
use crate::emit::{Artifact, EmitError, Install, Template};
use crate::platform::{Origin, Platform, Service, Value, Variable};

static FILE: Template = Template::env(include_str!("service.env.j2"));

/// The env file of a service, to be installed at `path` where none is.
pub(super) fn env_file(
    platform: &Platform,
    service: &Service,
    path: &str,
) -> Result<Artifact, EmitError> {
    let host = &platform[service.host];
    let artifact = format!("env/{}/{}.env", host.name, service.name);
    let page = Page {
        service: &service.name,
        title: &service.title,
        host: &host.name,
        path,
        variables: service
            .env
            .iter()
            .map(|it| Entry::of(platform, service, it))
            .collect(),
    };
    let text = FILE
        .render(&page)
        .map_err(|error| EmitError::of(&artifact, error))?;
    let user = &service.run.user;
    Ok(Artifact::new(artifact, text).install(Install {
        host: host.name.clone(),
        path: path.to_owned(),
        owner: user.clone(),
        group: process::user_group(host, user).to_owned(),
        mode: 0o600,
        restart: process::restarts(platform, service),
        seed: true,
    }))
}

#[derive(Serialize)]
struct Page<'a> {
    service: &'a str,
    title: &'a str,
    host: &'a str,
    path: &'a str,
    variables: Vec<Entry<'a>>,
}

/// A variable with what there is to say about it.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    comments: Vec<String>,
    /// False for a copy of another variable, which the start script makes: an assignment here could only be wrong.
    assigned: bool,
    value: &'a str,
}

impl<'a> Entry<'a> {
    fn of(platform: &'a Platform, service: &Service, variable: &'a Variable) -> Self {
        let decided = process::decided(platform, variable);
        let mut comments = source(platform, variable);
        comments.extend(reason(service, variable));
        if decided.is_none() {
            let required = if variable.required {
                "Required: the service does not start without it."
            } else {
                "Not required."
            };
            comments.push(required.to_owned());
        }
        Self {
            name: &variable.name,
            comments,
            assigned: !matches!(variable.value, Value::Variable(_)),
            value: decided.unwrap_or_default(),
        }
    }
}

/// Where the value of a variable comes from.
fn source(platform: &Platform, variable: &Variable) -> Vec<String> {
    let kept = "platform.toml decides it, whatever is written here.";
    match &variable.value {
        Value::Text(_) => vec![format!("A plain value; {kept}")],
        Value::Url(id, _) => vec![format!("The URL of `{}`; {kept}", platform[*id].name)],
        Value::Handle(id) => vec![format!("The handle `{}`; {kept}", platform[*id].name)],
        Value::Variable(name) => vec![format!("The value of {name}; the start script copies it.")],
        Value::FillIn(words) => vec![format!("To fill in: {words}")],
        Value::Secret(id) => {
            let secret = &platform[*id];
            let mut lines = vec![format!("The secret `{}`: {}.", secret.name, secret.title)];
            if let Some(command) = &secret.command {
                lines.push(format!("Make one, once for the whole platform: {command}"));
            }
            if let Some(place) = &secret.obtain {
                lines.push(format!("Obtain it: {place}"));
            }
            lines
        }
    }
}

/// Who wants a variable, when it is not the owner.
fn reason(service: &Service, variable: &Variable) -> Option<String> {
    match &variable.origin {
        Origin::Owner => None,
        Origin::Kind(why) => Some(format!("Always set for {}: {why}.", service.kind.title)),
        Origin::Route(deployment) => Some(format!("Read by the route `{deployment}`.")),
    }
}
