//! Every difference between file and world, and that there is none where nothing differs.

use std::fs;

use super::world::{Home, Says, Server, dead_port};

/// A gateway with two processes of one model each, a server of many models, and a tool for its own host.
struct Lab {
    gate: Server,
    one: Server,
    two: Server,
    many: Server,
    tool: Server,
    /// A port that is set aside.
    spare: Server,
}

const BOX: &str = "127.0.0.41";
const MAC: &str = "127.0.0.42";

impl Lab {
    fn well() -> Self {
        let readiness = "/health/readiness";
        let details = r#"{"status": "connected", "litellm_version": "1.106.2"}"#;
        let lab = Self {
            gate: Server::at("127.0.0.1")
                .well(readiness, "{}")
                .well("/health/readiness/details", details),
            one: Server::at(MAC),
            two: Server::at(MAC),
            many: Server::at("127.0.0.1")
                .well("/api/tags", "{}")
                .well("/api/version", r#"{"version": "0.12.3"}"#),
            tool: Server::at("127.0.0.1").well("/healthz", "OK"),
            spare: Server::at("127.0.0.1"),
        };
        lab.gate.lists(&["one", "two", "small"]);
        lab.one.lists(&["one"]);
        lab.two.lists(&["two-as-served"]);
        lab.many.lists(&["small:latest"]);
        lab
    }

    fn text(&self, spare: u16) -> String {
        let Self {
            gate,
            one,
            two,
            many,
            tool,
            ..
        } = self;
        let (gate, one, two) = (gate.port(), one.port(), two.port());
        let (many, tool) = (many.port(), tool.port());
        let approval =
            r#"approval = { reason = "others call it", by = "the owner", when = "2026-11-21" }"#;
        format!(
            r#"
version = 1
name = "lab"
[policy]
gateway = "gate"
prefer = ["lan"]
[networks.lan]
kind = "lan"
[hosts.box]
os = "linux"
addresses = {{ lan = "{BOX}" }}
checkout = "/srv/the lab"
user = "ada"
[hosts.mac]
os = "macos"
addresses = {{ lan = "{MAC}" }}
user = "grace"
[secrets.key]
generate = {{ bytes = 16 }}
[services.gate]
kind = "litellm"
host = "box"
port = {gate}
folder = "gate"
program_version = ">=1.100,<2"
[services.gate.env]
LITELLM_PROXY_KEY = {{ secret = "key" }}
[gateway]
key = {{ env = "LITELLM_PROXY_KEY" }}
[services.tool]
kind = "searxng"
host = "box"
port = {tool}
health = [{{ path = "/healthz" }}]
folder = "tool"
[services.spare]
kind = "generic"
host = "box"
port = {spare}
state = "planned"
[services.many]
kind = "ollama"
host = "box"
port = {many}
managed_by = "package"
program_version = "0.12.3"
[services.mlx]
kind = "mlx"
host = "mac"
bind = "all"
{approval}
run.directory = "/opt/mlx"
run.label = "org.example.mlx"
[services.mlx.ports]
first = {{ range = "{one}-{one}" }}
second = {{ range = "{two}-{two}" }}
[models.one]
service = "mlx"
port = {one}
repo = "a/one"
boot = true
[models.two]
service = "mlx"
port = {two}
repo = "a/two"
served_as = "two-as-served"
boot = true
[models.small]
service = "many"
[handles.one]
[handles.two]
[handles.small]
"#
        )
    }

    /// What `homelab status` finds, seen from the box.
    fn check(&self, spare: u16, expected: &[(&str, &str, &str)]) {
        let home = Home::of(&self.text(spare));
        let key = home.path("key");
        std::fs::write(&key, "sk-canary\n").expect("it is ours");
        let key = key.display().to_string();
        let ran = home.status(&["--here", "box", "--key-file", &key, "--timeout", "5"]);
        let drift = ran.drift();
        let drift: Vec<_> = drift
            .iter()
            .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
            .collect();
        assert_eq!(drift, expected, "{}", ran.out);
        let agrees = expected.is_empty();
        assert_eq!(ran.json()["agrees"], agrees);
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (i32::from(!agrees), ""),
            "{}",
            ran.out
        );
        assert!(!ran.out.contains("canary"), "{}", ran.out);
    }

