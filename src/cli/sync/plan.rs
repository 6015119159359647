//! What a list of models means for the file: which are new, which are gone, and what only the owner can decide.

use std::collections::BTreeSet;

use crate::import::{Offered, is_model_name};
use crate::ledger::Lock;
use crate::platform::{Handle, Model, ModelState, Platform, PortRange, Service};
use crate::syntax::{Document, secrets};

/// The most things that are told one by one.
const TOLD: usize = 20;
/// The most characters of a name that are shown: what a server says may be anything.
const LONGEST: usize = 120;

/// One list, and the port that it was heard from where each model has one.
pub(super) struct Heard {
    pub(super) port: Option<u16>,
    pub(super) offers: Vec<Offered>,
}

/// What there is to change.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) adds: Vec<Add>,
    pub(super) turns: Vec<Turn>,
    /// What the file and the server differ in, and no edit of ours would settle.
    told: Vec<String>,
}

/// A model that the file does not have.
pub(super) struct Add {
    pub(super) offer: Offered,
    /// Its name in the file.
    pub(super) name: String,
    pub(super) port: Option<u16>,
    /// The name of its handle; nothing when none is certain.
    pub(super) handle: Option<String>,
}

/// A model of the file that is no longer what the file says, or not yet.
pub(super) struct Turn {
    pub(super) model: String,
    /// The word for its state from now on.
    pub(super) to: &'static str,
    /// The handles that lead to it and nowhere else, and whether each was promised to clients.
    pub(super) handles: Vec<(String, bool)>,
}

impl Plan {
    /// Says something once, with no more of a name than can be shown.
    pub(super) fn tell(&mut self, words: String) {
        if !self.told.contains(&words) {
            self.told.push(words);
        }
    }

    /// Takes something back that was told.
    pub(super) fn forget(&mut self, words: &str) {
        self.told.retain(|it| !it.starts_with(words));
    }

    /// What is told, the first of it one by one.
    pub(super) fn told(&self) -> Vec<String> {
        let more = self.told.len().saturating_sub(TOLD);
        let mut told: Vec<String> = self.told.iter().take(TOLD).cloned().collect();
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told
    }

    /// True when nothing differs.
    pub(super) fn is_empty(&self) -> bool {
        self.has_no_edit() && self.told.is_empty()
    }

    /// True when there is nothing to write.
    pub(super) fn has_no_edit(&self) -> bool {
        self.adds.is_empty() && self.turns.is_empty()
    }
}

/// A name as it can be shown: on one line, not too long, and no key.
pub(super) fn short(name: &str) -> String {
    let mut masked = name.to_owned();
    let found = secrets::any_keys(name).into_iter();
    let mut found: Vec<_> = found.chain(secrets::url_password(name)).collect();
    found.sort_by_key(|it| std::cmp::Reverse((it.start, it.end)));
    let mut after = masked.len();
    for range in found {
        if range.end <= after {
            after = range.start;
            masked.replace_range(range, "****");
        }
    }
    let line = crate::cli::report::plain::line(&masked);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// What is known of the service, its file and the promises beside it.
pub(super) struct Place<'a> {
    pub(super) document: &'a Document,
    pub(super) platform: &'a Platform,
    pub(super) service: &'a Service,
    pub(super) lock: &'a Lock,
    /// The range that new models take their ports from, where one is named.
    pub(super) range: Option<&'a str>,
}

