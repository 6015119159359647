//! Nobody says where the weights of a model are.

use crate::backend;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "sourceless-model",
        severity: Severity::Error,
        summary: "nobody says where the weights of a model are",
        why: "Its server is started with the place of the weights, so without one nothing is started, and the handle of the model leads to a port where nobody listens.",
        bad: concat!(
            home!(),
            r#"
[services.mlx]
kind = "mlx"
host = "pi"

[services.mlx.ports]
team = { range = "8100-8119" }

[models.gemma]
service = "mlx"
port = 8101
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.mlx]
kind = "mlx"
host = "pi"

[services.mlx.ports]
team = { range = "8100-8119" }

[models.gemma]
service = "mlx"
port = 8101
repo = "mlx-community/gemma-3-27b-it-qat-4bit"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for model in &platform.models {
        let service = &platform[model.service];
        let command = service.kind.command.iter();
        let told = command
            .clone()
            .any(|it| matches!(it, backend::Word::ModelSource));
        let placed = model.source_path.is_some() || model.repo.is_some();
        if placed || !told || service.run.command.is_some() || !platform.model_is_live(model) {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("nobody says where the weights of `{}` are", model.name),
            )
            .primary(model.span, "has neither `source_path` nor `repo`")
            .secondary(service.span, format!("{} is started with it", service.kind.title))
            .help("add its `source_path`, or the `repo` it comes from; until one is known, declare it as planned"),
        );
    }
}
