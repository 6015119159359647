//! Foreign files: what is found in each, and whether the real LiteLLM sees them as we do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use homelab::cli::report::{self, Format, Style};
use homelab::compile;
use homelab::diagnostic::{Severity, Source};
use homelab::import::{self, Checked, Imported, Options, RULES, World};
use serde_json::Value as Json;

use crate::tools;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/import")
}

/// Every configuration of LiteLLM, by its name below the folder; what others include stands alone nowhere.
fn configs() -> BTreeMap<String, PathBuf> {
    let folder = cases().join("litellm");
    let mut found: BTreeMap<String, PathBuf> = fs::read_dir(&folder)
        .expect("the cases are there")
        .filter_map(|entry| {
            let path = entry.expect("readable").path();
            let name = path.file_stem()?.to_string_lossy().into_owned();
            path.is_file().then_some((name, path))
        })
        .collect();
    found.insert("included".to_owned(), folder.join("included/main.yaml"));
    found
}

fn source(path: &Path) -> Source {
    let name = path.file_name().expect("a file").to_string_lossy();
    Source::new(name, fs::read_to_string(path).expect("it is text"))
}

/// What is found in a file, which may include those beside it.
fn check(path: &Path) -> Checked {
    let folder = path.parent().expect("a folder");
    let read = |_: &str, name: &str| {
        let path = folder.join(name);
        path.is_file().then(|| source(&path))
    };
    import::check(
        &[source(path)],
        World {
            read: &read,
            exists: &|_, path| folder.join(path).exists(),
        },
    )
}

fn check_text(text: &str) -> Checked {
    let nothing = |_: &str, _: &str| None;
    import::check(
        &[Source::new("config.yaml", text)],
        World {
            read: &nothing,
            exists: &|_, _| false,
        },
    )
}

fn concise(checked: &Checked) -> String {
    let shown = checked.reports.iter().map(|it| {
        report::render(
            Format::Concise,
            &it.source,
            &it.diagnostics,
            &Style::default(),
        )
    });
    shown.collect()
}

/// The rules that were broken, once each.
fn broken(checked: &Checked) -> Vec<&'static str> {
    let found = checked.reports.iter().flat_map(|it| &it.diagnostics);
    let mut names: Vec<&str> = found.map(|it| it.rule.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn every_finding_in_every_configuration() {
    let mut all = String::new();
    for (name, path) in configs() {
        let checked = check(&path);
        let found = concise(&checked);
        let found = if found.is_empty() {
            "nothing\n".to_owned()
        } else {
            found
        };
        let verdict = checked.gateway.expect("it is a configuration of LiteLLM");
        let starts = if verdict.starts { "starts" } else { "refuses" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            all,
            "== {name}: {starts}, {} declared, live {:?}\n{found}",
            verdict.declared, verdict.live
        );
    }
    insta::assert_snapshot!("import-litellm", all);
}

#[test]
fn a_sound_configuration_gives_no_finding() {
    for (name, path) in configs() {
        if name.starts_with("sound-") {
            assert_eq!(concise(&check(&path)), "", "{name}");
        }
    }
}

#[test]
fn bad_examples_break_their_rule_and_no_other() {
    let mut seen = 0;
    for rule in RULES {
        let good = check_text(rule.good);
        assert_eq!(concise(&good), "", "{}: good", rule.name);
        if !rule.bad.is_empty() {
            seen += 1;
            assert_eq!(
                broken(&check_text(rule.bad)),
                [rule.name],
                "{}: bad",
                rule.name
            );
        }
    }
    assert!(seen > 15, "{seen}");
    assert!(RULES.is_sorted_by_key(|it| it.name));
    let of_platforms: Vec<&str> = homelab::compile::rules().map(|it| it.name).collect();
    for rule in RULES {
        assert!(
            !of_platforms.contains(&rule.name),
            "{} has two meanings",
            rule.name
        );
    }
}

/// Where we differ from the real LiteLLM, and why.
const EXPLAINED: &[(&str, &str)] = &[];

/// What the real LiteLLM makes of each file.
fn verdicts(files: &BTreeMap<String, PathBuf>) -> Option<BTreeMap<String, Json>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    if !python.is_file() {
        tools::skip("no target/venv with LiteLLM; tests/setup brings it");
        return None;
    }
    let output = Command::new(python)
        .arg(root.join("tests/real/judge_litellm.py"))
        .args(files.values())
        .output()
        .expect("python runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).expect("JSON");
    let answers: Vec<Json> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), files.len());
    Some(files.keys().cloned().zip(answers).collect())
}

