//! What came of all questions, as a report: one cause is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::World;
use super::ask::{Reply, url};
use super::drift::{Cause, Drift};
use super::http::Failure;
use super::listed;
use super::mend;
use super::promised::{Promised, promised};
use super::question::{Question, Silence, Talk};
use super::report::{Answered, Counts, Listed, Report, State, Version};
use crate::emit::probe::Probe;
use crate::platform::Platform;

pub(super) fn compare(
    platform: &Platform,
    world: &World,
    questions: &[Question],
    replies: Vec<Reply>,
) -> Report {
    let mut seen = Seen {
        platform,
        world,
        away: hosts_away(platform, world, questions, &replies),
        sick: BTreeSet::new(),
        report: Report {
            version: 1,
            platform: platform.name.clone(),
            from: world.here.map(|it| it.name.clone()),
            agrees: true,
            counts: Counts::default(),
            probes: Vec::new(),
            models: Vec::new(),
            versions: Vec::new(),
            files: Vec::new(),
            unread: Vec::new(),
            drift: Vec::new(),
        },
    };
    seen.tell_hosts_away();
    // Health comes first among the questions, so what is sick is known before its lists are read.
    for (question, reply) in questions.iter().zip(replies) {
        match question {
            Question::Health(probe) => seen.health(probe, reply),
            Question::Models(talk) => seen.models(talk, &reply),
            Question::Version(talk, keys) => seen.version(talk, keys, &reply),
            Question::Quiet(silence) => seen.quiet(silence, &reply),
        }
    }
    seen.finish()
}

/// The hosts with several services of which none answers, though each is asked: the host or the network is away, and that is told once.
fn hosts_away<'a>(
    platform: &'a Platform,
    world: &World,
    questions: &[Question],
    replies: &[Reply],
) -> BTreeSet<&'a str> {
    let mut tries: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (question, reply) in questions.iter().zip(replies) {
        if let Question::Health(probe) = question
            && matches!(reply.state, State::Well | State::Sick)
            && probe.what != "unit"
        {
            let (asked, failed) = tries.entry(probe.host).or_default();
            *asked += 1;
            *failed += usize::from(reply.failure.is_some());
        }
    }
    let hosts = platform.hosts.iter().map(|it| it.name.as_str());
    hosts
        .filter(|host| !world.is_here(host))
        .filter(|host| {
            tries
                .get(host)
                .is_some_and(|(asked, failed)| *asked >= 2 && asked == failed)
        })
        .collect()
}

/// What has been seen so far.
struct Seen<'a, 'w> {
    platform: &'a Platform,
    world: &'a World<'w>,
    /// Hosts of which nothing answers.
    away: BTreeSet<&'a str>,
    /// Ports that are sick, by service.
    sick: BTreeSet<(String, u16)>,
    report: Report,
}

impl Seen<'_, '_> {
    fn tell_hosts_away(&mut self) {
        for name in self.away.clone() {
            let Some(host) = self.platform.hosts.find(name) else {
                continue;
            };
            self.report.drift.push(Drift {
                cause: Cause::HostAway,
                host: name.to_owned(),
                service: None,
                port: None,
                what: format!("nothing on {name} answers"),
                declared: None,
                found: None,
                command: mend::reach(self.platform, host),
                help: Some("is it switched on, and on the network?".to_owned()),
            });
        }
    }

    fn health(&mut self, probe: &Probe, reply: Reply) {
        let port = probe.port.parse().ok();
        if reply.state == State::Sick && probe.what != "check" {
            self.sick
                .extend(port.map(|it| (probe.service.to_owned(), it)));
        }
        if reply.state == State::Sick && !self.away.contains(probe.host) {
            self.tell_sick(probe, port, &reply);
        }
        let url = Some(url(probe, self.world)).filter(|it| !it.is_empty());
        self.report.probes.push(Answered {
            what: probe.what,
            service: probe.service.to_owned(),
            host: probe.host.to_owned(),
            port,
            title: probe.title.clone(),
            url: url.map(str::to_owned),
            state: reply.state,
            milliseconds: reply.took.map(milliseconds),
            status: reply.status,
            words: reply.words,
        });
    }

    fn tell_sick(&mut self, probe: &Probe, port: Option<u16>, reply: &Reply) {
        let Some(service) = self.platform.services.find(probe.service) else {
            return;
        };
        let is_check = probe.what == "check";
        // A check of a sick service fails for that reason.
        if is_check && port.is_some_and(|it| self.sick.contains(&(service.name.clone(), it))) {
            return;
        }
        let cause = match reply.failure {
            _ if is_check => Cause::CheckFailed,
            Some(Failure::NobodyListens | Failure::NoAddress) => Cause::Dead,
            None if probe.what == "unit" => Cause::Dead,
            Some(Failure::TooSlow) => Cause::Slow,
            _ => Cause::Sick,
        };
        let who = if is_check || probe.what == "model" {
            format!("{} ({})", service.name, probe.title)
        } else {
            service.name.clone()
        };
        let command = mend::restart(self.platform, self.world, service);
        self.report.drift.push(Drift {
            cause,
            host: probe.host.to_owned(),
            service: Some(service.name.clone()),
            port,
            what: format!("{who}: {}", reply.words),
            declared: None,
            found: None,
            help: command
                .is_none()
                .then(|| format!("start it by hand on {}", probe.host)),
            command,
        });
    }

