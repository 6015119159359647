//! `homelab sync`: what a server has against what the file says, from lists on the disk and from scripted servers.

use std::fs;

use crate::status::world::{Home, Ran, Says, Server, dead_port};

/// A platform with an Ollama and a machine that has a port for each model.
fn platform(ollama: u16, range: (u16, u16)) -> String {
    let (first, last) = range;
    let excuse = if ollama.max(last) < 32768 {
        ""
    } else {
        "lint.levels.ephemeral-port = { level = \"allow\", reason = \"The ports are those of a test.\" }\n"
    };
    format!(
        r#"# Mine, and my words stay.
version = 1
name = "lab"
policy.gateway = "gate"
{excuse}
[hosts.box]
os = "linux"
addresses.lan = "127.0.0.1"

[networks.lan]
kind = "lan"

[services.gate]
kind = "litellm"
host = "box"
port = 4000

[services.ollama]
kind = "ollama"
host = "box"
port = {ollama}
env.OLLAMA_CONTEXT_LENGTH = "8192"

[services.slots]
kind = "mlx"
host = "box"
ports = {{ team = {{ range = "{first}-{last}" }} }}
run.directory = "/opt/slots"

# The models of Ollama.
[models."qwen3:8b"]
service = "ollama"   # the large one

[models.small]
service = "ollama"
served_as = "gemma3:1b"

[models.mlx-one]
service = "slots"
port = {first}
repo = "team/one"
# One is enough.

[handles."qwen3:8b"]
[handles.small]
[handles.mlx-one]
"#
    )
}

fn home() -> Home {
    Home::of(&platform(11434, (8100, 8103)))
}

/// Runs `homelab sync`, and returns what it printed; the file is sound before and after.
fn sync(home: &Home, code: i32, arguments: &[&str]) -> Ran {
    let ran = home.homelab(&[&["sync"], arguments].concat());
    assert_eq!(ran.code, code, "{ran:?}");
    let lint = home.homelab(&["lint", "--deny-warnings"]);
    assert_eq!(lint.code, 0, "{}\n{}", ran.out, lint.out);
    ran
}

fn list(home: &Home, text: &str) {
    fs::write(home.path("list.json"), text).expect("the folder is ours");
}

fn text(home: &Home) -> String {
    fs::read_to_string(home.path("platform.toml")).expect("it is there")
}

const OLLAMA: &str = r#"{"models": [
  {"name": "qwen3:8b", "size": 1, "digest": "a"},
  {"name": "gemma3:1b", "size": 1, "digest": "b"}
]}"#;

#[test]
fn a_server_that_has_what_the_file_says_is_told_so() {
    let home = home();
    list(&home, OLLAMA);
    for word in [&["--write"][..], &[]] {
        let ran = sync(
            &home,
            0,
            &[&["ollama", "--from", "list.json"], word].concat(),
        );
        assert_eq!(ran.out, "ollama has what the file says\n");
        assert_eq!(text(&home), platform(11434, (8100, 8103)));
    }
}

#[test]
fn a_new_model_stands_behind_its_neighbours_with_a_handle() {
    let home = home();
    let before = text(&home);
    let table = "NAME              ID    SIZE    MODIFIED\nqwen3:8b          a     5 GB    today\ngemma3:1b         b     1 GB    today\nmistral:7b        c     4 GB    today\n";
    list(&home, table);
    let arguments = ["ollama", "--from", "list.json"];
    let ran = sync(&home, 1, &arguments);
    assert!(ran.out.contains("+[models.\"mistral:7b\"]"), "{}", ran.out);
    assert!(ran.out.ends_with("`--write` writes it\n"), "{}", ran.out);
    assert_eq!(text(&home), before, "nothing is written without --write");
    sync(&home, 0, &["ollama", "--from", "list.json", "--write"]);
    let expected = before
        .replace(
            "served_as = \"gemma3:1b\"\n",
            "served_as = \"gemma3:1b\"\n\n[models.\"mistral:7b\"]\nservice = \"ollama\"\n",
        )
        .replace(
            "[handles.small]\n",
            "[handles.small]\n[handles.\"mistral:7b\"]\n",
        );
    assert_eq!(text(&home), expected);
    sync(&home, 0, &arguments);
}

