//! A base URL ends with a slash that its program doubles.

use crate::backend::SettingValue;
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity, Span};
use crate::lint::{Check, Lint};
use crate::platform::{Origin, Platform, Service, Value};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "trailing-slash",
        severity: Severity::Error,
        summary: "a base URL ends with a slash that its program doubles",
        why: "Open WebUI puts `/models` behind it as it stands, asks for `/v1//models`, and shows no model at all.",
        bad: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
OPENAI_API_BASE_URL = { url = "gateway", path = "/v1/" }
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.chat]
kind = "open-webui"
host = "pi"

[services.chat.env]
OPENAI_API_BASE_URL = { url = "gateway", path = "/v1" }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        for variable in service.env.iter().filter(|it| it.origin == Origin::Owner) {
            let (Value::Text(text) | Value::Url(_, text)) = &variable.value else {
                continue;
            };
            let slash = text.split(';').any(|it| it.trim_end().ends_with('/'));
            if !slash || !is_base(service, &variable.name) {
                continue;
            }
            let mut finding =
                Diagnostic::new(&LINT.rule, format!("`{}` ends with a slash", variable.name))
                    .primary(variable.span, "its program adds another")
                    .help("write it without the `/` at the end");
            if let Some(slash) = last_slash(document, variable.span) {
                finding = finding.fix(Fix {
                    title: "take the slash out".to_owned(),
                    safe: true,
                    edits: vec![Edit {
                        span: slash,
                        text: String::new(),
                    }],
                });
            }
            diagnostics.push(finding);
        }
    }
}

/// True for a variable that its kind fills with the gateway's URL, and for its plural.
fn is_base(service: &Service, name: &str) -> bool {
    let mut bases = service
        .kind
        .env
        .iter()
        .filter(|it| matches!(it.value, SettingValue::GatewayUrl(_)));
    bases.any(|it| name.strip_suffix('S').unwrap_or(name) == it.name)
}

/// Where the slash stands, when the words of the value show just one at the end of a text.
fn last_slash(document: &Document, span: Span) -> Option<Span> {
    let words = document.source().words(span);
    let mut ends = words
        .match_indices("/\"")
        .chain(words.match_indices("/'"))
        .map(|(at, _)| span.start + at);
    let only = ends.next()?;
    (ends.next().is_none() && !words.contains(';')).then(|| Span::new(only, only + 1))
}
