//! A handle does not say by its prefix what is behind it.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::naming::{self, Fault};
use crate::lint::{Check, Lint};
use crate::platform::{Handle, Naming, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "wrong-prefix",
        severity: Severity::Error,
        summary: "a handle does not say by its prefix what is behind it",
        why: "The policy gives each kind of server a prefix, so that a name tells where its answers come from. One without it, or with another's, tells something else.",
        bad: concat!(
            home!(),
            r#"
[policy.naming."ov-"]
kinds = ["openvino"]

[services.vino]
kind = "openvino"
host = "pi"

[models.phi-4]
service = "vino"

[handles.phi-4]
"#
        ),
        good: concat!(
            home!(),
            r#"
[policy.naming."ov-"]
kinds = ["openvino"]

[services.vino]
kind = "openvino"
host = "pi"

[models.ov-phi-4]
service = "vino"

[handles.ov-phi-4]
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for (handle, fault) in naming::faults(platform) {
        match fault {
            Fault::Misleading(naming) => {
                diagnostics.push(misleading(handle, naming, &naming::kinds(platform, handle)));
            }
            Fault::Lacking(naming) => diagnostics.push(lacking(handle, naming)),
            _ => {}
        }
    }
}

fn misleading(handle: &Handle, naming: &Naming, kinds: &[&str]) -> Diagnostic {
    let message = format!(
        "`{}` has the prefix of {}, and {} is behind it",
        handle.name,
        listed(&naming.kinds),
        listed(kinds)
    );
    Diagnostic::new(&LINT.rule, message)
        .primary(handle.span, format!("begins with `{}`", naming.prefix))
        .secondary(naming.span, "what this prefix says")
        .help("give it the prefix of what is behind it")
}

fn lacking(handle: &Handle, naming: &Naming) -> Diagnostic {
    let message = format!("`{}` lacks the prefix `{}`", handle.name, naming.prefix);
    let form = naming.form.as_deref();
    let help = form.map_or_else(
        || format!("call it `{}{}`", naming.prefix, handle.name),
        |form| format!("call it in the form `{form}`"),
    );
    Diagnostic::new(&LINT.rule, message)
        .primary(handle.span, "does not say what is behind it")
        .secondary(naming.span, "the prefix for it")
        .help(help)
}

fn listed<T: AsRef<str>>(kinds: &[T]) -> String {
    let quoted: Vec<String> = kinds
        .iter()
        .map(|it| format!("`{}`", it.as_ref()))
        .collect();
    quoted.join(" and ")
}
