//! All findings as SARIF 2.1.0, for GitHub's code scanning and others that read it.
//!
//! One run; the rules that were broken with all that `homelab explain` says about them, and a result for each finding. GitHub refuses a run of more than 25,000 results or a result of more than 1,000 locations, so a longer list keeps the gravest and says how many there are.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::{chosen, json as plain_json, plain};
use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Label, Rule, Severity, Source, Span};

/// The most results that a run may have.
const RESULTS: usize = 25_000;

/// The most locations that a result may have.
const LOCATIONS: usize = 1_000;

pub(super) fn render(reports: &[(&Source, &Diagnostics)]) -> String {
    // A file without findings is no run of its own, but a log needs one.
    let runs: Vec<Value> = reports
        .iter()
        .enumerate()
        .filter(|(at, (_, diagnostics))| *at == 0 || !diagnostics.is_empty())
        .map(|(_, (source, diagnostics))| run(source, diagnostics))
        .collect();
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
    });
    // Inside of `json!` everything would be copied once more.
    log["runs"] = Value::Array(runs);
    plain_json::text(&log)
}

/// The run over one file.
fn run(source: &Source, diagnostics: &Diagnostics) -> Value {
    let shown = chosen(diagnostics.iter(), RESULTS);
    let rules: BTreeMap<&str, &Rule> = shown.iter().map(|it| (it.rule.name, it.rule)).collect();
    let places: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let mut fingerprints = Fingerprints::new(source, diagnostics);
    let uri = uri(source.name());
    let results: Vec<Value> = shown
        .iter()
        .map(|it| {
            let mut result = result(source, &uri, it, &fingerprints.next(it).to_string());
            result["ruleIndex"] = json!(places[it.rule.name]);
            result
        })
        .collect();
    let mut invocation = json!({ "executionSuccessful": true });
    if results.len() < diagnostics.len() {
        let text = format!(
            "the {} gravest of {} findings; GitHub takes no more",
            results.len(),
            diagnostics.len()
        );
        invocation["toolExecutionNotifications"] =
            json!([{ "level": "warning", "message": { "text": text } }]);
    }
    let mut run = json!({
        "tool": { "driver": {
            "name": "homelab",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules.values().map(|it| rule(it)).collect::<Vec<_>>(),
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
    });
    run["results"] = Value::Array(results);
    run
}

fn rule(rule: &Rule) -> Value {
    let markdown = format!(
        "{}.\n\n{}\n\nBad:\n\n```toml\n{}\n```\n\nGood:\n\n```toml\n{}\n```\n",
        rule.summary,
        rule.why,
        rule.bad.trim_matches('\n'),
        rule.good.trim_matches('\n')
    );
    let gravity = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "recommendation",
    };
    json!({
        "id": rule.name,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.why },
        "help": {
            "text": format!("{}. `homelab explain {}` has examples.", rule.why.trim_end_matches('.'), rule.name),
            "markdown": markdown,
        },
        "defaultConfiguration": { "level": rule.severity.word() },
        "properties": {
            "tags": ["configuration"],
            "precision": "very-high",
            "problem.severity": gravity,
        },
    })
}

fn result(source: &Source, uri: &str, diagnostic: &Diagnostic, fingerprint: &str) -> Value {
    let primary = diagnostic.primary.as_ref();
    let mut text = plain::line(&diagnostic.message);
    if let Some(help) = &diagnostic.help {
        text.push_str("\nhelp: ");
        text.push_str(&plain::line(help));
    }
    // Without a region GitHub has nowhere to show it; the first line stands for the whole file.
    let region = primary.map_or_else(|| json!({ "startLine": 1 }), |it| region(source, it.span));
    let mut result = json!({
        "ruleId": diagnostic.rule.name,
        "level": diagnostic.severity.word(),
        "message": { "text": text },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri }, "region": region } }],
        "partialFingerprints": { "primaryLocationLineHash": fingerprint },
    });
    let related: Vec<Value> = diagnostic
        .secondary
        .iter()
        .take(LOCATIONS - 1)
        .map(|it| related(source, uri, it))
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([mend(source, uri, fix)]);
    }
    result
}

fn related(source: &Source, uri: &str, label: &Label) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri },
            "region": region(source, label.span),
        },
        "message": { "text": plain::line(&label.text) },
    })
}

fn mend(source: &Source, uri: &str, fix: &Fix) -> Value {
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            json!({
                "deletedRegion": region(source, edit.span),
                "insertedContent": { "text": edit.text },
            })
        })
        .collect();
    json!({
        "description": { "text": plain::line(&fix.title) },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri },
            "replacements": replacements,
        }],
    })
}

/// A place, its end one behind its last character.
fn region(source: &Source, span: Span) -> Value {
    let start = source.position(span.start);
    let end = source.position(span.end.max(span.start));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a reference of RFC 3986, relative when the path is.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("lab/platform.toml"), "lab/platform.toml");
        assert_eq!(uri("a b/ü:%.toml"), "a%20b/%C3%BC%3A%25.toml");
        assert_eq!(uri("/srv/platform.toml"), "file:///srv/platform.toml");
    }
}