#[test]
fn facts_of_ollama_are_written_down() {
    let home = home();
    let more = r#"{"name": "nomic-embed-text:latest", "size": 1, "digest": "c", "details": {"family": "nomic-bert", "parameter_size": "137M", "quantization_level": "F16"}},
      {"name": "gpt-oss:120b-cloud", "size": 1, "digest": "d", "remote_host": "https://ollama.com:443"}"#;
    list(&home, &OLLAMA.replace("\n]}", &format!(",\n{more}\n]}}")));
    let ran = sync(&home, 1, &["ollama", "--from", "list.json", "--write"]);
    let added = "[models.nomic-embed-text]\nservice = \"ollama\"\nmode = \"embedding\"\nparameters = \"137M\"\nquantisation = \"f16\"\n";
    assert!(text(&home).contains(added), "{}", text(&home));
    assert!(
        ran.out.contains("would send prompts to the internet"),
        "{}",
        ran.out
    );
    assert!(!text(&home).contains("120b-cloud"), "{}", text(&home));
}

#[test]
fn a_model_that_is_gone_is_retired_with_its_handle() {
    let home = home();
    home.homelab(&["build"]);
    let before = text(&home);
    list(
        &home,
        r#"{"models": [{"name": "qwen3:8b", "size": 1, "digest": "a"}]}"#,
    );
    sync(&home, 0, &["ollama", "--from", "list.json", "--write"]);
    let expected = before
        .replace("[models.small]\n", "[models.small]\nstate = \"retired\"\n")
        .replace("[handles.small]\n", "")
        + "\n[[retired]]\nhandle = \"small\"\nreason = \"ollama no longer has its model\"\n";
    assert_eq!(text(&home), expected);
    assert_eq!(home.homelab(&["build"]).code, 0);
    // It is back: a promise that was withdrawn is no business of ours.
    list(&home, OLLAMA);
    let ran = sync(&home, 1, &["ollama", "--from", "list.json", "--write"]);
    assert!(
        ran.out
            .contains("`small` is retired in the file and still there"),
        "{}",
        ran.out
    );
    assert_eq!(text(&home), expected);
}

