//! What a host loads at boot needs more memory than it has.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{HostId, HostState, Model, Platform, Workload};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "memory-overcommitted",
        severity: Severity::Error,
        summary: "what a host loads at boot needs more memory than it has",
        why: "The last model to load fails or pushes out another, and which one that is may change at every boot.",
        bad: concat!(
            home!(),
            r#"
[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }
memory = "64GB"

[services.afm]
kind = "afm"
host = "studio"

[models.large]
service = "afm"
memory = "40GB"
boot = true

[models.small]
service = "afm"
memory = "30GB"
boot = true
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }
memory = "64GB"

[services.afm]
kind = "afm"
host = "studio"

[models.large]
service = "afm"
memory = "40GB"
boot = true

[models.small]
service = "afm"
memory = "30GB"
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for host in platform
        .hosts
        .iter()
        .filter(|it| it.state == HostState::Live)
    {
        let Some(memory) = host.memory else {
            continue;
        };
        // A separate GPU adds its own memory to that of the host.
        let room = memory.saturating_add(host.gpu_memory.unwrap_or(0));
        if let Some((total, model)) = overflow(platform, host.id, room, |_| true) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "the models of `{}` need {} at boot, and it has {}",
                        host.name,
                        gigabytes(total),
                        gigabytes(room)
                    ),
                )
                .primary(
                    words::value(document, &["models", &model.name, "boot"]),
                    format!("`{}` no longer fits", model.name),
                )
                .secondary(
                    words::value(document, &["hosts", &host.name, "memory"]),
                    "this is all there is",
                )
                .help("take `boot` from one of them, or serve it elsewhere"),
            );
        }
    }
}

/// The memory of all models that a host loads at boot, and the first that no longer fits; nothing when all fit.
pub(super) fn overflow(
    platform: &Platform,
    host: HostId,
    room: u64,
    counts: impl Fn(Workload) -> bool,
) -> Option<(u64, &Model)> {
    let booted = platform
        .services_on(host)
        .filter(|it| platform.is_live(it) && counts(it.run.workload))
        .flat_map(|it| platform.models_of(it.id))
        .filter(|it| it.boot && platform.model_is_live(it));
    let (mut total, mut first) = (0_u64, None);
    for model in booted {
        total = total.saturating_add(model.memory.unwrap_or(0));
        if total > room {
            first.get_or_insert(model);
        }
    }
    first.map(|model| (total, model))
}

/// Bytes in gigabytes, as a reader would say it.
pub(super) fn gigabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000_000);
    match tenths % 10 {
        0 => format!("{} GB", tenths / 10),
        part => format!("{}.{part} GB", tenths / 10),
    }
}
