//! A handle leads to a model that lies in a backroom.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{ModelState, Platform, Room};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "backroom-handle",
        severity: Severity::Error,
        summary: "a handle leads to a model that lies in a backroom",
        why: "A backroom is storage: slow, perhaps not mounted, and no server reads from it. Only what has been brought to a showroom may have a handle.",
        bad: concat!(
            home!(),
            r#"
[hosts.pi.volumes.disk]
path = "/mnt/disk"
room = "backroom"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
source_path = "/mnt/disk/phi"

[handles.phi]
"#
        ),
        good: concat!(
            home!(),
            r#"
[hosts.pi.volumes.disk]
path = "/mnt/disk"
room = "backroom"

[hosts.pi.volumes.models]
path = "/srv/models"
room = "showroom"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
source_path = "/srv/models/phi"

[handles.phi]
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for handle in platform.own_handles() {
        for target in &handle.targets {
            let model = &platform[target.model];
            let Some((volume, Room::Backroom)) = &model.volume else {
                continue;
            };
            // A model that will come may still lie where it is kept.
            if model.state != ModelState::Live {
                continue;
            }
            let host = &platform[platform[model.service].host];
            let mut finding = Diagnostic::new(
                &LINT.rule,
                format!("`{}` leads to `{}`, which lies in a backroom", handle.name, model.name),
            )
            .primary(target.span, "only on storage")
            .help("copy the model to a showroom and say so by `source_path` or `volume`; until then declare it as planned");
            if let Some(volume) = host.volumes.iter().find(|it| it.name == *volume) {
                finding = finding.secondary(volume.span, "a backroom");
            }
            diagnostics.push(finding);
        }
    }
}