#[test]
fn what_others_still_need_is_left_to_the_owner() {
    let home = home();
    let needed = text(&home).replace(
        "[handles.\"qwen3:8b\"]\n",
        "[handles.\"qwen3:8b\"]\nfallbacks = [\"small\"]\n",
    );
    fs::write(home.path("platform.toml"), &needed).expect("the folder is ours");
    let new = r#"{"models": [{"name": "qwen3:8b", "size": 1, "digest": "a"}, {"name": "new", "size": 1, "digest": "a"}]}"#;
    list(&home, new);
    let ran = sync(&home, 1, &["ollama", "--from", "list.json", "--write"]);
    assert!(
        ran.out.contains("`small` is not there any more: "),
        "{}",
        ran.out
    );
    assert!(text(&home).contains("[models.new]"), "the rest is done");
    assert!(!text(&home).contains("retired"), "{}", text(&home));
    // An empty list may be a server that has just begun.
    list(&home, r#"{"models": []}"#);
    let ran = sync(&home, 1, &["ollama", "--from", "list.json"]);
    assert!(ran.out.contains("nothing is retired for it"), "{}", ran.out);
}

#[test]
fn a_planned_model_that_is_there_becomes_live() {
    let home = home();
    let planned = text(&home).replace(
        "served_as = \"gemma3:1b\"\n",
        "served_as = \"gemma3:1b\"\nstate = \"planned\" # soon\n",
    );
    fs::write(home.path("platform.toml"), &planned).expect("the folder is ours");
    list(&home, OLLAMA);
    sync(&home, 0, &["ollama", "--from", "list.json", "--write"]);
    assert_eq!(text(&home), planned.replace("\"planned\"", "\"live\""));
}

#[test]
fn a_registry_gives_ports_and_the_file_holds() {
    let home = home();
    let before = text(&home);
    let registry = r#"{"version": 1, "models": [
      {"model_id": "mlx-one", "repo_id": "team/uno", "port": 8103, "host": "box"},
      {"model_id": "mlx-two", "repo_id": "team/two", "port": 8102, "host": "box", "max_output_tokens": 4096, "boot": true},
      {"model_id": "mlx-three", "repo_id": "team/three", "port": 8100},
      {"model_id": "mlx-four", "repo_id": "team/four"},
      {"model_id": "mlx-five", "repo_id": "team/five"},
      {"model_id": "other", "repo_id": "team/other", "service": "ollama"}
    ]}"#;
    list(&home, registry);
    let ran = sync(&home, 1, &["mlx", "--from", "list.json", "--write"]);
    for told in [
        "`mlx-one` is on port 8103, and the file says 8100",
        "`repo` of `mlx-one` is \"team/uno\" there, and the file says \"team/one\"",
        "`mlx-five` is new: no port of the service's ranges is free",
    ] {
        assert!(ran.out.contains(told), "{}", ran.out);
    }
    let added = "# One is enough.\n\n[models.mlx-two]\nservice = \"slots\"\nport = 8102\nboot = true\nmax_output_tokens = 4096\nrepo = \"team/two\"\n\n[models.mlx-three]\nservice = \"slots\"\nport = 8101\nrepo = \"team/three\"\n\n[models.mlx-four]\nservice = \"slots\"\nport = 8103\nrepo = \"team/four\"\n";
    assert!(text(&home).contains(added), "{}", text(&home));
    assert!(!text(&home).contains("other"), "{}", text(&home));
    let handles = "[handles.mlx-one]\n[handles.mlx-two]\n[handles.mlx-three]\n[handles.mlx-four]\n";
    assert!(text(&home).ends_with(handles), "{}", text(&home));
    assert!(text(&home).starts_with(before.split("# One").next().expect("a part")));
}

#[test]
fn names_follow_the_policy_or_no_handle_is_made() {
    let home = home();
    let policy = "policy.gateway = \"gate\"\npolicy.naming.\"mlx-\" = { kinds = [\"mlx\"], form = \"mlx-<family>-<params>\" }\n";
    let strict = text(&home)
        .replace("policy.gateway = \"gate\"\n", policy)
        .replace("[models.mlx-one]", "[models.mlx-one-1b]")
        .replace("[handles.mlx-one]", "[handles.mlx-one-1b]");
    fs::write(home.path("platform.toml"), &strict).expect("the folder is ours");
    let registry = r#"{"models": [
      {"model_id": "mlx-one-1b", "repo_id": "team/one", "port": 8100},
      {"model_id": "team/Qwen3-8B", "repo_id": "team/Qwen3-8B"},
      {"model_id": "mlx-odd", "repo_id": "team/odd"}
    ]}"#;
    list(&home, registry);
    let ran = sync(&home, 1, &["slots", "--from", "list.json", "--write"]);
    let named = "[models.mlx-qwen3-8b]\nservice = \"slots\"\nport = 8101\nrepo = \"team/Qwen3-8B\"\nserved_as = \"team/Qwen3-8B\"\n";
    assert!(text(&home).contains(named), "{}", text(&home));
    assert!(text(&home).contains("[handles.mlx-qwen3-8b]\n"));
    assert!(
        ran.out.contains("`mlx-odd` gets no handle: "),
        "{}",
        ran.out
    );
    assert!(text(&home).contains("[models.mlx-odd]"));
    assert!(!text(&home).contains("[handles.mlx-odd]"));
}

