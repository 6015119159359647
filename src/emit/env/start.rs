//! The script that starts a service.
//!
//! It is written for any POSIX shell, because `/bin/sh` is dash on the Linux hosts and bash 3.2 on macOS.

use serde::Serialize;

use crate::emit::escape::{Unwritable, shell_word};
use crate::emit::{Artifact, EmitError, Install, Template};
use crate::emit::{places, process};
use crate::platform::{ManagedBy, Platform, Service, Value, Word};

static SCRIPT: Template = Template::shell(include_str!("start.sh.j2"));

/// The start script of a service.
pub(super) fn start_script(platform: &Platform, service: &Service) -> Result<Artifact, EmitError> {
    let host = &platform[service.host];
    let artifact = format!("env/{}/start-{}", host.name, service.name);
    let script = Script::of(platform, service)
        .map_err(|source| EmitError::Unwritable(artifact.clone(), source))?;
    let text = SCRIPT
        .render(&script)
        .map_err(|error| EmitError::of(&artifact, error))?;
    Ok(Artifact::new(artifact, text).executable().install(Install {
        host: host.name.clone(),
        path: places::start_script(service),
        owner: "root".to_owned(),
        group: places::root_group(host).to_owned(),
        mode: 0o755,
        restart: process::restarts(platform, service),
        seed: false,
    }))
}

/// What the script says; the fields named `words` and `value` are shell words already.
#[derive(Serialize)]
struct Script<'a> {
    service: &'a str,
    title: &'a str,
    host: &'a str,
    home: String,
    /// Set when the script itself reads the env file: systemd does it before, launchd does not.
    env_file: Option<&'a str>,
    required: Vec<Reference<'a>>,
    /// What a refusal adds: where the missing values belong.
    remedy: String,
    exports: Vec<Export>,
    optional: Vec<Reference<'a>>,
    directory: Option<&'a str>,
    /// False when the program lies below a working directory that nobody has named.
    startable: bool,
    words: Option<String>,
    slots: Vec<Process<'a>>,
}

/// A variable and the shell words that give its value.
#[derive(Serialize)]
struct Reference<'a> {
    name: &'a str,
    value: String,
}

/// An assignment that is exported.
#[derive(Serialize)]
struct Export {
    name: String,
    value: String,
}

/// A process of a service with one for each model.
#[derive(Serialize)]
struct Process<'a> {
    model: &'a str,
    port: u16,
    words: String,
}

impl<'a> Script<'a> {
    fn of(platform: &'a Platform, service: &'a Service) -> Result<Self, Unwritable> {
        let host = &platform[service.host];
        let reference = |name: &'a str| Reference {
            name,
            value: expansion(name),
        };
        let required = process::required_variables(platform, service);
        let optional = service.env.iter().filter(|it| {
            matches!(it.value, Value::Secret(_) | Value::FillIn(_))
                && !required.iter().any(|other| other.name == it.name)
        });
        let commands = process::commands(service);
        let directory = process::working_directory(service);
        Ok(Self {
            service: &service.name,
            title: &service.title,
            host: &host.name,
            home: host.home_of(&service.run.user),
            env_file: service
                .env_file
                .as_deref()
                .filter(|_| service.managed_by == ManagedBy::Launchd),
            remedy: match &service.env_file {
                Some(path) => format!("fill in {path}"),
                None => "platform.toml names no env_file for it".to_owned(),
            },
            optional: optional.map(|it| reference(&it.name)).collect(),
            // What a copied variable is copied from is asked for by its own name.
            required: required
                .into_iter()
                .filter(|it| !matches!(it.value, Value::Variable(_)))
                .map(|it| reference(&it.name))
                .chain(copied(platform, service).map(reference))
                .collect(),
            exports: exports(platform, service)?,
            directory,
            startable: directory.is_some()
                || !commands.iter().any(|it| process::is_below_directory(it)),
            words: service.run.command.as_deref().map(words).transpose()?,
            slots: if service.run.command.is_some() {
                Vec::new()
            } else {
                process::boot_slots(service)
                    .map(|(slot, command)| {
                        Ok(Process {
                            model: &platform[slot.model].name,
                            port: slot.port,
                            words: words(command)?,
                        })
                    })
                    .collect::<Result<_, Unwritable>>()?
            },
        })
    }
}

/// The variables that required ones are copied from and that are not required by themselves.
fn copied<'a>(platform: &'a Platform, service: &'a Service) -> impl Iterator<Item = &'a str> {
    process::required_variables(platform, service)
        .into_iter()
        .filter_map(|it| match &it.value {
            Value::Variable(name) => Some(name.as_str()),
            _ => None,
        })
        .filter(move |name| {
            platform
                .variable(service, name)
                .is_none_or(|it| process::decided(platform, it).is_none() && !it.required)
        })
}

/// What the script sets by itself: the path, what the platform decides, and copies of other variables last.
fn exports(platform: &Platform, service: &Service) -> Result<Vec<Export>, Unwritable> {
    let mut exports = Vec::new();
    if platform.variable(service, "PATH").is_none() {
        let path = process::search_path(&platform[service.host], service);
        exports.push(Export {
            name: "PATH".to_owned(),
            value: shell_word(&path)?.into_owned(),
        });
    }
    for variable in &service.env {
        if let Some(text) = process::decided(platform, variable) {
            let value = shell_word(text)?.into_owned();
            exports.push(Export {
                name: variable.name.clone(),
                value,
            });
        }
    }
    for variable in &service.env {
        if let Value::Variable(name) = &variable.value {
            exports.push(Export {
                name: variable.name.clone(),
                value: expansion(name),
            });
        }
    }
    Ok(exports)
}

/// A command as shell words.
fn words(command: &[Word]) -> Result<String, Unwritable> {
    let words: Result<Vec<_>, _> = command
        .iter()
        .map(|word| match word {
            Word::Text(text) => shell_word(text).map(std::borrow::Cow::into_owned),
            Word::Variable(name) => Ok(expansion(name)),
        })
        .collect();
    Ok(words?.join(" "))
}

/// The value of a variable as one word; empty when it is not set.
fn expansion(name: &str) -> String {
    format!("\"${{{name}-}}\"")
}
