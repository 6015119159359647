//! Handwritten Markdown against the platform: what contradicts it is found, and nothing else.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use homelab::compile::{Checked, check};
use homelab::diagnostic::{Diagnostic, Source};
use homelab::lint::{Pages, PagesFound, lint_pages};

const PLATFORM: &str = include_str!("../../platform.toml");
const OVERVIEW: &str = include_str!("../cases/lint/pages/overview.md");
const INNOCENT: &str = include_str!("../cases/lint/pages/innocent.md");

/// What is found in pages, each as its rule and the words that it points at.
fn findings(platform: &str, pages: &[(&str, &str)]) -> Vec<String> {
    let checked = checked(platform);
    let found = found_in(&checked, pages);
    let source = checked.document.as_ref().expect("a document").source();
    let of_platform = found.0.platform.iter().map(|it| shown(source, it));
    let of_pages = found.1.pages.iter().zip(&found.0.pages);
    let of_pages =
        of_pages.flat_map(|(page, found)| found.iter().map(|it| shown(&page.source, it)));
    of_platform.chain(of_pages).collect()
}

fn checked(platform: &str) -> Checked {
    check(
        &Source::new("platform.toml", platform),
        "2026-11-21".parse().ok(),
    )
}

fn found_in(checked: &Checked, pages: &[(&str, &str)]) -> (PagesFound, Pages) {
    let (Some(platform), Some(document)) = (&checked.platform, &checked.document) else {
        panic!("no platform: {:?}", checked.diagnostics);
    };
    let sources = pages.iter().map(|(name, text)| Source::new(*name, *text));
    let pages = Pages::new(sources);
    let found = lint_pages(platform, document, &pages, "2026-11-21".parse().ok());
    (found, pages)
}

fn shown(source: &Source, it: &Diagnostic) -> String {
    let words = it.primary.as_ref().map_or("", |it| source.words(it.span));
    format!("{} @ {words}", it.rule.name)
}

#[test]
fn a_reference_to_nothing_is_found_and_nothing_in_code() {
    let page = "Ask [[service:open-webu]] on [[host:mini]], `[[service:code]]`, [[x]] and [[a:b]].\n\n```text\n[[handle:none]]\n```\n\n[[handle:\n";
    let found = findings(PLATFORM, &[("docs/a.md", page)]);
    assert_eq!(found, ["broken-reference @ [[service:open-webu]]"]);
}

#[test]
fn the_owners_contradictions_are_found() {
    let found = findings(PLATFORM, &[("docs/overview.md", OVERVIEW)]);
    assert_eq!(
        found,
        [
            "stale-url-in-document @ http://192.168.1.71:4001/v1",
            "retired-name-in-document @ benny-*",
            "retired-name-in-document @ jerry-*",
            "stale-port-in-document @ 8100-8109",
            "stale-port-in-document @ 3001",
            "retired-name-in-document @ moa-jerry-xl",
            "stale-url-in-document @ http://192.168.1.71:8888",
            "stale-url-in-document @ http://127.0.0.1:8889/",
            "stale-port-in-document @ 11343",
            "broken-link @ integrations.md#home",
            "stale-url-in-document @ http://192.168.1.72:8103/v1/models",
            "unknown-handle-in-document @ mlx-gpt-oss-20b",
            "unknown-handle-in-document @ mlx-gpt-oss-20b-mxfp-q4",
            "broken-link @ adding.md",
            "broken-link @ #promises",
        ]
    );
}

#[test]
fn words_about_other_hosts_and_other_times_are_left_alone() {
    let pages = [
        ("docs/innocent.md", INNOCENT),
        ("docs/overview.md", OVERVIEW),
    ];
    let innocent: Vec<String> = findings(PLATFORM, &pages);
    let guilty = findings(PLATFORM, &[("docs/overview.md", OVERVIEW)]);
    assert_eq!(innocent, guilty);
}

#[test]
fn any_page_gets_an_answer() {
    let checked = checked(PLATFORM);
    let answer = |page: &str| found_in(&checked, &[("docs/a.md", page)]);
    let naughty: Vec<String> =
        serde_json::from_str(include_str!("../cases/naughty.json")).expect("strings");
    for text in naughty {
        for page in [
            format!("# {text}\n\nport {text} http://{text}:1 `{text}` [a]({text}) | {text}"),
            format!("| port |\n|---|\n| {text} |\n\n```\n{text}"),
            OVERVIEW.replace("800", &text).replace("Port", &text),
        ] {
            answer(&page);
        }
    }
    // Cut anywhere, also inside a character.
    let text = format!("é{OVERVIEW}");
    for end in (0..text.len())
        .filter(|it| text.is_char_boundary(*it))
        .step_by(7)
    {
        answer(&text[..end]);
    }
}