#[test]
fn a_scheme_names_the_handle() {
    let home = home();
    let scheme = "[policy.scheme]\nform = \"<size>-<name>\"\n\n[policy.scheme.parts.size]\nsays = \"parameters\"\nfrom = { S = \"1B\", L = \"20B\" }\n\n[hosts.box]";
    let schemed = text(&home)
        .replace("[hosts.box]", scheme)
        .replace(
            "served_as = \"gemma3:1b\"",
            "served_as = \"gemma3:1b\"\nparameters = \"1B\"",
        )
        .replace(
            "[handles.\"qwen3:8b\"]",
            "[handles.S-qwen]\nmodel = \"qwen3:8b\"",
        )
        .replace("# the large one", "\nparameters = \"8B\"")
        .replace("[handles.small]", "[handles.S-small]\nmodel = \"small\"")
        .replace("\n[handles.mlx-one]", "")
        .replace(
            "\n[models.mlx-one]",
            "\n[models.mlx-one]\nstate = \"planned\"",
        );
    fs::write(home.path("platform.toml"), &schemed).expect("the folder is ours");
    let more =
        r#"{"name": "big:27b", "size": 1, "digest": "c", "details": {"parameter_size": "27.4B"}}"#;
    list(&home, &OLLAMA.replace("\n]}", &format!(",\n{more}\n]}}")));
    sync(&home, 0, &["ollama", "--from", "list.json", "--write"]);
    let named = "[handles.L-big-27b]\nmodel = \"big:27b\"\n";
    assert!(text(&home).contains(named), "{}", text(&home));
}

