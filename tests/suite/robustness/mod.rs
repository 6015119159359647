//! Inputs that go wrong, by their numbers, where no room has a test of its own for them: what is refused, by which rule, at which words.

// The helpers of a test are the test as well, which clippy cannot tell.
#![allow(clippy::unwrap_used)]

mod site;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use homelab::compile::{self, check};
use homelab::diagnostic::{Diagnostics, Source};
use homelab::emit::Artifacts;
use homelab::ledger::claims;

use crate::lint::findings;
use crate::tools;

/// A gateway, a Mac with slots, and room behind both for a case.
const HOME: &str = r#"version = 1
name = "home"

[policy]
gateway = "gateway"

[networks.lan]
kind = "lan"

[hosts.pi]
os = "linux"
addresses = { lan = "192.0.2.10" }

[hosts.mac]
os = "macos"
addresses = { lan = "192.0.2.20" }
user = "me"

[services.gateway]
kind = "litellm"
host = "pi"

[services.vino]
kind = "openvino"
host = "pi"

[models.phi]
service = "vino"

[handles.phi]
"#;

/// Checks what is found in the platform with a case behind it.
fn expect(case: &str, expected: &[&str]) {
    let mut found = findings(&format!("{HOME}{case}"));
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{case}");
}

/// Checks that a case is refused by a rule and that both places are shown.
fn expect_both(case: &str, rule: &str, words: [&str; 2]) {
    let source = Source::new("platform.toml", format!("{HOME}{case}"));
    let diagnostics = check(&source, None).diagnostics;
    assert_eq!(diagnostics.len(), 1, "{case}: {diagnostics:?}");
    let found = diagnostics.iter().next().unwrap();
    let primary = found.primary.as_ref().unwrap();
    let secondary = found.secondary.first().unwrap();
    let shown = [primary, secondary].map(|it| source.words(it.span));
    assert_eq!((found.rule.name, shown), (rule, words), "{case}");
}

fn emitted(text: &str) -> Artifacts {
    let checked = check(&Source::new("platform.toml", text), None);
    let found: Vec<_> = checked.diagnostics.iter().map(|it| &it.message).collect();
    let platform = checked.platform.unwrap_or_else(|| panic!("{found:?}"));
    compile::emit(&platform, &claims(&platform)).expect("artifacts")
}

fn homelab(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
    command.current_dir(folder).args(arguments).env_remove("CI");
    command.output().unwrap()
}

#[test]
fn c013_handles_that_differ_in_case_only() {
    expect_both(
        "\n[handles.Phi]\nmodel = \"phi\"\n",
        "names-differ-in-case",
        ["phi", "Phi"],
    );
}

#[test]
fn c017_a_million_handles_are_refused_by_their_number() {
    let mut text = HOME.to_owned();
    for at in 0..1_000_000 {
        text.push_str("[handles.h");
        text.push_str(&at.to_string());
        text.push_str("]\n");
    }
    let mut diagnostics = Diagnostics::new();
    let source = Source::new("platform.toml", text);
    let document = homelab::syntax::parse(&source, &mut diagnostics);
    assert!(document.is_none_or(|it| it.is_damaged()));
    let found: Vec<&str> = diagnostics.iter().map(|it| it.rule.name).collect();
    assert_eq!(found, ["too-many-values"]);
}

#[test]
#[cfg(target_os = "linux")]
fn c017_twice_as_many_handles_take_twice_as_long() {
    // What this thread alone has spent on a processor, whatever else runs.
    let spent = || -> u64 {
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    };
    let take = |count: usize| {
        let mut text = HOME.to_owned();
        for at in 0..count {
            text.push_str("[handles.h");
            text.push_str(&at.to_string());
            text.push_str("]\nmodel = \"phi\"\n");
        }
        let source = Source::new("platform.toml", text);
        let before = spent();
        assert_eq!(check(&source, None).diagnostics.len(), 0);
        spent() - before
    };
    take(1_000);
    let (small, large) = (take(5_000), take(20_000));
    // Four times the handles; what is not linear would take sixteen times as long.
    assert!(large < 10 * small, "{small} ns and {large} ns");
}

