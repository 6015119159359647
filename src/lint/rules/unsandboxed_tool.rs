//! A tool runs code of others, and nothing confines it.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{McpState, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unsandboxed-tool",
        severity: Severity::Error,
        summary: "a tool runs code of others, and nothing confines it",
        why: "A model writes that code, and whoever writes what the model reads can make it do so. Without a sandbox it has everything that the user of its process has.",
        bad: concat!(
            home!(),
            r#"
[mcp.python_run]
purpose = "Run Python"
transport = "stdio"
command = ["python-run"]

[mcp.python_run.tools."python.run"]
runs_code = true
needs_confirmation = true
"#
        ),
        good: concat!(
            home!(),
            r#"
[mcp.python_run]
purpose = "Run Python"
transport = "stdio"
command = ["python-run"]

[mcp.python_run.tools."python.run"]
runs_code = true
needs_confirmation = true
sandbox = "a container without network, thrown away after each call"
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    for server in platform
        .mcp
        .iter()
        .filter(|it| it.state != McpState::Retired)
    {
        let open = server.tools.iter().filter(|it| it.runs_code);
        for tool in open.filter(|it| it.sandbox.as_deref().is_none_or(says_none)) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("nothing confines what `{}` runs", tool.name),
                )
                .primary(tool.span, "runs code of others")
                .secondary(server.span, "offered by this server")
                .help("say by `sandbox` how it is confined, and confine it so"),
            );
        }
    }
}

fn says_none(sandbox: &str) -> bool {
    let word = sandbox.trim().to_ascii_lowercase();
    matches!(word.as_str(), "" | "no" | "none" | "-" | "false")
}
