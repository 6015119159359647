//! The world around a build: umask, locks, other builds, read-only and other file systems.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use homelab::cli::output::{Change, MANIFEST, Options, Recovered, compare, write};
use homelab::emit::{Artifact, Artifacts};
use walkdir::WalkDir;

use super::{Place, artifacts, assert_played, play};

/// Inode and times of everything, the folders and the root among them: no write at all leaves these the same.
fn traces(root: &Path) -> Vec<(PathBuf, [i64; 5])> {
    let walk = WalkDir::new(root).sort_by_file_name();
    walk.into_iter()
        .map(|entry| {
            let entry = entry.unwrap();
            let it = entry.metadata().unwrap();
            let inode = it.ino().cast_signed();
            let times = [
                inode,
                it.mtime(),
                it.mtime_nsec(),
                it.ctime(),
                it.ctime_nsec(),
            ];
            (entry.into_path(), times)
        })
        .collect()
}

/// The command in a mount namespace of its own after `mounts`, where the system lets us have one.
fn in_namespace(mounts: &str, role: &str, root: &Path, version: &str) -> Option<Output> {
    let can = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"])
        .stderr(Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args([
        "-rm",
        "sh",
        "-ec",
        &format!("{mounts}\nexec \"$0\" --exact output::played --nocapture"),
    ]);
    command.arg(std::env::current_exe().unwrap());
    command
        .env("OUTPUT_ROLE", role)
        .env("OUTPUT_ROOT", root)
        .env("OUTPUT_VERSION", version);
    Some(command.output().unwrap())
}

#[test]
fn c098_modes_do_not_depend_on_the_umask() {
    for version in ["one", "many"] {
        let mut trees = Vec::new();
        for umask in ["000", "022", "077", "777"] {
            let place = Place::new();
            assert_played(&play("write", &place.root, version, |it| {
                it.env("OUTPUT_UMASK", umask);
            }));
            trees.push(place.tree());
        }
        for (path, what) in &trees[0] {
            let is_file = what.ends_with('"');
            let is_script = Path::new(path).extension().is_some_and(|it| it == "sh");
            let rights = if is_file && !is_script {
                "644 "
            } else {
                "755 "
            };
            assert!(what.starts_with(rights), "{path}: {what}");
        }
        assert!(trees.iter().all(|tree| *tree == trees[0]));
    }
}

#[test]
fn c098_rights_are_mended_by_build_and_only_the_executable_bit_is_checked() {
    let place = Place::built("one");
    let chmod = |path: &str, mode| {
        fs::set_permissions(place.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    let check = || compare(&place.root, &artifacts("one"), &Options::default()).unwrap();
    chmod("litellm/router.yaml", 0o664);
    assert_eq!(check(), []);
    assert_eq!(
        place.write("one").unwrap().written,
        [""; 0],
        "what a umask of 002 gives is fine"
    );
    chmod("ops/healthcheck.sh", 0o4777);
    assert_eq!(check(), []);
    assert_eq!(place.write("one").unwrap().written, ["ops/healthcheck.sh"]);
    chmod("ops/healthcheck.sh", 0o644);
    assert_eq!(check()[0].change, Change::Mode { executable: true });
    assert_eq!(place.write("one").unwrap().written, ["ops/healthcheck.sh"]);
    assert!(place.tree()["ops/healthcheck.sh"].starts_with("755 "));
}

/// Sets or clears the flag that stops even root, where the file system has it.
#[cfg(target_os = "linux")]
fn set_immutable(file: &fs::File, immutable: bool) -> bool {
    use rustix::fs::IFlags;
    let flags = if immutable {
        IFlags::IMMUTABLE
    } else {
        IFlags::empty()
    };
    rustix::fs::ioctl_setflags(file, flags).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn set_immutable(_file: &fs::File, _immutable: bool) -> bool {
    false
}

#[test]
fn c109_what_cannot_be_changed_is_refused_before_the_first_change() {
    for path in ["", "systemd/nas/drop", "systemd/nas/drop/in.conf"] {
        let place = Place::built("one");
        let target = place.path(path);
        let file = fs::File::open(&target).unwrap();
        let mode = fs::metadata(&target).unwrap().permissions();
        // For root only the immutable flag is a bar, and not every file system has it; for others the mode is.
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            if !set_immutable(&file, true) {
                continue;
            }
        } else if target.is_dir() {
            fs::set_permissions(&target, fs::Permissions::from_mode(0o555)).unwrap();
        } else {
            continue;
        }
        let before = (place.tree(), traces(&place.root));
        let result = place.write("two");
        let after = (place.tree(), traces(&place.root));
        let checked = compare(&place.root, &artifacts("one"), &Options::default());
        let unchanged = place.write("one");
        if is_root {
            assert!(set_immutable(&file, false));
        } else {
            fs::set_permissions(&target, mode).unwrap();
        }
        let error = result.unwrap_err();
        assert_eq!(error.exit_code(), 2, "{path}: {error}");
        assert_eq!(before.0, after.0, "{path}");
        if target.is_dir() {
            assert_eq!(before.1, after.1, "{path}: {error}");
        }
        assert_eq!(checked.unwrap(), []);
        assert_eq!(
            unchanged.unwrap().written,
            [""; 0],
            "with nothing to change nothing is barred"
        );
    }
}

#[test]
fn c113_concurrent_builds_come_to_a_serial_order() {
    for builders in [2, 32] {
        let place = Place::new();
        thread::scope(|scope| {
            let build =
                |builder: usize| play("write", &place.root, &format!("builder-{builder}"), |_| {});
            let running: Vec<_> = (0..builders)
                .map(|builder| scope.spawn(move || build(builder)))
                .collect();
            for builder in running {
                assert_played(&builder.join().unwrap());
            }
        });
        let text = place.read("ops/healthcheck.sh");
        let last = text.trim_end().rsplit_once(' ').unwrap().1;
        let alone = Place::built(last);
        assert_eq!(place.tree(), alone.tree());
    }
}

#[test]
fn c114_a_held_lock_is_waited_for_and_explained() {
    let place = Place::built("one");
    fs::create_dir(place.path(".homelab")).unwrap();
    fs::write(place.path(".homelab/owner"), "process 7 on nas\n").unwrap();
    let holder = fs::File::open(&place.root).unwrap();
    holder.lock().unwrap();
    let notes = AtomicUsize::new(0);
    let options = Options {
        wait: Duration::from_millis(60),
        on_wait: &|who| {
            assert_eq!(who, "process 7 on nas");
            notes.fetch_add(1, Ordering::Relaxed);
        },
        ..Options::default()
    };
    let before = place.tree();
    let error = write(&place.root, &artifacts("two"), &options).unwrap_err();
    assert!(error.to_string().contains("(process 7 on nas)"), "{error}");
    assert_eq!((error.exit_code(), notes.load(Ordering::Relaxed)), (2, 1));
    assert_eq!(place.tree(), before);
    drop(holder);
    place.write("two").unwrap();
}

#[test]
fn c114_what_a_dead_build_left_is_told_and_cleared() {
    let owners: [(&[u8], Option<&str>); 4] = [
        (
            b"process 999999999 on nas\n",
            Some("process 999999999 on nas"),
        ),
        (
            b"process 1 on some-other-host",
            Some("process 1 on some-other-host"),
        ),
        (b"\x1b]0;gotcha\x07\xff\xfe \n", Some("]0;gotcha ")),
        (b"", None),
    ];
    for (owner, told) in owners {
        let place = Place::built("one");
        fs::create_dir(place.path(".homelab")).unwrap();
        fs::write(place.path(".homelab/owner"), owner).unwrap();
        fs::write(place.path(".homelab/lock"), "garbage").unwrap();
        fs::write(place.path(".homelab/new-0"), "half a fi").unwrap();
        fs::create_dir_all(place.path(".homelab/tree-7/docs/hosts")).unwrap();
        fs::write(place.path(".homelab/tree-7/docs/hosts/nas.md"), "# N").unwrap();
        fs::write(place.path(".homelab/forward"), "{\"version\":1,\"steps\":[").unwrap();
        let differences = compare(&place.root, &artifacts("one"), &Options::default()).unwrap();
        assert_eq!(differences[0].change, Change::Interrupted);
        let recovery = place.write("one").unwrap().recovered.unwrap();
        assert_eq!(recovery.outcome, Recovered::Cleared);
        assert_eq!(recovery.owner.as_deref(), told);
        assert!(!place.path(".homelab").exists());
    }
    // What somebody put there is not ours to remove.
    let place = Place::built("one");
    fs::create_dir(place.path(".homelab")).unwrap();
    fs::write(place.path(".homelab/diary"), "mine").unwrap();
    assert_eq!(place.write("two").unwrap().recovered, None);
    assert_eq!(place.read(".homelab/diary"), "mine");
}

#[test]
fn c115_no_temporary_file_is_on_another_file_system() {
    let place = Place::new();
    assert_played(&play("write", &place.root, "one", |it| {
        it.env("TMPDIR", "/nonexistent");
    }));
    // Where a folder of the tree is another file system, a rename cannot reach it: that is said before the first change.
    let before = place.tree();
    let mount = "mount -t tmpfs none \"$OUTPUT_ROOT/env\"";
    if let Some(output) = in_namespace(mount, "crossing", &place.root, "two") {
        assert_played(&output);
        assert_eq!(place.tree(), before);
    }
}

#[test]
fn c118_nothing_is_touched_when_nothing_changed() {
    let place = Place::built("one");
    let before = traces(&place.root);
    let outcome = place.write("one").unwrap();
    assert_eq!((outcome.written.len(), outcome.unchanged), (0, 7));
    assert_eq!(
        compare(&place.root, &artifacts("one"), &Options::default()).unwrap(),
        []
    );
    assert_eq!(traces(&place.root), before);

    // And one change touches one file and the records that tell of it.
    let mut one = artifacts("one");
    one.retain(|artifact| artifact.path != "ops/healthcheck.sh");
    one.add(Artifact::new("ops/healthcheck.sh", "#!/bin/sh\n").executable());
    let outcome = write(&place.root, &one, &Options::default()).unwrap();
    assert_eq!(outcome.written, [MANIFEST, "ops/healthcheck.sh"]);
    let untouched = |path: &Path| {
        !path.ends_with(MANIFEST) && !path.ends_with("healthcheck.sh") && path.is_file()
    };
    let only = |traces: Vec<(PathBuf, [i64; 5])>| -> Vec<_> {
        traces.into_iter().filter(|it| untouched(&it.0)).collect()
    };
    assert_eq!(only(traces(&place.root)), only(before));
}

#[test]
fn c120_the_same_bytes_wherever_it_is_built() {
    let here = Place::built("one").tree();
    let worlds: [&[(&str, &str)]; 4] = [
        &[
            ("TZ", "Pacific/Kiritimati"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("OUTPUT_UMASK", "077"),
        ],
        &[("HOME", ""), ("TMPDIR", "/"), ("USER", "nobody")],
        &[("SOURCE_DATE_EPOCH", "0"), ("RUST_TEST_THREADS", "64")],
        &[("OUTPUT_UMASK", "002")],
    ];
    for world in worlds {
        let place = Place::new();
        let output = play("write", &place.root, "one", |command| {
            command
                .env_remove("HOME")
                .envs(world.iter().copied())
                .current_dir("/");
        });
        assert_played(&output);
        assert_eq!(place.tree(), here, "{world:?}");
    }
}

#[test]
fn c121_check_works_where_nothing_can_be_written() {
    let place = Place::built("one");
    let before = traces(&place.root);
    if let Some(output) = in_namespace(
        "mount --bind -r \"$OUTPUT_ROOT\" \"$OUTPUT_ROOT\"",
        "compare",
        &place.root,
        "one",
    ) {
        assert_played(&output);
    }
    let differences = compare(&place.root, &artifacts("two"), &Options::default()).unwrap();
    let names: Vec<&str> = differences.iter().map(|it| it.path.as_str()).collect();
    let differing = [
        "env/nas/llm.env",
        "litellm/router.yaml",
        MANIFEST,
        "ops/healthcheck.sh",
        "systemd/nas/drop/in.conf",
    ];
    assert_eq!(names, differing, "all but the site");
    assert_eq!(traces(&place.root), before);

    let nowhere = Place::new();
    let missing = compare(&nowhere.root, &artifacts("one"), &Options::default()).unwrap();
    assert!(missing.len() == 4 && missing.iter().all(|it| it.change == Change::Missing));
    assert!(!nowhere.root.exists());
}

#[test]
fn many_files_are_written_like_few() {
    let place = Place::new();
    let many: Vec<Artifact> = (0..2_500)
        .map(|it| {
            let artifact = Artifact::new(format!("env/nas/{it}.env"), format!("NUMBER={it}\n"));
            if it % 2 == 0 {
                artifact.executable()
            } else {
                artifact
            }
        })
        .collect();
    let mut artifacts = Artifacts::new();
    for artifact in &many {
        artifacts.add(artifact.clone());
    }
    write(&place.root, &artifacts, &Options::default()).unwrap();
    for artifact in &many {
        let path = place.root.join(&artifact.path);
        assert_eq!(fs::read_to_string(&path).unwrap(), artifact.text);
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if artifact.executable { 0o755 } else { 0o644 });
    }
    assert_eq!(
        compare(&place.root, &artifacts, &Options::default()).unwrap(),
        []
    );
}
