//! A link in handwritten Markdown leads nowhere.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity, near_name};
use crate::lint::{Check, Lint, Page, Pages};
use crate::platform::Platform;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "broken-link",
        severity: Severity::Warning,
        summary: "a link in handwritten Markdown leads nowhere",
        why: "Whoever follows it learns nothing, and takes the rest of the page for as old. Links to other sites are not followed.",
        bad: concat!(
            home!(),
            r#"
# docs/notes.md:
# # Notes
# How it is [started](#start), and [who may](access.md).
"#
        ),
        good: concat!(
            home!(),
            r#"
# docs/notes.md:
# # Notes
# How it is [meant](#notes), and [where it comes from](https://example.org/).
"#
        ),
    },
    check: Check::Page(check),
};

fn check(_: &Platform, pages: &Pages, found: &mut [Diagnostics]) {
    for (page, diagnostics) in pages.pages.iter().zip(found) {
        in_page(page, pages, diagnostics);
    }
}

fn in_page(page: &Page, pages: &Pages, diagnostics: &mut Diagnostics) {
    for link in &page.links {
        let Some(path) = &link.path else {
            continue;
        };
        let finding = if !pages.is_there(path) {
            Diagnostic::new(&LINT.rule, format!("`{}` leads nowhere", link.written))
                .primary(link.span, format!("there is no `{path}`"))
                .help("name a file that is there, from the folder of this page")
        } else if let Some(anchor) = &link.anchor
            && let Some(known) = pages.lacking(path, anchor)
        {
            let near = near_name(anchor, known.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `#{near}`?"),
                None => "an anchor is the words of a heading, in lower case, with `-` for spaces"
                    .to_owned(),
            };
            Diagnostic::new(&LINT.rule, format!("`{}` leads nowhere", link.written))
                .primary(link.span, format!("no heading there gives `#{anchor}`"))
                .help(help)
        } else {
            continue;
        };
        diagnostics.push(finding);
    }
}
