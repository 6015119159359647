//! The weights of models behind one handle: those that the owner wrote, or what quality and cost are worth by the profile.

use crate::platform::{Model, Platform, RoutingProfile, Strategy};

/// The weight of the best.
const BEST: f64 = 100.0;

/// Gives the routes of a handle the weights that follow from the profile, where the owner wrote none; takes away those that the strategy does not look at.
pub(super) fn weigh(platform: &mut Platform) {
    let gateway = &platform.gateway;
    if !matches!(gateway.strategy, None | Some(Strategy::SimpleShuffle)) {
        for it in &mut platform.deployments {
            it.weight = None;
        }
        return;
    }
    let Some(profile) = gateway.profile else {
        return;
    };
    let mut start = 0;
    while start < platform.deployments.len() {
        let group = platform.deployments[start..]
            .chunk_by(|one, two| one.name == two.name)
            .next()
            .unwrap_or_default();
        let end = start + group.len();
        if group.len() > 1 && group.iter().all(|it| it.weight.is_none()) {
            let models: Vec<&Model> = group.iter().map(|it| &platform[it.model]).collect();
            let weights = weights(platform, profile, &models);
            for (it, weight) in platform.deployments[start..end].iter_mut().zip(weights) {
                it.weight = Some(weight);
            }
        }
        start = end;
    }
}

/// What each of several models is worth, from 1 to 100.
fn weights(platform: &Platform, profile: RoutingProfile, models: &[&Model]) -> Vec<u32> {
    let (quality, cost) = (f64::from(profile.quality), f64::from(profile.cost));
    // What is not known of all of them tells nothing about one.
    let counts: Option<Vec<f64>> = models.iter().map(|it| it.parameter_count).collect();
    let largest = counts.iter().flatten().copied().fold(0.0, f64::max);
    let prices: Vec<Option<f64>> = models.iter().map(|it| price(platform, it)).collect();
    let paid = prices.iter().flatten().copied().filter(|it| *it > 0.0);
    let cheapest = paid.fold(f64::INFINITY, f64::min);
    let any_free = prices.contains(&Some(0.0));
    let mut weights = Vec::with_capacity(models.len());
    for (at, price) in prices.iter().enumerate() {
        let size = match &counts {
            Some(counts) if largest > 0.0 => counts[at] / largest,
            _ => 1.0,
        };
        let cheap = match price {
            Some(price) if *price <= 0.0 => 1.0,
            // Beside a free one even the cheapest is dear.
            Some(price) if any_free => 0.5 * cheapest / price,
            Some(price) => cheapest / price,
            None => 0.0,
        };
        let worth = match quality + cost {
            0.0 => BEST,
            sum => BEST * (quality * size + cost * cheap) / sum,
        };
        weights.push(whole(worth));
    }
    weights
}

/// What a model costs for a million tokens, asked and answered; nothing when nobody knows.
fn price(platform: &Platform, model: &Model) -> Option<f64> {
    match model.price {
        Some(price) => Some(price.input + price.output),
        None => (!platform.is_paid(model)).then_some(0.0),
    }
}

/// The nearest whole number from 1 to 100.
fn whole(worth: f64) -> u32 {
    (1..=100_u32)
        .min_by(|one, two| {
            let distance = |it: &u32| (f64::from(*it) - worth).abs();
            distance(one).total_cmp(&distance(two))
        })
        .unwrap_or(1)
}
