//! A switch that a kind always turns off is turned on again, or the other way round.

use crate::backend::{Kind, SettingValue};
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{Origin, Platform, Value, Variable};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "reversed-setting",
        severity: Severity::Warning,
        summary: "a switch that its kind always sets is set the other way",
        why: "Each of these switches is written for a reason: left on, Open WebUI for one looks for Ollama by itself, or lets its database win over everything that the platform says.",
        bad: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
ENABLE_OLLAMA_API = true
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
ENABLE_OLLAMA_API = false
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        for variable in service.env.iter().filter(|it| it.origin == Origin::Owner) {
            let Some((right, why)) = reversed(service.kind, variable) else {
                continue;
            };
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "`{}` of `{}` is set the other way",
                        variable.name, service.name
                    ),
                )
                .primary(variable.span, format!("{right} by its kind: {why}"))
                .help(format!(
                    "write `\"{right}\"`, or leave it out: it is always written"
                ))
                .fix(Fix {
                    title: format!("set it to `{right}`"),
                    safe: false,
                    edits: vec![Edit {
                        span: variable.span,
                        text: format!("\"{right}\""),
                    }],
                }),
            );
        }
    }
}

/// What the kind says of a switch that the owner turned around, and why.
fn reversed(kind: &'static Kind, variable: &Variable) -> Option<(&'static str, &'static str)> {
    let setting = kind.env.iter().find(|it| it.name == variable.name)?;
    let (SettingValue::Text(right), Value::Text(written)) = (setting.value, &variable.value) else {
        return None;
    };
    (switch(right)? != switch(written)?).then_some((right, setting.why))
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}
