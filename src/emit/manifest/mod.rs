//! `manifest.json`: every generated file with its digest, and where it is installed.
//!
//! It is also the record by which the next build knows its own files, so every file is in it but itself.

use serde::{Serialize, Serializer};

use crate::platform::Platform;
use crate::side_by_side::{self, MANY_SERVICES};

use super::json::to_json;
use super::{Artifact, Artifacts, Digest, Emit, EmitError, Emitter, Install};

/// Where the manifest lies below `generated/`.
pub const PATH: &str = "manifest.json";

/// Comes last: it lists what the others made.
pub(super) static EMITTER: Emitter = Emitter {
    name: "manifest",
    summary: "every file with its digest, and where it is installed",
    last: true,
    emit: Emit::Platform(emit),
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every emitter may fail, and this one never does"
)]
fn emit(platform: &Platform, artifacts: &mut Artifacts) -> Result<(), EmitError> {
    let text = if platform.services.len() >= MANY_SERVICES {
        in_parts(&platform.name, artifacts)
    } else {
        render(&platform.name, artifacts.iter())
    };
    artifacts.add(Artifact::new(PATH, text));
    Ok(())
}

/// The same text, written in parts on all cores.
fn in_parts(platform: &str, artifacts: &Artifacts) -> String {
    /// How many files there are in a part.
    const PART: usize = 2000;
    const END: &str = "\n  }\n}\n";
    if artifacts.len() <= PART {
        return render(platform, artifacts.iter());
    }
    let head = render(platform, []).trim_end_matches(['\n', '}']).len();
    let files: Vec<&Artifact> = artifacts.iter().filter(|it| it.path != PATH).collect();
    let parts = side_by_side::in_parts(&files, PART, true, |part| {
        let mut text = render(platform, part.iter().copied());
        text.truncate(text.len() - END.len());
        text
    });
    let mut whole = String::with_capacity(parts.iter().map(String::len).sum::<usize>() + END.len());
    for part in parts {
        if whole.is_empty() {
            whole.push_str(&part);
        } else {
            whole.push(',');
            whole.push_str(&part[head..]);
        }
    }
    whole + END
}

/// Returns the manifest of these artifacts, in the order of their paths.
fn render<'a>(platform: &str, artifacts: impl IntoIterator<Item = &'a Artifact>) -> String {
    let others = artifacts.into_iter().filter(|it| it.path != PATH);
    to_json(&Manifest {
        version: 1,
        platform,
        files: Files(others.collect()),
    })
}

#[derive(Serialize)]
struct Manifest<'a> {
    version: u8,
    platform: &'a str,
    files: Files<'a>,
}

/// Each with its path as the key.
struct Files<'a>(Vec<&'a Artifact>);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|it| (&it.path, File::of(it))))
    }
}

#[derive(Serialize)]
struct File<'a> {
    sha256: Digest,
    executable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    install: Option<Place<'a>>,
}

/// Where a file goes on a host.
#[derive(Serialize)]
struct Place<'a> {
    host: &'a str,
    path: &'a str,
    owner: &'a str,
    group: &'a str,
    /// In octal, as `chmod` takes it: JSON has no octal numbers.
    mode: String,
    /// The services to restart when it changes.
    restart: &'a [String],
    /// True for a file that is only put where none is.
    seed: bool,
}

impl<'a> File<'a> {
    fn of(artifact: &'a Artifact) -> Self {
        Self {
            sha256: artifact.sha256(),
            executable: artifact.executable,
            install: artifact.install.as_ref().map(Place::of),
        }
    }
}

impl<'a> Place<'a> {
    fn of(install: &'a Install) -> Self {
        Self {
            host: &install.host,
            path: &install.path,
            owner: &install.owner,
            group: &install.group,
            mode: format!("{:04o}", install.mode),
            restart: &install.restart,
            seed: install.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_same_text() {
        let mut artifacts = Artifacts::new();
        for number in 0..4500 {
            artifacts.add(Artifact::new(format!("ops/{number}.sh"), ""));
            if [1, 2000, 2001, 4500].contains(&artifacts.len()) {
                let name = "a {\"}\n}";
                assert_eq!(in_parts(name, &artifacts), render(name, artifacts.iter()));
            }
        }
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
            render("lab", &artifacts),
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
