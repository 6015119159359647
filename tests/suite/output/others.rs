//! Files of others, edits by hand, and the record that tells them from ours.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use homelab::cli::output::{
    Change, ClashCause, Kind, MANIFEST, Options, OutputError, compare, write,
};
use homelab::emit::{Artifact, Artifacts};

use super::{Place, artifacts, clash};

#[test]
fn c097_an_env_file_with_real_values_is_kept_and_not_shown() {
    let place = Place::new();
    let path = place.path("env/nas/llm.env");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "LITELLM_KEY=sk-canary\n").unwrap();
    let (_, cause) = clash(place.write("one"));
    let ClashCause::Foreign(difference) = cause else {
        panic!("{cause:?}")
    };
    assert!(!difference.diff().unwrap().contains("canary"));
    assert_eq!(
        place.tree().len(),
        3,
        "only what was there: {:?}",
        place.tree()
    );
    assert_eq!(fs::read_to_string(path).unwrap(), "LITELLM_KEY=sk-canary\n");
}

#[test]
fn c107_foreign_files_are_kept_and_listed() {
    let place = Place::built("one");
    fs::write(place.path("README.md"), "mine").unwrap();
    fs::write(place.path("env/nas/notes.txt"), "mine").unwrap();
    fs::create_dir_all(place.path("own/deep")).unwrap();
    fs::write(place.path("own/deep/x"), "mine").unwrap();
    symlink("/", place.path("ops/link")).unwrap();
    let outcome = place.write("two").unwrap();
    assert_eq!(
        outcome.foreign,
        ["README.md", "env/nas/notes.txt", "ops/link", "own/"]
    );
    for path in ["README.md", "env/nas/notes.txt", "own/deep/x"] {
        assert_eq!(place.read(path), "mine");
    }
    assert_eq!(
        compare(&place.root, &artifacts("two"), &Options::default()).unwrap(),
        []
    );
}

#[test]
fn c108_hand_edited_file_is_not_overwritten() {
    let place = Place::built("one");
    fs::write(place.path("litellm/router.yaml"), "model_list: [mine]\n").unwrap();
    let before = place.tree();
    let (path, cause) = clash(place.write("two"));
    assert_eq!(path, "litellm/router.yaml");
    let ClashCause::Edited(difference) = cause else {
        panic!("{cause:?}")
    };
    let diff = difference.diff().unwrap();
    assert!(
        diff.contains("\n-model_list: [mine]\n+model_list: [] # two\n"),
        "{diff}"
    );
    assert_eq!(place.tree(), before);

    let outcome = place.force("two").unwrap();
    assert_eq!(outcome.backups, ["litellm/router.yaml.bak"]);
    assert_eq!(
        place.read("litellm/router.yaml.bak"),
        "model_list: [mine]\n"
    );
    assert!(place.read("litellm/router.yaml").contains("two"));
    fs::write(place.path("litellm/router.yaml"), "again\n").unwrap();
    let outcome = place.force("three").unwrap();
    assert_eq!(outcome.backups, ["litellm/router.yaml.bak-2"]);
    assert_eq!(outcome.foreign, ["litellm/router.yaml.bak"]);
    assert_eq!(
        place.read("litellm/router.yaml.bak"),
        "model_list: [mine]\n"
    );
    assert_eq!(place.read("litellm/router.yaml.bak-2"), "again\n");

    // An edit that comes to the same is none.
    fs::write(place.path("ops/healthcheck.sh"), "#!/bin/sh\n# four\n").unwrap();
    place.write("four").unwrap();
}

