//! The lists of models of one service, as it answers now.

use std::collections::BTreeSet;

use super::World;
use super::ask::ask_all;
use super::question::{MOST_PORTS, Question, talk};
use super::report::State;
use crate::platform::{Platform, Service};

/// What a port of a service said about its models.
#[derive(Debug)]
pub struct Catalogued {
    /// The port.
    pub port: u16,
    /// Where it was asked; nothing when it cannot be asked from here.
    pub url: Option<String>,
    /// The list, or why there is none.
    pub answer: Result<Vec<u8>, String>,
    /// True when nothing listens there.
    pub silent: bool,
}

/// Asks a service which models it has: once, or at every port of its ranges where each model has one. Nothing is asked that loads a model.
pub fn catalogue(platform: &Platform, service: &Service, world: &World) -> Vec<Catalogued> {
    let ports: BTreeSet<u16> = if service.kind.one_model_per_port {
        let ranges = service.ranges.iter().flat_map(|it| it.first..=it.last);
        let models = platform.models_of(service.id).filter_map(|it| it.port);
        models.chain(ranges.take(MOST_PORTS)).collect()
    } else {
        service.port().into_iter().collect()
    };
    let path = format!("{}{}", service.base_path, service.kind.list_path());
    let talks = ports
        .into_iter()
        .map(|port| Question::Models(talk(platform, world, service, port, &path)));
    let questions: Vec<Question> = talks.collect();
    let replies = ask_all(&questions, world, &|_, _| {});
    let heard = questions.into_iter().zip(replies);
    heard
        .filter_map(|(question, reply)| {
            let Question::Models(talk) = question else {
                return None;
            };
            Some(Catalogued {
                port: talk.port,
                url: talk.url,
                silent: reply.failure == Some(super::http::Failure::NobodyListens),
                answer: match reply.state {
                    State::Well => Ok(reply.body),
                    _ => Err(reply.words),
                },
            })
        })
        .collect()
}
