//! Which units a unit wants and waits for.

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
    pub(super) fn of(platform: &'a Platform, service: &Service) -> Self {
        let callees = || {
            platform
                .calls_of(service.id)
                .map(|call| &platform[call.to])
                .filter(|it| it.id != service.id && it.host == service.host)
                .filter(|it| has_unit(platform, it))
        };
        let own = rank(platform, service.id);
        let names = |it: &'a Service| it.run.unit.as_str();
        let mut wants: Vec<_> = callees().map(names).collect();
        let mut after: Vec<_> = callees()
            .filter(|it| rank(platform, it.id) < own)
            .map(names)
            .collect();
        for list in [&mut wants, &mut after] {
            list.sort_unstable();
            list.dedup();
        }
        Self { wants, after }
    }
}

/// Where a service stands in the one order of all: as restarts go, and what is never restarted behind, by id.
fn rank(platform: &Platform, id: ServiceId) -> (usize, ServiceId) {
    let order = &platform.ops.restart_order;
    let at = order.iter().position(|it| *it == id);
    (at.unwrap_or(order.len()), id)
}

/// True when a service runs as a unit; to want one that is switched off would start it.
fn has_unit(platform: &Platform, service: &Service) -> bool {
    let unit = match service.managed_by {
        ManagedBy::Systemd => crate::emit::process::is_started(service),
        ManagedBy::Package => true,
        _ => false,
    };
    unit && platform.is_live(service)
}
