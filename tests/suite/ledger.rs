//! The ledger: what a platform promises, what breaks a promise, and a lock that git can merge.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod commands;
mod merges;

use std::collections::BTreeSet;
use std::path::Path;

use homelab::compile::{self, Known, Promises, check};
use homelab::diagnostic::{Diagnostics, Severity, Source};
use homelab::ledger::{self, RULES};
use homelab::platform::Platform;
use proptest::prelude::*;

const HOME: &str = r#"version = 1
name = "home"

[policy]
gateway = "gateway"

[networks.lan]
kind = "lan"

[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[hosts.studio]
os = "macos"
addresses = { lan = "192.0.2.20" }

[services.gateway]
kind = "litellm"
host = "pi"

[services.search]
kind = "searxng"
host = "pi"
port = 8888
env = { SEARXNG_SECRET = { secret = "search-secret" } }

[secrets.search-secret]
generate = { bytes = 32 }

[services.mlx]
kind = "mlx"
host = "studio"
bind = "all"
approval = { reason = "the gateway calls it", by = "the owner", when = "2026-11-21" }
ports = { team = { range = "8100-8109" } }

[models.small]
service = "mlx"
port = 8100
repo = "a/small"

[handles.chat]
model = "small"
"#;

fn platform(text: &str) -> Platform {
    let checked = check(&Source::new("platform.toml", text), None);
    let errors: Vec<_> = checked.diagnostics.iter().map(|it| &it.message).collect();
    checked.platform.unwrap_or_else(|| panic!("{errors:?}"))
}

fn promises(text: &str, lock: Option<&str>) -> Promises {
    let lock = lock.map(|it| Source::new("platform.lock", it));
    compile::promises(&platform(text), lock.as_ref().map(Known::of))
}

/// The lock that a build of this platform leaves, after this lock.
fn next(text: &str, lock: Option<&str>) -> String {
    let promises = promises(text, lock);
    let found = names(&promises, text, lock.unwrap_or_default());
    promises
        .next
        .unwrap_or_else(|| panic!("{found:?}"))
        .to_text()
}

/// The first lock of the platform above.
fn first() -> String {
    next(HOME, None)
}

/// Its lines without the digests, and without the first and the last.
fn lines(lock: &str) -> Vec<&str> {
    let lines: Vec<&str> = lock.lines().collect();
    let inner = &lines[1..lines.len() - 1];
    inner
        .iter()
        .map(|line| line.rsplit_once(" #").unwrap().0)
        .collect()
}

fn names(promises: &Promises, text: &str, lock: &str) -> Vec<String> {
    let of = |diagnostics: &Diagnostics, text: &str| -> Vec<String> {
        let source = Source::new("x", text);
        let found = diagnostics.iter().map(|it| {
            let words = it.primary.as_ref().map(|at| source.words(at.span));
            format!("{} @ {}", it.rule.name, words.unwrap_or_default())
        });
        found.collect()
    };
    let mut names = of(&promises.lock_diagnostics, lock);
    names.extend(of(&promises.broken, text));
    names
}

/// What is found when the platform above is changed after its first lock was written.
fn after(changed: &str) -> Vec<String> {
    let lock = first();
    names(&promises(changed, Some(&lock)), changed, &lock)
}

fn nothing() -> Vec<String> {
    Vec::new()
}

const MIGRATION: &str = r#"
[[migration]]
service = "search"
from = 8888
to = 8889
reason = "8888 is needed elsewhere"
when = "2026-11-21"
by = "the owner"
"#;

#[test]
fn the_first_lock_has_every_port_and_public_handle() {
    assert_eq!(
        lines(&first()),
        [
            "handle chat live",
            "port pi 4000/tcp loopback held service gateway",
            "port pi 8888/tcp loopback held service search",
            "port studio 8100/tcp all held model small",
        ]
    );
}

#[test]
fn a_platform_holds_to_its_own_lock() {
    assert_eq!(after(HOME), nothing());
    assert_eq!(next(HOME, Some(&first())), first());
}

#[test]
fn a_changed_port_is_refused_until_a_migration_says_so() {
    let changed = HOME.replace("port = 8888", "port = 8889");
    assert_eq!(after(&changed), ["changed-port @ 8889"]);
    let migrated = format!("{changed}{MIGRATION}");
    assert_eq!(after(&migrated), nothing());
    let lock = next(&migrated, Some(&first()));
    assert_eq!(
        lines(&lock)[2..4],
        [
            "port pi 8888/tcp loopback tombstone service search",
            "port pi 8889/tcp loopback held service search",
        ]
    );
    // The entry may stay: it is the history of that port.
    assert_eq!(
        names(&promises(&migrated, Some(&lock)), &migrated, &lock),
        nothing()
    );
    assert_eq!(next(&migrated, Some(&lock)), lock);
}

#[test]
fn migrations_follow_each_other() {
    let second = MIGRATION
        .replace("8889", "8890")
        .replace("from = 8888", "from = 8889");
    let text = HOME.replace("port = 8888", "port = 8890") + MIGRATION + &second;
    assert_eq!(after(&text), nothing());
    let wrong = HOME.replace("port = 8888", "port = 8891") + MIGRATION + &second;
    assert_eq!(after(&wrong), ["changed-port @ 8891"]);
}

#[test]
fn a_model_keeps_its_port_as_a_service_does() {
    let changed = HOME.replace("port = 8100", "port = 8101");
    assert_eq!(after(&changed), ["changed-port @ 8101"]);
    let migration = MIGRATION
        .replace("service = \"search\"", "model = \"small\"")
        .replace("8889", "8101")
        .replace("from = 8888", "from = 8100");
    assert_eq!(after(&format!("{changed}{migration}")), nothing());
}

#[test]
fn a_port_on_another_host_is_another_port() {
    let moved = HOME.replace(
        "host = \"pi\"\nport = 8888",
        "host = \"studio\"\nport = 8888",
    );
    assert_eq!(after(&moved), ["changed-port @ 8888"]);
    let migration = MIGRATION.replace(
        "from = 8888\nto = 8889",
        "host = \"pi\"\nfrom = 8888\nto = 8888",
    );
    assert_eq!(after(&format!("{moved}{migration}")), nothing());
}

#[test]
fn a_wider_bind_is_no_other_port() {
    let wider = HOME.replace("port = 8888", "port = 8888\nbind = \"lan\"");
    assert_eq!(after(&wider), nothing());
    let lock = next(&wider, Some(&first()));
    assert!(
        lock.contains("port pi 8888/tcp lan held service search"),
        "{lock}"
    );
}

fn without_search() -> String {
    HOME.replace(
        "[services.search]\nkind = \"searxng\"\nhost = \"pi\"\nport = 8888\n",
        "",
    )
}

#[test]
fn a_port_that_is_given_up_stays_unusable() {
    let gone = without_search();
    assert_eq!(after(&gone), nothing());
    let lock = next(&gone, Some(&first()));
    assert_eq!(
        lines(&lock)[2],
        "port pi 8888/tcp loopback tombstone service search"
    );
    let taken =
        gone.clone() + "[services.notes]\nkind = \"home-assistant\"\nhost = \"pi\"\nport = 8888\n";
    let found = names(&promises(&taken, Some(&lock)), &taken, &lock);
    assert_eq!(found, ["reused-port @ 8888"]);
    // Its own old port is the one port it may have.
    assert_eq!(names(&promises(HOME, Some(&lock)), HOME, &lock), nothing());
    assert_eq!(next(HOME, Some(&lock)), first());
    // And a migration of the new owner takes it on purpose.
    let entry = MIGRATION
        .replace("\"search\"", "\"notes\"")
        .replace("from = 8888\nto = 8889", "to = 8888");
    let meant = taken + &entry;
    assert_eq!(
        names(&promises(&meant, Some(&lock)), &meant, &lock),
        nothing()
    );
    let lock = next(&meant, Some(&lock));
    assert_eq!(
        lines(&lock)[2..4],
        [
            "port pi 8888/tcp loopback held service notes",
            "port pi 8888/tcp loopback tombstone service search",
        ]
    );
    assert_eq!(
        names(&promises(&meant, Some(&lock)), &meant, &lock),
        nothing()
    );
}

#[test]
fn a_retired_service_keeps_its_port_from_others() {
    let retired = HOME.replace("port = 8888", "port = 8888\nstate = \"retired\"");
    assert_eq!(after(&retired), nothing());
    let taken =
        retired + "[services.notes]\nkind = \"home-assistant\"\nhost = \"pi\"\nport = 8888\n";
    let alone = promises(&taken, None);
    assert_eq!(names(&alone, &taken, ""), ["reused-port @ 8888"]);
}

#[test]
fn a_new_name_is_told_from_a_new_owner() {
    let renamed = HOME.replace("[services.search]", "[services.finder]");
    assert_eq!(after(&renamed), ["reused-port @ 8888"]);
    let moved = "\n[[moved]]\nkind = \"service\"\nfrom = \"search\"\nto = \"finder\"\nwhen = \"2026-11-21\"\n";
    let told = format!("{renamed}{moved}");
    assert_eq!(after(&told), nothing());
    let lock = next(&told, Some(&first()));
    assert!(!lock.contains("search"), "{lock}");
    assert_eq!(
        names(&promises(&told, Some(&lock)), &told, &lock),
        nothing()
    );
}

#[test]
fn a_renamed_host_takes_its_tombstones_along() {
    let lock = next(&without_search(), Some(&first()));
    let renamed = without_search()
        .replace("[hosts.pi]", "[hosts.berry]")
        .replace("host = \"pi\"", "host = \"berry\"");
    let found = names(&promises(&renamed, Some(&lock)), &renamed, &lock);
    assert_eq!(found, ["changed-port @ gateway"]);
    let moved = "\n[[moved]]\nkind = \"host\"\nfrom = \"pi\"\nto = \"berry\"\n";
    let told = format!("{renamed}{moved}");
    assert_eq!(
        names(&promises(&told, Some(&lock)), &told, &lock),
        nothing()
    );
    let lock = next(&told, Some(&lock));
    assert_eq!(
        lines(&lock)[1..3],
        [
            "port berry 4000/tcp loopback held service gateway",
            "port berry 8888/tcp loopback tombstone service search",
        ]
    );
}

#[test]
fn entries_that_contradict_the_file_are_refused() {
    let conflict = |entry: &str| {
        let text = format!("{HOME}\n{entry}");
        let checked = check(&Source::new("platform.toml", text.as_str()), None);
        let found: Vec<&str> = checked.diagnostics.iter().map(|it| it.rule.name).collect();
        assert_eq!(found, ["conflicting-fields"], "{entry}");
    };
    conflict("[[moved]]\nkind = \"service\"\nfrom = \"search\"\nto = \"finder\"\n");
    conflict("[[retired]]\nhandle = \"chat\"\nreason = \"nobody used it\"\n");
    let rest = "reason = \"a test\"\nwhen = \"2026-11-21\"\nby = \"me\"\n";
    conflict(&format!("[[migration]]\nto = 1\n{rest}"));
    conflict(&format!(
        "[[migration]]\nservice = \"a\"\nmodel = \"b\"\nto = 1\n{rest}"
    ));
    conflict(&format!(
        "[[migration]]\nservice = \"a\"\nfrom = 1\nto = 1\n{rest}"
    ));
}

#[test]
fn c059_a_public_handle_does_not_go_without_a_word() {
    let handle = "[handles.chat]\nmodel = \"small\"\n";
    let gone = HOME.replace(handle, "");
    assert_eq!(after(&gone), ["vanished-handle @ "]);
    let internal = format!("{HOME}visibility = \"internal\"\n");
    assert_eq!(after(&internal), ["vanished-handle @ chat"]);
    let retired = gone.clone()
        + "\n[[retired]]\nhandle = \"chat\"\nreason = \"its \\\"model\\\"\\nwas too large\"\n";
    assert_eq!(after(&retired), nothing());
    let lock = next(&retired, Some(&first()));
    assert_eq!(
        lines(&lock)[0],
        r#"handle chat retired "its \"model\"\nwas too large""#
    );
    assert_eq!(
        next(&gone, Some(&lock)),
        lock,
        "the lock remembers the reason"
    );
    let deprecated = format!(
        "{HOME}deprecated = {{ in_favour_of = \"talk\" }}\n[handles.talk]\nmodel = \"small\"\n"
    );
    assert_eq!(after(&deprecated), nothing());
    let lock = next(&deprecated, Some(&first()));
    assert_eq!(lines(&lock)[0], "handle chat deprecated talk");
    let followed = HOME.replace("[handles.chat]", "[handles.talk]");
    assert_eq!(
        names(&promises(&followed, Some(&lock)), &followed, &lock),
        nothing()
    );
    let lock = next(&followed, Some(&lock));
    assert_eq!(
        lines(&lock)[0],
        "handle chat retired \"deprecated in favour of talk\""
    );
    let back = format!("{followed}[handles.chat]\nmodel = \"small\"\n");
    assert_eq!(
        names(&promises(&back, Some(&lock)), &back, &lock),
        ["revived-handle @ chat"]
    );
}

#[test]
fn a_promise_cannot_be_excused() {
    let text = format!(
        "{HOME}\n[[lint.exceptions]]\nrule = \"changed-port\"\nat = \"services.search\"\nreason = \"a test\"\n"
    );
    let checked = check(&Source::new("platform.toml", text), None);
    let mut messages = checked.diagnostics.iter().map(|it| it.message.as_str());
    let expected = "`changed-port` is about a promise and cannot be excused";
    assert!(messages.any(|it| it == expected));
}

/// The rules whose examples are platforms, each with the lock that both stand beside.
fn examples() -> impl Iterator<Item = (&'static homelab::diagnostic::Rule, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ledger/examples");
    RULES.iter().filter_map(move |rule| {
        let lock = folder.join(format!("{}.lock", rule.name));
        Some((*rule, std::fs::read_to_string(lock).ok()?))
    })
}

#[test]
fn examples_of_promises_hold() {
    let mut seen = 0;
    for (rule, lock) in examples() {
        seen += 1;
        for (text, expected) in [(rule.bad, vec![rule.name]), (rule.good, vec![])] {
            let found = promises(text, Some(&lock));
            assert!(found.lock_diagnostics.is_empty(), "{}", rule.name);
            let found: Vec<&str> = found.broken.iter().map(|it| it.rule.name).collect();
            assert_eq!(found, expected, "{}: {text}", rule.name);
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn examples_of_locks_hold() {
    let (home, _) = examples().next().unwrap();
    let home = home.good.replace("port = 4100\n", "");
    let home = home.split("[[migration]]").next().unwrap();
    let of_locks: Vec<_> = RULES
        .iter()
        .filter(|rule| {
            !examples().any(|(it, _)| it.name == rule.name) && rule.name != "missing-lock"
        })
        .collect();
    assert_eq!(of_locks.len(), 7);
    for rule in of_locks {
        let found = names(&promises(home, Some(rule.good)), home, rule.good);
        assert_eq!(found, nothing(), "good example of {}", rule.name);
        let found = promises(home, Some(rule.bad));
        let rules: Vec<&str> = found
            .lock_diagnostics
            .iter()
            .map(|it| it.rule.name)
            .collect();
        assert_eq!(rules, [rule.name], "bad example");
        assert_eq!(found.next.is_none(), rule.severity == Severity::Error);
        // What only wants order is put in order.
        if let Some(next) = found.next {
            let next = next.to_text();
            assert_eq!(names(&promises(home, Some(&next)), home, &next), nothing());
        }
    }
}

#[test]
fn rules_are_sorted_and_named_once() {
    let listed: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert!(listed.is_sorted());
    assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len());
}

#[test]
fn a_lock_cut_anywhere_is_noticed() {
    let whole = first();
    for end in 0..whole.len() - 1 {
        let cut = &whole[..end];
        let promises = promises(HOME, Some(cut));
        assert_eq!(promises.lock_diagnostics.len(), 1, "{cut:?}");
        assert!(promises.next.is_none(), "{cut:?}");
    }
}

#[test]
fn any_change_of_a_line_by_hand_is_noticed() {
    let whole = first();
    for (from, to) in [
        ("8888", "8889"),
        ("held", "tombstone"),
        ("search", "finder"),
        ("live", "deprecated x"),
        ("loopback", "all"),
    ] {
        let edited = whole.replacen(from, to, 1);
        let found = names(&promises(HOME, Some(&edited)), HOME, &edited);
        assert!(found[0].starts_with("edited-lock-line @ "), "{found:?}");
    }
}

#[test]
fn order_line_ends_and_repeated_lines_change_nothing() {
    let mut lines: Vec<String> = first().lines().map(str::to_owned).collect();
    let end = lines.len() - 1;
    lines[1..end].reverse();
    let again = lines[2].clone();
    lines.insert(1, again);
    let text = lines.join("\r\n") + "\r\n\r\n";
    let promises = promises(HOME, Some(&text));
    let rules: Vec<&str> = promises
        .lock_diagnostics
        .iter()
        .map(|it| it.rule.name)
        .collect();
    assert_eq!(rules, ["unsorted-lock"]);
    assert_eq!(promises.known.unwrap().to_text(), first());
}

#[test]
fn the_repos_lock_is_what_its_platform_makes() {
    let text = include_str!("../../platform.toml");
    let lock = include_str!("../../platform.lock");
    let promises = promises(text, Some(lock));
    assert_eq!(names(&promises, text, lock), nothing());
    assert!(
        promises.next.unwrap().to_text() == lock,
        "run `cargo run -- build`"
    );
}

/// A platform with these ports: a service each, on one of two hosts.
fn with_ports(ports: &BTreeSet<u16>) -> String {
    let services = ports.iter().map(|port| {
        let host = if port % 2 == 0 { "pi" } else { "studio" };
        format!("[services.s{port}]\nkind = \"searxng\"\nhost = \"{host}\"\nport = {port}\n")
    });
    HOME.to_owned() + &services.collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back_and_quiet(ports in prop::collection::btree_set(9000_u16..9999, 0..12)) {
        let text = with_ports(&ports);
        let lock = next(&text, None);
        let mut diagnostics = Diagnostics::new();
        let read = ledger::read(&Source::new("platform.lock", lock.as_str()), &mut diagnostics);
        prop_assert!(diagnostics.is_empty());
        prop_assert_eq!(read.to_text(), lock.clone());
        prop_assert_eq!(names(&promises(&text, Some(&lock)), &text, &lock), nothing());
    }

    #[test]
    fn nothing_is_ever_forgotten(
        one in prop::collection::btree_set(9000_u16..9030, 0..12),
        two in prop::collection::btree_set(9000_u16..9030, 0..12),
    ) {
        let lock = next(&with_ports(&one), None);
        let lock = next(&with_ports(&two), Some(&lock));
        for port in one.union(&two) {
            prop_assert!(lock.contains(&format!(" {port}/tcp ")), "{}", port);
        }
        prop_assert_eq!(next(&with_ports(&one), Some(&next(&with_ports(&one), Some(&lock)))), next(&with_ports(&one), Some(&lock)));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,200}|(# platform.lock version 1: x\n)?((handle|port) [ a-z0-9/:#\"\\\\]{0,40}\n){0,4}(# end of platform.lock\n)?") {
        let source = Source::new("platform.lock", text.as_str());
        let mut diagnostics = Diagnostics::new();
        ledger::read(&source, &mut diagnostics);
        for it in &diagnostics {
            let span = it.primary.as_ref().map(|label| label.span).unwrap_or_default();
            prop_assert!(source.text().get(span.start..span.end).is_some());
        }
    }
}

/// Each of ten thousand services takes the port of the next one. Quadratic work would make this test felt.
#[test]
fn ten_thousand_broken_promises_are_all_found() {
    let services = |count: u16, shift: u16| {
        let each = (0..count).map(|it| {
            let (host, port) = (
                ["pi", "studio"][usize::from(it % 2)],
                20_000 + it / 2 + shift,
            );
            format!("[services.s{it}]\nkind = \"searxng\"\nhost = \"{host}\"\nport = {port}\n")
        });
        HOME.to_owned() + &each.collect::<String>()
    };
    let lock = next(&services(10_000, 0), None);
    let changed = platform(&services(10_000, 1));
    let source = Source::new("platform.lock", lock);
    let found = compile::promises(&changed, Some(Known::of(&source)));
    assert_eq!(found.broken.len(), 10_000 + 9_998);
}