#[test]
fn the_real_litellm_sees_each_configuration_as_we_do() {
    let files = configs();
    let Some(verdicts) = verdicts(&files) else {
        return;
    };
    let mut table = "| configuration | LiteLLM starts | we say | declared | live | we say | ignored keys it names | we say |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    let mut differ = Vec::new();
    for (name, path) in &files {
        let real = &verdicts[name];
        let ours = check(path);
        let verdict = ours.gateway.clone().expect("a verdict");
        let starts = real["fatal"].is_null();
        let live: Vec<&str> = real["live"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Json::as_str)
            .collect();
        // Of all sections only the router names the keys that it does not know.
        let logs = real["logs"].as_array().map_or(&[][..], Vec::as_slice);
        let named: Vec<&str> = logs
            .iter()
            .filter_map(|it| it[1].as_str()?.strip_prefix("Key '")?.split('\'').next())
            .collect();
        let ignored: Vec<&str> = ours
            .reports
            .iter()
            .flat_map(|it| it.diagnostics.iter().map(|found| (&it.source, found)))
            .filter(|(_, it)| ["ignored-setting", "misplaced-setting"].contains(&it.rule.name))
            .filter_map(|(source, it)| Some(source.words(it.primary.as_ref()?.span)))
            .collect();
        let declared = real["declared"].as_u64().unwrap_or_default();
        // What is refused is live nowhere.
        let same_live = !starts || live == verdict.live;
        let same_declared = !starts || declared == verdict.declared as u64;
        let all_named = named.iter().all(|it| ignored.contains(it));
        if starts != verdict.starts || !same_live || !same_declared || !all_named {
            differ.push(name.as_str());
        }
        let word = |it: bool| if it { "yes" } else { "no" };
        let _ = writeln!(
            table,
            "| {name} | {} | {} | {declared} | {} | {} | {} | {} |",
            word(starts),
            word(verdict.starts),
            live.len(),
            if verdict.starts {
                verdict.live.len()
            } else {
                0
            },
            named.join(" "),
            ignored.join(" "),
        );
    }
    insta::assert_snapshot!("import-verdicts", table);
    let explained: Vec<&str> = EXPLAINED.iter().map(|(name, _)| *name).collect();
    assert_eq!(differ, explained);
    assert!(files.len() >= 30, "{}", files.len());
}

/// The platform made of a file.
fn imported(path: &Path) -> Imported {
    let folder = path.parent().expect("a folder");
    let read = |_: &str, name: &str| {
        let path = folder.join(name);
        path.is_file().then(|| source(&path))
    };
    import::import(
        &[source(path)],
        &Options::default(),
        None,
        World {
            read: &read,
            exists: &|_, path| folder.join(path).exists(),
        },
    )
}

/// What could not be carried over, in words.
fn left(imported: &Imported) -> Vec<String> {
    let found = imported
        .checked
        .reports
        .iter()
        .flat_map(|it| &it.diagnostics);
    found
        .filter(|it| it.rule.name == "not-carried-over")
        .map(|it| it.message.clone())
        .collect()
}

/// Its `router.yaml`.
fn built(name: &str, text: &str) -> String {
    let checked = compile::check(&Source::new("platform.toml", text), None);
    let found = report::render(
        Format::Concise,
        &Source::new(name, text),
        &checked.diagnostics,
        &Style::default(),
    );
    // Who may reach the gateway, and with what key, is a decision that no import can make.
    let left_to_decide = ["keyless-gateway", "unapproved-exposure"];
    let mut errors = checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error);
    assert!(
        errors.all(|it| left_to_decide.contains(&it.rule.name)),
        "{name}:\n{found}\n{text}"
    );
    let platform = checked.platform.expect("a platform");
    let artifacts =
        compile::emit(&platform, &homelab::ledger::claims(&platform)).expect("artifacts");
    artifacts
        .find("litellm/router.yaml")
        .expect("a router")
        .text
        .clone()
}

#[test]
fn every_configuration_becomes_a_platform_that_builds() {
    let mut all = String::new();
    for (name, path) in configs() {
        let imported = imported(&path);
        built(&name, &imported.text);
        let left = left(&imported);
        let _ = writeln!(
            all,
            "== {name}\n{}\nleft: {left:#?}\nnotes: {:#?}\n",
            imported.text, imported.notes
        );
    }
    insta::assert_snapshot!("import-platforms", all);
}