    fn models(&mut self, talk: &Talk, reply: &Reply) {
        let service = talk.service;
        let host = self.platform[service.host].name.clone();
        let names = (reply.state == State::Well)
            .then(|| listed::names(&reply.body))
            .flatten();
        let is_told = self.away.contains(host.as_str())
            || self.sick.contains(&(service.name.clone(), talk.port));
        let (state, words) = match (reply.state, &names) {
            (State::Well, None) => (State::Sick, "its answer is no list of models".to_owned()),
            (state, _) => (state, reply.words.clone()),
        };
        if let Some(names) = &names
            && !is_told
        {
            let drift = listed::compare(self.platform, self.world, talk, names);
            self.report.drift.extend(drift);
        } else if state == State::Sick && !is_told {
            self.report.drift.push(Drift {
                cause: Cause::NoList,
                host: host.clone(),
                service: Some(service.name.clone()),
                port: Some(talk.port),
                what: format!("{}: {words}", service.name),
                declared: None,
                found: None,
                command: mend::restart(self.platform, self.world, service),
                help: None,
            });
        }
        self.report.models.push(Listed {
            service: service.name.clone(),
            host,
            port: talk.port,
            url: talk.url.clone(),
            state,
            names: names.unwrap_or_default(),
            words,
        });
    }

    fn version(&mut self, talk: &Talk, keys: &[&str], reply: &Reply) {
        let service = talk.service;
        let host = self.platform[service.host].name.clone();
        let all = promised(service);
        let found = (reply.state == State::Well)
            .then(|| text_at(&reply.body, keys))
            .flatten();
        let broken = all
            .iter()
            .find(|it| found.as_deref().is_some_and(|found| !it.holds(found)));
        if let (Some(broken), Some(running)) = (broken, &found) {
            let Promised { field, text, .. } = broken;
            let redeploy = mend::redeploy(self.platform, self.world, service);
            self.report.drift.push(Drift {
                cause: Cause::WrongVersion,
                host: host.clone(),
                service: Some(service.name.clone()),
                port: Some(talk.port),
                what: format!("{} is {running}, and `{field}` says {text}", service.name),
                declared: Some((*text).to_owned()),
                found: Some(running.clone()),
                command: redeploy.or_else(|| mend::restart(self.platform, self.world, service)),
                help: Some(format!(
                    "or, when that is the one you mean, change `{field}` in [services.{}]",
                    service.name
                )),
            });
        }
        let declared: Vec<&str> = all.iter().map(|it| it.text).collect();
        let declared = declared.join(", ");
        self.report.versions.push(Version {
            service: service.name.clone(),
            host,
            declared,
            found,
        });
    }

    fn quiet(&mut self, silence: &Silence, reply: &Reply) {
        if reply.state != State::Well {
            return;
        }
        let (host, port) = (&silence.host.name, silence.port);
        let owner = &silence.owner.name;
        let place = silence
            .url
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let same = |it: &Drift| {
            it.cause == Cause::UndeclaredListener && it.port == Some(port) && it.host == *host
        };
        // One program on all addresses is one difference.
        if !silence.beyond && self.report.drift.iter().any(same) {
            return;
        }
        let (cause, what) = if silence.beyond {
            let what = format!(
                "{owner} is declared for its own host alone, and {place} accepts connections"
            );
            (Cause::Exposed, what)
        } else {
            let what = format!("somebody listens on {place}, which is set aside for {owner}");
            (Cause::UndeclaredListener, what)
        };
        self.report.drift.push(Drift {
            cause,
            host: host.clone(),
            service: Some(owner.clone()),
            port: Some(port),
            what,
            declared: None,
            found: Some(place.to_owned()),
            command: Some(mend::who_listens(silence.host, port)),
            help: Some(if silence.beyond {
                "bind it to 127.0.0.1, or declare its `bind`".to_owned()
            } else {
                "end it, or declare it".to_owned()
            }),
        });
    }

    fn finish(mut self) -> Report {
        self.report.settle();
        self.report
    }
}

/// The text at these keys of a JSON answer.
fn text_at(body: &[u8], keys: &[&str]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let value = keys.iter().try_fold(&answer, |it, key| it.get(key))?;
    value.as_str().map(listed::tame)
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
