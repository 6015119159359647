//! What can be wrong with a foreign file, each as a rule with its reason.

mod text;
mod litellm;
mod place;

pub(super) use litellm::*;
pub(super) use place::*;
pub(super) use text::*;

use crate::diagnostic::Rule;

/// Every rule of this room, ordered by name.
pub static RULES: &[&Rule] = &[
    &BROKEN_FILE,
    &COMMENTED_OUT_DEPLOYMENT,
    &DANGLING_ALIAS,
    &DANGLING_FALLBACK,
    &DEAD_RETRY_KEY,
    &DROPPED_DEPLOYMENT,
    &DUPLICATE_DEPLOYMENT_ID,
    &FOREIGN_BIND,
    &IGNORED_SETTING,
    &LATE_VARIABLE,
    &LIST_VALUED_ALIAS,
    &LITERAL_CREDENTIAL,
    &LONE_DEPLOYMENT_COOLDOWN,
    &MISPLACED_SETTING,
    &MISSING_BASE,
    &MISSING_MOUNT,
    &NESTED_VARIABLE,
    &NOT_CARRIED_OVER,
    &REFUSED_SETTING,
    &UNRECOGNISED_FILE,
    &UNSET_VARIABLE,
    &WELL_KNOWN_CREDENTIAL,
    &YAML_1_1_VALUE,
    &YAML_DUPLICATE_KEY,
    &YAML_SYNTAX,
];
