//! MCP servers, and what each of their tools promises.

use super::markdown::{NONE, Writer, code, listed, text, text_or_none};
use super::{Book, Page, to_host, to_mcp, to_service, words};
use crate::emit::mcp_servers::transport_name;
use crate::platform::{McpCommand, McpServer, McpTool, Platform, Word};

pub(super) fn mcp(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("MCP servers");
    if platform.mcp.iter().next().is_none() {
        page.paragraph("There is no MCP server.");
    }
    for server in &platform.mcp {
        page.section(code(&server.name));
        page.paragraph(text(&server.purpose));
        page.list(facts(platform, server));
        page.notes(server.notes.as_deref());
        for tool in &server.tools {
            contract(&mut page, tool);
        }
    }
    Page::new("mcp.md", "MCP servers", page.finish())
}

/// The servers, one row each, for the topology.
pub(super) fn table(page: &mut Writer, platform: &Platform) {
    let rows: Vec<_> = platform
        .mcp
        .iter()
        .map(|server| {
            let place = match (&server.command, server.host) {
                (McpCommand::Call { service, .. }, _) => to_service("", &platform[*service]),
                (_, Some(host)) => to_host("", &platform[host]),
                (McpCommand::Start(_), None) => "wherever its client is".into(),
                (McpCommand::Unknown, None) => NONE,
            };
            [
                format!("{} {}", to_mcp("", server), text(&server.purpose)).into(),
                place,
                transport_name(server.transport).into(),
                words::mcp_state(server.state).into(),
            ]
        })
        .collect();
    page.table(
        ["Server", "Where", "Transport", "State"],
        &rows,
        "There is no MCP server.",
    );
}

fn facts(platform: &Platform, server: &McpServer) -> Vec<String> {
    let mut facts = vec![
        format!("state: {}", words::mcp_state(server.state)),
        format!("registered as: {}", code(&server.registry_name)),
        format!("transport: {}", transport_name(server.transport)),
    ];
    if let Some(host) = server.host {
        facts.push(format!("runs on: {}", to_host("", &platform[host])));
    }
    facts.push(match &server.command {
        McpCommand::Start(words) => {
            let words: Vec<String> = words
                .iter()
                .map(|word| match word {
                    Word::Text(words) => words.to_string(),
                    Word::Variable(name) => format!("${name}"),
                })
                .collect();
            format!("started with: {}", code(&words.join(" ")))
        }
        McpCommand::Call { service, url, .. } => {
            format!(
                "called at: {} of {}",
                code(url),
                to_service("", &platform[*service])
            )
        }
        McpCommand::Unknown => "reached by: nobody has said how".to_owned(),
    });
    if server.through_gateway {
        facts.push(format!(
            "offered by: {}",
            to_service("", platform.gateway_service())
        ));
    }
    let variables = server.env.iter().map(|it| code(&it.name));
    facts.push(format!("reads: {}", listed(variables)));
    facts
}

fn contract(page: &mut Writer, tool: &McpTool) {
    page.subsection(format!("Tool {}", code(&tool.name)));
    if let Some(purpose) = &tool.purpose {
        page.paragraph(text(purpose));
    }
    let fields = tool
        .inputs
        .iter()
        .map(|(name, what)| ["takes".into(), code(name), text(what)])
        .chain(
            tool.outputs
                .iter()
                .map(|(name, what)| ["returns".into(), code(name), text(what)]),
        );
    let fields: Vec<_> = fields.collect();
    page.table(
        ["Contract", "Field", "Meaning"],
        &fields,
        "Its inputs and outputs are not written down.",
    );
    let mut facts = Vec::new();
    if !tool.failures.is_empty() {
        facts.push(format!(
            "fails with: {}",
            listed(tool.failures.iter().map(|it| text(it)))
        ));
    }
    if tool.runs_code {
        facts.push(format!(
            "runs code; confined by: {}",
            text_or_none(tool.sandbox.as_deref())
        ));
    }
    if tool.needs_confirmation {
        facts.push("a person confirms each call".to_owned());
    }
    if !facts.is_empty() {
        page.list(facts);
    }
}
