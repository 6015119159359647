//! Handwritten Markdown asks for a model by a name that no handle has.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span, near_name};
use crate::lint::{Check, Lint, Page, Pages, urls};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unknown-handle-in-document",
        severity: Severity::Warning,
        summary: "handwritten Markdown asks for a model by a name that no handle has",
        why: "Whoever copies it gets `invalid model` from the gateway. Looked at are names in code that are a slip away from a handle, and the model of a request to the gateway.",
        bad: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"
env = { OLLAMA_CONTEXT_LENGTH = 32768 }

[models."qwen3:8b"]
service = "ollama"

[handles.small-chat]
model = "qwen3:8b"

# docs/notes.md:
# Ask `smal-chat`, which is quick.
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.ollama]
kind = "ollama"
host = "pi"
env = { OLLAMA_CONTEXT_LENGTH = 32768 }

[models."qwen3:8b"]
service = "ollama"

[handles.small-chat]
model = "qwen3:8b"

# docs/notes.md:
# Ask `small-chat`, which is quick; `qwen3:32b` would be better.
"#
        ),
    },
    check: Check::Page(check),
};

fn check(platform: &Platform, pages: &Pages, found: &mut [Diagnostics]) {
    let known = known(platform);
    // Pages use the same words again and again.
    let mut slips = HashMap::new();
    for (page, diagnostics) in pages.pages.iter().zip(found) {
        for code in &page.code {
            if page.tells_of_past(code.span.start) {
                continue;
            }
            if code.is_block {
                asked(platform, page, code.span, &known, diagnostics);
            } else {
                let word = page.words(code.span).trim_matches('`').trim();
                let near = slips
                    .entry(word)
                    .or_insert_with(|| slip(platform, word, &known));
                if let Some(near) = near {
                    diagnostics.push(finding(page, word, code.span, Some(near)));
                }
            }
        }
    }
}

/// The handle that a word is one slip away from.
fn slip<'p>(platform: &'p Platform, word: &str, known: &HashSet<&str>) -> Option<&'p str> {
    let is_name = |it: char| it.is_ascii_alphanumeric() || "-._:".contains(it);
    if word.len() < 6 || !word.chars().all(is_name) || known.contains(word) {
        return None;
    }
    let handles = platform.handles.iter().map(|it| it.name.as_str());
    near_name(word, handles).filter(|it| is_slip(platform, word, it))
}

/// True when a word is a handle with a slip in it, rather than another size or version of the same.
fn is_slip(platform: &Platform, word: &str, handle: &str) -> bool {
    let mut prefixes = platform.policy.naming.iter().map(|it| it.prefix.as_str());
    let is_ours = prefixes.any(|it| word.starts_with(it) && handle.starts_with(it));
    let letters =
        |text: &str| -> String { text.chars().filter(char::is_ascii_alphabetic).collect() };
    // A sub-word more or less is another name, not a slip.
    let parts = |text: &str| text.split(['-', ':', '.', '_']).count();
    let same_parts = parts(word) == parts(handle);
    let near = strsim::damerau_levenshtein(word, handle) <= 2;
    near && same_parts && (is_ours || letters(word) != letters(handle))
}

/// The model of a request in a block, where it goes to the gateway.
fn asked(
    platform: &Platform,
    page: &Page,
    span: Span,
    known: &HashSet<&str>,
    diagnostics: &mut Diagnostics,
) {
    let block = page.words(span);
    if !block.contains("\"model\"") {
        return;
    }
    let urls = page.urls();
    for (at, key) in block.match_indices("\"model\"") {
        let rest = &block[at + key.len()..];
        let Some(value) = rest.trim_start().strip_prefix(':') else {
            continue;
        };
        let Some(value) = value.trim_start().strip_prefix('"') else {
            continue;
        };
        let Some(end) = value.find('"') else {
            continue;
        };
        let model = &value[..end];
        let called = is_to_gateway(platform, page, span, &urls, span.start + at);
        let is_name =
            called && !model.is_empty() && !model.contains(['<', '$', '{', '…', '\n', '/', '*']);
        if !is_name || known.contains(model) {
            continue;
        }
        let start = span.start + (block.len() - value.len());
        let near = near_name(model, platform.handles.iter().map(|it| it.name.as_str()));
        let span = Span::new(start, start + end);
        diagnostics.push(finding(page, model, span, near));
    }
}

/// True when the URL of a block that is nearest before an offset, else behind it, leads to the gateway.
fn is_to_gateway(platform: &Platform, page: &Page, block: Span, urls: &[Span], at: usize) -> bool {
    let mut within = urls
        .iter()
        .filter(|it| block.start <= it.start && it.end <= block.end);
    let before = within.clone().rfind(|it| it.start < at);
    let Some(url) = before.or_else(|| within.next()) else {
        return false;
    };
    let gateway = platform.gateway_service();
    let directory = urls::Directory::new(platform);
    let called = urls::parse(page.words(*url)).and_then(|it| directory.service(it, gateway.host));
    called.is_some_and(|it| it.id == gateway.id)
}

/// Every name that means something on the platform.
fn known(platform: &Platform) -> HashSet<&str> {
    let mut known = HashSet::new();
    known.extend(platform.handles.iter().map(|it| it.name.as_str()));
    known.extend(platform.deployments.iter().map(|it| it.name.as_str()));
    known.extend(platform.deployments.iter().map(|it| it.selector.as_str()));
    for model in &platform.models {
        known.extend([model.name.as_str()]);
    }
    for service in &platform.services {
        known.extend([
            service.name.as_str(),
            service.kind.name,
            service.run.unit.as_str(),
        ]);
        known.extend(service.profiles.iter().map(|it| it.name.as_str()));
    }
    known.extend(platform.hosts.iter().map(|it| it.name.as_str()));
    known.extend(platform.secrets.iter().map(|it| it.name.as_str()));
    known.extend(platform.mcp.iter().map(|it| it.name.as_str()));
    known.extend(
        platform
            .gateway
            .search_tools
            .iter()
            .map(|it| it.name.as_str()),
    );
    // What is retired has a rule of its own.
    known.extend(platform.retired.iter().map(|it| it.handle.as_str()));
    known.extend(platform.moved.iter().map(|it| it.from.as_str()));
    known
}

fn finding(page: &Page, word: &str, span: Span, near: Option<&str>) -> Diagnostic {
    let words = page.words(span);
    let start = span.start + words.find(word).unwrap_or(0);
    let found = Diagnostic::new(&LINT.rule, format!("no handle is called `{word}`")).primary(
        Span::new(start, start + word.len()),
        "the gateway refuses it",
    );
    match near {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help("`generated/registry/handles.jsonl` has those that there are"),
    }
}
