//! A service runs on the Python of the system.

use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Rule, Severity, Span};
use crate::lint::{Check, Lint, words};
use crate::platform::Platform;
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "system-python",
        severity: Severity::Warning,
        summary: "a service runs on the Python of the system",
        why: "Its packages are shared with everything else on the host: an update of the system, or of another service, breaks this one. `uv run` or a `.venv` gives it packages of its own.",
        bad: concat!(
            home!(),
            r#"
[services.watch]
kind = "generic"
host = "pi"
run.command = ["/usr/bin/python3", "-m", "watch"]
"#
        ),
        good: concat!(
            home!(),
            r#"
[services.watch]
kind = "generic"
host = "pi"
run.command = ["uv", "run", "python3", "-m", "watch"]
"#
        ),
    },
    check: Check::Document(check),
};

/// Programs that run in whatever Python comes first.
static PROGRAMS: &[&str] = &[
    "flask",
    "granian",
    "gunicorn",
    "hypercorn",
    "pip",
    "pip3",
    "pipx",
    "python",
    "python2",
    "python3",
    "uvicorn",
];

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    for service in &platform.services {
        // In a container the system is the service's own.
        if service.run.is_written && service.managed_by.engine().is_none() {
            let keys = ["services", &service.name, "run", "command"];
            command(document, &keys, &service.name, diagnostics);
        }
    }
    for server in &platform.mcp {
        command(
            document,
            &["mcp", &server.name, "command"],
            &server.name,
            diagnostics,
        );
    }
}

fn command(document: &Document, keys: &[&str], name: &str, diagnostics: &mut Diagnostics) {
    let wrappers = |(word, _): &(&str, Span)| matches!(*word, "sudo" | "env" | "exec" | "nice");
    let mut words = words::texts(document, keys).skip_while(wrappers);
    let Some((program, span)) = words.next() else {
        return;
    };
    if is_system(program) {
        let words = document.source().words(span);
        // Only a bare name can follow `uv run`: it looks for the program in the environment of the project.
        let base = program.rsplit('/').next().unwrap_or(program);
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!("`{name}` runs on the Python of the system"),
            )
            .primary(span, "shared with everything else on the host")
            .help(format!(
                "write `\"uv\", \"run\", \"{base}\"` in place of `{words}`"
            ))
            .fix(Fix {
                title: "run it through uv".to_owned(),
                safe: false,
                edits: vec![Edit {
                    span,
                    text: format!("\"uv\", \"run\", \"{base}\""),
                }],
            }),
        );
        return;
    }
    for (word, span) in words {
        let install = word
            .find("pip install")
            .or_else(|| word.find("pip3 install"));
        if install.is_some_and(|at| !word[..at].ends_with("uv ")) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{name}` installs packages when it starts"),
                )
                .primary(span, "into the Python of the system")
                .help("let `uv sync` install what `uv.lock` says, before it starts"),
            );
        }
    }
}

fn is_system(program: &str) -> bool {
    let (folder, base) = program.rsplit_once('/').unwrap_or(("", program));
    let version = base
        .strip_prefix("python3.")
        .is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()));
    let system = [
        "",
        "/bin",
        "/usr/bin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
    ];
    system.contains(&folder) && (version || PROGRAMS.contains(&base))
}
