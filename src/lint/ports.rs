//! The ports that services listen on, each with the words that say so.

use crate::diagnostic::Span;
use crate::platform::{ModelState, Platform, Service, ServiceState};

/// A port that is listened on, now or as soon as its service is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listened<'p> {
    /// The number.
    pub number: u16,
    /// Where it is said.
    pub span: Span,
    /// Who listens: a service, or one of its models.
    pub owner: &'p str,
}

/// Every service that is not gone.
pub(super) fn services(platform: &Platform) -> impl Iterator<Item = &Service> {
    let there = |it: &&Service| it.state != ServiceState::Retired;
    platform.services.iter().filter(there)
}

/// The ports of a service: its single ones, and those of its models where each has one.
pub(super) fn of<'p>(
    platform: &'p Platform,
    service: &'p Service,
) -> impl Iterator<Item = Listened<'p>> {
    let own = service.ports.iter().map(|it| Listened {
        number: it.number,
        span: it.span,
        owner: &service.name,
    });
    let models = platform
        .models_of(service.id)
        .filter(|it| service.kind.one_model_per_port && it.state != ModelState::Retired)
        .filter_map(|it| {
            // A model without a port of its own has the service's, which is counted already.
            let number = it.port.filter(|port| {
                let single = |it: &crate::platform::Port| it.number == *port;
                !service.ports.iter().any(single)
            });
            Some(Listened {
                number: number?,
                span: it.port_span,
                owner: &it.name,
            })
        });
    own.chain(models)
}
