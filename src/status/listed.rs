//! Reading a list of models, and comparing it with what is declared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::World;
use super::drift::{Cause, Drift};
use super::mend;
use super::question::Talk;
use crate::backend::Catalogue;
use crate::emit::escape::comment_line;
use crate::platform::{Model, ModelState, Parameter, Platform, Service};

/// The most names of a list that are kept.
const MOST: usize = 10_000;
/// The most characters of a name that are kept: what a server says may be anything.
const LONGEST: usize = 200;
/// The most undeclared names of one server that are told one by one.
const TOLD: usize = 20;

/// The names in an answer to `/v1/models`; nothing when it is no such list.
pub(super) fn names(body: &[u8]) -> Option<Vec<String>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let list = answer.get("data")?.as_array()?;
    let names = list.iter().take(MOST);
    names
        .map(|it| Some(tame(it.get("id")?.as_str()?)))
        .collect()
}

/// A text of the world as it can be shown: on one line, without control characters, not too long.
pub(super) fn tame(text: &str) -> String {
    let line = comment_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}

/// What differs between a list and what is declared.
pub(super) fn compare(
    platform: &Platform,
    world: &World,
    talk: &Talk,
    names: &[String],
) -> Vec<Drift> {
    if talk.service.id == platform.gateway_service().id {
        gateway(platform, world, talk, names)
    } else {
        backend(platform, world, talk, names)
    }
}

fn gateway(platform: &Platform, world: &World, talk: &Talk, names: &[String]) -> Vec<Drift> {
    let listed: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let routes = platform.deployments.iter();
    let mut promised: BTreeMap<&str, bool> = BTreeMap::new();
    for route in routes {
        *promised.entry(&route.name).or_insert(true) &= route.internal;
    }
    let settings = platform.gateway.router_settings.get("model_group_alias");
    let aliases: BTreeSet<&str> = match settings {
        Some(Parameter::Table(aliases)) => aliases.keys().map(String::as_str).collect(),
        _ => BTreeSet::new(),
    };
    let service = talk.service;
    let host = &platform[service.host];
    let install = || Some(mend::install(platform, world, host, Some(service)));
    let mut drift = Vec::new();
    for (name, internal) in &promised {
        // Internal names need not be shown to whoever asks.
        if !internal && !listed.contains(name) {
            let what = format!("the gateway does not know the handle `{name}`");
            drift.push(Drift {
                declared: Some((*name).to_owned()),
                command: install(),
                ..about(platform, talk, Cause::MissingHandle, what)
            });
        }
    }
    let mut extra: Vec<&str> = listed
        .into_iter()
        .filter(|it| !promised.contains_key(it) && !aliases.contains(it))
        .collect();
    let rest = extra.split_off(extra.len().min(TOLD));
    for name in extra {
        let what = format!("the gateway serves `{name}`, which is no handle");
        drift.push(Drift {
            found: Some(name.to_owned()),
            command: install(),
            help: Some(format!("or declare it: `[handles.{name}]`")),
            ..about(platform, talk, Cause::UndeclaredHandle, what)
        });
    }
    drift.extend(more(platform, talk, Cause::UndeclaredHandle, rest.len()));
    drift
}

fn backend(platform: &Platform, world: &World, talk: &Talk, names: &[String]) -> Vec<Drift> {
    let service = talk.service;
    let mut drift = Vec::new();
    let mut wanted = Vec::new();
    for model in platform.models_of(service.id).filter(|it| serves(it, talk)) {
        if platform.model_is_live(model) {
            wanted.push(model);
        }
    }
    let missing: Vec<&Model> = wanted
        .into_iter()
        .filter(|it| !knows(service, &it.served_as, names))
        .collect();
    let is_one = service.kind.one_model_per_port;
    for model in &missing {
        drift.push(wrong_model(platform, world, talk, model, names));
    }
    // The one model of a port that is another one is one cause, not two.
    if service.kind.catalogue() == Some(Catalogue::Available) || (is_one && !missing.is_empty()) {
        return drift;
    }
    let mut extra: Vec<&String> = names
        .iter()
        .filter(|name| !is_declared(platform, service, name))
        .collect();
    let rest = extra.split_off(extra.len().min(TOLD));
    for name in extra {
        drift.push(Drift {
            found: Some(name.clone()),
            command: mend::sync(&service.name),
            help: Some("or take it off the server".to_owned()),
            ..about(
                platform,
                talk,
                Cause::UndeclaredModel,
                format!("{} serves `{name}`, which no model of it is", service.name),
            )
        });
    }
    drift.extend(more(platform, talk, Cause::UndeclaredModel, rest.len()));
    drift
}

fn wrong_model(
    platform: &Platform,
    world: &World,
    talk: &Talk,
    model: &Model,
    names: &[String],
) -> Drift {
    let service = talk.service;
    let what = format!(
        "{} does not answer to `{}`, which is sent for the model `{}`",
        service.name, model.served_as, model.name
    );
    let other = Some(names).filter(|_| service.kind.one_model_per_port);
    let help = other.and_then(|it| it.first()).map_or_else(
        || "or name what it answers to: `served_as`".to_owned(),
        |name| {
            format!(
                "or, when that is the one you mean: `served_as = \"{name}\"` in [models.{}]",
                model.name
            )
        },
    );
    Drift {
        declared: Some(model.served_as.clone()),
        found: names.first().filter(|_| names.len() == 1).cloned(),
        command: mend::restart(platform, world, service),
        help: Some(help),
        ..about(platform, talk, Cause::WrongModel, what)
    }
}

/// The line for what is not told one by one.
fn more(platform: &Platform, talk: &Talk, cause: Cause, count: usize) -> Option<Drift> {
    let what = format!("{} more of {}", count, talk.service.name);
    (count > 0).then(|| about(platform, talk, cause, what))
}

/// True when a model is at the port that is asked.
fn serves(model: &Model, talk: &Talk) -> bool {
    !talk.service.kind.one_model_per_port || model.port == Some(talk.port)
}

fn knows(service: &Service, sent: &str, names: &[String]) -> bool {
    names.iter().any(|it| service.kind.answers_to(sent, it))
}

/// True when a name is one of a model that is not gone.
fn is_declared(platform: &Platform, service: &Service, name: &str) -> bool {
    platform
        .models_of(service.id)
        .filter(|it| it.state != ModelState::Retired)
        .any(|model| {
            let others = [&model.repo, &model.source_path, &model.cache_path];
            let others = others.into_iter().flatten();
            let own = [&model.served_as, &model.name];
            let mut all = own.into_iter().chain(others);
            all.any(|it| service.kind.answers_to(it, name))
        })
}

fn about(platform: &Platform, talk: &Talk, cause: Cause, what: String) -> Drift {
    Drift {
        cause,
        host: platform[talk.service.host].name.clone(),
        service: Some(talk.service.name.clone()),
        port: Some(talk.port),
        what,
        declared: None,
        found: None,
        command: None,
        help: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_or_refused_as_a_whole() {
        let read = |text: &str| names(text.as_bytes());
        let good = r#"{"object": "list", "data": [{"id": "a"}, {"id": "b\u001b[31m\nc"}]}"#;
        assert_eq!(read(good).unwrap(), ["a", "b[31m c"]);
        assert_eq!(read(r#"{"data": []}"#), Some(Vec::new()));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"data": [1]}"#,
            r#"{"data": [{"id": 1}]}"#,
            "\u{0}",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(tame(&"é".repeat(1000)).chars().count(), LONGEST + 1);
    }
}