#[test]
fn c116_without_its_record_nothing_is_lost() {
    // Missing: what differs is nobody's, what is the same is recorded again.
    let place = Place::built("one");
    fs::remove_file(place.path(MANIFEST)).unwrap();
    let Err(OutputError::Clash(clashes)) = place.write("two") else {
        panic!()
    };
    assert!(
        clashes
            .iter()
            .all(|clash| matches!(clash.cause, ClashCause::Foreign(_)))
    );
    assert_eq!(place.write("one").unwrap().written, [MANIFEST]);
    place.write("two").unwrap();

    // Cut, as by a bad merge.
    let text = place.read(MANIFEST);
    fs::write(place.path(MANIFEST), &text[..text.len() / 2]).unwrap();
    let (path, cause) = clash(place.write("two"));
    assert_eq!(path, MANIFEST);
    assert!(matches!(cause, ClashCause::Record { .. }));
    let outcome = place.force("two").unwrap();
    assert_eq!(
        (outcome.written, outcome.backups),
        (
            vec![MANIFEST.to_owned()],
            vec!["manifest.json.bak".to_owned()]
        )
    );

    // Newer.
    fs::write(
        place.path(MANIFEST),
        text.replace("\"version\": 1", "\"version\": 2"),
    )
    .unwrap();
    for result in [place.write("three"), place.force("three")] {
        let error = result.unwrap_err();
        assert!(
            matches!(error, OutputError::NewerRecord { version: 2, .. }),
            "{error}"
        );
        assert_eq!(error.exit_code(), 1);
    }
}