#[test]
#[cfg(target_os = "linux")]
fn c023_a_file_that_is_longer_than_it_was() {
    // The kernel says that it is empty, and then there is something to read: as if it had grown meanwhile.
    let output = homelab(Path::new("/"), &["lint", "--platform", "/proc/version"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("it changed while it was read"), "{said}");
}

/// A file that needs more memory than the process may have is refused in words, and what was built stays.
#[test]
#[cfg(target_os = "linux")]
fn c027_too_little_memory() {
    let limited = |folder: &Path| {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "ulimit -v 65536 && exec \"$0\" build",
            env!("CARGO_BIN_EXE_homelab"),
        ]);
        command
            .current_dir(folder)
            .env_remove("CI")
            .output()
            .unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.toml");
    fs::write(&path, HOME).unwrap();
    // A platform of every day fits.
    let output = limited(folder.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let manifest = fs::read(folder.path().join("generated/manifest.json")).unwrap();
    let mut text = HOME.to_owned();
    for at in 0..40_000 {
        text.push_str("[handles.h");
        text.push_str(&at.to_string());
        text.push_str("]\nmodel = \"phi\"\n");
    }
    fs::write(&path, text).unwrap();
    let output = limited(folder.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("memory") && !said.contains("panicked"),
        "{said}"
    );
    assert_eq!(
        fs::read(folder.path().join("generated/manifest.json")).unwrap(),
        manifest
    );
}

#[test]
fn c024_loops_of_links_and_unreadable_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("platform.toml");
    symlink("platform.toml", &path).unwrap();
    let output = homelab(folder.path(), &["lint"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("cannot read") && said.contains("symbolic links"),
        "{said}"
    );
    fs::remove_file(&path).unwrap();
    fs::write(&path, HOME).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        tools::tell("root reads every file, so one that cannot be read is not tested");
        return;
    }
    let output = homelab(folder.path(), &["lint"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn c026_there_are_no_includes() {
    let found = findings(&format!("include = [\"../other.toml\"]\n{HOME}"));
    assert_eq!(found, ["unknown-key @ include"]);
}

#[test]
fn c029_what_is_declared_twice() {
    let twice = [
        ("\n[hosts.pi]\nos = \"linux\"\n", "pi"),
        (
            "\n[services.vino]\nkind = \"ollama\"\nhost = \"pi\"\n",
            "vino",
        ),
        ("\n[models.phi]\nservice = \"vino\"\n", "phi"),
        ("\n[handles.phi]\n", "phi"),
    ];
    for (case, name) in twice {
        expect_both(case, "duplicate-key", [name, name]);
    }
    let ports = "\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\n\n[services.tool.ports]\nweb = 8081\nweb = 8082\n";
    expect_both(ports, "duplicate-key", ["web", "web"]);
}

#[test]
fn c034_low_ports_need_the_right_to_them() {
    let page = |rest: &str| {
        format!(
            "\n[services.page]\nkind = \"generic\"\nport = 80\nhealth = [{{ path = \"/\" }}]\nrun.command = [\"/usr/bin/page\"]\n{rest}"
        )
    };
    // Our unit declares the capability.
    let unit = page("host = \"pi\"\nrun.user = \"web\"\n");
    expect(&unit, &[]);
    let artifacts = emitted(&format!("{HOME}{unit}"));
    let unit = artifacts.find("systemd/pi/page.service").unwrap();
    assert!(
        unit.text
            .contains("AmbientCapabilities=CAP_NET_BIND_SERVICE")
    );
    // launchd has none to declare.
    expect(&page("host = \"mac\"\n"), &["privileged-port @ 80"]);
    expect(&page("host = \"mac\"\nrun.user = \"root\"\n"), &[]);
    expect(
        &page("host = \"pi\"\nrun.user = \"web\"\nmanaged_by = \"manual\"\n"),
        &["privileged-port @ 80"],
    );
}

#[test]
fn c036_numbers_below_zero() {
    expect("\n[gateway]\nretries = -1\n", &["out-of-range @ -1"]);
    expect(
        "\n[gateway]\ntimeout = \"-1s\"\n",
        &["malformed-word @ \"-1s\""],
    );
    expect(
        "\n[handles.two]\nmodels = [{ model = \"phi\", weight = -1 }]\n",
        &["out-of-range @ -1"],
    );
    expect(
        "\n[models.large]\nservice = \"vino\"\nmemory = \"-1GB\"\n",
        &["malformed-word @ \"-1GB\""],
    );
    // Prices and budgets are no words of this language yet, so none can be negative.
    expect("\n[gateway]\nbudget = -1\n", &["unknown-key @ budget"]);
}

#[test]
fn c041_to_c043_ports_that_overlap() {
    let second = |bind: &str| {
        let tail = "health = [{ path = \"/\" }]\napproval = { reason = \"a test\", by = \"me\", when = \"2026-11-21\" }\n";
        format!(
            "\n[services.web]\nkind = \"generic\"\nhost = \"pi\"\nport = 9000\nbind = \"{bind}\"\n{tail}"
        )
    };
    // C041 the same address, C042 the wildcard of IPv4 beside it, C043 that of IPv6.
    for bind in ["127.0.0.1", "0.0.0.0", "::"] {
        expect_both(&second(bind), "duplicate-port", ["9000", "vino"]);
    }
    let wildcards = "\n[services.a]\nkind = \"generic\"\nhost = \"pi\"\nport = 7777\nbind = \"[BIND]\"\n\n[services.b]\nkind = \"generic\"\nhost = \"pi\"\nport = 7777\nbind = \"0.0.0.0\"\n";
    expect_both(
        &wildcards.replace("[BIND]", "::"),
        "duplicate-port",
        ["7777", "7777"],
    );
    // Two addresses of one host do not overlap.
    expect(&second("lan"), &["borrowed-port @ 9000"]);
}

#[test]
fn c046_c048_hosts_that_are_more_than_a_name() {
    for name in [
        "pi\\nProxyCommand x",
        "a@b",
        "a:1",
        "a/b",
        "a?b",
        "a#b",
        "a%b",
        "a b",
        "a\\\\b",
    ] {
        let source = Source::new(
            "platform.toml",
            format!("{HOME}\n[hosts.\"{name}\"]\nos = \"linux\"\n"),
        );
        let checked = check(&source, None);
        assert!(checked.platform.is_none(), "{name}");
        let found: Vec<&str> = checked.diagnostics.iter().map(|it| it.rule.name).collect();
        assert!(
            matches!(found[..], ["malformed-word" | "control-character"]),
            "{name}: {found:?}"
        );
        let dns = format!("\n[hosts.nas]\nos = \"linux\"\ndns = [\"{name}\"]\n");
        assert_eq!(findings(&format!("{HOME}{dns}")).len(), 1, "{name}");
    }
}

#[test]
fn c052_link_local_and_metadata_addresses() {
    for address in [
        "169.254.169.254",
        "169.254.0.9",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
    ] {
        expect(
            &format!("\n[hosts.nas]\nos = \"linux\"\naddresses = {{ lan = \"{address}\" }}\n"),
            &[&format!("unusable-address @ \"{address}\"")],
        );
    }
    let url = "http://169.254.169.254/latest/meta-data";
    let calls = format!(
        "\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\nenv = {{ UPSTREAM = \"{url}\" }}\n"
    );
    expect(&calls, &[&format!("unusable-address @ \"{url}\"")]);
    // One that is meant is allowed by name, with a reason.
    let allowed = format!(
        "{calls}\n[[lint.exceptions]]\nrule = \"unusable-address\"\nat = \"services.tool.env\"\nreason = \"it reads its own role\"\n"
    );
    expect(&allowed, &[]);
}

#[test]
fn c053_fallbacks_that_lead_back() {
    expect("fallbacks = [\"phi\"]\n", &["fallback-loop @ \"phi\""]);
    let circle = "fallbacks = [\"b\"]\n\n[handles.b]\nmodel = \"phi\"\nfallbacks = [\"c\"]\n\n[handles.c]\nmodel = \"phi\"\nfallbacks = [\"phi\"]\n";
    let source = Source::new("platform.toml", format!("{HOME}{circle}"));
    let found = check(&source, None).diagnostics;
    let labels: Vec<_> = found
        .iter()
        .map(|it| (it.rule.name, it.primary.as_ref().unwrap().text.as_str()))
        .collect();
    assert_eq!(labels, [("fallback-loop", "goes `b` → `c` → `phi` → `b`")]);
}

#[test]
fn c053_a_chain_of_ten_thousand_is_followed_without_recursion() {
    let mut text = HOME.to_owned();
    let count = 10_000;
    for at in 0..count {
        let next = (at + 1) % count;
        text.push_str(
            &format_args!("[handles.h{at}]\nmodel = \"phi\"\nfallbacks = [\"h{next}\"]\n")
                .to_string(),
        );
    }
    // A stack that recursion over the chain would overflow.
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    let checking = thread.spawn(move || {
        let diagnostics = check(&Source::new("platform.toml", text), None).diagnostics;
        let loops = diagnostics
            .iter()
            .filter(|it| it.rule.name == "fallback-loop");
        loops.map(|it| it.message.len()).collect::<Vec<_>>()
    });
    let lengths = checking.unwrap().join().unwrap();
    assert_eq!(lengths.len(), 1);
    assert!(lengths[0] < 1_000, "a path of {count} is cut short");
}

#[test]
fn c054_fallbacks_that_cannot_answer() {
    let to = |rest: &str| format!("fallbacks = [\"spare\"]\n{rest}");
    expect(&to(""), &["unknown-name @ \"spare\""]);
    let planned = to(
        "\n[models.later]\nservice = \"vino\"\nstate = \"planned\"\n\n[handles.spare]\nmodel = \"later\"\n",
    );
    expect(&planned, &["dead-fallback @ \"spare\""]);
    let disabled = to(
        "\n[services.off]\nkind = \"openvino\"\nhost = \"pi\"\nport = 9001\nstate = \"disabled\"\n\n[models.later]\nservice = \"off\"\n\n[handles.spare]\nmodel = \"later\"\n",
    );
    expect(&disabled, &["dead-fallback @ \"spare\""]);
    let other = to(
        "\n[models.vectors]\nservice = \"vino\"\nmode = \"embedding\"\n\n[handles.spare]\nmodel = \"vectors\"\n",
    );
    expect(&other, &["dead-fallback @ \"spare\""]);
}

#[test]
fn c055_units_that_call_each_other_start_in_one_order() {
    let mut text = HOME.to_owned();
    for (port, (name, next)) in (7001..).zip([("a", "b"), ("b", "c"), ("c", "a")]) {
        let service = format_args!(
            "\n[services.{name}]\nkind = \"generic\"\nhost = \"pi\"\nport = {port}\nhealth = [{{ path = \"/\" }}]\ncalls = [\"{next}\"]\nrun.command = [\"/usr/bin/{name}\"]\n"
        );
        text.push_str(&service.to_string());
    }
    let artifacts = emitted(&text);
    let after = |name: &str| -> Vec<String> {
        let unit = artifacts
            .find(&format!("systemd/pi/{name}.service"))
            .unwrap();
        let lines = unit.text.lines().filter_map(|it| it.strip_prefix("After="));
        let names = lines.flat_map(str::split_whitespace);
        names
            .filter_map(|it| it.strip_suffix(".service"))
            .map(str::to_owned)
            .collect()
    };
    // Take away whoever waits for nobody that is left, until none is left.
    let mut left = vec!["a", "b", "c"];
    while !left.is_empty() {
        let free = left
            .iter()
            .position(|it| !after(it).iter().any(|other| left.contains(&other.as_str())));
        left.remove(free.unwrap_or_else(|| panic!("{left:?} wait for each other")));
    }
    assert!(
        ["a", "b", "c"].iter().any(|it| !after(it).is_empty()),
        "there is an order at all"
    );
}

#[test]
fn c056_names_that_mean_two_things() {
    expect_both(
        "\n[handles.phi]\nmodel = \"other\"\n",
        "duplicate-key",
        ["phi", "phi"],
    );
    // There are no patterns among handles, so none can overlap.
    expect(
        "\n[handles.\"phi*\"]\nmodel = \"phi\"\n",
        &["malformed-word @ \"phi*\""],
    );
}

#[test]
fn c057_models_that_are_nowhere() {
    expect(
        "\n[models.b]\nservice = \"vino2\"\n",
        &["unknown-name @ \"vino2\""],
    );
    expect(
        "\n[models.b]\nservice = \"vino\"\nport = 9100\n",
        &["port-outside-ranges @ 9100"],
    );
    let lost = "\n[services.lost]\nkind = \"openvino\"\nhost = \"nas\"\nport = 9001\n\n[models.b]\nservice = \"lost\"\n";
    expect(lost, &["unknown-name @ \"nas\""]);
}

#[test]
fn c058_services_on_all_interfaces() {
    let open = |rest: &str| {
        format!("\n[services.page]\nkind = \"open-webui\"\nhost = \"pi\"\nbind = \"all\"\n{rest}")
    };
    expect(&open(""), &["unapproved-exposure @ \"all\""]);
    expect(
        &open("approval = { reason = \"people chat here\", by = \"me\", when = \"2026-11-21\" }\n"),
        &[],
    );
    for part in [
        "reason = \"x\", by = \"me\"",
        "by = \"me\", when = \"2026-11-21\"",
        "reason = \"x\", when = \"2026-11-21\"",
    ] {
        let found = findings(&format!(
            "{HOME}{}",
            open(&format!("approval = {{ {part} }}\n"))
        ));
        assert!(
            found.len() == 1 && found[0].starts_with("missing-key @ "),
            "{found:?}"
        );
    }
    // Nothing is written of a platform that somebody has to approve first.
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("platform.toml"),
        format!("{HOME}{}", open("")),
    )
    .unwrap();
    assert_eq!(homelab(folder.path(), &["build"]).status.code(), Some(1));
    assert!(!folder.path().join("generated").exists());
}

#[test]
fn c064_the_syntax_of_one_consumer() {
    for place in [
        "env = { A = \"os.environ/KEY\" }",
        "run.command = [\"x\", \"os.environ/KEY\"]",
        "notes = \"os.environ/KEY\"",
    ] {
        let source = Source::new(
            "platform.toml",
            format!("{HOME}\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\n{place}\n"),
        );
        let found = check(&source, None).diagnostics;
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.rule.name, it.help.as_deref()))
            .collect();
        assert_eq!(
            found,
            [("consumer-syntax", Some("write `{ env = \"KEY\" }`"))],
            "{place}"
        );
    }
}

