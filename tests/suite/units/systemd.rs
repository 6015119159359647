//! Units: what systemd itself says of them, how strict they are, and in which order they start.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use homelab::backend::Workload;
use homelab::emit::{Artifact, Artifacts};

use super::{
    LAB, REPO, emitted, has_ending, platform, refused, repo_with_proxy, settings, text_of,
};
use crate::tools;

fn units(artifacts: &Artifacts) -> impl Iterator<Item = &Artifact> {
    artifacts
        .iter()
        .filter(|it| it.path.starts_with("systemd/") && has_ending(&it.path, "service"))
}

fn file_name(artifact: &Artifact) -> &str {
    artifact
        .path
        .rsplit('/')
        .next()
        .expect("a path has a last part")
}

/// Writes every unit and drop-in of the artifacts into one folder, with a program that exists here.
fn folder_of(artifacts: &Artifacts) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for unit in artifacts
        .iter()
        .filter(|it| it.path.starts_with("systemd/"))
    {
        let below: Vec<&str> = unit.path.splitn(3, '/').collect();
        let path = folder.path().join(below[2]);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let text: Vec<String> = unit
            .text
            .lines()
            .map(|line| {
                if line.starts_with("ExecStart=") {
                    "ExecStart=/bin/true".to_owned()
                } else {
                    line.to_owned()
                }
            })
            .collect();
        fs::write(path, text.join("\n") + "\n").expect("a unit");
    }
    folder
}