impl Place<'_> {
    /// Compares the lists with the file. Only lists that are whole say that a model is gone.
    pub(super) fn plan(&self, heard: Vec<Heard>, whole: bool) -> Plan {
        let mut plan = Plan::default();
        let mut seen = BTreeSet::new();
        let mut met = BTreeSet::new();
        let any = heard.iter().any(|it| !it.offers.is_empty());
        for list in heard {
            for offer in list.offers.into_iter().filter(|it| self.is_ours(it)) {
                let port = list.port.or(offer.port);
                if !met.insert((offer.id.clone(), list.port)) {
                    plan.tell(format!("`{}` is listed twice", short(&offer.id)));
                } else if let Some(model) = self.declared(&offer, port) {
                    seen.insert(model.id);
                    self.hold(model, &offer, port, &mut plan);
                } else {
                    self.add(offer, port, list.port.is_some(), &mut plan);
                }
            }
        }
        let live = |it: &&Model| it.state == ModelState::Live && !seen.contains(&it.id);
        for model in self.platform.models_of(self.service.id).filter(live) {
            if !whole {
                continue;
            }
            if any {
                plan.turns.push(self.retire(model));
            } else {
                plan.tell(format!(
                    "`{}` is not there; the list is empty, so nothing is retired for it",
                    model.name
                ));
            }
        }
        plan
    }

    /// True when a row of a registry of several services is about this one.
    fn is_ours(&self, offer: &Offered) -> bool {
        let platform = self.platform;
        if let Some(service) = &offer.service {
            let known = platform.services.find(service);
            return known.is_none_or(|it| it.id == self.service.id);
        }
        let host = offer.host.as_ref().and_then(|it| platform.hosts.find(it));
        host.is_none_or(|it| it.id == self.service.host)
    }

    /// The model of the file that is meant: by the name its server knows it by, else by another of its names.
    fn declared(&self, offer: &Offered, port: Option<u16>) -> Option<&Model> {
        let models = || self.platform.models_of(self.service.id);
        let answers = |it: &str| self.service.kind.answers_to(it, &offer.id);
        let here = |it: &&Model| !self.service.kind.one_model_per_port || it.port == port;
        let served = || models().filter(|it| answers(&it.served_as));
        let sources = |it: &&Model| {
            let others = [&it.repo, &it.source_path, &it.cache_path];
            let mut others = others.into_iter().flatten();
            answers(&it.name) || others.any(|it| answers(it))
        };
        served()
            .find(here)
            .or_else(|| served().next())
            .or_else(|| models().find(sources))
    }

    /// Compares what is said of a model that both have: the file holds, and a planned one that is there is live.
    fn hold(&self, model: &Model, offer: &Offered, port: Option<u16>, plan: &mut Plan) {
        let name = &model.name;
        match model.state {
            ModelState::Planned => plan.turns.push(Turn {
                model: name.clone(),
                to: "live",
                handles: Vec::new(),
            }),
            ModelState::Retired => plan.tell(format!(
                "`{name}` is retired in the file and still there: take it off the server, or make it live by hand"
            )),
            ModelState::Live => {}
        }
        let mine = model.port.filter(|_| self.service.kind.one_model_per_port);
        if let (Some(mine), Some(other)) = (mine, port)
            && mine != other
        {
            plan.tell(format!(
                "`{name}` is on port {other}, and the file says {mine}: `homelab port migrate` changes the file"
            ));
        }
        let table = self.document.root().get("models");
        let table = table.and_then(|it| it.node.as_table()?.get(name));
        let table = table.and_then(|it| it.node.as_table());
        for (field, was, is) in table.map(|it| offer.differing(it)).unwrap_or_default() {
            plan.tell(format!(
                "`{field}` of `{name}` is {} there, and the file says {}",
                short(&is),
                short(&was)
            ));
        }
    }

    fn add(&self, offer: Offered, port: Option<u16>, answered: bool, plan: &mut Plan) {
        let shown = short(&offer.id);
        if offer.leaves {
            return plan.tell(format!(
                "`{shown}` runs elsewhere: its server would send prompts to the internet, so declare it by hand if that is meant"
            ));
        }
        let Some(name) = self.name(&offer.id, plan) else {
            return plan.tell(format!("`{shown}` can be no name of a model"));
        };
        let port = if self.service.kind.one_model_per_port {
            match self.port(port, answered, plan) {
                Ok(port) => Some(port),
                Err(why) => return plan.tell(format!("`{shown}` is new: {why}")),
            }
        } else {
            None
        };
        let handle = Some(name.clone())
            .filter(|it| self.has_handles() && self.platform.handles.find(it).is_none());
        plan.adds.push(Add {
            offer,
            name,
            port,
            handle,
        });
    }

    /// What a new model is called: as its server does, with the prefix that the policy has for its kind.
    fn name(&self, id: &str, plan: &Plan) -> Option<String> {
        let kind = self.service.kind.name;
        let naming = self.platform.policy.naming.iter();
        let naming = naming.filter(|it| it.kinds.iter().any(|it| it == kind));
        let prefix = naming.map(|it| it.prefix.as_str()).next();
        let name = match prefix {
            Some(prefix) if !id.starts_with(prefix) => {
                let last = id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase();
                format!("{prefix}{}", last.replace([':', '.', '_', '@', '+'], "-"))
            }
            _ => id.to_owned(),
        };
        let beside = format!("{name}@{}", self.service.name);
        let is_free = |it: &String| {
            let planned = plan.adds.iter().any(|add| add.name == *it);
            !planned && self.platform.models.find(it).is_none()
        };
        [name, beside]
            .into_iter()
            .find(|it| is_model_name(it) && is_free(it))
    }

    /// The port of a new model: its own where it lies in a range and was never given, else the next that was not.
    fn port(&self, wanted: Option<u16>, answered: bool, plan: &Plan) -> Result<u16, String> {
        let service = self.service;
        let host = &self.platform[service.host].name;
        let is_free = |port: u16| {
            !self.lock.taken(host, port) && plan.adds.iter().all(|it| it.port != Some(port))
        };
        let lies = |it: &PortRange, port| (it.first..=it.last).contains(&port);
        if let Some(port) = wanted {
            if service.ranges.iter().any(|it| lies(it, port)) && is_free(port) {
                return Ok(port);
            }
            if answered {
                return Err(format!(
                    "it answers on port {port}, which the file gave to another or to nobody; give it one by `homelab port next`"
                ));
            }
        }
        let ranges = service.ranges.iter();
        let ranges = ranges.filter(|it| self.range.is_none_or(|name| name == it.name));
        let mut ranges: Vec<&PortRange> = ranges.collect();
        // Where its models are already, further ones are at home.
        ranges.sort_by_key(|range| {
            let ports = self.platform.models_of(service.id);
            let there = ports.filter_map(|it| it.port).filter(|it| lies(range, *it));
            (std::cmp::Reverse(there.count()), range.first)
        });
        let next = ranges
            .into_iter()
            .find_map(|it| (it.first..=it.last).find(|port| is_free(*port)));
        next.ok_or_else(|| match self.range {
            Some(range) => format!("every port of range `{range}` was given"),
            None => "no port of the service's ranges is free".to_owned(),
        })
    }

    /// True when models of this service are known to clients by handles, or it has none yet.
    fn has_handles(&self) -> bool {
        let mut models = self.platform.models_of(self.service.id).peekable();
        models.peek().is_none() || models.any(|it| self.leading_to(it).next().is_some())
    }

    fn leading_to<'a>(&'a self, model: &Model) -> impl Iterator<Item = &'a Handle> {
        let id = model.id;
        let handles = self.platform.own_handles();
        handles.filter(move |it| it.targets.iter().any(|it| it.model == id))
    }

    fn retire(&self, model: &Model) -> Turn {
        let alone = self.leading_to(model).filter(|it| it.targets.len() == 1);
        Turn {
            model: model.name.clone(),
            to: "retired",
            handles: alone
                .map(|it| {
                    let promised = self.lock.handles.contains_key(&it.name);
                    (it.name.clone(), promised)
                })
                .collect(),
        }
    }
}
