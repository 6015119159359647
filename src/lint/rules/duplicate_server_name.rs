//! Two MCP servers have the same name in the registry.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint, words};
use crate::platform::{McpServer, McpState, Platform};
use crate::syntax::Document;

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "duplicate-server-name",
        severity: Severity::Error,
        summary: "two MCP servers have the same name in the registry",
        why: "A client asks the registry for a server by its name and takes the first it meets, so nobody ever reaches the other.",
        bad: concat!(
            home!(),
            r#"
[mcp.web_fetch]
purpose = "Fetch pages"
transport = "stdio"
command = ["fetch"]

[mcp.fetcher]
name = "web-fetch"
purpose = "Fetch pages with a browser"
transport = "stdio"
command = ["fetcher"]
"#
        ),
        good: concat!(
            home!(),
            r#"
[mcp.web_fetch]
purpose = "Fetch pages"
transport = "stdio"
command = ["fetch"]

[mcp.fetcher]
purpose = "Fetch pages with a browser"
transport = "stdio"
command = ["fetcher"]
"#
        ),
    },
    check: Check::Document(check),
};

fn check(document: &Document, platform: &Platform, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &McpServer> = BTreeMap::new();
    let there = |it: &&McpServer| it.state != McpState::Retired;
    for server in platform.mcp.iter().filter(there) {
        let Some(other) = seen.insert(&server.registry_name, server) else {
            continue;
        };
        // The one that was given the name, where the other has it by its key.
        let written = |it: &McpServer| words::node(document, &["mcp", &it.name, "name"]).is_some();
        let (again, first) = if written(server) {
            (server, other)
        } else {
            (other, server)
        };
        let place = |it: &McpServer| words::value(document, &["mcp", &it.name, "name"]);
        diagnostics.push(
            Diagnostic::new(
                &LINT.rule,
                format!(
                    "`{}` and `{}` are both called `{}`",
                    first.name, again.name, server.registry_name
                ),
            )
            .primary(place(again), "called so again")
            .secondary(place(first), "called so already")
            .help("give one of them another `name`"),
        );
    }
}
