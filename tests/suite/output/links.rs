//! Names and links: nothing is written outside the tree, or through what is no file.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use homelab::cli::output::{Change, ClashCause, Kind, Options, OutputError, compare, write};
use homelab::emit::Artifact;

use super::{Place, artifacts, clash, tree};

#[test]
fn c101_an_artifact_named_out_of_the_tree_is_refused_before_the_root_is_made() {
    for path in ["../x", "/x", "~/x", "a\\x", "C:/x", ".homelab/forward"] {
        let place = Place::new();
        let mut artifacts = artifacts("one");
        artifacts.add(Artifact::new(path, ""));
        let error = write(&place.root, &artifacts, &Options::default()).unwrap_err();
        assert!(
            matches!(error, OutputError::BadPath { .. }),
            "{path}: {error}"
        );
        assert_eq!(error.exit_code(), 1);
        assert!(!place.root.exists());
    }
}

#[test]
fn c102_a_link_in_a_files_place_is_refused_and_its_target_kept() {
    for (link, target) in [
        ("litellm/router.yaml", "victim"),
        ("litellm", "folder"),
        ("manifest.json", "victim"),
    ] {
        let place = Place::built("one");
        let outside = place.home.path();
        fs::write(outside.join("victim"), "mine").unwrap();
        fs::create_dir(outside.join("folder")).unwrap();
        let path = place.path(link);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        symlink(outside.join(target), &path).unwrap();
        for result in [place.write("two"), place.force("two")] {
            let Err(OutputError::Clash(clashes)) = result else {
                panic!("{link}: {result:?}")
            };
            let is_link = |cause: &ClashCause| {
                matches!(
                    cause,
                    ClashCause::InTheWay {
                        kind: Kind::Link,
                        ..
                    }
                )
            };
            assert!(
                clashes.iter().any(|clash| is_link(&clash.cause)),
                "{link}: {clashes:?}"
            );
        }
        assert_eq!(fs::read_to_string(outside.join("victim")).unwrap(), "mine");
        assert_eq!(fs::read_dir(outside.join("folder")).unwrap().count(), 0);
        assert!(!place.path(".homelab").exists());
    }
}

#[test]
fn c103_a_linked_root_needs_a_word_of_allowance() {
    let place = Place::new();
    let home = place.home.path();
    fs::create_dir_all(home.join("real/deep")).unwrap();
    symlink(home.join("real"), home.join("link")).unwrap();
    for root in [
        home.join("link"),
        home.join("link/deep"),
        home.join("link/deep/new"),
    ] {
        let error = write(&root, &artifacts("one"), &Options::default()).unwrap_err();
        assert!(
            matches!(&error, OutputError::LinkedRoot { link, .. } if *link == home.join("link")),
            "{error}"
        );
        assert_eq!(error.exit_code(), 1);
        assert!(compare(&root, &artifacts("one"), &Options::default()).is_err());
        assert_eq!(tree(&home.join("real")).len(), 1);
    }
    let options = Options {
        follow_links: true,
        ..Options::default()
    };
    write(&home.join("link/deep"), &artifacts("one"), &options).unwrap();
    assert!(home.join("real/deep/litellm/router.yaml").exists());
}

#[test]
fn c104_a_link_swapped_in_between_look_and_write_leads_nowhere() {
    const RACES: usize = 2_000;
    let place = Place::fast();
    let outside = place.home.path().join("outside");
    let victim = outside.join("llm.env");
    fs::create_dir_all(outside.join("nas")).unwrap();
    fs::write(&victim, "mine").unwrap();
    fs::write(outside.join("nas/llm.env"), "mine").unwrap();
    let of = |version: &str| {
        let mut artifacts = artifacts(version);
        artifacts.retain(|it| it.path.starts_with("env/") || it.path.starts_with("ops/"));
        artifacts
    };
    let before = tree(&outside);
    let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let (folder, aside) = (place.path("env"), place.home.path().join("aside"));
            let file = place.path("ops/healthcheck.sh");
            while !done.load(Ordering::Relaxed) {
                // Each of these may fail when the build was quicker; the next round finds another moment.
                let _ = fs::remove_dir_all(&aside);
                let _ = fs::rename(&folder, &aside);
                let _ = symlink(&outside, &folder);
                let _ = fs::remove_file(&file);
                let _ = symlink(&victim, &file);
                thread::yield_now();
                let _ = fs::remove_file(&folder);
                let _ = fs::rename(&aside, &folder);
                let _ = fs::remove_file(&file);
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        let (mut through, mut refused) = (0, 0);
        for race in 0..RACES {
            if write(&place.root, &of(&race.to_string()), &Options::default()).is_ok() {
                through += 1;
            } else {
                refused += 1;
                // Begin anew: what the swaps left behind looks edited by hand.
                let _ = fs::remove_dir_all(&place.root);
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(
            through > 0 && refused > 0,
            "a race has two ends: {through} through, {refused} refused"
        );
    });
    assert!(swaps.load(Ordering::Relaxed) > 100);
    assert_eq!(tree(&outside), before);
}

#[test]
fn c105_another_name_of_an_old_file_keeps_its_content() {
    let place = Place::built("one");
    let (file, other) = (
        place.path("litellm/router.yaml"),
        place.home.path().join("other"),
    );
    fs::hard_link(&file, &other).unwrap();
    let old = fs::read_to_string(&file).unwrap();
    place.write("two").unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), old);
    assert!(place.read("litellm/router.yaml").contains("two"));
}

#[test]
fn c106_what_is_no_file_is_refused_and_not_waited_for() {
    let pipe = |path: &Path| {
        let status = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(status.success() && fs::metadata(path).unwrap().file_type().is_fifo());
    };
    let folder = |path: &Path| {
        fs::create_dir(path).unwrap();
        fs::write(path.join("x"), "mine").unwrap();
    };
    let socket = |path: &Path| drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    let makers: [&dyn Fn(&Path); 3] = [&pipe, &folder, &socket];
    for make in makers {
        let place = Place::built("one");
        let path = place.path("litellm/router.yaml");
        fs::remove_file(&path).unwrap();
        make(&path);
        let before = place.tree();
        for result in [place.write("two"), place.force("two")] {
            assert!(matches!(clash(result).1, ClashCause::InTheWay { .. }));
        }
        let differences = compare(&place.root, &artifacts("one"), &Options::default()).unwrap();
        assert!(matches!(differences[0].change, Change::InTheWay { .. }));
        assert_eq!(place.tree(), before);
    }
    // A file where a folder should be.
    let place = Place::new();
    fs::create_dir(&place.root).unwrap();
    fs::write(place.path("env"), "mine").unwrap();
    let (path, cause) = clash(place.write("one"));
    assert_eq!(path, "env/nas/llm.env");
    assert!(matches!(cause, ClashCause::InTheWay { at, kind: Kind::File } if at == "env"));
}
