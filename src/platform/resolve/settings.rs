//! What the owner says about rules, with where it stands. The rules themselves are unknown here; `lint` applies what is said.

use crate::manifest::Manifest;
use crate::platform::{Exception, LevelSetting};

use super::place::Place;

pub(super) fn levels(manifest: &Manifest, root: Place<'_>) -> Vec<LevelSetting> {
    let place = root.table("lint").table("levels");
    let levels = manifest.lint.levels.iter().map(|(rule, it)| LevelSetting {
        rule: rule.clone(),
        level: it.level,
        reason: it.reason.clone(),
        until: it.until.clone(),
        span: place.key(rule),
    });
    levels.collect()
}

pub(super) fn exceptions(manifest: &Manifest, root: Place<'_>) -> Vec<Exception> {
    let place = root.table("lint");
    let exceptions = manifest
        .lint
        .exceptions
        .iter()
        .enumerate()
        .map(|(at, it)| Exception {
            rule: it.rule.clone(),
            at: it.at.clone(),
            level: it.level,
            reason: it.reason.clone(),
            until: it.until.clone(),
            span: place.nth("exceptions", at).value("rule"),
        });
    exceptions.collect()
}
