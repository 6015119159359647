//! A reference in handwritten Markdown names a host, service or handle that is not there.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span, near_name};
use crate::lint::{Check, Lint, Page, Pages};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "broken-reference",
        severity: Severity::Error,
        summary: "a reference in handwritten Markdown names what is not there",
        why: "The site makes a link of `[[host:…]]`, `[[service:…]]` and `[[handle:…]]`, so that a document follows what it speaks of. One that leads nowhere speaks of what is gone, or is misspelt.",
        bad: concat!(
            home!(),
            r#"
# docs/notes.md:
# All of it runs on [[host:pie]].
"#
        ),
        good: concat!(
            home!(),
            r#"
# docs/notes.md:
# All of it runs on [[host:pi]]; a reference is written like `[[host:name]]`.
"#
        ),
    },
    check: Check::Page(check),
};

fn check(platform: &Platform, pages: &Pages, found: &mut [Diagnostics]) {
    let known = Names::of(platform);
    for (page, diagnostics) in pages.pages.iter().zip(found) {
        in_page(page, &known, diagnostics);
    }
}

fn in_page(page: &Page, known: &Names<'_>, diagnostics: &mut Diagnostics) {
    let text = page.source.text();
    for (start, _) in text.match_indices("[[") {
        let rest = &text[start + 2..];
        let end = rest.find(['[', ']', '\n']).unwrap_or(rest.len());
        let (reference, after) = rest.split_at(end);
        let Some((kind, name)) = reference.split_once(':') else {
            continue;
        };
        let Some(names) = known.of_kind(kind).filter(|_| after.starts_with("]]")) else {
            continue;
        };
        let span = Span::new(start, start + reference.len() + 4);
        if names.contains(name) || page.is_code(span) {
            continue;
        }
        let message = format!("`[[{reference}]]` names what is not there");
        let found = Diagnostic::new(&LINT.rule, message)
            .primary(span, format!("no {kind} is called `{name}`"));
        diagnostics.push(match near_name(name, names.iter().copied()) {
            Some(near) => found.help(format!("did you mean `[[{kind}:{near}]]`?")),
            None => found.help(format!("name a {kind} of platform.toml")),
        });
    }
}

/// What can be referred to.
struct Names<'p> {
    hosts: BTreeSet<&'p str>,
    services: BTreeSet<&'p str>,
    handles: BTreeSet<&'p str>,
}

impl<'p> Names<'p> {
    fn of(platform: &'p Platform) -> Self {
        Self {
            hosts: platform.hosts.iter().map(|it| it.name.as_str()).collect(),
            services: platform
                .services
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
            handles: platform.handles.iter().map(|it| it.name.as_str()).collect(),
        }
    }

    fn of_kind(&self, kind: &str) -> Option<&BTreeSet<&'p str>> {
        match kind {
            "host" => Some(&self.hosts),
            "service" => Some(&self.services),
            "handle" => Some(&self.handles),
            _ => None,
        }
    }
}
