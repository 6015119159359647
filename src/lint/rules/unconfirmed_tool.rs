//! A tool runs code of others without asking anybody.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{McpState, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unconfirmed-tool",
        severity: Severity::Warning,
        summary: "a tool runs code of others without asking anybody",
        why: "A person who sees the code before it runs is the last one who can stop what a model was talked into.",
        bad: concat!(
            home!(),
            r#"
[mcp.python_run]
purpose = "Run Python"
transport = "stdio"
command = ["python-run"]

[mcp.python_run.tools."python.run"]
runs_code = true
sandbox = "a container without network, thrown away after each call"
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
sandbox = "a container without network, thrown away after each call"
needs_confirmation = true
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
        let tools = server.tools.iter();
        for tool in tools.filter(|it| it.runs_code && !it.needs_confirmation) {
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!("`{}` runs code without asking anybody", tool.name),
                )
                .primary(tool.span, "runs code of others")
                .secondary(server.span, "offered by this server")
                .help("add `needs_confirmation = true`, and let the client ask"),
            );
        }
    }
}
