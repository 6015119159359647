//! Two MCP servers offer a tool of the same name.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{McpServer, McpState, McpTool, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "duplicate-tool",
        severity: Severity::Error,
        summary: "two MCP servers offer a tool of the same name",
        why: "A model chooses a tool by its name. Clients that know both servers keep one of the two or refuse both, and which it is may differ from client to client.",
        bad: concat!(
            home!(),
            r#"
[mcp.pages]
purpose = "Read pages"
transport = "stdio"
command = ["pages"]

[mcp.pages.tools.search]

[mcp.notes]
purpose = "Read notes"
transport = "stdio"
command = ["notes"]

[mcp.notes.tools.search]
"#
        ),
        good: concat!(
            home!(),
            r#"
[mcp.pages]
purpose = "Read pages"
transport = "stdio"
command = ["pages"]

[mcp.pages.tools.search_pages]

[mcp.notes]
purpose = "Read notes"
transport = "stdio"
command = ["notes"]

[mcp.notes.tools.search_notes]
"#
        ),
    },
    check: Check::Platform(check),
};

fn check(platform: &Platform, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, (&McpServer, &McpTool)> = BTreeMap::new();
    let there = |it: &&McpServer| it.state != McpState::Retired;
    for server in platform.mcp.iter().filter(there) {
        for tool in &server.tools {
            let Some((other, first)) = seen.insert(&tool.name, (server, tool)) else {
                continue;
            };
            diagnostics.push(
                Diagnostic::new(
                    &LINT.rule,
                    format!(
                        "`{}` and `{}` both offer a tool `{}`",
                        other.name, server.name, tool.name
                    ),
                )
                .primary(tool.span, format!("`{}` offers it again", server.name))
                .secondary(first.span, format!("`{}` offers it already", other.name))
                .help("give one of them another name"),
            );
        }
    }
}