fn analyse(analyze: &Path, folder: &Path, words: &[&str]) -> (bool, String) {
    let output = Command::new(analyze)
        .args(words)
        .current_dir(folder)
        .env("SYSTEMD_COLORS", "0")
        .output()
        .expect("systemd-analyze runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[test]
fn systemd_has_nothing_to_say_of_any_unit() {
    let Some(analyze) = tools::program("systemd-analyze") else {
        return;
    };
    for text in [REPO, LAB, &repo_with_proxy()] {
        let artifacts = emitted(text);
        let folder = folder_of(&artifacts);
        // A unit for the drop-in to stand beside, as its package would bring it.
        for name in ["ollama", "packaged"] {
            let path = folder.path().join(format!("{name}.service"));
            fs::write(path, "[Service]\nExecStart=/bin/true\n").expect("a unit");
        }
        for unit in fs::read_dir(folder.path()).expect("the folder") {
            let name = unit
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a name");
            if !has_ending(&name, "service") {
                continue;
            }
            let unit = format!("./{name}");
            let (well, said) = analyse(&analyze, folder.path(), &["verify", "--man=no", &unit]);
            assert!(well && said.is_empty(), "{name}: {said}");
        }
    }
}

#[test]
fn units_are_as_strict_as_their_workload_allows() {
    let Some(analyze) = tools::program("systemd-analyze") else {
        return;
    };
    for text in [REPO, LAB, &repo_with_proxy()] {
        let platform = platform(text);
        let artifacts = emitted(text);
        let folder = folder_of(&artifacts);
        for unit in units(&artifacts) {
            let name = file_name(unit);
            let stem = name.trim_end_matches(".service");
            let service = platform.services.iter().find(|it| it.run.unit == stem);
            // Ten times what systemd prints.
            let most = match service.expect("a service").run.workload {
                Workload::Proxy => "--threshold=20",
                Workload::CpuInference => "--threshold=35",
                Workload::GpuInference => "--threshold=50",
            };
            let unit = format!("./{name}");
            let words = ["security", "--offline=true", most, "--no-pager", &unit];
            let (well, said) = analyse(&analyze, folder.path(), &words);
            assert!(well, "{name} is beyond {most}: {said}");
        }
    }
}

#[test]
fn only_a_program_that_speaks_to_systemd_is_waited_for() {
    let text = repo_with_proxy();
    for unit in units(&emitted(&text)) {
        let proxy = file_name(unit) == "litellm-orch.service";
        let expected = if proxy {
            ["notify", "30s", "/bin/kill -HUP $MAINPID"].map(|it| vec![it])
        } else {
            [vec!["exec"], vec![], vec![]]
        };
        let seen = ["Type", "WatchdogSec", "ExecReload"].map(|it| settings(&unit.text, it));
        assert_eq!(seen, expected, "{}", unit.path);
    }
}

/// What each unit starts after, among the units we know.
fn after(artifacts: &Artifacts) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeSet<&str> = units(artifacts).map(file_name).collect();
    let after = |unit: &Artifact| {
        let words = settings(&unit.text, "After");
        let words = words.into_iter().flat_map(str::split_whitespace);
        words
            .filter(|it| names.contains(it))
            .map(str::to_owned)
            .collect()
    };
    units(artifacts)
        .map(|unit| (file_name(unit).to_owned(), after(unit)))
        .collect()
}

/// Takes away units that wait for nobody until none is left; what is left then is a ring.
fn ring(mut after: BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    loop {
        let free: Vec<String> = after
            .iter()
            .filter(|(_, waits)| waits.iter().all(|it| !after.contains_key(it)))
            .map(|(name, _)| name.clone())
            .collect();
        if free.is_empty() {
            return after.into_keys().collect();
        }
        after.retain(|name, _| !free.contains(name));
    }
}

#[test]
fn no_units_wait_for_each_other() {
    for text in [REPO, LAB] {
        let after = after(&emitted(text));
        assert!(
            after.values().any(|it| !it.is_empty()),
            "nobody waits for anybody"
        );
        assert_eq!(ring(after), Vec::<String>::new());
    }
}

#[test]
fn mutual_calls_want_each_other_and_the_gateway_is_first() {
    let artifacts = emitted(REPO);
    let gateway = text_of(&artifacts, "systemd/mini/litellm-orch.service");
    let optimiser = text_of(&artifacts, "systemd/mini/optillm-proxy.service");
    assert!(settings(gateway, "Wants")[0].contains("optillm-proxy.service"));
    assert!(!settings(gateway, "After")[0].contains("optillm-proxy.service"));
    assert!(settings(optimiser, "Wants")[0].contains("litellm-orch.service"));
    assert!(settings(optimiser, "After")[0].contains("litellm-orch.service"));
    for text in [REPO, LAB] {
        for unit in units(&emitted(text)) {
            assert!(!unit.text.contains("Requires="), "{}", unit.path);
        }
    }
}

#[test]
fn nobody_wants_a_service_that_is_switched_off() {
    let text = LAB.replace(
        "[services.round]\n",
        "[services.round]\nstate = \"disabled\"\n",
    );
    let artifacts = emitted(&text);
    let ring = text_of(&artifacts, "systemd/box/ring.service");
    assert!(!ring.contains("round.service"), "{ring}");
    let install = artifacts
        .find("systemd/box/round.service")
        .expect("it is set up");
    assert!(
        install
            .install
            .as_ref()
            .expect("a place")
            .restart
            .is_empty()
    );
}

#[test]
fn limits_and_restarts_are_what_the_platform_says() {
    let artifacts = emitted(LAB);
    let gateway = text_of(&artifacts, "systemd/box/gateway.service");
    assert_eq!(settings(gateway, "MemoryMax"), ["4000000000"]);
    let cpu = text_of(&artifacts, "systemd/box/cpu.service");
    assert_eq!(settings(cpu, "Restart"), ["no"]);
    let gpu = text_of(&artifacts, "systemd/box/gpu.service");
    assert_eq!(settings(gpu, "RestartSec"), ["1500ms"]);
    assert_eq!(settings(gpu, "SupplementaryGroups"), ["render"]);
    let low = text_of(&artifacts, "systemd/box/low.service");
    assert_eq!(
        settings(low, "AmbientCapabilities"),
        ["CAP_NET_BIND_SERVICE"]
    );
    assert_eq!(settings(low, "PrivateUsers"), Vec::<&str>::new());
    assert_eq!(settings(low, "Description"), ["Low %% port [Service]"]);
}

#[test]
fn a_package_keeps_its_unit_and_gets_its_environment() {
    let artifacts = emitted(LAB);
    let drop_in = text_of(&artifacts, "systemd/box/packaged.service.d/homelab.conf");
    let lines: Vec<&str> = drop_in.lines().filter(|it| !it.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "",
            "[Service]",
            "Environment=\"NOTE=50%% $5\"",
            "Environment=OLLAMA_HOST=127.0.0.1:7005",
        ]
    );
    assert!(artifacts.find("env/box/start-packaged").is_none());
}

#[test]
fn c071_a_title_makes_no_section_and_no_setting() {
    let text = LAB.replace("Low % port [Service]", "a [Service] User=root \\\\");
    let why = refused(&text);
    assert!(
        why.contains("systemd/box/low.service") && why.contains("backslash"),
        "{why}"
    );
}
