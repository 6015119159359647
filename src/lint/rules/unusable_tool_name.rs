//! The name of a tool is none that clients take.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use crate::lint::{Check, Lint};
use crate::platform::{McpServer, McpState, Platform};

pub(super) static LINT: Lint = Lint {
    rule: Rule {
        name: "unusable-tool-name",
        severity: Severity::Error,
        summary: "the name of a tool is none that clients take",
        why: "MCP allows letters, digits, `.`, `_` and `-`, and 128 of them. What the gateway offers goes to model APIs as a function, behind the server's name: there a name has no `.`, and 64 characters in all.",
        bad: concat!(
            home!(),
            r#"
[mcp.web_fetch]
purpose = "Fetch pages"
transport = "stdio"
command = ["web-fetch"]

[mcp.web_fetch.tools."web/fetch"]
"#
        ),
        good: concat!(
            home!(),
            r#"
[mcp.web_fetch]
purpose = "Fetch pages"
transport = "stdio"
command = ["web-fetch"]

[mcp.web_fetch.tools."web.fetch"]
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
        for tool in &server.tools {
            let Some((flaw, help)) = flaw(server, &tool.name) else {
                continue;
            };
            diagnostics.push(
                Diagnostic::new(&LINT.rule, format!("tool `{}` {flaw}", tool.name))
                    .primary(tool.span, "clients refuse this name")
                    .secondary(server.span, "offered by this server")
                    .help(help),
            );
        }
    }
}

fn flaw(server: &McpServer, name: &str) -> Option<(String, String)> {
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let foreign = |dots: bool| {
        name.chars()
            .find(|it| !(plain(*it) || (dots && *it == '.')))
    };
    if name.is_empty() {
        return Some(("has no letter".to_owned(), "give it a name".to_owned()));
    }
    if let Some(character) = foreign(true) {
        return Some((
            format!("has `{}` in it", character.escape_default()),
            "use letters, digits, `.`, `_` and `-`".to_owned(),
        ));
    }
    if name.len() > 128 {
        let count = format!("has {} characters", name.len());
        return Some((count, "use 128 at most".to_owned()));
    }
    if !server.through_gateway {
        return None;
    }
    if foreign(false).is_some() {
        return Some((
            "has `.` in it, and the gateway offers it as a function".to_owned(),
            format!(
                "call it `{}`, or take `through_gateway` away",
                name.replace('.', "_")
            ),
        ));
    }
    let whole = server.name.len() + 1 + name.len();
    (whole > 64).then(|| {
        (
            format!("has {whole} characters behind the name of its server"),
            "use 64 at most for both".to_owned(),
        )
    })
}