    fn finds(&self, cause: &str, service: &str, what: &str) {
        self.check(dead_port("127.0.0.1"), &[(cause, service, what)]);
    }
}

#[test]
fn nothing_is_found_where_nothing_differs() {
    let lab = Lab::well();
    lab.check(dead_port("127.0.0.1"), &[]);
    let asked = lab.gate.heads();
    let list = asked.iter().find(|it| it.starts_with("GET /v1/models "));
    let list = list.expect("it was asked for its models");
    assert!(
        list.contains("\r\nAuthorization: Bearer sk-canary"),
        "{list}"
    );
    // The health that loads models is none that is asked.
    assert!(
        asked.iter().all(|it| !it.starts_with("GET /health ")),
        "{asked:?}"
    );
}

#[test]
fn what_does_not_answer_is_found() {
    let lab = Lab::well();
    let text = lab.text(dead_port("127.0.0.1"));
    let old = format!("port = {}", lab.tool.port());
    let dead = format!("port = {}", dead_port("127.0.0.1"));
    let home = Home::of(&text.replace(&old, &dead));
    let ran = home.status(&["--here", "box", "--host", "box"]);
    let (cause, service, what) = ran.drift().remove(0);
    assert_eq!(
        (cause.as_str(), service.as_str(), what.as_str()),
        ("dead", "tool", "tool: nothing listens there")
    );
    assert_eq!(
        ran.json()["drift"][0]["command"],
        "sudo systemctl restart -- tool.service"
    );
    assert_eq!(ran.code, 1);

    lab.tool.set("/healthz", Says::This(503, String::new()));
    lab.finds("sick", "tool", "tool: it answered 503 in place of 200");
    lab.tool.set("/healthz", Says::Bye);
    lab.finds("sick", "tool", "tool: it hung up without an answer");
    lab.tool.set("/healthz", Says::Nothing);
    let home = Home::of(&text);
    let ran = home.status(&["--here", "box", "--timeout", "0.5"]);
    let found = ran.drift();
    let slow = ("slow", "tool", "tool: no answer within 0.5 s");
    let slow = (slow.0.to_owned(), slow.1.to_owned(), slow.2.to_owned());
    assert!(found.contains(&slow), "{found:?}");
}

#[test]
fn a_host_that_is_away_is_told_once() {
    let lab = Lab::well();
    let text = lab.text(dead_port("127.0.0.1")).replace(MAC, "127.0.0.43");
    let ran = Home::of(&text).status(&["--here", "box", "--host", "mac"]);
    let what = "nothing on mac answers".to_owned();
    assert_eq!(ran.drift(), [("host-away".to_owned(), String::new(), what)]);
    assert_eq!(ran.json()["counts"]["sick"], 2);
    assert_eq!(
        ran.json()["drift"][0]["command"],
        "ssh grace@127.0.0.43 uptime"
    );
}

#[test]
fn a_gateway_that_knows_other_names_is_found() {
    let lab = Lab::well();
    lab.gate.lists(&["one", "small", "two"]);
    lab.check(dead_port("127.0.0.1"), &[]);
    lab.gate.lists(&["one", "small"]);
    let what = "the gateway does not know the handle `two`";
    lab.finds("missing-handle", "gate", what);
    lab.gate.lists(&["one", "small", "two", "gpt-4\u{1b}[2J"]);
    let what = "the gateway serves `gpt-4[2J`, which is no handle";
    lab.finds("undeclared-handle", "gate", what);
    lab.gate
        .set("/v1/models", Says::This(200, "<html>".to_owned()));
    lab.finds("no-list", "gate", "gate: its answer is no list of models");
}

