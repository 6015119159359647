//! Which units a unit wants and waits for.

use std::collections::BTreeMap;

use crate::emit::process;
use crate::platform::{ManagedBy, Platform, Service, ServiceId};

/// The units that a service pulls in and those it starts after, by name without `.service`.
///
/// A service wants what it calls on its own host, and starts after it. Services may call each other, and two `After=` in a ring would make systemd drop one of them by chance; so there is one order of all services, and a service starts only after those that come before it there. Nothing is `Requires=`: a callee that is stopped for an hour must not take its callers with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order<'a> {
    /// For `Wants=`.
    pub(super) wants: Vec<&'a str>,
    /// For `After=`.
    pub(super) after: Vec<&'a str>,
}

impl<'a> Order<'a> {
    /// The order of one service, by the ranks of all.
    pub(super) fn of(platform: &'a Platform, ranks: &Ranks, service: &Service) -> Self {
        let callees = || {
            platform
                .calls_of(service.id)
                .map(|call| &platform[call.to])
                .filter(|it| it.id != service.id && it.host == service.host)
                .filter(|it| has_unit(platform, it))
        };
        let own = ranks.of(service.id);
        let names = |it: &'a Service| it.run.unit.as_str();
        let mut wants: Vec<_> = callees().map(names).collect();
        let mut after: Vec<_> = callees()
            .filter(|it| ranks.of(it.id) < own)
            .map(names)
            .collect();
        for list in [&mut wants, &mut after] {
            list.sort_unstable();
            list.dedup();
        }
        Self { wants, after }
    }
}

/// Where each service stands in the one order of all: as restarts go, and what is never restarted behind, by id.
pub(super) struct Ranks(BTreeMap<ServiceId, usize>);

impl Ranks {
    pub(super) fn new(platform: &Platform) -> Self {
        let order = &platform.ops.restart_order;
        Self(order.iter().enumerate().map(|(at, id)| (*id, at)).collect())
    }

    fn of(&self, id: ServiceId) -> (usize, ServiceId) {
        (self.0.get(&id).copied().unwrap_or(usize::MAX), id)
    }
}

/// True when a service runs as a unit; to want one that is switched off would start it.
fn has_unit(platform: &Platform, service: &Service) -> bool {
    let unit = match service.managed_by {
        ManagedBy::Systemd => process::is_started(service),
        ManagedBy::Package => true,
        _ => false,
    };
    unit && platform.is_live(service)
}
