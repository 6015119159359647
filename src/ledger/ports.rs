//! Ports: who has one that was another's, and who no longer has its own.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use super::claim::{Claim, Key, Lock, State};
use super::compare::{Comparison, beside};
use super::text::port_line;
use super::{moves, rules};
use crate::diagnostic::Diagnostic;
use crate::platform::{Migration, MovedKind, Owner, Platform};

/// Compares the ports of a platform with those that are known, and makes those of the next lock that nobody claims.
pub(super) fn compare(
    platform: &Platform,
    known: &Lock,
    claimed: &mut Lock,
    comparison: &mut Comparison,
) {
    let migrations = Migrations::of(platform);
    let is_held = |claim: &Claim| claim.state == State::Held;
    let owners = LazyCell::new(|| claimed.ports.keys().map(|key| &key.owner).collect());
    // Usually there are none of these two.
    let gained: Claims<'_> = beside(&claimed.ports, &known.ports)
        .filter(|(_, now, before)| is_held(now) && !before.is_some_and(is_held))
        .map(|(key, now, _)| (key, now))
        .collect();
    let lost: Vec<(&Key, &Claim, Option<&Claim>)> = beside(&known.ports, &claimed.ports)
        .filter(|(_, _, now)| !now.is_some_and(is_held))
        .collect();
    for port in &gained {
        let taken = reused(&migrations, known, claimed, &owners, *port);
        if let Some(taken) = taken {
            comparison.broken.push(taken);
        }
    }
    let unclaimed = lost.iter().filter(|(_, _, now)| now.is_none());
    let unclaimed: Claims<'_> = unclaimed.map(|(key, before, _)| (*key, *before)).collect();
    let void = contested(known, claimed, &unclaimed, comparison);
    let given_up = lost.iter().filter(|(_, before, _)| is_held(before));
    let given_up = given_up.map(|(key, before, _)| (*key, *before));
    changed(&migrations, &gained, given_up.collect(), &void, comparison);
    for (key, claim) in unclaimed {
        if !void.contains(key) {
            let state = State::Tombstone;
            let claim = Claim {
                state,
                ..claim.clone()
            };
            comparison.next.ports.insert(key.clone(), claim);
        }
    }
}

/// Ports, and what is said of each.
type Claims<'a> = Vec<(&'a Key, &'a Claim)>;

/// Reports a port that was somebody else's, in the lock or by a retired service of the same platform.
fn reused(
    migrations: &Migrations<'_>,
    known: &Lock,
    claimed: &Lock,
    owners: &BTreeSet<&Owner>,
    (key, claim): (&Key, &Claim),
) -> Option<Diagnostic> {
    let others = known.holders(&key.host, key.port);
    let retired = claimed
        .holders(&key.host, key.port)
        .filter(|(_, it)| it.state == State::Tombstone);
    let (before, its) = others
        .chain(retired)
        .find(|(other, it)| other.owner != key.owner && it.overlaps(claim))?;
    if migrations.take(&key.owner, key.port) {
        return None;
    }
    let (new, old) = (key.owner.name(), before.owner.name());
    let (port, host) = (key.port, &key.host);
    let is_gone = !owners.contains(&before.owner);
    let same = is_gone && before.owner.noun() == key.owner.noun();
    let help = if same {
        format!(
            "if `{old}` is `{new}` now, add `[[moved]]` with `kind = \"{}\"`, `from = \"{old}\"`, `to = \"{new}\"`; else take another port, or add a `[[migration]]` of `{new}` with `to = {port}`",
            key.owner.noun()
        )
    } else {
        format!(
            "take another port, or add a `[[migration]]` of `{new}` with `to = {port}` that says why"
        )
    };
    Some(
        Diagnostic::new(
            &rules::REUSED_PORT,
            format!("port {port} of host `{host}` was given to `{old}`"),
        )
        .primary(claim.span, format!("`{new}` takes it"))
        .help(format!("{help}. The lock says: {}", port_line(before, its))),
    )
}

/// The claims that two branches made to one port and the platform gives to one of them: the others are void.
fn contested(
    known: &Lock,
    claimed: &Lock,
    unclaimed: &[(&Key, &Claim)],
    comparison: &mut Comparison,
) -> BTreeSet<Key> {
    let mut void = BTreeSet::new();
    let held = unclaimed.iter().filter(|(_, it)| it.state == State::Held);
    for (key, claim) in held {
        let winner = known.holders(&key.host, key.port).find(|(other, it)| {
            other.owner != key.owner
                && it.state == State::Held
                && it.overlaps(claim)
                && claimed
                    .ports
                    .get(*other)
                    .is_some_and(|it| it.state == State::Held)
        });
        if let Some((winner, it)) = winner {
            let (port, host) = (key.port, &key.host);
            comparison.settled.push(
                Diagnostic::new(
                    &rules::CONTESTED_PORT,
                    format!("port {port} of host `{host}` is given to two owners"),
                )
                .primary(claim.span, "platform.toml does not say so")
                .secondary(it.span, format!("`{}` has it", winner.owner.name()))
                .help("two branches gave it away; `homelab build` keeps what platform.toml says"),
            );
            void.insert((*key).clone());
        }
    }
    void
}

