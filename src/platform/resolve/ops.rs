//! Restart order and checks.

use std::collections::{BTreeMap, BTreeSet};

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
            let place = written.place.table("profiles");
            for (name, handles) in &written.fields.profiles {
                let handles = handles.iter().enumerate();
                let handles = handles
                    .filter_map(|(at, handle)| self.handle(handle, place.item(name.as_str(), at)));
                service.profiles.push(Profile {
                    name: name.0.clone(),
                    handles: handles.collect(),
                    span: place.key(name.as_str()),
                });
            }
        }
    }

    pub(super) fn ops(&mut self, platform: &mut Platform) {
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
                name: name.0.clone(),
                title: it.title.clone().unwrap_or_else(|| name.0.clone()),
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
        platform.ops = Ops {
            restart_order: restart_order(platform, &wished),
            checks,
        };
    }
}

/// Callees before callers, and of two that call each other the gateway first; where that leaves a choice, the owner's wish and then the name decide.
fn restart_order(platform: &Platform, wished: &[ServiceId]) -> Vec<ServiceId> {
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
    let members: BTreeSet<ServiceId> = platform
        .services
        .iter()
        .map(|it| it.id)
        .filter(|id| restartable(*id))
        .collect();
    // waits[a] holds what must be up before a; of a mutual call only the edge to the gateway stays.
    let mut waits: BTreeMap<ServiceId, BTreeSet<ServiceId>> =
        members.iter().map(|id| (*id, BTreeSet::new())).collect();
    let mut callers: BTreeMap<ServiceId, Vec<ServiceId>> = BTreeMap::new();
    for call in &platform.calls {
        let mutual = platform.call_url(call.to, call.from).is_some();
        let dropped = mutual && first_of_two(platform, call.from, call.to);
        if members.contains(&call.from) && members.contains(&call.to) && !dropped {
            waits.entry(call.from).or_default().insert(call.to);
            callers.entry(call.to).or_default().push(call.from);
        }
    }
    let mut ready: BTreeSet<_> = waits
        .iter()
        .filter(|(_, on)| on.is_empty())
        .map(|(id, _)| rank(*id))
        .collect();
    let mut order = Vec::with_capacity(members.len());
    let mut left = members;
    while !left.is_empty() {
        // In a longer circle nobody is ready: the best ranked one goes first.
        let (_, id) = ready.pop_first().unwrap_or_else(|| {
            left.iter()
                .map(|id| rank(*id))
                .min()
                .expect("the loop runs while some are left")
        });
        if !left.remove(&id) {
            continue;
        }
        order.push(id);
        for caller in callers.get(&id).into_iter().flatten() {
            if let Some(on) = waits.get_mut(caller) {
                on.remove(&id);
                if on.is_empty() && left.contains(caller) {
                    ready.insert(rank(*caller));
                }
            }
        }
    }
    order
}

/// True when `one` starts before `two`, given that they call each other: the gateway does, else the one that comes first by name.
fn first_of_two(platform: &Platform, one: ServiceId, two: ServiceId) -> bool {
    match platform.policy.gateway {
        gateway if gateway == one => true,
        gateway if gateway == two => false,
        _ => one < two,
    }
}
