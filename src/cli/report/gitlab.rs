//! All findings as a GitLab Code Quality report: an array with a fingerprint for each.

use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::{json as plain_json, plain};
use crate::diagnostic::{Diagnostics, Severity, Source};

pub(super) fn render(reports: &[(&Source, &Diagnostics)]) -> String {
    let findings: Vec<Value> = reports
        .iter()
        .flat_map(|(source, diagnostics)| findings(source, diagnostics))
        .collect();
    plain_json::text(&Value::from(findings))
}

fn findings(source: &Source, diagnostics: &Diagnostics) -> Vec<Value> {
    let mut fingerprints = Fingerprints::new(source, diagnostics);
    diagnostics
        .iter()
        .map(|it| {
            let line = it
                .primary
                .as_ref()
                .map_or(1, |label| source.position(label.span.start).line);
            json!({
                "description": plain::line(&it.message),
                "check_name": it.rule.name,
                "fingerprint": fingerprints.next(it).to_string(),
                "severity": severity(it.severity),
                "location": { "path": plain::line(source.name()), "lines": { "begin": line } },
            })
        })
        .collect()
}

/// GitLab's word: `critical` and `blocker` are left to what endangers people's data.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Note => "info",
    }
}
