//! The record of what was written last: it tells our files from those of others.
//!
//! `manifest.json` is one, since it is committed with the files it lists; the site, which is not committed, has one of its own. Whatever a record says is doubted: it may be missing, cut off by a bad merge, newer than we are, or written by somebody who wants a file of yours removed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::disk::Stamp;
use super::path;
use crate::emit::{Artifact, Digest};

/// The version of the record that we read and write.
const VERSION: u64 = 1;

/// What a record file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// There is none.
    Absent,
    /// The files that were written, by path.
    Files(BTreeMap<String, Stamp>),
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// It has a version that we do not know.
    Newer(u64),
}

impl Record {
    /// Reads a record, dropping entries that no build of ours can have written.
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self::read_ours(bytes).unwrap_or_else(|| Self::read_any(bytes))
    }

    /// Reads a record as we write it, without a tree of values in between: for 10,000 services that would be 60 MB.
    fn read_ours(bytes: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Ours {
            version: u64,
            files: BTreeMap<String, Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            sha256: Digest,
            #[serde(default)]
            executable: bool,
        }
        let ours: Ours = serde_json::from_slice(bytes).ok()?;
        let stamp = |entry: Entry| Stamp {
            sha256: entry.sha256,
            executable: entry.executable,
        };
        let files = ours.files.into_iter();
        let files = files.filter(|(name, _)| path::fault(name).is_none());
        (ours.version == VERSION)
            .then(|| Self::Files(files.map(|(name, entry)| (name, stamp(entry))).collect()))
    }

    /// Reads whatever it may be.
    fn read_any(bytes: &[u8]) -> Self {
        let value: Value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) => return Self::Unreadable(error.to_string()),
        };
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => return Self::Newer(newer),
            _ => return Self::Unreadable("it has no version".to_owned()),
        }
        let Some(files) = value.get("files").and_then(Value::as_object) else {
            return Self::Unreadable("it has no table `files`".to_owned());
        };
        let entry = |(name, entry): (&String, &Value)| {
            let sha256 = entry.get("sha256")?.as_str()?.parse().ok()?;
            let executable = entry
                .get("executable")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            path::fault(name)
                .is_none()
                .then(|| (name.clone(), Stamp { sha256, executable }))
        };
        Self::Files(files.iter().filter_map(entry).collect())
    }

    /// What was recorded for `path`.
    pub(super) fn stamp(&self, path: &str) -> Option<&Stamp> {
        match self {
            Self::Files(files) => files.get(path),
            _ => None,
        }
    }

    /// The paths that are recorded.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let files = match self {
            Self::Files(files) => Some(files),
            _ => None,
        };
        files
            .into_iter()
            .flat_map(|files| files.keys().map(String::as_str))
    }
}

/// Writes a record of `artifacts` that holds what we need and nothing more.
pub(super) fn render<'a>(artifacts: impl Iterator<Item = &'a Artifact>) -> String {
    #[derive(Serialize)]
    struct Text<'a> {
        version: u64,
        files: BTreeMap<&'a str, Stamp>,
    }
    let text = Text {
        version: VERSION,
        files: artifacts
            .map(|artifact| (artifact.path.as_str(), Stamp::of(artifact)))
            .collect(),
    };
    let mut json =
        serde_json::to_string_pretty(&text).expect("maps with text keys are always JSON");
    json.push('\n');
    json
}

/// The entries of a record, each as the text it was written in.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    files: &'a RawValue,
}

