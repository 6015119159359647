//! Two versions of one package are asked for that cannot both hold.

use std::collections::BTreeMap;

use crate::backend::Window;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "contradicting-pin",
        severity: Severity::Error,
        summary: "two versions of one package are asked for that cannot both hold",
        why: "No release is both, so whatever is installed breaks one of the two promises.",
        bad: concat!(
            home!(),
            r#"program_version = ">=1.100"
pins = ["litellm<1.90"]
"#
        ),
        good: concat!(
            home!(),
            r#"program_version = ">=1.100"
pins = ["litellm<2"]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in platform.services.iter().filter(|it| !it.pins.is_empty()) {
        let mut known: BTreeMap<String, (Window, Span)> = BTreeMap::new();
        if let Some(version) = &service.program_version {
            let keys = ["services", &service.name, "program_version"];
            if let Some(window) = Window::read(version) {
                let span = words::value(document, &keys);
                known.insert(service.kind.name.to_owned(), (window, span));
            }
        }
        for (pin, span) in words::texts(document, &["services", &service.name, "pins"]) {
            let end = pin
                .find(|it: char| !(it.is_ascii_alphanumeric() || "-_.".contains(it)))
                .unwrap_or(pin.len());
            let package = pin[..end].to_ascii_lowercase().replace(['_', '.'], "-");
            let versions = match pin[end..].strip_prefix('[') {
                Some(rest) => rest.split_once(']').map_or("", |it| it.1),
                None => &pin[end..],
            };
            let Some(window) = Window::read(versions) else {
                continue;
            };
            let Some((other, place)) = known.get(&package) else {
                known.insert(package, (window, span));
                continue;
            };
            if !window.meets(other) {
                diagnostics.push(
                    Diagnostic::new(
                        &LINT.rule,
                        format!(
                            "no release of `{package}` is what `{}` asks for",
                            service.name
                        ),
                    )
                    .primary(span, "cannot hold")
                    .secondary(*place, "together with this")
                    .help("let one of them go"),
                );
            }
        }
    }
}
