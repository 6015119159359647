//! The pages about a platform: what a reader of `generated/docs/` relies on.

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::pages::{Book, Page, pages};
use homelab::ledger::claims;
use pulldown_cmark::{Event, Options, Parser, Tag};

const HOMELAB_LLM: &str = include_str!("../../platform.toml");

/// A platform with words that a page must show and not obey.
const HOSTILE: &str = r#"
version = 1
name = "lab"
title = "<script>alert(1)</script> | *lab* [x](javascript:alert(2))"
notes = "</table><img src=x onerror=alert(3)> `tick` ```fence```"
[policy]
gateway = "litellm"
[hosts.nas]
os = "linux"
user = "me"
notes = "| a | b |\n| - | - |\n# no heading"
[services.litellm]
kind = "litellm"
host = "nas"
port = 4000
title = "\"><svg onload=alert(4)>"
[services.litellm.env]
NOTE = "a|b `c` <d>"
[services.ollama]
kind = "ollama"
host = "nas"
port = 11434
managed_by = "package"
notes = "![p](http://example.com/p.png) &lt; https://example.com"
[models.small]
service = "ollama"
notes = "[[service:none]]"
[handles.small]
"#;

fn check(text: &str) -> Vec<Page> {
    let checked = compile::check(&Source::new("platform.toml", text), None);
    let found: Vec<_> = checked.diagnostics.iter().map(|it| &it.message).collect();
    let platform = checked.platform.unwrap_or_else(|| panic!("{found:?}"));
    let rules: Vec<_> = compile::rules().collect();
    let book = Book {
        platform: &platform,
        lock: &claims(&platform),
        rules: &rules,
    };
    pages(&book, |page| page)
}

fn events(page: &Page) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(&page.text, Options::ENABLE_TABLES)
}

/// Where a relative link of a page leads, from the folder of pages.
fn target(page: &Page, link: &str) -> String {
    let folder = page.path.rsplit_once('/').map_or("", |it| it.0);
    match link.strip_prefix("../") {
        Some(rest) => rest.to_owned(),
        None if folder.is_empty() => link.to_owned(),
        None => format!("{folder}/{link}"),
    }
}

#[test]
fn every_link_leads_to_a_page() {
    for text in [HOMELAB_LLM, HOSTILE] {
        let pages = check(text);
        let mut links = 0;
        for page in &pages {
            for event in events(page) {
                if let Event::Start(Tag::Link { dest_url, .. }) = event {
                    let target = target(page, &dest_url);
                    let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
                    let found = pages.iter().find(|it| it.path == path);
                    let found = found.unwrap_or_else(|| panic!("{}: {dest_url}", page.path));
                    // Anchors are those of MCP servers, whose names are their headings.
                    let heading = format!("\n## `{anchor}`\n");
                    assert!(
                        anchor.is_empty() || found.text.contains(&heading),
                        "{}: {dest_url}",
                        page.path
                    );
                    links += 1;
                }
            }
        }
        assert!(links > 20, "{links}");
    }
}

#[test]
fn c084_a_readers_words_are_shown_and_not_obeyed() {
    let pages = check(HOSTILE);
    let mut shown = String::new();
    for page in &pages {
        for event in events(page) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    // A code span with a pipe is an element of ours: nothing else of HTML is.
                    assert!(
                        ["<code>", "</code>"].contains(&&*html),
                        "{}: {html}",
                        page.path
                    );
                }
                Event::Start(Tag::Image { dest_url, .. }) => panic!("{}: {dest_url}", page.path),
                Event::Text(text) | Event::Code(text) => shown.push_str(&text),
                _ => {}
            }
        }
    }
    for words in [
        "<script>alert(1)</script>",
        "onerror=alert(3)",
        "<svg onload=alert(4)>",
        "# no heading",
    ] {
        assert!(shown.contains(words), "{words}");
    }
}

#[test]
fn every_row_of_a_table_has_the_cells_of_its_head() {
    for text in [HOMELAB_LLM, HOSTILE] {
        for page in check(text) {
            let mut head = 0;
            let mut cells = 0;
            for event in events(&page) {
                match event {
                    Event::Start(Tag::TableHead | Tag::TableRow) => cells = 0,
                    Event::Start(Tag::TableCell) => cells += 1,
                    Event::End(pulldown_cmark::TagEnd::TableHead) => head = cells,
                    Event::End(pulldown_cmark::TagEnd::TableRow) => {
                        assert_eq!(cells, head, "{}", page.path);
                    }
                    _ => {}
                }
            }
            // The parser pads short rows; the source has as many pipes in each line of a table.
            for line in page.text.lines().filter(|it| it.starts_with("| ")) {
                assert!(line.ends_with(" |"), "{}: {line}", page.path);
            }
        }
    }
}