/// Import, build, and ask the real LiteLLM about both: what was live is live, but for what is listed; settings hold.
#[test]
fn the_real_litellm_sees_the_same_before_and_after() {
    let files = configs();
    let folder = tempfile::tempdir().expect("a folder");
    let mut after = BTreeMap::new();
    for (name, path) in &files {
        let file = folder.path().join(format!("{name}.yaml"));
        fs::write(&file, built(name, &imported(path).text)).expect("writable");
        after.insert(name.clone(), file);
    }
    let (Some(before), Some(after)) = (verdicts(&files), verdicts(&after)) else {
        return;
    };
    let texts = |it: &Json| -> Vec<String> {
        let items = it.as_array().map_or(&[][..], Vec::as_slice);
        items
            .iter()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect()
    };
    let mut differ = Vec::new();
    for (name, path) in &files {
        let (was, is) = (&before[name], &after[name]);
        assert!(is["fatal"].is_null(), "{name}: {}", is["fatal"]);
        // What LiteLLM refused has no life to compare with.
        if !was["fatal"].is_null() {
            continue;
        }
        let left = left(&imported(path)).join("\n");
        let mut expected: Vec<String> = texts(&was["live"]);
        expected.extend(texts(&was["aliases"]));
        let gone = |name: &str| {
            let starts = [format!("deployment `{name}`"), format!("alias `{name}`")];
            left.lines()
                .any(|line| starts.iter().any(|it| line.starts_with(it)))
        };
        expected.retain(|it| !gone(it));
        expected.sort();
        let live = texts(&is["live"]);
        if live != expected {
            differ.push(format!("{name}: live {live:?}, expected {expected:?}"));
        }
        let checked = check(path);
        let found = checked
            .reports
            .iter()
            .flat_map(|it| it.diagnostics.iter().map(|found| (&it.source, found)));
        let named: Vec<&str> = found
            .filter(|(_, it)| it.rule.name == "misplaced-setting")
            .filter_map(|(source, it)| Some(source.words(it.primary.as_ref()?.span)))
            .collect();
        for part in ["router", "settings"] {
            let settings = was[part].as_object().expect("an object");
            for (key, value) in settings {
                let of = &is[part][key];
                // A setting that stood in the wrong section is carried to where it is read; a finding names it.
                let moved = named.contains(&key.as_str());
                let listed = moved || left.contains(key.as_str()) || same_list(of, value, &live);
                if of != value && !listed {
                    differ.push(format!("{name}: {key} is {of}, was {value}"));
                }
            }
        }
        let Some(fallbacks) = was["fallbacks"].as_object() else {
            continue;
        };
        for (from, to) in fallbacks {
            let to: Vec<String> = texts(to)
                .into_iter()
                .filter(|it| live.contains(it))
                .collect();
            let kept = texts(&is["fallbacks"][from]);
            if live.contains(from) && kept != to && !left.contains(&format!("from `{from}`")) {
                differ.push(format!(
                    "{name}: fallbacks of {from} are {kept:?}, were {to:?}"
                ));
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}

/// Whether a list differs only by names that lead nowhere.
fn same_list(is: &Json, was: &Json, live: &[String]) -> bool {
    let Some(was) = was.as_array() else {
        return false;
    };
    let text = serde_json::to_string(is).expect("JSON");
    was.iter().all(|it| {
        let word = it.as_str().unwrap_or_default();
        text.contains(word) || !live.iter().any(|it| it == word)
    })
}

/// All files of a folder and below it, in one import, by their names there.
fn home(folder: &str, options: &Options) -> Imported {
    let folder = cases().join(folder);
    let mut paths = vec![folder.clone()];
    let mut files = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let inner = fs::read_dir(&path).expect("the cases are there");
            paths.extend(inner.map(|entry| entry.expect("readable").path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    let sources = files.iter().map(|path| {
        let name = path.strip_prefix(&folder).expect("it is below");
        let text = fs::read_to_string(path).expect("it is text");
        Source::new(name.to_string_lossy(), text)
    });
    let sources: Vec<Source> = sources.collect();
    let world = World {
        read: &|_, _| None,
        exists: &|_, path| folder.join(path).exists(),
    };
    import::import(&sources, options, None, world)
}

#[test]
fn all_files_of_a_home_become_one_platform() {
    let on = |here: &str, hosts: &[(&str, &str)]| Options {
        here: Some(here.to_owned()),
        hosts: hosts
            .iter()
            .map(|(name, it)| ((*name).to_owned(), (*it).to_owned()))
            .collect(),
    };
    let mini = ("mini", "192.0.2.10");
    let studio = ("studio", "192.0.2.20");
    for (folder, options) in [
        ("home", on("mini", &[mini, studio])),
        ("mac", on("studio", &[studio])),
        ("other", on("mini", &[mini])),
        // A Compose file with its override, a unit with a drop-in, clients that keep MCP servers each in its way.
        ("layers", on("mini", &[mini])),
        ("rows", on("mini", &[mini])),
    ] {
        let imported = home(folder, &options);
        built(folder, &imported.text);
        let found = concise(&imported.checked);
        let shown = format!("{}\n{found}\nnotes: {:#?}", imported.text, imported.notes);
        insta::assert_snapshot!(format!("import-{folder}"), shown);
    }
}

#[test]
fn a_platform_that_is_there_is_added_to() {
    let before = "# mine\nversion = 1\nname = \"lab\"\n\n[policy]\ngateway = \"router\" # the one\n\n[networks.lan]\nkind = \"lan\"\n\n[hosts.mini]\nos = \"linux\"\naddresses = { lan = \"192.0.2.9\" }\n\n[services.router]\nkind = \"litellm\"\nhost = \"mini\"\nport = 4000\n";
    let file = Source::new("platform.toml", before);
    let mut diagnostics = homelab::diagnostic::Diagnostics::new();
    let document = homelab::syntax::parse(&file, &mut diagnostics).expect("it is TOML");
    let config = source(&cases().join("litellm/sound-ollama.yaml"));
    let world = World {
        read: &|_, _| None,
        exists: &|_, _| false,
    };
    let once = import::import(
        std::slice::from_ref(&config),
        &Options::default(),
        Some(&document),
        world,
    );
    assert!(once.text.starts_with(before.trim_end()), "{}", once.text);
    assert!(once.text.contains("[services.ollama]"), "{}", once.text);
    assert!(
        !once.text[before.len()..].contains("[services.litellm]"),
        "{}",
        once.text
    );
    built("added", &once.text);
    let file = Source::new("platform.toml", once.text.clone());
    let document = homelab::syntax::parse(&file, &mut diagnostics).expect("it is TOML");
    let again = import::import(&[config], &Options::default(), Some(&document), world);
    assert_eq!(again.text, once.text);
}

#[test]
fn a_unit_that_listens_on_the_address_of_another_machine_is_found() {
    let unit = "[Service]\nExecStart=/bin/server --host 192.0.2.20 --port 9000\n";
    let options = Options {
        here: Some("mini".to_owned()),
        hosts: vec![
            ("mini".to_owned(), "192.0.2.10".to_owned()),
            ("studio".to_owned(), "192.0.2.20".to_owned()),
        ],
    };
    let world = World {
        read: &|_, _| None,
        exists: &|_, _| false,
    };
    let imported = import::import(
        &[Source::new("server.service", unit)],
        &options,
        None,
        world,
    );
    assert!(broken(&imported.checked).contains(&"foreign-bind"));
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// A file with some of its bytes, lines or words changed.
fn broken_file(text: &str, chance: &mut Chance) -> String {
    let pieces = [
        "\t",
        "\n",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "{",
        "]",
        "\"",
        "'",
        "|",
        "!x ",
        "%",
        "\\",
        "\u{0}",
        "\u{202e}",
        "é",
        "os.environ/",
        "22:22",
        "~",
        "---\n",
        "[Service]\n",
        "</dict>",
        "<key>",
        "${",
        "=",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(4) {
            0 => drop(bytes.splice(at..at, pieces[chance.below(pieces.len())].bytes())),
            1 => bytes.truncate(at),
            2 => {
                let end = (at + chance.below(40)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = chance.below(bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            _ => {
                let end = (at + chance.below(20)).min(bytes.len());
                drop(bytes.splice(at..end, []));
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Found by fuzzing: the fix of an unquoted value had the value in its edit.
#[test]
fn the_fix_of_a_value_that_is_a_key_does_not_hold_the_key() {
    let canary = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
    let text = format!("[mcp_servers.fetch]\ncommand = {canary}\nargs = ey: {canary}X\n");
    let checked = check_text(&text);
    let found = &checked.reports[0];
    assert!(found.diagnostics.has_errors());
    let json = report::render(
        Format::Json,
        &found.source,
        &found.diagnostics,
        &Style::default(),
    );
    assert!(!json.contains(canary), "{json}");
}

/// Found by fuzzing: a line that is no YAML was shown with the key in the middle of a word of it.
#[test]
fn a_key_that_is_glued_to_other_words_is_not_shown() {
    let canary = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
    for line in [
        format!("api_base{canary}"),
        format!("api_base:0{canary}MLX_API_BASE"),
    ] {
        let text = format!(
            "model_list:\n  - model_name: m\n    litellm_params:\n      model: x/y\n      {line}\ngeneral_settings:\n"
        );
        let checked = check_text(&text);
        let found = &checked.reports[0];
        let style = Style::default();
        let full = report::render(Format::Full, &found.source, &found.diagnostics, &style);
        assert!(
            full.contains("yaml-syntax") && !full.contains(canary),
            "{full}"
        );
    }
}

/// Found by fuzzing: a note about one variable was shown with the line below it, where a quote was never closed.
#[test]
fn a_key_beside_the_line_that_is_meant_is_not_shown() {
    let canary = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
    let text = format!("PORT=4000\nexport MLX_API_BASE=\"http: {canary}X\n");
    let world = World {
        read: &|_, _| None,
        exists: &|_, _| false,
    };
    let sources = [Source::new("gate.env", text)];
    let imported = import::import(&sources, &Options::default(), None, world);
    let found = &imported.checked.reports[0];
    let style = Style::default();
    let full = report::render(Format::Full, &found.source, &found.diagnostics, &style);
    assert!(
        full.contains("not-carried-over") && !full.contains(canary),
        "{full}"
    );
}

/// Found by fuzzing: a command was carried over with a key in the midst of its name.
#[test]
fn a_platform_has_no_key_in_it_wherever_it_stood() {
    let canary = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
    let text = format!("[Unit]\nDescription=Speech\n[Service]\nExecStart=/opt/bi{canary}X serve\n");
    let world = World {
        read: &|_, _| None,
        exists: &|_, _| false,
    };
    let sources = [Source::new("speech.service", text)];
    let imported = import::import(&sources, &Options::default(), None, world);
    let written = "run.command = [\"/opt/FILL_ME_IN\", \"serve\"]";
    assert!(imported.text.contains(written), "{}", imported.text);
    assert!(!imported.text.contains(canary), "{}", imported.text);
    assert!(
        imported.notes.iter().any(|it| it.contains("FILL_ME_IN")),
        "{:?}",
        imported.notes
    );
    // What nobody filled in is an error.
    let checked = compile::check(&Source::new("platform.toml", imported.text), None);
    let found = checked
        .diagnostics
        .iter()
        .any(|it| it.rule.name == "placeholder");
    assert!(found, "{:?}", checked.diagnostics);
}

/// Any bytes as any of the formats: an answer, places that lie in the text, and no key in any output.
#[test]
fn broken_files_get_an_answer_and_show_no_key() {
    let canary = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
    let folders = ["litellm", "home", "mac", "other", "layers", "rows"];
    let mut texts = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(cases().join(folder)).expect("the cases are there") {
            let path = entry.expect("readable").path();
            if path.is_file() {
                let text = fs::read_to_string(path).expect("text");
                texts.push(text.replace("os.environ/", canary).replace("none", canary));
            }
        }
    }
    texts.sort();
    let world = World {
        read: &|_, _| None,
        exists: &|_, _| false,
    };
    let mut chance = Chance(7);
    for _ in 0..40 {
        for text in &texts {
            let text = broken_file(text, &mut chance);
            let source = Source::new("config.yaml", text.clone());
            let imported = import::import(&[source], &Options::default(), None, world);
            for found in &imported.checked.reports {
                for diagnostic in &found.diagnostics {
                    let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
                    for label in labels {
                        let range = label.span.start..label.span.end;
                        assert!(
                            found.source.text().get(range).is_some(),
                            "{}: {text}",
                            diagnostic.rule.name
                        );
                    }
                }
                for format in [Format::Full, Format::Concise, Format::Json] {
                    let shown = report::render(
                        format,
                        &found.source,
                        &found.diagnostics,
                        &Style::default(),
                    );
                    assert!(!shown.contains(canary), "{shown}\n{text}");
                }
            }
            assert!(!imported.text.contains(canary), "{}\n{text}", imported.text);
            assert!(!imported.notes.join("").contains(canary), "{text}");
        }
    }
}
