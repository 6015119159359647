//! `manifest.json`: every generated file with its digest, and where it is installed.
//!
//! It is also the record by which the next build knows its own files, so every file is in it but itself.

use crate::platform::Platform;
use crate::side_by_side::{MANY_SERVICES, in_parts};

use super::json::push_string;
use super::{Artifact, Artifacts, Emit, EmitError, Emitter, Install};

/// Where the manifest lies below `generated/`.
pub const PATH: &str = "manifest.json";

/// Lists what the others made.
pub(super) static EMITTER: Emitter = Emitter {
    name: "manifest",
    summary: "every file with its digest, and where it is installed",
    emit: Emit::All(emit),
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every emitter may fail, and this one never does"
)]
fn emit(platform: &Platform, all: &Artifacts, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let many = platform.services.len() >= MANY_SERVICES;
    artifacts.add(Artifact::new(PATH, render(&platform.name, all, many)));
    Ok(())
}

/// Returns the manifest of these artifacts, in the order of their paths; written on all cores when there are `many`.
///
/// The lines are put together here: there are 15 MB of them for 10,000 services, and every field is known.
fn render(platform: &str, artifacts: &Artifacts, many: bool) -> String {
    /// How many files one core writes down in a row.
    const PART: usize = 2000;
    /// About as long is what is said of a file.
    const ROOM: usize = 400;
    let files: Vec<&Artifact> = artifacts.iter().filter(|it| it.path != PATH).collect();
    let parts = in_parts(&files, PART, many, |part| {
        let mut text = String::with_capacity(part.len() * ROOM);
        for (at, artifact) in part.iter().enumerate() {
            text.push_str(if at == 0 { "\n" } else { ",\n" });
            push_file(&mut text, artifact);
        }
        text
    });
    let room: usize = parts.iter().map(String::len).sum();
    let mut whole = String::with_capacity(room + parts.len() + platform.len() + ROOM);
    whole.push_str("{\n  \"version\": 1,\n  \"platform\": ");
    push_string(&mut whole, platform);
    whole.push_str(",\n  \"files\": {");
    for (at, part) in parts.iter().enumerate() {
        whole.push_str(if at == 0 { "" } else { "," });
        whole.push_str(part);
    }
    whole.push_str(if parts.is_empty() {
        "}\n}\n"
    } else {
        "\n  }\n}\n"
    });
    whole
}

/// A file, with its path as the key.
fn push_file(text: &mut String, artifact: &Artifact) {
    text.push_str("    ");
    push_string(text, &artifact.path);
    let executable = if artifact.executable { "true" } else { "false" };
    text.push_str(": {\n      \"sha256\": \"");
    artifact.sha256().push_to(text);
    text.extend(["\",\n      \"executable\": ", executable]);
    if let Some(install) = &artifact.install {
        text.push_str(",\n      \"install\": {");
        push_install(text, install);
        text.push_str("\n      }");
    }
    text.push_str("\n    }");
}

/// Where a file goes on a host.
fn push_install(text: &mut String, install: &Install) {
    for (key, value) in [
        ("\n        \"host\": ", &install.host),
        (",\n        \"path\": ", &install.path),
        (",\n        \"owner\": ", &install.owner),
        (",\n        \"group\": ", &install.group),
    ] {
        text.push_str(key);
        push_string(text, value);
    }
    // Four digits in octal, as `chmod` takes them: JSON has no octal numbers.
    text.push_str(",\n        \"mode\": \"");
    let digits = [9, 6, 3, 0].map(|bits| char::from_digit(install.mode >> bits & 7, 8));
    text.extend(digits.into_iter().flatten());
    text.push('"');
    // The services to restart when it changes.
    text.push_str(",\n        \"restart\": [");
    for (at, service) in install.restart.iter().enumerate() {
        text.push_str(if at == 0 {
            "\n          "
        } else {
            ",\n          "
        });
        push_string(text, service);
    }
    text.push_str(if install.restart.is_empty() {
        "]"
    } else {
        "\n        ]"
    });
    // True for a file that is only put where none is.
    let seed = if install.seed { "true" } else { "false" };
    text.extend([",\n        \"seed\": ", seed]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_same_text() {
        let mut artifacts = Artifacts::new();
        let name = "a {\"}\n}";
        for number in 0..=4500 {
            if [0, 1, 2000, 2001, 4500].contains(&artifacts.len()) {
                let (one, parts) = [false, true].map(|it| render(name, &artifacts, it)).into();
                assert_eq!(one, parts);
                let read: serde_json::Value = serde_json::from_str(&one).unwrap();
                assert_eq!(read["platform"], name);
                assert_eq!(read["files"].as_object().unwrap().len(), artifacts.len());
            }
            artifacts.add(Artifact::new(format!("ops/{number}.sh"), ""));
        }
    }

    #[test]
    fn what_is_odd_is_read_back_as_it_was() {
        let odd = "a \"b\" \\ \u{1} ü\n".to_owned();
        let artifact = Artifact::new(odd.clone(), "").install(Install {
            host: odd.clone(),
            path: odd.clone(),
            owner: odd.clone(),
            group: odd.clone(),
            mode: 0o4700,
            restart: vec![odd.clone(), odd.clone()],
            seed: true,
        });
        let mut artifacts = Artifacts::new();
        artifacts.add(artifact);
        let text = render(&odd, &artifacts, false);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["platform"], odd);
        let install = serde_json::json!({
            "host": odd, "path": odd, "owner": odd, "group": odd,
            "mode": "4700", "restart": [odd, odd], "seed": true,
        });
        assert_eq!(read["files"][&odd]["install"], install);
    }

    #[test]
    fn it_lists_every_file_but_itself() {
        let unit = Artifact::new("systemd/a.service", "abc").install(Install {
            host: "nas".to_owned(),
            path: "/etc/systemd/system/a.service".to_owned(),
            owner: "root".to_owned(),
            group: "root".to_owned(),
            mode: 0o644,
            restart: vec!["a".to_owned()],
            seed: false,
        });
        let mut artifacts = Artifacts::new();
        artifacts.add(unit);
        artifacts.add(Artifact::new("ops/b.sh", "").executable());
        artifacts.add(Artifact::new(PATH, "old"));
        assert_eq!(
            render("lab", &artifacts, false),
            r#"{
  "version": 1,
  "platform": "lab",
  "files": {
    "ops/b.sh": {
      "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "executable": true
    },
    "systemd/a.service": {
      "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "executable": false,
      "install": {
        "host": "nas",
        "path": "/etc/systemd/system/a.service",
        "owner": "root",
        "group": "root",
        "mode": "0644",
        "restart": [
          "a"
        ],
        "seed": false
      }
    }
  }
}
"#
        );
    }
}
