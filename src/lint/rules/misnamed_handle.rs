//! The name of a handle says something else than its model is.

use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity, Span};
use crate::lint::scheme::{self, Misnomer};
use crate::lint::{Check, Lint, words};
use crate::platform::{Handle, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "misnamed-handle",
        severity: Severity::Error,
        summary: "the name of a handle says something else than its model is",
        why: "Whoever reads the name counts on what it says: how large the model is, whether the question leaves the house, whether the answer costs money.",
        bad: concat!(
            home!(),
            r#"
[policy.scheme]
form = "<size>-<name>"

[policy.scheme.parts.size]
says = "parameters"
from = { S = "1B", M = "8B", L = "20B" }

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
parameters = "14.7B"

[handles.L-phi]
model = "phi"
"#
        ),
        good: concat!(
            home!(),
            r#"
[policy.scheme]
form = "<size>-<name>"

[policy.scheme.parts.size]
says = "parameters"
from = { S = "1B", M = "8B", L = "20B" }

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"
parameters = "14.7B"

[handles.M-phi]
model = "phi"

[handles.L-phi]
alias_of = "M-phi"
deprecated = { in_favour_of = "M-phi", reason = "Its size was wrong." }
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let Some(scheme) = &platform.policy.scheme else {
        return;
    };
    for handle in scheme::named(platform) {
        if let Some(misnomer) = scheme::misnomer(platform, scheme, handle) {
            diagnostics.push(finding(document, platform, handle, &misnomer));
        }
    }
}

fn finding(
    document: &Document,
    platform: &Platform,
    handle: &Handle,
    misnomer: &Misnomer<'_>,
) -> Diagnostic {
    let mut wrong = misnomer.wrong.iter();
    let first = wrong.next().expect("a misnomer has a wrong word");
    let place = |range: &std::ops::Range<usize>| word_span(document, handle, range);
    let message = format!("`{}` does not say what its model is", handle.name);
    let mut diagnostic =
        Diagnostic::new(&LINT.rule, message).primary(place(&first.range), first.flaw.clone());
    for word in wrong {
        diagnostic = diagnostic.secondary(place(&word.range), word.flaw.clone());
    }
    if let Some(part) = first.part {
        diagnostic = diagnostic.secondary(part.span, "what this place says");
    } else if let Some(scheme) = &platform.policy.scheme {
        diagnostic = diagnostic.secondary(scheme.span, "the form of every public handle");
    }
    let Some(right) = &misnomer.right else {
        return diagnostic.help("give it a name of that form, or make it an alias with `alias_of`");
    };
    let taken = platform.handles.find(right).is_some();
    let help = if taken {
        format!(
            "`{right}` would be right, and is taken: make this one an alias of it, or tell them apart"
        )
    } else {
        format!("call it `{right}`; where the old name is in use, keep it as a deprecated alias")
    };
    let fix = renamed(document, handle, right).filter(|_| !taken);
    diagnostic.help(help).fix_if(fix)
}

/// Where a word of the name stands; the whole name when it is not written plainly.
fn word_span(document: &Document, handle: &Handle, range: &std::ops::Range<usize>) -> Span {
    let text = document.source().words(handle.span);
    match text.find(&handle.name) {
        Some(at) => {
            let start = handle.span.start + at;
            Span::new(start + range.start, start + range.end)
        }
        None => handle.span,
    }
}

/// The right name in the header of the handle's table, and behind the table the old one as a deprecated alias.
fn renamed(document: &Document, handle: &Handle, right: &str) -> Option<Fix> {
    let block = words::lines(document, &["handles", &handle.name])?;
    let text = document.source().words(block);
    // A handle without a model of its own word is that of the model with its name.
    let implied = words::node(document, &["handles", &handle.name, "model"]).is_none()
        && words::node(document, &["handles", &handle.name, "models"]).is_none();
    if implied || !text.trim_start().starts_with("[handles.") {
        return None;
    }
    let rename = Fix::rename(handle.span, &handle.name, right)?;
    let mut edits = rename.edits;
    // The old name may stand without quotes where the new one, with its dots, cannot.
    let is_bare = |it: &str| {
        it.bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
    };
    for edit in &mut edits {
        if edit.text == right && !is_bare(right) {
            edit.text = format!("\"{right}\"");
        }
    }
    let end = block.start + text.trim_end().len();
    edits.push(Edit {
        span: Span::new(end, end),
        text: format!(
            "\n\n[handles.\"{}\"]\nalias_of = \"{right}\"\ndeprecated = {{ in_favour_of = \"{right}\" }}",
            handle.name
        ),
    });
    Some(Fix {
        title: format!("call it `{right}`, and keep the old name as a deprecated alias"),
        safe: false,
        edits,
    })
}
