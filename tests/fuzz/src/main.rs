//! Fuzzes the TOML front end, and what the proxy reads, on the stable toolchain: any bytes get an answer, without a panic and in time.
//!
//! `homelab-fuzz [--import] [--seconds N] [--seed N] [FOLDER…]` breaks the `.toml` files below the folders (with `--import` all files, as ones that are imported), for so long, and ends with 1 at the first that is answered wrongly; that file is kept beside the program. The same seed makes the same files.
//!
//! `homelab-fuzz --wire head|body|stream|frames|fields [--seconds N] [--seed N]` does the same to requests, JSON bodies and streams of events, and to a running proxy with frames of HTTP/2 and with heads that HTTP/1.1 and HTTP/2 must judge alike.

mod bodies;
mod events;
mod frames;
mod heads;
mod judge;
mod mutate;
mod random;
mod wire;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mutate::Mutator;
use random::Random;
use wire::Target;

/// An answer that takes longer is as bad as none; a busy machine may take a second for the largest.
const PATIENCE: Duration = Duration::from_secs(10);

/// Larger seeds and files make fewer of them.
const LARGEST: usize = 64 * 1024;

struct Arguments {
    seconds: u64,
    seed: u64,
    folders: Vec<PathBuf>,
    /// True for files that are imported: YAML, units, property lists, Compose.
    import: bool,
    /// What comes over the wire, in place of files.
    wire: Option<Target>,
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        eprintln!("usage: homelab-fuzz [--import] [--seconds N] [--seed N] FOLDER…");
        eprintln!(
            "       homelab-fuzz --wire head|body|stream|frames|fields [--seconds N] [--seed N]"
        );
        return ExitCode::from(2);
    };
    if let Some(target) = arguments.wire {
        let make = |random: &mut Random| target.bytes(random);
        let judge = |bytes: &[u8], random: &mut Random| target.judge(bytes, random);
        return run(&arguments, make, judge);
    }
    let corpus = if arguments.import {
        foreign(&arguments.folders)
    } else {
        corpus(&arguments.folders)
    };
    if corpus.is_empty() {
        eprintln!("no files to break in {:?}", arguments.folders);
        return ExitCode::from(2);
    }
    let mutator = Mutator::new(corpus);
    let make = |random: &mut Random| mutator.file(random, LARGEST);
    let judge = |bytes: &[u8], _: &mut Random| {
        if arguments.import {
            judge::judge_import(bytes)
        } else {
            judge::judge(bytes)
        }
    };
    run(&arguments, make, judge)
}

/// Makes bytes and has them judged until the time is over.
fn run(
    arguments: &Arguments,
    make: impl Fn(&mut Random) -> Vec<u8>,
    judge: impl Fn(&[u8], &mut Random) -> Result<bool, String>,
) -> ExitCode {
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let (mut tried, mut taken, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while Instant::now() < end {
        // Each file has a seed of its own, so that one is made again without those before it.
        let seed = arguments.seed.wrapping_add(tried);
        let mut random = Random::new(seed);
        let bytes = make(&mut random);
        let start = Instant::now();
        let verdict = catch_unwind(AssertUnwindSafe(|| judge(&bytes, &mut random)));
        let took = start.elapsed();
        slowest = slowest.max(took);
        let wrong = match verdict {
            Ok(Ok(is_taken)) => {
                taken += u64::from(is_taken);
                (took > PATIENCE).then(|| format!("it took {took:?}"))
            }
            Ok(Err(wrong)) => Some(wrong),
            Err(_) => Some("it panicked".to_owned()),
        };
        if let Some(wrong) = wrong {
            let kept = format!("fuzz-{seed}");
            let place = std::env::current_exe()
                .ok()
                .and_then(|it| Some(it.parent()?.join(&kept)))
                .unwrap_or_else(|| PathBuf::from(&kept));
            let _ = fs::write(&place, &bytes);
            eprintln!("seed {seed}: {wrong}; the file is {}", place.display());
            return ExitCode::FAILURE;
        }
        tried += 1;
    }
    println!(
        "{tried} files from seed {} answered, {taken} of them taken, the slowest in {slowest:?}",
        arguments.seed
    );
    ExitCode::SUCCESS
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments {
        seconds: 60,
        seed: 1,
        folders: Vec::new(),
        import: false,
        wire: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => arguments.seconds = words.next()?.parse().ok()?,
            "--import" => arguments.import = true,
            "--wire" => arguments.wire = Some(Target::named(&words.next()?)?),
            "--seed" => arguments.seed = words.next()?.parse().ok()?,
            _ if word.starts_with('-') => return None,
            _ => arguments.folders.push(word.into()),
        }
    }
    Some(arguments)
}

/// Every file below the folders that is not too large, ordered by path, with a key in it that no output may show.
fn foreign(folders: &[PathBuf]) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(walkdir::WalkDir::new)
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|it| it.is_file())
        .collect();
    paths.sort();
    let texts = paths.iter().filter_map(|it| fs::read_to_string(it).ok());
    texts
        .map(|it| {
            it.replace("none", judge::CANARY)
                .replace("os.environ/", judge::CANARY)
        })
        .filter(|it| !it.is_empty() && it.len() <= LARGEST)
        .map(String::into_bytes)
        .collect()
}

/// Every `.toml` file below the folders that is not too large, ordered by path.
fn corpus(folders: &[PathBuf]) -> Vec<Vec<u8>> {
    let is_toml = |path: &Path| path.extension().is_some_and(|it| it == "toml");
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(walkdir::WalkDir::new)
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|it| it.is_file() && is_toml(it))
        .collect();
    paths.sort();
    let rules = homelab::compile::rules().flat_map(|it| [it.bad, it.good]);
    let examples = rules.map(|it| it.as_bytes().to_vec());
    paths
        .iter()
        .filter_map(|it| fs::read(it).ok())
        .chain(examples)
        .filter(|it| !it.is_empty() && it.len() <= LARGEST)
        .collect()
}