/// Reports owners that have another port than they were given. An owner that gives a port up and takes none breaks no promise: its port becomes a tombstone.
fn changed(
    migrations: &Migrations<'_>,
    all_gained: &[(&Key, &Claim)],
    all_lost: Claims<'_>,
    void: &BTreeSet<Key>,
    comparison: &mut Comparison,
) {
    let mut gained: BTreeMap<&Owner, Claims<'_>> = BTreeMap::new();
    for (key, claim) in all_gained {
        gained.entry(&key.owner).or_default().push((key, claim));
    }
    let mut lost: BTreeMap<&Owner, Claims<'_>> = BTreeMap::new();
    for (key, claim) in all_lost {
        if !void.contains(key) && gained.contains_key(&key.owner) {
            lost.entry(&key.owner).or_default().push((key, claim));
        }
    }
    for (owner, lost) in lost {
        let mut gained = gained.remove(owner).unwrap_or_default();
        for (old, its) in lost {
            // A port of the same name is the successor; without one it is the first that is left.
            let same = gained.iter().position(|(_, it)| it.name == its.name);
            if gained.is_empty() {
                break;
            }
            let (new, claim) = gained.remove(same.unwrap_or(0));
            if !migrations.lead(owner, old, new) {
                comparison
                    .broken
                    .push(another_port((old, its), (new, claim)));
            }
        }
    }
}

fn another_port((old, its): (&Key, &Claim), (new, claim): (&Key, &Claim)) -> Diagnostic {
    let name = new.owner.name();
    let (from, to) = (old.port, new.port);
    let place = if old.host == new.host {
        format!("port {from}")
    } else {
        format!("port {from} of host `{}`", old.host)
    };
    let host = if old.host == new.host {
        String::new()
    } else {
        format!(", `host = \"{}\"`", old.host)
    };
    Diagnostic::new(
        &rules::CHANGED_PORT,
        format!("`{name}` was given {place} and has {to} now"),
    )
    .primary(claim.span, format!("was {from}"))
    .help(format!(
        "give it {from} again; if the change is meant, run `homelab port migrate {name} {to} --reason … --by …`, or add a `[[migration]]` with `{} = \"{name}\"`{host}, `from = {from}`, `to = {to}`. The lock says: {}",
        new.owner.noun(),
        port_line(old, its)
    ))
}

/// Reports migrations that neither the lock nor the platform knows anything of.
pub(super) fn idle_migrations(
    platform: &Platform,
    known: &Lock,
    claimed: &Lock,
    comparison: &mut Comparison,
) {
    if platform.migrations.is_empty() {
        return;
    }
    let given: BTreeSet<(&Owner, u16)> = known
        .ports
        .keys()
        .chain(claimed.ports.keys())
        .map(|key| (&key.owner, key.port))
        .collect();
    let migrations = Migrations::of(platform);
    let all = migrations.0.iter();
    for (owner, (_, migration)) in
        all.flat_map(|(owner, its)| its.iter().map(move |it| (owner, it)))
    {
        let (port, reached) = match migration.from {
            // A port between two migrations may never have been built.
            Some(from) => (from, migrations.take(owner, from)),
            None => (migration.to, false),
        };
        if reached || given.contains(&(owner, port)) {
            continue;
        }
        let name = owner.name();
        let its: Vec<String> = given
            .iter()
            .filter(|(it, _)| *it == owner)
            .map(|(_, port)| port.to_string())
            .collect();
        let help = if its.is_empty() {
            format!("correct the name, or delete the entry: nothing was ever given to `{name}`")
        } else {
            format!("it was given {}; correct the number", its.join(", "))
        };
        comparison.broken.push(
            Diagnostic::new(
                &rules::IDLE_MIGRATION,
                format!("`{name}` was never given port {port}"),
            )
            .primary(migration.span, "this migration is about nothing")
            .help(help),
        );
    }
}

/// The migrations of a platform by owner, in the names of today.
struct Migrations<'p>(BTreeMap<Owner, Vec<(Option<String>, &'p Migration)>>);

impl<'p> Migrations<'p> {
    fn of(platform: &'p Platform) -> Self {
        let mut migrations: BTreeMap<Owner, Vec<_>> = BTreeMap::new();
        for it in &platform.migrations {
            let host = it.host.as_deref();
            let host = host.map(|host| moves::name(platform, MovedKind::Host, host));
            let owner = moves::owner(platform, &it.owner);
            migrations.entry(owner).or_default().push((host, it));
        }
        Self(migrations)
    }

    fn of_owner(&self, owner: &Owner) -> &[(Option<String>, &'p Migration)] {
        self.0.get(owner).map_or(&[], Vec::as_slice)
    }

    /// True when one says that this owner takes this port.
    fn take(&self, owner: &Owner, port: u16) -> bool {
        let mut its = self.of_owner(owner).iter();
        its.any(|(_, migration)| migration.to == port)
    }

    /// True when they lead an owner from one port to another, perhaps by ports between.
    fn lead(&self, owner: &Owner, old: &Key, new: &Key) -> bool {
        let from_there = |host: &Option<String>| match host {
            Some(host) => *host == old.host,
            None => old.host == new.host,
        };
        let mut reached = BTreeSet::new();
        let mut next = vec![old.port];
        while let Some(port) = next.pop() {
            for (host, migration) in self.of_owner(owner) {
                // Whoever is under way may be on another host by now.
                let here = port != old.port || from_there(host);
                if here && migration.from == Some(port) && reached.insert(migration.to) {
                    next.push(migration.to);
                }
            }
        }
        reached.contains(&new.port)
    }
}