/// Merges two records when only some folders are written: `new` tells of these, `old` of the rest.
///
/// Entries are moved as text, so whatever else `manifest.json` says of a file stays letter for letter. Nothing is returned when `new` is no record.
pub(super) fn merge(new: &str, old: &str, is_written: impl Fn(&str) -> bool) -> Option<String> {
    let files: Raw = serde_json::from_str(new).ok()?;
    let raw = files.files.get();
    let mut entries: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
    entries.retain(|name, _| is_written(name));
    let old_files: Option<Raw> = serde_json::from_str(old).ok();
    let old_entries = old_files.and_then(|old| serde_json::from_str(old.files.get()).ok());
    let old_entries: BTreeMap<String, &RawValue> = old_entries.unwrap_or_default();
    entries.extend(
        old_entries
            .into_iter()
            .filter(|(name, _)| !is_written(name) && path::fault(name).is_none()),
    );
    let start = raw.as_ptr() as usize - new.as_ptr() as usize;
    Some([&new[..start], &table(&entries)?, &new[start + raw.len()..]].concat())
}

/// The `files` table as `serde_json` lays it out one level deep.
fn table(entries: &BTreeMap<String, &RawValue>) -> Option<String> {
    if entries.is_empty() {
        return Some("{}".to_owned());
    }
    let lines: Result<Vec<String>, _> = entries
        .iter()
        .map(|(name, entry)| {
            Ok::<_, serde_json::Error>(format!("    {}: {entry}", serde_json::to_string(name)?))
        })
        .collect();
    Some(format!("{{\n{}\n  }}", lines.ok()?.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"{
  "version": 1,
  "files": {
    "env/a.env": {
      "sha256": "a00000000000000000000000000000000000000000000000000000000000000a",
      "executable": false,
      "restart": [
        "a"
      ]
    },
    "ops/go.sh": {
      "sha256": "b00000000000000000000000000000000000000000000000000000000000000b",
      "executable": true
    }
  },
  "hosts": [
    "nas"
  ]
}
"#;

    #[test]
    fn a_record_merged_with_itself_is_the_same_text() {
        assert_eq!(
            merge(OLD, OLD, |path| path.starts_with("env/")).unwrap(),
            OLD
        );
        assert_eq!(merge(OLD, "<<<<", |_| true).unwrap(), OLD);
    }

    #[test]
    fn a_merged_record_takes_each_entry_from_its_side() {
        let new = OLD.replace("a0", "a2").replace("b0", "b2");
        let merged = merge(&new, OLD, |path| path.starts_with("env/")).unwrap();
        assert_eq!(merged, OLD.replace("a0", "a2"));
        let gone = merge(&new, "", |path| path.starts_with("x/")).unwrap();
        assert_eq!(
            Record::read(gone.as_bytes()),
            Record::Files(BTreeMap::new())
        );
    }

    #[test]
    fn c116_a_record_is_doubted() {
        let newer = OLD.replace("\"version\": 1", "\"version\": 7");
        assert_eq!(Record::read(newer.as_bytes()), Record::Newer(7));
        for cut in 0..OLD.trim_end().len() {
            assert!(
                matches!(Record::read(&OLD.as_bytes()[..cut]), Record::Unreadable(_)),
                "cut at {cut}"
            );
        }
        for text in [
            "[]",
            "7",
            "{\"version\":\"1\"}",
            "{\"version\":1,\"files\":[]}",
            "{\"version\":-1,\"files\":{}}",
        ] {
            assert!(
                matches!(Record::read(text.as_bytes()), Record::Unreadable(_)),
                "{text}"
            );
        }
        let hostile = OLD
            .replace("env/a.env", "../../etc/passwd")
            .replace("ops/go.sh", "/etc/shadow");
        assert_eq!(
            Record::read(hostile.as_bytes()),
            Record::Files(BTreeMap::new())
        );
        for odd in ["\"a000\"", "[1]"] {
            let odd = format!("\"sha256\": {odd}, \"was\": \"a0");
            let odd = OLD.replace("\"sha256\": \"a0", &odd);
            assert_eq!(
                Record::read(odd.as_bytes()).paths().collect::<Vec<_>>(),
                ["ops/go.sh"]
            );
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(
            Record::read(deep.as_bytes()),
            Record::Unreadable(_)
        ));
    }
}