#[test]
fn c074_c078_names_of_units_and_labels() {
    let named = |field: &str, name: &str| {
        format!("\n[services.tool]\nkind = \"generic\"\nhost = \"mac\"\nrun.{field} = \"{name}\"\n")
    };
    for name in ["a/b", "..", "../../etc/x", "a@b", "-a", "a b", "a.service"] {
        expect(
            &named("unit", name),
            &[&format!("malformed-word @ \"{name}\"")],
        );
    }
    for name in ["com/x", "com x", "..", "-x", "com.x.plist"] {
        expect(
            &named("label", name),
            &[&format!("malformed-word @ \"{name}\"")],
        );
    }
    let long = "a".repeat(256);
    expect(
        &named("unit", &long),
        &[&format!("malformed-word @ \"{long}\"")],
    );
    // Two with one label, as macOS compares the names of their files.
    let twice = format!(
        "{}\n[services.second]\nkind = \"generic\"\nhost = \"mac\"\nrun.label = \"COM.x\"\n",
        named("label", "com.X")
    );
    expect(&twice, &["duplicate-unit @ \"com.X\""]);
}

#[test]
fn c075_no_directive_of_a_unit_is_passed_through() {
    for key in ["directives", "extra", "no_new_privileges", "ProtectSystem"] {
        let found = findings(&format!(
            "{HOME}\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\nrun.{key} = \"no\"\n"
        ));
        assert_eq!(found, [format!("unknown-key @ {key}")]);
    }
    expect(
        "\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\nrun.workload = \"none\"\n",
        &["unknown-word @ \"none\""],
    );
}

