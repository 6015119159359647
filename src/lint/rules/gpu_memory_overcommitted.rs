//! What a host loads at boot does not fit in the memory of its GPU.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{HostState, Platform, Workload};
use crate::syntax::Document;

use super::memory_overcommitted::{gigabytes, overflow};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "gpu-memory-overcommitted",
        severity: Severity::Warning,
        summary: "what a host loads at boot does not fit in the memory of its GPU",
        why: "What does not fit is computed by the processor, many times slower, or pushes another model out at the first request.",
        bad: concat!(
            home!(),
            r#"
[hosts.box]
os = "linux"
addresses = { lan = "192.0.2.11" }
memory = "192GB"
gpu_memory = "32GB"

[services.vino]
kind = "openvino"
host = "box"

[models.ov-large]
service = "vino"
memory = "20GB"
boot = true

[models.ov-small]
service = "vino"
memory = "16GB"
boot = true
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.box]
os = "linux"
addresses = { lan = "192.0.2.11" }
memory = "192GB"
gpu_memory = "32GB"

[services.vino]
kind = "openvino"
host = "box"

[models.ov-large]
service = "vino"
memory = "20GB"
boot = true

[models.ov-small]
service = "vino"
memory = "8GB"
boot = true
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
        let Some(room) = host.gpu_memory else {
            continue;
        };
        let all = room.saturating_add(host.memory.unwrap_or(u64::MAX));
        // What does not even fit in all its memory is reported as that.
        if overflow(platform, host.id, all, |_| true).is_some() {
            continue;
        }
        let on_gpu = |it| it == Workload::GpuInference;
        if let Some((total, model)) = overflow(platform, host.id, room, on_gpu) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "the models of `{}` need {} at boot, and its GPU has {}",
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
                    words::value(document, &["hosts", &host.name, "gpu_memory"]),
                    "this is all the GPU has",
                )
                .help("take `boot` from one of them, or serve it elsewhere"),
            );
        }
    }
}
