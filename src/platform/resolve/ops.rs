//! Restart order and checks.

use std::collections::{BTreeMap, BTreeSet};

use crate::platform::groups::Groups;
use crate::platform::{Check, ManagedBy, Ops, Platform, Profile, ServiceId};

use super::Draft;

/// Nothing to operate yet.
pub(super) fn empty() -> Ops {
    Ops {
        restart_order: Vec::new(),
        checks: Vec::new(),
    }
}

impl Draft<'_> {
    /// Follows the handles of every warm-up profile.
    pub(super) fn profiles(&mut self, platform: &mut Platform) {
        for service in platform.services.values_mut() {
            let written = self.written(service.id);
            if written.fields.profiles.is_empty() {
                continue;
            }
            let place = written.place.table("profiles");
            for (name, handles) in &written.fields.profiles {
                let handles = handles.iter().enumerate();
                let handles = handles
                    .filter_map(|(at, handle)| self.handle(handle, place.item(name.as_str(), at)));
                service.profiles.push(Profile {
                    name: name.0.to_string(),
                    handles: handles.collect(),
                    span: place.key(name.as_str()),
                });
            }
        }
    }

    /// What is said of operating the platform; returns the services that are wished to start first.
    pub(super) fn ops(&mut self, platform: &mut Platform) -> Vec<ServiceId> {
        let manifest = self.manifest;
        let place = self.root.table("ops");
        let mut wished = Vec::new();
        for (at, name) in manifest.ops.restart_order.iter().enumerate() {
            wished.extend(self.service(name.as_str(), place.item("restart_order", at)));
        }
        let mut checks = Vec::new();
        for (name, it) in &manifest.ops.checks {
            let place = place.table("checks").table(name.as_str());
            let Some(service) = self.service(it.service.as_str(), place.value("service")) else {
                continue;
            };
            checks.push(Check {
                name: name.0.to_string(),
                title: it.title.clone().unwrap_or_else(|| name.0.to_string()),
                service,
                path: it.path.clone(),
                method: it.method,
                body: it.body.clone(),
                status: it
                    .status
                    .and_then(|it| u16::try_from(it).ok())
                    .unwrap_or(200),
                contains: it.contains.clone(),
                needs_key: it.needs_key,
                span: place.span(),
            });
        }
        platform.ops.checks = checks;
        wished
    }
}

/// Callees before callers, and of two that call each other the gateway first; where that leaves a choice, the owner's wish and then the name decide.
pub(super) fn restart_order(platform: &Platform, wished: &[ServiceId]) -> Vec<ServiceId> {
    let restartable = |id: ServiceId| {
        let service = &platform[id];
        let ours = matches!(
            service.managed_by,
            ManagedBy::Systemd | ManagedBy::Launchd | ManagedBy::Docker | ManagedBy::Podman
        );
        let can_start = service.run.command.is_some()
            || !service.slots.is_empty()
            || service.managed_by.engine().is_some();
        platform.is_live(service) && (ours && can_start || service.managed_by == ManagedBy::Package)
    };
    let wish: BTreeMap<ServiceId, usize> = wished
        .iter()
        .enumerate()
        .map(|(at, id)| (*id, at))
        .collect();
    let rank = |id: ServiceId| (wish.get(&id).copied().unwrap_or(usize::MAX), id);
    let mut left: Vec<bool> = platform
        .services
        .iter()
        .map(|it| restartable(it.id))
        .collect();
    let is_left = |left: &[bool], id: ServiceId| left[usize::from(id)];
    // Of a mutual call only the edge to the gateway stays.
    let edges = platform.calls.iter().filter(|call| {
        let mutual = platform.call_url(call.to, call.from).is_some();
        let dropped = mutual && first_of_two(platform, call.from, call.to);
        is_left(&left, call.from) && is_left(&left, call.to) && !dropped
    });
    let callers: Groups<ServiceId, ServiceId> = edges.map(|it| (it.to, it.from)).collect();
    // For how many others each waits.
    let mut waits = vec![0_usize; left.len()];
    for service in &platform.services {
        for caller in callers.of(service.id) {
            waits[usize::from(caller)] += 1;
        }
    }
    let ids = || platform.services.iter().map(|it| it.id);
    let mut ready: BTreeSet<_> = ids()
        .filter(|id| is_left(&left, *id) && waits[usize::from(*id)] == 0)
        .map(rank)
        .collect();
    let mut order = Vec::new();
    loop {
        // In a longer circle nobody is ready: the best ranked one goes first.
        let next = ready.pop_first();
        let next = next.or_else(|| ids().filter(|id| is_left(&left, *id)).map(rank).min());
        let Some((_, id)) = next else {
            return order;
        };
        left[usize::from(id)] = false;
        order.push(id);
        for caller in callers.of(id) {
            let waits = &mut waits[usize::from(caller)];
            *waits -= 1;
            if *waits == 0 && is_left(&left, caller) {
                ready.insert(rank(caller));
            }
        }
    }
}

/// True when `one` starts before `two`, given that they call each other: the gateway does, else the one that comes first by name.
fn first_of_two(platform: &Platform, one: ServiceId, two: ServiceId) -> bool {
    match platform.policy.gateway {
        gateway if gateway == one => true,
        gateway if gateway == two => false,
        _ => one < two,
    }
}
