//! A password that everybody knows.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint};
use crate::syntax::{Document, Node, Value, secrets};

use super::literal_secret::within;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "default-credential",
        severity: Severity::Error,
        summary: "a password that everybody knows",
        why: "Programs ship with it and guides are full of it: it is the first that anybody tries, and a platform that starts with it is open.",
        bad: concat!(
            home!(),
            r#"
[services.charts]
kind = "generic"
host = "pi"

[services.charts.env]
GF_SECURITY_ADMIN_PASSWORD = "admin"
"#
        ),
        good: concat!(
            home!(),
            r#"
[secrets.charts-password]
generate = { bytes = 24 }

[services.charts]
kind = "generic"
host = "pi"

[services.charts.env]
GF_SECURITY_ADMIN_PASSWORD = { secret = "charts-password" }
"#
        ),
    },
    check: Check::Text(check),
};

fn check(document: &Document, diagnostics: &mut Diagnostics) {
    walk(document, document.root_node(), "", diagnostics);
}

fn walk(document: &Document, node: &Node, name: &str, diagnostics: &mut Diagnostics) {
    match &node.value {
        Value::String(text) => {
            if let Some(span) = place(document, node.span(), name, text) {
                diagnostics.push(
                    Diagnostic::new(&LINT.rule, "a password that everybody knows")
                        .primary(span, "the first that anybody tries")
                        .help("declare it below `[secrets]`, and write `{ secret = \"name\" }` or `{ env = \"NAME\" }` here"),
                );
            }
        }
        Value::Array(items) => {
            let mut flag = "";
            for item in items {
                walk(document, item, flag, diagnostics);
                flag = item
                    .as_str()
                    .filter(|it| it.starts_with("--"))
                    .unwrap_or("");
            }
        }
        Value::Table(table) => {
            for entry in table.entries() {
                walk(document, &entry.node, &entry.key, diagnostics);
            }
        }
        _ => {}
    }
}

/// Where the password stands.
fn place(document: &Document, span: Span, name: &str, text: &str) -> Option<Span> {
    // Few names promise a secret, whatever stands there.
    if secrets::promise(name).is_some() && secrets::is_default(text) && secrets::is_telling(name) {
        return Some(span);
    }
    let range = secrets::url_password(text)?;
    secrets::is_default(&text[range.clone()]).then(|| within(document, span, text, range))
}