#[test]
fn a_wrong_model_and_one_too_many_are_found() {
    let lab = Lab::well();
    lab.two.lists(&["two"]);
    let what = "mlx does not answer to `two-as-served`, which is sent for the model `two`";
    lab.finds("wrong-model", "mlx", what);
    lab.two.lists(&["two-as-served", "stray"]);
    let what = "mlx serves `stray`, which no model of it is";
    lab.finds("undeclared-model", "mlx", what);
    lab.two.lists(&["two-as-served"]);
    lab.many.lists(&["small:latest", "big:70b"]);
    let what = "many serves `big:70b`, which no model of it is";
    lab.finds("undeclared-model", "many", what);
    lab.many.lists(&["small:4b"]);
    let missing = "many does not answer to `small`, which is sent for the model `small`";
    let extra = "many serves `small:4b`, which no model of it is";
    let expected = [
        ("wrong-model", "many", missing),
        ("undeclared-model", "many", extra),
    ];
    lab.check(dead_port("127.0.0.1"), &expected);
}

#[test]
fn a_list_of_ten_thousand_strays_is_told_in_short() {
    let lab = Lab::well();
    let names: Vec<String> = (0..10_000).map(|it| format!("stray-{it:05}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.extend(["one", "two", "small"]);
    lab.gate.lists(&names);
    let home = Home::of(&lab.text(dead_port("127.0.0.1")));
    let ran = home.status(&["--here", "box", "--timeout", "20"]);
    let drift = ran.drift();
    let strays = drift
        .iter()
        .filter(|it| it.0 == "undeclared-handle")
        .count();
    assert_eq!(
        strays, 21,
        "twenty, and one that counts the others: {drift:?}"
    );
}

#[test]
fn another_version_is_found() {
    let lab = Lab::well();
    let details = r#"{"litellm_version": "1.82.7"}"#.to_owned();
    lab.gate
        .set("/health/readiness/details", Says::This(200, details));
    let what = "gate is 1.82.7, and `program_version` says >=1.100,<2";
    lab.finds("wrong-version", "gate", what);
    // One that does not say it is no difference.
    let details = "[1]".to_owned();
    lab.gate
        .set("/health/readiness/details", Says::This(200, details));
    lab.many.set(
        "/api/version",
        Says::This(200, r#"{"version":"0.12.4-rc1"}"#.to_owned()),
    );
    let what = "many is 0.12.4-rc1, and `program_version` says 0.12.3";
    lab.finds("wrong-version", "many", what);
}

#[test]
fn a_pin_and_the_tag_of_an_image_are_held_against_what_runs() {
    let lab = Lab::well();
    let text = lab.text(dead_port("127.0.0.1"));
    let drift = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let home = Home::of(&text.replace(from, to));
        fs::write(home.path("key"), "sk-test").expect("the folder is ours");
        let ran = home.status(&["--here", "box", "--key-file", "key"]);
        let found = ran.drift().into_iter();
        let found = found.filter(|it| it.0 == "wrong-version");
        found.map(|it| it.2).collect::<Vec<_>>()
    };
    let window = "program_version = \">=1.100,<2\"";
    // What another package is nobody can tell from outside.
    let pinned = "pins = [\"transformers<5\", \"litellm[proxy]<1.90\"]";
    let what = "gate is 1.106.2, and `pins` says litellm[proxy]<1.90";
    assert_eq!(drift(window, pinned), [what]);
    assert_eq!(drift(window, "pins = [\"transformers<5\"]"), [""; 0]);
    let package = "managed_by = \"package\"\nprogram_version = \"0.12.3\"";
    let image = |tag: &str| format!("container.image = \"docker.io/ollama/ollama:{tag}\"");
    let what = "many is 0.12.3, and `container.image` says docker.io/ollama/ollama:0.11.8";
    assert_eq!(drift(package, &image("0.11.8")), [what]);
    for tag in ["0.12", "0.12.3-rocm", "rocm"] {
        assert_eq!(drift(package, &image(tag)), [""; 0], "{tag}");
    }
}

#[test]
fn listeners_that_nobody_declared_are_found() {
    let lab = Lab::well();
    let port = lab.spare.port();
    let what = format!("somebody listens on 127.0.0.1:{port}, which is set aside for spare");
    lab.check(port, &[("undeclared-listener", "spare", &what)]);
    // From elsewhere nobody can tell.
    let ran = Home::of(&lab.text(port)).status(&["--elsewhere", "--host", "mac"]);
    assert_eq!(ran.drift(), []);
}

#[test]
fn what_is_open_beyond_its_host_is_found() {
    let lab = Lab::well();
    // The same port of the address that others reach.
    let open = Server::at(BOX);
    let old = format!("port = {}\nhealth", lab.tool.port());
    let text = lab.text(dead_port("127.0.0.1"));
    let text = text.replace(&old, &format!("port = {}\nhealth", open.port()));
    let ran = Home::of(&text).status(&["--here", "box"]);
    let what = format!(
        "tool is declared for its own host alone, and {BOX}:{} accepts connections",
        open.port()
    );
    let exposed = ("exposed".to_owned(), "tool".to_owned(), what);
    assert!(ran.drift().contains(&exposed), "{ran:?}");
}

#[test]
fn commands_go_where_they_are_needed() {
    let lab = Lab::well();
    lab.gate.lists(&["one", "two"]);
    lab.two.lists(&[]);
    let ran = Home::of(&lab.text(dead_port("127.0.0.1"))).status(&["--here", "box"]);
    let drift = &ran.json()["drift"];
    assert_eq!(
        drift[0]["command"],
        "generated/ops/install.sh --restart gate"
    );
    assert_eq!(
        drift[1]["command"],
        format!("ssh -t grace@{MAC} 'sudo launchctl kickstart -k system/org.example.mlx'")
    );
}

#[test]
fn a_skip_is_no_difference_and_wrong_use_is_told() {
    let lab = Lab::well();
    lab.gate.set("/v1/models", Says::This(401, String::new()));
    lab.gate
        .set("/health/readiness/details", Says::This(401, String::new()));
    let home = Home::of(&lab.text(dead_port("127.0.0.1")));
    let ran = home.status(&["--here", "box", "--timeout", "5"]);
    assert_eq!((ran.code, ran.drift()), (0, Vec::new()), "{ran:?}");
    let ran = home.homelab(&["status", "--here", "box", "--timeout", "5"]);
    assert!(
        ran.out.contains(
            "it needs LITELLM_PROXY_KEY: see --key-file\n\nnothing differs from platform.toml\n"
        ),
        "{}",
        ran.out
    );
    assert_eq!(ran.err, "", "there is no terminal, so there is no progress");
    for (arguments, words) in [
        (&["--host", "bx"][..], "did you mean `box`?"),
        (&["--here", "bx"], "there is no host `bx`"),
        (&["--timeout", "0"], "a number of seconds is expected"),
        (&["--timeout", "nan"], "a number of seconds is expected"),
        (&["--key-file", "/nonexistent"], "cannot read the key file"),
        (&["--here", "box", "--elsewhere"], "cannot be used with"),
    ] {
        let ran = home.status(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
}

#[test]
fn the_table_groups_by_cause() {
    let lab = Lab::well();
    lab.one.lists(&["other"]);
    let home = Home::of(&lab.text(dead_port("127.0.0.1")));
    let ran = home.homelab(&["status", "--here", "box", "--timeout", "5"]);
    let end = "1 difference from platform.toml\nmodels that their server does not know\n  mlx does not answer to `one`, which is sent for the model `one`\n";
    assert!(
        ran.out
            .starts_with("lab, seen from box\nbox\n  well  gate :"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains(end), "{}", ran.out);
    assert!(!ran.out.contains('\x1b'), "{}", ran.out);
    assert_eq!((lab.gate.address(), ran.code), ("127.0.0.1", 1));
}