#[test]
fn c116_a_hostile_record_reaches_nothing_outside() {
    let place = Place::built("one");
    let victim = place.home.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    // The digest of "mine", so that only the path can save it.
    let digest = "3fd30542fe3f61b14bd4a4b2dc0b6fb30fa6f63ebce52dd1778aaa8c4dc02cff";
    let own: serde_json::Value = serde_json::from_str(&place.read(MANIFEST)).unwrap();
    for hostile in [
        "../victim",
        victim.to_str().unwrap(),
        "env/../../victim",
        "link/victim",
        "~/victim",
    ] {
        let mut record = own.clone();
        record["files"][hostile] = serde_json::json!({"sha256": digest, "executable": false});
        fs::write(place.path(MANIFEST), record.to_string()).unwrap();
        let _ = symlink(place.home.path(), place.path("link"));
        let outcome = place.write("one").unwrap();
        assert_eq!(outcome.removed, [""; 0], "{hostile}");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}

#[test]
fn c117_what_is_no_longer_made_goes_if_it_is_ours_and_unchanged() {
    let place = Place::built("one");
    fs::write(place.path("litellm/router.yaml"), "edited\n").unwrap();
    fs::write(place.path("env/nas/mine"), "mine").unwrap();
    let mut fewer = artifacts("one");
    fewer
        .retain(|artifact| artifact.path.starts_with("ops/") || artifact.path.starts_with("site/"));
    let differences = compare(&place.root, &fewer, &Options::default()).unwrap();
    let stale: Vec<&str> = differences
        .iter()
        .filter(|it| it.change == Change::Stale)
        .map(|it| it.path.as_str())
        .collect();
    assert_eq!(stale, ["env/nas/llm.env", "systemd/nas/drop/in.conf"]);
    let outcome = write(&place.root, &fewer, &Options::default()).unwrap();
    assert_eq!(outcome.removed, stale);
    assert_eq!(outcome.foreign, ["env/nas/mine", "litellm/router.yaml"]);
    assert!(
        !place.path("systemd").exists(),
        "an emptied folder goes too"
    );
    assert_eq!(place.read("litellm/router.yaml"), "edited\n");
    assert_eq!(
        compare(&place.root, &fewer, &Options::default()).unwrap(),
        []
    );
}

#[test]
fn c117_a_file_may_become_a_folder_and_a_folder_a_file() {
    let of = |paths: &[&str]| {
        let mut artifacts = Artifacts::new();
        for path in paths {
            artifacts.add(Artifact::new(*path, *path));
        }
        artifacts
    };
    let place = Place::new();
    let (files, folders) = (of(&["a/x", "a/y"]), of(&["a/x/1/2", "a/y"]));
    for artifacts in [&files, &folders, &files] {
        write(&place.root, artifacts, &Options::default()).unwrap();
        assert_eq!(
            compare(&place.root, artifacts, &Options::default()).unwrap(),
            []
        );
    }
    write(&place.root, &folders, &Options::default()).unwrap();
    fs::write(place.path("a/x/mine"), "").unwrap();
    let (_, cause) = clash(write(&place.root, &files, &Options::default()));
    assert!(matches!(
        cause,
        ClashCause::InTheWay {
            kind: Kind::Folder,
            ..
        }
    ));
}

#[test]
fn only_the_named_folders_are_touched() {
    let place = Place::built("one");
    let options = Options {
        only: Some(BTreeSet::from(["litellm".to_owned(), "env".to_owned()])),
        ..Options::default()
    };
    let before = place.tree();
    fs::write(place.path("ops/healthcheck.sh"), "edited").unwrap();
    let mut two = artifacts("two");
    two.retain(|artifact| {
        artifact.path != "env/nas/llm.env" && artifact.path != "systemd/nas/drop/in.conf"
    });
    let outcome = write(&place.root, &two, &options).unwrap();
    assert_eq!(outcome.written, ["litellm/router.yaml", MANIFEST]);
    assert_eq!(outcome.removed, ["env/nas/llm.env"]);
    assert_eq!(outcome.foreign, [""; 0]);
    assert_eq!(compare(&place.root, &two, &options).unwrap(), []);
    for path in ["systemd/nas/drop/in.conf", "site/index.html"] {
        assert_eq!(place.tree()[path], before[path]);
    }
    // The record is right for both halves: the edit is still told apart, the rest is ours to replace.
    let (path, cause) = clash(write(&place.root, &two, &Options::default()));
    assert!(path == "ops/healthcheck.sh" && matches!(cause, ClashCause::Edited(_)));
    fs::remove_file(place.path("ops/healthcheck.sh")).unwrap();
    let outcome = write(&place.root, &two, &Options::default()).unwrap();
    assert_eq!(outcome.removed, ["systemd/nas/drop/in.conf"]);
}

#[test]
fn a_manifest_that_is_given_is_the_record() {
    let place = Place::new();
    let with = |digest: &str, text: &str| {
        let mut artifacts = Artifacts::new();
        artifacts.add(Artifact::new("env/a", text));
        let entry = format!("{{\n      \"sha256\": \"{digest}\",\n      \"restart\": []\n    }}");
        let manifest =
            format!("{{\n  \"version\": 1,\n  \"files\": {{\n    \"env/a\": {entry}\n  }}\n}}\n");
        artifacts.add(Artifact::new(MANIFEST, manifest));
        artifacts
    };
    // The digests of "x" and "y".
    let x = with(
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "x",
    );
    let y = with(
        "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa",
        "y",
    );
    write(&place.root, &x, &Options::default()).unwrap();
    assert_eq!(place.read(MANIFEST), x.find(MANIFEST).unwrap().text);
    assert_eq!(
        write(&place.root, &y, &Options::default()).unwrap().written,
        ["env/a", MANIFEST]
    );
    assert_eq!(compare(&place.root, &y, &Options::default()).unwrap(), []);
}

#[test]
fn the_site_is_kept_when_it_is_not_built() {
    let place = Place::built("one");
    let mut without = artifacts("two");
    without.retain(|artifact| !artifact.path.starts_with("site/"));
    let outcome = write(&place.root, &without, &Options::default()).unwrap();
    assert_eq!((outcome.removed, outcome.foreign), (vec![], vec![]));
    assert!(place.read("site/index.html").contains("one"));
    assert!(
        !place.read(MANIFEST).contains("site/"),
        "the committed record does not depend on the site"
    );
    place.write("three").unwrap();
    assert!(place.read("site/index.html").contains("three"));
}
