//! Which deployment is asked next.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use smol_str::SmolStr;

use super::deployment::{Deployment, Leave};
use super::served::{Policy, Route};
use crate::routes::{Endpoint, Strategy};

/// What came of looking for a deployment.
#[derive(Debug)]
pub(super) enum Picked {
    /// This one; `true` when the request probes whether it is back.
    This(Arc<Deployment>, bool),
    /// All are left alone, the first one until then.
    Cooling(u64),
    /// All were tried.
    Exhausted,
    /// None serves the endpoint.
    Unsupported,
}

/// Picks among the deployments of a route: the lowest order first, the well before the unwell, then by strategy. Those that were tried come last.
pub(super) fn pick(
    route: &Route,
    endpoint: Endpoint,
    policy: &Policy,
    tried: &[SmolStr],
    (now, random): (u64, u64),
) -> Picked {
    let serving = || {
        route
            .deployments
            .iter()
            .filter(|it| it.endpoints.contains(&endpoint))
    };
    if serving().next().is_none() {
        return Picked::Unsupported;
    }
    let mut soonest: Option<u64> = None;
    let mut best: Vec<(&Arc<Deployment>, bool)> = Vec::new();
    let mut rank = None;
    for it in serving().filter(|it| !tried.contains(&it.id)) {
        let probes = match it.state.look(now) {
            Leave::Free => false,
            Leave::Probe => true,
            Leave::Wait(until) => {
                soonest = Some(soonest.map_or(until, |it| it.min(until)));
                continue;
            }
        };
        let its = (!it.state.is_well(), it.order);
        if rank.is_none_or(|rank| its < rank) {
            rank = Some(its);
            best.clear();
        }
        if rank == Some(its) {
            best.push((it, probes));
        }
    }
    // One that may be back is asked first, or it would never be known.
    let probe = best
        .iter()
        .find(|(it, probes)| *probes && it.state.begin_probe());
    if let Some((it, _)) = probe {
        return Picked::This(Arc::clone(it), true);
    }
    best.retain(|(_, probes)| !probes);
    match choose(&best, policy, random) {
        Some(it) => Picked::This(Arc::clone(it), false),
        None => soonest.map_or(Picked::Exhausted, Picked::Cooling),
    }
}

fn choose<'a>(
    best: &[(&'a Arc<Deployment>, bool)],
    policy: &Policy,
    random: u64,
) -> Option<&'a Arc<Deployment>> {
    if best.len() < 2 {
        return best.first().map(|(it, _)| *it);
    }
    let start = usize::try_from(random >> 33).unwrap_or(0) % best.len();
    // Equals are taken in turn from a place of chance, so that the first is not always the one.
    let mut turn = (0..best.len()).map(|at| best[(start + at) % best.len()].0);
    match policy.strategy {
        Some(Strategy::LeastBusy) => turn.min_by_key(|it| it.state.in_flight.load(Relaxed)),
        Some(Strategy::LatencyBasedRouting) => turn.min_by_key(|it| it.state.latency()),
        Some(Strategy::Weighed) => {
            let heaviest = best.iter().map(|(it, _)| it.weight).max().unwrap_or(1);
            let known = best.iter().map(|(it, _)| it.state.latency());
            let fastest = known.filter(|it| *it > 0).min().unwrap_or(1);
            turn.min_by_key(|it| {
                Reverse(worth(
                    it.weight,
                    heaviest,
                    it.state.latency(),
                    fastest,
                    policy.speed,
                ))
            })
        }
        Some(Strategy::UsageBasedRoutingV2) => {
            turn.min_by_key(|it| (it.state.in_flight.load(Relaxed), Reverse(it.weight)))
        }
        Some(Strategy::CostBasedRouting | Strategy::SimpleShuffle) | None => {
            let total: u64 = best.iter().map(|(it, _)| u64::from(it.weight)).sum();
            if total == 0 {
                return turn.next();
            }
            let mut left = (random >> 11) % total;
            turn.find(|it| {
                let weight = u64::from(it.weight);
                let found = left < weight;
                left = left.saturating_sub(weight);
                found
            })
        }
    }
}

/// What a deployment is worth among others, in parts of a million: its weight beside the heaviest, and its latency beside the fastest. One that was never asked is as fast as the fastest, or it would never be asked.
fn worth(weight: u32, heaviest: u32, latency: u64, fastest: u64, speed: u32) -> u64 {
    const WHOLE: u64 = 10_000;
    let merit = WHOLE * u64::from(weight) / u64::from(heaviest.max(1));
    let quick = match latency {
        0 => WHOLE,
        latency => (WHOLE * fastest)
            .checked_div(latency)
            .unwrap_or(WHOLE)
            .min(WHOLE),
    };
    u64::from(100 - speed.min(100)) * merit + u64::from(speed.min(100)) * quick
}

#[cfg(test)]
mod tests {
    use super::worth;

    #[test]
    fn speed_counts_as_much_as_the_profile_says() {
        // Half as good and three times as fast.
        let (good, quick) = (
            |speed| worth(100, 100, 3000, 1000, speed),
            |speed| worth(50, 100, 1000, 1000, speed),
        );
        assert!(good(40) > quick(40));
        assert!(good(60) < quick(60));
        assert_eq!(worth(100, 100, 1000, 1000, 40), 1_000_000);
        assert_eq!(worth(100, 100, 0, 1, 40), 1_000_000);
    }
}
