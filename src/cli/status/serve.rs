//! `homelab status serve`: asks again and again, and serves what was found.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::keys::Keys;
use super::{here, read, runs};
use crate::cli::arguments::StatusServe;
use crate::cli::{End, terminal};
use crate::platform::Platform;
use crate::status::history::History;
use crate::status::serve::Board;
use crate::status::{Report, Scope, World, survey};

/// The variable that the unit sets.
const FOLDER: &str = "HOMELAB_STATE_DIRECTORY";

/// The variable by which the unit hands over the gateway's key, whatever the gateway calls it.
const KEY: &str = "LITELLM_PROXY_KEY";

pub(super) fn run(arguments: &StatusServe) -> End {
    let platform = match read(&arguments.look) {
        Ok(declared) => declared.platform,
        Err(end) => return end,
    };
    // What cannot be asked is told before anything is served.
    let first = match look(arguments, &platform) {
        Ok(report) => report,
        Err(end) => return end,
    };
    let Some(folder) = folder(arguments) else {
        let help = format!("name a folder with `--history DIR`, or set {FOLDER}");
        terminal::complain("nobody said where history is kept", Some(&help));
        return End::Failed;
    };
    let history = match History::open(&folder) {
        Ok(history) => history,
        Err(error) => {
            let message = format!("cannot keep history in `{}`: {error}", folder.display());
            terminal::complain(&message, None);
            return End::Failed;
        }
    };
    let listener = match TcpListener::bind((arguments.address, arguments.port)) {
        Ok(listener) => listener,
        Err(error) => {
            let message = format!(
                "cannot listen on {}:{}: {error}",
                arguments.address, arguments.port
            );
            terminal::complain(&message, Some("choose another port with `--port`"));
            return End::Failed;
        }
    };
    let place = listener.local_addr().map(|it| it.to_string());
    let place = place.unwrap_or_default();
    if !terminal::say(&format!("serving http://{place}/status\n")) {
        return End::Failed;
    }
    // Three times late is no longer at work.
    let stale = (arguments.every + arguments.look.timeout) * 3;
    let board = Arc::new(Board::new(history, names(&platform), stale));
    put(&board, first);
    let (server, reader) = (Arc::clone(&board), listener);
    let serving = thread::spawn(move || server.serve(&reader));
    ask_on(arguments, platform, &board, &serving);
    let why = serving.join().map(|it| it.to_string());
    let why = why.unwrap_or_else(|_| "it stopped".to_owned());
    terminal::complain(&format!("cannot serve any longer: {why}"), None);
    End::Failed
}

/// Asks again and again, by the file as it is then; one that is broken is said, and the one before holds.
fn ask_on<T>(
    arguments: &StatusServe,
    mut platform: Platform,
    board: &Board,
    serving: &thread::JoinHandle<T>,
) {
    let stamp = || {
        let metadata = std::fs::metadata(&arguments.look.platform).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let mut seen = stamp();
    while !serving.is_finished() {
        let begun = Instant::now();
        let now = stamp();
        if now != seen {
            seen = now;
            if let Ok(declared) = read(&arguments.look) {
                platform = declared.platform;
            }
        }
        thread::sleep(arguments.every.saturating_sub(begun.elapsed()));
        if let Ok(report) = look(arguments, &platform) {
            put(board, report);
        }
    }
}

fn put(board: &Board, report: Report) {
    if let Err(error) = board.put(report) {
        terminal::complain(&format!("cannot keep history: {error}"), None);
    }
}

fn look(arguments: &StatusServe, platform: &Platform) -> Result<Report, End> {
    let here = here(&arguments.look, platform)?;
    let keys = Keys::of(&arguments.look, platform, here)?;
    let world = World {
        here,
        limit: arguments.look.timeout,
        key: &|name| {
            let is_gateways = platform.gateway.key.as_deref() == Some(name);
            let under_ours = || keys.find(KEY).filter(|_| is_gateways);
            keys.find(name).or_else(under_ours)
        },
        runs: &runs,
    };
    // A check may cost something, and nobody asked for it.
    Ok(survey(platform, &world, &Scope::default(), &|_, _| {}))
}

fn folder(arguments: &StatusServe) -> Option<PathBuf> {
    let named = arguments.history.clone();
    let variable = || std::env::var_os(FOLDER).filter(|it| !it.is_empty());
    named.or_else(|| variable().map(PathBuf::from))
}

/// The names by which people ask for something on this platform's hosts.
fn names(platform: &Platform) -> Vec<String> {
    let hosts = platform.hosts.iter();
    hosts
        .flat_map(|host| host.dns.iter().chain(std::iter::once(&host.name)))
        .cloned()
        .collect()
}
