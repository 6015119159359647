//! Daemons: Python's own reader of property lists gives back what was meant.

use std::fs;
use std::process::Command;

use super::{LAB, REPO, emitted, refused, text_of};
use crate::tools;

/// Reads a property list with `plistlib` and gives it back as JSON, where texts, integers and truth values are apart.
fn read_back(text: &str) -> Option<serde_json::Value> {
    let python = tools::program("python3")?;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("it.plist");
    fs::write(&path, text).expect("a file");
    let code =
        "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let output = Command::new(python)
        .args(["-c", code])
        .arg(path)
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn every_plist_reads_back_with_the_types_of_launchd() {
    for text in [REPO, LAB] {
        let artifacts = emitted(text);
        let plists = artifacts.iter().filter(|it| it.path.ends_with(".plist"));
        let mut read = 0;
        for artifact in plists {
            let Some(plist) = read_back(&artifact.text) else {
                return;
            };
            let label = plist["Label"].as_str().expect("a label");
            let install = artifact.install.as_ref().expect("a place");
            assert_eq!(
                install.path,
                format!("/Library/LaunchDaemons/{label}.plist")
            );
            assert_eq!(
                (install.owner.as_str(), install.group.as_str(), install.mode),
                ("root", "wheel", 0o644)
            );
            for (key, value) in plist.as_object().expect("a dictionary") {
                let well = match key.as_str() {
                    "Label" | "UserName" | "WorkingDirectory" | "StandardOutPath"
                    | "StandardErrorPath" | "ProcessType" => value.is_string(),
                    "ProgramArguments" => {
                        let words = value.as_array().expect("a list");
                        words[0].as_str().is_some_and(|it| it.starts_with('/'))
                    }
                    "EnvironmentVariables" => value
                        .as_object()
                        .expect("a dictionary")
                        .values()
                        .all(serde_json::Value::is_string),
                    "RunAtLoad" | "Disabled" => value.is_boolean(),
                    "KeepAlive" => value.is_boolean() || value["SuccessfulExit"].is_boolean(),
                    "ThrottleInterval" | "ExitTimeOut" | "Umask" => value.is_u64(),
                    "SoftResourceLimits" | "HardResourceLimits" => value["NumberOfFiles"].is_u64(),
                    "StartCalendarInterval" => value["Hour"].is_u64(),
                    key => panic!("{key} is not expected"),
                };
                assert!(well, "{label}: {key} is {value}");
            }
            let keys: Vec<&str> = artifact
                .text
                .lines()
                .filter_map(|it| it.strip_prefix("\t<key>"))
                .collect();
            assert!(keys.is_sorted(), "{keys:?}");
            read += 1;
        }
        assert_eq!(read, 4);
    }
}

#[test]
fn a_daemon_says_what_the_platform_means() {
    let artifacts = emitted(LAB);
    let Some(plist) = read_back(text_of(&artifacts, "launchd/mac/lab.daemon.plist")) else {
        return;
    };
    assert_eq!(
        plist["ProgramArguments"],
        serde_json::json!(["/usr/local/lib/homelab/start/daemon"])
    );
    assert_eq!(plist["EnvironmentVariables"]["NOTE"], "</string><key>");
    assert_eq!(plist["EnvironmentVariables"]["HOME"], "/Users/her");
    assert!(
        plist["EnvironmentVariables"].get("KEY").is_none(),
        "a secret"
    );
    assert_eq!(plist["KeepAlive"], true);
    assert_eq!(plist["RunAtLoad"], true);
    assert_eq!(plist["ProcessType"], "Standard");
    assert_eq!(plist["SoftResourceLimits"]["NumberOfFiles"], 4096);
    assert_eq!(plist["Umask"], 0o077);
    assert_eq!(plist["StandardOutPath"], "/Library/Logs/homelab/daemon.log");

    let off = read_back(text_of(&artifacts, "launchd/mac/lab.off.plist")).expect("Python");
    assert_eq!(
        (&off["Disabled"], &off["RunAtLoad"], &off["KeepAlive"]),
        (&true.into(), &false.into(), &false.into())
    );
    let slots = read_back(text_of(&artifacts, "launchd/mac/lab.slots.plist")).expect("Python");
    assert_eq!(slots["ProcessType"], "Interactive");
    assert_eq!(
        slots["KeepAlive"],
        serde_json::json!({"SuccessfulExit": false})
    );
}

#[test]
fn the_log_of_a_daemon_is_there_and_its_own_before_it_starts() {
    let artifacts = emitted(LAB);
    let install = artifacts
        .find("launchd/mac/logs/daemon.txt")
        .and_then(|it| it.install.as_ref());
    let install = install.expect("a place");
    assert_eq!(install.path, "/Library/Logs/homelab/daemon.log");
    assert_eq!(
        (install.owner.as_str(), install.group.as_str(), install.seed),
        ("her", "staff", true)
    );
}

#[test]
fn c077_what_xml_forbids_is_refused_with_the_artifacts_name() {
    let text = LAB.replace("</string><key>", "a\\uFFFEb");
    let why = refused(&text);
    assert!(why.contains("daemon"), "{why}");
}

#[test]
fn logs_that_have_grown_are_copied_and_emptied_in_place() {
    let Some(shell) = tools::program("sh") else {
        return;
    };
    let artifacts = emitted(LAB);
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().display().to_string();
    let script =
        text_of(&artifacts, "launchd/mac/rotate-logs").replace("/Library/Logs/homelab", &logs);
    let (big, small) = (
        folder.path().join("big one.log"),
        folder.path().join("small.log"),
    );
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&small, "few\n").expect("a log");
    fs::write(&elsewhere, vec![b'x'; 11 << 20]).expect("a file");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("link.log")).expect("a link");
    for _ in 0..7 {
        fs::write(&big, vec![b'x'; 11 << 20]).expect("a log");
        let status = Command::new(&shell)
            .arg("-c")
            .arg(&script)
            .status()
            .expect("it runs");
        assert!(status.success());
    }
    assert_eq!(fs::metadata(&big).expect("it stays").len(), 0);
    assert_eq!(fs::read_to_string(&small).expect("it stays"), "few\n");
    assert_eq!(fs::metadata(&elsewhere).expect("it stays").len(), 11 << 20);
    let kept = |age: u8| folder.path().join(format!("big one.log.{age}.gz")).exists();
    assert_eq!(
        (0..8).filter(|age| kept(*age)).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
}
