//! Integrations: every route of the gateway, every call, every variable and who reads it.

use super::markdown::{NONE, Words, Writer, code, code_or_none, joined, text, text_or_none};
use super::{Book, Page, to_service};
use crate::platform::{Origin, Platform, Service, Value, Variable};

pub(super) fn integrations(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Integrations");
    page.section("Routes of the gateway");
    page.paragraph("What the gateway does with a model name: the server it calls, and the name it sends there.");
    let routes: Vec<_> = platform
        .deployments
        .iter()
        .map(|deployment| {
            [
                code(&deployment.name),
                if deployment.internal {
                    "internal"
                } else {
                    "public"
                }
                .into(),
                to_service("", &platform[deployment.service]),
                code(&deployment.url),
                code(&deployment.selector),
                code_or_none(deployment.key.as_deref()),
            ]
        })
        .collect();
    page.table(
        ["Name", "Seen by", "Server", "Base URL", "Sent as", "Key"],
        &routes,
        "The gateway has no route.",
    );
    page.section("Search tools");
    let tools: Vec<_> = platform
        .gateway
        .search_tools
        .iter()
        .map(|tool| {
            [
                code(&tool.name),
                to_service("", &platform[tool.service]),
                code(&tool.url),
                text_or_none(tool.title.as_deref()),
            ]
        })
        .collect();
    page.table(
        ["Tool", "Server", "URL", "For"],
        &tools,
        "The gateway offers no search tool.",
    );
    page.section("Environment");
    page.paragraph("Every variable that a service reads, and where its value comes from.");
    let variables: Vec<_> = platform
        .services
        .iter()
        .flat_map(|service| {
            service
                .env
                .iter()
                .map(move |it| variable_row(platform, service, it))
        })
        .collect();
    page.table(
        ["Variable", "Read by", "Value", "Required", "Why"],
        &variables,
        "No service reads a variable.",
    );
    Page::new("integrations.md", "Integrations", page.finish())
}

fn variable_row<'a>(
    platform: &'a Platform,
    service: &'a Service,
    variable: &'a Variable,
) -> [Words<'a>; 5] {
    [
        code(&variable.name),
        to_service("", service),
        value("", platform, variable),
        if variable.required { "yes" } else { "no" }.into(),
        why(variable),
    ]
}

/// Where a variable's value comes from, on a page that lies `up` folders down.
pub(super) fn value<'a>(up: &'a str, platform: &'a Platform, variable: &'a Variable) -> Words<'a> {
    match &variable.value {
        Value::Text(words) if words.is_empty() => "empty".into(),
        Value::Text(words) => code(words),
        Value::Secret(id) => Words::Named("secret ", &platform[*id].name),
        Value::Url(id, url) => {
            let service = to_service(up, &platform[*id]);
            joined([code(url), " of ".into(), service])
        }
        Value::Handle(id) => Words::Named("handle ", &platform[*id].name),
        Value::FillIn(words) => joined(["to fill in: ".into(), text(words)]),
        Value::Variable(name) => Words::Named("as ", name),
    }
}

/// Who says that a variable is there, when it is not the owner.
pub(super) fn why(variable: &Variable) -> Words<'_> {
    match &variable.origin {
        Origin::Owner => NONE,
        Origin::Kind(why) => text(why),
        Origin::Route(name) => Words::Named("the route ", name),
    }
}