#[test]
fn c081_no_text_can_end_a_here_document() {
    let text = format!(
        "{HOME}\n[services.tool]\nkind = \"generic\"\nhost = \"pi\"\nport = 8081\nhealth = [{{ path = \"/\" }}]\ntitle = \"END\"\nnotes = \"\"\"\nEND\nrm -rf /\n\"\"\"\nrun.command = [\"/bin/echo\", \"END\"]\nenv = {{ WORD = \"END\" }}\n"
    );
    let mut documents = 0;
    for artifact in &emitted(&text) {
        if !artifact.text.starts_with("#!") {
            continue;
        }
        let mut inside = false;
        for line in artifact.text.lines() {
            assert_ne!(line.trim(), "rm -rf /", "{}", artifact.path);
            if inside {
                inside = line != "END";
                assert!(!line.contains("/bin/echo"), "{}: {line}", artifact.path);
            } else if line.replace("<<<", "").contains("<<") {
                assert!(line.ends_with("<<'END'"), "{}: {line}", artifact.path);
                inside = true;
                documents += 1;
            } else {
                assert_ne!(line, "END", "{}", artifact.path);
            }
        }
        assert!(!inside, "{} has no end", artifact.path);
    }
    assert!(documents > 0, "there are here-documents at all");
}

#[test]
fn c085_the_words_of_an_mcp_command_stay_words() {
    let words = ["uv run", "a;b", "$(id)", "*", "a|b", "it's", "\\"];
    let quoted: Vec<String> = words.iter().map(|it| format!("{it:?}")).collect();
    let text = format!(
        "{HOME}\n[mcp.tool]\npurpose = \"A tool\"\ntransport = \"stdio\"\ncommand = [\"uv\", {}]\n",
        quoted.join(", ")
    );
    let artifacts = emitted(&text);
    let registry = artifacts.find("mcp/registry.json").expect("the registry");
    let registry: serde_json::Value = serde_json::from_str(&registry.text).unwrap();
    let server = &registry["servers"][0];
    assert_eq!(server["command"], "uv");
    let arguments: Vec<&str> = server["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    assert_eq!(arguments, words);
}

#[test]
fn c087_nothing_breaks_out_of_an_attribute() {
    use homelab::emit::escape::html_text;
    for text in [
        "\" onload=\"x",
        "' onload='x",
        "` onload=`x",
        "a\"style=\"x:expression(1)",
        "<img>",
        "&#34;",
    ] {
        let written = html_text(text);
        assert!(!written.contains(['"', '\'', '`', '<', '>']), "{written}");
        assert!(!written.contains("&#34;"), "{written}");
    }
}
