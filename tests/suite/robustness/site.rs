//! What hostile words become in the pages that browsers show.

use std::collections::BTreeSet;

use homelab::compile::{self, check};
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::emit::site::Document;
use homelab::ledger::claims;

use super::HOME;

/// The site of the platform, with a case behind it and one document of the owner's.
fn site(case: &str, document: &str) -> Artifacts {
    let checked = check(&Source::new("platform.toml", format!("{HOME}{case}")), None);
    let found: Vec<_> = checked.diagnostics.iter().map(|it| &it.message).collect();
    let platform = checked.platform.unwrap_or_else(|| panic!("{found:?}"));
    let document = Document {
        path: "a.md".to_owned(),
        text: document.to_owned(),
    };
    compile::site(&platform, &claims(&platform), &[document]).expect("a site")
}

fn is_page(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|it| it.1 == "html")
}

/// The values of an attribute in a page.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let start = format!(" {attribute}=\"");
    let found = html.match_indices(&start);
    found
        .filter_map(|(at, _)| html[at + start.len()..].split('"').next())
        .collect()
}

#[test]
fn c088_links_that_run_something_are_no_links() {
    let links = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "<java\tscript:alert(1)>",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
    ];
    let mut document: String = links
        .map(|it| format!("[x]({it})\n\n[r]: {it}\n\n"))
        .concat();
    document.push_str("<javascript:alert(1)>\n\n[fine](https://example.com/)\n");
    let case = "\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\nnotes = \"[x](javascript:alert(1)) <javascript:alert(1)>\"\n";
    let mut fine = 0;
    for page in site(case, &document).iter().filter(|it| is_page(&it.path)) {
        for target in values(&page.text, "href") {
            let scheme: String = target
                .split(['/', '#', '?'])
                .next()
                .unwrap_or_default()
                .chars()
                .filter(|it| !it.is_whitespace())
                .collect();
            let own_icon = target == "data:,";
            let harmless = !scheme.contains(':') || scheme == "https:" || own_icon;
            assert!(harmless, "{}: {target}", page.path);
            fine += usize::from(target == "https://example.com/");
        }
    }
    assert_eq!(fine, 1, "a link that is one stays one");
}

#[test]
fn c090_no_page_has_an_id_twice() {
    // Handles and headings with the names of what the page itself has.
    let names = [
        "content",
        "search-field",
        "search-results",
        "theme",
        "main",
        "content-1",
    ];
    let handles: String = names
        .map(|it| format!("\n[handles.{it}]\nmodel = \"phi\"\n"))
        .concat();
    let headings: String = names
        .map(|it| format!("# {it}\n\n## {it}\n\n### Two words\n\n### two-words\n\n"))
        .concat();
    let mut seen = 0;
    for page in site(&handles, &headings)
        .iter()
        .filter(|it| is_page(&it.path))
    {
        let ids = values(&page.text, "id");
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        let twice = ids
            .iter()
            .find(|id| ids.iter().filter(|it| it == id).count() > 1);
        assert_eq!(ids.len(), distinct.len(), "{}: {twice:?}", page.path);
        seen += ids.len();
    }
    assert!(seen > names.len() * 4, "{seen}");
    let template = include_str!("../../../src/emit/site/page.html.j2");
    for id in values(template, "id") {
        assert!(names.contains(&id), "the page has an id `{id}` of its own");
    }
}

#[test]
fn c091_the_search_index_is_text_in_a_file_of_its_own() {
    let words = "</script><script>alert(1)</script> <!-- \u{2028}x";
    let case = format!("\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\ntitle = {words:?}\n")
        .replace("\\u{2028}", "\\u2028");
    let site = site(&case, &format!("# {words}\n\n{words}\n"));
    for artifact in &site {
        if is_page(&artifact.path) {
            let scripts = artifact.text.matches("<script").count();
            let sources = artifact.text.matches("<script src=").count();
            assert_eq!(
                scripts, sources,
                "{} has words inside a script",
                artifact.path
            );
        }
    }
    let is_index = |path: &str| path.contains("search") && !is_page(path);
    let index = site.iter().find(|it| is_index(&it.path)).expect("an index");
    assert!(index.text.contains("alert(1)"), "the words can be found");
    assert!(!index.text.contains("</script") && !index.text.contains("<!--"));
    // What shows them makes text of them, never elements.
    for artifact in site
        .iter()
        .filter(|it| it.path.rsplit_once('.').is_some_and(|it| it.1 == "js"))
    {
        for maker in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(
                !artifact.text.contains(maker) || is_index(&artifact.path),
                "{}: {maker}",
                artifact.path
            );
        }
    }
}
