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
    let artifact = ["env/", &host.name, "/start-", &service.name].concat();
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

/// What the script says. Fields named `words` are shell words already; `required`, `optional` and `exports` are whole lines, for most of a script is a line for each variable.
#[derive(Serialize)]
struct Script<'a> {
    /// What it starts, and where.
    heading: String,
    service: &'a str,
    home: String,
    /// Set when the script itself reads the env file: systemd does it before, launchd does not.
    env_file: Option<&'a str>,
    required: String,
    /// What a refusal adds: where the missing values belong.
    remedy: String,
    exports: String,
    optional: String,
    directory: Option<&'a str>,
    /// False when the program lies below a working directory that nobody has named.
    startable: bool,
    words: Option<String>,
    slots: Vec<Process<'a>>,
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
        let required = process::required_variables(platform, service);
        let optional = service.env.iter().filter(|it| {
            matches!(it.value, Value::Secret(_) | Value::FillIn(_))
                && !required.iter().any(|other| other.name == it.name)
        });
        let commands = process::commands(service);
        let directory = process::working_directory(service);
        Ok(Self {
            heading: process::heading(platform, service),
            service: &service.name,
            home: host.home_of(&service.run.user),
            env_file: service
                .env_file
                .as_deref()
                .filter(|_| service.managed_by == ManagedBy::Launchd),
            remedy: match &service.env_file {
                Some(path) => ["fill in ", path].concat(),
                None => "platform.toml names no env_file for it".to_owned(),
            },
            optional: lines(optional, |line, it| {
                let name = shell_word(&it.name)?;
                line.push_str("[ -n ");
                push_value(line, &it.name);
                line.extend([" ] || unset ", &*name]);
                Ok(())
            })?,
            // What a copied variable is copied from is asked for by its own name.
            required: lines(
                required
                    .iter()
                    .filter(|it| !matches!(it.value, Value::Variable(_)))
                    .map(|it| it.name.as_str())
                    .chain(copied(platform, service)),
                |line, name| {
                    line.extend(["homelab_need ", &*shell_word(name)?, " "]);
                    push_value(line, name);
                    Ok(())
                },
            )?,
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

/// What `write` says of each item, one line after the other, without the last one's end.
fn lines<T>(
    items: impl Iterator<Item = T>,
    write: impl Fn(&mut String, T) -> Result<(), Unwritable>,
) -> Result<String, Unwritable> {
    in_a_row(items, '\n', write)
}

/// What `write` says of each item, with a sign between one and the next.
fn in_a_row<T>(
    items: impl Iterator<Item = T>,
    between: char,
    write: impl Fn(&mut String, T) -> Result<(), Unwritable>,
) -> Result<String, Unwritable> {
    let mut text = String::with_capacity(500);
    for item in items {
        if !text.is_empty() {
            text.push(between);
        }
        write(&mut text, item)?;
    }
    Ok(text)
}

/// What the script sets by itself: the path, what the platform decides, and copies of other variables last.
fn exports(platform: &Platform, service: &Service) -> Result<String, Unwritable> {
    let path = platform.variable(service, "PATH").is_none();
    let path = path.then(|| process::search_path(&platform[service.host], service));
    let path = path.iter().map(|it| ("PATH", Exported::Text(it)));
    let decided = service.env.iter().filter_map(|it| {
        let text = process::decided(platform, it)?;
        Some((it.name.as_str(), Exported::Text(text)))
    });
    let copies = service.env.iter().filter_map(|it| match &it.value {
        Value::Variable(name) => Some((it.name.as_str(), Exported::ValueOf(name))),
        _ => None,
    });
    lines(path.chain(decided).chain(copies), |line, (name, value)| {
        line.extend(["export ", &*shell_word(name)?, "="]);
        match value {
            Exported::Text(text) => line.push_str(&shell_word(text)?),
            Exported::ValueOf(name) => push_value(line, name),
        }
        Ok(())
    })
}

/// What the script sets a variable to.
enum Exported<'a> {
    Text(&'a str),
    ValueOf(&'a str),
}

/// A command as shell words.
fn words(command: &[Word]) -> Result<String, Unwritable> {
    in_a_row(command.iter(), ' ', |words, word| {
        match word {
            Word::Text(text) => words.push_str(&shell_word(text)?),
            Word::Variable(name) => push_value(words, name),
        }
        Ok(())
    })
}

/// Adds the value of a variable as one word; empty when it is not set.
fn push_value(text: &mut String, name: &str) {
    text.extend(["\"${", name, "-}\""]);
}