#[test]
fn an_exception_names_a_page_or_a_folder_and_one_that_nothing_needs_is_reported() {
    let with = |rule: &str, at: &str| {
        format!(
            "{PLATFORM}\n[[lint.exceptions]]\nrule = \"{rule}\"\nat = \"{at}\"\nreason = \"told as it was\"\n"
        )
    };
    let page = "Use `jerry-xl`, at http://192.168.1.71:4001/.\n";
    let check = |rule, at, expected: &[&str]| {
        let found = findings(&with(rule, at), &[("lab/docs/a.md", page)]);
        assert_eq!(found, expected, "{rule} at {at}");
    };
    let url = "stale-url-in-document @ http://192.168.1.71:4001/";
    let name = "retired-name-in-document @ jerry-xl";
    check("retired-name-in-document", "docs/a.md", &[url]);
    check("stale-url-in-document", "lab/docs", &[name]);
    check(
        "broken-link",
        "docs",
        &["unused-exception @ \"broken-link\"", name, url],
    );
    // A page that was not looked at may still need its exception.
    check("broken-link", "docs/b.md", &[name, url]);
    assert!(check_alone(&with("broken-link", "docs/b.md")));
}

/// True when a platform has no finding without any page.
fn check_alone(text: &str) -> bool {
    check(&Source::new("platform.toml", text), None)
        .diagnostics
        .is_empty()
}

fn lint(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_homelab"))
        .current_dir(folder)
        .arg("lint")
        .args(arguments)
        .output()
        .expect("the program runs");
    let code = output.status.code().expect("it was not killed");
    let text = [output.stdout, output.stderr].concat();
    (code, String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn our_own_pages_contradict_nothing() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["docs", "README.md", "CHANGELOG.md", "tests/README.md"];
    let pages: Vec<&str> = pages
        .into_iter()
        .filter(|it| repo.join(it).exists())
        .collect();
    let (code, shown) = lint(
        repo,
        &[&["--deny-warnings", "-q"], pages.as_slice()].concat(),
    );
    assert_eq!((code, shown.as_str()), (0, ""));
}

#[test]
fn folders_are_read_and_what_is_made_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let write = |path: &str, text: &[u8]| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    };
    write("platform.toml", PLATFORM.as_bytes());
    write(
        "docs/a/deep.md",
        b"Use `jerry-xl`; [here](../b.txt), [there](../c.txt).\n",
    );
    write("docs/b.txt", b"jerry-xl");
    write("docs/.hidden/x.md", b"jerry-xl2");
    write(
        "docs/made.md",
        b"# Made\n\nMade by `homelab reference`; edits are lost. `jerry-xl`\n",
    );
    write("docs/latin.md", b"caf\xe9");
    let (code, shown) = lint(root, &["--format", "concise", "./docs"]);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("docs/a/deep.md:1:6: warning[retired-name-in-document]"),
        "{shown}"
    );
    assert!(
        shown.contains("docs/a/deep.md:1:43: warning[broken-link]"),
        "{shown}"
    );
    assert!(
        shown.contains("docs/latin.md:1:4: error[invalid-utf8]"),
        "{shown}"
    );
    assert!(
        !shown.contains("hidden") && !shown.contains("made.md"),
        "{shown}"
    );
    let (code, shown) = lint(root, &["--format", "concise", "docs/a/deep.md"]);
    assert_eq!(code, 0);
    assert!(!shown.contains("no page explains"), "{shown}");
    write(
        "platform.toml",
        PLATFORM
            .replace("lint.levels.unexplained-service", "lint.levels.broken-link")
            .as_bytes(),
    );
    let (_, shown) = lint(root, &["--format", "concise", "docs/a"]);
    assert!(
        shown.contains("warning[unexplained-service]: no page explains `mlx`"),
        "{shown}"
    );
    assert!(!shown.contains("broken-link"), "{shown}");
    let (code, shown) = lint(root, &["nowhere"]);
    assert_eq!(code, 2);
    assert!(shown.contains("cannot read `nowhere`"), "{shown}");
}
