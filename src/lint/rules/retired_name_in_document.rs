//! Handwritten Markdown still uses a retired name.

use crate::backend::Role;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, Span};
use crate::lint::{Check, Lint, Page, Pages};
use crate::platform::{MovedKind, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "retired-name-in-document",
        severity: Severity::Warning,
        summary: "handwritten Markdown still uses a retired name",
        why: "A name that was given up comes back by being copied from a page. A sentence that says so (retired, deprecated, formerly, no longer, …) may have it, and so may a section about the past.",
        bad: r#"version = 1
name = "home"

[policy]
gateway = "gateway"
retired_names = ["jerry-*"]

[networks.lan]
kind = "lan"

[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[services.gateway]
kind = "litellm"
host = "pi"

# docs/notes.md:
# Use plain logical model names (`jerry-*` style), such as `jerry-xl`.
"#,
        good: r#"version = 1
name = "home"

[policy]
gateway = "gateway"
retired_names = ["jerry-*"]

[networks.lan]
kind = "lan"

[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[services.gateway]
kind = "litellm"
host = "pi"

# docs/notes.md:
# The `jerry-*` names are retired. Tom and jerry-built sheds are none of our business.
"#,
    },
    check: Check::Page(check),
};

fn check(platform: &Platform, pages: &Pages, found: &mut [Diagnostics]) {
    let names = names(platform);
    if names.is_empty() {
        return;
    }
    let techniques: Vec<&str> = platform
        .services
        .iter()
        .filter(|it| it.kind.role == Role::Optimiser)
        .flat_map(|it| it.kind.techniques)
        .copied()
        .collect();
    for (page, diagnostics) in pages.pages.iter().zip(found) {
        in_page(page, &names, &techniques, diagnostics);
    }
}

fn in_page(page: &Page, names: &[Name<'_>], techniques: &[&str], diagnostics: &mut Diagnostics) {
    for (span, in_code) in page.names() {
        let written = page.words(span);
        let word = techniques
            .iter()
            .find_map(|it| written.strip_prefix(it)?.strip_prefix('-'))
            .unwrap_or(written);
        let Some(name) = names.iter().find(|it| it.is(word)) else {
            continue;
        };
        if (in_code || tells_code(word)) && !page.tells_of_past(span.start) {
            diagnostics.push(finding(name, word, span));
        }
    }
}

/// A name that is gone.
struct Name<'p> {
    /// Its words, or how it begins.
    words: &'p str,
    is_stem: bool,
    instead: Option<&'p str>,
}

impl Name<'_> {
    fn is(&self, word: &str) -> bool {
        match word.strip_prefix(self.words) {
            Some("") => true,
            Some(_) => self.is_stem,
            None => false,
        }
    }
}

fn names(platform: &Platform) -> Vec<Name<'_>> {
    let listed = platform
        .policy
        .retired_names
        .iter()
        .map(|(pattern, _)| Name {
            words: pattern.trim_end_matches('*'),
            is_stem: pattern.ends_with('*'),
            instead: None,
        });
    let retired = platform.retired.iter().map(|it| Name {
        words: &it.handle,
        is_stem: false,
        instead: None,
    });
    let live = |name: &str| {
        platform.services.find(name).is_some() || platform.handles.find(name).is_some()
    };
    let moved = platform
        .moved
        .iter()
        .filter(|it| it.kind != MovedKind::Host && !live(&it.from))
        .map(|it| Name {
            words: &it.from,
            is_stem: false,
            instead: Some(&it.to),
        });
    let all = listed.chain(retired).chain(moved);
    all.filter(|it| it.words.len() > 2).collect()
}

/// True for a word that no sentence has by chance.
fn tells_code(word: &str) -> bool {
    word.contains('*') || word.bytes().any(|it| it.is_ascii_digit())
}

fn finding(name: &Name<'_>, word: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::new(&LINT.rule, format!("`{word}` is a retired name"))
        .primary(span, "nothing is called so any more");
    match name.instead {
        Some(instead) => found.help(format!("it is `{instead}` now")),
        None => {
            found.help("use the name that holds now, or say in the sentence that it is retired")
        }
    }
}
