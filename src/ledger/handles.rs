//! Public handles: which are gone, and how.

use std::collections::BTreeMap;

use super::claim::{HandleState, Lock};
use super::compare::{Comparison, beside};
use super::rules;
use super::text::handle_line;
use crate::diagnostic::{Diagnostic, near_name};
use crate::platform::Platform;

/// Compares the public handles of a platform with those that are known, and makes those of the next lock.
pub(super) fn compare(
    platform: &Platform,
    known: &Lock,
    claimed: &Lock,
    comparison: &mut Comparison,
) {
    let retired: BTreeMap<&str, &str> = platform
        .retired
        .iter()
        .map(|it| (it.handle.as_str(), it.reason.as_str()))
        .collect();
    let new = beside(&claimed.handles, &known.handles).filter(|(_, _, before)| before.is_none());
    let new: Vec<(&str, &HandleState)> = new.map(|(name, now, _)| (name.as_str(), now)).collect();
    let mut handles = Vec::with_capacity(known.handles.len() + new.len());
    for (name, state, now) in beside(&known.handles, &claimed.handles) {
        let retired = retired.get(name.as_str());
        let gone = |reason: &str| HandleState::Retired(reason.to_owned());
        let next = match (state, now, retired) {
            (HandleState::Retired(reason), Some(now), _) => {
                revived(platform, name, reason, comparison);
                now.clone()
            }
            (_, Some(now), _) => now.clone(),
            (_, None, Some(reason)) => gone(reason),
            (HandleState::Retired(reason), None, None) => gone(reason),
            (HandleState::Deprecated(successor), None, None) => {
                gone(&format!("deprecated in favour of {successor}"))
            }
            (HandleState::Live, None, None) => {
                vanished(platform, &new, name, comparison);
                state.clone()
            }
        };
        handles.push((name.clone(), next));
    }
    let new = new.into_iter();
    handles.extend(new.map(|(name, state)| (name.to_owned(), state.clone())));
    comparison.next.handles = handles.into_iter().collect();
    // One that was retired before there was a lock: its name stays known all the same.
    for retired in &platform.retired {
        let state = HandleState::Retired(retired.reason.clone());
        let handles = &mut comparison.next.handles;
        handles.entry(retired.handle.clone()).or_insert(state);
    }
}

/// Among more new handles than this nobody looks for a likeness: each comparison costs time.
const FEW: usize = 100;

fn vanished(
    platform: &Platform,
    new: &[(&str, &HandleState)],
    name: &str,
    comparison: &mut Comparison,
) {
    let mut diagnostic = Diagnostic::new(
        &rules::VANISHED_HANDLE,
        format!("public handle `{name}` is gone"),
    );
    let internal = platform.handles.find(name);
    let likely = new.iter().map(|(name, _)| *name);
    let likely = likely.take_while(|_| new.len() <= FEW);
    let near = near_name(name, likely).and_then(|it| platform.handles.find(it));
    let successor = near.map_or("…", |it| it.name.as_str());
    if let Some(handle) = internal {
        diagnostic = diagnostic.primary(handle.span, "is internal now");
    } else if let Some(near) = near {
        diagnostic = diagnostic.primary(near.span, "this one is new");
    }
    let line = handle_line(name, &HandleState::Live);
    comparison.broken.push(diagnostic.help(format!(
        "keep it for a while with `deprecated = {{ in_favour_of = \"{successor}\" }}`, so that its users can follow; or say that it is gone for good with `[[retired]]`, `handle = \"{name}\"` and a `reason`. The lock says: {line}"
    )));
}

fn revived(platform: &Platform, name: &str, reason: &str, comparison: &mut Comparison) {
    let span = platform.handles.find(name).map(|it| it.span);
    comparison.broken.push(
        Diagnostic::new(
            &rules::REVIVED_HANDLE,
            format!("handle `{name}` was retired: {reason}"),
        )
        .primary(span.unwrap_or_default(), "and is here again")
        .help("give it another name; if it is meant, `homelab build` takes it as promised anew"),
    );
}
