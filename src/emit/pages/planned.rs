//! What will come, and what somebody must still find out.

use super::markdown::{Writer, code, text, text_or_none};
use super::{Book, Page, to_host, to_service, words};
use crate::platform::{HostState, ModelState, ServiceState};

pub(super) fn planned(book: &Book) -> Page {
    let platform = book.platform;
    let mut page = Writer::titled("Planned");
    page.section("Hosts that are not in use");
    let hosts: Vec<_> = platform
        .hosts
        .iter()
        .filter(|it| it.state != HostState::Live)
        .map(|it| {
            [
                to_host("", it),
                words::host_state(it.state).into(),
                text(&it.title),
                text_or_none(it.notes.as_deref()),
            ]
        })
        .collect();
    page.sparse_table(
        ["Host", "State", "Title", "Notes"],
        &hosts,
        "Every host is in use.",
    );
    page.section("Services that are not live");
    let services: Vec<_> = platform
        .services
        .iter()
        .filter(|it| words::service(platform, it) != words::service_state(ServiceState::Live))
        .map(|it| {
            [
                to_service("", it),
                words::service(platform, it).into(),
                to_host("", &platform[it.host]),
                text(&it.title),
                text_or_none(it.notes.as_deref()),
            ]
        })
        .collect();
    page.sparse_table(
        ["Service", "State", "Host", "Title", "Notes"],
        &services,
        "Every service is live.",
    );
    page.section("Models that are not live");
    let models: Vec<_> = platform
        .models
        .iter()
        .filter(|it| words::model(platform, it) != words::model_state(ModelState::Live))
        .map(|it| {
            [
                code(&it.name),
                words::model(platform, it).into(),
                to_service("", &platform[it.service]),
                text_or_none(it.notes.as_deref()),
            ]
        })
        .collect();
    page.sparse_table(
        ["Model", "State", "Server", "Notes"],
        &models,
        "Every model is live.",
    );
    page.section("To find out");
    page.paragraph("What the file does not say yet, and nothing is invented for.");
    let work: Vec<_> = platform
        .work
        .iter()
        .map(|it| [quoting(&it.subject).into(), quoting(&it.what).into()])
        .collect();
    page.table(
        ["About", "What is to be done"],
        &work,
        "Nothing is left open.",
    );
    Page::new("planned.md", "Planned", page.finish())
}

/// A text in which names stand between backticks, as those of findings do.
fn quoting(words: &str) -> String {
    let mut written = String::with_capacity(words.len() + 16);
    for (at, part) in words.split('`').enumerate() {
        if at % 2 == 1 && !part.is_empty() {
            code(part).push_to(&mut written);
        } else {
            // A text loses the blanks at its ends, which here stand between it and a name.
            let blank = |is: bool| if is { " " } else { "" };
            let inner = part.trim_matches(' ');
            written.push_str(blank(part.starts_with(' ')));
            text(inner).push_to(&mut written);
            written.push_str(blank(part.ends_with(' ') && !inner.is_empty()));
        }
    }
    written
}