#[test]
fn hostile_lists_change_nothing_and_show_nothing() {
    let home = home();
    let before = text(&home);
    let key = concat!("sk", "-kheti-9f86d081884c7d659a2feaa0c55ad015");
    let long = "x".repeat(5000);
    let names = [
        "",
        " ",
        "../../etc/passwd",
        "a/../b",
        "-rf",
        "a b",
        "a\\nb",
        "a\\u001b[2Jb",
        "\\u202egpj",
        "]\\n[hosts.evil]",
        "\\\"",
        "${HOME}",
        "__proto__",
        "🦀",
        key,
        &long,
    ];
    let rows: Vec<String> = names
        .iter()
        .map(|it| format!(r#"{{"name": "{it}", "size": 1, "digest": "a"}}"#))
        .collect();
    list(
        &home,
        &OLLAMA.replace("\n]}", &format!(",\n{}\n]}}", rows.join(",\n"))),
    );
    let ran = sync(&home, 1, &["ollama", "--from", "list.json", "--write"]);
    assert_eq!(text(&home), before, "{}", ran.out);
    assert!(
        !ran.out.contains(|it: char| it != '\n' && it.is_control()),
        "{}",
        ran.out
    );
    assert!(
        !ran.out.contains(&long) && !ran.out.contains('\u{202e}'),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains(key), "{}", ran.out);
    let facts = format!(
        r#"{{"models": [
      {{"model_id": "mlx-one", "repo_id": "team/one", "port": 8100}},
      {{"model_id": "mlx-a", "repo_id": "https://user:hunter2hunter2@example.org/x"}},
      {{"model_id": "mlx-b", "repo_id": "{key}", "source_path": "/tmp/{key}"}},
      {{"model_id": "mlx-c", "repo_id": "a\nb\u001b[0m", "port": 99999999}},
      {{"model_id": "mlx-d", "repo_id": "team/d", "port": -1, "context_length": 9223372036854775807, "boot": "yes"}}
    ]}}"#
    );
    list(&home, &facts);
    let ran = home.homelab(&["sync", "slots", "--from", "list.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        !ran.out.contains(key) && !ran.out.contains("hunter2"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
    sync(&home, 1, &["slots", "--from", "list.json", "--write"]);
}

#[test]
fn files_of_an_unusual_form_are_left_as_they_are() {
    let home = home();
    let inline = platform(11434, (8100, 8103))
        .replace(
            "[models.\"qwen3:8b\"]\nservice = \"ollama\"   # the large one\n\n[models.small]\nservice = \"ollama\"\nserved_as = \"gemma3:1b\"\n",
            "[models]\n\"qwen3:8b\" = { service = \"ollama\" }\nsmall = { service = \"ollama\", served_as = \"gemma3:1b\" }\n",
        )
        .replace("[handles.small]\n", "")
        .replace('\n', "\r\n");
    fs::write(home.path("platform.toml"), &inline).expect("the folder is ours");
    list(
        &home,
        r#"{"models": [{"name": "qwen3:8b", "size": 1, "digest": "a"}, {"name": "new:1b", "size": 1, "digest": "a"}]}"#,
    );
    sync(&home, 0, &["ollama", "--from", "list.json", "--write"]);
    let text = text(&home);
    assert!(
        text.contains("small = { state = \"retired\", service"),
        "{text}"
    );
    assert!(
        text.contains("\r\n[models.\"new:1b\"]\r\nservice = \"ollama\"\r\n"),
        "{text}"
    );
    assert!(!text.replace("\r\n", "").contains('\n'), "{text}");
}

#[test]
fn ollama_is_asked_itself() {
    let server = Server::at("127.0.0.1").well("/api/tags", OLLAMA);
    let home = Home::of(&platform(server.port(), (8100, 8103)));
    let ran = sync(&home, 0, &["ollama", "--here", "box"]);
    assert_eq!(ran.out, "ollama has what the file says\n");
    assert!(
        server
            .heads()
            .iter()
            .all(|it| it.starts_with("GET /api/tags "))
    );
    for (says, why) in [
        (Says::This(500, String::new()), "answered 500"),
        (
            Says::This(200, "<html>".to_owned()),
            "`ollama` does not say what it has",
        ),
        (Says::Bye, "hung up"),
        (Says::Nothing, "no answer within 0.2 s"),
    ] {
        server.set("/api/tags", says);
        let ran = sync(
            &home,
            2,
            &["ollama", "--here", "box", "--timeout", "0.2", "--write"],
        );
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

#[test]
fn a_server_on_the_loopback_of_another_host_is_not_asked() {
    let server = Server::at("127.0.0.1").well("/api/tags", OLLAMA);
    let home = Home::of(&platform(server.port(), (8100, 8103)));
    let ran = sync(&home, 2, &["ollama"]);
    assert_eq!(
        ran.err,
        "error: `ollama` does not say what it has: it listens on another host's loopback alone\n  help: run this on `box`, with `--here box` when the machine has another name, or give its list with `--from FILE`\n"
    );
    assert!(server.heads().is_empty());
}

#[test]
fn each_port_of_a_range_is_asked() {
    let (one, two) = loop {
        // The ports of a range are neighbours.
        let one = Server::at("127.0.0.1");
        if let Some(two) = one
            .port()
            .checked_add(1)
            .and_then(|it| Server::on("127.0.0.1", it))
        {
            break (one, two);
        }
    };
    let range = (one.port(), two.port());
    let home = Home::of(&platform(dead_port("127.0.0.1"), range));
    one.lists(&["mlx-one"]);
    two.lists(&["mlx-two"]);
    let ran = home.homelab(&["sync", "mlx", "--here", "box"]);
    // Where its weights are nobody said, and only the owner knows.
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("`mlx-two` is new: "), "{}", ran.out);
    two.set("/v1/models", Says::This(503, String::new()));
    let ran = sync(&home, 0, &["mlx", "--here", "box"]);
    assert!(ran.err.contains("answered 503"), "{ran:?}");
    one.lists(&["mlx-two"]);
    let ran = sync(&home, 1, &["mlx", "--here", "box", "--write"]);
    assert!(
        ran.out.contains("`mlx-two` is new: it answers on port"),
        "{}",
        ran.out
    );
}

#[test]
fn wrong_use_is_told() {
    let home = home();
    for (arguments, why) in [
        (&["olama"][..], "did you mean `ollama`?"),
        (&["gate"], "serves no models of its own"),
        (&["mlx", "--range", "tean"], "did you mean `team`?"),
        (
            &["ollama", "--from", "nowhere.json"],
            "cannot read `nowhere.json`",
        ),
        (
            &["ollama", "--from", "platform.toml"],
            "cannot read `platform.toml`",
        ),
    ] {
        let ran = sync(&home, 2, arguments);
        assert!(ran.err.contains(why), "{}", ran.err);
    }
    fs::write(home.path("platform.toml"), "version = 1\nname = 3\n").expect("the folder is ours");
    assert_eq!(home.homelab(&["sync", "ollama"]).code, 1);
}
